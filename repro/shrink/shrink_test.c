/* SPDX-License-Identifier: BSD-3-Clause */
/* Shrinking, on a subject whose smallest plans are known. */
#include "repro/shrink/shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repro/shrink/shrink_pass.h"

/* --- a subject: goroutines that do what the program says, each on a thread of its own --- */

enum { VERB_AB, VERB_BA, VERB_COUNT, VERB_CAS };

static struct hook_mutex lock_a, lock_b;
static _Atomic uint32_t counter;
static const struct plan *program;
static uint32_t running;
static uint32_t failures; /* of weak compare-and-swaps, for no reason */
static uint32_t recorded_faults = FAULTS_ALL; /* what record() injects */
static uint32_t run_count, stop_at, unlucky_from; /* 0: never */

static const struct subject_setting settings[] = { { "locks", "1: there are none", 1, 9, 1 } };
static const struct subject_actor actors[] = { { 'g', 1, 4, "thread" } };
static const struct subject_verb verbs[] = {
    { "ab", "g", 1, { { "t", 0, 3 } } },
    { "ba", "g", 1, { { "t", 0, 3 } } },
    { "count", "g", 1, { { "+", 0, 1000 } } },
    { "cas", "g", 0, { { "", 0, 0 } } },
};

static void lock_both(struct hook_mutex *first, struct hook_mutex *second)
{
    bool unlucky = unlucky_from > 0 && run_count >= unlucky_from && run_count % 2 == 0 &&
                   program->operation_count == 2;
    if (program->settings[0] == 1 || unlucky)
        return;
    hook_lock(first);
    hook_lock(second);
    hook_unlock(second);
    hook_unlock(first);
}

/* A weak compare-and-swap outside a loop: broken by the fault. */
static void count_once(void)
{
    uint32_t want = hook_load(&counter), loaded = want;
    if (hook_cas_weak(&counter, &want, want + 1))
        return;
    failures += want == loaded;
    if (want == 0)
        hook_fail("the count was lost");
}

static void perform(const struct plan_operation *operation)
{
    switch (operation->verb) {
    case VERB_AB:
        lock_both(&lock_a, &lock_b);
        break;
    case VERB_BA:
        lock_both(&lock_b, &lock_a);
        break;
    case VERB_COUNT:
        hook_fetch_add(&counter, 1u);
        break;
    default:
        count_once();
    }
}

static void goroutine(void *argument)
{
    for (uint32_t i = 0; i < program->operation_count; i++)
        if (program->operations[i].actor == (uintptr_t)argument)
            perform(&program->operations[i]);
    running--;
    hook_thread_exit();
}

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)faults;
    plan->settings[0] = 2;
    for (uint8_t actor = 1; actor <= 4; actor++)
        plan_add_operation(plan, (struct plan_operation){ .actor_kind = 'g', .actor = actor,
                                                          .verb = (uint8_t)prng_below(prng, 4) });
}

static void reset(void)
{
    hook_mutex_init(&lock_a, "a");
    hook_mutex_init(&lock_b, "b");
    counter = 0;
    running = 4;
    if (++run_count == stop_at)
        shrink_stop();
}

static void start(const struct plan *plan)
{
    program = plan;
    for (uintptr_t i = 1; i <= 4; i++)
        hook_thread_start(goroutine, (void *)i, "m");
    hook_thread_exit();
}

static bool finished(void)
{
    return running == 0;
}

static const struct wedge_subject subject = { .name = "shrunk",
                                              .settings = settings,
                                              .setting_count = 1,
                                              .actors = actors,
                                              .actor_count = 1,
                                              .verbs = verbs,
                                              .verb_count = 4,
                                              .faults = 1u << FAULT_CAS,
                                              .generate = generate,
                                              .reset = reset,
                                              .run = start,
                                              .finished = finished };

uint32_t subject_count(void);
uint32_t subject_count(void)
{
    return 1;
}

const struct wedge_subject *subject_find(const char *name);
const struct wedge_subject *subject_find(const char *name)
{
    (void)name;
    return &subject;
}

/* --- helpers --- */

static struct reproducer reproducer;
static struct outcome outcome;

static void add(uint8_t actor, uint8_t verb, int64_t argument)
{
    struct plan_operation operation = { .actor_kind = 'g', .actor = actor, .verb = verb,
                                        .arguments = { argument, 0 } };
    assert_true(plan_add_operation(&reproducer.plan, operation));
}

/* Runs the program under the random walk until it ends in that verdict, and takes that plan. */
static uint64_t first_seed = 1;

static void record(enum verdict verdict)
{
    static struct plan drawn;
    struct engine_options options = { .faults = recorded_faults };
    plan_copy(&drawn, &reproducer.plan);
    for (uint64_t seed = first_seed; seed < 100000; seed++) {
        strategy_seed(seed);
        engine_run(&subject, &drawn, strategy_find("random"), &options, &outcome);
        if (outcome.verdict != verdict)
            continue;
        assert_true(engine_recorded(&reproducer.plan));
        reproducer.subject = &subject;
        reproducer.verdict = verdict;
        memcpy(reproducer.hash, outcome.signature_hash, sizeof reproducer.hash);
        return;
    }
    fail_msg("no such run");
}

