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
    [[ "${lines[1]}" == *" portfolio "*" random "*" hunt" ]]
    [ "$(wc -w <<<"${lines[2]}")" -eq "$(($(wc -w <<<"${lines[1]}") + 1))" ]
    [[ "$output" == *"over the best mean"*"at most 1 (of a single strategy: "* ]]
    run -0 $bench bugs --json
    [ "$(jq -r 'select(.medians) | .found.hunt | type' <<<"$output")" = number ]
    run -2 $bench bugs --jobs none
}

@test "feedback: without and with, for a bug and the mean" {
    run -0 $bench feedback
    grep -qE "^  [a-z0-9.-]+ +[0-9.]+ +[01] +[0-9.]+ +[01]$" <<<"$output"
    grep -qE "^  mean +[0-9.]+ +[0-9.]+ *$" <<<"$output"
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

# fake PROGRAM [HOW NS]...: a program that says so of each operation, in place of one that measures.
fake() {
    built=$BATS_TEST_TMPDIR/built
    program=$built/plain/bench/$1
    shift
    mkdir -p "$built/plain/bench"
    echo '#!/bin/sh' >"$program"
    chmod +x "$program"
    while [ $# -gt 0 ]; do
        for operation in create+stop reset stop+reset churn churn-any; do
            echo "echo $operation $1 $2" >>"$program"
        done
        shift 2
    done
}

fakes() { # OURS GO LIBUV: ns
    fake timers given "$1" now 80
    fake timers_go NewTimer "$2" AfterFunc 90 given 40 now 60
    fake timers_libuv given "$3"
}

@test "timers-plain: five operations, times given and with the clock, beside Go's and libuv's" {
    run $bench timers-plain
    [ "$status" -eq 0 ] || { [ "$status" -eq 3 ] && [[ "$output" =~ "apt-get install"|"wants Go" ]]; }
    for operation in create+stop reset stop+reset churn churn-any; do
        [ "$(grep -cE "^  ${operation/+/\\+} +[0-9]+\.[0-9] " <<<"$output")" -eq 2 ]
    done
}

@test "timers-plain: half of Go's time, and libuv's on churn, is not too much" {
    fakes 50 100 50
    run -0 ci/bench --built "$built" timers-plain
    [ "$(grep -E "^  create" <<<"$output" | head -1 | tr -s ' ')" = \
        " create+stop 50.0 100.0 0.50x 90.0 0.56x 40.0 1.25x 50.0 1.00x" ]
    [[ "$output" != *"x! "* ]]
}

@test "timers-plain: more than half of Go's time is marked and fails, but not with --quick" {
    fakes 50 99 50
    run -1 ci/bench --built "$built" timers-plain
    [ "$(grep -o "0.51x!" <<<"$output" | wc -l)" -eq 5 ]
    run -0 ci/bench --built "$built" --quick timers-plain
    [[ "$output" == *"0.51x"* ]] && [[ "$output" != *"0.51x!"* ]]
}

@test "timers-plain: more than libuv's time on churn is marked and fails, on the rest it may be" {
    fakes 50 100 49
    run -1 ci/bench --built "$built" timers-plain
    [ "$(grep "1.02x!" <<<"$output" | awk '{ print $1 }')" = "churn
churn-any" ]
    [ "$(grep -c "1.02x" <<<"$output")" -eq 5 ]
}

@test "timers-plain --json: a line for each operation, time and program, with its share and limit" {
    fakes 50 100 40
    run -1 ci/bench --built "$built" --json timers-plain
    [ "$(jq -r .schema <<<"$output" | sort | uniq -c | tr -s ' ')" = " 45 wedge.bench/1" ]
    [ "$(jq -r 'select(.row == "churn given libuv") | .median, .ratio, .ratio_limit' \
        <<<"$output" | xargs)" = "40 1.25 1" ]
    [ "$(jq -r 'select(.row == "reset given libuv") | .ratio_limit' <<<"$output")" = null ]
}

@test "timers-plain: without Go and libuv it says how to install them, does the rest, exits with 3" {
    fake timers given 50 now 80
    mkdir "$BATS_TEST_TMPDIR/bin"
    python3=$(python3 -c 'import sys; print(sys.executable)')
    PATH="$BATS_TEST_TMPDIR/bin:/nowhere" run -3 "$python3" ci/bench --built "$built" timers-plain
    [[ "$output" =~ go\ +-\ \ Go\ is\ not\ here.*apt-get\ install\ golang-go ]]
    [[ "$output" =~ libuv\ +-\ \ libuv\ is\ not\ here.*apt-get\ install\ libuv1-dev ]]
    [ "$(grep -c "^  churn-any .*0\.0 " <<<"$output")" -eq 2 ]
}

@test "wrong use is told, with what there is" {
    run -2 $bench lock
    [[ "$output" == *"no 'lock'"*"locks        a lock and its unlock"* ]]
}
