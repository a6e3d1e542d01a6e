"""schedules to each bug of corpus/bugs, median of 20 seeds, by strategy (hunt: as `wedge hunt`
does it, the portfolio with prediction); judges the portfolio. It takes hours; what was
measured with the same programs is not measured again (out/bench/bugs.json). --jobs N: that
many at a time, 1; --runs N: schedules until a seed is given up, 1000000

Medians of 20 seeds are off by a third, and the least of six such medians is low: an explorer that
needs on each bug exactly what the best single strategy needs there is over it by 2.7 times at
worst, in the median of such measurements, and by 4.2 times in one of 20 (simulated, with the
means of all strategies on all bugs). So that is the limit of the last but one row.
"""
import concurrent.futures, hashlib, json, math, os, statistics

from bench_parts import rows

ABOUT = 'median schedules to the bug; >N: half of the seeds or more did not find it'
SEEDS = 20
WORST_MOST = 4.2 # times the least median of the single strategies; see above


def slugs():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../corpus/bugs')
    return sorted(slug for slug in os.listdir(here) if os.path.isdir(os.path.join(here, slug)))


PROGRAMS = ['wedge'] + ['bugs/%s/wedge' % slug for slug in slugs()]


class Store:
    """What was measured before: by program, strategy, seeds and limit."""

    def __init__(self, path):
        self.path, self.known = path, {}
        if os.path.exists(path):
            with open(path) as file:
                self.known = json.load(file)

    def keep(self, key, line):
        self.known[key] = line
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path + '.new', 'w') as file:
            json.dump(self.known, file, indent=0, sort_keys=True)
        os.replace(self.path + '.new', self.path)


def find(bench, slug, strategy, seeds, runs_max):
    return json.loads(bench.start([bench.path('bugs/%s/wedge' % slug), 'bench', 'timers',
                                   '--findings', '--strategy', strategy, '--seeds', str(seeds),
                                   '--runs', str(runs_max), '--json']).stdout)


def digest(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def strategies(bench):
    listed = bench.start([bench.path('wedge'), 'list', '--json']).stdout.splitlines()
    return [line['name'] for line in map(json.loads, listed)
            if line['kind'] == 'strategy' and line['name'] != 'exhaustive'] + ['hunt']


def measure(bench):
    seeds, runs_max = (2, 50) if bench.quick else (SEEDS, bench.runs_max)
    wanted = ['go-38070'] if bench.quick else slugs()
    built = [slug for slug in wanted if os.path.exists(bench.path('bugs/%s/wedge' % slug))]
    if not built:
        bench.missing('bugs', 'bugs', 'none is built; `ninja` builds them')
        return
    if bench.quick:
        built = built[:1]
    names = strategies(bench)
    store = Store(bench.path('bench/bugs.json'))
    found = {}
    with concurrent.futures.ThreadPoolExecutor(bench.jobs) as pool:
        wanted = {}
        for slug in built:
            program = digest(bench.path('bugs/%s/wedge' % slug))
            for name in names:
                key = ' '.join([slug, program, name, str(seeds), str(runs_max)])
                if key in store.known:
                    found[slug, name] = store.known[key]
                else:
                    wanted[pool.submit(find, bench, slug, name, seeds, runs_max)] = (slug, name,
                                                                                     key)
        for done in concurrent.futures.as_completed(wanted):
            slug, name, key = wanted[done]
            found[slug, name] = done.result()
            if not bench.quick:
                store.keep(key, found[slug, name])
    tell(bench, built, names, found, runs_max)


def schedules(line, runs_max):
    return runs_max if line['median'] is None else line['median']


def geometric_mean(values):
    return math.exp(statistics.mean(math.log(value) for value in values))


def tell(bench, built, names, found, runs_max):
    singles = [name for name in names if name not in ('portfolio', 'hunt')]
    for slug in built:
        lines = {name: found[slug, name] for name in names}
        bench.row('bugs', slug, 'sched.', [schedules(lines['portfolio'], runs_max)])
        bench.rows[-1].update({
            'medians': {name: line['median'] for name, line in lines.items()},
            'found': {name: line['found'] for name, line in lines.items()},
            'seconds': {name: line['median_seconds'] for name, line in lines.items()},
            'runs_max': runs_max})
    means = {name: geometric_mean([schedules(found[slug, name], runs_max) for slug in built])
             for name in names}
    best = min(singles, key=means.get)
    bench.row('bugs', 'geometric mean', 'sched.', [means['portfolio']])
    bench.rows[-1]['means'] = means
    bench.row('bugs', 'over the best mean', 'times', [means['portfolio'] / means[best]], at_most=1)
    bench.rows[-1]['note'] = 'of a single strategy: %s' % best
    ratios = {slug: schedules(found[slug, 'portfolio'], runs_max) /
                    min(schedules(found[slug, name], runs_max) for name in singles)
              for slug in built}
    worst = max(ratios, key=ratios.get)
    bench.row('bugs', 'over the best, at worst', 'times', [ratios[worst]], at_most=WORST_MOST)
    bench.rows[-1]['note'] = worst
    bench.row('bugs', 'slowest hunt', 's', [max(found[slug, 'hunt']['median_seconds']
                                                for slug in built)], at_most=0.1)


def print_table(bench, part, about):
    measured = bench.of(part)
    names = next((list(row['means']) for row in measured if 'means' in row), [])
    print('%s: %s' % (part, about))
    print('  %-28s' % '' + ''.join(' %9s' % name for name in names))
    for row in measured:
        if 'medians' in row:
            cells = ['>%d' % row['runs_max'] if row['medians'][name] is None else
                     '%d' % row['medians'][name] for name in names]
        elif 'means' in row:
            cells = ['%.1f' % row['means'][name] for name in names]
        else:
            print(rows.line(row))
            continue
        print('  %-28s' % row['row'] + ''.join(' %9s' % cell for cell in cells))
