#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge check-patch` with patches that it must not take: nothing is built and nothing is touched.

bats_require_minimum_version 1.5.0

setup() {
    wedge=$(realpath "${WEDGE:-out/wedge}")
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache HOME=$BATS_TEST_TMPDIR
    repository=$BATS_TEST_TMPDIR/repository
    mkdir -p "$repository"/core/runtime "$repository"/core/engine "$repository"/ci "$repository"/fuzz
    cd "$repository"
    for file in core/runtime/a.c core/engine/e.c ci/test fuzz/f.c build.ninja README.md; do
        printf 'one\ntwo\nthree\n' >"$file"
    done
    ln -s /tmp core/runtime/away
    git init -q
    git add -A
    git -c user.name=a -c user.email=a commit -qm one
    patch=$BATS_TEST_TMPDIR/some.patch
    canary=$BATS_TEST_TMPDIR/canary
}

teardown() {
    [ ! -e "$canary" ]
    [ -z "$(git -C "$repository" status --porcelain)" ]
}

# A patch of that name, as a plain diff.
change() { printf -- '--- %s\n+++ %s\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n' "$1" "$2" >"$patch"; }
new_file() { # new_file MODE PATH CONTENT
    printf 'diff --git a/%s b/%s\nnew file mode %s\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+%s\n' \
        "$2" "$2" "$1" "$2" "$3" >"$patch"
}

refused() { # refused WORDS...: exit 2, and says so with the line that is why
    run -2 --separate-stderr "$wedge" check-patch "$patch"
    [ -z "$output" ]
    for words in "$@"; do
        [[ "$stderr" == *"$words"* ]] || { echo "no '$words' in: $stderr"; false; }
    done
}

@test "a path that leaves the tree" {
    change "a/core/runtime/../../../canary" "b/core/runtime/../../../canary"
    refused "some.patch:1: refused" "leaves the tree"
}

@test "a path that leaves the tree where the prefix should be" {
    change "../canary" "../canary"
    refused "leaves the tree"
}

@test "an absolute path" {
    change "$canary" "$canary"
    refused "some.patch:1: refused" "absolute path"
}

@test "a file of Git's own" {
    new_file 100644 .git/hooks/pre-commit "touch $canary"
    refused "refused" ".git/hooks/pre-commit"
}

@test "a symbolic link" {
    new_file 120000 core/runtime/link.c "/etc/passwd"
    refused "some.patch:2: refused" "symbolic link"
}

@test "a file behind a symbolic link" {
    new_file 100644 core/runtime/away/canary.c "x"
    refused "beyond a symbolic link"
}

@test "a symbolic link that changes" {
    printf 'diff --git a/core/runtime/away b/core/runtime/away\nindex 1..2 120000\n--- a/core/runtime/away\n+++ b/core/runtime/away\n@@ -1 +1 @@\n-/tmp\n\\ No newline at end of file\n+/etc\n' >"$patch"
    refused "symbolic link"
}

@test "binary content" {
    printf 'diff --git a/core/runtime/x.c b/core/runtime/x.c\nnew file mode 100644\nindex 000..123\nGIT binary patch\nliteral 3\nKcmZQzU|?hb0007&0RR91\n\n' >"$patch"
    refused "some.patch:4: refused" "binary"
}

@test "a submodule" {
    printf 'diff --git a/core/runtime/sub b/core/runtime/sub\nnew file mode 160000\n--- /dev/null\n+++ b/core/runtime/sub\n@@ -0,0 +1 @@\n+Subproject commit %040d\n' 1 >"$patch"
    refused "some.patch:2: refused" "submodule"
}

@test "the build" {
    change a/build.ninja b/build.ninja
    refused "build.ninja is not code under test" "--allow-build-changes"
}

@test "scripts of the CI" {
    change a/ci/test b/ci/test
    refused "ci/test is not code under test"
}

@test "the engine" {
    change a/core/engine/e.c b/core/engine/e.c
    refused "core/engine/e.c is not code under test"
}

@test "workloads and their oracles" {
    change a/fuzz/f.c b/fuzz/f.c
    refused "fuzz/f.c is not code under test"
}

