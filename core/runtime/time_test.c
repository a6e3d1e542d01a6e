/* SPDX-License-Identifier: BSD-3-Clause */
/* The state machine of timers, one thread alone: what each call does in each state. */
#include "core/runtime/test.h"

#include <unistd.h>

enum { TIMERS_MAX = 16, TEST_SECONDS = 20 };
static struct timer timers[TIMERS_MAX];
static struct timer *pointers[TIMERS_MAX];
static struct timer *const t0 = &timers[0];

static struct p *pp;
static uint32_t ran_count;
static uintptr_t ran[64];

static int begin(void **state)
{
    test_begin(state);
    for (uint32_t i = 0; i < TIMERS_MAX; i++) {
        timers[i] = (struct timer){ 0 };
        pointers[i] = &timers[i];
    }
    pp = getg()->m->p;
    ran_count = 0;
    return 0;
}

static void note_run(void *arg, uintptr_t seq)
{
    assert_ptr_equal(arg, timers);
    assert_true(ran_count < count_of(ran));
    ran[ran_count++] = seq;
}

/* Adds timer i, whose callback notes its number. */
static void add(uint32_t i, int64_t when)
{
    timers[i].when = when;
    timers[i].f = note_run;
    timers[i].arg = timers;
    timers[i].seq = i;
    addtimer(&timers[i]);
}

static void assert_consistent(void)
{
    const char *broken = runtime_check(pointers, TIMERS_MAX, true);
    if (broken != NULL)
        fail_msg("%s", broken);
}

/* What the scheduler does at that time. Returns when to look again. */
static int64_t check_at(struct p *p, int64_t now)
{
    int64_t pollUntil;
    bool any;
    uint32_t before = ran_count;
    checkTimers(p, &now, &pollUntil, &any);
    assert_int_equal(any, ran_count != before);
    assert_consistent();
    return pollUntil;
}

static void assert_state(struct timer *t, uint32_t status)
{
    assert_string_equal(timer_status_name(atomic_load(&t->status)), timer_status_name(status));
    assert_consistent();
}

/* Brings timer 0, set to 100, into a state. */
static void bring_to(uint32_t status)
{
    begin(NULL);
    timers[0].f = note_run;
    timers[0].arg = timers;
    if (status == timerNoStatus)
        return;
    add(0, 100);
    if (status == timerDeleted || status == timerRemoved)
        deltimer(t0);
    if (status == timerModifiedEarlier)
        resettimer(t0, 50);
    if (status == timerModifiedLater)
        resettimer(t0, 150);
    if (status == timerRemoved)
        check_at(pp, 1000);
    assert_state(t0, status);
}

/* --- starting, stopping, changing --- */

static void a_started_timer_waits_in_the_heap_of_its_p(void **state)
{
    (void)state;
    add(0, 100);
    assert_state(t0, timerWaiting);
    assert_ptr_equal(t0->pp, pp);
    assert_int_equal(atomic_load(&pp->timer0When), 100);
    assert_int_equal(atomic_load(&pp->numTimers), 1);
}

static void a_when_out_of_bounds_is_pinned(void **state)
{
    (void)state;
    static const struct {
        int64_t when, pinned;
    } cases[] = {
        { -5, maxWhen }, { INT64_MIN, maxWhen }, { 0, 1 }, { 1, 1 }, { maxWhen, maxWhen },
    };
    for (uint32_t i = 0; i < count_of(cases); i++) {
        begin(NULL);
        add(0, cases[i].when);
        assert_int_equal(t0->when, cases[i].pinned);
        begin(NULL);
        modtimer(t0, cases[i].when, 0, note_run, timers, 0);
        assert_int_equal(t0->when, cases[i].pinned);
        modtimer(t0, cases[i].when, 0, note_run, timers, 0);
        assert_int_equal(t0->nextwhen, cases[i].pinned);
        assert_consistent();
    }
}

static void a_negative_period_is_none(void **state)
{
    (void)state;
    t0->period = -3;
    add(0, 100);
    assert_int_equal(t0->period, 0);
    modtimer(t0, 100, -1, note_run, timers, 0);
    assert_int_equal(t0->period, 0);
}

