/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs that are learned from, and what comes of it: which runs have news, that a run made again is
 * the same, that a prediction is confirmed by steering, and that one which cannot come true is not.
 */
#include <string.h>

#include "core/engine/confirm.h"
#include "core/engine/novelty.h"
#include "core/engine/observer.h"
#include "core/engine/test.h"

static struct observer *observer;
static struct hook_mutex locks[3];
static struct hook_thread children[2];
static _Atomic uint32_t word, crowd;

static void reset(void)
{
    static const char *const classes[] = { "a", "b", "c" };
    for (uint32_t i = 0; i < 3; i++)
        hook_mutex_init(&locks[i], classes[i]);
    word = crowd = 0;
}

static int setup(void **state)
{
    (void)state;
    observer = observer_new();
    return observer == NULL;
}

static int teardown(void **state)
{
    (void)state;
    observer_free(observer);
    return 0;
}

static struct plan empty;

static uint32_t observe(void (*run)(const struct plan *plan), struct strategy *strategy,
                        uint64_t seed)
{
    static struct wedge_subject subject;
    struct engine_options options = { .faults = FAULTS_ALL };
    subject = (struct wedge_subject){ .name = "observed", .reset = reset, .run = run };
    strategy_seed(seed);
    return observer_run(observer, &subject, &empty, strategy, &options, &test_outcome);
}

static void take(uint32_t first, uint32_t second)
{
    hook_lock(&locks[first]);
    hook_lock(&locks[second]);
    hook_unlock(&locks[second]);
    hook_unlock(&locks[first]);
}

static void a_then_b(void *unused)
{
    (void)unused;
    take(0, 1);
}

static void b_then_a(void *unused)
{
    (void)unused;
    take(1, 0);
}

static void two_threads(void (*first)(void *), void (*second)(void *))
{
    hook_thread_create(&children[0], first, NULL, "t1");
    hook_thread_create(&children[1], second, NULL, "t2");
    hook_thread_join(&children[0]);
    hook_thread_join(&children[1]);
    hook_thread_exit();
}

static void run_crossed(const struct plan *plan)
{
    (void)plan;
    two_threads(a_then_b, b_then_a);
}

static void run_ordered(const struct plan *plan)
{
    (void)plan;
    two_threads(a_then_b, a_then_b);
}

/* --- news --- */

static void a_run_like_those_before_is_not_learned_from(void **state)
{
    (void)state;
    observe(run_ordered, strategy_replay(), 0);
    assert_int_equal(observer_sum(observer)->learned, 1);
    observe(run_ordered, strategy_replay(), 0);
    assert_int_equal(observer_sum(observer)->learned, 1);
    observe(run_crossed, strategy_replay(), 0);
    assert_int_equal(observer_sum(observer)->learned, 2);
}

static void few_of_many_runs_are_learned_from(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++)
        observe(run_ordered, strategy_find("random"), seed);
    assert_true(observer_sum(observer)->learned >= 1);
    assert_true(observer_sum(observer)->learned < 20);
    assert_int_equal(observer_sum(observer)->too_long, 0);
    assert_false(observer_sum(observer)->short_of_memory);
}

static void run_alone(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < 3; i++) {
        hook_lock(&locks[i]);
        hook_unlock(&locks[i]);
    }
    hook_thread_exit();
}

static void locks_that_are_not_nested_are_no_news(void **state)
{
    (void)state;
    observe(run_alone, strategy_replay(), 0);
    assert_int_equal(observer_sum(observer)->learned, 0);
}

static void what_was_learned_is_known_and_nothing_else(void **state)
{
    static struct novelty novelty;
    (void)state;
    assert_true(novelty_init(&novelty));
    struct engine_options options = { .novelty = &novelty };
    struct wedge_subject subject = { .name = "watched", .reset = reset, .run = run_ordered };
    for (uint32_t i = 0; i < 2; i++) { /* not learned, it stays news */
        engine_run(&subject, &empty, strategy_replay(), &options, &test_outcome);
        assert_true(novelty_is_news(&novelty));
    }
    assert_true(novelty_learned(&novelty));
    engine_run(&subject, &empty, strategy_replay(), &options, &test_outcome);
    assert_false(novelty_is_news(&novelty));
    subject.run = run_crossed;
    engine_run(&subject, &empty, strategy_replay(), &options, &test_outcome);
    assert_true(novelty_is_news(&novelty));
    novelty_free(&novelty);
}

