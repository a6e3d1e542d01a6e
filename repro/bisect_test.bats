#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge bisect-step` under a real `git bisect run`. The history is made here, and a revision is
# "built" by copying one of the programs of this tree: the fixed wedge, or the one with a bug of the
# catalogue.

bats_require_minimum_version 1.5.0

setup() {
    out=$(realpath "${WEDGE_OUT:-$BATS_TEST_DIRNAME/../out}")
    bad=$out/bugs/go-38070/wedge
    cd "$BATS_TEST_TMPDIR"
    cp "$out/wedge" wedge
    cp "$BATS_TEST_DIRNAME/../corpus/bugs/go-38070/go-38070.repro" bug.repro
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
}

# history BUILD...: a tree with a commit for each; ./build puts what it says at out/wedge.
history() {
    git init --quiet tree
    cd tree
    echo out >.gitignore
    for build in "$@"; do
        n=$((${n:-0} + 1))
        printf '#!/bin/sh\n# %d\nmkdir -p out; rm -f out/wedge\n%s\n' "$n" "$build" >build
        chmod +x build
        git add .
        git commit --quiet -m "commit $n"
    done
    git tag | xargs -r git tag --delete
}

step() { ../wedge bisect-step ../bug.repro "$@"; }

@test "git bisect run finds the commit that brought the bug, past what cannot be built" {
    good="cp $out/wedge out/wedge" bug="cp $bad out/wedge"
    history "$good" "$good" "$good" "$good" 'echo "int x = ;" >x.c; cc -c x.c' "$good" "$bug" \
        "$bug" "$bug"
    git bisect start HEAD "$(git rev-list --max-parents=0 HEAD)"
    run -0 git bisect run ../wedge bisect-step ../bug.repro --build ./build
    [[ "$output" == *"bad: 20/20 self-deadlock e93d56a0"* ]]
    [[ "$output" == *"good: not reproduced: completed"* ]]
    [[ "$output" == *"skip: cannot be built: './build' ended with 1"* ]]
    [[ "$output" == *"is the first bad commit"* ]]
    [ "$(git show --no-patch --format=%s refs/bisect/bad)" = "commit 7" ]
}

@test "git bisect run is not told a lie: where the one before cannot be built, it may be either" {
    good="cp $out/wedge out/wedge" bug="cp $bad out/wedge"
    history "$good" "$good" 'exit 1' "$bug" "$bug"
    git bisect start HEAD "$(git rev-list --max-parents=0 HEAD)"
    run -2 git bisect run ../wedge bisect-step ../bug.repro --build ./build
    [[ "$output" == *"The first bad commit could be any of:"* ]]
}

@test "git bisect run finds it among twelve, each built and asked at most once" {
    good="cp $out/wedge out/wedge; echo >>../builds" bug="cp $bad out/wedge; echo >>../builds"
    history "$good" "$good" "$good" "$good" "$good" "$bug" "$bug" "$bug" "$bug" "$bug" "$bug" "$bug"
    git bisect start HEAD "$(git rev-list --max-parents=0 HEAD)"
    run -0 git bisect run ../wedge bisect-step ../bug.repro --build ./build
    [[ "$output" == *"is the first bad commit"* ]]
    [ "$(git show --no-patch --format=%s refs/bisect/bad)" = "commit 6" ]
    [ "$(wc -l <../builds)" -le 5 ]
}

@test "0: not shown; 1: shown; the wedge of the build is the one that is asked" {
    history "cp $bad out/wedge"
    run -0 step
    [[ "$output" == "../bug.repro: good: not reproduced: completed" ]]
    run -1 step --build ./build
    run -1 step --wedge "$bad" --json
    [[ "$output" == '{"schema":"wedge.bisect-step/1",'*'"step":"bad"'* ]]
}

@test "125: in doubt" {
    history true
    run -125 step --build false
    [[ "$output" == *"skip: cannot be built: 'false' ended with 1"* ]]
    run -125 step --build ./build # it builds nothing
    [[ "$output" == *"skip: cannot run: no program out/wedge"* ]]
    run -125 step --wedge /bin/true
    [[ "$output" == *"skip: cannot run: /bin/true replay ended with 0 and no answer"* ]]
    sed 's/^expect .*/expect deadlock 01234567/' ../bug.repro >../other.repro
    run -125 ../wedge bisect-step ../other.repro --wedge "$bad"
    [[ "$output" == *"skip: another finding: self-deadlock e93d56a0: "* ]]
    sed -i 's/^schedule$/&\n  t9 5/' ../bug.repro
    run -125 step
    [[ "$output" == *"skip: the schedule does not fit this revision"* ]]
    run -1 step --wedge "$bad"
    [[ "$output" == *"bad: self-deadlock e93d56a0, shown when what does not fit is skipped" ]]
    printf '#!/bin/sh\nwhile :; do :; done\n' >endless
    chmod +x endless
    run -125 step --wedge ./endless --limit 1
    [[ "$output" == *"skip: cannot run: ./endless was ended after 1 s" ]]
    printf '#!/bin/sh\necho "{\\"shown\\":3,\\"tries\\":20,\\"expected\\":{}}"\n' >sometimes
    chmod +x sometimes
    run -125 step --wedge ./sometimes
    [[ "$output" == *"in doubt: shown in only 3 of 20 replays" ]]
}

@test "wrong use stops a bisection: git would take 2 for bad" {
    history true
    run -128 step --bogus
    run -128 ../wedge bisect-step
    run -128 ../wedge bisect-step no-such-file
    [[ "$output" == *"keep it outside of the tree"* ]]
    sed -i 's/^expect .*/expect ok/' ../bug.repro
    run -128 step
    run -0 ../wedge bisect-step --help
}
