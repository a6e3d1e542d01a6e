/* SPDX-License-Identifier: BSD-3-Clause */
/* Work in child processes: what comes of it does not depend on how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "repro/base/jobs.h"

enum { COUNT = 100 };

static void square(void *context, uint32_t item, void *result)
{
    (void)context;
    *(uint64_t *)result = (uint64_t)item * item + 1;
}

/* Each seventh item is the end of its process. */
static void die(void *context, uint32_t item, void *result)
{
    if (item % 7 == 0)
        raise(SIGKILL);
    if (item % 11 == 0)
        _exit(9);
    square(context, item, result);
}

static void run(uint32_t processes, void (*work)(void *, uint32_t, void *), uint64_t *results,
                int *died)
{
    struct jobs jobs = { .count = COUNT, .processes = processes, .what = "test", .work = work,
                         .results = results, .result_size = sizeof *results };
    assert_true(jobs_run(&jobs, died));
}

static void every_item_is_done_once_by_however_many(void **state)
{
    (void)state;
    for (uint32_t processes = 1; processes <= 8; processes++) {
        uint64_t *results = jobs_share(COUNT * sizeof *results);
        assert_non_null(results);
        run(processes, square, results, NULL);
        for (uint32_t i = 0; i < COUNT; i++)
            assert_int_equal(results[i], i * i + 1);
        munmap(results, COUNT * sizeof *results);
    }
}

static void a_process_that_dies_costs_the_item_that_it_was_at(void **state)
{
    (void)state;
    for (uint32_t processes = 1; processes <= 3; processes++) {
        uint64_t *results = jobs_share(COUNT * sizeof *results);
        int died[COUNT] = { 0 };
        run(processes, die, results, died);
        for (uint32_t i = 0; i < COUNT; i++) {
            int expected = i % 7 == 0 ? SIGKILL : i % 11 == 0 ? -9 : 0;
            assert_int_equal(died[i], expected);
            assert_int_equal(results[i], expected == 0 ? i * i + 1 : 0);
        }
        munmap(results, COUNT * sizeof *results);
    }
}

static void nothing_to_do_is_done(void **state)
{
    (void)state;
    struct jobs jobs = { .processes = 2, .work = square };
    assert_true(jobs_run(&jobs, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once_by_however_many),
        cmocka_unit_test(a_process_that_dies_costs_the_item_that_it_was_at),
        cmocka_unit_test(nothing_to_do_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