static const struct stop_case {
    uint32_t from, to;
    bool stopped;
} stop_cases[] = {
    { timerNoStatus, timerNoStatus, false },
    { timerWaiting, timerDeleted, true },
    { timerModifiedEarlier, timerDeleted, true },
    { timerModifiedLater, timerDeleted, true },
    { timerDeleted, timerDeleted, false },
    { timerRemoved, timerRemoved, false },
};

static void stop_tells_whether_the_timer_was_pending(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < count_of(stop_cases); i++) {
        const struct stop_case *c = &stop_cases[i];
        bring_to(c->from);
        assert_int_equal(stopTimer(t0), c->stopped);
        assert_state(t0, c->to);
        assert_int_equal(check_at(pp, 1000), 0);
        assert_int_equal(ran_count, 0);
        assert_int_equal(pp->timers_count, 0);
    }
}

static const struct modify_case {
    uint32_t from;
    int64_t when;
    uint32_t to;
    bool pending;
} modify_cases[] = {
    { timerNoStatus, 60, timerWaiting, false },
    { timerRemoved, 60, timerWaiting, false },
    { timerWaiting, 60, timerModifiedEarlier, true },
    { timerWaiting, 100, timerModifiedLater, true },
    { timerWaiting, 160, timerModifiedLater, true },
    { timerModifiedEarlier, 60, timerModifiedEarlier, true },
    { timerModifiedEarlier, 160, timerModifiedLater, true },
    { timerModifiedLater, 60, timerModifiedEarlier, true },
    { timerModifiedLater, 160, timerModifiedLater, true },
    { timerDeleted, 60, timerModifiedEarlier, false },
    { timerDeleted, 160, timerModifiedLater, false },
};

static void reset_starts_or_changes_a_timer_in_any_state(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < count_of(modify_cases); i++) {
        const struct modify_case *c = &modify_cases[i];
        bring_to(c->from);
        assert_int_equal(resetTimer(t0, c->when), c->pending);
        assert_state(t0, c->to);
        assert_int_equal(runtime_due(), c->when);
        assert_int_equal(check_at(pp, c->when - 1), c->when);
        assert_int_equal(ran_count, 0);
        assert_int_equal(check_at(pp, c->when), 0);
        assert_int_equal(ran_count, 1);
        assert_state(t0, timerNoStatus);
    }
}

/* --- running --- */

static void due_timers_run_once_in_the_order_of_their_times(void **state)
{
    (void)state;
    static const int64_t whens[] = { 70, 30, 50, 10, 90 };
    for (uint32_t i = 0; i < count_of(whens); i++)
        add(i, whens[i]);
    assert_int_equal(check_at(pp, 9), 10);
    assert_int_equal(check_at(pp, 60), 70);
    assert_int_equal(check_at(pp, 60), 70);
    assert_int_equal(ran_count, 3);
    assert_int_equal(check_at(pp, 1000), 0);
    static const uintptr_t order[] = { 3, 1, 2, 0, 4 };
    assert_int_equal(ran_count, count_of(order));
    assert_memory_equal(ran, order, sizeof order);
}

static void a_periodic_timer_goes_on_at_the_next_of_its_times(void **state)
{
    (void)state;
    t0->period = 10;
    add(0, 100);
    add(1, 112);
    assert_int_equal(check_at(pp, 100), 110);
    assert_int_equal(check_at(pp, 139), 140); /* 110, 120 and 130 are one */
    static const uintptr_t order[] = { 0, 0, 1 };
    assert_int_equal(ran_count, count_of(order));
    assert_memory_equal(ran, order, sizeof order);
    assert_state(t0, timerWaiting);
}

static void a_period_that_overflows_does_not_block_others(void **state)
{
    (void)state;
    t0->period = maxWhen;
    add(0, 100);
    add(1, 200);
    assert_int_equal(check_at(pp, 150), 200);
    assert_int_equal(t0->when, maxWhen);
    assert_int_equal(check_at(pp, 250), maxWhen);
    assert_int_equal(ran_count, 2);
}

static void reset_own(void *arg, uintptr_t seq)
{
    note_run(timers, seq);
    assert_false(resetTimer(arg, 500));
}

static void stop_own(void *arg, uintptr_t seq)
{
    note_run(timers, seq);
    stopTimer(arg);
}

