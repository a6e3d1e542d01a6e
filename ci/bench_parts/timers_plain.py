# SPDX-License-Identifier: BSD-3-Clause
"""an operation on a timer with the hooks off, beside Go's timers and libuv's
"""
# What is measured: core/runtime/timer_bench.h and timers_go.go. Twice: "given", the timers alone,
# each time being known; and "now", with the clock read for each, as Go's package time does. Of Go
# there are package time's AfterFunc and NewTimer, which read the clock and allocate, and the
# functions below them ("core"), which do what ours do.
import os, shutil, statistics, subprocess

from bench_parts.rows import broken_limit

ABOUT = 'an operation on a timer, hooks off, one P; ns, and what wedge takes of that'
PROGRAMS = ['plain/bench/timers']
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OPERATIONS = ['create+stop', 'reset', 'stop+reset', 'churn', 'churn-any']
GO_LIMIT = 0.5    # ours, given, at most so many times Go's NewTimer
LIBUV_LIMIT = 1.0 # the same on churn, of libuv's
# column: program, its name there for what is "given" and for "now" (None: it has not)
COLUMNS = {
    'wedge': ('timers', 'given', 'now'),
    'go NewTimer': ('timers_go', 'NewTimer', 'NewTimer'),
    'go AfterFunc': ('timers_go', 'AfterFunc', 'AfterFunc'),
    'go core': ('timers_go', 'given', 'now'),
    'libuv': ('timers_libuv', 'given', None),
}


def build_go(source, program):
    if not shutil.which('go'):
        return 'Go is not here; as root: apt-get install golang-go'
    environment = dict(os.environ, GO111MODULE='off', GOFLAGS='', GOCACHE=program + '.cache')
    built = subprocess.run(['go', 'build', '-gcflags=-complete=false', '-o', program, source],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           env=environment)
    # Not an error of ours: from Go 1.23 on its timers are others.
    return 'wants Go 1.14 to 1.22: ' + built.stdout.strip() if built.returncode != 0 else None


def build_libuv(source, program):
    compiler = shutil.which('clang') or shutil.which('cc')
    looked = compiler and subprocess.run([compiler, '-fsyntax-only', '-x', 'c', '-'], text=True,
                                         input='#include <uv.h>\n', stderr=subprocess.DEVNULL)
    if not looked or looked.returncode != 0:
        return 'libuv is not here; as root: apt-get install libuv1-dev'
    subprocess.run([compiler, '-std=c11', '-D_GNU_SOURCE', '-O2', '-I', ROOT,
                    source, '-luv', '-o', program], check=True)
    return None


# Not in build.ninja, which wants neither of them.
def build(program, source, builder):
    source = os.path.join(HERE, source)
    if os.path.exists(program) and os.path.getmtime(program) >= os.path.getmtime(source):
        return None
    return builder(source, os.path.abspath(program))


def sample(bench, programs):
    count, rounds = ('2000', 2) if bench.quick else ('300000', 15)
    samples = {}
    for _ in range(rounds):
        for program in programs:
            for name, how, ns in bench.run([bench.path('plain/bench/' + program), count]):
                samples.setdefault((program, how, name), []).append(float(ns))
    return samples


def limit_of(column, time, operation):
    if time == 'given' and column == 'go NewTimer':
        return GO_LIMIT
    if time == 'given' and column == 'libuv' and operation.startswith('churn'):
        return LIBUV_LIMIT
    return None


def rows(bench, samples, operation, time):
    for column, (program, given, now) in COLUMNS.items():
        values = samples.get((program, given if time == 'given' else now, operation))
        if values is None:
            continue
        name = '%s %s %s' % (operation, time, column)
        bench.row('timers-plain', name, 'ns', values)
        if column == 'wedge':
            ours = values
            continue
        # Ours over theirs, of samples that were taken turn by turn.
        bench.rows[-1].update(ratio=statistics.median(a / b for a, b in zip(ours, values)),
                              ratio_limit=limit_of(column, time, operation))


def measure(bench):
    absent = {'timers_go': build(bench.path('plain/bench/timers_go'), 'timers_go.go', build_go),
              'timers_libuv': build(bench.path('plain/bench/timers_libuv'), 'timers_libuv.c',
                                    build_libuv)}
    programs = ['timers'] + [name for name, why in absent.items() if not why]
    samples = sample(bench, programs)
    for time in 'given', 'now':
        for operation in OPERATIONS:
            rows(bench, samples, operation, time)
    for name, why in absent.items():
        if why:
            bench.missing('timers-plain', name.replace('timers_', ''), why)


def cell(row, judged):
    if row is None:
        return '%18s' % '-'
    text = '%.1f' % row['median']
    if 'ratio' in row:
        text += ' %5.2fx' % row['ratio'] + ('!' if judged and broken_limit(row) else ' ')
    return '%18s' % text


def print_table(bench, name, about):
    found = {row['row']: row for row in bench.of(name)}
    print('%s: %s' % (name, about))
    print('  %-12s' % '' + ''.join('%17s ' % column for column in COLUMNS))
    for time, what in ('given', 'times given: the timers alone'), ('now', 'the clock is read'):
        print('  %s' % what)
        for operation in OPERATIONS:
            print(('  %-12s' % operation + ''.join(
                cell(found.get('%s %s %s' % (operation, time, column)), not bench.quick)
                for column in COLUMNS)).rstrip())
    for row in found.values():
        if row['missing']:
            print('  %-12s %17s  %s' % (row['row'], '-', row['missing']))
    print('  times given, at most %gx of NewTimer, and on churns %gx of libuv; !: it is more'
          % (GO_LIMIT, LIBUV_LIMIT))
