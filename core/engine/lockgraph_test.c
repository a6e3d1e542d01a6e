/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock-order graph: for each kind of prediction a program that must be reported from one run
 * that passes, and a twin on which it must be silent. The runs go through without a switch that is
 * not needed, so that no deadlock shows.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine/lockgraph.h"
#include "core/engine/test.h"

static bool twin;
static struct lockgraph *graph;
static struct lesson lesson;
static struct hook_mutex locks[3], gate;
static struct hook_rwlock rwlock;
static struct hook_semaphore event;
static struct hook_thread child;
static _Atomic uint32_t word;

static void reset(void)
{
    static const char *const classes[] = { "a", "b", "c" };
    for (uint32_t i = 0; i < 3; i++)
        hook_mutex_init(&locks[i], classes[i]);
    hook_mutex_init(&gate, "gate");
    hook_rwlock_init_fair(&rwlock, "rwlock");
    hook_semaphore_init(&event, "event", 0);
    word = 0;
}

static bool name_object(const volatile void *object, char *name, size_t size)
{
    for (uint32_t i = 0; i < 3; i++)
        if (object == &locks[i])
            return snprintf(name, size, "lock %c", "abc"[i]) > 0;
    return false;
}

static void learn(void (*run)(const struct plan *plan))
{
    static struct plan empty;
    static struct wedge_subject subject;
    struct engine_options options = { .log = lockgraph_log(graph, false) };
    subject = (struct wedge_subject){ .name = "order", .reset = reset, .run = run,
                                      .name_object = name_object };
    engine_run(&subject, &empty, strategy_replay(), &options, &test_outcome);
    lockgraph_learn(graph, &test_outcome, &lesson);
}

/* Silent on the twin for that reason (SILENCE_KINDS: for none); then reported. */
static const struct prediction *check_both(void (*run)(const struct plan *plan),
                                           enum prediction_kind kind, enum silence silence)
{
    lockgraph_forget(graph);
    twin = true;
    learn(run);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_int_equal(lockgraph_prediction_count(graph), 0);
    for (uint32_t i = 0; i < SILENCE_KINDS; i++)
        assert_int_equal(lesson.silences[i] > 0, i == (uint32_t)silence);
    twin = false;
    learn(run);
    assert_true(lockgraph_prediction_count(graph) >= 1);
    assert_int_equal(lockgraph_prediction(graph, 0)->kind, kind);
    return lockgraph_prediction(graph, 0);
}

static void take(uint32_t first, uint32_t second)
{
    hook_lock(&locks[first]);
    hook_lock(&locks[second]);
    hook_unlock(&locks[second]);
    hook_unlock(&locks[first]);
}

/* --- cycles --- */

static void a_then_b(void *unused)
{
    (void)unused;
    take(0, 1);
    hook_thread_exit();
}

static void b_then_a(void *unused)
{
    (void)unused;
    take(1, 0);
    hook_thread_exit();
}

static void b_then_c(void *unused)
{
    (void)unused;
    take(1, 2);
    hook_thread_exit();
}

/* The twin: the second begins when the first has ended. */
static void run_two(const struct plan *plan)
{
    (void)plan;
    hook_thread_create(&child, a_then_b, NULL, "t");
    if (twin)
        hook_thread_join(&child);
    hook_thread_start(b_then_a, NULL, "t");
    hook_thread_exit();
}

static void test_a_cycle_of_threads_that_can_meet_is_told(void **state)
{
    (void)state;
    const struct prediction *prediction = check_both(run_two, PREDICTION_CYCLE, SILENCE_ORDER);
    assert_int_equal(prediction->basis, BASIS_ORDER);
    assert_int_equal(prediction->edges.count, 2);
    assert_string_equal(prediction->edges.items[0].wanted, "lock b");
    assert_string_equal(prediction->edges.items[0].agent, "t1");
    assert_string_equal(prediction->edges.items[0].holder, "t2");
}

