/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model judges event sequences made by hand: each claim is refuted once, and keeps silent on
 * the nearest legal sequence. Times are in ns. In the comments c1, c2 are changes, "fires" is the
 * moment in the runtime that nobody sees, "runs" is the callback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/timers_model.h"

static struct timers_model model;

static int reset(void **state)
{
    (void)state;
    model_reset(&model);
    return 0;
}

static struct model_change begin(enum model_kind kind, int64_t when_ns)
{
    struct model_change change;
    assert_true(model_change_begin(&model, kind, 0, when_ns, &change));
    return change;
}

static const char *end(struct model_change change, bool pending, int64_t now_ns)
{
    return model_change_end(&model, &change, pending, now_ns);
}

/* A change that nothing overlaps with. */
static const char *change(enum model_kind kind, int64_t when_ns, bool pending, int64_t now_ns)
{
    return end(begin(kind, when_ns), pending, now_ns);
}

/* what: "M1", or NULL for silence. */
static void expect(const char *said, const char *what)
{
    if (what == NULL && said != NULL)
        fail_msg("expected silence, got: %s", said);
    if (what != NULL && (said == NULL || strncmp(said, what, strlen(what)) != 0))
        fail_msg("expected %s, got: %s", what, said != NULL ? said : "silence");
}

/* --- what a timer is set to --- */

static void a_time_below_zero_is_never_and_zero_is_long_past(void **state)
{
    (void)state;
    assert_true(model_when(-1) == INT64_MAX);
    assert_true(model_when(INT64_MIN) == INT64_MAX);
    assert_true(model_when(INT64_MAX) == INT64_MAX);
    assert_true(model_when(0) == 1);
    assert_true(model_when(1) == 1);
}

/* --- M1: not before its time --- */

static void a_callback_at_its_time_is_legal(void **state)
{
    (void)state;
    expect(change(MODEL_ADD, 100, false, 0), NULL);
    expect(model_ran(&model, 0, 100), NULL);
}

static void a_callback_before_its_time_is_M1(void **state)
{
    (void)state;
    expect(change(MODEL_ADD, 100, false, 0), NULL);
    expect(model_ran(&model, 0, 99), "M1");
}

static void a_callback_before_the_time_that_a_reset_set_is_M1(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(change(MODEL_RESET, 200, true, 50), NULL);
    expect(model_ran(&model, 0, 150), "M1");
}

/* It fires at 100; before it runs, a reset finds it not pending and starts it for 200. */
static void a_callback_that_was_on_its_way_before_a_reset_is_legal(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(change(MODEL_RESET, 200, false, 100), NULL);
    expect(model_ran(&model, 0, 101), NULL);
    expect(model_ran(&model, 0, 200), NULL);
}

/* As above, but the second one comes early: one of them is too many before 200. */
static void two_callbacks_before_the_second_time_are_M1(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    change(MODEL_RESET, 200, false, 100);
    expect(model_ran(&model, 0, 101), NULL);
    expect(model_ran(&model, 0, 199), "M1");
}

/* c1 and c2 overlap, for 100 and for 300: which came last is unknown. */
static void after_overlapping_resets_the_earlier_time_is_legal(void **state)
{
    (void)state;
    struct model_change c1 = begin(MODEL_RESET, 100), c2 = begin(MODEL_RESET, 300);
    expect(end(c1, false, 0), NULL);
    expect(end(c2, true, 0), NULL);
    expect(model_ran(&model, 0, 100), NULL);
}

static void before_the_earlier_of_overlapping_resets_is_M1(void **state)
{
    (void)state;
    struct model_change c1 = begin(MODEL_RESET, 100), c2 = begin(MODEL_RESET, 300);
    end(c1, false, 0);
    end(c2, true, 0);
    expect(model_ran(&model, 0, 99), "M1");
}

/* --- M2: once for each start, and not after a stop --- */

static void a_second_callback_for_one_start_is_M2(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(model_ran(&model, 0, 100), NULL);
    expect(model_ran(&model, 0, 100), "M2");
}

static void a_callback_for_each_start_is_legal(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(model_ran(&model, 0, 100), NULL);
    expect(change(MODEL_RESET, 100, false, 100), NULL);
    expect(model_ran(&model, 0, 100), NULL);
}

static void a_callback_after_a_stop_that_succeeded_is_M2(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(change(MODEL_STOP, 0, true, 50), NULL);
    expect(model_ran(&model, 0, 100), "M2 a timer ran although it was stopped");
}

/* It fires, c1 stops it too late and says so, it runs. */
static void a_callback_after_a_stop_that_came_too_late_is_legal(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(change(MODEL_STOP, 0, false, 100), NULL);
    expect(model_ran(&model, 0, 100), NULL);
}

