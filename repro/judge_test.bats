#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge judge` on the cases of the catalogue, and on what is none. WEDGE: the program to test.

bats_require_minimum_version 1.5.0

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/..")
    wedge=$(realpath "${WEDGE:-$root/out/wedge}")
    cases=$root/corpus/lock-order
    cd "$BATS_TEST_TMPDIR"
}

has() {
    [[ "$output" == *"$1"* ]] || { echo "no '$1' in:"; echo "$output"; return 1; }
}

# refuses LINE MESSAGE: exit code 2, and nothing but file, line and message.
refuses() {
    printf '%s\n' "$1" >bad.jsonl
    run --separate-stderr -2 "$wedge" judge bad.jsonl
    [[ "$stderr" == "bad.jsonl:1: "*"$2"* ]] || { echo "$stderr"; return 1; }
    [ -z "$output" ]
}

@test "all cases of the catalogue are judged right, with the reasons for silence" {
    run --separate-stderr -0 "$wedge" judge "$cases/cases.jsonl"
    [ "${lines[0]}" = "ld-AA-mutex self-deadlock self-deadlock ok" ]
    [ "${lines[-1]}" = "104 of 104 right; 37 of 37 silent for the expected reason" ]
    run --separate-stderr -0 "$wedge" judge "$cases/more.jsonl"
    [[ "$output" != *WRONG* ]]
}

@test "neither the order of the cases nor what was judged before changes a verdict or a report" {
    cat "$cases/cases.jsonl" "$cases/more.jsonl" >forward.jsonl
    { tac forward.jsonl; cat forward.jsonl; } >both.jsonl
    python3 - "$wedge" <<'END'
import re, subprocess, sys
def blocks(path):
    text = subprocess.run([sys.argv[1], 'judge', '-v', path], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL).stdout
    text = re.sub(path + r':\d+', 'LINE', text)
    return re.split(r'^(?=\S+ \S+ \S+ ok$)', text[:text.rindex('\n', 0, -1) + 1], flags=re.M)[1:]
forward, both = blocks('forward.jsonl'), blocks('both.jsonl')
assert len(forward) > 250 and len(both) == 2 * len(forward), (len(forward), len(both))
assert both[len(forward):] == forward and both[:len(forward)][::-1] == forward
END
}

@test "cycles that share a class are told one by one" {
    cat >shared.jsonl <<'END'
{"name": "shared", "classes": {"A1": "A", "A2": "A"}, "threads": {"T1": ["lock A1", "lock A2", "unlock A2", "lock B", "unlock B", "unlock A1"], "T2": ["lock A2", "lock A1", "unlock A1", "unlock A2", "lock B", "lock A1", "unlock A1", "unlock B"]}, "expect": "cycle"}
END
    run -0 "$wedge" judge -v shared.jsonl
    has "T1 waits for A2"
    has "T1 waits for B"
}

@test "drawn programs are judged as they were proved" {
    run -0 "$root/ci/lock-order-generate" --compare --wedge "$wedge" 1500 2026
    has "1500 cases of seed 2026"
}

@test "a bad line does not keep the others from being judged" {
    { echo '{"name": "x"}'; sed -n 1p "$cases/cases.jsonl"; } >mixed.jsonl
    run --separate-stderr -2 "$wedge" judge mixed.jsonl
    [ "${lines[0]}" = "ld-AA-mutex self-deadlock self-deadlock ok" ]
    [[ "$stderr" == "mixed.jsonl:1: "* ]]
}

@test "a wrong verdict is said, and is exit code 1" {
    sed -n '/"ld-ABBA-mutex"/s/"expect": "cycle"/"expect": "ok"/p' "$cases/cases.jsonl" >wrong.jsonl
    run -1 "$wedge" judge wrong.jsonl
    [ "${lines[0]}" = "ld-ABBA-mutex cycle ok WRONG" ]
    has "0 of 1 right"
}

@test "a report names threads, locks, files and lines, and no address" {
    sed -n '/"ts-cycle3"/p' "$cases/cases.jsonl" >one.jsonl
    run -0 "$wedge" judge -v one.jsonl
    has "T1 waits for B (T1 at one.jsonl:1); T2 holds it (T2 at one.jsonl:1)"
    has "T2 waits for C"
    has "T3 waits for A"
    [[ "$output" != *0x* ]]
}

@test "JSON lines carry the verdict, how many edges it has, and a total" {
    sed -n '/"report_edges"/p' "$cases/cases.jsonl" >edges.jsonl
    "$wedge" judge --json edges.jsonl | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
cases = {c["name"]: c for c in map(json.loads, open("edges.jsonl"))}
assert rows[-1]["schema"] == "wedge.judge-total/1" and rows[-1]["right"] == len(cases), rows[-1]
for row in rows[:-1]:
    assert row["schema"] == "wedge.judge/1" and row["right"], row
    assert row["edges"] == cases[row["name"]]["report_edges"], row'
}

@test "bad input names file, line and what was expected" {
    refuses 'lock A' "expected a JSON object"
    refuses '{"name": "x", "threads": {"T1": []}}' "expected cycle, self-deadlock"
    refuses '{"name": "x", "expect": "ok"}' "threads: expected an object"
    refuses '{"name": "x", "expect": "ok", "threads": {"T1": ["grab A"]}}' \
        "T1, operation 1: expected an operation: lock"
    refuses '{"name": "x", "expect": "ok", "threads": {"T1": ["lock A", "lock"]}}' \
        "T1, operation 2: expected another word"
    refuses '{"name": "x", "expect": "ok", "threads": {"T1": ["fork T2"]}}' \
        "expected the name of a thread"
    refuses '{"name": "x", "expect": "ok", "threads": {"T1": ["try A else 1"]}}' \
        "expected as many operations after a try"
    refuses '{"name": "x", "expect": "ok", "threads": {"T1": ["nlock A deep"]}}' \
        "expected sub=NUMBER, under=LOCK or ord=addr"
    refuses '{"name": "x", "expect": "ok", "locks": {"A": "door"}, "threads": {"T1": ["lock A"]}}' \
        "A: expected mutex, spin"
    refuses '{"name": "x", "expect": "ok", "threads": {"H@T9": ["lock A"]}}' \
        "expected the name of a thread after @"
    run -2 "$wedge" judge no-such-file.jsonl
    run -2 "$wedge" judge
    : >empty.jsonl
    run -4 "$wedge" judge empty.jsonl
}
