#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# The `wedge` command as its users meet it. WEDGE: the program to test; out/wedge of this tree
# unless said.

bats_require_minimum_version 1.5.0

setup() {
    wedge=$(realpath "${WEDGE:-$BATS_TEST_DIRNAME/../out/wedge}")
    cd "$BATS_TEST_TMPDIR"
}

# A reproducer of `abba` in abba.repro.
abba() {
    run -1 "$wedge" hunt abba --runs 1000 -o found
    mv found/deadlock-*.repro abba.repro
}

has() {
    [[ "$output" == *"$1"* ]] || { echo "no '$1' in:"; echo "$output"; return 1; }
}

# Runs "$@" on a bad file: exit code 2, and one line that names file and line.
refuses() {
    run --separate-stderr -2 "$@"
    [[ "$stderr" == *bad.repro:[0-9]*": expected "*", found "* ]] || { echo "$stderr"; return 1; }
    [ -z "$output" ]
}

@test "no command, or one that is not there, is wrong use" {
    run -2 "$wedge"
    has "usage: wedge"
    run -2 "$wedge" hnt
    has "did you mean 'hunt'?"
    run -2 "$wedge" something-else-entirely
    has "wedge help"
    run -2 "$wedge" hunt
    run -2 "$wedge" hunt abba --bogus
    run -2 "$wedge" hunt no-such-subject
    run -2 "$wedge" hunt abba --runs many
    run -2 "$wedge" hunt abba --time 0
    run -2 "$wedge" hunt abba --faults hiccup
    run -2 "$wedge" hunt abba --strategy luck
    run -2 "$wedge" hunt counter --set additions=10001
    has 'expected additions=0..10000, found "additions=10001"'
    run -2 "$wedge" hunt counter --set thread=3
    has 'counter has no setting "thread=3"'
    run -2 "$wedge" bench counter:threads
    run -2 "$wedge" bench no-such-subject
    run -2 "$wedge" bench --strategy luck
    run -2 "$wedge" bench --speed --findings
    run -2 "$wedge" replay
    run -2 "$wedge" show
    run -2 "$wedge" shrink
    run -2 "$wedge" corpus
    run -2 "$wedge" triage
}

@test "a race is not taken for mended by a wedge that sees none" {
    printf 'wedge 1\nsubject abba\nexpect race 01234567\nprogram\nschedule\n' >race.repro
    run -4 "$wedge" replay race.repro
    has "not tested: only a wedge built with ThreadSanitizer sees races"
    run -4 "$wedge" corpus verify --fixed race.repro
    has "0 as expected, 0 not, 1 not tested"
    run -125 "$wedge" bisect-step race.repro --wedge "$wedge"
    has "skip: only a wedge built with ThreadSanitizer sees races"
}

@test "every help fits one screen and ends in examples" {
    run -0 "$wedge" --help
    [ "${#lines[@]}" -le 24 ]
    has "examples:"
    for command in list hunt replay show shrink graph bench triage bisect-step check-patch \
        doctor; do
        run -0 "$wedge" "$command" --help
        [ "${#lines[@]}" -le 30 ]
        [[ "${lines[-1]}" == "  wedge $command"* ]]
        help=$output
        run -0 "$wedge" help "$command"
        [ "$output" = "$help" ]
    done
    for command in min verify; do
        run -0 "$wedge" corpus $command --help
        [ "${#lines[@]}" -le 30 ]
        [[ "${lines[-1]}" == "  wedge corpus $command"* ]]
    done
    run -0 "$wedge" corpus --help
    [ "$output" = "$("$wedge" help corpus)" ]
    run -0 "$wedge" --version
    has "wedge "
}

@test "what cannot be written is not passed over" {
    run -3 bash -c "'$wedge' list > /dev/full"
}

@test "list names subjects, strategies, faults and verdicts" {
    run -0 "$wedge" list
    for word in timers abba random pct preempt clock self-deadlock diverged; do has "  $word "; done
    run -0 "$wedge" list timers
    has "reset t0..t"
    run -0 "$wedge" list --json
    for line in "${lines[@]}"; do [[ "$line" == '{"schema":"wedge.list/1","kind":"'*'"}' ]]; done
    has '"kind":"subject","name":"timers"'
    run -0 "$wedge" list timers --json
    has '"schema":"wedge.subject/1"'
}