static void long_deadlock(void)
{
    plan_clear(&reproducer.plan);
    reproducer.plan.settings[0] = 7;
    for (int i = 0; i < 8; i++) {
        add((uint8_t)(1 + i % 4), VERB_COUNT, 900);
        add((uint8_t)(1 + i % 2), VERB_CAS, 0);
        add((uint8_t)(3 + i % 2), i % 2 == 0 ? VERB_AB : VERB_BA, 3);
    }
    record(VERDICT_DEADLOCK);
}

static bool shown(const struct plan *plan)
{
    struct engine_options options = { 0 };
    engine_run(&subject, plan, strategy_replay_lenient(), &options, &outcome);
    return reproducer_matches(&reproducer, &outcome);
}

/* --- claims --- */

static void a_deadlock_shrinks_to_what_it_needs(void **state)
{
    (void)state;
    struct shrink_result result;
    long_deadlock();
    assert_true(reproducer.plan.segment_count > 3);
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    const struct plan *plan = &reproducer.plan;
    assert_true(result.minimal);
    assert_int_equal(result.shown, SHRINK_VERIFY_RUNS);
    assert_int_equal(plan->operation_count, 2);
    assert_int_equal(cost_actors(plan), 2);
    assert_int_equal(plan->fault_count, 0);
    assert_in_range(plan->segment_count, 1, 3);
    assert_int_equal(plan->settings[0], 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_in_range(plan->operations[i].actor, 1, 2);
        assert_int_equal(plan->operations[i].arguments[0], 0);
    }
}

static void a_fault_that_is_needed_is_kept_and_others_are_not(void **state)
{
    (void)state;
    struct shrink_result result;
    plan_clear(&reproducer.plan);
    reproducer.plan.settings[0] = 1;
    for (int i = 0; i < 8; i++)
        add((uint8_t)(1 + i % 4), VERB_CAS, 0);
    do
        record(VERDICT_CRASH);
    while (reproducer.plan.fault_count == 0);
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_int_equal(reproducer.plan.operation_count, 1);
    assert_int_equal(reproducer.plan.fault_count, 1);
    assert_int_equal(reproducer.plan.segment_count, 0);
    assert_string_equal(reproducer.hash, outcome.signature_hash);
}

static void nothing_more_can_be_left_out(void **state)
{
    (void)state;
    static struct plan less;
    struct shrink_result result;
    long_deadlock();
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_true(result.minimal);
    const struct plan *plan = &reproducer.plan;
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        plan_copy(&less, plan);
        less.operations[i] = less.operations[--less.operation_count];
        assert_false(shown(&less));
    }
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        plan_copy(&less, plan);
        memmove(&less.segments[i], &less.segments[i + 1],
                (less.segment_count - i - 1) * sizeof *less.segments);
        less.segment_count--;
        assert_false(shown(&less));
    }
    plan_copy(&less, plan);
    less.settings[0] = 1;
    assert_false(shown(&less));
    assert_true(shown(plan));
}

/* Without the search, which finds small schedules by itself. */
static void passes_over_a_schedule_make_it_shorter(void **state)
{
    (void)state;
    static struct shrink shrinking;
    bool (*const passes[])(struct shrink *) = { shrink_segments, shrink_merge, shrink_steps };
    for (uint32_t i = 0; i < 3; i++) {
        long_deadlock();
        shrinking = (struct shrink){ .reproducer = &reproducer, .best = &reproducer.plan,
                                     .cost = cost_of(&subject, &reproducer.plan),
                                     .runs_max = SHRINK_RUNS_STANDARD };
        struct cost before = shrinking.cost;
        assert_true(passes[i](&shrinking));
        assert_true(cost_is_less(&shrinking.cost, &before));
        assert_true(shown(&reproducer.plan));
    }
}

/* What shrinks is another find, of a program that the subject draws. */
static void a_large_find_gives_way_to_another(void **state)
{
    (void)state;
    static struct shrink shrinking;
    long_deadlock();
    shrinking = (struct shrink){ .reproducer = &reproducer, .best = &reproducer.plan,
                                 .cost = cost_of(&subject, &reproducer.plan),
                                 .runs_max = SHRINK_RUNS_STANDARD };
    assert_true(shrink_is_large(&shrinking));
    assert_true(shrink_anew(&shrinking));
    assert_false(shrink_is_large(&shrinking));
    assert_true(shrinking.minimal);
    assert_true(shown(&reproducer.plan));
    assert_false(shrink_anew(&shrinking)); /* it is small: nothing is looked for */
}

