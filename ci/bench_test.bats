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

@test "--json: each row is a line with the schema and the differences" {
    run -0 $bench hunt --json
    [ "$(jq -r '.schema + " " + .row' <<<"$output")" = "wedge.bench/1 without
wedge.bench/1 with" ]
    [ "$(jq -r 'select(.row == "with") | .over, (.difference | type)' <<<"$output")" = "without
number" ]
}

@test "wrong use is told, with what there is" {
    run -2 $bench lock
    [[ "$output" == *"no 'lock'"*"locks   a lock and its unlock"* ]]
}