/* c -> a closes a cycle of three; the twin's a -> c does not. */
static void run_three(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(a_then_b, NULL, "t");
    hook_thread_start(b_then_c, NULL, "t");
    take(twin ? 0 : 2, twin ? 2 : 0);
    hook_thread_exit();
}

static void test_a_cycle_of_three_is_told_with_three_edges(void **state)
{
    (void)state;
    assert_int_equal(check_both(run_three, PREDICTION_CYCLE, SILENCE_KINDS)->edges.count, 3);
}

static void guarded_a_then_b(void *unused)
{
    (void)unused;
    hook_lock(&gate);
    take(0, 1);
    hook_unlock(&gate);
    hook_thread_exit();
}

static void run_gate(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(guarded_a_then_b, NULL, "t");
    if (twin)
        hook_lock(&gate);
    take(1, 0);
    if (twin)
        hook_unlock(&gate);
    hook_thread_exit();
}

static void test_a_gate_that_both_hold_silences(void **state)
{
    (void)state;
    check_both(run_gate, PREDICTION_CYCLE, SILENCE_GUARD);
}

static void b_then_try_a(void *unused)
{
    (void)unused;
    hook_lock(&locks[1]);
    if (twin ? hook_trylock(&locks[0]) : (hook_lock(&locks[0]), true))
        hook_unlock(&locks[0]);
    hook_unlock(&locks[1]);
    hook_thread_exit();
}

static void run_try(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(b_then_try_a, NULL, "t");
    take(0, 1);
    hook_thread_exit();
}

static void test_a_trylock_does_not_wait(void **state)
{
    (void)state;
    check_both(run_try, PREDICTION_CYCLE, SILENCE_KINDS);
}

/* --- self-deadlock --- */

static void run_class(const struct plan *plan)
{
    (void)plan;
    hook_mutex_init(&locks[1], "a");
    hook_lock(&locks[0]);
    if (twin)
        hook_nested(1);
    hook_lock(&locks[1]);
    hook_unlock(&locks[1]);
    hook_unlock(&locks[0]);
    hook_thread_exit();
}

static void test_two_locks_of_a_class_need_a_declared_nesting(void **state)
{
    (void)state;
    const struct prediction *prediction =
        check_both(run_class, PREDICTION_SELF_DEADLOCK, SILENCE_RECURSION);
    assert_int_equal(prediction->basis, BASIS_CLASS);
}

static void run_readers(const struct plan *plan)
{
    (void)plan;
    if (twin)
        hook_rwlock_init(&rwlock, "rwlock");
    hook_read_lock(&rwlock);
    hook_read_lock(&rwlock);
    hook_read_unlock(&rwlock);
    hook_read_unlock(&rwlock);
    hook_thread_exit();
}

static void test_a_second_read_of_a_fair_lock_may_find_a_writer_in_the_queue(void **state)
{
    (void)state;
    const struct prediction *prediction =
        check_both(run_readers, PREDICTION_SELF_DEADLOCK, SILENCE_RECURSION);
    assert_int_equal(prediction->basis, BASIS_WRITER);
}

/* --- contexts: the twin masks the signal while it has the state --- */

static void run_signal(const struct plan *plan)
{
    (void)plan;
    hook_unmask("signal");
    if (twin)
        hook_mask("signal");
    hook_hold(&word, "state");
    hook_release(&word);
    if (twin)
        hook_unmask("signal");
    hook_enter("signal");
    hook_awaits(&word, "state");
    hook_leave();
    hook_thread_exit();
}

static void test_a_context_that_awaits_what_it_interrupts_is_told(void **state)
{
    (void)state;
    const struct prediction *prediction =
        check_both(run_signal, PREDICTION_CONTEXT_INVERSION, SILENCE_KINDS);
    assert_int_equal(prediction->edges.count, 1);
    assert_int_equal(prediction->edges.items[0].why, WHY_INTERRUPTED);
    assert_string_equal(prediction->edges.items[0].agent, "signal");
    assert_string_equal(prediction->edges.items[0].wanted_class, "state");
}

