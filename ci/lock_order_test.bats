#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# The golden lock order of the runtime: the fixed one keeps it, the builds with #35532 do not.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    out=${WEDGE_OUT:-out}
}

has() {
    [[ "$output" == *"$1"* ]] || { echo "no '$1' in:"; echo "$output"; return 1; }
}

@test "the fixed runtime keeps the golden order" {
    run -0 "$out/wedge" graph timers --runs 2000 --check corpus/lock-order.txt
    has "timers keeps the order of corpus/lock-order.txt"
    [[ "$output" != *"new: "* ]]
}

@test "callbacks under the timers lock that take a pollDesc's lock break it" {
    run -1 "$out/bugs/go-35532-netpoll/wedge" graph timers --runs 300 --check corpus/lock-order.txt
    has "new: pollDesc is taken while timers is held; in "
    has "held since checkTimers:&pp->timersLock (core/runtime/timerrun.c:"
    has "taken in   netpolldeadlineimpl:&pd->lock (core/runtime/netpoll.c:"
    has "    timers -> pollDesc  new"
    has "    pollDesc -> timers  corpus/lock-order.txt:"
}

@test "callbacks under the timers lock that take the scavenger's lock break it" {
    run -1 "$out/bugs/go-35532-scavenger/wedge" graph timers --runs 300 --check corpus/lock-order.txt
    has "new: scavenge is taken while timers is held; in "
    has "taken in   wakeScavenger:&scavenge.lock (core/runtime/scavenge.c:"
    has "    timers -> scavenge  new"
    has "    scavenge -> timers  corpus/lock-order.txt:"
}

@test "every class and every example of the golden order is in the runtime" {
    cp corpus/lock-order.txt "$BATS_TEST_TMPDIR/order.txt"
    run "$out/wedge" graph timers --runs 2000 --update "$BATS_TEST_TMPDIR/order.txt"
    has " 0 added, 0 dropped, 0 examples renewed"
    cmp corpus/lock-order.txt "$BATS_TEST_TMPDIR/order.txt"
}
