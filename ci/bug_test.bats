#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# One bug of the catalogue, WEDGE_BUG: it is complete, is found from nothing, and its reproducer shows
# it in every flavour with the same trace, and shows nothing in the fixed runtime.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    out=${WEDGE_OUT:-out} bug=${WEDGE_BUG:?"which bug?"}
    folder=corpus/bugs/$bug file=corpus/bugs/$bug/$bug.repro
    rel=$out/bugs/$bug/wedge dbg=$out/bugs/$bug/wedge-dbg fixed=$out/wedge
    # Of a race there is only what ThreadSanitizer sees.
    if grep -q '^verdict: race' "$folder/about.md"; then dbg=$rel fixed=$out/fuzz-tsan/wedge; fi
}

# How many different objects of this kind ("t": timers) the program has.
count() { sed -n '/^program/,/^[fs]/p' "$file" | grep -oE "\b$1[0-9]+\b" | sort -u | wc -l; }
# How often the schedule changes to another thread.
switches() { sed -n '/^schedule/,$p' "$file" | awk '/^  / && $1 != last { if (last) n++; last = $1 } END { print n + 0 }'; }

@test "it has a patch, a page that says what it is, and a reproducer" {
    [ -s "$folder/bug.patch" ]
    [ -s "$file" ]
    for part in "^# $bug:" '^verdict: ' '^- Issue' '^- Since' '^- What was wrong' '^- How it shows' \
        '^- Oracle'; do
        grep -q "$part" "$folder/about.md" || { echo "about.md: no $part"; false; }
    done
}

@test "its reproducer shows it in 20 of 20 replays, in rel and dbg" {
    expected=$(awk '/^expect/ { print $2, $3 }' "$file")
    for program in "$rel" "$dbg"; do
        run -1 "$program" replay -n 20 "$file"
        [[ "$output" == *"20/20 $expected" ]] || { echo "$output"; false; }
    done
}

@test "its trace is byte-identical in other processes and flavours" {
    trace=$BATS_TEST_TMPDIR/trace
    "$rel" replay --trace "$file" >"$trace.rel" || [ $? -eq 1 ]
    "$rel" replay --trace "$file" >"$trace.again" || [ $? -eq 1 ]
    "$dbg" replay --trace "$file" >"$trace.dbg" || [ $? -eq 1 ]
    [ "$(wc -l <"$trace.rel")" -gt 20 ]
    cmp "$trace.rel" "$trace.again"
    cmp "$trace.rel" "$trace.dbg"
}

@test "the fixed runtime does not show it: not reproduced: completed" {
    run -0 "$fixed" replay "$file"
    [[ "$output" == *"not reproduced: completed"* ]]
}

@test "it is hunted from nothing, with the verdict that its page names" {
    for seed in 1 2 3; do
        run -1 --separate-stderr "$rel" hunt timers --seed "$seed" --time 200 \
            -o "$BATS_TEST_TMPDIR" --json
        verdict=$(tail -n 1 <<<"$output" | jq -r .verdict)
        grep -qE "^verdict: .*\b$verdict\b" "$folder/about.md" || { echo "found: $verdict"; false; }
    done
}

@test "the first bugs are found among all schedules of small programs" {
    case $bug in
    go-38070* | go-35532-netpoll) ;;
    *) return 0 ;;
    esac
    run -1 --separate-stderr "$rel" hunt timers --strategy exhaustive --preemptions 2 \
        --faults preempt -o "$BATS_TEST_TMPDIR" --json
    verdict=$(tail -n 1 <<<"$output" | jq -r .verdict)
    grep -qE "^verdict: .*\b$verdict\b" "$folder/about.md" || { echo "found: $verdict"; false; }
}

@test "where its page says so, it is predicted from a run that passes, and confirmed" {
    predicted=$(sed -n 's/^predicted: //p' "$folder/about.md") confirmed=0
    [ -n "$predicted" ] || return 0
    for seed in 1 2 3 4 5 6 7 8; do
        run -1 --separate-stderr "$rel" hunt timers --seed "$seed" --time 200 -o "$BATS_TEST_TMPDIR"
        if [[ "$output" == *"predicted ($predicted "*"which passed; confirmed by schedule "* ]]; then
            confirmed=$((confirmed + 1))
        fi
    done
    [ "$confirmed" -ge 4 ] || { echo "confirmed: $confirmed of 8"; false; }
}

@test "what hangs is exported as a C program that hangs, 20 times of 20, and names the same waits" {
    if ! grep -qE '^expect (deadlock|self-deadlock|livelock) ' "$file"; then
        run -2 "$rel" export-c "$file"
        [[ "$output" == *"can be exported; this is "* ]]
        return 0
    fi
    program=$BATS_TEST_TMPDIR/$bug
    "$rel" export-c "$file" -o "$program.c"
    for compiler in clang gcc; do
        command -v "$compiler" >/dev/null || continue
        "$compiler" -std=c11 -Wall -Wextra -Werror -pthread -DPATIENCE_MS=20 "$program.c" \
            -o "$program"
        seq 20 | xargs -P 20 -I@ sh -c "timeout 20 $program >$program.out.@; [ \$? -eq 1 ]"
        output=$(cat "$program.out.20")
        while read -r name; do
            [[ "$output" == *"$name"* ]] || { echo "no $name in:"; echo "$output"; false; }
        done < <("$rel" show --json "$file" |
            jq -r '.finding.cycle[] | select(.kind != "runs") | .object, .waits_at.function')
    done
    # What closes it taken away, or in a livelock another value in a word: nothing hangs.
    sed '/closing step/d' "$program.c" >"$program-open.c"
    if grep -q next_round "$program.c"; then
        sed -i '0,/^static struct word .*, 0 };/s/, 0 };/, 1 };/' "$program-open.c"
    fi
    cc=$(command -v clang || command -v gcc)
    "$cc" -std=c11 -w -pthread -DPATIENCE_MS=20 "$program-open.c" -o "$program"
    run -0 timeout 20 "$program"
    run -4 "$out/wedge" export-c "$file"
    [[ "$output" == *"nothing to export: not reproduced"* ]]
}

@test "its reproducer is small" {
    [ "$(count g)" -le 3 ]
    case $bug in
    go-38070*) [ "$(count g)" -le 2 ] && [ "$(count t)" -eq 1 ] && [ "$(switches)" -le 3 ] ;;
    go-35532*) [ "$(count g)" -le 2 ] && [ $(($(count t) + $(count d))) -le 2 ] &&
        [ "$(switches)" -le 4 ] ;;
    esac
}

@test "its report fits a page and names every place" {
    run -0 "$rel" show "$file"
    run -1 --separate-stderr "$rel" hunt timers --time 200 -o "$BATS_TEST_TMPDIR"
    [ "${#lines[@]}" -le 40 ]
    [[ "$output" == *"replay $BATS_TEST_TMPDIR"* ]]
    case $bug in go-38070*)
        for word in timerModifying m0 P0 'run queue' preempted core/runtime/time.c 'closes the cycle'; do
            [[ "$output" == *"$word"* ]] || { echo "no $word in:"; echo "$output"; false; }
        done
        ;;
    esac
}
