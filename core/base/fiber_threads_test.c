/* SPDX-License-Identifier: BSD-3-Clause */
/* Fibers that go from one OS thread to another: they know where they are, and what they have done is
 * known to ThreadSanitizer to have happened before what they do next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/check.h"
#include "core/base/fiber.h"

enum { THREADS = 8 };

static struct fiber traveller;
static int steps; /* not atomic */
static pid_t seen[THREADS];

/* Its home is, each time, the fiber of the thread that it is on. */
static void travel(void *home)
{
    for (;;) {
        check(fiber_current() == &traveller);
        seen[steps++] = gettid(); /* pthread_self() is const to the compiler */
        fiber_switch(*(struct fiber **)home);
    }
}

struct stop {
    struct fiber own;
    struct fiber **home;
    pid_t thread;
};

static void *carry(void *argument)
{
    struct stop *stop = argument;
    fiber_adopt(&stop->own);
    *stop->home = &stop->own;
    stop->thread = gettid();
    fiber_switch(&traveller);
    check(fiber_current() == &stop->own);
    return NULL;
}

static void a_fiber_goes_on_on_another_thread(void **state)
{
    (void)state;
    struct fiber *home = NULL;
    fiber_init(&traveller, fiber_stack_take(), FIBER_STACK_SIZE, travel, &home);
    for (int i = 0; i < THREADS; i++) {
        struct stop stop = { .home = &home };
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, carry, &stop), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(steps, i + 1);
        assert_int_equal(seen[i], stop.thread);
    }
}

static struct fiber other;
static int turns;

static void takes_turns(void *home)
{
    for (;;) {
        turns++;
        fiber_switch(home);
    }
}

static void fibers_of_one_thread_are_ordered_by_their_switches(void **state)
{
    (void)state;
    static struct fiber home;
    fiber_adopt(&home);
    fiber_init(&other, fiber_stack_take(), FIBER_STACK_SIZE, takes_turns, &home);
    for (int i = 0; i < 100; i++) {
        turns++;
        fiber_switch(&other);
    }
    assert_int_equal(turns, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_goes_on_on_another_thread),
        cmocka_unit_test(fibers_of_one_thread_are_ordered_by_their_switches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
