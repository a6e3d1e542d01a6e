/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/check.h"
#include "core/base/fiber.h"
#include "core/base/prng.h"

static struct fiber home, left, right;
static char log_text[64];

static void note(const char *word)
{
    strcat(log_text, word);
}

static void ping(void *argument)
{
    note(argument);
    fiber_switch(&right);
    note("c");
    fiber_switch(&home);
    check(!"not reached");
}

static void pong(void *argument)
{
    note(argument);
    fiber_switch(&left);
    check(!"not reached");
}

static int adopt(void **state)
{
    (void)state;
    fiber_adopt(&home);
    return 0;
}

static void a_fiber_goes_on_where_it_stopped(void **state)
{
    (void)state;
    log_text[0] = '\0';
    fiber_stack_reset();
    fiber_init(&left, fiber_stack_take(), FIBER_STACK_SIZE, ping, "a");
    fiber_init(&right, fiber_stack_take(), FIBER_STACK_SIZE, pong, "b");
    fiber_switch(&left);
    assert_string_equal(log_text, "abc");
    assert_ptr_equal(fiber_current(), &home);
}

static void a_fiber_may_be_forgotten_and_begun_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        a_fiber_goes_on_where_it_stopped(state);
}

/* Formatting a double needs a stack that is aligned as the ABI says. */
static void format(void *argument)
{
    snprintf(argument, 32, "%.3f %d", 2.5, 7);
    fiber_switch(&home);
    check(!"not reached");
}

static void a_fibers_stack_is_aligned_and_large_enough_for_libc(void **state)
{
    (void)state;
    char text[32];
    fiber_stack_reset();
    fiber_init(&left, fiber_stack_take(), FIBER_STACK_SIZE, format, text);
    fiber_switch(&left);
    assert_string_equal(text, "2.500 7");
}

static void stacks_are_taken_in_the_same_order_after_a_reset(void **state)
{
    (void)state;
    fiber_stack_reset();
    void *first = fiber_stack_take(), *second = fiber_stack_take();
    assert_ptr_not_equal(first, second);
    fiber_stack_reset();
    assert_ptr_equal(fiber_stack_take(), first);
    assert_ptr_equal(fiber_stack_take(), second);
}

static void the_generator_is_splitmix64(void **state)
{
    (void)state;
    struct prng prng = { 1234567 };
    assert_true(prng_next(&prng) == 6457827717110365317u); /* the published test vector */
    assert_true(prng_next(&prng) == 3203168211198807973u);
    bool seen[5] = { false };
    for (int i = 0; i < 1000; i++)
        seen[prng_below(&prng, 5)] = true;
    for (int i = 0; i < 5; i++)
        assert_true(seen[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_goes_on_where_it_stopped),
        cmocka_unit_test(a_fiber_may_be_forgotten_and_begun_again),
        cmocka_unit_test(a_fibers_stack_is_aligned_and_large_enough_for_libc),
        cmocka_unit_test(stacks_are_taken_in_the_same_order_after_a_reset),
        cmocka_unit_test(the_generator_is_splitmix64),
    };
    return cmocka_run_group_tests(tests, adopt, NULL);
}
