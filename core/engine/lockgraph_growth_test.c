/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock-order graph has no limits of its own: many live locks, long cycles, many threads, one
 * after another; each within a time that a quadratic walk could not keep. And when memory runs out
 * it says so, wherever that is.
 */
#include <stdlib.h>
#include <time.h>

#include "core/engine/lockgraph.h"
#include "core/engine/test.h"

enum { LIVE = 10000, LONG = 200, THREADS = 1000, SECONDS_MAX = 2 };

static struct lockgraph *graph;
static struct lesson lesson;
static struct hook_mutex locks[LIVE];
static char classes[LIVE][8];
static struct hook_semaphore event;
static _Atomic uint32_t ended;
static uint32_t lock_count;
static uint32_t ring; /* how many threads; the last one takes the first lock, if it is a ring */
static bool is_ring;

/* --- allocations that fail: the linker lets ours come in between --- */

static uint64_t allocations, allocation_to_fail; /* 0: none */

static bool fails(void)
{
    return ++allocations == allocation_to_fail;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

/* --- subjects --- */

static void reset(void)
{
    for (uint32_t i = 0; i < lock_count; i++) {
        snprintf(classes[i], sizeof classes[i], "m%u", i);
        hook_mutex_init(&locks[i], classes[i]);
    }
    hook_semaphore_init(&event, "event", 0);
    ended = 0;
}

static void take(uint32_t first, uint32_t second)
{
    hook_lock(&locks[first]);
    hook_lock(&locks[second]);
    hook_unlock(&locks[second]);
    hook_unlock(&locks[first]);
}

static void last_then_first(void *unused)
{
    (void)unused;
    take(LIVE - 1, 0);
    hook_thread_exit();
}

static void run_live(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(last_then_first, NULL, "t");
    for (uint32_t i = 0; i < LIVE; i++) {
        hook_lock(&locks[i]);
        hook_unlock(&locks[i]);
    }
    take(0, LIVE - 1);
    hook_thread_exit();
}

static void neighbours(void *number)
{
    uint32_t first = (uint32_t)(uintptr_t)number;
    take(first, is_ring ? (first + 1) % ring : first + 1);
    hook_fetch_add(&ended, 1u);
    hook_thread_exit();
}

/* One after another, so that they find room; but nothing keeps them in that order. */
static void run_ring(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < ring; i++) {
        hook_thread_start(neighbours, (void *)(uintptr_t)i, "t");
        while (hook_load(&ended) <= i)
            hook_spin(&ended);
    }
    hook_thread_exit();
}

static void posts(void *unused)
{
    (void)unused;
    take(1, 0);
    hook_semaphore_post(&event);
    hook_thread_exit();
}

static void run_small(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(posts, NULL, "t");
    take(0, 1);
    hook_lock(&locks[2]);
    hook_semaphore_wait(&event);
    hook_unlock(&locks[2]);
    hook_thread_exit();
}

static void run_once(void (*run)(const struct plan *plan))
{
    static struct plan empty;
    static struct wedge_subject subject;
    struct engine_options options = { .steps_max = 1u << 24, .log = lockgraph_log(graph, false) };
    subject = (struct wedge_subject){ .name = "growth", .reset = reset, .run = run };
    engine_run(&subject, &empty, strategy_replay(), &options, &test_outcome);
}

/* Until all of it fits in the log. */
static void learn(void (*run)(const struct plan *plan))
{
    clock_t begin = clock();
    uint32_t runs = 0;
    do {
        lockgraph_forget(graph);
        run_once(run);
        assert_int_equal(test_outcome.verdict, VERDICT_OK);
        lockgraph_learn(graph, &test_outcome, &lesson);
    } while (lesson.short_of_log && ++runs < 20);
    assert_false(lesson.short_of_log);
    assert_false(lesson.short_of_memory);
    assert_false(lesson.gave_up);
    assert_true((clock() - begin) / CLOCKS_PER_SEC < SECONDS_MAX);
}

static void test_an_inversion_among_ten_thousand_live_locks_is_told(void **state)
{
    (void)state;
    lock_count = LIVE;
    learn(run_live);
    assert_int_equal(lockgraph_prediction_count(graph), 1);
    assert_int_equal(lockgraph_prediction(graph, 0)->basis, BASIS_ORDER);
    assert_int_equal(lockgraph_prediction(graph, 0)->edges.count, 2);
}

static void test_a_cycle_of_two_hundred_threads_is_told_with_all_its_edges(void **state)
{
    (void)state;
    lock_count = ring = LONG;
    is_ring = true;
    learn(run_ring);
    assert_int_equal(lockgraph_prediction_count(graph), 1);
    assert_int_equal(lockgraph_prediction(graph, 0)->basis, BASIS_ORDER);
    assert_int_equal(lockgraph_prediction(graph, 0)->edges.count, LONG);
}

static void test_a_thousand_threads_that_keep_an_order_are_not_searched(void **state)
{
    (void)state;
    ring = THREADS;
    lock_count = THREADS + 1;
    is_ring = false;
    learn(run_ring);
    assert_int_equal(lockgraph_prediction_count(graph), 0);
    assert_int_equal(lockgraph_edge_count(graph), THREADS);
}

static void test_memory_that_runs_out_anywhere_is_said(void **state)
{
    (void)state;
    uint64_t failed = 0;
    lock_count = 3;
    for (uint64_t next = 1;; next++) {
        lockgraph_free(graph);
        graph = lockgraph_new();
        assert_non_null(graph);
        run_once(run_small);
        allocations = 0;
        allocation_to_fail = next;
        lockgraph_learn(graph, &test_outcome, &lesson);
        allocation_to_fail = 0;
        if (allocations < next)
            break; /* it needs no more than that */
        assert_true(lesson.short_of_memory);
        failed++;
        lockgraph_learn(graph, &test_outcome, &lesson); /* and once there is some, all is well */
        assert_false(lesson.short_of_memory);
        assert_int_equal(lockgraph_prediction_count(graph), 1);
    }
    assert_true(failed > 30);
    assert_false(lesson.short_of_memory);
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
        cmocka_unit_test(test_an_inversion_among_ten_thousand_live_locks_is_told),
        cmocka_unit_test(test_a_cycle_of_two_hundred_threads_is_told_with_all_its_edges),
        cmocka_unit_test(test_a_thousand_threads_that_keep_an_order_are_not_searched),
        cmocka_unit_test(test_memory_that_runs_out_anywhere_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
