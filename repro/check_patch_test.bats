#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge check-patch` on the runtime of this tree: what it says of patches of which the answer is known,
# and of code that does harm. ci/patches tries all that there are; here are a few of each kind.
#
# The tree is copied into a repository of the tests' own, and its trees are kept from run to run in
# out/check-patch.

bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_TEST_DIRNAME/.."
    out=$(realpath "${WEDGE_OUT:-out}")
    wedge=$(realpath "${WEDGE:-out/wedge}")
    export wedge WEDGE_CACHE=$out/check-patch/cache
    export repository=$out/check-patch/repository
    rm -rf "$repository"
    mkdir -p "$repository" "$WEDGE_CACHE"
    cp -r core fuzz repro corpus build.ninja "$repository"
    cp -r ci "$repository"
    cd "$repository"
    git init -q
    git add -A
    git -c user.name=a -c user.email=a commit -qm tree
}

setup() {
    cd "$repository"
    bugs=$repository/corpus/bugs patches=$repository/repro/patch/patches
}

check() { # check EXIT OPTION...: its JSON is $output
    expected=$1
    shift
    run --separate-stderr "$wedge" check-patch --json --cache "$WEDGE_CACHE" --time 0.5 \
        --watch 500 -o "$BATS_TEST_TMPDIR/found" "$@"
    [ "$status" -eq "$expected" ] || { echo "$status"; echo "$output"; echo "$stderr"; false; }
}
of() { jq -r "select(.signature? == \"$1\").change" <<<"$output"; }
has() { jq -se "any(.[]; $1)" <<<"$output" >/dev/null; } # some line is so
sum() { tail -n 1 <<<"$output" | jq -r ".$1"; }

# edit WORDS: a patch that puts them where a timer is modified.
edit() {
    patch=$BATS_TEST_TMPDIR/edit.patch
    cp core/runtime/time.c "$BATS_TEST_TMPDIR/time.c"
    sed -i "s|^    when = when_pinned(when);|&\n    $1|; s|^#include \"core/runtime/time.h\"|&\n#include <fcntl.h>\n#include <stdlib.h>\n#include <sys/socket.h>\n#include <unistd.h>|" \
        "$BATS_TEST_TMPDIR/time.c"
    diff -u --label a/core/runtime/time.c --label b/core/runtime/time.c core/runtime/time.c \
        "$BATS_TEST_TMPDIR/time.c" >"$patch" || true
    grep -q '^+' "$patch"
}

@test "a bug that comes: new, with its signature, its place, and commands that work" {
    check 1 "$bugs/go-35532-netpoll/bug.patch"
    [ "$(of afb75c33)" = new ]
    [ "$(sum new)" -ge 1 ]
    row=$(jq -c 'select(.signature? == "afb75c33")' <<<"$output")
    [ "$(jq -r '.base.shown, .patched.shown, .patched.tries' <<<"$row" | xargs)" = "0 20 20" ]
    [ "$(jq -r .place.file <<<"$row")" = core/runtime/netpoll.c ]
    run -1 "$wedge" check-patch --cache "$WEDGE_CACHE" --time 0.5 --watch 500 \
        -o "$BATS_TEST_TMPDIR/found" "$bugs/go-35532-netpoll/bug.patch"
    [[ "$output" == *"at a line of the patch: "* ]] # some cycle has an edge there, told first
    [[ "$output" == *"new edge timers -> pollDesc (netpolldeadlineimpl core/runtime/netpoll.c:"*"called under timers in "*"closes a cycle with pollDesc -> timers ("* ]]
    command=$(sed -n 's/^  reproduce with: //p' <<<"$output" | head -n 1)
    run -1 sh -c "$command"
}

