#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# What reports look like: each is compared, byte for byte, with the file of its name in
# repro/finding/snapshots/. Numbers of lines and of schedules are N there, and the program is `wedge`. Look at
# what has changed, and if it is meant, renew the files by
#
#     WEDGE_RENEW=1 bats repro/finding/snapshot_test.bats
#
# WEDGE: the program to test.

bats_require_minimum_version 1.5.0

setup() {
    wedge=$(realpath "${WEDGE:-$BATS_TEST_DIRNAME/../../out/wedge}")
    snapshots=$BATS_TEST_DIRNAME/snapshots
    cd "$BATS_TEST_TMPDIR"
}

# NAME COMMAND...: standard output of the command, which finds something, is as it was.
same() {
    name=$1
    shift
    run --separate-stderr -1 "$wedge" "$@"
    sed -E "s|$wedge|wedge|; s/:[0-9]+/:N/g; s/schedule [0-9]+/schedule N/g;
        s/in [0-9]+ schedules/in N schedules/" <<<"$output" >"$name.txt"
    if [ -n "${WEDGE_RENEW:-}" ]; then
        cp "$name.txt" "$snapshots/"
    fi
    diff -u "$snapshots/$name.txt" "$name.txt"
    run ! grep -nE '0x[0-9a-f]+' "$name.txt"
    sed -E '/^  (read )?under /d' "$name.txt" >text # pairs in order have a line each
    run ! grep -nE '.{101}' text
}

# seed_with PATTERN COMMAND...: the first seed with which the output has such a line. Which schedules a
# seed stands for changes with the strategies; what a report looks like does not.
seed_with() {
    for seed in $(seq 100); do
        if "$wedge" "${@:2}" --seed "$seed" 2>/dev/null | grep -qE "$1"; then
            echo "$seed"
            return
        fi
    done
}

@test "the report of a prediction that a schedule has confirmed" {
    same hunt-abba hunt abba
    [ "$(wc -l <hunt-abba.txt)" -le 40 ]
}

@test "the report of a prediction by class, which no schedule confirms" {
    same hunt-siblings hunt siblings --runs 3
    [ "$(wc -l <hunt-siblings.txt)" -le 40 ]
}

@test "the report of a context inversion" {
    same hunt-signalled hunt signalled --runs 3
    [ "$(wc -l <hunt-signalled.txt)" -le 40 ]
}

@test "the report of a self-deadlock" {
    same hunt-read-twice hunt read-twice --seed "$(seed_with '^  predicted' hunt read-twice)"
    same hunt-relock hunt relock
}

@test "predictions of a graph: two threads, a class, a context, an event, a reader" {
    for subject in abba siblings signalled await-under-lock read-twice; do
        same "graph-$subject" graph "$subject" --runs 3 \
            --seed "$(seed_with '3 runs, 3 passed' graph "$subject" --runs 3)"
    done
}

@test "no snapshot is of a report that is no more, and none holds an address" {
    for file in "$snapshots"/*.txt; do
        name=$(basename "$file" .txt)
        command=${name%%-*}
        grep -qE "same ($name|\"$command-)" "$BATS_TEST_FILENAME"
        run ! grep -nE '0x[0-9a-f]+' "$file"
    done
}
