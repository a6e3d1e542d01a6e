/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "core/engine/test.h"

static _Atomic uint32_t word;

static void reset(void)
{
    word = 0;
}

static void add_fifty(void *argument)
{
    (void)argument;
    for (int i = 0; i < 50; i++)
        hook_fetch_add(&word, 1u);
}

static void three_counters(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(add_fifty, NULL, "m");
    hook_thread_start(add_fifty, NULL, "m");
    add_fifty(NULL);
    hook_thread_exit();
}

static const struct wedge_subject counters = { .name = "counters", .run = three_counters,
                                               .reset = reset };

static void a_random_walks_switch_rate_differs_from_run_to_run(void **state)
{
    (void)state;
    uint32_t few = 0, many = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        uint32_t switches = test_run(&counters, strategy_find("random"), seed)->switches;
        few += switches < 8;
        many += switches > 40;
    }
    assert_true(few > 10);
    assert_true(many > 10);
}

/* Two switches to hand over at the ends, one per change of priority, one when a thread appears. */
static void pct_switches_only_at_changes_ends_and_wakes(void **state)
{
    (void)state;
    bool differ = false;
    for (uint64_t seed = 0; seed < 500; seed++) {
        uint32_t switches = test_run(&counters, strategy_find("pct"), seed)->switches;
        assert_true(switches >= 2);
        assert_true(switches <= 2 + 2 + 4 + 4);
        differ = differ || switches != 2;
    }
    assert_true(differ);
}

/* How many runs have a thread that makes no step during eight segments and eighty steps of others,
 * and some after them. */
static uint32_t runs_with_a_standstill(const char *strategy)
{
    static struct plan recorded;
    uint32_t count = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        uint32_t steps[3] = { 0 }, segments[3] = { 0 };
        bool found = false;
        test_run(&counters, strategy_find(strategy), seed);
        assert_true(engine_recorded(&recorded));
        for (uint32_t i = 0; i < recorded.segment_count; i++) {
            uint32_t runs = recorded.segments[i].thread;
            found = found || (steps[runs] >= 80 && segments[runs] >= 8);
            for (uint32_t j = 0; j < 3; j++) {
                steps[j] = j == runs ? 0 : steps[j] + recorded.segments[i].steps;
                segments[j] = j == runs ? 0 : segments[j] + 1;
            }
        }
        count += found;
    }
    return count;
}

static void starve_makes_one_thread_stand_still(void **state)
{
    (void)state;
    uint32_t walks = runs_with_a_standstill("random"), starved = runs_with_a_standstill("starve");
    assert_true(starved > 50);
    assert_true(starved > 4 * walks);
}

/* B sleeps while A could run: only who lets time pass sees it awake before A is done. */
static bool slept_before_end;

static void sleeper(void *argument)
{
    (void)argument;
    for (int i = 0; i < 4; i++)
        hook_sleep(1000);
    slept_before_end = word < 50;
    hook_thread_exit();
}

static void a_sleeper_and_a_counter(const struct plan *plan)
{
    (void)plan;
    slept_before_end = false;
    hook_thread_start(sleeper, NULL, "m");
    add_fifty(NULL);
    hook_thread_exit();
}

static const struct wedge_subject sleepers = { .name = "sleepers", .run = a_sleeper_and_a_counter,
                                               .reset = reset };

static void time_passes_for_a_thread_that_stands_still(void **state)
{
    (void)state;
    uint32_t starved = 0, walked = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        test_run(&sleepers, strategy_find("starve"), seed);
        starved += slept_before_end;
        test_run(&sleepers, strategy_find("pct"), seed);
        walked += slept_before_end;
    }
    assert_true(starved > 20);
    assert_int_equal(walked, 0);
}

/* --- many threads --- */

enum { CROWD = 200 };

static void add_thrice(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++)
        hook_fetch_add(&word, 1u);
    hook_thread_exit();
}

static void a_crowd(const struct plan *plan)
{
    (void)plan;
    for (int i = 0; i < CROWD; i++)
        hook_thread_start(add_thrice, NULL, "m");
    hook_thread_exit();
}

static void every_strategy_runs_every_thread_of_a_crowd(void **state)
{
    (void)state;
    const struct wedge_subject crowd = { .name = "crowd", .run = a_crowd, .reset = reset };
    for (uint32_t i = 0; i < strategy_count(); i++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            assert_int_equal(test_run(&crowd, strategy_at(i), seed)->verdict, VERDICT_OK);
            assert_int_equal(word, 3 * CROWD);
        }
}