@test "hunt finds the planted deadlock and exits with 1" {
    run --separate-stderr -1 "$wedge" hunt abba --runs 1000 -o found
    [[ "${lines[0]}" == "deadlock "* ]]
    has "waits for lock b"
    has "waits for lock a"
    has "fuzz/example"
    has "held by"
    has "20 of 20 replays"
    [ "$(ls found)" = "$(basename found/deadlock-*.repro)" ]
}

@test "hunt exits with 0 when there is nothing to find, and with 4 when nothing was tested" {
    run -0 "$wedge" hunt ordered --runs 500
    has "no finding in ordered"
    run -4 "$wedge" hunt abba --runs 0
    [ -z "$(ls)" ]
}

@test "hunt explores all schedules within a bound, and says so" {
    run --separate-stderr -0 "$wedge" hunt ordered --strategy exhaustive --preemptions 3
    [[ "${lines[0]}" == "all "*" schedules with at most 3 preemptions explored" ]]
    has "no finding in ordered"
    run --separate-stderr -0 "$wedge" hunt ending --strategy exhaustive
    has "all 1 schedule with at most 2 preemptions explored"
    has "more preemptions make no more schedules"
    run --separate-stderr -0 "$wedge" hunt timers --strategy exhaustive --preemptions 0 --json
    sum=$(jq -c '[.all, .preemptions, .programs, .programs_done, .cut_off]' <<<"$output")
    [ "$sum" = "[true,0,442,442,0]" ]
}

@test "the exhaustive search finds a deadlock with the preemption that it needs" {
    run -0 "$wedge" hunt abba --strategy exhaustive --preemptions 0
    run -1 "$wedge" hunt abba --strategy exhaustive -o found
    has "found with at most 1 preemption"
    run -1 "$wedge" replay found
    run --separate-stderr -1 "$wedge" hunt abba --strategy exhaustive --keep-going -o found
    has " schedules: found/deadlock-"
}

@test "what the exhaustive search did not get to it does not claim" {
    run -0 "$wedge" hunt timers --strategy exhaustive --preemptions 1 --runs 2000
    has "not all schedules were explored: "
    [[ "$output" != *"explored, of"* ]]
    run -0 "$wedge" hunt endless --strategy exhaustive --preemptions 0
    has "1 schedules were cut off"
    has "not all schedules were explored"
}

@test "the exhaustive search takes the program of a reproducer, and refuses what makes no sense" {
    printf '%s\n' 'wedge 1' 'subject timers' 'expect deadlock 00000000' program '  g1 add t0 +1' \
        schedule >one.repro
    run -0 "$wedge" hunt timers --strategy exhaustive --preemptions 1 --program one.repro
    has "schedules with at most 1 preemption explored"
    run -2 "$wedge" hunt abba --strategy exhaustive --program one.repro
    has "one.repro: expected a program of abba, found one of timers"
    run -2 "$wedge" hunt abba --strategy exhaustive --program none.repro
    run -2 "$wedge" hunt abba --strategy exhaustive --jobs 2
    run -2 "$wedge" hunt abba --preemptions 2
    run -2 "$wedge" hunt abba --program one.repro
}

@test "hunt counts the different context switches that it has seen" {
    for runs in 1 100 2000; do
        run --separate-stderr -0 "$wedge" hunt timers --runs $runs --json
        tail -n 1 <<<"$output" | jq .switches >>counts
    done
    sort -n -u -c counts # each more than the one before
    [ "$(head -n 1 counts)" -gt 0 ]
}

@test "hunt and bench take the program of a reproducer, too" {
    printf '%s\n' 'wedge 1' 'subject timers' 'expect deadlock 00000000' program '  g1 add t0 +1' \
        schedule >one.repro
    run --separate-stderr -0 "$wedge" hunt timers --program one.repro --runs 200 --json
    [ "$(tail -n 1 <<<"$output" | jq '.steps / .schedules < 120')" = true ]
    run --separate-stderr -0 "$wedge" bench one.repro --speed --time 0.02 --json
    [ "$(jq -c '[.workload, .steps_per_schedule < 120]' <<<"$output")" = '["one.repro",true]' ]
    printf 'wedge 1\nno such line\n' >two.repro
    run -2 "$wedge" bench two.repro
    has "two.repro:2: expected "
    run -2 "$wedge" hunt timers --program two.repro
    has "two.repro:2: expected "
}