static void a_callback_of_a_timer_that_was_never_started_is_M2(void **state)
{
    (void)state;
    expect(change(MODEL_STOP, 0, false, 0), NULL);
    expect(model_ran(&model, 0, 100), "M2");
}

/* It may fire as soon as the start has begun. */
static void a_callback_while_the_start_is_under_way_is_legal(void **state)
{
    (void)state;
    struct model_change c1 = begin(MODEL_RESET, 100);
    expect(model_ran(&model, 0, 100), NULL);
    expect(end(c1, false, 100), NULL);
    expect(model_check_end(&model), NULL);
}

static void a_start_that_came_to_nothing_is_M2_in_the_end(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(model_check_end(&model), "M2");
    model_ran(&model, 0, 100);
    expect(model_check_end(&model), NULL);
}

static void a_start_lost_among_overlapping_resets_is_M2_in_the_end(void **state)
{
    (void)state;
    struct model_change c1 = begin(MODEL_RESET, 100), c2 = begin(MODEL_RESET, 100);
    end(c1, false, 0);
    end(c2, false, 0); /* neither saw the other's */
    expect(model_ran(&model, 0, 100), NULL);
    expect(model_check_end(&model), "M2");
}

static void the_callbacks_of_a_periodic_timer_are_not_counted(void **state)
{
    (void)state;
    change(MODEL_PERIODIC, 100, false, 0);
    for (int64_t now_ns = 100; now_ns < 500; now_ns += 100)
        expect(model_ran(&model, 0, now_ns), NULL);
    expect(change(MODEL_STOP, 0, true, 500), NULL);
    expect(model_ran(&model, 0, 500), NULL); /* it was on its way */
    expect(model_check_end(&model), NULL);
}

/* --- M3, M4: what changes report --- */

static void a_stop_that_reports_a_timer_that_does_not_run_is_M3(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    model_ran(&model, 0, 100);
    expect(change(MODEL_STOP, 0, true, 100), "M3");
}

static void a_reset_that_reports_its_own_start_is_M3(void **state)
{
    (void)state;
    expect(change(MODEL_RESET, 100, true, 0), "M3");
}

static void two_stops_that_both_succeed_are_M3(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    struct model_change c1 = begin(MODEL_STOP, 0), c2 = begin(MODEL_STOP, 0);
    expect(end(c1, true, 0), NULL);
    expect(end(c2, true, 0), "M3");
}

static void two_stops_of_which_one_succeeds_are_legal(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    struct model_change c1 = begin(MODEL_STOP, 0), c2 = begin(MODEL_STOP, 0);
    expect(end(c1, false, 0), NULL);
    expect(end(c2, true, 0), NULL);
}

static void a_stop_that_fails_before_the_time_is_M4(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(change(MODEL_STOP, 0, false, 99), "M4");
}

static void a_stop_that_fails_at_the_time_is_legal(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    expect(change(MODEL_STOP, 0, false, 100), NULL);
}

/* c2 may have stopped it before c1 looked. */
static void a_stop_that_fails_while_another_is_under_way_is_legal(void **state)
{
    (void)state;
    change(MODEL_ADD, 100, false, 0);
    struct model_change c1 = begin(MODEL_STOP, 0), c2 = begin(MODEL_STOP, 0);
    expect(end(c1, false, 50), NULL);
    expect(end(c2, true, 50), NULL);
}

static void nobody_touches_a_timer_that_is_being_started_anew(void **state)
{
    (void)state;
    struct model_change c1 = begin(MODEL_ADD, 100), c2;
    assert_false(model_change_begin(&model, MODEL_STOP, 0, 0, &c2));
    expect(end(c1, false, 0), NULL);
    assert_true(model_change_begin(&model, MODEL_STOP, 0, 0, &c2));
}

/* --- M5: sleeps --- */

static void a_sleep_that_is_too_short_is_M5(void **state)
{
    (void)state;
    model_sleep_begin(&model, 1, 1000, 500);
    expect(model_sleep_end(&model, 1, 1499), "M5");
    model_sleep_begin(&model, 1, 1000, 500);
    expect(model_sleep_end(&model, 1, 1500), NULL);
}

/* --- M6, M7: descriptors --- */

static struct model_side *open_side(void)
{
    model.descriptors[0].open = true;
    model.descriptors[0].sides[SIDE_READ].busy = true;
    return &model.descriptors[0].sides[SIDE_READ];
}

static void set_deadline(int64_t now_ns, int64_t duration_ns)
{
    struct model_side *side = &model.descriptors[0].sides[SIDE_READ];
    model_deadline_end(side, model_deadline_begin(side, now_ns, duration_ns), now_ns);
}

