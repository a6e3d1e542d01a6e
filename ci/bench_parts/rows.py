"""What the parts of ci/bench share: running programs, rows, limits, tables."""
import json, math, os, resource, statistics, subprocess, sys


class Bench:
    def __init__(self, out, quick=False, jobs=1, runs_max=1000000):
        self.out, self.quick, self.rows = out, quick, []
        self.jobs, self.runs_max = jobs, runs_max

    def path(self, program):
        return os.path.join(self.out, program)

    def start(self, command, environment=None, codes=(0,)):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, **(environment or {})))
        if done.returncode not in codes:
            sys.stderr.write(done.stderr)
            sys.stderr.write('bench: %s: exit %d\n' % (' '.join(command), done.returncode))
            sys.exit(3)
        return done

    # The words of each line that it prints.
    def run(self, command, environment=None):
        return [line.split() for line in self.start(command, environment).stdout.splitlines()]

    # Seconds of the CPU that it takes.
    def cost(self, command):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run(command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return sum(getattr(after, field) - getattr(before, field)
                   for field in ('ru_utime', 'ru_stime'))

    # `limit`: the difference may be so much; `at_least`, `at_most`: so the median.
    def row(self, bench, name, unit, samples, over=None, difference=None, limit=None,
            at_least=None, at_most=None):
        row = {'schema': 'wedge.bench/1', 'bench': bench, 'row': name, 'unit': unit,
               'median': statistics.median(samples), 'low': min(samples), 'high': max(samples),
               'samples': len(samples), 'over': over, 'difference': difference, 'limit': limit,
               'missing': None}
        if at_least is not None:
            row['at_least'] = at_least
        if at_most is not None:
            row['at_most'] = at_most
        self.rows.append(row)

    def missing(self, bench, name, why):
        self.rows.append({'schema': 'wedge.bench/1', 'bench': bench, 'row': name, 'missing': why})

    # Medians of differences of samples that were taken turn by turn.
    def differing(self, bench, name, unit, samples, over, over_samples, limit=None):
        difference = statistics.median(a - b for a, b in zip(samples, over_samples))
        self.row(bench, name, unit, samples, over, difference, limit)

    def of(self, bench):
        return [row for row in self.rows if row['bench'] == bench]


# The limit that it does not keep, in words; None: it keeps all.
def broken_limit(row):
    if row['missing']:
        return None
    if row['limit'] is not None and row['difference'] > row['limit']:
        return '%+.4g %s over %s, at most %+d' % (row['difference'], row['unit'], row['over'],
                                                  row['limit'])
    if row.get('ratio_limit') is not None and row['ratio'] > row['ratio_limit']:
        return '%.3g times theirs, at most %g' % (row['ratio'], row['ratio_limit'])
    if row['median'] < row.get('at_least', row['median']):
        return '%.4g %s, at least %.4g' % (row['median'], row['unit'], row['at_least'])
    if row['median'] > row.get('at_most', row['median']):
        return '%.4g %s, at most %.4g' % (row['median'], row['unit'], row['at_most'])
    return None


def grouped(figure, digits):
    return '{:,.{}f}'.format(figure, digits)


def line(row):
    if row['missing']:
        return '  %-28s %12s  %s' % (row['row'], '-', row['missing'])
    digits = 2 if row['median'] < 100 else 0
    figure = 'none' if row['median'] == math.inf else '%.*f' % (digits, row['median'])
    text = '  %-28s %12s %-8s' % (row['row'], figure, row['unit'])
    if row['over']:
        less = row['median'] - row['difference']
        text += ' %+10.*f: %6.3g times %s' % (digits, row['difference'], row['median'] / less,
                                              row['over'])
    if row['limit']:
        text += ', at most +%d' % row['limit']
    if 'at_least' in row:
        text += ' at least %s' % grouped(row['at_least'], 0)
    if 'at_most' in row:
        text += ' at most %g' % row['at_most']
    if 'chance' in row:
        text += ' chance %.3g' % row['chance']
    if 'note' in row:
        text += ' (%s)' % row['note']
    return text.rstrip()


# Of what is without end, null.
def print_json(row):
    print(json.dumps({key: None if value == math.inf else value for key, value in row.items()}))


def print_table(bench, name, about):
    print('%s: %s' % (name, about))
    for row in bench.of(name):
        print(line(row))