/* --- events: the poster needs what the waiter holds, if the waiter comes first --- */

static void locks_and_posts(void *unused)
{
    (void)unused;
    hook_lock(&locks[0]);
    hook_unlock(&locks[0]);
    hook_semaphore_post(&event);
    hook_thread_exit();
}

static void waits_with_lock(void *unused)
{
    (void)unused;
    if (!twin)
        hook_lock(&locks[0]);
    hook_semaphore_wait(&event);
    if (!twin)
        hook_unlock(&locks[0]);
    hook_thread_exit();
}

static void run_event(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(locks_and_posts, NULL, "t");
    hook_thread_start(waits_with_lock, NULL, "t");
    hook_thread_exit();
}

static void test_a_poster_that_needs_what_the_waiter_holds_is_told(void **state)
{
    (void)state;
    const struct prediction *prediction =
        check_both(run_event, PREDICTION_EVENT_CYCLE, SILENCE_KINDS);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    for (uint32_t i = 0; i < prediction->edges.count; i++) {
        const struct prediction_edge *edge = &prediction->edges.items[i];
        bool waits = edge->why == WHY_EVENT;
        assert_string_equal(edge->holding, waits ? "a" : "");
        assert_int_equal(edge->comes_at != NULL, waits);
        if (waits)
            assert_string_equal(edge->comes_at->function, "locks_and_posts");
    }
}

/* --- declared orders, counts, signatures --- */

static void run_one(const struct plan *plan)
{
    (void)plan;
    take(twin ? 0 : 1, twin ? 1 : 0);
    hook_thread_exit();
}

static void test_an_acquisition_against_the_declared_order_is_told(void **state)
{
    (void)state;
    lockgraph_forget(graph);
    assert_true(lockgraph_declare(graph, "a", "b"));
    twin = true;
    learn(run_one);
    assert_int_equal(lockgraph_prediction_count(graph), 0);
    twin = false;
    learn(run_one);
    assert_int_equal(lockgraph_prediction_count(graph), 1);
    assert_int_equal(lockgraph_prediction(graph, 0)->basis, BASIS_DECLARED);
}

static void test_the_same_prediction_of_many_runs_is_one_with_a_count(void **state)
{
    (void)state;
    lockgraph_forget(graph);
    twin = false;
    for (uint32_t i = 0; i < 5; i++)
        learn(run_two);
    assert_int_equal(lockgraph_prediction_count(graph), 1);
    assert_int_equal(lockgraph_prediction(graph, 0)->count, 5);
}

/* --- no limits --- */

enum { LIVE = 10000 };
static struct hook_mutex *many;

static void run_live(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < LIVE; i++)
        hook_mutex_init(&many[i], NULL);
    for (uint32_t i = 0; i + 1 < LIVE; i++)
        hook_lock(&many[i]);
    for (uint32_t i = LIVE - 1; i-- > 0;)
        hook_unlock(&many[i]);
    hook_thread_exit();
}

static void test_a_log_and_the_held_locks_grow_between_runs(void **state)
{
    (void)state;
    many = calloc(LIVE, sizeof *many);
    assert_non_null(many);
    uint32_t runs = 0;
    do {
        learn(run_live);
        runs++;
    } while (runs < 20 && (test_outcome.verdict != VERDICT_OK || lesson.short_of_log));
    assert_true(runs > 1 && runs < 20);
    assert_false(lesson.short_of_memory);
    free(many);
}

/* --- edges --- */

static const struct order_edge *edge_of(const char *from, const char *to)
{
    for (uint32_t i = 0; i < lockgraph_edge_count(graph); i++)
        if (strcmp(lockgraph_edge(graph, i)->from, from) == 0 &&
            strcmp(lockgraph_edge(graph, i)->to, to) == 0)
            return lockgraph_edge(graph, i);
    fail_msg("no edge %s -> %s", from, to);
    return NULL;
}

