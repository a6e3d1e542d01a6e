/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel of the back-ends on real threads keeps what netpollkernel.h says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/runtime/netpollkernel.h"

static struct pollDesc descriptors[2 * EVENTS_MAX];
static struct kernel_event events[EVENTS_MAX];
static bool byte;

static int open_kernel(void **state)
{
    (void)state;
    kernel_open();
    for (size_t i = 0; i < count_of(descriptors); i++)
        kernel_register(&descriptors[i]);
    return 0;
}

/* It may return early for no reason. */
static void wait_for_something(void)
{
    while (!kernel_wait(HOOK_FOREVER))
        continue;
}

static void expect_one(struct pollDesc *pd, int mode)
{
    wait_for_something();
    assert_int_equal(kernel_take(events, false, &byte), 1);
    assert_ptr_equal(events[0].pd, pd);
    assert_int_equal(events[0].mode, mode);
    assert_int_equal(kernel_take(events, false, &byte), 0);
    assert_false(kernel_is_pending());
}

static void nothing_is_ready_before_an_event(void **state)
{
    (void)state;
    assert_false(kernel_is_pending());
    assert_int_equal(kernel_take(events, true, &byte), 0);
    assert_false(byte);
    assert_false(kernel_wait(hook_clock() + 1000));
}

static void an_event_is_reported_once_in_its_direction(void **state)
{
    (void)state;
    static const int modes[] = { 'r', 'w', 'r' + 'w' };
    for (size_t round = 0; round < 300; round++) {
        int mode = modes[round % count_of(modes)];
        netpoll_event(&descriptors[0], mode);
        expect_one(&descriptors[0], mode);
    }
}

static void events_that_nobody_has_taken_become_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10000; i++)
        netpoll_event(&descriptors[1], 'r');
    expect_one(&descriptors[1], 'r');
    netpoll_event(&descriptors[1], 'r');
    netpoll_event(&descriptors[1], 'w');
    netpoll_event(&descriptors[1], 'w');
    expect_one(&descriptors[1], 'r' + 'w');
}

static void what_does_not_fit_is_left_for_the_next(void **state)
{
    (void)state;
    uint32_t seen = 0;
    for (size_t i = 0; i < count_of(descriptors); i++)
        netpoll_event(&descriptors[i], 'w');
    for (int takes = 0; takes < 2; takes++) {
        uint32_t count = kernel_take(events, false, &byte);
        assert_int_equal(count, EVENTS_MAX);
        for (uint32_t i = 0; i < count; i++)
            seen |= 1u << (events[i].pd - descriptors);
    }
    assert_int_equal(seen, UINT32_MAX);
    assert_int_equal(kernel_take(events, false, &byte), 0);
}

static void the_byte_is_left_by_who_does_not_ask_for_it(void **state)
{
    (void)state;
    kernel_write_byte();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kernel_take(events, false, &byte), 0);
        assert_false(byte);
        wait_for_something();
    }
    assert_int_equal(kernel_take(events, true, &byte), 0);
    assert_true(byte);
    assert_false(kernel_is_pending());
}

static void the_byte_comes_beside_an_event(void **state)
{
    (void)state;
    kernel_write_byte();
    netpoll_event(&descriptors[2], 'r');
    assert_int_equal(kernel_take(events, true, &byte), 1);
    assert_true(byte);
    assert_int_equal(events[0].mode, 'r');
    assert_false(kernel_is_pending());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_ready_before_an_event),
        cmocka_unit_test(an_event_is_reported_once_in_its_direction),
        cmocka_unit_test(events_that_nobody_has_taken_become_one),
        cmocka_unit_test(what_does_not_fit_is_left_for_the_next),
        cmocka_unit_test(the_byte_is_left_by_who_does_not_ask_for_it),
        cmocka_unit_test(the_byte_comes_beside_an_event),
    };
    return cmocka_run_group_tests(tests, open_kernel, NULL);
}
