#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# The catalogue of bugs: each is complete, is found from nothing, and its reproducer shows it in every
# flavour with the same trace, and shows nothing in the fixed runtime.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    out=${WEDGE_OUT:-out}
}

bugs() { find corpus/bugs -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort; }
reproducers() { find "corpus/bugs/$1" -name '*.repro' | sort; }

# How many different words of this form ("t0", "d1", "g2") the program of a reproducer has.
count() { sed -n '/^program/,/^[fs]/p' "$2" | grep -oE "\b$1[0-9]+\b" | sort -u | wc -l; }
# How often its schedule changes to another thread.
switches() { sed -n '/^schedule/,$p' "$1" | awk '/^  / && $1 != last { if (last) n++; last = $1 } END { print n + 0 }'; }

@test "every bug has a patch, a page that says what it is, and a reproducer" {
    for bug in $(bugs); do
        [ -s "corpus/bugs/$bug/bug.patch" ]
        for part in '^# '"$bug"':' '^verdict: ' '^- Issue' '^- Since' '^- What was wrong' '^- Oracle'; do
            grep -q "$part" "corpus/bugs/$bug/about.md" || { echo "$bug: no $part"; false; }
        done
        [ -n "$(reproducers "$bug")" ]
    done
}

@test "every reproducer shows its bug in 20 of 20 replays, in rel and dbg" {
    for bug in $(bugs); do
        for file in $(reproducers "$bug"); do
            run -1 "$out/bugs/$bug/wedge" replay -n 20 "$file"
            [[ "$output" == *"20/20 $(awk '/^expect/ { print $2 }' "$file")"* ]]
            run -1 "$out/bugs/$bug/wedge-dbg" replay -n 20 "$file"
            [[ "$output" == *"20/20"* ]]
        done
    done
}

@test "traces are byte-identical between processes and flavours" {
    for bug in $(bugs); do
        for file in $(reproducers "$bug"); do
            "$out/bugs/$bug/wedge" replay --trace "$file" >"$BATS_TEST_TMPDIR/rel" || true
            "$out/bugs/$bug/wedge" replay --trace "$file" >"$BATS_TEST_TMPDIR/again" || true
            "$out/bugs/$bug/wedge-dbg" replay --trace "$file" >"$BATS_TEST_TMPDIR/dbg" || true
            [ "$(wc -l <"$BATS_TEST_TMPDIR/rel")" -gt 20 ]
            cmp "$BATS_TEST_TMPDIR/rel" "$BATS_TEST_TMPDIR/again"
            cmp "$BATS_TEST_TMPDIR/rel" "$BATS_TEST_TMPDIR/dbg"
        done
    done
}

@test "the fixed runtime shows none of them: not reproduced: completed" {
    for bug in $(bugs); do
        for file in $(reproducers "$bug"); do
            run -0 "$out/wedge" replay "$file"
            [[ "$output" == *"not reproduced: completed"* ]]
        done
    done
}

@test "reproducers are small" {
    for file in $(reproducers go-38070) $(reproducers go-38070-1.14.1); do
        [ "$(count g "$file")" -le 2 ]
        [ "$(count t "$file")" -eq 1 ]
        [ "$(switches "$file")" -le 3 ]
    done
    for file in $(reproducers go-35532-netpoll) $(reproducers go-35532-scavenger); do
        [ "$(count g "$file")" -le 2 ]
        [ "$(($(count t "$file") + $(count d "$file")))" -le 2 ]
        [ "$(switches "$file")" -le 4 ]
    done
}

@test "every bug is hunted from nothing, with the verdict that its page names" {
    for bug in $(bugs); do
        for seed in 1 2 3; do
            run -1 --separate-stderr "$out/bugs/$bug/wedge" hunt timers --seed "$seed" --time 60 \
                -o "$BATS_TEST_TMPDIR" --json
            verdict=$(tail -n 1 <<<"$output" | jq -r .verdict)
            grep -qE "^verdict: .*\b$verdict\b" "corpus/bugs/$bug/about.md"
        done
    done
}

@test "the fixed runtime survives a hunt with every strategy" {
    for strategy in random pct; do
        run -0 "$out/wedge" hunt timers --strategy "$strategy" --runs 50000 --seed 7
    done
}

@test "the report of #38070 names the whole cycle" {
    run -1 "$out/bugs/go-38070/wedge" replay "$(reproducers go-38070 | head -n 1)"
    run -0 "$out/bugs/go-38070/wedge" show "$(reproducers go-38070 | head -n 1)"
    for word in timerModifying m0 g1 P0 'global run queue' preempted core/runtime/time.c; do
        [[ "$output" == *"$word"* ]] || { echo "no $word in:"; echo "$output"; false; }
    done
}
