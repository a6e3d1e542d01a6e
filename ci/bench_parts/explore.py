"""how fast random walk explores the workloads, and how long runs and many threads pay for a
step; schedules to the first finding; the same workloads in a process per run: on threads of
the system, bare, under ThreadSanitizer and under helgrind. An error that those report in a
workload that has none (mutexes, counter, queue) is a false one
"""
import json, math, os, resource, shutil, subprocess

ABOUT = 'schedules per second of CPU time; chance: of one schedule, to come to a finding'
PROGRAMS = ['wedge', 'rel/bench/workload', 'rel/bench/workload_tsan']
WORKLOADS = ['counter', 'mutexes', 'mutexes-crossed', 'queue', 'stack', 'reorder:threads=10']
# A program of the timers that is always the same; drawn ones are as large as it pays to find bugs.
TIMERS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../corpus/bugs/go-38070/go-38070.repro')
PER_SECOND_LEAST = {'counter': 2600000, 'mutexes': 3400000, 'queue': 2700000, TIMERS: 300000}
NS_A_STEP_MOST = {'counter': 12}
# What costs a step there, over what it costs here: at most so many times.
FLAT = [('counter:additions=5000', 'counter:additions=5', 1.2),
        ('counter:threads=255', 'counter', 2)]
# As `wedge hunt` does it: the mean, or the most schedules that half of all seeds may need.
FOUND = [('mutexes-crossed', 'mean', 4),
         ('reorder:threads=3', 'median', 1000), ('reorder:threads=10', 'median', 1000),
         ('reorder:threads=100', 'median', 1000), ('laggard:threads=3', 'median', 1000),
         ('laggard:threads=10', 'median', 1000), ('laggard:threads=100', 'median', 1000)]
REPORTED = 66 # ThreadSanitizer's exit code; helgrind is told the same
HANGS_AFTER = 10 # seconds; a busy machine is slow to start a process


def speeds(bench, names):
    lines = bench.start([bench.path('wedge'), 'bench', '--speed', '--json', '--time',
                         '0.02' if bench.quick else '0.9'] + names).stdout.splitlines()
    return {line['workload']: line for line in map(json.loads, lines)}


def findings(bench, names, strategies, seeds, runs):
    found = {}
    for strategy in strategies:
        lines = bench.start([bench.path('wedge'), 'bench', '--findings', '--json', '--seeds',
                             str(seeds), '--runs', str(runs), '--strategy', strategy] +
                            names).stdout.splitlines()
        for line in map(json.loads, lines):
            found[line['workload'], strategy] = line
    return found


# Runs it that often; seconds of CPU time, and in how many it hung, failed or was reported.
def processes(command, count):
    failures, before = 0, resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(count):
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=HANGS_AFTER)
            failures += done.returncode != 0
        except subprocess.TimeoutExpired:
            failures += 1
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return failures, (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def ways(bench):
    plain, tsan = bench.path('rel/bench/workload'), bench.path('rel/bench/workload_tsan')
    found = [('process', [plain], 3 if bench.quick else 200),
             ('tsan', [tsan], 2 if bench.quick else 40)]
    if shutil.which('valgrind'):
        found.append(('helgrind', ['valgrind', '-q', '--tool=helgrind', '--fair-sched=yes',
                                   '--error-exitcode=%d' % REPORTED, plain],
                      1 if bench.quick else 3))
    return found


def measure(bench):
    rounds = 1 if bench.quick else 5
    fast, ended = {}, {}
    flat = sorted({name for pair in FLAT for name in pair[:2]})
    names = ['counter', 'mutexes', 'queue', 'stack', 'timers', TIMERS]
    for _ in range(rounds):
        for name, line in speeds(bench, names + [name for name in flat if name not in
                                                 names]).items():
            fast.setdefault(name, []).append(line)
        for workload in WORKLOADS:
            for way, command, count in ways(bench):
                ended.setdefault((workload, way), []).append(
                    processes(command + workload.split(':'), count) + (count,))
    tell_speeds(bench, names, fast)
    tell_flat(bench, fast)
    tell_findings(bench)
    tell_processes(bench, ended)


def tell_speeds(bench, names, fast):
    for name in names:
        told = 'timers, of #38070' if name == TIMERS else name
        bench.row('explore', told, 'per s', [line['schedules_per_second'] for line in fast[name]],
                  at_least=PER_SECOND_LEAST.get(name))
        bench.row('explore', told + ' step', 'ns', [line['ns_per_step'] for line in fast[name]],
                  at_most=NS_A_STEP_MOST.get(name))


def tell_flat(bench, fast):
    for there, here, most in FLAT:
        bench.row('explore', there + ' step', 'ns', [line['ns_per_step'] for line in fast[there]])
        bench.row('explore', 'over that of %s' % here, 'times',
                  [a['ns_per_step'] / b['ns_per_step'] for a, b in zip(fast[there], fast[here])],
                  at_most=most)


def tell_findings(bench):
    seeds, runs = (2, 20) if bench.quick else (100, 1000)
    found = findings(bench, [name for name, _, _ in FOUND], ['hunt'], seeds, runs)
    for name, figure, most in FOUND:
        line = found[name, 'hunt']
        value = line[figure]
        bench.row('explore', '%s found' % name, 'sched.', [math.inf if value is None else value],
                  at_most=most)
        bench.rows[-1]['note'] = '%s; %d of %d seeds' % (figure, line['found'], seeds)
    walk = findings(bench, ['mutexes-crossed', 'stack', 'reorder:threads=10'], ['random'], seeds,
                    20 * runs)
    for (name, _), line in walk.items():
        bench.row('explore', '%s random' % name, 'sched.', [line['mean']])
        bench.rows[-1]['chance'] = 1 / line['mean']


def tell_processes(bench, ended):
    for (workload, way), samples in ended.items():
        name = '%s %s' % (workload.split(':')[0], way)
        bench.row('explore', name, 'per s', [count / seconds if seconds > 0 else math.inf
                                             for _, seconds, count in samples])
        bench.rows[-1]['chance'] = (sum(failures for failures, _, _ in samples) /
                                    sum(count for _, _, count in samples))
    if not shutil.which('valgrind'):
        bench.missing('explore', 'helgrind',
                      'valgrind is not here; as root: apt-get install valgrind')
