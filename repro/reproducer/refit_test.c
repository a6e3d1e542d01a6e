/* SPDX-License-Identifier: BSD-3-Clause */
/* Reproducers of code that changes after they were made: here, by a switch. */
#include "repro/reproducer/refit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/engine/site.h"

/* --- two threads take two locks crosswise, after some counting --- */

static struct hook_mutex lock_a, lock_b;
static _Atomic uint32_t counter;
static uint32_t running, added; /* hook points that were added */
static bool fixed;

static void count(uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        hook_fetch_add(&counter, 1u);
}

static void lock_both(struct hook_mutex *first, struct hook_mutex *second)
{
    count(20 + added);
    hook_lock(first);
    count(added);
    hook_lock(second);
    hook_unlock(second);
    hook_unlock(first);
    count(5);
}

static void goroutine(void *argument)
{
    bool other = argument != NULL;
    if (other && !fixed)
        lock_both(&lock_b, &lock_a);
    else
        lock_both(&lock_a, &lock_b);
    running--;
    hook_thread_exit();
}

static void reset(void)
{
    hook_mutex_init(&lock_a, "a");
    hook_mutex_init(&lock_b, "b");
    counter = 0;
    running = 2;
}

static void start(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(goroutine, NULL, "m");
    hook_thread_start(goroutine, &counter, "m");
    hook_thread_exit();
}

static bool finished(void)
{
    return running == 0;
}

static const struct wedge_subject subject = { .name = "crosswise", .reset = reset, .run = start,
                                              .finished = finished,
                                              .faults = 1u << FAULT_CAS };

/* --- helpers --- */

static struct reproducer reproducer;
static struct outcome outcome;

static bool shown(struct strategy *strategy)
{
    struct engine_options options = { 0 };
    engine_run(reproducer.subject, &reproducer.plan, strategy, &options, &outcome);
    return reproducer_matches(&reproducer, &outcome);
}

/* A deadlock of the code as it was. */
static void record(void)
{
    static struct plan empty;
    struct engine_options options = { 0 };
    added = 0;
    fixed = false;
    for (uint64_t seed = 1; outcome.verdict != VERDICT_DEADLOCK || seed == 1; seed++) {
        strategy_seed(seed);
        engine_run(&subject, &empty, strategy_find("random"), &options, &outcome);
    }
    assert_true(engine_recorded(&reproducer.plan));
    reproducer.subject = &subject;
    reproducer.verdict = outcome.verdict;
    memcpy(reproducer.hash, outcome.signature_hash, sizeof reproducer.hash);
    assert_true(shown(strategy_replay()));
}

static void assert_words(const struct refit_result *result, const char *words)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    refit_print(out, result);
    fclose(out);
    if (strstr(text, words) == NULL)
        fail_msg("no '%s' in '%s'", words, text);
    free(text);
}

/* --- claims --- */

static void hook_points_that_were_added_are_fitted(void **state)
{
    (void)state;
    struct refit_result result;
    for (uint32_t more = 1; more <= 8; more++) {
        record();
        added = more;
        if (shown(strategy_replay()))
            continue;
        assert_true(refit(&reproducer, REFIT_RUNS_STANDARD, &result));
        assert_true(shown(strategy_replay()));
        assert_true(result.runs <= REFIT_RUNS_STANDARD + 2);
        assert_words(&result, "reproduced ");
    }
}

static void a_fixed_bug_is_not_reproduced_and_the_plan_stays(void **state)
{
    (void)state;
    static struct reproducer before;
    struct refit_result result;
    record();
    before = reproducer;
    fixed = true;
    assert_false(refit(&reproducer, 500, &result));
    assert_int_equal(result.how, REFIT_NOT);
    assert_in_range(result.runs, 500, 502);
    assert_true(reproducer_same(&reproducer, &before));
    assert_false(shown(strategy_replay_lenient()));
    assert_int_equal(outcome.verdict, VERDICT_OK);
}

static void the_same_is_fitted_each_time(void **state)
{
    (void)state;
    static struct reproducer again;
    struct refit_result result, second;
    record();
    again = reproducer;
    added = 3;
    bool done = refit(&reproducer, REFIT_RUNS_STANDARD, &result);
    assert_int_equal(refit(&again, REFIT_RUNS_STANDARD, &second), done);
    assert_true(reproducer_same(&reproducer, &again));
    assert_int_equal(result.runs, second.runs);
    assert_int_equal(result.steps_differ, second.steps_differ);
}

static void steps_that_differ_are_counted(void **state)
{
    (void)state;
    struct refit_result result = { .how = REFIT_STEPS, .same_shape = true, .steps_differ = 3 };
    assert_words(&result, "reproduced after refitting the schedule: 3 steps differ");
    result.steps_differ = 1;
    assert_words(&result, "schedule: 1 step differs");
}

/* --- a fault whose point was renamed, in a function with two of that kind --- */

static _Atomic uint32_t first_word, second_word;

/* That the first fails is looked for, that the second does is forgotten. */
static void exchange_both(const struct plan *plan)
{
    (void)plan;
    uint32_t want = 0;
    while (!hook_cas_weak(&first_word, &want, 1u))
        continue;
    want = 0;
    if (!hook_cas_weak(&second_word, &want, 1u))
        hook_fail("the second word was lost");
    hook_thread_exit();
}

static void reset_words(void)
{
    first_word = second_word = 0;
    running = 0;
}

static const struct wedge_subject words = { .name = "words", .reset = reset_words,
                                            .run = exchange_both, .finished = finished,
                                            .faults = 1u << FAULT_CAS };

static void another_stand_in_is_tried_if_the_first_does_not_show_it(void **state)
{
    (void)state;
    struct refit_result result;
    uint16_t group = site_group_find("exchange_both", "&second_word", HOOK_CAS_WEAK);
    plan_clear(&reproducer.plan);
    plan_add_fault(&reproducer.plan, (struct plan_fault){ FAULT_CAS, "m0", group, 1, 0 });
    reproducer.subject = &words;
    shown(strategy_replay());
    assert_int_equal(outcome.verdict, VERDICT_CRASH);
    reproducer.verdict = outcome.verdict;
    memcpy(reproducer.hash, outcome.signature_hash, sizeof reproducer.hash);
    /* As if it had been "&second" in the file: what is first stands in for it. */
    reproducer.plan.faults[0].group = site_group_stand_in("exchange_both", HOOK_CAS_WEAK, 0);
    reproducer.stand_in_count = 1;
    reproducer.stand_ins[0] = (struct reproducer_stand_in){ .kind = FAULT_CAS, .fault = 0 };
    assert_false(shown(strategy_replay()));
    assert_true(refit(&reproducer, REFIT_RUNS_STANDARD, &result));
    assert_int_equal(result.how, REFIT_POINTS);
    assert_int_equal(reproducer.plan.faults[0].group, group);
    reproducer.stand_in_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hook_points_that_were_added_are_fitted),
        cmocka_unit_test(a_fixed_bug_is_not_reproduced_and_the_plan_stays),
        cmocka_unit_test(the_same_is_fitted_each_time),
        cmocka_unit_test(steps_that_differ_are_counted),
        cmocka_unit_test(another_stand_in_is_tried_if_the_first_does_not_show_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
