/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wait-for graph: for each kind of edge a planted cycle that must be reported with every edge
 * named, and a twin without the cycle that must stay silent. `twin` chooses.
 */
#include <string.h>

#include "core/engine/test.h"

static bool twin;
static struct hook_mutex lock_a, lock_b;
static struct hook_note note, done;
static _Atomic uint32_t state_word, flag_a, flag_b, steps_made;
static struct hook_task task;
static struct hook_token token_0, token_1, *all_tokens[2];
static bool program_done;

static void reset(void)
{
    hook_mutex_init(&lock_a, "a");
    hook_mutex_init(&lock_b, "b");
    note = done = (struct hook_note){ false, false };
    state_word = flag_a = flag_b = steps_made = 0;
    program_done = false;
    all_tokens[0] = &token_0;
    all_tokens[1] = &token_1;
}

static bool finished(void)
{
    return program_done;
}

static void hunt(void (*run)(const struct plan *plan), enum verdict planted)
{
    struct wedge_subject subject = { .name = "planted", .reset = reset, .run = run,
                                     .finished = finished };
    for (uint32_t i = 0; i < strategy_count(); i++) {
        twin = false;
        assert_true(test_hunt(&subject, strategy_at(i), planted, 2000) < 2000);
        assert_true(test_outcome.edge_count <= ENGINE_EDGES_MAX);
        struct outcome found = test_outcome;
        twin = true;
        assert_int_equal(test_hunt(&subject, strategy_at(i), VERDICT_COUNT, 2000), 2000);
        test_outcome = found;
    }
}

static bool has_edge(enum edge_kind kind, const char *from, const char *to)
{
    for (uint32_t i = 0; i < test_outcome.cycle_count; i++) {
        const struct edge *edge = &test_outcome.edges[i];
        if (edge->kind == kind && strcmp(edge->from, from) == 0 && strcmp(edge->to, to) == 0)
            return true;
    }
    return false;
}

/* --- mutexes --- */

static void lock_b_then_a(void *argument)
{
    (void)argument;
    struct hook_mutex *first = twin ? &lock_a : &lock_b, *second = twin ? &lock_b : &lock_a;
    hook_lock(first);
    hook_lock(second);
    hook_unlock(second);
    hook_unlock(first);
}

static void abba(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(lock_b_then_a, NULL, "m");
    hook_lock(&lock_a);
    hook_lock(&lock_b);
    hook_unlock(&lock_b);
    hook_unlock(&lock_a);
    hook_thread_exit();
}

static void two_locks_in_opposite_order_deadlock(void **state)
{
    (void)state;
    hunt(abba, VERDICT_DEADLOCK);
    assert_int_equal(test_outcome.cycle_count, 2);
    assert_true(has_edge(EDGE_LOCK, "m0", "m1"));
    assert_true(has_edge(EDGE_LOCK, "m1", "m0"));
    assert_string_equal(test_outcome.signature, "deadlock: a wanted in lock_b_then_a held in abba; "
                                                "b wanted in abba held in lock_b_then_a");
}

static void lock_twice(const struct plan *plan)
{
    (void)plan;
    hook_lock(&lock_a);
    if (!twin)
        hook_lock(&lock_a);
    hook_unlock(&lock_a);
    hook_thread_exit();
}

static void an_owners_second_lock_is_a_self_deadlock(void **state)
{
    (void)state;
    hunt(lock_twice, VERDICT_SELF_DEADLOCK);
    assert_true(has_edge(EDGE_LOCK, "m0", "m0"));
}

/* --- transitional states --- */

static void await_state(void)
{
    while (hook_load(&state_word) == 1)
        hook_spin(&state_word);
}

static void spin_under_lock(void *argument)
{
    (void)argument;
    hook_lock(&lock_a);
    await_state();
    hook_unlock(&lock_a);
}

static void state_then_lock(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(spin_under_lock, NULL, "m");
    hook_store(&state_word, 1u);
    hook_hold(&state_word, "busy");
    if (!twin)
        hook_lock(&lock_a);
    hook_store(&state_word, 0u);
    hook_release(&state_word);
    if (!twin)
        hook_unlock(&lock_a);
    hook_thread_exit();
}

static void a_spin_on_a_held_state_is_a_wait_for_its_holder(void **state)
{
    (void)state;
    hunt(state_then_lock, VERDICT_DEADLOCK);
    assert_true(has_edge(EDGE_STATE, "m1", "m0"));
    assert_true(has_edge(EDGE_LOCK, "m0", "m1"));
}