static const char *wait_for(enum model_result result, int64_t now_ns)
{
    struct model_side *side = open_side();
    return model_wait_end(&model.descriptors[0], side, model_wait_begin(side), result, now_ns);
}

static void a_timeout_at_the_deadline_is_legal_and_before_it_M6(void **state)
{
    (void)state;
    set_deadline(1000, 100);
    expect(wait_for(RESULT_TIMEOUT, 1100), NULL);
    expect(wait_for(RESULT_TIMEOUT, 1099), "M6");
}

static void a_timeout_of_a_deadline_that_was_extended_is_M6(void **state)
{
    (void)state;
    set_deadline(1000, 100);
    set_deadline(1050, 1000);
    expect(wait_for(RESULT_TIMEOUT, 1100), "M6");
}

static void a_timeout_of_a_deadline_that_was_cleared_is_M6(void **state)
{
    (void)state;
    set_deadline(1000, 100);
    set_deadline(1050, 0);
    expect(wait_for(RESULT_TIMEOUT, 5000), "M6");
}

static void a_timeout_after_a_deadline_in_the_past_is_legal(void **state)
{
    (void)state;
    set_deadline(1000, -1);
    expect(wait_for(RESULT_TIMEOUT, 1000), NULL);
}

/* The wait saw the old deadline pass; before it came back, somebody set another. */
static void a_timeout_while_the_deadline_is_set_anew_is_not_judged(void **state)
{
    (void)state;
    set_deadline(1000, 100);
    struct model_side *side = open_side();
    struct model_wait wait = model_wait_begin(side);
    set_deadline(1100, 1000);
    expect(model_wait_end(&model.descriptors[0], side, wait, RESULT_TIMEOUT, 1100), NULL);
}

static void overlapping_deadlines_leave_it_unknown(void **state)
{
    (void)state;
    struct model_side *side = open_side();
    struct model_setting c1 = model_deadline_begin(side, 1000, 0);
    struct model_setting c2 = model_deadline_begin(side, 1000, 5000);
    model_deadline_end(side, c1, 1000);
    model_deadline_end(side, c2, 1000);
    expect(wait_for(RESULT_TIMEOUT, 1000), NULL);
    assert_true(model_due(&model, 1000) == INT64_MAX);
}

static void a_wait_succeeds_only_after_an_event_or_M7(void **state)
{
    (void)state;
    expect(wait_for(RESULT_READY, 1000), "M7");
    open_side()->event = true;
    expect(wait_for(RESULT_READY, 1000), NULL);
}

static void an_event_during_a_wait_ends_it_or_it_is_late_M8(void **state)
{
    (void)state;
    struct model_side *side = open_side();
    struct model_wait wait = model_wait_begin(side);
    uint32_t armed[SIDE_COUNT];
    model_event_begin(&model.descriptors[0], armed);
    model_wait_arm(side);
    model_event_end(&model.descriptors[0], armed); /* perhaps it came before */
    assert_true(model_wait_is_endless(side));
    assert_int_equal(model_due(&model, 1000), INT64_MAX);
    model_event_begin(&model.descriptors[0], armed);
    model_event_end(&model.descriptors[0], armed);
    assert_false(model_wait_is_endless(side));
    assert_int_equal(model_due(&model, 1000), 0);
    expect(model_wait_end(&model.descriptors[0], side, wait, RESULT_READY, 1000), NULL);
    assert_int_equal(model_due(&model, 1000), INT64_MAX);
}

static void a_wait_fails_as_closed_only_after_a_close_or_M7(void **state)
{
    (void)state;
    expect(wait_for(RESULT_CLOSED, 1000), "M7");
    model.descriptors[0].closed = true;
    expect(wait_for(RESULT_CLOSED, 1000), NULL);
}

static void a_wait_is_endless_unless_a_deadline_is_certain(void **state)
{
    (void)state;
    struct model_side *side = open_side();
    assert_false(model_wait_is_endless(side));
    model_wait_begin(side);
    assert_true(model_wait_is_endless(side));
    set_deadline(1000, 100);
    assert_false(model_wait_is_endless(side));
    set_deadline(1000, 0);
    assert_true(model_wait_is_endless(side));
}

/* --- what is due --- */

static void nothing_is_due_at_first(void **state)
{
    (void)state;
    assert_true(model_due(&model, 1000) == INT64_MAX);
}

static void a_timer_is_due_at_its_time_until_it_runs(void **state)
{
    (void)state;
    change(MODEL_ADD, 500, false, 0);
    assert_int_equal(model_due(&model, 0), 500);
    change(MODEL_RESET, 700, true, 0);
    assert_int_equal(model_due(&model, 0), 700);
    model_ran(&model, 0, 700);
    assert_true(model_due(&model, 700) == INT64_MAX);
}