/* --- a cycle whose parts come from different runs --- */

static bool first_goes, second_goes;

static void a_then_b_if_told(void *unused)
{
    if (first_goes)
        a_then_b(unused);
}

static void b_then_a_if_told(void *unused)
{
    if (second_goes)
        b_then_a(unused);
}

static void run_as_told(const struct plan *plan)
{
    (void)plan;
    two_threads(a_then_b_if_told, b_then_a_if_told);
}

static uint32_t observe_told(bool first, bool second)
{
    first_goes = first;
    second_goes = second;
    return observe(run_as_told, strategy_replay(), 0);
}

static void parts_of_a_cycle_that_are_known_are_news_together(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) { /* when the cycle is there, all is looked at anew */
        assert_int_equal(observe_told(true, false), 0);
        assert_int_equal(observe_told(false, true), 0);
    }
    uint64_t learned = observer_sum(observer)->learned;
    assert_int_equal(observe_told(true, false), 0);
    assert_int_equal(observe_told(false, true), 0);
    assert_int_equal(observer_sum(observer)->learned, learned); /* each is known by itself */
    assert_int_equal(observe_told(true, true), 1);
}

/* --- predictions and what becomes of them --- */

static struct plan observed;

/* The row of what is predicted from the first run that passes. */
static const struct prediction *predict(void (*run)(const struct plan *plan))
{
    uint32_t count = observe(run, strategy_replay(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_int_equal(count, 1);
    assert_true(engine_recorded(&observed));
    return lockgraph_prediction(observer_graph(observer), 0);
}

static uint32_t try_with_seed(void (*run)(const struct plan *plan),
                              const struct prediction *prediction, uint64_t seed)
{
    struct wedge_subject subject = { .name = "steered", .reset = reset, .run = run };
    return confirm(&subject, &observed, prediction, FAULTS_ALL, seed, CONFIRM_TRIES_STANDARD,
                   &test_outcome);
}

static uint32_t try_to_confirm(void (*run)(const struct plan *plan),
                               const struct prediction *prediction)
{
    return try_with_seed(run, prediction, 1);
}

static void a_cycle_is_predicted_from_a_run_that_passes_and_confirmed_at_once(void **state)
{
    (void)state;
    const struct prediction *prediction = predict(run_crossed);
    assert_int_equal(prediction->kind, PREDICTION_CYCLE);
    uint32_t tries = try_to_confirm(run_crossed, prediction);
    assert_in_range(tries, 1, 8);
    assert_int_equal(test_outcome.verdict, VERDICT_DEADLOCK);
    assert_true(engine_recorded(&observed));
    struct wedge_subject subject = { .name = "again", .reset = reset, .run = run_crossed };
    test_options = (struct engine_options){ .faults = 0 };
    assert_int_equal(test_replay(&subject, &observed, strategy_replay())->verdict,
                     VERDICT_DEADLOCK);
}

/* One of thirty others, each as likely to be chosen. */
static void stroll(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 40; i++)
        hook_fetch_add(&crowd, 1u);
}

static void late_b_then_a(void *unused)
{
    stroll(unused);
    b_then_a(unused);
    stroll(unused);
}

static void run_far_apart(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < 30; i++)
        hook_thread_start(stroll, NULL, "stroller");
    two_threads(a_then_b, late_b_then_a);
}

/* Longer than the log is at first. */
static void before_all(void)
{
    for (uint32_t i = 0; i < 3000; i++) {
        hook_lock(&locks[2]);
        hook_unlock(&locks[2]);
    }
}

static void late_a_then_b(void *unused)
{
    before_all();
    a_then_b(unused);
}

static void run_crossed_late(const struct plan *plan)
{
    (void)plan;
    two_threads(late_a_then_b, b_then_a);
}

static void what_one_run_predicts_does_not_depend_on_the_runs_before(void **state)
{
    (void)state;
    struct engine_options options = { 0 };
    struct wedge_subject subject = { .name = "late", .reset = reset, .run = run_crossed_late };
    for (uint32_t i = 0; i < 2; i++) {
        const struct lockgraph *graph = observer_learn(&subject, &empty, strategy_replay(),
                                                       &options, &test_outcome);
        assert_int_equal(test_outcome.verdict, VERDICT_OK);
        assert_int_equal(lockgraph_prediction_count(graph), 1);
    }
}