@test "the same, taken out: fixed, and what must be fixed is" {
    check 0 --over "$bugs/go-35532-netpoll/bug.patch" --reverse "$bugs/go-35532-netpoll/bug.patch" \
        --must-fix go-35532-netpoll
    [ "$(of afb75c33)" = fixed ]
    [ "$(sum new)" -eq 0 ]
    has '.schema == "wedge.check-patch-edge/1" and .change == "removed" and
        .edge.from == "timers" and .edge.to == "pollDesc"'
}

@test "a fix that is none is caught" {
    check 1 --over "$bugs/go-38070/bug.patch" "$patches/wrong-fix-38070-deltimer.patch" \
        --must-fix go-38070
    [ "$(of e93d56a0)" = "still there" ]
    [ "$(sum must_fix_failed)" = true ]
    check 1 --over "$bugs/go-35532-netpoll/bug.patch" "$patches/wrong-fix-35532-late.patch" \
        --must-fix "$bugs/go-35532-netpoll/go-35532-netpoll.repro"
    [ "$(sum must_fix_failed)" = true ]
}

@test "what the base does not show cannot be fixed" {
    check 1 "$patches/harmless-comment.patch" --must-fix go-38070
    [ "$(sum must_fix_failed)" = true ]
}

@test "harmless patches: nothing, exit 0" {
    for name in assert-run reorder-reads rename-function; do
        check 0 "$patches/harmless-$name.patch"
        [ "$(sum new) $(sum fixed) $(sum still_there) $(sum unlisted_edges)" = "0 0 0 0" ]
        [ "$(sum schedules_patched)" -gt 0 ]
    done
}

@test "a warm cache builds nothing again, and one object for a changed line" {
    check 0 "$patches/harmless-comment.patch"
    check 0 "$patches/harmless-comment.patch"
    has '.build_seconds_base == 0 and .build_seconds_patched == 0'
    log=$WEDGE_CACHE/trees/$(sum patched).log
    [ "$(grep -c ' CC ' "$log")" -eq 1 ] || { cat "$log"; false; }
}

@test "a pair that is new in the lock order belongs into corpus/lock-order.txt" {
    edit "lock(\&rt.allpLock); lock(\&rt.heapLock); unlock(\&rt.heapLock); unlock(\&rt.allpLock);"
    check 1 "$patch"
    has '.schema == "wedge.check-patch-edge/1" and .change == "new" and .unlisted and
        .edge.from == "allp" and .edge.to == "mheap" and .cycle == []'
    # with what the command that it names makes of that file, it is taken
    cp corpus/lock-order.txt "$BATS_TEST_TMPDIR/order"
    run "$WEDGE_CACHE/trees/$(sum patched)/out/wedge" graph timers --runs 500 \
        --update "$BATS_TEST_TMPDIR/order"
    diff -u --label a/corpus/lock-order.txt --label b/corpus/lock-order.txt \
        corpus/lock-order.txt "$BATS_TEST_TMPDIR/order" >>"$patch" || true
    check 0 "$patch"
    [ "$(sum unlisted_edges)" -eq 0 ]
}

@test "mails, standard input, and what a branch has brought" {
    git checkout -q -b branch
    patch -sp1 --no-backup-if-mismatch <"$patches/harmless-comment.patch"
    git -c user.name=a -c user.email=a commit -qam "a c\xc3\xb6mment"
    git format-patch --stdout HEAD~1 >"$BATS_TEST_TMPDIR/mail"
    check 0 --since HEAD~1
    tree=$(sum patched)
    git checkout -q -
    check 0 - <"$BATS_TEST_TMPDIR/mail"
    [ "$(sum patched)" = "$tree" ]
    git branch -qD branch
}

