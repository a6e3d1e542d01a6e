#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# ci/fuzz, with targets that are bugs of the catalogue or scripts that end as libFuzzer may.

bats_require_minimum_version 1.5.0

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/..")
    out=$(realpath "${WEDGE_OUT:-$root/out}")
    cd "$BATS_TEST_TMPDIR"
}

# target TEXT: a script that takes the place of a libFuzzer target.
target() {
    printf '#!/bin/sh\n%s\n' "$1" >target
    chmod +x target
}

# fuzz OPTION...: with what is in this folder, unless said.
fuzz() {
    "$root/ci/fuzz" --time 0.2 --jobs 1 --corpus corpus --artifacts artifacts --seeds seeds \
        --baseline baseline --subject ordered --wedge "$out/wedge" --target ./target "$@"
}

@test "a planted bug is found by libFuzzer and by a hunt; its reproducer is there and shows it" {
    bug=$out/bugs/x1-callback-in-running
    run -1 --separate-stderr fuzz --time 2 --subject timers --wedge "$bug/wedge" \
        --target "$bug/timers_fuzz"
    [[ "$output" == *"NEW    self-deadlock 7264c434"* ]]
    [ -s artifacts/logs/hunt.out ]
    run -1 "$bug/wedge" replay artifacts/self-deadlock-7264c434.repro
    [[ "$output" == *"20/20 self-deadlock 7264c434" ]]
    grep -q '^# ci/fuzz: something new was found' artifacts/summary.md
    grep -q '| \*\*new\*\* | self-deadlock | 7264c434 |' artifacts/summary.md
    [ -n "$(find corpus/findings/timers -name 'self-deadlock-7264c434.repro')" ]
}

@test "what is in the baseline is told and does not fail the job; what was stored is run again" {
    target 'echo "#7	DONE" >&2'
    run -1 --separate-stderr fuzz --subject abba
    [[ "$output" == *"NEW    deadlock "* ]]
    [ "$(cat corpus/.seed)" -eq 2 ]
    echo "${output#*NEW    }" |
        sed -n '1s/.* \([0-9a-f]\{8\}\) .*/\1  # known since today/p' >baseline
    run -0 --separate-stderr fuzz --subject abba
    [[ "$output" == *"known  deadlock "*": known since today"* ]]
    [[ "$output" == *"1 show a finding"* ]]
    [ "$(cat corpus/.seed)" -eq 3 ]
    echo 'deadlock 01234567' >>baseline
    run -0 --separate-stderr fuzz --subject abba
    [[ "$output" == *"baseline: 01234567 was not seen this time"* ]]
    echo 'whatever' >>baseline
    run -2 --separate-stderr fuzz --subject abba
    [[ "$stderr" == *"baseline:3: expected a signature"* ]]
}

