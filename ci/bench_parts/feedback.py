"""CPU time until timers_fuzz finds each bug of corpus/bugs from an empty corpus, with schedule
coverage and the mutator of plans, and without (WEDGE_FUZZ_PLAIN); median of five tries, a
minute at most each. It takes hours; judges the geometric means
"""
import math, os, re, resource, statistics, subprocess, tempfile

from bench_parts import bugs

ABOUT = 'CPU s until timers_fuzz finds the bug, without and with feedback; tries that found it'
PROGRAMS = ['bugs/%s/timers_fuzz' % slug for slug in bugs.slugs()]
TRIES, CAP_S = 5, 60
WAYS = ('without', 'with')


def one_try(program, way, seed, cap_s):
    """CPU seconds, and whether it found anything; if not, the seconds are the limit."""
    environment = dict(os.environ, WEDGE_FUZZ_BRIEF='1', ASAN_OPTIONS='symbolize=0')
    if way == 'without':
        environment['WEDGE_FUZZ_PLAIN'] = '1'
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [program, '-seed=%d' % seed, '-artifact_prefix=%s/' % folder], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors='replace',
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (cap_s, cap_s + 1)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = sum(getattr(after, field) - getattr(before, field)
                  for field in ('ru_utime', 'ru_stime'))
    found = re.search(r'^timers: [a-z-]+ [0-9a-f]{8}$', done.stderr, re.MULTILINE) is not None
    return (spent_s, True) if found else (float(cap_s), False)


def geometric_mean(values):
    return math.exp(statistics.mean(math.log(max(value, 0.001)) for value in values))


def measure_bug(bench, slug, tries):
    samples = {way: [] for way in WAYS}
    for seed in range(1, tries + 1):
        for way in WAYS:
            samples[way].append(one_try(os.path.abspath(
                bench.path('bugs/%s/timers_fuzz' % slug)), way, seed, CAP_S))
    for way in WAYS:
        bench.row('feedback', '%s %s' % (slug, way), 's', [spent for spent, _ in samples[way]])
        bench.rows[-1]['found'] = sum(hit for _, hit in samples[way])


def measure(bench):
    wanted = ['go-38070'] if bench.quick else bugs.slugs()
    built = [slug for slug in wanted
             if os.path.exists(bench.path('bugs/%s/timers_fuzz' % slug))]
    if not built:
        bench.missing('feedback', 'feedback', 'no timers_fuzz is built; `ninja` builds them')
        return
    for slug in built:
        measure_bug(bench, slug, 1 if bench.quick else TRIES)
    means = {way: geometric_mean([row['median'] for row in bench.of('feedback')
                                  if row['row'].endswith(' ' + way)]) for way in WAYS}
    bench.row('feedback', 'mean without', 's', [means['without']])
    bench.row('feedback', 'mean with', 's', [means['with']], at_most=means['without'])
    bench.rows[-1]['note'] = 'geometric means of the medians'


def print_table(bench, part, about):
    print('%s: %s' % (part, about))
    print('  %-30s %9s %5s %9s %5s' % ('', 'without', 'found', 'with', 'found'))
    rows = bench.of(part)
    for without, feedback in zip(rows[::2], rows[1::2]):
        print('  %-30s %9.2f %5s %9.2f %5s' %
              (without['row'].rsplit(' ', 1)[0], without['median'], without.get('found', ''),
               feedback['median'], feedback.get('found', '')))