/* --- what each is good at --- */

static _Atomic uint32_t begun, ended;
static uint32_t before, after; /* what `word` was when it began, and when it ended */

static void windowed(void *argument)
{
    (void)argument;
    hook_store(&begun, 1u);
    before = word;
    hook_store(&ended, 1u);
    after = word;
    hook_thread_exit();
}

static void a_window_and_two_counters(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(windowed, NULL, "m");
    hook_thread_start(add_fifty, NULL, "m");
    add_fifty(NULL);
    hook_thread_exit();
}

/* In how many runs the window of one step was open while the others did most of what they do. */
static uint32_t wide_windows(const char *strategy)
{
    const struct wedge_subject window = { .name = "window", .run = a_window_and_two_counters,
                                          .reset = reset };
    uint32_t count = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        test_run(&window, strategy_find(strategy), seed);
        count += after - before >= 70;
    }
    return count;
}

static void delay_leaves_a_window_open_for_all_that_can_happen_in_it(void **state)
{
    (void)state;
    uint32_t delayed = wide_windows("delay");
    assert_true(delayed > 50);
    assert_true(delayed > 10 * wide_windows("random"));
}

static uint32_t place; /* after how many of the other's nine writes the one came */

static void write_once(void *argument)
{
    (void)argument;
    place = hook_fetch_add(&word, 1u);
    hook_thread_exit();
}

static void nine_writes_and_one(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(write_once, NULL, "m");
    for (int i = 0; i < 9; i++)
        hook_fetch_add(&word, 1u);
    hook_thread_exit();
}

static void surw_makes_every_order_of_the_writes_of_a_word_about_as_likely(void **state)
{
    (void)state;
    const struct wedge_subject writes = { .name = "writes", .run = nine_writes_and_one,
                                          .reset = reset };
    uint32_t places[10] = { 0 };
    strategy_forget();
    test_run(&writes, strategy_find("surw"), 0); /* the first knows of no run before */
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        test_run(&writes, strategy_find("surw"), seed);
        places[place]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_true(places[i] > 130);
        assert_true(places[i] < 280);
    }
}

static _Atomic uint32_t own_words[2];

static void add_to(void *argument)
{
    _Atomic uint32_t *to = argument;
    for (int i = 0; i < 50; i++)
        hook_fetch_add(to, 1u);
    hook_thread_exit();
}

static void two_share_a_word(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(add_to, &word, "m");
    add_to(&word);
}

static void two_have_a_word_each(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(add_to, &own_words[0], "m");
    add_to(&own_words[1]);
}

static uint32_t switches_of(void (*run)(const struct plan *plan))
{
    const struct wedge_subject subject = { .name = "adders", .run = run, .reset = reset };
    uint32_t count = 0;
    for (uint64_t seed = 0; seed < 200; seed++)
        count += test_run(&subject, strategy_find("pos"), seed)->switches;
    return count;
}

/* Its priority is drawn anew only for who races with what ran. */
static void pos_decides_each_race_anew_and_nothing_else(void **state)
{
    (void)state;
    uint32_t racing = switches_of(two_share_a_word), apart = switches_of(two_have_a_word_each);
    assert_true(racing > 200 * 40); /* of 100 steps, each as likely the one's as the other's */
    assert_true(racing > 3 * apart);
}

static void any_bytes_are_a_schedule(void **state)
{
    (void)state;
    struct prng prng = { 5 };
    uint8_t bytes[64];
    static struct plan empty;
    test_options.faults = FAULTS_ALL;
    for (int i = 0; i < 2000; i++) {
        size_t size = prng_below(&prng, sizeof bytes + 1);
        for (size_t j = 0; j < size; j++)
            bytes[j] = (uint8_t)prng_next(&prng);
        assert_int_equal(test_replay(&counters, &empty, strategy_bytes(bytes, size))->verdict,
                         VERDICT_OK);
    }
    test_options.faults = 0;
}