@test "the same seed and number of jobs find the same; another seed need not" {
    for jobs in 1 2 3; do
        run --separate-stderr -1 "$wedge" hunt abba --seed 7 -o found --jobs "$jobs"
        first=$output
        run --separate-stderr -1 "$wedge" hunt abba --seed 7 -o found --jobs "$jobs"
        [ "$output" = "$first" ]
    done
    for seed in 7 8 9 10 11; do
        "$wedge" hunt abba --no-prediction --json --seed $seed -o found | tail -n 1 |
            grep -o '"first_schedule":[0-9]*' >>a
    done
    [ "$(sort -u a | wc -l)" -gt 1 ]
}

@test "hunt with a corpus keeps what is new, and goes on where it stopped" {
    run --separate-stderr -0 "$wedge" hunt timers --runs 300 --corpus kept --json
    whole=$output
    [[ "$stderr" == *"kept has 0 plans"* ]]
    [ "$(find kept -maxdepth 1 -type f | wc -l)" -eq 64 ]
    run --separate-stderr -0 "$wedge" hunt timers --runs 200 --corpus kept --json --jobs 2
    [[ "$stderr" == *"kept has 64 plans; this hunt goes on after 300 schedules"* ]]
    [ "$(jq .schedules <<<"$output")" = 200 ]
    # with another seed it is another hunt; it begins with what the first one kept
    run --separate-stderr -0 "$wedge" hunt timers --runs 64 --corpus kept --seed 2 --json
    [[ "$stderr" == *" plans" ]]
    [ "$(jq .schedules <<<"$output")" = 64 ]
    [ "$(jq .switches <<<"$output")" -gt "$(($(jq .switches <<<"$whole") / 3))" ]
    touch file
    run --separate-stderr -2 "$wedge" hunt timers --corpus file
    [[ "$stderr" == *"cannot use file as a corpus: Not a directory"* ]]
    echo '{"next": "soon"}' | tee kept/.hunt/*.json
    run --separate-stderr -2 "$wedge" hunt timers --corpus kept
    [[ "$stderr" == *"kept/.hunt/"*".json:1: "* ]]
}

@test "hunt starts a job that is killed again, behind the schedules that may be the reason" {
    "$wedge" hunt ordered --jobs 2 --time 60 --json >sum 2>told &
    hunt=$!
    until [ "$(pgrep --parent $hunt | wc -l)" -eq 2 ]; do :; done
    kill -KILL "$(pgrep --parent $hunt | head -n 1)"
    until grep -q "it goes on behind them" told; do :; done
    [ "$(pgrep --parent $hunt | wc -l)" -eq 2 ]
    kill -TERM $hunt
    code=0
    wait $hunt || code=$?
    [ "$code" -eq 130 ]
    grep -q "died (signal 9) in schedule " told
    [ "$(jq .verdict sum)" = '"ok"' ]
}

@test "hunt predicts from a run that passes, confirms it, and can be told not to" {
    run --separate-stderr -1 "$wedge" hunt abba -o found
    has "predicted (lock-order "
    has "which passed; confirmed by schedule "
    has "deadlock "
    run --separate-stderr -1 "$wedge" hunt abba --no-prediction -o found
    [[ "$output" != *predicted* ]]
    run --separate-stderr -0 "$wedge" hunt ordered --runs 500 -o found
}

@test "what is predicted and not confirmed is a finding that replays, shrinks and can be shown" {
    run --separate-stderr -1 "$wedge" hunt siblings --runs 500 -o found
    has "lock-order "
    has "not confirmed in 1000 schedules"
    file=$(echo found/lock-order-*.repro)
    run -1 "$wedge" replay "$file"
    has "20/20 lock-order"
    run -0 "$wedge" show "$file"
    has "how it would deadlock"
    run -0 "$wedge" shrink "$file" -o found/small.repro
    run -1 "$wedge" replay found/small.repro
    has "20/20 lock-order"
    sed 's/^subject siblings$/subject siblings-in-order/' "$file" >found/fixed.repro
    run -0 "$wedge" replay found/fixed.repro
    has "not reproduced: completed"
}

@test "hunt's last line of JSON has the sum" {
    run --separate-stderr -1 "$wedge" hunt abba --json -o found
    [[ "${lines[0]}" == '{"schema":"wedge.finding/1",'* ]]
    sum=${lines[-1]}
    [[ "$sum" == '{"schema":"wedge.hunt/1",'* ]]
    for key in verdict signature schedules seconds schedules_per_second steps_per_second reproducer; do
        [[ "$sum" == *"\"$key\":"* ]]
    done
    [[ "$sum" == *'"verdict":"deadlock"'* ]]
    run --separate-stderr -0 "$wedge" hunt ordered --json --runs 100
    [[ "$output" == *'"verdict":"ok"'*'"reproducer":null'* ]]
}

@test "hunt fixes the settings that it is told to" {
    run --separate-stderr -0 "$wedge" hunt counter --set threads=3,additions=500 --runs 10 --json
    [ "$(jq .steps <<<"$output")" -ge 15000 ] # of the threads alone
    [ "$(jq .steps <<<"$output")" -le 15200 ]
    run --separate-stderr -1 "$wedge" hunt --set threads=9 laggard --json --seed 2 -o found
    [ -n "$(ls found)" ]
}

@test "bench counts the schedules to the first finding as hunt does, and the same each time" {
    run --separate-stderr -0 "$wedge" bench abba --findings --seeds 5 --json
    [ "$(jq -r .strategy <<<"$output" | sed -n "1p;\$p" | xargs)" = "portfolio hunt" ]
    counts=$output
    for seed in 1 2 3 4 5; do
        run --separate-stderr -1 "$wedge" hunt abba --strategy random --no-prediction --json \
            --seed $seed -o found
        [ "$(jq "select(.strategy == \"random\") | .schedules[$seed - 1]" <<<"$counts")" = \
            "$(tail -n 1 <<<"$output" | jq .schedules)" ]
    done
    run --separate-stderr -0 "$wedge" bench abba --findings --seeds 5 --json
    [ "$(jq -c 'del(.median_seconds)' <<<"$output")" = \
        "$(jq -c 'del(.median_seconds)' <<<"$counts")" ]
}

@test "two crossed mutexes are found within four schedules, of which most are steered" {
    run --separate-stderr -0 "$wedge" bench mutexes-crossed --findings --seeds 100 --json \
        --strategy hunt
    [ "$(jq '.found == 100 and .mean <= 4 and .mean >= 1.5' <<<"$output")" = true ]
    run --separate-stderr -1 "$wedge" hunt mutexes-crossed --json -o found
    [ "$(tail -n 1 <<<"$output" | jq .schedules)" -eq 1 ] # that were not steered
}

@test "bench says how many searches found nothing, and takes those for the longest" {
    run --separate-stderr -0 "$wedge" bench laggard:threads=10 --findings --seeds 9 --runs 12 \
        --strategy random
    [[ "${lines[-1]}" =~ laggard:threads=10\ +random\ +[1-8]/9\ .*\>.*-$ ]]
    run --separate-stderr -0 "$wedge" bench ordered --findings --seeds 2 --runs 5 \
        --strategy hunt --json
    [ "$(jq -c '[.found, .least, .schedules, .mean]' <<<"$output")" = "[0,null,[null,null],5]" ]
}

@test "bench tells the speed of what it is asked for, and has nothing to find in a twin" {
    run --separate-stderr -0 "$wedge" bench ordered counter:additions=100 --time 0.02
    [ "${#lines[@]}" -eq 4 ]
    [[ "${lines[2]}" =~ ^\ +ordered\ +[1-9][0-9]+\ +[0-9.]+\ +[0-9.]+M\ +1[12]\.[0-9]\ +[1-9][0-9]+$ ]]
    [[ "${lines[3]}" =~ ^\ +counter:additions=100\ .*\ 208\.0\ +[1-9][0-9]+$ ]]
    run --separate-stderr -0 "$wedge" bench abba --time 0.02 --seeds 2 --strategy pct --json
    [ "$(jq -r '.schema + " " + .strategy' <<<"$output" | xargs)" = \
        "wedge.speed/1 pct wedge.first-finding/1 pct" ]
    [ "$(jq 'select(.ns_per_step) | .schedules_per_second > 1000 and .steps_per_schedule > 5' \
        <<<"$output")" = true ]
}

@test "hunt that keeps going counts, writes each finding once, and stops in time" {
    run --separate-stderr -1 timeout 20 "$wedge" hunt abba --keep-going --runs 3000 -o found
    [ "$(ls found | wc -l)" -eq 1 ]
    has " schedules, first in "
    run --separate-stderr -1 timeout 20 "$wedge" hunt abba --keep-going --time 0.2 --jobs 2 -o found
    [ "$(ls found | wc -l)" -eq 1 ]
}

@test "a fault that is left out is not injected" {
    run -1 "$wedge" hunt weak-cas --runs 2000 -o found
    run -0 "$wedge" hunt weak-cas --runs 2000 -o found --faults none
    run -0 "$wedge" hunt weak-cas --runs 2000 -o found --faults=-cas
    run -1 "$wedge" hunt weak-cas --runs 2000 -o found --faults=cas
}

@test "a reproducer that cannot be written is an error, and the finding is reported all the same" {
    touch file
    run --separate-stderr -3 "$wedge" hunt abba -o file/below
    has "waits for lock"
    [[ "$stderr" == *"cannot write"* ]]
}

@test "every report fits a page" {
    for subject in abba lost-wakeup relock spin lost-count weak-cas null fail late unlock; do
        run --separate-stderr -1 "$wedge" hunt $subject --runs 5000 -o found
        printf '%s\n' "$output" >report
        [ "$(wc -l <report)" -le 40 ]
        grep -q "^next:" report
    done
}

@test "the commands at the end of a report work" {
    folder="with space"
    run --separate-stderr -1 "$wedge" hunt abba -o "$folder"
    mapfile -t commands < <(sed '1,/^next:/d' <<<"$output")
    [ "${#commands[@]}" -eq 2 ]
    run -1 bash -c "${commands[0]}"
    has "20/20 deadlock"
    run -0 bash -c "${commands[1]}"
    has "the cycle"
}

@test "replay shows the finding each time, with the same trace in every process" {
    abba
    run -1 "$wedge" replay abba.repro
    [[ "$output" == "abba.repro: 20/20 deadlock "* ]]
    run -1 "$wedge" replay -n 3 abba.repro
    has "3/3"
    "$wedge" replay --trace abba.repro >one || true
    "$wedge" replay --trace abba.repro >two || true
    cmp one two
    [ "$(wc -l <one)" -gt 3 ]
    run -1 "$wedge" replay --json abba.repro
    [[ "$output" == '{"schema":"wedge.replay/1",'*'"shown":20,"tries":20,"reproduced":true'* ]]
}

@test "replay on fixed code exits with 0 and says that it completed" {
    abba
    sed -i 's/^subject abba/subject ordered/' abba.repro
    run -0 "$wedge" replay abba.repro
    has "0/20"
    has "not reproduced: completed"
}

@test "replay says where it diverged" {
    abba
    sed -i 's/^schedule$/&\n  t9 5/' abba.repro
    run "$wedge" replay abba.repro
    has "diverged at step 0, segment 1 of "
    has "(m9 5)"
}

@test "replay fits a schedule of other code to this, unless told to be exact" {
    abba
    sed -i '/^schedule$/q' abba.repro
    printf '  m0 2\n  t1 900\n' >>abba.repro
    run -1 "$wedge" replay abba.repro
    has "0/20 deadlock"
    has "; diverged at step "
    has "segment 2 of 2 (t1 900): the thread stops before its segment ends; reproduced "
    run -1 "$wedge" replay --json abba.repro
    [[ "$output" == *'"shown":0,'*'"refitted":"s'* ]]
    run -0 "$wedge" replay --exact abba.repro
    has "not reproduced: completed (diverged at step "
    run -0 "$wedge" shrink abba.repro -o new.repro
    run -1 "$wedge" replay new.repro
    has "20/20"
}

@test "a hook point that is no more is told, with its line" {
    printf 'wedge 1\nsubject timers\nexpect ok\nprogram\n  g1 add t0 +1\nfaults\n  preempt g1 at gone:entry#1\nschedule\n' >old.repro
    run -0 "$wedge" replay old.repro
    has "old.repro:7: this build has no hook point gone:entry where preempt can happen; the fault is left out"
    has "20/20 ok"
}

@test "replay of another finding than the one expected exits with 1 and names it" {
    abba
    sed -i 's/^expect deadlock .*/expect livelock 01234567/' abba.repro
    run -1 "$wedge" replay abba.repro
    has "0/20 livelock 01234567; not reproduced: deadlock "
}

