"""what shrinking makes of 20 different finds of each bug of corpus/bugs: lines of program,
faults and schedule, seconds of the CPU and runs it takes; replays. Some minutes
"""
import json, os, resource, statistics, tempfile

from bench_parts import bugs

ABOUT = 'of the finds of 20 seeds; lines: of program, faults and schedule; small/large: of the ' \
        'most frequent signature'
SEEDS = 20
LINES_MOST = 12
SECONDS_MOST = 2
HUNT_SECONDS = 5
PROGRAMS = bugs.PROGRAMS


def seconds_of_children():
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def lines_of(path):
    with open(path) as file:
        return sum(line.startswith('  ') for line in file)


# One find, as it was made and shrunk; None: not found in time, or only predicted.
def shrink_find(bench, wedge, folder, seed):
    hunt = bench.start([wedge, 'hunt', 'timers', '--seed', str(seed), '--time', str(HUNT_SECONDS),
                        '--shrink', '0', '--json', '-o', folder], codes=(0, 1))
    found = json.loads(hunt.stdout.splitlines()[-1])
    if not found['reproducer']:
        return None
    small = os.path.join(folder, 'small.repro')
    before = seconds_of_children()
    shrunk = json.loads(bench.start([wedge, 'shrink', found['reproducer'], '-o', small,
                                     '--json'], codes=(0, 2, 3, 4)).stdout or 'null')
    if shrunk is None:
        return {'signature': found['signature'], 'lines': lines_of(found['reproducer']),
                'shown': 0, 'seconds': 0, 'runs': 0, 'minimal': False, 'broken': True}
    return {'signature': found['signature'], 'seconds': seconds_of_children() - before,
            'lines': lines_of(small), 'from': lines_of(found['reproducer']),
            'after': shrunk['after'], 'shown': shrunk['shown'],
            'minimal': shrunk['minimal'], 'runs': shrunk['runs']}


def finds_of(bench, slug, seeds):
    finds = []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            find = shrink_find(bench, bench.path('bugs/%s/wedge' % slug), folder, seed)
        if find is not None:
            finds.append(find)
    return finds


# The sizes of the signature that most finds have.
def lines_of_one_bug(finds):
    signatures = [find['signature'] for find in finds]
    common = max(sorted(set(signatures)), key=signatures.count)
    return sorted(find['lines'] for find in finds if find['signature'] == common)


def row_of_bug(bench, slug, finds):
    lines = lines_of_one_bug(finds)
    bench.row('shrink', slug, 'lines', [find['lines'] for find in finds])
    bench.rows[-1].update({
        'finds': len(finds), 'one_bug': len(lines), 'smallest': lines[0], 'largest': lines[-1],
        'middle': statistics.median(lines),
        'seconds': statistics.median(find['seconds'] for find in finds),
        'seconds_most': max(find['seconds'] for find in finds),
        'runs': statistics.median(find['runs'] for find in finds),
        'minimal': sum(find['minimal'] for find in finds),
        'shown': sum(find['shown'] == 20 for find in finds)})


def measure(bench):
    wanted = ['go-38070'] if bench.quick else bugs.slugs()
    built = [slug for slug in wanted if os.path.exists(bench.path('bugs/%s/wedge' % slug))]
    if not built:
        bench.missing('shrink', 'bugs', 'none is built; `ninja` builds them')
        return
    for slug in built:
        finds = finds_of(bench, slug, 2 if bench.quick else SEEDS)
        if finds:
            row_of_bug(bench, slug, finds)
        else:
            bench.missing('shrink', slug, 'not found')
    rows = [row for row in bench.of('shrink') if not row['missing']]
    bench.row('shrink', 'lines, median', 'lines', [row['median'] for row in rows],
              at_most=LINES_MOST)
    bench.row('shrink', 'seconds, median', 's', [row['seconds'] for row in rows],
              at_most=SECONDS_MOST)
    bench.row('shrink', 'not 20 of 20', 'finds', [sum(row['finds'] - row['shown']
                                                      for row in rows)], at_most=0)


def print_table(bench, part, about):
    print('%s: %s' % (part, about))
    print('  %-28s %5s %6s %5s %6s %6s %7s %7s %7s %6s %6s' % (
        'bug', 'finds', 'median', 'same', 'small', 'large', 'seconds', 'most', 'runs', '1-min',
        '20/20'))
    for row in bench.of(part):
        if 'finds' in row:
            print('  %-28s %5d %6g %5d %6d %6d %7.2f %7.2f %7d %6d %6d' % (
                row['row'], row['finds'], row['median'], row['one_bug'], row['smallest'],
                row['largest'], row['seconds'], row['seconds_most'], row['runs'], row['minimal'],
                row['shown']))
    for row in bench.of(part):
        if 'finds' not in row:
            print('  %-28s %s' % (row['row'], row['missing'] or
                                  '%g %s, at most %g' % (row['median'], row['unit'],
                                                         row['at_most'])))