static void bytes_decide_first_and_the_seed_decides_the_rest(void **state)
{
    (void)state;
    static struct plan empty, recorded;
    static const uint8_t two_segments[] = { 0, 0, 10, 0, 1, 0, 6 }; /* 11 steps of m0, 7 of m1 */
    bool differ = false;
    uint32_t first = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        strategy_seed(seed);
        test_replay(&counters, &empty, strategy_bytes(two_segments, sizeof two_segments));
        assert_true(engine_recorded(&recorded));
        assert_int_equal(recorded.segments[0].thread, 0);
        assert_int_equal(recorded.segments[0].steps, 11);
        assert_int_equal(recorded.segments[1].thread, 1);
        assert_true(recorded.segments[1].steps >= 7);
        first = seed == 0 ? recorded.segment_count : first;
        differ = differ || recorded.segment_count != first;
    }
    assert_true(differ);
}

static void replay_follows_its_segments_and_then_the_fixed_order(void **state)
{
    (void)state;
    static struct plan plan, recorded;
    plan_clear(&plan);
    plan_add_segment(&plan, (struct plan_segment){ .thread = 0, .steps = 10 });
    plan_add_segment(&plan, (struct plan_segment){ .thread = 2, .steps = 20 });
    assert_int_equal(test_replay(&counters, &plan, strategy_replay())->verdict, VERDICT_OK);
    assert_true(engine_recorded(&recorded));
    assert_int_equal(recorded.segment_count, 4);
    assert_int_equal(recorded.segments[1].thread, 2);
    assert_int_equal(recorded.segments[1].steps, 52); /* it goes on to its end */
    assert_int_equal(recorded.segments[2].thread, 0);
    assert_int_equal(recorded.segments[3].thread, 1);
}

/* m0 for 10 steps; m2, which ends after 52, and whoever is next for 70; then m1. */
static void plan_a_flow(struct plan *plan)
{
    plan_clear(plan);
    plan_add_segment(plan, (struct plan_segment){ .thread = 0, .steps = 10 });
    plan_add_segment(plan, (struct plan_segment){ .thread = 2, .flows = true, .steps = 70 });
    plan_add_segment(plan, (struct plan_segment){ .thread = 1, .steps = 1 });
}

static void others_make_the_rest_of_a_segment_that_flows(void **state)
{
    (void)state;
    static struct plan plan, recorded;
    struct strategy *const ways[] = { strategy_replay(), strategy_replay_lenient() };
    for (uint32_t i = 0; i < 2; i++) {
        plan_a_flow(&plan);
        assert_int_equal(test_replay(&counters, &plan, ways[i])->verdict, VERDICT_OK);
        assert_true(engine_recorded(&recorded));
        assert_int_equal(recorded.segments[1].thread, 2);
        assert_int_equal(recorded.segments[1].steps, 52);
        assert_int_equal(recorded.segments[2].thread, 0);
        assert_int_equal(recorded.segments[2].steps, 18);
        assert_int_equal(recorded.segments[3].thread, 1);
        assert_false(recorded.segments[3].flows);
    }
    plan.segments[2].thread = 9; /* a divergence all the same, once it is over */
    test_replay(&counters, &plan, strategy_replay());
    assert_int_equal(test_outcome.verdict, VERDICT_DIVERGED);
    assert_int_equal(test_outcome.steps, 80);
}

static void the_same_run_is_said_in_as_few_segments_as_can_be(void **state)
{
    (void)state;
    static struct plan plan, recorded, condensed, again;
    plan_a_flow(&plan);
    test_replay(&counters, &plan, strategy_replay());
    assert_true(engine_recorded(&recorded));
    test_replay(&counters, &recorded, strategy_condense(&condensed));
    assert_int_equal(condensed.segment_count, 3);
    assert_int_equal(condensed.segments[0].steps, 10);
    assert_int_equal(condensed.segments[1].thread, 2);
    assert_int_equal(condensed.segments[1].steps, 70);
    assert_true(condensed.segments[1].flows);
    assert_int_equal(condensed.segments[2].thread, 1);
    test_replay(&counters, &condensed, strategy_replay());
    assert_true(engine_recorded(&again));
    assert_int_equal(again.segment_count, recorded.segment_count);
    assert_memory_equal(again.segments, recorded.segments,
                        again.segment_count * sizeof *again.segments);
}

/* m0 and m2 have a segment each; m9 is not there. */
static void plan_two_segments(struct plan *plan)
{
    plan_clear(plan);
    plan_add_segment(plan, (struct plan_segment){ .thread = 0, .steps = 10 });
    plan_add_segment(plan, (struct plan_segment){ .thread = 9, .steps = 5 });
    plan_add_segment(plan, (struct plan_segment){ .thread = 2, .steps = 20 });
}