static void a_callback_may_reset_and_stop_its_own_timer(void **state)
{
    (void)state;
    modtimer(&timers[0], 100, 0, reset_own, &timers[0], 0);
    modtimer(&timers[1], 100, 10, stop_own, &timers[1], 1);
    modtimer(&timers[2], 100, 0, stop_own, &timers[2], 2);
    assert_int_equal(check_at(pp, 200), 500);
    assert_int_equal(ran_count, 3);
    assert_state(&timers[0], timerWaiting);
    assert_state(&timers[2], timerNoStatus);
    assert_int_equal(check_at(pp, 400), 500);
    assert_int_equal(ran_count, 3);
}

static void timers_of_another_p_can_be_run(void **state)
{
    (void)state;
    add(0, 100);
    add(1, 300);
    getg()->m->p = &rt.ps[1];
    assert_int_equal(check_at(pp, 200), 300);
    assert_int_equal(ran_count, 1);
    assert_int_equal(check_at(pp, 200), 300);
    resettimer(&timers[0], 250);
    assert_ptr_equal(timers[0].pp, &rt.ps[1]);
    assert_consistent();
}

/* --- what is left behind in heaps --- */

static void many_deleted_timers_are_cleared_though_nothing_is_due(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        add(i, 100 + i);
    stopTimer(&timers[7]);
    stopTimer(&timers[6]);
    resetTimer(&timers[1], 1000);
    assert_int_equal(check_at(pp, 10), 100);
    assert_int_equal(pp->timers_count, 8); /* a quarter is not many */

    stopTimer(&timers[2]);
    getg()->m->p = &rt.ps[1];
    assert_int_equal(check_at(pp, 10), 100);
    assert_int_equal(pp->timers_count, 8); /* and another P's are its own affair */
    getg()->m->p = pp;
    assert_int_equal(check_at(pp, 10), 100);
    assert_int_equal(pp->timers_count, 5);
    assert_state(&timers[1], timerWaiting);
    assert_state(&timers[2], timerRemoved);
    assert_int_equal(check_at(pp, 999), 1000);
    assert_int_equal(ran_count, 4);
}

static void stop_two_and_reset_one(void *arg, uintptr_t seq)
{
    note_run(arg, seq);
    stopTimer(&timers[2]);
    stopTimer(&timers[3]);
    resetTimer(&timers[4], 180);
}

static void a_timer_that_becomes_earlier_in_a_callback_is_cleared_too(void **state)
{
    (void)state;
    modtimer(&timers[0], 100, 0, stop_two_and_reset_one, timers, 0);
    for (uint32_t i = 1; i < 5; i++)
        add(i, 100 + 50 * i);
    assert_int_equal(check_at(pp, 100), 150);
    assert_int_equal(pp->timers_count, 2);
    assert_state(&timers[4], timerWaiting);
    assert_int_equal(check_at(pp, 150), 180);
}

static void adding_a_timer_cleans_the_head_of_the_heap(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        add(i, 100 + i);
    stopTimer(&timers[0]);
    resetTimer(&timers[1], 500);
    add(4, 1000);
    assert_state(&timers[0], timerRemoved);
    assert_state(&timers[1], timerWaiting);
    assert_int_equal(atomic_load(&pp->timer0When), 102);
}

static void cleaning_ends_early_when_the_world_is_to_stop(void **state)
{
    (void)state;
    add(0, 100);
    stopTimer(&timers[0]);
    getg()->preemptStop = true;
    add(1, 200);
    assert_state(&timers[0], timerDeleted);
    getg()->preemptStop = false;
    add(2, 300);
    assert_state(&timers[0], timerRemoved);
}

/*
 *                     1
 *         10         2     3    4
 *     11 12 13 14    5
 *
 * 11 was stopped. As it is taken out, the last one, 5, moves up to where 10 was, which has been
 * passed. It was changed to be the first of all.
 */
static void adjusting_sees_a_timer_that_moves_to_where_it_has_been(void **state)
{
    (void)state;
    static const int64_t whens[] = { 1, 10, 2, 3, 4, 11, 12, 13, 14, 5 };
    for (uint32_t i = 0; i < count_of(whens); i++)
        add(i, 100 * whens[i]);
    stopTimer(&timers[5]);
    resetTimer(&timers[9], 50);
    assert_int_equal(check_at(pp, 60), 100);
    assert_int_equal(ran_count, 1);
    assert_int_equal(ran[0], 9);
}

