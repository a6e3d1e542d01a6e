/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs, recording, replay, the clock: on subjects of a few lines. */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/test.h"

/* --- a subject whose code each test sets --- */

static struct hook_mutex lock_a, lock_b;
static struct hook_note note;
static _Atomic uint32_t word, other;
static uint32_t plain_counter, spurious, preempted;

static void reset(void)
{
    hook_mutex_init(&lock_a, "a");
    hook_mutex_init(&lock_b, "b");
    note = (struct hook_note){ false, false };
    word = other = 0;
    plain_counter = spurious = preempted = 0;
}

static void add_ten(void *argument)
{
    (void)argument;
    for (int i = 0; i < 10; i++)
        hook_fetch_add(&word, 1u);
}

static void two_counters(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(add_ten, NULL, "m");
    add_ten(NULL);
    hook_thread_exit();
}

/* Loses an update when a switch comes between the load and the store. */
static void add_torn(void *argument)
{
    (void)argument;
    uint32_t value = hook_load(&word);
    hook_store(&word, value + 1);
}

static void two_torn(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(add_torn, NULL, "m");
    add_torn(NULL);
    hook_thread_exit();
}

static const char *no_update_lost(bool idle)
{
    return idle && word != 2 ? "T1 an update was lost" : NULL;
}

static const struct wedge_subject counters = { .name = "counters", .run = two_counters,
                                               .reset = reset };
static const struct wedge_subject torn = { .name = "torn", .run = two_torn, .reset = reset,
                                           .check = no_update_lost };

/* --- determinism and replay --- */

static char *trace_text(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    uint32_t count = 0;
    engine_trace(&count);
    for (uint32_t i = 0; i < count; i++)
        engine_trace_print(out, i);
    fclose(out);
    return text;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < strategy_count(); i++) {
        strategy_forget();
        test_run(&counters, strategy_at(i), 7);
        char *first = trace_text();
        test_run(&counters, strategy_at(i), 8);
        strategy_forget();
        test_run(&counters, strategy_at(i), 7);
        char *second = trace_text();
        assert_string_equal(first, second);
        assert_non_null(strstr(first, "add_ten:&word add &word 19"));
        free(first);
        free(second);
    }
}

static void what_was_recorded_replays_with_the_same_trace(void **state)
{
    (void)state;
    static struct plan recorded;
    for (uint64_t seed = 0; seed < 200; seed++) {
        enum verdict verdict = test_run(&torn, strategy_find("random"), seed)->verdict;
        char *first = trace_text();
        assert_true(engine_recorded(&recorded));
        const struct outcome *again = test_replay(&torn, &recorded, strategy_replay());
        assert_int_equal(again->verdict, verdict);
        char *second = trace_text();
        assert_string_equal(first, second);
        free(first);
        free(second);
    }
}

static void random_and_pct_find_the_lost_update(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < strategy_count(); i++) {
        uint64_t seed = test_hunt(&torn, strategy_at(i), VERDICT_INVARIANT, 1000);
        assert_true(seed < 1000);
        assert_string_equal(test_outcome.signature, "invariant: T1 an update was lost");
    }
    assert_int_equal(test_hunt(&counters, strategy_find("random"), VERDICT_COUNT, 1000), 1000);
}

static void a_schedule_that_cannot_be_followed_diverges(void **state)
{
    (void)state;
    static struct plan plan;
    plan_clear(&plan);
    plan_add_segment(&plan, (struct plan_segment){ .thread = 5, .steps = 1 });
    assert_int_equal(test_replay(&counters, &plan, strategy_replay())->verdict, VERDICT_DIVERGED);
    assert_int_equal(test_replay(&counters, &plan, strategy_replay_lenient())->verdict, VERDICT_OK);
    plan.segments[0] = (struct plan_segment){ .thread = 0, .steps = 500 };
    assert_int_equal(test_replay(&counters, &plan, strategy_replay())->verdict, VERDICT_DIVERGED);
}

static void every_step_is_counted_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct outcome *outcome = test_run(&counters, strategy_find("random"), seed);
        assert_int_equal(outcome->steps, 25); /* 2 starts, 1 thread start, 20 adds, 2 exits */
    }
}

static void a_run_allocates_nothing(void **state)
{
    (void)state;
    test_run(&counters, strategy_find("random"), 1);
    size_t before = mallinfo2().uordblks;
    for (uint64_t seed = 0; seed < 100; seed++)
        test_run(&counters, strategy_find("random"), seed);
    assert_int_equal(mallinfo2().uordblks, before);
}