@test "SARIF: a thread flow per thread, a fingerprint, and what the schema wants" {
    check 1 "$bugs/go-35532-netpoll/bug.patch" --format sarif
    echo "$output" >"$BATS_TEST_TMPDIR/log.sarif"
    python3 -c 'import json, sys, jsonschema
jsonschema.Draft7Validator(json.load(open(sys.argv[1]))).validate(json.load(open(sys.argv[2])))' \
        repro/patch/sarif.schema.json "$BATS_TEST_TMPDIR/log.sarif"
    result=$(jq -c '.runs[0].results[] | select(.partialFingerprints."wedgeSignature/v1" == "afb75c33")' \
        <<<"$output")
    [ "$(jq '.codeFlows[0].threadFlows | length' <<<"$result")" -eq 2 ]
    [ "$(jq '[.codeFlows[0].threadFlows[].locations[].executionOrder] | sort == unique' \
        <<<"$result")" = true ]
    # what has an edge in the diff points there
    [ "$(jq '[.runs[0].results[] | select(.properties.inPatch).locations[0].physicalLocation
        .artifactLocation.uri] | unique == ["core/runtime/timerrun.c"]' <<<"$output")" = true ]
}

@test "JUnit and GitHub" {
    check 1 "$bugs/go-35532-netpoll/bug.patch" --format junit
    python3 -c 'import sys, xml.etree.ElementTree as t
s = t.fromstring(sys.stdin.read())[0]
assert int(s.get("tests")) == len(s.findall("testcase")), s.attrib
assert int(s.get("failures")) == len(s.findall("testcase/failure")) > 0, s.attrib' <<<"$output"
    export GITHUB_STEP_SUMMARY=$BATS_TEST_TMPDIR/summary
    check 1 "$bugs/go-35532-netpoll/bug.patch" --format github
    grep -q '^::error file=core/runtime/[a-z]*.c,line=[0-9]*,title=new%3A deadlock afb75c33::' <<<"$output"
    grep -q 'new edge timers -> pollDesc' "$GITHUB_STEP_SUMMARY"
}

# --- code that does harm: the check answers, and nothing is lost

@test "code that never comes back: a hang, which is new" {
    edit "for (volatile int i = 0; i == 0;) {}"
    check 1 "$patch"
    [ "$(jq -r 'select(.verdict? == "hang").change' <<<"$output")" = new ]
}

@test "code that ends the process, with whatever code: died, which is new" {
    edit "_exit(0);"
    check 1 "$patch"
    [ "$(jq -r 'select(.verdict? == "died").change' <<<"$output")" = new ]
}

@test "code that includes a file of the user's does not get to see it" {
    edit ""
    sed -i 's|<fcntl.h>|"/etc/passwd"|' "$patch"
    run -3 --separate-stderr "$wedge" check-patch --cache "$WEDGE_CACHE" "$patch"
    [[ "$stderr" == *"patched: could not build"*"/etc/passwd"* ]]
    [[ "$stderr" != *root:* ]]
}

@test "code that crashes: a crash, with a signature" {
    edit "*(volatile int *)8 = 1;"
    check 1 "$patch"
    has '.verdict == "crash" and .change == "new"'
}

@test "code that forks without end, fills memory, writes files, asks the network or kills" {
    canary=$BATS_TEST_TMPDIR/canary
    victim=$PPID
    edit "if (fork() >= 0 \|\| open(\"$canary\", O_CREAT \| O_WRONLY, 0600) >= 0 \|\| socket(AF_INET, SOCK_STREAM, 0) >= 0 \|\| open(\"$HOME/.profile\", O_RDONLY) >= 0 \|\| open(\"$repository/README\", O_CREAT \| O_WRONLY, 0600) >= 0) throw(\"escaped\");"
    check 0 "$patch"
    [ ! -e "$canary" ]
    edit "for (int i = 0; i < 1000; i++) { void *volatile more = malloc(1 << 26); if (more == NULL) throw(\"no more memory\"); }"
    check 1 "$patch"
    has '.verdict == "crash" and (.signature_text | contains("no more memory"))'
    kill -0 "$victim"
}

@test "nothing is left in the working tree" {
    [ -z "$(git status --porcelain)" ]
    [ "$(git worktree list | wc -l)" -eq 1 ]
}
