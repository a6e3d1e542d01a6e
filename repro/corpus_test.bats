#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge corpus` and `wedge triage`.

bats_require_minimum_version 1.5.0

setup() {
    out=$(realpath "${WEDGE_OUT:-$BATS_TEST_DIRNAME/../out}")
    wedge=$out/wedge bad=$out/bugs/go-38070/wedge
    bugs=$BATS_TEST_DIRNAME/../corpus/bugs
    cd "$BATS_TEST_TMPDIR"
}

has() {
    [[ "$output" == *"$1"* ]] || { echo "no '$1' in:"; echo "$output"; return 1; }
}

# reproducers SUBJECT FOLDER: some of each, by hunts.
reproducers() {
    mkdir -p "$2"
    for seed in 1 2 3; do
        "$wedge" hunt "$1" --runs 5000 --seed $seed --no-prediction -o "$2/$seed" >hunt.log 2>&1 ||
            [ $? -eq 1 ]
    done
    find "$2" -name '*.repro' | grep -q .
}

# Inputs of libFuzzer, a text beside them, and reproducers, in `in`.
collection() {
    mkdir -p in/timers in/found
    ASAN_OPTIONS=symbolize=0 "$out/fuzz/timers_fuzz" -seed=1 -runs="${1:-400}" in/timers 2>fuzz.log
    cp "$bugs"/*/*.repro in/found
    echo 'What these are.' >in/timers/notes.txt
    reproducers abba in/abba
}

# --- verify

@test "verify: what is shown is as expected; what is not is 1" {
    reproducers abba all
    run -0 "$wedge" corpus verify all
    has ": 20/20 deadlock "
    has "3 reproducers: 3 as expected, 0 not, 0 not tested"
    sed -i 's/^subject abba/subject ordered/' all/2/*.repro
    run -1 "$wedge" corpus verify -n 3 all
    has "0/3 deadlock "
    has "not reproduced: completed  UNEXPECTED"
    has "3 reproducers: 2 as expected, 1 not"
    run -1 "$wedge" corpus verify --fixed all
    has "3 reproducers: 1 as expected, 2 not"
    run -0 "$wedge" corpus verify --fixed all/2
}

@test "verify: the same for any number of jobs, in the order of the names" {
    run -1 "$bad" corpus verify "$bugs" --jobs 1
    first=$output
    run -1 "$bad" corpus verify "$bugs" --jobs 5
    [ "$output" = "$first" ]
    [ "$(grep -c UNEXPECTED <<<"$output")" -gt 20 ]
    [[ "${lines[0]}" == *"bugs/go-1.14-nextwhen/"* ]]
}

@test "verify: unreadable is 2, nothing there is 4, a subject that is not there is not tested" {
    reproducers abba all
    mkdir none
    run -4 "$wedge" corpus verify none
    sed 's/^subject abba/subject my-own/' all/1/*.repro >none/a.repro
    run -4 "$wedge" corpus verify none
    has "a.repro: not tested: this wedge has no subject 'my-own'"
    run -0 "$wedge" corpus verify all none
    has "3 as expected, 0 not, 1 not tested"
    echo 'wedge 1' >all/b.repro
    run --separate-stderr -2 "$wedge" corpus verify all
    [[ "$stderr" == *"all/b.repro:2: expected "* ]]
    run -2 "$wedge" corpus verify --format html all
    run -2 "$wedge" corpus verify
    run -2 "$wedge" corpus frobnicate
}

@test "verify: as JUnit a suite a folder, a case a reproducer; as JSON a line each and a sum" {
    reproducers abba all
    sed -i 's/^subject abba/subject ordered/' all/2/*.repro
    mkdir 'all/<&">'
    sed 's/^subject abba/subject my-own/' all/1/*.repro >'all/<&">/c.repro'
    run -1 "$wedge" corpus verify --format junit all
    python3 - "$output" <<'END'
import sys
import xml.etree.ElementTree as tree
root = tree.fromstring(sys.argv[1].encode())
assert root.attrib["tests"] == "4" and root.attrib["failures"] == "1", root.attrib
assert [s.attrib["name"] for s in root] == ["all/1", "all/2", "all/3", "all/<&\">"]
failure = root[1][0][0]
assert failure.tag == "failure" and failure.attrib["type"].startswith("deadlock "), failure.attrib
assert root[3][0].attrib == {"classname": "my-own", "name": "c.repro"}
assert root[3][0][0].tag == "skipped"
END
    run -1 "$wedge" corpus verify --json all
    [ "$(jq -rs '[.[] | .schema] | unique | join(" ")' <<<"$output")" = \
        "wedge.corpus-verify-sum/1 wedge.corpus-verify/1" ]
    sum=$(tail -n 1 <<<"$output" | jq -c '[.files, .as_expected, .not_as_expected, .no_subject]')
    [ "$sum" = "[4,2,1,1]" ]
}

@test "verify: who is killed leaves nobody working for him" {
    cp -r "$bugs" all # half an hour's work
    "$wedge" corpus verify -n 1000000 "$PWD/all" >/dev/null 2>&1 3>&- & pid=$!
    until pgrep -P $pid >/dev/null || ! kill -0 $pid; do :; done
    kill -KILL $pid
    wait $pid || true
    for i in $(seq 100); do pgrep -f "verify -n 1000000 $PWD/all" >/dev/null || break; done
    run -1 pgrep -f "verify -n 1000000 $PWD/all"
}

# --- min

@test "min: fewer files, the same features; what is neither is told and put aside" {
    collection
    cp -r in before
    run --separate-stderr -0 "$wedge" corpus min in small
    [[ "$stderr" == *"in/timers/notes.txt: text, and no reproducer"* ]]
    diff -r in before
    [ "$(find small/inputs/timers -type f | wc -l)" -lt "$(find in/timers -type f | wc -l)" ]
    [ "$(cat small/aside/notes.txt)" = 'What these are.' ]
    features=$(grep -o 'inputs .* features' <<<"$output" | grep -o 'all [0-9]*')
    run -0 "$wedge" corpus min small again
    has "$features"
}

# libFuzzer counts the branches of the code, too, of which a few are only in inputs whose schedules
# show nothing new.
@test "min: libFuzzer finds 19 of 20 of its own features in what is kept, or more" {
    collection 200
    run -0 "$wedge" corpus min in small
    export ASAN_OPTIONS=symbolize=0
    mkdir merged merged-small
    rm in/timers/notes.txt
    run -0 "$out/fuzz/timers_fuzz" -merge=1 merged small/inputs/timers in/timers
    all=$(sed -n 's/^MERGE-OUTER: .* new files with \([0-9]*\) new features.*/\1/p' <<<"$output")
    run -0 "$out/fuzz/timers_fuzz" -merge=1 merged-small small/inputs/timers
    kept=$(sed -n 's/^MERGE-OUTER: .* new files with \([0-9]*\) new features.*/\1/p' <<<"$output")
    [ $((kept * 20)) -ge $((all * 19)) ]
}

