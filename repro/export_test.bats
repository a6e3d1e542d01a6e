#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge export-c` as its users meet it. WEDGE: the program to test; out/wedge of this tree unless
# said. The bugs of the catalogue: ci/bug_test.bats.

bats_require_minimum_version 1.5.0

setup() {
    wedge=$(realpath "${WEDGE:-$BATS_TEST_DIRNAME/../out/wedge}")
    cd "$BATS_TEST_TMPDIR"
}

has() {
    [[ "$output" == *"$1"* ]] || { echo "no '$1' in:"; echo "$output"; return 1; }
}

# A reproducer of that subject in SUBJECT.repro.
find_one() {
    run -1 "$wedge" hunt "$1" --runs 5000 -o "found-$1"
    mv "found-$1"/*.repro "$1.repro"
}

# SUBJECT.c with each compiler that is there, as SUBJECT.COMPILER.
build() {
    for compiler in clang gcc; do
        command -v "$compiler" >/dev/null || continue
        "$compiler" -std=c11 -Wall -Wextra -Werror -pthread -DPATIENCE_MS=20 "$1.c" \
            -o "$1.$compiler"
    done
}

# 20 runs at once, so the machine is busy: each hangs.
hangs() {
    seq 20 | xargs -P 20 -I@ sh -c "timeout 20 ./$1 >$1.out.@; [ \$? -eq 1 ]"
    output=$(cat "$1.out.20")
}

# Each thread, lock and function of the finding's waits stands in what the program printed.
names_the_same() {
    while read -r name; do
        has "$name"
    done < <("$wedge" show --json "$1" |
        jq -r '.finding | (.cycle + .others)[] | .from, .object, .waits_at.function')
}

@test "each example that hangs is a program that hangs, 20 times of 20, and names the same waits" {
    for subject in abba lost-wakeup relock spin await-under-lock read-twice mutexes-crossed; do
        find_one "$subject"
        run -0 "$wedge" export-c "$subject.repro" -o "$subject.c"
        has "written to $subject.c"
        build "$subject"
        for program in "$subject".clang "$subject".gcc; do
            [ -e "$program" ] || continue
            hangs "$program"
            has "$(awk '/^expect/ { print $2 }' "$subject.repro"): no thread gets any further"
            names_the_same "$subject.repro"
        done
    done
}

@test "without the lines that close it every thread ends, and the program exits with 0" {
    for subject in abba lost-wakeup relock spin await-under-lock read-twice mutexes-crossed; do
        find_one "$subject"
        "$wedge" export-c "$subject.repro" | sed '/closing step/d' >open.c
        cc=$(command -v clang || command -v gcc)
        "$cc" -std=c11 -w -pthread -DPATIENCE_MS=20 open.c -o open
        run -0 timeout 20 ./open
        [ "$output" = "all threads came to their end" ]
    done
}

@test "to standard output unless told where, and the same each time" {
    find_one abba
    "$wedge" export-c abba.repro >one.c
    "$wedge" export-c abba.repro -o two.c
    [ "$(sed 's/two/abba/g' two.c)" = "$(cat one.c)" ]
    grep -q "turn(1);" one.c
    grep -q 'lock(self, &b, "a_then_b"); /\* closing step \*/' one.c ||
        grep -q 'lock(self, &a, "b_then_a"); /\* closing step \*/' one.c
    [ "$(wc -l <one.c)" -le 400 ]
}

@test "what does not hang is refused with a sentence" {
    for subject in lost-count fail late unlock siblings; do
        find_one "$subject"
        run -2 --separate-stderr "$wedge" export-c "$subject.repro" -o no.c
        [ -z "$output" ]
        [ ! -e no.c ]
        [[ "$stderr" == *"a deadlock, a self-deadlock or a livelock can be exported; this is "* ]]
    done
    printf 'wedge 1\nsubject abba\nexpect ok\nprogram\nschedule\n' >ok.repro
    run -2 "$wedge" export-c ok.repro
}

@test "what is not reproduced is not exported" {
    find_one abba
    sed 's/^subject abba/subject ordered/' abba.repro >ordered.repro
    run -4 "$wedge" export-c ordered.repro
    has "ordered.repro: nothing to export: not reproduced: completed"
}

@test "bad input names file and line, wrong use and a folder that is not there are told" {
    echo nonsense >bad.repro
    run -2 "$wedge" export-c bad.repro
    has "bad.repro:1: expected "
    run -2 "$wedge" export-c
    find_one abba
    run -2 "$wedge" export-c abba.repro -o abba.repro
    grep -q "^wedge 1" abba.repro
    run -3 "$wedge" export-c abba.repro -o no/such/folder.c
    has "cannot write no/such/folder.c"
}

@test "--json has the program, or its name" {
    find_one abba
    run -0 "$wedge" export-c --json abba.repro
    [ "$(jq -r .schema <<<"$output")" = wedge.export-c/1 ]
    [ "$(jq -r '.threads | sort | join(" ")' <<<"$output")" = "t1 t2" ]
    jq -r .text <<<"$output" | grep -q "int main(void)"
    run -0 "$wedge" export-c --json abba.repro -o x.c
    [ "$(jq -r .program <<<"$output")" = x.c ]
    [ "$(jq -r .text <<<"$output")" = null ]
}

@test "--help fits one screen and ends in examples" {
    run -0 "$wedge" export-c --help
    [ "${#lines[@]}" -le 24 ]
    has "examples:"
}
