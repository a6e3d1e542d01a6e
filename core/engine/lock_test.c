/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locks, semaphores, conditions and joining on the engine: each test is a program that must end
 * well under every strategy, and a twin (`broken`) that must not.
 */
#include <string.h>

#include "core/engine/test.h"

static bool broken;
static struct hook_mutex mutex;
static struct hook_recursive recursive;
static struct hook_spinlock spin;
static struct hook_rwlock rwlock;
static struct hook_semaphore semaphore;
static struct hook_condition condition;
static struct hook_thread threads[3];
static _Atomic uint32_t inside, outside;

static void reset(void)
{
    hook_mutex_init(&mutex, "mutex");
    hook_recursive_init(&recursive, "recursive");
    hook_spinlock_init(&spin, "spin");
    hook_semaphore_init(&semaphore, "semaphore", 0);
    hook_condition_init(&condition);
    inside = outside = 0;
}

static const char *message(void)
{
    return test_outcome.message;
}

/* Ends well when not broken; hunts the verdict when broken. */
static void both(void (*run)(const struct plan *plan), enum verdict planted)
{
    struct wedge_subject subject = { .name = "locks", .reset = reset, .run = run };
    for (uint32_t i = 0; i < strategy_count(); i++) {
        broken = false;
        assert_int_equal(test_hunt(&subject, strategy_at(i), VERDICT_COUNT, 1000), 1000);
        broken = true;
        assert_true(test_hunt(&subject, strategy_at(i), planted, 1000) < 1000);
    }
}

/* Who is alone inside finds nobody there, and stays alone. */
static void alone_inside(void)
{
    if (hook_fetch_add(&inside, 1u) != 0)
        hook_fail("not alone");
    hook_fetch_add(&inside, UINT32_MAX);
}

/* --- read-write locks --- */

static void reader(void *unused)
{
    (void)unused;
    hook_read_lock(&rwlock);
    hook_fetch_add(&inside, 1u);
    hook_fetch_add(&inside, UINT32_MAX);
    hook_read_unlock(&rwlock);
    hook_thread_exit();
}

static void writer(void *unused)
{
    (void)unused;
    if (!broken)
        hook_write_lock(&rwlock);
    alone_inside();
    if (!broken)
        hook_write_unlock(&rwlock);
    hook_thread_exit();
}

static void run_readers_and_writers(const struct plan *plan)
{
    (void)plan;
    hook_rwlock_init(&rwlock, "rwlock");
    hook_thread_start(reader, NULL, "r");
    hook_thread_start(reader, NULL, "r");
    hook_thread_start(writer, NULL, "w");
    hook_thread_exit();
}

static void test_writers_are_alone(void **state)
{
    (void)state;
    both(run_readers_and_writers, VERDICT_CRASH);
}

/* Reads twice; a queued writer comes between only if the lock is fair. */
static void reads_twice(void *unused)
{
    (void)unused;
    hook_read_lock(&rwlock);
    hook_read_lock(&rwlock);
    hook_read_unlock(&rwlock);
    hook_read_unlock(&rwlock);
    hook_thread_exit();
}

static void writes(void *unused)
{
    (void)unused;
    hook_write_lock(&rwlock);
    hook_write_unlock(&rwlock);
    hook_thread_exit();
}

static void run_queue(const struct plan *plan)
{
    (void)plan;
    if (broken)
        hook_rwlock_init_fair(&rwlock, "rwlock");
    else
        hook_rwlock_init(&rwlock, "rwlock");
    hook_thread_start(reads_twice, NULL, "r");
    hook_thread_start(writes, NULL, "w");
    hook_thread_exit();
}

static void test_a_queued_writer_stops_readers_of_a_fair_lock_only(void **state)
{
    (void)state;
    both(run_queue, VERDICT_SELF_DEADLOCK);
    assert_true(test_outcome.edges[0].wants_to_read && test_outcome.edges[0].holds_to_read);
}

/* --- recursive and spin locks --- */

static void enters_twice(void *unused)
{
    (void)unused;
    hook_recursive_lock(&recursive);
    hook_recursive_lock(&recursive);
    hook_recursive_unlock(&recursive);
    alone_inside();
    hook_recursive_unlock(&recursive);
    if (broken)
        hook_recursive_unlock(&recursive);
    hook_thread_exit();
}

static void run_recursion(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(enters_twice, NULL, "t");
    hook_thread_start(enters_twice, NULL, "t");
    hook_thread_exit();
}

static void test_a_recursive_lock_is_free_after_as_many_unlocks(void **state)
{
    (void)state;
    both(run_recursion, VERDICT_MISUSE);
}

static void run_spin(const struct plan *plan)
{
    (void)plan;
    hook_lock(&mutex);
    hook_spinlock_lock(&spin);
    if (broken)
        hook_sleep(1);
    hook_spinlock_unlock(&spin);
    hook_sleep(1);
    hook_unlock(&mutex);
    hook_thread_exit();
}

static void test_who_holds_a_spin_lock_must_not_sleep(void **state)
{
    (void)state;
    both(run_spin, VERDICT_MISUSE);
    assert_non_null(strstr(message(), "spin lock"));
}

static void run_destroy(const struct plan *plan)
{
    (void)plan;
    hook_mutex_destroy(&mutex);
    if (!broken)
        hook_mutex_init(&mutex, "mutex");
    hook_lock(&mutex);
    hook_unlock(&mutex);
    hook_thread_exit();
}

