#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# The fixed runtime, and the catalogue as a whole.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    out=${WEDGE_OUT:-out}
}

@test "the fixed runtime survives a hunt with every strategy" {
    for strategy in random pct starve; do
        run -0 "$out/wedge" hunt timers --strategy "$strategy" --runs 50000 --seed 7
    done
}

@test "all schedules of small programs with at most one preemption are clean" {
    run -0 --separate-stderr "$out/wedge" hunt timers --strategy exhaustive --preemptions 1
    [[ "$output" == "all "*" schedules with at most 1 preemption explored, of 442 programs"* ]]
}

# Runs of the fixed runtime that a judge has taken for a bug, or where there was one.
@test "the judges are silent on what looks like a bug" {
    run -0 "$out/wedge" replay -n 1 corpus/silent
    [ "$(grep -c 'not reproduced: completed' <<<"$output")" -eq "$(find corpus/silent -name '*.repro' | wc -l)" ]
}

@test "every bug of the catalogue is built" {
    for folder in corpus/bugs/*/; do
        bug=$(basename "$folder")
        grep -qx "slug = $bug" build.ninja || { echo "build.ninja: no $bug"; false; }
    done
}
