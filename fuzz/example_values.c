/* SPDX-License-Identifier: BSD-3-Clause */
/* Examples of threads that get values wrong, misuse a lock, or never end. */
#include "core/base/check.h"
#include "fuzz/example.h"

enum { WORK_MAX = 3 };

static const uint32_t forty_two = 42;

/* --- invariant --- */

static void count_in_two_steps(void *unused)
{
    (void)unused;
    uint32_t count = hook_load(&example.left);
    hook_store(&example.left, count + 1);
    example_end();
}

static void count_at_once(void *unused)
{
    (void)unused;
    hook_fetch_add(&example.left, 1u);
    example_end();
}

/* A weak CAS may fail for no reason, so one attempt is not enough. */
static void raise_in_one_attempt(void *unused)
{
    (void)unused;
    hook_cas_weak(&example.left, &(uint32_t){ 0 }, 1u);
    example_end();
}

static void raise_until_it_holds(void *unused)
{
    (void)unused;
    while (!hook_cas_weak(&example.left, &(uint32_t){ 0 }, 1u))
        continue;
    example_end();
}

const char *example_check_count(bool idle)
{
    if (idle && atomic_load(&example.running) == 0 && atomic_load(&example.left) != 2)
        return "E1 the count differs from how often it was counted";
    return NULL;
}

const char *example_check_left(bool idle)
{
    if (idle && atomic_load(&example.running) == 0 && atomic_load(&example.left) == 0)
        return "E2 left was not raised";
    return NULL;
}

void example_lost_count(const struct plan *plan)
{
    (void)plan;
    example_start(count_in_two_steps, count_in_two_steps);
}

void example_kept_count(const struct plan *plan)
{
    (void)plan;
    example_start(count_at_once, count_at_once);
}

void example_weak_cas(const struct plan *plan)
{
    (void)plan;
    example_start(raise_in_one_attempt, NULL);
}

void example_weak_cas_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(raise_until_it_holds, NULL);
}

enum { LIMIT_NS = 500000 };

/* Between the two looks the time may come: then what is left of it is below 0. */
static void spend_the_rest_by_two_looks(void *unused)
{
    (void)unused;
    int64_t deadline_ns = hook_clock() + LIMIT_NS;
    if (hook_clock() >= deadline_ns || deadline_ns - hook_clock() > 0)
        hook_store(&example.left, 1u);
    example_end();
}

static void spend_the_rest_by_one_look(void *unused)
{
    (void)unused;
    int64_t deadline_ns = hook_clock() + LIMIT_NS, now_ns = hook_clock();
    if (now_ns >= deadline_ns || deadline_ns - now_ns > 0)
        hook_store(&example.left, 1u);
    example_end();
}

void example_two_looks(const struct plan *plan)
{
    (void)plan;
    example_start(spend_the_rest_by_two_looks, NULL);
}

void example_two_looks_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(spend_the_rest_by_one_look, NULL);
}

/* Drops what there is no memory for. */
static void count_what_has_room(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++)
        if (!hook_allocation_point(&example.left))
            hook_fetch_add(&example.left, 1u);
    example_end();
}

/* right says how much of it is in a reserve. */
static void count_with_a_reserve(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        if (hook_allocation_point(&example.left))
            hook_fetch_add(&example.right, 1u);
        hook_fetch_add(&example.left, 1u);
    }
    example_end();
}

void example_no_memory(const struct plan *plan)
{
    (void)plan;
    example_start(count_what_has_room, NULL);
}

void example_no_memory_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(count_with_a_reserve, NULL);
}

/* --- race --- */

static void count_under(struct hook_mutex *mutex)
{
    hook_lock(mutex);
    example.number++;
    hook_unlock(mutex);
    example_end();
}

static void count_under_a(void *unused)
{
    (void)unused;
    count_under(&example.a);
}

static void count_under_b(void *unused)
{
    (void)unused;
    count_under(&example.b);
}

void example_two_locks(const struct plan *plan)
{
    (void)plan;
    example_start(count_under_a, count_under_b);
}

void example_one_lock(const struct plan *plan)
{
    (void)plan;
    example_start(count_under_a, count_under_a);
}

/* --- crash --- */

static void flag_then_publish(void *unused)
{
    (void)unused;
    hook_store(&example.left, 1u);
    hook_store(&example.right, 1u);
    example.published = &forty_two;
    example_end();
}

static void publish_then_flag(void *unused)
{
    (void)unused;
    example.published = &forty_two;
    hook_store(&example.left, 1u);
    hook_store(&example.right, 1u);
    example_end();
}

/* Reads through a null pointer for real, whatever sanitizer is on. */
__attribute__((no_sanitize("address", "undefined", "thread")))
static void read_published(void *unused)
{
    (void)unused;
    if (hook_load(&example.left) != 0) {
        const volatile uint32_t *published = example.published;
        check(*published == forty_two);
    }
    example_end();
}

void example_null(const struct plan *plan)
{
    (void)plan;
    example_start(flag_then_publish, read_published);
}

void example_null_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(publish_then_flag, read_published);
}

/* left must be up before right is. */
static void raise_right_then_left(void *unused)
{
    (void)unused;
    hook_store(&example.right, 1u);
    hook_store(&example.left, 1u);
    example_end();
}

static void raise_left_then_right(void *unused)
{
    (void)unused;
    hook_store(&example.left, 1u);
    hook_store(&example.right, 1u);
    example_end();
}

static void fail_if_torn(void *unused)
{
    (void)unused;
    if (hook_load(&example.right) != 0 && hook_load(&example.left) == 0)
        hook_fail("right is up and left is not");
    example_end();
}

void example_fail(const struct plan *plan)
{
    (void)plan;
    example_start(raise_right_then_left, fail_if_torn);
}

void example_fail_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(raise_left_then_right, fail_if_torn);
}

/* --- misuse --- */

static void unlock_twice_if_late(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    if (hook_load(&example.left) != 0)
        hook_unlock(&example.a);
    hook_unlock(&example.a);
    example_end();
}

static void unlock_once(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    hook_load(&example.left);
    hook_unlock(&example.a);
    example_end();
}

void example_unlock(const struct plan *plan)
{
    (void)plan;
    example_start(unlock_twice_if_late, example_raise_left);
}

void example_unlock_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(unlock_once, example_raise_left);
}

/* --- budget --- */

/* Useful work without an end, as far as anybody can tell. */
static void work_for_ever(void *unused)
{
    (void)unused;
    for (;;) {
        hook_fetch_add(&example.left, 1u);
        hook_progress();
    }
}

static void work_a_little(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < WORK_MAX; i++) {
        hook_fetch_add(&example.left, 1u);
        hook_progress();
    }
    example_end();
}

void example_endless(const struct plan *plan)
{
    (void)plan;
    example_start(work_for_ever, NULL);
}

void example_ending(const struct plan *plan)
{
    (void)plan;
    example_start(work_a_little, NULL);
}
