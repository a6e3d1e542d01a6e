#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# What goes wrong with libFuzzer and ThreadSanitizer together, as a rule, and does not here. `race`
# is a target with a race, `dead` one with a deadlock; both are watched by ThreadSanitizer.

bats_require_minimum_version 1.5.0

setup() {
    out=$(realpath "${WEDGE_OUT:-$BATS_TEST_DIRNAME/../out}")
    race=$out/bugs/x14-callback-scratch/wedge_fuzz race_wedge=$out/bugs/x14-callback-scratch/wedge
    dead=$out/bugs/go-35532-netpoll/wedge-tsan_fuzz dead_wedge=$out/bugs/go-35532-netpoll/wedge-tsan
    cd "$BATS_TEST_TMPDIR"
    export WEDGE_ARTIFACTS=.
    unset TSAN_OPTIONS
}

# The signature that a target tells with an input: "race a16a99ec".
signature() { sed -n 's/^DEDUP_TOKEN: //p' <<<"$output" | head -n 1; }

@test "a deadlock ends at once, with a report of each thread of the cycle, and exit code 1" {
    run -1 timeout -k 5 120 "$dead" -seed=1 -timeout=3
    [[ "$output" == *"deadlock "*" in timers: "* ]]
    [[ "$output" == *"closes the cycle"* ]]
    [ "$(grep -c 'waits:' <<<"$output")" -ge 2 ]
    [ "$(grep -c 'holds:' <<<"$output")" -ge 2 ]
    [[ "$output" != *"signal-unsafe"* ]]
}

@test "a file that deadlocks or races: exit code 1, and a reproducer that replays" {
    run timeout -k 5 120 "$dead" -seed=1
    run -1 "$dead" crash-*
    run -1 "$dead_wedge" replay ./*.repro
    rm ./crash-* ./*.repro
    run timeout -k 5 120 "$race" -seed=1
    run -1 "$race" crash-*
    run -1 "$race_wedge" replay ./race-*.repro
    [[ "$output" == *20/20* ]]
}

@test "the input that is saved is the one that races, also out of a corpus" {
    run -1 "$race" -seed=1
    [ "$(signature)" = "race $(basename race-*.repro .repro | cut -d- -f2)" ]
    mkdir corpus
    mv crash-* corpus/racing
    run -1 "$race" -seed=2 corpus
    [ "$(ls crash-*)" = "crash-$(sha1sum corpus/racing | cut -d' ' -f1)" ]
    [ -s crash-* ]
}

@test "whatever TSAN_OPTIONS say" {
    export WEDGE_FUZZ_BRIEF=1
    for options in halt_on_error=0 halt_on_error=1 exitcode=66 suppress_equal_stacks=1; do
        TSAN_OPTIONS=$options run -1 "$race" -seed=1
        [[ "$(signature)" == "race "* ]]
        [ -s crash-* ]
        rm crash-*
    done
}

@test "minimizing keeps the race, and ends when it is told to" {
    export WEDGE_FUZZ_BRIEF=1
    run -1 "$race" -seed=1
    before=$(signature)
    cp crash-* racing
    run timeout -k 5 120 "$race" -minimize_crash=1 -runs=100 -max_total_time=4 \
        -exact_artifact_path=small racing
    [ "$status" -ne 124 ]
    [ ! -e small ] || [ "$(stat -c %s small)" -gt 0 ]
    [ -e small ] || cp racing small
    run -1 "$race" small
    [ "$(signature)" = "$before" ]
}

@test "another bug does not pass for a smaller input of the same" {
    # libFuzzer compares these lines, and ThreadSanitizer prints none.
    export WEDGE_FUZZ_BRIEF=1
    run -1 "$race" -seed=1
    [ "$(grep -c '^DEDUP_TOKEN: race ' <<<"$output")" -eq 1 ]
    run -1 "$dead" -seed=1
    [ "$(grep -c '^DEDUP_TOKEN: deadlock ' <<<"$output")" -eq 1 ]
}

@test "a merge with an input that deadlocks ends; the bug's reproducer is kept" {
    run -1 "$dead" -seed=1
    mkdir small corpus
    mv crash-* corpus/
    rm ./*.repro
    run -0 timeout -k 5 120 "$dead" -merge=1 small corpus
    [ -n "$(ls deadlock-*.repro)" ]
}

@test "-fork goes on over deadlocks and races, and one bug is one file" {
    run timeout -k 5 120 "$dead" -seed=1 -fork=1 -ignore_crashes=1 -max_total_time=4 \
        -artifact_prefix=fork-
    [ "$status" -ne 124 ]
    [ "$status" -ne 137 ]
    [ "$(ls fork-crash-* | wc -l)" -ge 1 ]
    [ "$(ls ./*.repro | wc -l)" -le 2 ]
}

@test "a finding is told once, and ThreadSanitizer is silent beside it" {
    run -1 "$race" -seed=1
    [ "$(grep -c '^race .* in timers: ' <<<"$output")" -eq 1 ]
    [[ "$output" != *"WARNING: ThreadSanitizer"* ]]
    [[ "$output" == *"calls: "*"runOneTimer"* ]]
}

@test "ThreadSanitizer's own deadlock detector, told of locks and states, sees what the lock-order graph sees" {
    export WEDGE_TSAN_DEADLOCKS=1
    for bug in go-35532-netpoll go-35532-scavenger go-38070-1.14.1; do
        run "$out/bugs/$bug/wedge-tsan" hunt timers --runs 500 --no-prediction -o .
        [[ "$output" == *"lock-order-inversion (potential deadlock)"* ]] || { echo "$bug"; false; }
    done
    run -0 "$out/fuzz-tsan/wedge" hunt timers --runs 600 --no-prediction -o .
    [[ "$output" != *"ThreadSanitizer"* ]]
}

@test "a hunt and a target end when they are told to, also while they shrink" {
    run -130 timeout --preserve-status -k 5 1 "$out/fuzz-tsan/wedge" hunt timers --time 300
    [[ "$output" == *"no finding in timers"* ]]
    run timeout --preserve-status -k 5 -s INT 1 "$race_wedge" hunt timers --keep-going --time 300 -o .
    [[ "$output" == *" schedules in "* ]]
    run -72 timeout --preserve-status -k 5 1 "$out/fuzz-tsan/timers_fuzz" -seed=1
}