/* --- tasks and tokens --- */

/* A task is preempted while it holds a state; its thread goes on to schedule and spins on it. */
static void preempted_in_state(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token_0, "P", 0);
    hook_token_take(&token_0);
    hook_task_init(&task, "g", 1);
    hook_task_run(&task);
    hook_store(&state_word, 1u);
    hook_hold(&state_word, "busy");
    if (twin) {
        hook_store(&state_word, 0u);
        hook_release(&state_word);
    }
    hook_task_ready(&task, "the queue");
    await_state();
    hook_thread_exit();
}

static void a_task_that_needs_the_spinners_token_closes_the_cycle(void **state)
{
    (void)state;
    hunt(preempted_in_state, VERDICT_SELF_DEADLOCK);
    assert_int_equal(test_outcome.cycle_count, 2);
    assert_true(has_edge(EDGE_STATE, "m0", "g1"));
    assert_true(has_edge(EDGE_TOKEN, "g1", "m0"));
    for (uint32_t i = 0; i < 2; i++)
        if (test_outcome.edges[i].kind == EDGE_TOKEN)
            assert_string_equal(test_outcome.edges[i].queue, "the queue");
}

/* As above with a second token: only when its holder is stuck too is the task. */
static void hold_token_1(void *argument)
{
    (void)argument;
    hook_token_take(&token_1);
    if (!twin)
        hook_lock(&lock_a);
    hook_token_give(&token_1);
    hook_store(&state_word, 0u); /* in the twin: it has run the task, which left the state */
    program_done = true;
}

static void two_tokens(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token_0, "P", 0);
    hook_token_init(&token_1, "P", 1);
    hook_token_take(&token_0);
    hook_lock(&lock_a);
    hook_thread_start(hold_token_1, NULL, "m");
    hook_task_init(&task, "g", 1);
    hook_task_run(&task);
    hook_store(&state_word, 1u);
    hook_hold(&state_word, "busy");
    hook_task_ready(&task, "the queue");
    await_state();
    hook_unlock(&lock_a);
    hook_task_run(&task);
    hook_release(&state_word);
    hook_thread_exit();
}

static void a_task_is_stuck_only_if_every_token_is(void **state)
{
    (void)state;
    hunt(two_tokens, VERDICT_DEADLOCK);
    assert_true(test_outcome.edge_count >= 4);
}

/* The world is stopped by who waits for a token whose holder waits for the stopped world's task. */
static void stop_the_world(void *argument)
{
    (void)argument;
    hook_gate_close();
    hook_token_give(&token_1);
    if (twin)
        hook_gate_open();
    while (!hook_park_for_tokens(&done, hook_clock() + 100, all_tokens, 1) && !twin)
        continue;
    program_done = true;
}

static void spin_for_stopped_task(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token_0, "P", 0);
    hook_token_init(&token_1, "P", 1);
    hook_token_take(&token_0);
    hook_task_init(&task, "g", 1);
    hook_task_run(&task);
    hook_store(&state_word, 1u);
    hook_hold(&state_word, "busy");
    hook_task_ready(&task, "the queue");
    hook_thread_start(stop_the_world, NULL, "m");
    if (twin)
        hook_store(&state_word, 0u);
    await_state();
    hook_task_run(&task);
    hook_release(&state_word);
    hook_token_give(&token_0);
    hook_thread_exit();
}

static void a_stopped_world_that_waits_for_a_stuck_token_is_a_deadlock(void **state)
{
    (void)state;
    hunt(spin_for_stopped_task, VERDICT_DEADLOCK);
    assert_true(has_edge(EDGE_STATE, "m0", "g1"));
    assert_true(has_edge(EDGE_GATE, "g1", "m1"));
    assert_true(has_edge(EDGE_STOP, "m1", "m0"));
}

/* --- spins and events without an owner --- */

static void spin_on_b(void *argument)
{
    (void)argument;
    if (twin)
        hook_store(&flag_a, 1u);
    while (hook_load(&flag_b) == 0)
        hook_spin(&flag_b);
    hook_store(&flag_a, 1u);
}

static void spin_both(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(spin_on_b, NULL, "m");
    while (hook_load(&flag_a) == 0)
        hook_spin(&flag_a);
    hook_store(&flag_b, 1u);
    hook_thread_exit();
}

