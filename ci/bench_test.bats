#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# ci/bench measures what it says, whatever comes out.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    bench="ci/bench --quick --built ${WEDGE_OUT:-out}"
}

# rows NAME...: there is a row of each name with a figure, or it says why not.
rows() {
    for name in "$@"; do
        grep -qE "^  $name +([0-9]+(\.[0-9]+)? (ns|ms|us a run|per s)|-  .*apt-get install)" \
            <<<"$output" || { echo "no row '$name' in:"; echo "$output"; return 1; }
    done
}

ran() { # 3: there is no valgrind here
    [ "$status" -eq 0 ] || { [ "$status" -eq 3 ] && [[ "$output" == *"install valgrind"* ]]; }
}

@test "locks: all the rows, and what being watched costs" {
    run $bench locks
    ran
    rows off watched log threads tsan "tsan detect_deadlocks=1" "tsan detect_deadlocks=0" helgrind
    [[ "$output" == *" times off, at most +20"* ]]
}

@test "locks: without valgrind it says how to install it, does the rest, and exits with 3" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    python3=$(python3 -c 'import sys; print(sys.executable)')
    PATH=$BATS_TEST_TMPDIR/bin run -3 "$python3" $bench locks
    rows off watched log threads tsan
    [[ "$output" =~ helgrind\ +-\ \ valgrind\ is\ not\ here.*apt-get\ install\ valgrind ]]
}

@test "growth: live locks, cycles of three lengths, runs of the timers" {
    run -0 $bench growth
    rows live-10000 cycle-2 cycle-20 cycle-200 timers-runs timers-records
}

@test "explore: speeds, steps, findings, and a process per run" {
    run $bench explore
    ran
    for name in counter mutexes queue; do
        grep -qE "^  $name +[0-9]+ per s +at least [0-9,]+$" <<<"$output"
        for way in process tsan helgrind; do
            grep -qE "^  $name $way +[0-9.]+ per s +chance 0$" <<<"$output" ||
                [[ "$output" == *"apt-get install"* ]]
        done
    done
    grep -qE "^  counter step +[0-9.]+ ns +at most 12$" <<<"$output"
    grep -qE "^  mutexes-crossed found +[0-9.]+ sched. +at most 4 \(mean; 2 of 2 seeds\)$" \
        <<<"$output"
    grep -qE "^  mutexes-crossed tsan .*chance 1$" <<<"$output"
}

@test "bugs: a row for each bug with each strategy, and what the portfolio is judged by" {
    run -0 $bench bugs
    [[ "${lines[1]}" == *" random "*" portfolio "*" hunt" ]]
    [ "$(wc -w <<<"${lines[2]}")" -eq "$(($(wc -w <<<"${lines[1]}") + 1))" ]
    [[ "$output" == *"over the best mean"*"at most 1 (of a single strategy: "* ]]
    run -0 $bench bugs --json
    [ "$(jq -r 'select(.medians) | .found.hunt | type' <<<"$output")" = number ]
    run -2 $bench bugs --jobs none
}

@test "--json: each row is a line with the schema and the differences" {
    run -0 $bench hunt --json
    [ "$(jq -r '.schema + " " + .row' <<<"$output")" = "wedge.bench/1 without
wedge.bench/1 with" ]
    [ "$(jq -r 'select(.row == "with") | .over, (.difference | type)' <<<"$output")" = "without
number" ]
}

# limit ARGUMENTS: what is said of a row with median 10 and difference 5 from another one.
limit() {
    python3 -B -c "
import sys; sys.path.insert(0, 'ci')
from bench_parts import rows
bench = rows.Bench('out')
bench.row('part', 'name', 'ns', [9, 10, 11], 'other', 5, $1)
print(rows.broken_limit(bench.rows[0]))"
}

@test "a limit that is missed is told, one that is kept is not" {
    [ "$(limit limit=4)" = "+5 ns over other, at most +4" ]
    [ "$(limit limit=5)" = None ]
    [ "$(limit at_least=10.5)" = "10 ns, at least 10.5" ]
    [ "$(limit at_least=10)" = None ]
    [ "$(limit at_most=9.5)" = "10 ns, at most 9.5" ]
    [ "$(limit at_most=10)" = None ]
}

@test "wrong use is told, with what there is" {
    run -2 $bench lock
    [[ "$output" == *"no 'lock'"*"locks   a lock and its unlock"* ]]
}