@test "replay of folders takes what ends in .repro, and nothing is not green" {
    abba
    mkdir -p folder/below empty
    mv abba.repro folder/below
    echo junk >folder/notes.txt
    run -1 "$wedge" replay folder
    [[ "$output" == "folder/below/abba.repro: 20/20 "* ]]
    run -4 "$wedge" replay empty
    has "nothing was tested"
}

@test "bad input is refused with file and line by every command that reads it" {
    printf 'wedge 2\n' >bad.repro
    for command in replay show shrink; do refuses "$wedge" "$command" bad.repro; done
    : >bad.repro
    refuses "$wedge" replay bad.repro
    printf 'wedge 1\nsubject abba\nexpect deadlock 01234567\nprogram\nschedule\n  m0 12' >bad.repro
    refuses "$wedge" replay bad.repro
    [[ "$stderr" == "bad.repro:6: "* ]]
    head -c 4096 "$wedge" >bad.repro
    refuses "$wedge" replay bad.repro
    rm bad.repro
    refuses "$wedge" replay bad.repro
    mkdir bad.repro
    refuses "$wedge" show bad.repro
}

@test "bad input does not keep the others from being replayed" {
    abba
    printf 'wedge 2\n' >bad.repro
    run --separate-stderr -2 "$wedge" replay bad.repro abba.repro
    has "abba.repro: 20/20"
}