static void adjusting_ends_with_the_last_timer_that_became_earlier(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 6; i++)
        add(i, 100 + i);
    resetTimer(&timers[1], 90);
    resetTimer(&timers[2], 80);
    resetTimer(&timers[3], 1000);
    assert_int_equal(atomic_load(&pp->adjustTimers), 2);
    assert_int_equal(check_at(pp, 10), 80);
    assert_int_equal(atomic_load(&pp->adjustTimers), 0);
    assert_state(&timers[3], timerModifiedLater);
    assert_int_equal(check_at(pp, 999), 1000);
    assert_int_equal(ran_count, 5);
}

/* --- what is told to those who sleep --- */

static void the_wake_time_is_now_while_a_timer_became_earlier(void **state)
{
    (void)state;
    assert_int_equal(nobarrierWakeTime(pp), 0);
    add(0, 1000000);
    assert_int_equal(nobarrierWakeTime(pp), 1000000);
    resetTimer(t0, 900000);
    assert_true(nobarrierWakeTime(pp) < 900000);
}

static void the_earliest_timer_of_all_ps_is_found(void **state)
{
    (void)state;
    rt.allp[2] = NULL; /* procresize() is about to make it */
    assert_int_equal(timeSleepUntil(), maxWhen);
    add(0, 1000);
    assert_int_equal(timeSleepUntil(), 1000);
    getg()->m->p = &rt.ps[1];
    add(1, 1500);
    add(2, 1600);
    assert_int_equal(timeSleepUntil(), 1000);
    resetTimer(&timers[2], 500);
    assert_int_equal(timeSleepUntil(), 500);
    resetTimer(&timers[2], 2000);
    assert_int_equal(timeSleepUntil(), 1000);
    stopTimer(&timers[2]);
    resetTimer(&timers[1], 1400);
    assert_int_equal(timeSleepUntil(), 1000);
}

static void a_stopped_first_timer_does_not_hide_the_earliest(void **state)
{
    (void)state;
    add(0, 10);
    add(1, 20);
    add(2, 12);
    stopTimer(&timers[0]);
    resetTimer(&timers[1], 19);
    assert_true(timeSleepUntil() <= 12);
}

static void every_state_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(timer_status_name(timerNoStatus), "timerNoStatus");
    assert_string_equal(timer_status_name(timerMoving), "timerMoving");
    for (uint32_t i = 0; i < TIMER_STATUS_COUNT; i++)
        assert_non_null(timer_status_name(i));
    assert_non_null(timer_status_name(TIMER_STATUS_COUNT));
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    alarm(TEST_SECONDS); /* a broken state machine spins for ever: nobody else is there */
    static const struct CMUnitTest tests[] = {
        TEST(a_started_timer_waits_in_the_heap_of_its_p),
        TEST(a_when_out_of_bounds_is_pinned),
        TEST(a_negative_period_is_none),
        TEST(stop_tells_whether_the_timer_was_pending),
        TEST(reset_starts_or_changes_a_timer_in_any_state),
        TEST(due_timers_run_once_in_the_order_of_their_times),
        TEST(a_periodic_timer_goes_on_at_the_next_of_its_times),
        TEST(a_period_that_overflows_does_not_block_others),
        TEST(a_callback_may_reset_and_stop_its_own_timer),
        TEST(timers_of_another_p_can_be_run),
        TEST(many_deleted_timers_are_cleared_though_nothing_is_due),
        TEST(a_timer_that_becomes_earlier_in_a_callback_is_cleared_too),
        TEST(adding_a_timer_cleans_the_head_of_the_heap),
        TEST(cleaning_ends_early_when_the_world_is_to_stop),
        TEST(adjusting_sees_a_timer_that_moves_to_where_it_has_been),
        TEST(adjusting_ends_with_the_last_timer_that_became_earlier),
        TEST(the_wake_time_is_now_while_a_timer_became_earlier),
        TEST(the_earliest_timer_of_all_ps_is_found),
        TEST(a_stopped_first_timer_does_not_hide_the_earliest),
        TEST(every_state_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
