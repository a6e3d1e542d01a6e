#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge graph`: the lock order of a subject, its picture, and the golden order. WEDGE: the program to
# test.

bats_require_minimum_version 1.5.0

setup() {
    wedge=$(realpath "${WEDGE:-$BATS_TEST_DIRNAME/../out/wedge}")
    cd "$BATS_TEST_TMPDIR"
}

has() {
    [[ "$output" == *"$1"* ]] || { echo "no '$1' in:"; echo "$output"; return 1; }
}

has_not() {
    [[ "$output" != *"$1"* ]] || { echo "'$1' in:"; echo "$output"; return 1; }
}

# What `ordered` does: b is taken while a is held.
golden() {
    run -0 "$wedge" graph ordered --runs 3 --update golden.txt
}

@test "the order of a subject has classes, places and runs, and what breaks it" {
    run -1 "$wedge" graph abba --runs 3
    has "abba: 3 runs, "
    has " passed; 2 pairs in order"
    has "lock b
  under a (on a cycle), in 3 runs: a_then_b (fuzz/example_waits.c:"
    has "under b (on a cycle)"
    has "1 deadlock predicted:"
    has "predicted from 3 of 3 runs"
    has "t1, holding a, would wait for lock b in a_then_b at fuzz/example_waits.c:"
    has "; seen so in 3 of 3 runs"
    has "wants b (a_then_b)  <- held by t2"
    run -0 "$wedge" graph ordered --runs 3
    has "under a, in 3 runs: "
    has "0 deadlocks predicted"
    run -2 "$wedge" graph no-such-subject
    run -2 "$wedge" graph
    run -2 "$wedge" graph ordered --format pdf
    run -2 "$wedge" graph ordered --check a --update b
    run -2 "$wedge" graph ordered --check a --format dot
    run -2 "$wedge" graph ordered --prune
}

@test "a run that ends in a finding is said, and the command that shows it works" {
    run -1 "$wedge" graph abba --runs 300
    command=$(grep -o "to see it: .*" <<<"$output" | cut -d' ' -f4-)
    run -1 bash -c "$command"
    has "deadlock"
    run -1 "$wedge" graph lost-wakeup --runs 300
    has "deadlock"
    has "0 deadlocks predicted"
}

@test "JSON has classes, pairs, predictions and findings" {
    { "$wedge" graph timers --json --runs 50 || true; } | python3 -c '
import json, sys
graph = json.load(sys.stdin)
assert graph["schema"] == "wedge.graph/1" and graph["subjects"] == ["timers"], graph
assert graph["runs"] == 50 and graph["passed"] == 50, graph
order = {(edge["from"], edge["to"]) for edge in graph["edges"]}
assert ("scavenge", "timers") in order and ("timers", "scavenge") not in order, order
kinds = {row["name"]: row["kind"] for row in graph["classes"]}
assert kinds["timers"] == "lock" and kinds["timerModifying"] == "state", kinds
layers = {row["name"]: row["layer"] for row in graph["classes"]}
assert layers["netpollInit"] < layers["kernel"], layers
for edge in graph["edges"]:
    assert edge["runs"] <= 50 and edge["held_since"]["file"] and edge["wanted_at"]["line"], edge'
    { "$wedge" graph abba --json --runs 300 || true; } | python3 -c '
import json, sys
graph = json.load(sys.stdin)
assert len(graph["predictions"]) == 1 and graph["predictions"][0]["kind"] == "cycle", graph
assert graph["predictions"][0]["verdict"] == "lock-order", graph
assert 0 < graph["predictions"][0]["count"] <= 300, graph
for edge in graph["predictions"][0]["cycle"]:
    assert edge["predicted"] and not edge["interrupted"] and 0 < edge["runs"] <= 300, edge
assert graph["findings"][0]["verdict"] == "deadlock", graph'
}

@test "the same seed gives the same bytes, and no addresses" {
    for format in text json dot svg; do
        "$wedge" graph timers --runs 200 --seed 3 --format $format >a || true
        "$wedge" graph timers --runs 200 --seed 3 --format $format >b || true
        [ -s a ]
        cmp a b
        run ! grep -q 0x a
    done
    "$wedge" graph timers --runs 200 --seed 4 --format json >b || true
    run ! cmp -s a b
}

@test "several subjects make one graph" {
    run -1 "$wedge" graph ordered relock --runs 30
    has "ordered, relock: 30 runs each"
    has "lock b"
    has "under a (on a cycle)"
}

@test "a picture has layers, cycles in red, and a legend" {
    run -0 "$wedge" graph ordered --runs 3 --format dot
    has '"a" -> "b" [label=" 3"'
    has 'digraph "ordered"'
    has 'rank=same'
    has '0 deadlocks predicted'
    has_not '"b" -> "a"'
    run -1 "$wedge" graph abba --runs 3 --format dot
    [ "$(grep -c -- '->.*#c62828' <<<"$output")" -eq 2 ]
    "$wedge" graph timers --runs 50 --format dot >timers.dot || true
    grep -q '"timerModifying" \[.*dashed' timers.dot
    run ! grep -q '"timers" \[.*dashed' timers.dot
    run -0 "$wedge" graph ordered --runs 3 --format svg
    has "<svg"
    has "Lock order of ordered"
}

@test "without dot, a picture says what to install" {
    run --separate-stderr -3 env PATH=/nowhere "$wedge" graph ordered --runs 3 --format svg
    [[ "$stderr" == *"apt-get install graphviz"* ]]
    [ -z "$output" ]
}

@test "a golden order is written, kept, and then checks" {
    golden
    has "added a -> b: a_then_b:&example.a then a_then_b:&example.b"
    has "1 pair, 1 added, 0 dropped"
    [ "$(head -n 1 golden.txt)" = "wedge-lock-order 1" ]
    run ! grep -q '[.]c:[0-9]' golden.txt
    cp golden.txt first.txt
    run -0 "$wedge" graph ordered --runs 3 --seed 9 --update golden.txt
    has "0 added"
    cmp golden.txt first.txt
    run -0 "$wedge" graph ordered --runs 3 --check golden.txt
    has "ordered keeps the order of golden.txt"
}

@test "a pair that the golden order lacks is exit code 1, and says all about it" {
    golden
    run --separate-stderr -1 "$wedge" graph abba --runs 3 --check golden.txt
    has "new: a is taken while b is held; in 3 runs of 3
  held since b_then_a:&example.b (fuzz/example_waits.c:"
    has "taken in   b_then_a:&example.a (fuzz/example_waits.c:"
    has "closes a cycle:
    b -> a  new
    a -> b  golden.txt:6: a_then_b:"
    has_not "new: b is taken"
    has "1 pair that golden.txt lacks; if that is intended:"
    command=$(tail -n 1 <<<"$output")
    run -1 bash -c "$command"
    has "added b -> a"
    run -1 "$wedge" graph abba --runs 3 --check golden.txt
    has "abba keeps the order of golden.txt"
    has "golden.txt has a cycle: b -> a -> b"
}

@test "two locks of one class need a declared order" {
    printf 'wedge-lock-order 1\n' >golden.txt
    run -1 "$wedge" graph relock --runs 30 --check golden.txt
    has "new: a is taken while a is held"
    has "no order among locks of one class is declared"
}

@test "what was not seen, or names a place that is gone, is a note and no failure" {
    golden
    run --separate-stderr -0 "$wedge" graph relock-fixed --runs 3 --check golden.txt
    [[ "$stderr" == *"note: 1 pair of golden.txt not seen in 3 runs: a -> b" ]]
    sed -i 's/a_then_b:&example.b/gone:&example.b/' golden.txt
    run --separate-stderr -0 "$wedge" graph ordered --runs 3 --check golden.txt
    [[ "$stderr" == *"note: golden.txt:6: no such place: a_then_b:&example.a then gone:"* ]]
}

@test "a check as JSON has what is new, with its cycle, and what was not seen" {
    golden
    { "$wedge" graph abba --runs 3 --check golden.txt --json || true; } | python3 -c '
import json, sys
check = json.load(sys.stdin)
assert check["schema"] == "wedge.graph-check/1" and check["unseen"] == [], check
[new] = check["new"]
assert (new["from"], new["to"], new["runs"]) == ("b", "a", 3), new
assert [(row["from"], row["line"]) for row in new["cycle"]] == [("b", 0), ("a", 6)], new
assert len(check["predictions"]) == 1, check'
}

@test "an update keeps comments and what others have seen; --prune does not" {
    cat >golden.txt <<'EOF'
wedge-lock-order 1
# Of the example.

# The outer one.
lock a

lock c
  # Somebody else's.
  under a: f:x then g:y

lock b
  # No such place any more.
  under a: gone:x then gone:y
EOF
    run -0 "$wedge" graph ordered --runs 3 --update golden.txt
    has "2 pairs, 0 added, 0 dropped, 1 example renewed"
    for comment in "# Of the example." "# The outer one." "  # Somebody else's." \
        "  # No such place any more." "  under a: f:x then g:y"; do
        grep -qx "$comment" golden.txt
    done
    grep -q "under a: a_then_b:" golden.txt
    run -0 "$wedge" graph ordered --runs 3 --update golden.txt --prune
    has "dropped a -> c"
    run ! grep -q "lock c" golden.txt
    grep -qx "# The outer one." golden.txt
}

@test "two golden orders are compared" {
    golden
    cp golden.txt other.txt
    run -0 "$wedge" graph --diff golden.txt other.txt
    has "the same order"
    "$wedge" graph abba --runs 3 --update other.txt || true
    run -1 "$wedge" graph --diff golden.txt other.txt
    has "+ b -> a (on a cycle)  other.txt:"
    has_not "- "
    sed 's/  under a:/  read under a:/' golden.txt >other.txt
    run -1 "$wedge" graph --diff golden.txt other.txt
    has "- a -> b  golden.txt:6: "
    has "+ read a -> b  other.txt:6: "
    run -1 "$wedge" graph --json --diff golden.txt other.txt
    has '"schema":"wedge.graph-diff/1"'
    run -2 "$wedge" graph --diff golden.txt
    run -2 "$wedge" graph --diff golden.txt other.txt ordered
}

@test "taking a lock is more than reading it" {
    golden
    sed -i 's/  under a:/  read under a:/' golden.txt
    run -1 "$wedge" graph ordered --runs 3 --check golden.txt
    has "new: b is taken while a is held, and not only to read as golden.txt:6 says"
    run -0 "$wedge" graph ordered --runs 3 --update golden.txt
    grep -q "^  under a:" golden.txt
}

@test "bad input names file, line and what was expected, and nothing is written" {
    printf 'wedge-lock-order 1\nlock a\n  over b\n' >bad.txt
    cp bad.txt before.txt
    for option in --check --update; do
        run --separate-stderr -2 "$wedge" graph ordered --runs 3 "$option" bad.txt
        [[ "$stderr" == 'bad.txt:3: expected `under CLASS: ...`'*', found "over b"' ]]
        [ -z "$output" ]
    done
    cmp bad.txt before.txt
    run --separate-stderr -2 "$wedge" graph --diff bad.txt bad.txt
    [[ "$stderr" == bad.txt:3:* ]]
    run -2 "$wedge" graph ordered --runs 3 --check no-such-file.txt
    has "no-such-file.txt:1: expected a lock order, found: No such file"
    run --separate-stderr -3 "$wedge" graph ordered --runs 3 --update no/such/folder.txt
    [[ "$stderr" == *"cannot write no/such/folder.txt"* ]]
}