static void the_same_plan_shrinks_to_the_same(void **state)
{
    (void)state;
    static struct reproducer again;
    struct shrink_result result;
    long_deadlock();
    again = reproducer;
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_true(shrink(&again, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_true(reproducer_same(&reproducer, &again));
}

static void runs_are_bounded_and_what_is_left_still_shows(void **state)
{
    (void)state;
    struct shrink_result result;
    long_deadlock();
    assert_true(shrink(&reproducer, 60, FAULTS_ALL, &result));
    assert_false(result.minimal);
    assert_in_range(result.runs, 60, 60 + 2 * SHRINK_VERIFY_RUNS);
    assert_int_equal(result.shown, SHRINK_VERIFY_RUNS);
}

static void what_is_not_shown_is_left_alone(void **state)
{
    (void)state;
    static struct reproducer before;
    struct shrink_result result;
    long_deadlock();
    strcpy(reproducer.hash, "00000000");
    before = reproducer;
    assert_false(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_int_equal(result.shown, 0);
    assert_true(reproducer_same(&reproducer, &before));
}

static void twenty_finds_of_one_bug_shrink_to_the_same_size(void **state)
{
    (void)state;
    struct shrink_result result;
    struct cost cost = { { 0 } };
    for (first_seed = 1; first_seed < 2000; first_seed += 100) {
        long_deadlock();
        assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
        struct cost other = cost_of(&subject, &reproducer.plan);
        if (first_seed == 1)
            cost = other;
        assert_memory_equal(other.parts, cost.parts, 5 * sizeof cost.parts[0]);
    }
    first_seed = 1;
}

static void one_bug_does_not_turn_into_another(void **state)
{
    (void)state;
    struct shrink_result result;
    const enum verdict bugs[] = { VERDICT_DEADLOCK, VERDICT_CRASH };
    for (uint32_t i = 0; i < 2; i++) {
        plan_clear(&reproducer.plan);
        reproducer.plan.settings[0] = 7;
        for (int j = 0; j < 8; j++) { /* a program that shows both */
            add((uint8_t)(1 + j % 2), VERB_CAS, 0);
            add((uint8_t)(3 + j % 2), j % 2 == 0 ? VERB_AB : VERB_BA, 3);
        }
        record(bugs[i]);
        assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
        assert_int_equal(result.shown, SHRINK_VERIFY_RUNS);
        assert_true(shown(&reproducer.plan));
        assert_int_equal(outcome.verdict, bugs[i]);
    }
}

/* A hunt that was told to inject none of a kind gets no reproducer that does. */
static void faults_that_are_not_asked_for_are_not_tried(void **state)
{
    (void)state;
    struct shrink_result result;
    for (uint32_t i = 0; i < 2; i++) {
        recorded_faults = 0;
        long_deadlock();
        recorded_faults = FAULTS_ALL;
        failures = 0;
        assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, i == 0 ? 0 : FAULTS_ALL, &result));
        if (i == 0)
            assert_int_equal(failures, 0);
        else
            assert_true(failures > 0);
    }
}

static void what_is_interrupted_ends_with_the_best_so_far(void **state)
{
    (void)state;
    static struct reproducer before;
    struct shrink_result result;
    long_deadlock();
    before = reproducer;
    stop_at = run_count + 300;
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_true(result.stopped);
    assert_false(result.minimal);
    assert_int_equal(result.shown, SHRINK_VERIFY_RUNS);
    assert_in_range(result.runs, 300, 400);
    assert_true(reproducer.plan.operation_count < before.plan.operation_count);
    long_deadlock();
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    assert_false(result.stopped);
    assert_true(result.minimal);
}

static void what_does_not_show_each_time_is_not_kept(void **state)
{
    (void)state;
    static struct reproducer before;
    struct shrink_result result;
    long_deadlock();
    before = reproducer;
    unlucky_from = run_count + 1;
    assert_true(shrink(&reproducer, SHRINK_RUNS_STANDARD, FAULTS_ALL, &result));
    unlucky_from = 0;
    assert_int_equal(result.shown, SHRINK_VERIFY_RUNS);
    assert_true(result.minimal || reproducer_same(&reproducer, &before));
    assert_true(reproducer.plan.operation_count > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadlock_shrinks_to_what_it_needs),
        cmocka_unit_test(a_fault_that_is_needed_is_kept_and_others_are_not),
        cmocka_unit_test(nothing_more_can_be_left_out),
        cmocka_unit_test(passes_over_a_schedule_make_it_shorter),
        cmocka_unit_test(a_large_find_gives_way_to_another),
        cmocka_unit_test(the_same_plan_shrinks_to_the_same),
        cmocka_unit_test(runs_are_bounded_and_what_is_left_still_shows),
        cmocka_unit_test(what_is_not_shown_is_left_alone),
        cmocka_unit_test(twenty_finds_of_one_bug_shrink_to_the_same_size),
        cmocka_unit_test(one_bug_does_not_turn_into_another),
        cmocka_unit_test(faults_that_are_not_asked_for_are_not_tried),
        cmocka_unit_test(what_is_interrupted_ends_with_the_best_so_far),
        cmocka_unit_test(what_does_not_show_each_time_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
