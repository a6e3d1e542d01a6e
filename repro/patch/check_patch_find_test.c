/* SPDX-License-Identifier: BSD-3-Clause */
/* What findings mean, of what both sides are made to say. */
#include "repro/patch/check_patch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repro/base/command.h"

static struct check check;

static int setup(void **state)
{
    (void)state;
    check = (struct check){ .schedules = { 1, 1 } };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(check.findings.items);
    free(check.files.items);
    return 0;
}

/* A side has replayed a reproducer of that finding so often. */
static void replayed(enum side side, const char *hash, uint32_t shown)
{
    json_t *rows = json_pack("[{s:s, s:s, s:{s:s, s:s}, s:i, s:i, s:s, s:s}]", "schema",
                             "wedge.replay/1", "file", hash, "expected", "verdict", "deadlock",
                             "signature", hash, "shown", (int)shown, "tries", 20, "verdict",
                             shown > 0 ? "deadlock" : "ok", "signature", shown > 0 ? hash : "");
    check_take_replay(&check, side, rows, true);
    json_decref(rows);
}

static void hunted(enum side side, const char *hash, const char *signature, int shown)
{
    json_t *rows = json_pack("[{s:s, s:s, s:s, s:s, s:i, s:i, s:s}]", "schema", "wedge.finding/1",
                             "verdict", "deadlock", "signature", hash, "signature_text", signature,
                             "shown", shown, "tries", 20, "reproducer", hash);
    assert_false(check_take_hunt(&check, side, rows)); /* there is no sum in it */
    json_decref(rows);
}

static void must_fix(const char *path)
{
    static struct check_file file;
    file = (struct check_file){ .must_fix = true };
    snprintf(file.path, sizeof file.path, "%s", path);
    check.files.items = malloc(sizeof file);
    assert_non_null(check.files.items);
    check.files.items[0] = file;
    check.files.count = 1;
}

static enum check_change change_of(const char *hash)
{
    for (uint32_t i = 0; i < check.findings.count; i++)
        if (strcmp(check.findings.items[i].hash, hash) == 0)
            return check.findings.items[i].change;
    return CHANGE_NONE;
}

static void each_pair_of_answers_has_a_meaning(void **state)
{
    (void)state;
    replayed(SIDE_BASE, "00000001", 20);
    replayed(SIDE_PATCHED, "00000001", 0);
    replayed(SIDE_PATCHED, "00000002", 20);
    replayed(SIDE_BASE, "00000003", 20);
    replayed(SIDE_PATCHED, "00000003", 20);
    hunted(SIDE_PATCHED, "00000004", "", 7);
    hunted(SIDE_PATCHED, "00000005", "", 0);
    replayed(SIDE_BASE, "00000006", 0);
    assert_int_equal(check_judge(&check), EXIT_FINDINGS);
    assert_int_equal(change_of("00000001"), CHANGE_FIXED);
    assert_int_equal(change_of("00000002"), CHANGE_NEW);
    assert_int_equal(change_of("00000003"), CHANGE_STILL_THERE);
    assert_int_equal(change_of("00000004"), CHANGE_FLAKY);
    assert_int_equal(change_of("00000005"), CHANGE_NOT_REPRODUCIBLE);
    assert_int_equal(change_of("00000006"), CHANGE_NONE);
}

/* The patch has moved what its reproducer counts on, not taken the bug away. */
static void what_shows_after_refitting_is_still_there(void **state)
{
    (void)state;
    json_t *rows = json_pack("[{s:s, s:{s:s, s:s}, s:i, s:i, s:s, s:s, s:s}]", "file", "f",
                             "expected", "verdict", "deadlock", "signature", "00000001", "shown", 0,
                             "tries", 20, "verdict", "ok", "signature", "", "refitted", "steps");
    replayed(SIDE_BASE, "00000001", 20);
    check_take_replay(&check, SIDE_PATCHED, rows, true);
    json_decref(rows);
    assert_int_equal(check_judge(&check), EXIT_CLEAN);
    assert_int_equal(change_of("00000001"), CHANGE_STILL_THERE);
}