static void steering_takes_a_fraction_of_the_runs_of_a_random_walk(void **state)
{
    enum { TIMES = 10, RUNS = 400 };
    (void)state;
    struct wedge_subject subject = { .name = "apart", .reset = reset, .run = run_far_apart };
    const struct prediction *prediction = predict(run_far_apart);
    uint32_t steered = 0, found = 0;
    for (uint32_t i = 0; i < TIMES; i++)
        steered += try_with_seed(run_far_apart, prediction, i);
    test_options = (struct engine_options){ .faults = 0 };
    for (uint64_t seed = 0; seed < RUNS; seed++)
        found += test_run(&subject, strategy_find("random"), seed)->verdict == VERDICT_DEADLOCK;
    assert_true(steered >= TIMES);
    assert_true(steered * found * 4 < TIMES * RUNS); /* steered / TIMES < RUNS / found / 4 */
}

static void nested(void *unused)
{
    (void)unused;
    hook_mutex_init(&locks[1], "a"); /* of one class, always in this order */
    take(0, 1);
}

static void run_nested_class(const struct plan *plan)
{
    (void)plan;
    hook_thread_create(&children[0], nested, NULL, "t1");
    hook_thread_join(&children[0]);
    hook_thread_exit();
}

static void what_cannot_come_true_is_predicted_by_class_and_not_confirmed(void **state)
{
    (void)state;
    const struct prediction *prediction = predict(run_nested_class);
    assert_int_equal(prediction->basis, BASIS_CLASS);
    assert_int_equal(try_to_confirm(run_nested_class, prediction), 0);
}

/* --- a context that waits for what it interrupts --- */

static void let_in(void)
{
    if (!hook_preemption_point(false))
        return;
    hook_enter(HOOK_SCHEDULER);
    hook_awaits(&word, "busy");
    while (hook_load(&word) != 0)
        hook_spin(&word);
    hook_leave();
}

static void run_preempted_in_state(const struct plan *plan)
{
    (void)plan;
    hook_enter(HOOK_SCHEDULER);
    hook_awaits(&word, "busy");
    hook_load(&word);
    hook_leave();
    hook_store(&word, 1u);
    hook_hold(&word, "busy");
    let_in();
    hook_store(&word, 0u);
    hook_release(&word);
    hook_thread_exit();
}

static void run_preempted_outside(const struct plan *plan)
{
    (void)plan;
    let_in();
    hook_store(&word, 1u);
    hook_hold(&word, "busy");
    hook_store(&word, 0u);
    hook_release(&word);
    let_in();
    hook_thread_exit();
}

static void a_preemption_inside_a_state_is_predicted_and_confirmed_by_the_fault(void **state)
{
    (void)state;
    const struct prediction *prediction = predict(run_preempted_in_state);
    assert_int_equal(prediction->kind, PREDICTION_CONTEXT_INVERSION);
    uint32_t tries = try_to_confirm(run_preempted_in_state, prediction);
    assert_in_range(tries, 1, 50);
    assert_int_equal(test_outcome.verdict, VERDICT_SELF_DEADLOCK);
    assert_true(engine_recorded(&observed));
    assert_int_equal(observed.fault_count, 1);
    assert_int_equal(observed.faults[0].kind, FAULT_PREEMPT);
}

static void a_preemption_outside_a_state_is_not_predicted(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++)
        assert_int_equal(observe(run_preempted_outside, strategy_find("random"), seed), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_like_those_before_is_not_learned_from),
        TEST(few_of_many_runs_are_learned_from),
        TEST(locks_that_are_not_nested_are_no_news),
        TEST(what_was_learned_is_known_and_nothing_else),
        TEST(parts_of_a_cycle_that_are_known_are_news_together),
        TEST(a_cycle_is_predicted_from_a_run_that_passes_and_confirmed_at_once),
        TEST(what_one_run_predicts_does_not_depend_on_the_runs_before),
        TEST(steering_takes_a_fraction_of_the_runs_of_a_random_walk),
        TEST(what_cannot_come_true_is_predicted_by_class_and_not_confirmed),
        TEST(a_preemption_inside_a_state_is_predicted_and_confirmed_by_the_fault),
        TEST(a_preemption_outside_a_state_is_not_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
