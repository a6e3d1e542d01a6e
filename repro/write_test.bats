#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# What the commands write is whole or not there, and what they read stays, whatever happens: a full
# disk, a folder that cannot be written to, a kill at any moment, two at a time.

bats_require_minimum_version 1.5.0

setup() {
    wedge=$(realpath "${WEDGE:-$BATS_TEST_DIRNAME/../out/wedge}")
    bugs=$(realpath "$BATS_TEST_DIRNAME/../corpus/bugs")
    cd "$BATS_TEST_TMPDIR"
    mkdir disk in
    # large enough not to fit on the small disk
    for folder in "$bugs"/*/; do
        name=$(basename "$folder")
        cp "$folder$name.repro" "in/$name.repro"
        { cat "$folder$name.repro"; printf '# %300s\n' $(seq 20); } >"in/$name.long.repro"
    done
}

# on_disk OPTIONS SCRIPT: runs it with a file system of its own at disk.
on_disk() {
    unshare --mount --map-root-user true 2>/dev/null || unshare --mount true 2>/dev/null ||
        skip "no file system can be mounted here"
    flags=--mount
    [ "$(id -u)" -eq 0 ] || flags="--mount --map-root-user"
    # shellcheck disable=SC2086 # flags
    unshare $flags sh -c "mount -t tmpfs -o $1 none disk; $2"
}

# Every file below is a reproducer that can be read, and nothing is left over.
is_whole() {
    run -0 "$wedge" triage "$1"
    [ -z "$(find "$1" -name '.wedge-*')" ]
}

@test "a full disk: exit code 3, path and cause are told, nothing is torn" {
    printf '#!/bin/sh\nset -u\n%s\n' '
        dd if=/dev/zero of=disk/filler bs=4096 >dd.log 2>&1
        "$1" hunt abba --runs 1000 -o disk >hunt.out 2>hunt.err; echo $? >hunt.code
        "$1" shrink in/go-38023.repro -o disk/x.repro >shrink.out 2>shrink.err; echo $? >shrink.code
        find disk -type f | sort >left' >script
    on_disk size=64k "sh script '$wedge'"
    [ "$(cat hunt.code)" -eq 3 ]
    grep -q 'cannot write a reproducer to disk: No space left on device' hunt.err
    grep -q 'waits for lock' hunt.out # the finding is told all the same
    [ "$(cat left)" = disk/filler ]
}

@test "a full disk: a smaller reproducer does not take the place of the one that is there" {
    "$wedge" hunt abba --runs 1000 -o found >/dev/null || [ $? -eq 1 ]
    printf '#!/bin/sh\n%s\n' '
        cp found/*.repro disk/a.repro
        dd if=/dev/zero of=disk/filler bs=4096 >dd.log 2>&1
        "$1" shrink disk/a.repro -o disk/a.repro >shrink.out 2>shrink.err; echo $? >shrink.code
        cmp found/*.repro disk/a.repro && ls -A disk >left' >script
    on_disk size=64k "sh script '$wedge'"
    [ "$(cat shrink.code)" -eq 3 ]
    grep -q 'cannot write disk/a.repro: No space left on device' shrink.err
    [ "$(xargs <left)" = "a.repro filler" ]
}

@test "a full disk: corpus min leaves nothing behind" {
    cp -r in before
    printf '#!/bin/sh\n%s\n' '
        "$1" corpus min in disk/small >min.out 2>min.err; echo $? >min.code
        find disk -mindepth 1 >left' >script
    on_disk size=64k "sh script '$wedge'"
    [ "$(cat min.code)" -eq 3 ]
    grep -q 'cannot write disk/small .*: No space left on device' min.err
    [ ! -s left ]
    diff -r in before
    run -0 "$wedge" corpus min in small # and it is as much as that
    is_whole small
}

@test "a folder that cannot be written to: exit code 3, path and cause are told" {
    printf '#!/bin/sh\n%s\n' '
        mount -o remount,ro disk
        "$1" hunt abba --runs 1000 -o disk >hunt.out 2>hunt.err; echo $? >codes
        "$1" shrink found/*.repro -o disk/x.repro >shrink.out 2>shrink.err; echo $? >>codes
        "$1" corpus min in disk/small >min.out 2>min.err; echo $? >>codes' >script
    "$wedge" hunt abba --runs 1000 -o found >/dev/null || [ $? -eq 1 ]
    on_disk size=64k "sh script '$wedge'"
    [ "$(xargs <codes)" = "3 3 3" ]
    grep -q 'cannot write a reproducer to disk: Read-only file system' hunt.err
    grep -q 'cannot write disk/x.repro: Read-only file system' shrink.err
    grep -q 'cannot write disk/small: Read-only file system' min.err
}

@test "killed while it writes, corpus min has written all or nothing; the next one cleans up" {
    for i in $(seq 300); do printf 'notes %300d\n' "$i" >"in/$i.txt"; done
    cp -r in before
    run -0 "$wedge" corpus min in whole
    torn=0
    for i in $(seq 20); do
        "$wedge" corpus min in small >/dev/null 2>&1 3>&- & pid=$!
        until [ -e small ] || compgen -G '.wedge-*' >/dev/null; do :; done
        kill -KILL $pid 2>/dev/null || true
        wait $pid || true
        ! compgen -G '.wedge-*' >/dev/null || torn=$((torn + 1))
        [ ! -e small ] || diff -rq small whole
        rm -rf small
    done
    [ "$torn" -gt 0 ]
    diff -r in before
    run -0 "$wedge" corpus min in small
    diff -r small whole
    [ -z "$(find . -name '.wedge-*')" ]
}

@test "killed at any moment, a hunt leaves reproducers that can be read, or none" {
    for i in $(seq 40); do
        timeout --signal=KILL "0.0$(printf '%02d' "$i")" "$wedge" hunt abba --runs 1000 \
            --seed "$i" -o found >/dev/null 2>&1 || true
    done
    run -1 "$wedge" hunt abba --runs 1000 -o found
    is_whole found
}

@test "two at a time on one folder lose nothing" {
    for i in $(seq 5); do
        "$wedge" corpus min in small >one.out 2>&1 3>&- & one=$!
        "$wedge" corpus min in small >two.out 2>&1 3>&- & two=$!
        codes=
        for pid in $one $two; do
            code=0
            wait $pid || code=$?
            codes="$codes $code"
        done
        # the one that comes too late says so: at the start, or at the end
        [[ "$codes" =~ ^\ (0\ [23]|[23]\ 0)$ ]]
        [ "$i" -gt 1 ] || cp -r small first
        diff -r small first
        rm -r small
    done
    for i in $(seq 10); do
        "$wedge" hunt abba --runs 1000 --seed "$i" -o found >/dev/null 2>&1 3>&- & one=$!
        "$wedge" hunt abba --runs 1000 --seed "$i" -o found >/dev/null 2>&1 3>&- & two=$!
        for pid in $one $two; do wait $pid || [ $? -eq 1 ]; done
        is_whole found
    done
}

# Where each finding takes long to shrink.
@test "a hunt that is killed while it shrinks has written what it found" {
    slow=$(dirname "$wedge")/bugs/go-38070/wedge
    "$slow" hunt timers --keep-going --seed 2 -o found >log 2>&1 3>&- & pid=$!
    until [ -n "$(find found -name '*.repro' 2>/dev/null)" ] || ! kill -0 $pid; do :; done
    kill -KILL $pid
    wait $pid || true
    run -1 "$slow" replay found
    [[ "$output" == *": 20/20 "* ]]
    [ "$(grep -c '^  ' found/*.repro)" -gt 12 ]
}
