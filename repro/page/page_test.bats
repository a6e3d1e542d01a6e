#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# `wedge show --html`, and its pages in a browser: out/dbg/test/page writes some that hold what a
# run seldom has; ci/browser gets the browser. Without one those tests are skipped. What is asked of
# a page stands in page_browser.mjs, by the same names.

bats_require_minimum_version 1.5.0

setup_file() {
    export root=$BATS_TEST_DIRNAME/../..
    export out=$root/${WEDGE_OUT:-out}
    export pages=$BATS_FILE_TMPDIR/pages results=$BATS_FILE_TMPDIR/results
    local slug
    mkdir "$pages"
    cd "$root"
    for slug in go-38070 go-38070-1.14.1 go-35532-netpoll go-35532-scavenger go-35462-race; do
        "$out/bugs/$slug/wedge" show "corpus/bugs/$slug/$slug.repro" --html "$pages/$slug.html"
    done
    printf 'wedge 1\nsubject timers\nexpect ok\nprogram\n  g1 add t0 +1000\nschedule\n' \
        >"$pages/passes.repro"
    "$out/wedge" show "$pages/passes.repro" --html "$pages/passes.html"
    WEDGE_PAGES=$pages "$out/dbg/test/page" >/dev/null 2>&1
    if [ "$(ci/browser --state)" = ready ]; then
        node repro/page/page_browser.mjs out/browser/node_modules/playwright-core "$pages" \
            >"$results" 2>&1 || true
        sed -n 's/^# /# /p' "$results" >&3
    fi
}

setup() {
    wedge=$(realpath "$out/wedge")
    cd "$BATS_TEST_TMPDIR"
}

# What the browser has found out about it.
claim() {
    [ -e "$results" ] || skip "no browser ($(cd "$root" && ci/browser --state)); ci/browser gets it"
    grep -qx "ok $BATS_TEST_DESCRIPTION" "$results" || {
        grep -F "$BATS_TEST_DESCRIPTION" "$results" || cat "$results"
        return 1
    }
}

@test "the page is one file, the same each time" {
    for i in 1 2; do
        run -0 "$wedge" show "$pages/passes.repro" --html "$i.html"
        [ -z "$output" ]
    done
    cmp 1.html 2.html
    run -1 grep -oE '(src|href)="[^#][^"]*"|url\([^#]|@import|https?://[^"w]' 1.html
    [ "$(grep -c '<script' 1.html)" -eq 2 ]
}

@test "a page that cannot be written is exit code 3, and leaves nothing" {
    run -3 --separate-stderr "$wedge" show "$pages/passes.repro" --html none/page.html
    [[ "$stderr" == "wedge: cannot write none/page.html: No such file or directory" ]]
    run -2 --separate-stderr "$wedge" show no.repro --html page.html
    [ ! -e page.html ]
}

@test "the four builds with the two deadlocks have the source of each edge in their pages" {
    for slug in go-38070 go-38070-1.14.1 go-35532-netpoll go-35532-scavenger; do
        sed -n 's/.*id="data">\(.*\)<\/script>/\1/p' "$pages/$slug.html" >data.json
        [ "$(jq '.finding.cycle | length' data.json)" -eq 2 ]
        run -0 jq -e '. as $page | [.finding.cycle[] | .waits_at, .holds_since |
            $page.sources[.file].lines[.line | tostring] | type] | all(. == "string")' data.json
        run -0 jq -e '.edge_steps | length == 2 and all(.waits != null and .holds != null)' \
            data.json
    done
}

@test "the commands on a page work" {
    sed -n 's/.*id="data">\(.*\)<\/script>/\1/p' "$pages/go-38070.html" >data.json
    jq -r '.commands[].command' data.json >commands
    [ "$(wc -l <commands)" -eq 4 ]
    cd "$root"
    while read -r command; do
        run bash -c "$command" </dev/null
        [ "$status" -eq 0 ] || [[ "$command" == *" replay "* && "$status" -eq 1 ]]
        [ -n "$output" ]
    done <"$BATS_TEST_TMPDIR/commands"
}

@test "every page opens without an error or a request" { claim; }
@test "every page says in words who waits, or who reads and writes" { claim; }
@test "20,000 events are ready within a second" { claim; }
@test "only what is visible is drawn, and fast, at any scale" { claim; }
@test "it opens where the cycle is closed" { claim; }
@test "a click on a wait of the cycle goes to its step, in words and in the picture" { claim; }
@test "a click in the timeline chooses the step, the pointer tells what it is over" { claim; }
@test "all of it goes by keyboard" { claim; }
@test "what can be used has a name, and every heading its place" { claim; }
@test "words can be read on light and on dark" { claim; }
@test "nothing is wider than a small screen" { claim; }
@test "it prints, without what only works on a screen" { claim; }
@test "a hostile name, lock or source line is text and nothing else" { claim; }
@test "what is added to the page by force does not run, and nothing can be fetched" { claim; }
