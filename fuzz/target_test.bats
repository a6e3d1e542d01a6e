#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# The libFuzzer targets get along with what libFuzzer does with targets.

bats_require_minimum_version 1.5.0

setup() {
    out=$(realpath "${WEDGE_OUT:-$BATS_TEST_DIRNAME/../out}")
    target=$out/fuzz/timers_fuzz bug=$out/bugs/go-38070/timers_fuzz wedge=$out/bugs/go-38070/wedge
    cd "$BATS_TEST_TMPDIR"
    mkdir corpus
    export ASAN_OPTIONS=symbolize=0
}

merged() { sed -n 's/^MERGE-OUTER: .* new files with \([0-9]*\) new features.*/\1/p' <<<"$output"; }
features() { sed -n 's/^#.*\(DONE\|INITED\).* ft: \([0-9]*\) .*/\2/p' <<<"$output" | tail -n 1; }

@test "schedules are counted as features: fewer without" {
    run -0 "$target" -seed=1 -runs=300
    [[ "$output" == *"Extra Counters"* ]]
    with=$(features)
    WEDGE_FUZZ_PLAIN=1 run -0 "$target" -seed=1 -runs=300 -use_counters=0
    [ "$with" -gt "$(($(features) + 500))" ]
}

@test "an input has the same features in another process: a merge of a merge keeps all" {
    run -0 "$target" -seed=1 -runs=300 corpus
    mkdir small smaller
    run -0 "$target" -merge=1 small corpus
    first=$(merged)
    run -0 "$target" -merge=1 smaller small
    second=$(merged)
    [ -n "$first" ]
    [ "$first" = "$second" ]
    [ "$(find small -type f | wc -l)" -lt "$(find corpus -type f | wc -l)" ]
}

@test "-fork=1 fills a corpus, and finds a bug" {
    run -0 "$target" -seed=1 -fork=1 -runs=2000 -max_total_time=20 corpus
    [ "$(find corpus -type f | wc -l)" -gt 50 ]
    WEDGE_FUZZ_BRIEF=1 run "$bug" -seed=1 -fork=1 -max_total_time=60
    [ "$status" -ne 0 ]
    [[ "$output" == *"timers: "*deadlock* ]]
}

@test "-jobs=2 runs two" {
    run -0 "$target" -seed=1 -runs=200 -jobs=2 -workers=1 corpus
    [ "$(grep -l 'Done 200 runs\|DONE' fuzz-0.log fuzz-1.log | wc -l)" -eq 2 ]
}

@test "a crash is written, shown again, and made smaller; its reproducer replays" {
    WEDGE_ARTIFACTS=. run ! "$bug" -seed=1 -max_total_time=60
    crash=$(ls crash-*)
    reproducer=$(ls ./*.repro)
    run -1 "$wedge" replay "$reproducer"
    WEDGE_FUZZ_BRIEF=1 run ! "$bug" "$crash"
    [[ "$output" == *"timers: "* ]]
    run "$bug" -minimize_crash=1 -seed=1 -runs=200 -max_total_time=20 -exact_artifact_path=small "$crash"
    [[ "$output" == *CRASH_MIN* ]]
    if [ -e small ]; then
        [ "$(wc -c <small)" -lt "$(wc -c <"$crash")" ]
        WEDGE_FUZZ_BRIEF=1 run ! "$bug" small
    fi
}

@test "a target that is killed while it shrinks has written its reproducer" {
    WEDGE_ARTIFACTS=found "$bug" -seed=1 >log 2>&1 3>&- & pid=$!
    until [ -n "$(find found -name '*.repro' 2>/dev/null)" ] || ! kill -0 $pid; do :; done
    kill -KILL $pid
    wait $pid || true
    run -1 "$wedge" replay found
    [[ "$output" == *": 20/20 "* ]]
    [ "$(grep -c '^  ' found/*.repro)" -gt 12 ] # shrunk it has 4
}

@test "-fork=2 -ignore_crashes=1 goes on after a finding; -merge=1 leaves out what crashes" {
    WEDGE_FUZZ_BRIEF=1 run "$bug" -seed=1 -fork=2 -ignore_crashes=1 -max_total_time=5 corpus
    [ "$(ls crash-* | wc -l)" -ge 1 ]
    [ -n "$(ls corpus)" ]
    mkdir merged
    cp crash-* corpus
    WEDGE_FUZZ_BRIEF=1 run -0 "$bug" -merge=1 merged corpus
    [ -n "$(ls merged)" ]
    for crash in crash-*; do [ ! -e "merged/${crash#crash-}" ]; done
}
