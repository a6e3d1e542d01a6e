#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# The story that `wedge show` tells on a terminal.

bats_require_minimum_version 1.5.0

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/..")
    out=$root/${WEDGE_OUT:-out}
    cd "$BATS_TEST_TMPDIR"
}

# The story of a bug's reproducer, in so many columns; more arguments are options.
story() {
    local slug=$1 columns=$2
    shift 2
    COLUMNS=$columns run -0 "$out/bugs/$slug/wedge" show "$root/corpus/bugs/$slug/$slug.repro" "$@"
    steps=$(sed -n '/^  step  /,/^$/p' <<<"$output")
}

has() {
    [[ "$steps" == *"$1"* ]] || { echo "no '$1' in:"; echo "$steps"; return 1; }
}

@test "three threads have a column each at 80 columns, and nothing is cut" {
    story go-35532-netpoll 80
    [[ "$(head -n 1 <<<"$steps")" =~ step.*m0\ +m1\ +m2$ ]]
    has '*  134  1000.001us 1            |            1 checkTimers: lock P0.timersLock'
    has '   143  1000.001us 1 g1 wakeNetPoller: load sched.lastpoll'
    has '   151  1000.001us 2            | sysmon: sleep delay WAITS'
    [[ "$steps" != *.. ]]
}

@test "no line of the story is wider than the terminal" {
    for columns in 40 60 80 120 200; do
        story go-35532-scavenger "$columns"
        [ "$(wc -L <<<"$steps")" -le "$columns" ]
    done
}

@test "words go on in the next line where there is no room, under the thread's own" {
    story go-35532-netpoll 80
    has '*  142  1000.001us 1            |            1 netpolldeadlineimpl: lock d0.lock
                   1            |            1   WAITS <- held by m0'
    story go-35532-netpoll 50
    has '*  142  1000.001us m2    1 netpolldeadlineimpl:
                         1   lock d0.lock'
}

@test "the steps of the cycle say who is in the way, and which one closes it" {
    story go-35532-netpoll 200
    has "modtimer: lock P0.timersLock WAITS <- held by m2: the cycle is closed"
    [ "$(grep -c 'the cycle is closed' <<<"$steps")" -eq 1 ]
    [ "$(grep -c '^\*' <<<"$steps")" -eq 4 ]
    story go-38070 100
    has '*   40  1000.000us 1 FAULT preempt g2 lock: preemption entry, NEEDS P0 <- held by m0'
    has '*   50  1000.000us | g1 modtimer: spin t0 WAITS <- held by g2: the cycle is closed'
}

@test "a state counts as held, by the goroutine that set it" {
    story go-38070 100
    has '*   39  1000.000us 1 g2 modtimer: cas t0 done, t0 is in timerModifying-off-heap'
    has '    49  1000.000us | g1 modtimer: load t0 timerModifying'
    has ', takes P0'
}

@test "20,000 events fold to a few screens that end where the run does" {
    printf 'wedge 1\nsubject counter\nexpect ok\nconfig additions=9990\nprogram\n' >long.repro
    printf 'schedule\n  m0 3\n' >>long.repro
    for i in $(seq 400); do printf '  t%d 20\n' $((i % 2 + 1)); done >>long.repro
    run -0 "$out/wedge" show long.repro
    [ "${#lines[@]}" -le 160 ]
    [[ "$output" == *"schedule  ... 361 more,"* ]]
    [[ "$output" == *"... "*" steps, "*" switches"* ]]
    [[ "$output" == *" 19984 "* ]]
    run -0 "$out/wedge" show --full long.repro
    [ "${#lines[@]}" -gt 19984 ]
    [[ "$output" != *"... "*" steps"* ]]
}

@test "colour is for terminals that want it" {
    file=$root/corpus/bugs/go-38070/go-38070.repro
    command="TERM=xterm $out/bugs/go-38070/wedge show $file"
    story go-38070 100
    [[ "$output" != *$'\033'* ]]
    run -0 script -qec "$command" /dev/null
    [[ "$output" == *$'\033[1;31m'* ]]
    run -0 script -qec "NO_COLOR=1 $command" /dev/null
    [[ "$output" != *$'\033'* ]]
}