static void lock_three_times(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++) {
        hook_lock(&lock_a);
        hook_fetch_add(&word, 1u);
        hook_unlock(&lock_a);
    }
}

static void contended(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(lock_three_times, NULL, "m");
    hook_thread_start(lock_three_times, NULL, "m");
    lock_three_times(NULL);
    hook_thread_exit();
}

static const struct wedge_subject contention = { .name = "contention", .run = contended,
                                                 .reset = reset };

/* Also when the lock is gone again before who was woken gets to run. */
static void only_the_operation_that_waits_is_marked_in_the_trace(void **state)
{
    (void)state;
    uint32_t waits = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        assert_int_equal(test_run(&contention, strategy_find("random"), seed)->verdict, VERDICT_OK);
        uint32_t count;
        const struct trace_event *events = engine_trace(&count);
        for (uint32_t i = 0; i < count; i++) {
            waits += events[i].waits;
            assert_true(!events[i].waits || events[i].site->kind == HOOK_LOCK);
        }
    }
    assert_true(waits > 100);
}

/* --- the clock --- */

static void nap(void *argument)
{
    (void)argument;
    hook_sleep(500);
    hook_unpark(&note);
}

static void napping(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(nap, NULL, "m");
    int64_t begin_ns = hook_clock();
    spurious = hook_park(&note, begin_ns + 400);
    preempted = hook_park(&note, HOOK_FOREVER);
    plain_counter = (uint32_t)(hook_clock() - begin_ns);
    hook_thread_exit();
}

static const struct wedge_subject naps = { .name = "naps", .run = napping, .reset = reset };

static void the_clock_moves_to_the_earliest_deadline_when_nothing_runs(void **state)
{
    (void)state;
    static struct plan plan;
    plan_clear(&plan);
    assert_int_equal(test_replay(&naps, &plan, strategy_replay())->verdict, VERDICT_OK);
    assert_int_equal(spurious, 0); /* its deadline came first */
    assert_int_equal(preempted, 1);
    assert_int_equal(plain_counter, 500);
}

static int64_t due_ns;

static int64_t due_at(void)
{
    return due_ns;
}

static const struct wedge_subject late = { .name = "late", .run = napping, .reset = reset,
                                           .due = due_at, .due_slack_ns = 50 };

static void idle_time_past_a_deadline_is_a_late_wakeup(void **state)
{
    (void)state;
    static struct plan plan;
    plan_clear(&plan);
    due_ns = 1000000 + 449; /* the clock stops at +400 and +500 */
    assert_int_equal(test_replay(&late, &plan, strategy_replay())->verdict, VERDICT_LATE_WAKEUP);
    due_ns = 1000000 + 450;
    assert_int_equal(test_replay(&late, &plan, strategy_replay())->verdict, VERDICT_OK);
}

static const char *overlooked;

static const char *what_is_overlooked(void)
{
    return overlooked;
}

static const struct wedge_subject careless = { .name = "careless", .run = napping, .reset = reset,
                                               .overlooked = what_is_overlooked };

static void what_is_overlooked_while_time_passes_is_a_late_wakeup(void **state)
{
    (void)state;
    static struct plan plan;
    plan_clear(&plan);
    overlooked = "somebody waits";
    assert_int_equal(test_replay(&careless, &plan, strategy_replay())->verdict,
                     VERDICT_LATE_WAKEUP);
    assert_string_equal(test_outcome.message, overlooked);
    assert_true(test_outcome.edge_count > 0);
    for (uint32_t i = 0; i < test_outcome.edge_count; i++) {
        assert_int_equal(test_outcome.edges[i].kind, EDGE_SLEEP);
        assert_true(test_outcome.edges[i].until_ns > test_outcome.now_ns);
    }
    overlooked = NULL;
    assert_int_equal(test_replay(&careless, &plan, strategy_replay())->verdict, VERDICT_OK);
}

/* --- invariants --- */

static const char *word_is_even(bool idle)
{
    (void)idle;
    return word % 2 != 0 ? "T2 the word is odd" : NULL;
}

static void odd_for_a_while(const struct plan *plan)
{
    (void)plan;
    hook_fetch_add(&word, 1u);
    if (plan->settings[0] != 0)
        hook_sleep(10);
    hook_fetch_add(&word, 1u);
    hook_thread_exit();
}

static const struct wedge_subject odd = { .name = "odd", .run = odd_for_a_while, .reset = reset,
                                          .check = word_is_even };

