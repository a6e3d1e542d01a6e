#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge doctor`: what is there works, and what is missing is told with what mends it.

bats_require_minimum_version 1.5.0

setup() { wedge=$(realpath "${WEDGE:-out/wedge}"); }

@test "where all is there it says so, and ends with 0" {
    run -0 "$wedge" doctor
    for name in hooks clang sanitizers ninja git patch namespaces landlock seccomp limits; do
        grep -qE "^(ok|missing) +$name " <<<"$output" || { echo "no $name"; false; }
    done
    [[ "$output" != *MISSING* ]]
}

@test "a tool that is missing: exit 3, and the command that brings it" {
    run -3 env PATH=/nowhere "$wedge" doctor
    [[ "$output" == *"MISSING  ninja"*"to mend it: apt-get install ninja-build"* ]]
}

@test "JSON: a line for each, with a schema" {
    run -0 "$wedge" doctor --json
    jq -se 'length > 10 and all(.[]; .schema == "wedge.doctor/1" and (.works | type) == "boolean"
        and (.works or (.mend | type) == "string"))' <<<"$output"
    [ "$(jq -r 'select(.name == "hooks").works' <<<"$output")" = true ]
}
