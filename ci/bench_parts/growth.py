"""learning from a run with 10,000 live locks, from cycles of 2, 20 and 200 threads, and from
runs of the timers
"""
ABOUT = 'learning from one run; learning from runs of the timers'
PROGRAMS = ['rel/bench/order', 'rel/bench/learn']


def measure(bench):
    samples = {}
    count = '2' if bench.quick else '15'
    for name, ms in bench.run([bench.path('rel/bench/order'), 'growth', count]):
        samples.setdefault(name, []).append(float(ms))
    for name, values in samples.items():
        bench.row('growth', name, 'ms', values)
    samples = {}
    count = ['1', '200'] if bench.quick else ['9', '4000']
    for name, rate in bench.run([bench.path('rel/bench/learn')] + count):
        samples.setdefault(name, []).append(float(rate))
    for name, values in samples.items():
        bench.row('growth', name, 'per s', values)
