/* SPDX-License-Identifier: BSD-3-Clause */
/* The heap alone: its order, its counters, and what is told of it. */
#include "core/base/prng.h"
#include "core/runtime/test.h"

enum { TIMERS_MAX = 200 };
static struct timer timers[TIMERS_MAX];
static struct timer *pointers[TIMERS_MAX];

static struct p *pp;

static int begin(void **state)
{
    test_begin(state);
    for (uint32_t i = 0; i < TIMERS_MAX; i++) {
        timers[i] = (struct timer){ 0 };
        pointers[i] = &timers[i];
    }
    pp = getg()->m->p;
    return 0;
}

static void never(void *arg, uintptr_t seq)
{
    (void)arg;
    (void)seq;
    fail_msg("a callback was called");
}

static void add(struct timer *t, int64_t when)
{
    t->when = when;
    t->f = never;
    atomic_store(&t->status, timerWaiting);
    doaddtimer(pp, t);
}

static void assert_in_order(void)
{
    const char *broken = runtime_check(pointers, TIMERS_MAX, true);
    if (broken != NULL)
        fail_msg("%s", broken);
}

/* Marks what was taken out of the heap, as its callers do. */
static void taken_out(struct timer *t)
{
    assert_null(t->pp);
    atomic_store(&t->status, timerRemoved);
}

static void random_adds_and_removals_keep_the_heap_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        begin(NULL);
        struct prng prng = { seed };
        uint32_t added = 0;
        while (added < TIMERS_MAX) {
            if (pp->timers_count > 0 && prng_one_in(&prng, 3)) {
                uint32_t i = prng_below(&prng, pp->timers_count);
                struct timer *t = pp->timers[i];
                assert_true(dodeltimer(pp, i) <= i);
                taken_out(t);
            } else {
                add(&timers[added++], 1 + prng_below(&prng, 50));
            }
            assert_in_order();
        }
    }
}

static void timers_come_out_earliest_first(void **state)
{
    (void)state;
    struct prng prng = { 1 };
    for (uint32_t i = 0; i < TIMERS_MAX; i++)
        add(&timers[i], 1 + prng_below(&prng, 1000));
    int64_t last = 0;
    for (uint32_t i = 0; i < TIMERS_MAX; i++) {
        struct timer *t = pp->timers[0];
        assert_int_equal(atomic_load(&pp->timer0When), t->when);
        assert_true(t->when >= last);
        last = t->when;
        dodeltimer0(pp);
        taken_out(t);
        assert_in_order();
    }
    assert_int_equal(pp->timers_count, 0);
    assert_int_equal(atomic_load(&pp->timer0When), 0);
    assert_int_equal(atomic_load(&pp->numTimers), 0);
}

/*
 *                     1
 *         10         2     3    4
 *     11 12 13 14    5
 *
 * 11 is taken out, and the last one, 5, fills the gap: below 10.
 */
static void the_filler_of_a_gap_in_another_branch_moves_up(void **state)
{
    (void)state;
    static const int64_t whens[] = { 1, 10, 2, 3, 4, 11, 12, 13, 14, 5 };
    for (uint32_t i = 0; i < count_of(whens); i++)
        add(&timers[i], whens[i]);
    assert_ptr_equal(pp->timers[9], &timers[9]);
    assert_int_equal(dodeltimer(pp, 5), 1);
    taken_out(&timers[5]);
    assert_in_order();
    assert_int_equal(pp->timers[1]->when, 5);
    assert_int_equal(pp->timers[5]->when, 10);
}

/* The last one, 20, fills the gap at 1, above 11. */
static void the_filler_of_a_gap_moves_down(void **state)
{
    (void)state;
    static const int64_t whens[] = { 1, 10, 2, 3, 4, 11, 12, 13, 14, 20 };
    for (uint32_t i = 0; i < count_of(whens); i++)
        add(&timers[i], whens[i]);
    assert_int_equal(dodeltimer(pp, 1), 1);
    taken_out(&timers[1]);
    assert_in_order();
    assert_int_equal(pp->timers[1]->when, 11);
}

static void the_last_timer_leaves_no_gap(void **state)
{
    (void)state;
    add(&timers[0], 5);
    add(&timers[1], 6);
    assert_int_equal(dodeltimer(pp, 1), 1);
    taken_out(&timers[1]);
    assert_in_order();
    assert_int_equal(dodeltimer(pp, 0), 0);
    taken_out(&timers[0]);
    assert_in_order();
}

static void an_earlier_timer_is_told_at_once(void **state)
{
    (void)state;
    add(&timers[0], 50);
    assert_int_equal(atomic_load(&pp->timer0When), 50);
    add(&timers[1], 60);
    assert_int_equal(atomic_load(&pp->timer0When), 50);
    add(&timers[2], 40);
    assert_int_equal(atomic_load(&pp->timer0When), 40);
    assert_int_equal(atomic_load(&pp->numTimers), 3);
}

static void timers_of_a_destroyed_p_move_where_they_belong(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        add(&timers[i], 10 + i);
    atomic_store(&timers[1].status, timerModifiedLater);
    timers[1].nextwhen = 100;
    atomic_store(&timers[2].status, timerModifiedEarlier);
    timers[2].nextwhen = 5;
    atomic_store(&timers[3].status, timerDeleted);

    struct p *old = pp;
    pp = &rt.ps[1];
    add(&timers[5], 7);
    moveTimers(pp, old->timers, old->timers_count);
    old->timers_count = 0;
    atomic_store(&old->numTimers, 0);
    atomic_store(&old->timer0When, 0);

    assert_in_order();
    assert_int_equal(pp->timers_count, 5);
    assert_int_equal(pp->timers[0]->when, 5);
    assert_int_equal(timers[1].when, 100);
    for (uint32_t i = 0; i < 5; i++) {
        assert_ptr_equal(timers[i].pp, i == 3 ? NULL : pp);
        assert_int_equal(atomic_load(&timers[i].status), i == 3 ? timerRemoved : timerWaiting);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(random_adds_and_removals_keep_the_heap_in_order, begin),
        cmocka_unit_test_setup(timers_come_out_earliest_first, begin),
        cmocka_unit_test_setup(the_filler_of_a_gap_in_another_branch_moves_up, begin),
        cmocka_unit_test_setup(the_filler_of_a_gap_moves_down, begin),
        cmocka_unit_test_setup(the_last_timer_leaves_no_gap, begin),
        cmocka_unit_test_setup(an_earlier_timer_is_told_at_once, begin),
        cmocka_unit_test_setup(timers_of_a_destroyed_p_move_where_they_belong, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