static void test_a_destroyed_lock_is_used_after_a_new_init_only(void **state)
{
    (void)state;
    both(run_destroy, VERDICT_MISUSE);
}

/* --- states: whoever is in one leaves it --- */

static void leaves(void *unused)
{
    (void)unused;
    hook_release(&inside);
}

static void run_release(const struct plan *plan)
{
    (void)plan;
    hook_hold(&inside, "busy");
    if (broken) {
        hook_thread_create(&threads[0], leaves, NULL, "t");
        hook_thread_join(&threads[0]);
    } else {
        hook_release(&inside);
    }
    hook_thread_exit();
}

static void test_a_state_is_left_by_whoever_is_in_it(void **state)
{
    (void)state;
    both(run_release, VERDICT_MISUSE);
    assert_string_equal(message(), "release of a state that somebody else holds");
}

static void run_release_twice(const struct plan *plan)
{
    (void)plan;
    hook_hold(&inside, "busy");
    hook_release(&inside);
    if (broken)
        hook_release(&inside);
    hook_thread_exit();
}

static void test_a_state_is_left_once(void **state)
{
    (void)state;
    both(run_release_twice, VERDICT_MISUSE);
    assert_string_equal(message(), "release of a state that nobody holds");
}

/* --- events --- */

static void posts(void *unused)
{
    (void)unused;
    hook_store(&outside, 1u);
    hook_semaphore_post(&semaphore);
    hook_thread_exit();
}

static void run_semaphore(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(posts, NULL, "t");
    hook_semaphore_wait(&semaphore);
    if (hook_load(&outside) == 0)
        hook_fail("nobody has posted");
    if (broken)
        hook_semaphore_wait(&semaphore);
    hook_thread_exit();
}

static void test_a_semaphore_lets_as_many_through_as_were_posted(void **state)
{
    (void)state;
    both(run_semaphore, VERDICT_DEADLOCK);
}

static void signals(void *unused)
{
    (void)unused;
    hook_lock(&mutex);
    hook_store(&outside, 1u);
    hook_condition_signal(&condition);
    hook_unlock(&mutex);
    hook_thread_exit();
}

/* Broken: waits without a look at what was to be waited for. */
static void run_condition(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(signals, NULL, "t");
    hook_lock(&mutex);
    while (broken || hook_load(&outside) == 0) {
        hook_condition_wait(&condition, &mutex);
        if (broken)
            break;
    }
    hook_unlock(&mutex);
    hook_thread_exit();
}

static void test_a_signal_that_nobody_waits_for_is_lost(void **state)
{
    (void)state;
    both(run_condition, VERDICT_DEADLOCK);
}

static void run_join(const struct plan *plan)
{
    (void)plan;
    hook_thread_create(&threads[0], signals, NULL, "t");
    if (broken)
        hook_lock(&mutex);
    hook_thread_join(&threads[0]);
    if (hook_load(&outside) == 0)
        hook_fail("joined before the end");
    if (broken)
        hook_unlock(&mutex);
    hook_thread_exit();
}

static void test_a_join_waits_for_the_end_and_is_part_of_a_cycle(void **state)
{
    (void)state;
    test_options.record_chains = true; /* and so what each holds */
    both(run_join, VERDICT_DEADLOCK);
    test_options.record_chains = false;
    bool joins = false;
    for (uint32_t i = 0; i < test_outcome.cycle_count; i++) {
        const struct edge *edge = &test_outcome.edges[i];
        assert_string_equal(edge->holding, edge->kind == EDGE_JOIN ? "mutex" : "");
        assert_false(edge->wants_to_read || edge->holds_to_read || edge->predicted);
        joins = joins || edge->kind == EDGE_JOIN;
    }
    assert_true(joins);
}

/* --- more threads than there are places --- */

static void counts(void *unused)
{
    (void)unused;
    hook_fetch_add(&outside, 1u);
    hook_thread_exit();
}

enum { MANY = ENGINE_THREADS_MAX * 3 };

static void run_many(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < MANY; i++) {
        hook_thread_create(&threads[0], counts, NULL, "t");
        hook_thread_join(&threads[0]);
    }
    if (hook_load(&outside) != MANY)
        hook_fail("a thread did not run");
    hook_thread_exit();
}

static void test_the_place_of_a_thread_that_ended_is_used_again(void **state)
{
    (void)state;
    struct wedge_subject subject = { .name = "many", .reset = reset, .run = run_many };
    assert_int_equal(test_run(&subject, strategy_find("random"), 1)->verdict, VERDICT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers_are_alone),
        cmocka_unit_test(test_a_queued_writer_stops_readers_of_a_fair_lock_only),
        cmocka_unit_test(test_a_recursive_lock_is_free_after_as_many_unlocks),
        cmocka_unit_test(test_who_holds_a_spin_lock_must_not_sleep),
        cmocka_unit_test(test_a_destroyed_lock_is_used_after_a_new_init_only),
        cmocka_unit_test(test_a_state_is_left_by_whoever_is_in_it),
        cmocka_unit_test(test_a_state_is_left_once),
        cmocka_unit_test(test_a_semaphore_lets_as_many_through_as_were_posted),
        cmocka_unit_test(test_a_signal_that_nobody_waits_for_is_lost),
        cmocka_unit_test(test_a_join_waits_for_the_end_and_is_part_of_a_cycle),
        cmocka_unit_test(test_the_place_of_a_thread_that_ended_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