static void spins_that_nobody_can_end_are_a_livelock(void **state)
{
    (void)state;
    hunt(spin_both, VERDICT_LIVELOCK);
    assert_int_equal(test_outcome.edge_count, 2);
}

static void wake_main(void *argument)
{
    (void)argument;
    hook_unpark(&note);
}

static void wait_for_nobody(const struct plan *plan)
{
    (void)plan;
    if (twin)
        hook_thread_start(wake_main, NULL, "m");
    hook_park(&note, HOOK_FOREVER);
    hook_thread_exit();
}

static void an_event_that_nobody_can_post_is_a_deadlock(void **state)
{
    (void)state;
    hunt(wait_for_nobody, VERDICT_DEADLOCK);
    assert_int_equal(test_outcome.edges[0].kind, EDGE_EVENT);
}

static void flip(void *argument)
{
    uint32_t mine = argument != NULL;
    while (twin ? hook_load(&steps_made) < 20 : hook_load(&flag_a) != 2) {
        uint32_t want = !mine;
        hook_cas(&flag_a, &want, mine);
        hook_fetch_add(&steps_made, 1u);
    }
}

static void flip_for_ever(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(flip, &flag_a, "m");
    flip(NULL);
    hook_thread_exit();
}

static void endless_activity_without_progress_is_a_livelock(void **state)
{
    (void)state;
    test_options.steps_max = 500;
    hunt(flip_for_ever, VERDICT_LIVELOCK);
    test_options.steps_max = 0;
}

static void work_for_ever(const struct plan *plan)
{
    (void)plan;
    do {
        hook_fetch_add(&flag_a, 1u);
        hook_progress();
    } while (!twin);
    hook_thread_exit();
}

static void endless_activity_with_progress_is_only_a_spent_budget(void **state)
{
    (void)state;
    test_options.steps_max = 500;
    hunt(work_for_ever, VERDICT_BUDGET);
    test_options.steps_max = 0;
}

/* --- misuse --- */

static void stranger_unlocks(void *argument)
{
    (void)argument;
    if (twin)
        hook_lock(&lock_a);
    hook_unlock(&lock_a);
}

static void unlock_by_a_stranger(const struct plan *plan)
{
    (void)plan;
    hook_lock(&lock_a);
    if (twin)
        hook_unlock(&lock_a);
    hook_thread_start(stranger_unlocks, NULL, "m");
    hook_park(&note, hook_clock() + 10);
    if (!twin)
        hook_unlock(&lock_a);
    hook_thread_exit();
}

static void exit_with_lock(const struct plan *plan)
{
    (void)plan;
    hook_lock(&lock_a);
    if (twin)
        hook_unlock(&lock_a);
    hook_thread_exit();
}

static void assert_without_lock(const struct plan *plan)
{
    (void)plan;
    if (twin)
        hook_lock(&lock_a);
    hook_assert_held(&lock_a);
    hook_unlock(&lock_a);
    hook_thread_exit();
}

static void unlock_twice(const struct plan *plan)
{
    (void)plan;
    hook_lock(&lock_a);
    hook_unlock(&lock_a);
    if (!twin)
        hook_unlock(&lock_a);
    hook_thread_exit();
}

static void locks_used_against_their_rules_are_misuse(void **state)
{
    (void)state;
    hunt(unlock_by_a_stranger, VERDICT_MISUSE);
    hunt(exit_with_lock, VERDICT_MISUSE);
    hunt(assert_without_lock, VERDICT_MISUSE);
    hunt(unlock_twice, VERDICT_MISUSE);
    assert_string_equal(test_outcome.message, "unlock of a mutex that is not locked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_locks_in_opposite_order_deadlock),
        cmocka_unit_test(an_owners_second_lock_is_a_self_deadlock),
        cmocka_unit_test(a_spin_on_a_held_state_is_a_wait_for_its_holder),
        cmocka_unit_test(a_task_that_needs_the_spinners_token_closes_the_cycle),
        cmocka_unit_test(a_task_is_stuck_only_if_every_token_is),
        cmocka_unit_test(a_stopped_world_that_waits_for_a_stuck_token_is_a_deadlock),
        cmocka_unit_test(spins_that_nobody_can_end_are_a_livelock),
        cmocka_unit_test(an_event_that_nobody_can_post_is_a_deadlock),
        cmocka_unit_test(endless_activity_without_progress_is_a_livelock),
        cmocka_unit_test(endless_activity_with_progress_is_only_a_spent_budget),
        cmocka_unit_test(locks_used_against_their_rules_are_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