static void run_kinds(const struct plan *plan)
{
    hook_lock(&gate);
    hook_read_lock(&rwlock);
    hook_hold(&word, "state");
    hook_release(&word);
    hook_read_unlock(&rwlock);
    if (!twin)
        hook_write_lock(&rwlock);
    if (!twin)
        hook_write_unlock(&rwlock);
    hook_awaits(&word, "state");
    hook_unlock(&gate);
    run_class(plan);
}

static void test_an_edge_knows_states_readers_and_declared_nestings(void **state)
{
    (void)state;
    lockgraph_forget(graph);
    twin = true;
    learn(run_kinds);
    assert_true(edge_of("gate", "rwlock")->reads);
    assert_false(edge_of("gate", "rwlock")->nested);
    assert_false(edge_of("gate", "rwlock")->to_state);
    assert_true(edge_of("gate", "state")->to_state);
    assert_false(edge_of("gate", "state")->from_state);
    assert_false(edge_of("gate", "state")->reads);
    assert_true(edge_of("a", "a")->nested);
    twin = false;
    learn(run_kinds);
    assert_false(edge_of("gate", "rwlock")->reads);
    assert_false(edge_of("a", "a")->nested);
    assert_int_equal(edge_of("gate", "rwlock")->runs, 2);
    assert_int_equal(edge_of("gate", "rwlock")->count, 3);
}

static void run_half_gate(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(guarded_a_then_b, NULL, "t");
    take(1, 0);
    hook_thread_exit();
}

static void test_an_edge_of_a_prediction_names_all_that_its_thread_holds(void **state)
{
    (void)state;
    lockgraph_forget(graph);
    learn(run_half_gate); /* no guard: only one of them takes it */
    assert_int_equal(lockgraph_prediction_count(graph), 1);
    const struct prediction *prediction = lockgraph_prediction(graph, 0);
    assert_int_equal(prediction->edges.count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct prediction_edge *edge = &prediction->edges.items[i];
        bool guarded = strcmp(edge->wanted_class, "b") == 0;
        assert_string_equal(edge->holding, guarded ? "gate, a" : "b");
    }
}

/* --- what is printed --- */

static void test_a_report_names_who_what_and_where(void **state)
{
    (void)state;
    lockgraph_forget(graph);
    twin = false;
    learn(run_two);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    prediction_print(out, lockgraph_prediction(graph, 0));
    fclose(out);
    assert_non_null(strstr(text, "cycle: as far as locks and events decide, another order of the "
                                 "run ends so\n"));
    assert_non_null(strstr(text, "  t1 waits for lock b [b] (take at core/engine/lockgraph_test.c:"));
    assert_non_null(strstr(text, "; t2 holds it (take at core/engine/lockgraph_test.c:"));
    assert_null(strstr(text, "0x"));
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    graph = lockgraph_new();
    return graph == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    lockgraph_free(graph);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cycle_of_threads_that_can_meet_is_told),
        cmocka_unit_test(test_a_cycle_of_three_is_told_with_three_edges),
        cmocka_unit_test(test_a_gate_that_both_hold_silences),
        cmocka_unit_test(test_a_trylock_does_not_wait),
        cmocka_unit_test(test_two_locks_of_a_class_need_a_declared_nesting),
        cmocka_unit_test(test_a_second_read_of_a_fair_lock_may_find_a_writer_in_the_queue),
        cmocka_unit_test(test_a_context_that_awaits_what_it_interrupts_is_told),
        cmocka_unit_test(test_a_poster_that_needs_what_the_waiter_holds_is_told),
        cmocka_unit_test(test_an_acquisition_against_the_declared_order_is_told),
        cmocka_unit_test(test_the_same_prediction_of_many_runs_is_one_with_a_count),
        cmocka_unit_test(test_a_log_and_the_held_locks_grow_between_runs),
        cmocka_unit_test(test_an_edge_knows_states_readers_and_declared_nestings),
        cmocka_unit_test(test_an_edge_of_a_prediction_names_all_that_its_thread_holds),
        cmocka_unit_test(test_a_report_names_who_what_and_where),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
