"""a lock and its unlock while two other locks are held: on the engine with the graph off,
watched (as each run of a hunt is) and with a log (as a run is that has news); and on a
thread of the system, bare, under ThreadSanitizer and under helgrind
"""
import shutil

ABOUT = 'a lock and its unlock while two other locks are held'
PROGRAMS = ['rel/bench/order', 'rel/bench/threads', 'rel/bench/threads_tsan']
WATCHED_LIMIT_NS = 20


def measure(bench):
    pairs, helgrind_pairs, rounds = ('2000', '200', 2) if bench.quick else ('20000', '2000', 15)
    tsan = bench.path('rel/bench/threads_tsan')
    helgrind = shutil.which('valgrind')
    threads = {'threads': ([bench.path('rel/bench/threads')], {}, pairs),
               'tsan': ([tsan], {}, pairs),
               'tsan detect_deadlocks=1': ([tsan], {'TSAN_OPTIONS': 'detect_deadlocks=1'}, pairs),
               'tsan detect_deadlocks=0': ([tsan], {'TSAN_OPTIONS': 'detect_deadlocks=0'}, pairs)}
    if helgrind:
        threads['helgrind'] = ([helgrind, '-q', '--tool=helgrind', bench.path('rel/bench/threads')],
                               {}, helgrind_pairs)
    samples = {}
    for _ in range(rounds):
        for name, ns in bench.run([bench.path('rel/bench/order'), 'locks', '3', pairs]):
            samples.setdefault(name, []).append(float(ns))
        for name, (command, environment, count) in threads.items():
            for ns, in bench.run(command + ['1', count], environment):
                samples.setdefault(name, []).append(float(ns))
    bench.row('locks', 'off', 'ns', samples['off'])
    for name, limit in ('watched', WATCHED_LIMIT_NS), ('log', None):
        bench.differing('locks', name, 'ns', samples[name], 'off', samples['off'], limit)
    bench.row('locks', 'threads', 'ns', samples['threads'])
    for name in list(threads)[1:]:
        bench.differing('locks', name, 'ns', samples[name], 'threads', samples['threads'])
    if not helgrind:
        bench.missing('locks', 'helgrind',
                      'valgrind is not here; as root: apt-get install valgrind')