static void after_overlapping_resets_a_timer_is_due_at_the_later_time(void **state)
{
    (void)state;
    struct model_change c1 = begin(MODEL_RESET, 100), c2 = begin(MODEL_RESET, 300);
    assert_true(model_due(&model, 0) == INT64_MAX);
    end(c1, false, 0);
    end(c2, true, 0);
    assert_int_equal(model_due(&model, 0), 300);
}

static void a_waiter_is_due_at_its_deadline(void **state)
{
    (void)state;
    set_deadline(1000, 100);
    assert_true(model_due(&model, 1000) == INT64_MAX);
    model_wait_begin(open_side());
    assert_int_equal(model_due(&model, 1000), 1100);
}

static void a_sleep_that_was_put_off_is_due_later(void **state)
{
    (void)state;
    model_sleep_begin(&model, 1, 1000, 500);
    assert_int_equal(model_due(&model, 4000), 4500 + MODEL_SLACK_NS);
    model_sleep_put_off(&model, 1);
    assert_int_equal(model_due(&model, 9000), 9500 + MODEL_SLACK_NS);
}

/* It looks at the clock itself, at the latest when all is quiet for the first time. */
static void a_sleeper_is_due_once_all_has_been_quiet_for_its_time(void **state)
{
    (void)state;
    model_sleep_begin(&model, 1, 1000, 500);
    assert_int_equal(model_due(&model, 4000), 4500 + MODEL_SLACK_NS);
    assert_int_equal(model_due(&model, 4200), 4500 + MODEL_SLACK_NS);
    model_sleep_end(&model, 1, 4500);
    assert_true(model_due(&model, 4500) == INT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_time_below_zero_is_never_and_zero_is_long_past),
        TEST(a_callback_at_its_time_is_legal),
        TEST(a_callback_before_its_time_is_M1),
        TEST(a_callback_before_the_time_that_a_reset_set_is_M1),
        TEST(a_callback_that_was_on_its_way_before_a_reset_is_legal),
        TEST(two_callbacks_before_the_second_time_are_M1),
        TEST(after_overlapping_resets_the_earlier_time_is_legal),
        TEST(before_the_earlier_of_overlapping_resets_is_M1),
        TEST(a_second_callback_for_one_start_is_M2),
        TEST(a_callback_for_each_start_is_legal),
        TEST(a_callback_after_a_stop_that_succeeded_is_M2),
        TEST(a_callback_after_a_stop_that_came_too_late_is_legal),
        TEST(a_callback_of_a_timer_that_was_never_started_is_M2),
        TEST(a_callback_while_the_start_is_under_way_is_legal),
        TEST(a_start_that_came_to_nothing_is_M2_in_the_end),
        TEST(a_start_lost_among_overlapping_resets_is_M2_in_the_end),
        TEST(the_callbacks_of_a_periodic_timer_are_not_counted),
        TEST(a_stop_that_reports_a_timer_that_does_not_run_is_M3),
        TEST(a_reset_that_reports_its_own_start_is_M3),
        TEST(two_stops_that_both_succeed_are_M3),
        TEST(two_stops_of_which_one_succeeds_are_legal),
        TEST(a_stop_that_fails_before_the_time_is_M4),
        TEST(a_stop_that_fails_at_the_time_is_legal),
        TEST(a_stop_that_fails_while_another_is_under_way_is_legal),
        TEST(nobody_touches_a_timer_that_is_being_started_anew),
        TEST(a_sleep_that_is_too_short_is_M5),
        TEST(a_timeout_at_the_deadline_is_legal_and_before_it_M6),
        TEST(a_timeout_of_a_deadline_that_was_extended_is_M6),
        TEST(a_timeout_of_a_deadline_that_was_cleared_is_M6),
        TEST(a_timeout_after_a_deadline_in_the_past_is_legal),
        TEST(a_timeout_while_the_deadline_is_set_anew_is_not_judged),
        TEST(overlapping_deadlines_leave_it_unknown),
        TEST(a_wait_succeeds_only_after_an_event_or_M7),
        TEST(an_event_during_a_wait_ends_it_or_it_is_late_M8),
        TEST(a_wait_fails_as_closed_only_after_a_close_or_M7),
        TEST(a_wait_is_endless_unless_a_deadline_is_certain),
        TEST(nothing_is_due_at_first),
        TEST(a_timer_is_due_at_its_time_until_it_runs),
        TEST(after_overlapping_resets_a_timer_is_due_at_the_later_time),
        TEST(a_waiter_is_due_at_its_deadline),
        TEST(a_sleep_that_was_put_off_is_due_later),
        TEST(a_sleeper_is_due_once_all_has_been_quiet_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