@test "min: its own result stays as it is, for any number of jobs, however the files are called" {
    collection
    for program in "$wedge" "$bad"; do
        rm -rf one two three other from
        run -0 "$program" corpus min in one --jobs 1
        run -0 "$program" corpus min one two --jobs 4
        diff -r one two
        run -0 "$program" corpus min in three --jobs 5
        diff -r one three
        mkdir -p from/timers
        n=0
        for file in $(find in -type f ! -name '*.repro' ! -name '*.txt' | sort --reverse); do
            n=$((n + 1))
            cp "$file" "from/timers/$n"
        done
        run -0 "$program" corpus min from other
        cat other/inputs/timers/* | md5sum >other.sum
        [ "$(find one/inputs/timers -type f -exec md5sum {} + | cut -d ' ' -f 1 | sort)" = \
            "$(find other/inputs/timers -type f -exec md5sum {} + | cut -d ' ' -f 1 | sort)" ]
    done
}

@test "min: the smallest of each finding is kept, apart, and shows it; inputs become reproducers" {
    mkdir -p in/timers
    WEDGE_FUZZ_BRIEF=1 ASAN_OPTIONS=symbolize=0 run "$out/bugs/go-38070/timers_fuzz" -seed=1 \
        -max_total_time=60 -artifact_prefix=in/timers/
    rm -f in/timers/slow-unit*
    cp "$bugs/go-38070/go-38070.repro" in/short.repro
    sed 's/^schedule$/&\n  m0 1/' in/short.repro >in/long.repro
    run -0 "$bad" corpus min in small
    has "self-deadlock e93d56a0 in timers: small/findings/timers/self-deadlock-e93d56a0.repro"
    cmp in/short.repro small/findings/timers/self-deadlock-e93d56a0.repro
    run -0 "$bad" corpus verify small/findings
    [ ! -e small/inputs ] || [ -z "$(ls small/inputs/timers/crash-* 2>/dev/null)" ]
    run -0 "$wedge" corpus min in fixed
    cmp in/short.repro fixed/quiet/timers/self-deadlock-e93d56a0.repro
    [ ! -e fixed/findings ]
}

@test "min: a reproducer that shows another finding than it promises counts for both" {
    mkdir in
    sed 's/^expect .*/expect deadlock 01234567/' "$bugs/go-38070/go-38070.repro" >in/a.repro
    run -0 "$bad" corpus min in small
    [ -e small/quiet/timers/deadlock-01234567.repro ]
    run -0 "$bad" corpus verify small/findings
    has "20/20 self-deadlock e93d56a0"
    run -0 "$bad" corpus min small again
    diff -r small again
}