@test "show has a column per thread, the locks, and the cycle marked" {
    abba
    COLUMNS=120 run -0 "$wedge" show abba.repro
    [[ "$output" == *"m0 "*"t1 "*"t2"* ]]
    has "lock a WAITS"
    has "the cycle (* above):"
    [ "$(grep -c '^\*' <<<"$output")" -eq 4 ]
    [[ "$output" != *$'\033'* ]]
    [ "$(wc -L <<<"$output")" -le 120 ]
    COLUMNS=60 run -0 "$wedge" show abba.repro
    [ "$(sed -n '/step  /,/^$/p' <<<"$output" | wc -L)" -le 60 ]
    run -0 "$wedge" show --json abba.repro
    [[ "$output" == '{"schema":"wedge.show/1",'*'"events":[{'*'"finding":{'* ]]
}

@test "show folds long runs unless told not to" {
    printf 'wedge 1\nsubject timers\nexpect ok\nprogram\n  g1 add t0 +1000\nschedule\n' >long.repro
    run -0 "$wedge" show long.repro
    folded=${#lines[@]}
    has "... "
    run -0 "$wedge" show --full long.repro
    [ "${#lines[@]}" -gt "$folded" ]
    [[ "$output" != *" ... "* ]]
}

@test "shrink drops what is not needed, keeps the original, and what it writes replays" {
    abba
    cat abba.repro >long.repro
    sed -i 's/^schedule$/&\n  m0 1\n  m0 1/' long.repro
    cp long.repro copy
    run "$wedge" shrink long.repro
    cmp long.repro copy
    run -1 "$wedge" replay long.min.repro
    has "20/20"
    [ "$(wc -l <long.min.repro)" -le "$(wc -l <abba.repro)" ]
    run -0 "$wedge" shrink abba.repro -o other.repro --json
    [[ "$output" == '{"schema":"wedge.shrink/1",'*'"minimal":true,"shown":20'* ]]
    [ -e other.repro ]
}

@test "hunt leaves a finding as it was if told not to shrink it, and shrink does it later" {
    run -1 "$wedge" hunt abba --seed 3 --shrink 0 -o found
    has "not 1-minimal"
    run -0 "$wedge" shrink found/deadlock-*.repro -o small.repro
    has "1-minimal: without any one of these it is not shown; shown in 20 of 20 replays"
}

@test "shrink refuses what it cannot reproduce" {
    abba
    sed -i 's/^subject abba/subject ordered/' abba.repro
    run -4 "$wedge" shrink abba.repro
    has "not reproduced"
    [ ! -e abba.min.repro ]
}

@test "JSON is JSON whatever bytes a path has" {
    mkdir $'found\xff'
    run --separate-stderr -1 "$wedge" hunt abba --json -o $'found\xff'
    [ "$(tail -n 1 <<<"$output" | jq -r .reproducer)" = "found?/$(ls found*)" ]
    file=$(echo found*/*.repro)
    for command in replay show shrink triage "corpus verify" export-c "bisect-step --wedge $wedge"; do
        # shellcheck disable=SC2086 # words
        run --separate-stderr "$wedge" $command --json "$file"
        [ "$status" -le 1 ]
        [[ "$(head -n 1 <<<"$output" | jq -r '.file // .smallest // .text')" != null ]]
    done
}