static void follow_skips_what_cannot_be_followed_and_ends_by_chance(void **state)
{
    (void)state;
    static struct plan plan, recorded;
    bool differ = false;
    uint32_t first = 0;
    plan_two_segments(&plan);
    for (uint64_t seed = 0; seed < 20; seed++) {
        strategy_seed(seed);
        test_replay(&counters, &plan, strategy_follow(strategy_find("random")));
        assert_true(engine_recorded(&recorded));
        assert_int_equal(recorded.segments[0].thread, 0);
        assert_int_equal(recorded.segments[0].steps, 10);
        assert_int_equal(recorded.segments[1].thread, 2);
        assert_true(recorded.segments[1].steps >= 20);
        first = seed == 0 ? recorded.segment_count : first;
        differ = differ || recorded.segment_count != first;
    }
    assert_true(differ);
}

static void exchange_fifty(void *argument)
{
    (void)argument;
    for (int i = 0; i < 50; i++)
        for (uint32_t old = hook_load(&word); !hook_cas_weak(&word, &old, old + 1);)
            continue;
    hook_thread_exit();
}

static void two_exchangers(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(exchange_fifty, NULL, "m");
    exchange_fifty(NULL);
}

static const struct wedge_subject exchangers = { .name = "exchangers", .run = two_exchangers,
                                                 .reset = reset };

/* The first 60 steps are the plan's: thirty exchanges of m0. */
static void follow_injects_the_plans_faults_and_then_those_that_are_drawn(void **state)
{
    (void)state;
    static struct plan plan, recorded;
    uint32_t drawn = 0;
    plan_clear(&plan);
    plan_add_segment(&plan, (struct plan_segment){ .thread = 0, .steps = 60 });
    uint16_t group = site_group_find("exchange_fifty", "&word", HOOK_CAS_WEAK);
    plan_add_fault(&plan, (struct plan_fault){ FAULT_CAS, "m0", group, 7, 0 });
    test_options.faults = 1u << FAULT_CAS;
    for (uint64_t seed = 0; seed < 50; seed++) {
        strategy_seed(seed);
        test_replay(&exchangers, &plan, strategy_follow(strategy_find("random")));
        assert_true(engine_recorded(&recorded));
        assert_true(recorded.fault_count >= 1);
        assert_int_equal(recorded.faults[0].ordinal, 7);
        for (uint32_t i = 1; i < recorded.fault_count; i++)
            assert_true(strcmp(recorded.faults[i].agent, "m1") == 0 ||
                        recorded.faults[i].ordinal > 28);
        drawn += recorded.fault_count - 1;
    }
    test_options.faults = 0;
    assert_true(drawn > 50);
}

static void a_strategy_is_found_by_name(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < strategy_count(); i++)
        assert_ptr_equal(strategy_find(strategy_at(i)->name), strategy_at(i));
    assert_null(strategy_find("no such strategy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_walks_switch_rate_differs_from_run_to_run),
        cmocka_unit_test(pct_switches_only_at_changes_ends_and_wakes),
        cmocka_unit_test(starve_makes_one_thread_stand_still),
        cmocka_unit_test(time_passes_for_a_thread_that_stands_still),
        cmocka_unit_test(every_strategy_runs_every_thread_of_a_crowd),
        cmocka_unit_test(delay_leaves_a_window_open_for_all_that_can_happen_in_it),
        cmocka_unit_test(surw_makes_every_order_of_the_writes_of_a_word_about_as_likely),
        cmocka_unit_test(pos_decides_each_race_anew_and_nothing_else),
        cmocka_unit_test(any_bytes_are_a_schedule),
        cmocka_unit_test(bytes_decide_first_and_the_seed_decides_the_rest),
        cmocka_unit_test(replay_follows_its_segments_and_then_the_fixed_order),
        cmocka_unit_test(others_make_the_rest_of_a_segment_that_flows),
        cmocka_unit_test(the_same_run_is_said_in_as_few_segments_as_can_be),
        cmocka_unit_test(follow_skips_what_cannot_be_followed_and_ends_by_chance),
        cmocka_unit_test(follow_injects_the_plans_faults_and_then_those_that_are_drawn),
        cmocka_unit_test(a_strategy_is_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