@test "a stored reproducer that shows another finding than it promises gives one of that" {
    target 'echo "#7	DONE" >&2'
    mkdir -p corpus/quiet/abba
    "$out/wedge" hunt abba --runs 1000 -o found >/dev/null || [ $? -eq 1 ]
    sed 's/^expect .*/expect livelock 01234567/' found/*.repro >corpus/quiet/abba/a.repro
    run -1 --separate-stderr fuzz
    [[ "$output" == *"1 show a finding"* ]]
    run -1 "$out/wedge" replay artifacts
    [[ "$output" == *": 20/20 deadlock "* ]]
    [ -e corpus/quiet/abba/livelock-01234567.repro ]
}

@test "nothing found is 0" {
    target 'echo "#7	DONE" >&2'
    run -0 --separate-stderr fuzz
    grep -q '^# ci/fuzz: nothing new was found' artifacts/summary.md
}

@test "a target that hangs and ignores SIGTERM is ended in time, with all that it started" {
    target 'trap "" TERM; while :; do sleep 987; done'
    start=$SECONDS
    run -3 --separate-stderr fuzz --limit 3 --time 600
    [ $((SECONDS - start)) -lt 30 ]
    [[ "$stderr" == *"the limit of 3 s was reached in: "* ]]
    target 'trap "" TERM; sleep 987 & echo $! >'"$PWD"'/pids; echo $$ >>'"$PWD"'/pids
        setsid sh -c "trap \"\" TERM; echo \$\$ >>'"$PWD"'/pids; exec sleep 987" &
        while :; do sleep 987; done'
    run -3 --separate-stderr fuzz --limit 3
    [[ "$stderr" == *"the limit of 3 s was reached in: libFuzzer"* ]]
    grep -q 'could not be run to the end' artifacts/summary.md
    [ "$(wc -l <pids)" -eq 3 ]
    for pid in $(cat pids); do run ! kill -0 "$pid"; done
}

@test "what was found before the limit came is told" {
    target 'trap "" TERM; while :; do sleep 987; done'
    run -1 --separate-stderr fuzz --subject abba --limit 5
    [[ "$output" == *"NEW    deadlock "* ]]
    [[ "$stderr" == *"the limit of 5 s was reached in: libFuzzer"* ]]
    run -1 "$out/wedge" replay artifacts
}

@test "a job that was ended between two renames has lost nothing; what cannot be written is 3" {
    target 'echo "#7	DONE" >&2'
    mkdir corpus.old
    echo 5 >corpus.old/.seed
    run -0 --separate-stderr fuzz
    [[ "$output" == *"from seed 5"* ]]
    [ "$(cat corpus/.seed)" -eq 6 ]
    [ ! -e corpus.old ]
    run -3 --separate-stderr fuzz --artifacts /proc/nowhere
}

@test "a target that runs nothing, or has no hook points, is 4" {
    target 'exit 0'
    run -4 --separate-stderr fuzz
    [[ "$stderr" == *"nothing was tested: the target ran no input"* ]]
    target 'exit 4'
    run -4 --separate-stderr fuzz
    [[ "$stderr" == *"no hook point is in the target"* ]]
    grep -q '^# ci/fuzz: nothing was tested' artifacts/summary.md
}

@test "libFuzzer's codes are ours: a crash, a timeout, too much memory and a race are findings" {
    for code in 77 70 71 66; do
        target 'echo "#7	DONE" >&2; exit '$code
        run -1 --separate-stderr fuzz
        [[ "$output" == *"NEW    crash exit-$code"* ]]
    done
    for code in 1 72 127; do
        target 'echo "#7	DONE" >&2; exit '$code
        run -3 --separate-stderr fuzz
        [[ "$stderr" == *"the target ended with $code"* ]]
    done
    rm target
    run -3 --separate-stderr fuzz
}

@test "what only a sanitizer sees is a finding, whatever the line" {
    target 'echo "#7	DONE" >&2
        echo "SUMMARY: AddressSanitizer: heap-use-after-free /a/b.c:$(cat line):3 in turn" >&2
        exit 77'
    echo 12 >line
    export PWD
    sed -i "s|cat line|cat $PWD/line|" target
    run -1 --separate-stderr fuzz
    first=$(grep '^NEW' <<<"$output")
    [[ "$first" == *"AddressSanitizer heap-use-after-free turn"* ]]
    echo 13 >line
    run -1 --separate-stderr fuzz
    [ "$(grep '^NEW' <<<"$output")" = "$first" ]
}

@test "a job that is ended lets go of what it started, and keeps the corpus" {
    mkdir -p corpus
    echo 5 >corpus/.seed
    target 'trap "" TERM; echo $$ >'"$PWD"'/pid; mkfifo '"$PWD"'/never; echo >'"$PWD"'/started
        read -r _ <'"$PWD"'/never'
    mkfifo started
    fuzz --limit 600 --time 600 >log 2>&1 3>&- &
    job=$!
    # the hunt comes first: it has to be ended for the target to begin
    until [ -e artifacts/logs/hunt.out ]; do read -r -t 0.05 _ <> <(:) || true; done
    kill -TERM "$(pgrep -f "[f]uzz.py.*--limit 600" -P "$job" || echo "$job")"
    status=0
    wait "$job" || status=$?
    [ "$status" -eq 143 ]
    run ! pgrep -f "$PWD"
    [ "$(cat corpus/.seed)" -eq 5 ]
}

@test "seeds are run again, and a seed that shows a finding is one" {
    target 'echo "#7	DONE" >&2'
    mkdir -p seeds/abba_fuzz
    printf '\1\2\3\4\0\0\0\0\0\0\0\0' >seeds/abba_fuzz/a
    printf '\4\3\2\1\0\0\0\0\0\0\0\0' >seeds/abba_fuzz/b
    run -1 --separate-stderr fuzz --subject abba
    [[ "$output" == *"run again"* ]]
    [ -n "$(find artifacts/logs -name 'inputs-sorted.out' -size +0)" ]
    [ "$(jq .files artifacts/logs/inputs-sorted.out)" -eq 2 ]
}

@test "a wedge whose judges sleep is told from one that finds nothing" {
    target 'echo "#7	DONE" >&2'
    printf '#!/bin/sh\ncase "$1 $2" in "hunt null") exit 0;; esac; exec "%s" "$@"\n' \
        "$out/wedge" >sleepy
    chmod +x sleepy
    run -3 --separate-stderr fuzz --wedge ./sleepy
    [[ "$stderr" == *"the example null is not judged as it should be"* ]]
    printf '#!/bin/sh\ncase "$1" in hunt) exit 4;; esac; exec "%s" "$@"\n' "$out/wedge" >sleepy
    run -4 --separate-stderr fuzz --wedge ./sleepy
    [[ "$stderr" == *"no hook point was reached: nothing was tested"* ]]
}

@test "wrong use is 2" {
    run -2 "$root/ci/fuzz" --bogus
    run -2 "$root/ci/fuzz" --time 0
    run -0 "$root/ci/fuzz" --help
    [ "${#lines[@]}" -le 40 ]
}