@test "min: files of one name and of one content" {
    collection 100
    mkdir -p more/timers/a more/timers/b
    mapfile -t files < <(find in/timers -type f ! -name '*.txt' | sort | head -n 20)
    for n in $(seq 0 9); do
        mkdir "more/timers/a/$n"
        cp "${files[$n]}" "more/timers/a/$n/x"
        cp "${files[$n]}" "more/timers/b/same-$n"
    done
    run -0 "$wedge" corpus min more small
    has "inputs "
    [ "$(find small -type f -exec md5sum {} + | cut -d ' ' -f 1 | sort | uniq -d)" = "" ]
    run -0 "$wedge" corpus min small again
    diff -r small again
}

@test "min: OUT is new or empty, IN is there, and something can be run" {
    reproducers abba in
    mkdir full empty
    touch full/file
    run -2 "$wedge" corpus min in full
    has "full: expected a new or an empty folder, found something there"
    run -2 "$wedge" corpus min no-such-folder small
    run -2 "$wedge" corpus min in
    [ ! -e small ]
    run -0 "$wedge" corpus min in empty
    [ -d empty/findings ]
    mkdir notes
    echo text >notes/a
    run -4 "$wedge" corpus min notes small
    printf '\1\2\3' >notes/b
    run -4 "$wedge" corpus min notes small
    has "notes/b: an input, of which subject?"
    [ ! -e small ]
    run -0 "$wedge" corpus min --subject timers notes small --json
    [ "$(jq -c '[.schema, .places.inputs.kept, .places.aside.kept]' <<<"${lines[-1]}")" = \
        '["wedge.corpus-min/1",1,1]' ]
}

# --- triage

@test "triage: what shows the same, how many, how old, and the smallest" {
    reproducers abba in
    cp "$bugs/go-38070/go-38070.repro" in
    sed 's/^schedule$/&\n  m0 1/' in/go-38070.repro >in/long.repro
    touch -d '3 days ago' in/long.repro
    touch -d '2 hours ago' in/go-38070.repro
    run -0 "$wedge" triage in
    has "in abba: 3 reproducers, "
    has "self-deadlock e93d56a0 in timers: 2 reproducers, "
    has ", first written 3 days ago, last 2 hours ago"
    has "P left in lock; timerModifying-off-heap wanted"
    has "smallest: in/go-38070.repro (4 lines); 1 more shows the same"
    has "5 reproducers of 2 different findings"
    run -0 "$wedge" triage --json in
    [ "$(jq -c 'select(.subject == "timers") | [.schema, .count, .last_age_seconds >= 7200]' \
        <<<"$output")" = '["wedge.triage/1",2,true]' ]
}

@test "triage: unreadable files are named, others are counted; a subject need not be here" {
    reproducers abba in
    echo x >in/notes.txt
    sed 's/^subject abba/subject my-own/' in/1/*.repro >in/a.repro
    run -0 "$wedge" triage in
    has " in my-own: 1 reproducer, "
    has "1 other file, passed over"
    printf 'wedge 1\nsubject abba\nwhat\n' >in/b.repro
    run --separate-stderr -2 "$wedge" triage in
    [[ "$stderr" == *"in/b.repro:3: expected "* ]]
    has "; 1 unreadable"
    mkdir empty
    run -4 "$wedge" triage empty
    run -2 "$wedge" triage
}

@test "a folder that cannot be looked into is told, not passed over" {
    [ "$(id -u)" -ne 0 ] || other="setpriv --reuid=65534 --clear-groups" # root looks into all
    folder=$(mktemp -d) # where somebody else can go
    chmod 755 "$folder"
    reproducers abba "$folder/in"
    mkdir --mode=0 "$folder/in/closed"
    cp "$wedge" "$folder/wedge"
    for command in "corpus verify" triage replay; do
        # shellcheck disable=SC2086 # words
        run -2 ${other-} "$folder/wedge" $command "$folder/in"
        has "/in/closed:1: expected a readable file, found an error: "
    done
    rm -r "$folder"
}