@test "a rename out of the runtime" {
    printf 'diff --git a/core/runtime/a.c b/ci/a.c\nsimilarity index 100%%\nrename from core/runtime/a.c\nrename to ci/a.c\n' >"$patch"
    refused "some.patch:4: refused" "ci/a.c"
}

@test "an executable file" {
    printf 'diff --git a/core/runtime/a.c b/core/runtime/a.c\nold mode 100644\nnew mode 100755\n' >"$patch"
    refused "file mode 100755"
}

@test "a name in quotes" {
    change '"a/core/runtime/\056\056/x.c"' '"b/core/runtime/\056\056/x.c"'
    refused "without quotes"
}

@test "something that is not a C file in the runtime's folder" {
    new_file 100644 core/runtime/build.ninja "rule x"
    refused "core/runtime/build.ninja is not code under test"
}

@test "a header that hides behind a hunk that is too long" {
    printf -- '--- a/core/runtime/a.c\n+++ b/core/runtime/a.c\n@@ -1,3 +1,90 @@\n one\n-two\n+2\n three\n--- a/ci/test\n+++ b/ci/test\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n' >"$patch"
    refused "patch"
}

@test "a mail whose text is encoded" {
    { printf 'From: a\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: base64\n\n'
      change a/ci/test b/ci/test && base64 "$patch"; } >"$patch.mail"
    mv "$patch.mail" "$patch"
    refused "ci/test is not code under test"
}

@test "the changes of a branch are looked at like a patch" {
    echo four >>build.ninja
    git -c user.name=a -c user.email=a commit -qam two
    run -2 --separate-stderr "$wedge" check-patch --since HEAD~1
    [[ "$stderr" == *"build.ninja is not code under test"* ]]
}

@test "what is no patch, is empty, or does not apply" {
    echo "hello" >"$patch"
    refused "some.patch:1: expected a patch"
    : >"$patch"
    refused "expected a patch"
    change a/core/runtime/a.c b/core/runtime/a.c
    sed -i 's/^-two/-zwei/' "$patch"
    refused "does not apply to HEAD" "core/runtime/a.c:1"
    run -2 --separate-stderr "$wedge" check-patch /no/such/file
    [[ "$stderr" == *"/no/such/file"*"No such file"* ]]
}

@test "what differs only in text for people is not tested, and says so" {
    change a/README.md b/README.md
    run -4 --separate-stderr "$wedge" check-patch "$patch"
    [[ "$stderr" == *"nothing was tested"* ]]
}

@test "a side that cannot be built: exit 3, and whose fault it is" {
    change a/core/runtime/a.c b/core/runtime/a.c
    run -3 --separate-stderr "$wedge" check-patch "$patch" --build 'mkdir out && echo "#!" >out/wedge && chmod +x out/wedge && ! grep -q 2 core/runtime/a.c'
    [[ "$stderr" == *"patched: could not build"* ]] || { echo "$stderr"; false; }
    run -3 --separate-stderr "$wedge" check-patch "$patch" --build 'echo core/runtime/a.c:2: error: no; false'
    [[ "$stderr" == *"base: could not build"*"error: no"* ]]
}

@test "with --allow-build-changes the build may change, but no link may come" {
    change a/build.ninja b/build.ninja
    run -3 --separate-stderr "$wedge" check-patch "$patch" --allow-build-changes --build false
    new_file 120000 ci/link "/etc/passwd"
    run -2 --separate-stderr "$wedge" check-patch "$patch" --allow-build-changes --build false
    [[ "$stderr" == *"symbolic link"* ]]
}

@test "a revision that is not there, and a folder that is no repository" {
    change a/core/runtime/a.c b/core/runtime/a.c
    run -2 --separate-stderr "$wedge" check-patch "$patch" --base nowhere
    [[ "$stderr" == *"no revision 'nowhere'"* ]]
    git clone -q --depth 1 "file://$repository" "$BATS_TEST_TMPDIR/shallow"
    cd "$BATS_TEST_TMPDIR/shallow"
    run -2 --separate-stderr "$wedge" check-patch "$patch" --base HEAD~1
    [[ "$stderr" == *"in this shallow clone; git fetch --unshallow gets the rest"* ]]
    cd /
    run -2 --separate-stderr "$wedge" check-patch "$patch"
    [[ "$stderr" == *"Git repository"* ]]
}
