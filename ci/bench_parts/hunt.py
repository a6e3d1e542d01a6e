"""the same hunts of the timers with and without prediction
"""
ABOUT = 'hunts of the timers, with and without prediction'
PROGRAMS = ['wedge']


def measure(bench):
    runs, seeds = (200, 1) if bench.quick else (200000, 5)
    samples = {'without': [], 'with': []}
    for seed in range(1, seeds + 1):
        for name, options in ('without', ['--no-prediction']), ('with', []):
            spent = bench.cost([bench.path('wedge'), 'hunt', 'timers', '--runs', str(runs),
                                '--jobs', '1', '--seed', str(seed)] + options)
            samples[name].append(spent / runs * 1e6)
    bench.row('hunt', 'without', 'us a run', samples['without'])
    bench.differing('hunt', 'with', 'us a run', samples['with'], 'without', samples['without'])