static void what_was_there_before_does_not_count_against_a_patch(void **state)
{
    (void)state;
    replayed(SIDE_BASE, "00000001", 20);
    replayed(SIDE_PATCHED, "00000001", 20);
    assert_int_equal(check_judge(&check), EXIT_CLEAN);
}

static void unless_it_must_be_fixed(void **state)
{
    (void)state;
    must_fix("00000001");
    replayed(SIDE_BASE, "00000001", 20);
    replayed(SIDE_PATCHED, "00000001", 20);
    assert_int_equal(check_judge(&check), EXIT_FINDINGS);
    assert_true(check.failed_must_fix);
}

static void what_must_be_fixed_has_to_show_on_the_base(void **state)
{
    (void)state;
    must_fix("00000001");
    replayed(SIDE_BASE, "00000001", 0);
    replayed(SIDE_PATCHED, "00000001", 0);
    assert_int_equal(check_judge(&check), EXIT_FINDINGS);
}

/* Half a fix: the same state in another place is still waited for. */
static void what_is_left_of_the_same_locks_is_not_fixed(void **state)
{
    (void)state;
    static const char whole[] = "deadlock: P left in lock; state-a wanted in f held in g";
    static const char kin[] = "deadlock: P left in lock; state wanted in h held in h";
    static const char stranger[] = "deadlock: P left in lock; other wanted in h held in h";
    must_fix("00000001");
    replayed(SIDE_BASE, "00000001", 20);
    hunted(SIDE_BASE, "00000001", whole, 20);
    hunted(SIDE_BASE, "00000002", stranger, 20);
    hunted(SIDE_PATCHED, "00000002", stranger, 20);
    assert_int_equal(check_judge(&check), EXIT_CLEAN);
    hunted(SIDE_BASE, "00000003", kin, 20);
    hunted(SIDE_PATCHED, "00000003", kin, 20);
    assert_int_equal(check_judge(&check), EXIT_FINDINGS);
}

static void a_side_that_falls_silent_is_a_finding(void **state)
{
    (void)state;
    check.silence[SIDE_PATCHED] = (struct check_silence){ true, "hunt", "did not end within 1 s" };
    replayed(SIDE_BASE, "00000001", 20);
    assert_int_equal(check_judge(&check), EXIT_FINDINGS);
    assert_int_equal(change_of("00000001"), CHANGE_NOT_REPRODUCIBLE); /* nobody has looked */
    assert_int_equal(check.counts[CHANGE_NEW], 1);
}

static void a_base_that_falls_silent_is_nobodys_fault(void **state)
{
    (void)state;
    for (enum side side = 0; side < SIDES; side++)
        check.silence[side] = (struct check_silence){ true, "hunt", "did not end within 1 s" };
    assert_int_equal(check_judge(&check), EXIT_BROKEN);
}

static void without_a_schedule_nothing_was_tested(void **state)
{
    (void)state;
    check.schedules[SIDE_PATCHED] = 0;
    assert_int_equal(check_judge(&check), EXIT_UNTESTED);
}

static void words_that_are_no_signature_are_not_taken(void **state)
{
    (void)state;
    hunted(SIDE_PATCHED, "../../x", "", 20);
    hunted(SIDE_PATCHED, "", "", 20);
    assert_int_equal(check.findings.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_pair_of_answers_has_a_meaning),
        TEST(what_shows_after_refitting_is_still_there),
        TEST(what_was_there_before_does_not_count_against_a_patch),
        TEST(unless_it_must_be_fixed),
        TEST(what_must_be_fixed_has_to_show_on_the_base),
        TEST(what_is_left_of_the_same_locks_is_not_fixed),
        TEST(a_side_that_falls_silent_is_a_finding),
        TEST(a_base_that_falls_silent_is_nobodys_fault),
        TEST(without_a_schedule_nothing_was_tested),
        TEST(words_that_are_no_signature_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