static void invariants_are_walked_whenever_nothing_runs(void **state)
{
    (void)state;
    static struct plan plan;
    plan_clear(&plan);
    assert_int_equal(test_replay(&odd, &plan, strategy_replay())->verdict, VERDICT_OK);
    plan.settings[0] = 1;
    assert_int_equal(test_replay(&odd, &plan, strategy_replay())->verdict, VERDICT_INVARIANT);
}

static void invariants_can_be_walked_after_each_step(void **state)
{
    (void)state;
    static struct plan plan;
    plan_clear(&plan);
    test_options.check_each_step = true;
    assert_int_equal(test_replay(&odd, &plan, strategy_replay())->verdict, VERDICT_INVARIANT);
    assert_string_equal(test_outcome.message, "T2 the word is odd");
    test_options.check_each_step = false;
}

/* --- crashes --- */

static void dereference_null(const struct plan *plan)
{
    (void)plan;
    hook_store(&word, 1u);
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
}

static void give_up(const struct plan *plan)
{
    (void)plan;
    hook_fail("the subject gave up");
}

static void have_no_room(const struct plan *plan)
{
    (void)plan;
    hook_give_up("the subject has no room");
}

static void run_without_hooks(const struct plan *plan)
{
    (void)plan;
    hook_store(&word, 1u);
    for (;;)
        raise(SIGVTALRM); /* the watchdog's tick, sooner than it would come */
}

static void a_subject_without_room_ends_the_run_and_is_no_finding(void **state)
{
    (void)state;
    static const struct wedge_subject full = { .name = "full", .run = have_no_room,
                                               .reset = reset };
    test_run(&full, strategy_find("random"), 1);
    assert_int_equal(test_outcome.verdict, VERDICT_BUDGET);
    assert_false(verdict_is_finding(test_outcome.verdict));
    assert_string_equal(test_outcome.message, "the subject has no room");
}

static void a_fatal_signal_is_a_verdict_and_the_engine_goes_on(void **state)
{
    (void)state;
    static const struct wedge_subject null = { .name = "null", .run = dereference_null,
                                               .reset = reset };
    engine_catch_signals(); /* the test runner has taken them */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(test_run(&null, strategy_find("random"), 1)->verdict, VERDICT_CRASH);
        assert_string_equal(test_outcome.signature,
                            "crash: invalid memory access (SIGSEGV) in dereference_null");
        assert_int_equal(test_run(&counters, strategy_find("random"), 1)->verdict, VERDICT_OK);
    }
}

static void giving_up_is_a_crash_with_its_message(void **state)
{
    (void)state;
    static const struct wedge_subject quitter = { .name = "quitter", .run = give_up,
                                                  .reset = reset };
    assert_int_equal(test_run(&quitter, strategy_find("random"), 1)->verdict, VERDICT_CRASH);
    assert_string_equal(test_outcome.message, "the subject gave up");
}

static void code_that_reaches_no_hook_point_does_not_hang_the_engine(void **state)
{
    (void)state;
    static const struct wedge_subject deaf = { .name = "deaf", .run = run_without_hooks,
                                               .reset = reset };
    assert_int_equal(test_run(&deaf, strategy_find("random"), 1)->verdict, VERDICT_LIVELOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
        cmocka_unit_test(what_was_recorded_replays_with_the_same_trace),
        cmocka_unit_test(random_and_pct_find_the_lost_update),
        cmocka_unit_test(a_schedule_that_cannot_be_followed_diverges),
        cmocka_unit_test(every_step_is_counted_once),
        cmocka_unit_test(a_run_allocates_nothing),
        cmocka_unit_test(only_the_operation_that_waits_is_marked_in_the_trace),
        cmocka_unit_test(the_clock_moves_to_the_earliest_deadline_when_nothing_runs),
        cmocka_unit_test(idle_time_past_a_deadline_is_a_late_wakeup),
        cmocka_unit_test(what_is_overlooked_while_time_passes_is_a_late_wakeup),
        cmocka_unit_test(invariants_are_walked_whenever_nothing_runs),
        cmocka_unit_test(invariants_can_be_walked_after_each_step),
        cmocka_unit_test(a_subject_without_room_ends_the_run_and_is_no_finding),
        cmocka_unit_test(a_fatal_signal_is_a_verdict_and_the_engine_goes_on),
        cmocka_unit_test(giving_up_is_a_crash_with_its_message),
        cmocka_unit_test(code_that_reaches_no_hook_point_does_not_hang_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
