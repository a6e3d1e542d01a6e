/* SPDX-License-Identifier: BSD-3-Clause */
/* The sums of `wedge bench`, and the settings that a workload fixes. */
#include "repro/bench/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RUNS_MAX = 100 };

static void ranks_are_of_the_sorted_searches(void **state)
{
    (void)state;
    struct bench_search searches[] = { { 9, 0.1 }, { 1, 0.4 }, { 5, 0.2 }, { 3, 0.5 }, { 7, 0.3 } };
    struct bench_distribution sum;
    bench_distribute(searches, 5, RUNS_MAX, &sum);
    assert_int_equal(sum.count, 5);
    assert_int_equal(sum.found, 5);
    assert_int_equal(sum.least, 1);
    assert_int_equal(sum.quarter, 3);
    assert_int_equal(sum.median, 5);
    assert_int_equal(sum.three_quarters, 7);
    assert_int_equal(sum.nine_tenths, 9);
    assert_int_equal(sum.most, 9);
    assert_float_equal(sum.mean, 5, 1e-9);
    assert_float_equal(sum.median_seconds, 0.3, 1e-9);
}

static void a_search_without_a_finding_is_the_longest(void **state)
{
    (void)state;
    struct bench_search searches[] = { { 0, 0 }, { 20, 0 }, { 0, 0 }, { 10, 0 } };
    struct bench_distribution sum;
    bench_distribute(searches, 4, RUNS_MAX, &sum);
    assert_int_equal(sum.found, 2);
    assert_int_equal(sum.least, 10);
    assert_int_equal(sum.median, 20);
    assert_int_equal(sum.three_quarters, UINT64_MAX);
    assert_int_equal(sum.most, UINT64_MAX);
    assert_float_equal(sum.mean, (10 + 20 + 2 * RUNS_MAX) / 4.0, 1e-9);
}

static void a_workload_is_a_subject_and_settings_within_their_bounds(void **state)
{
    (void)state;
    struct bench_workload workload;
    char wrong[128];
    assert_true(bench_workload_read(&workload, "counter:additions=7,threads=3", wrong,
                                    sizeof wrong));
    assert_string_equal(workload.subject->name, "counter");
    assert_int_equal(workload.settings.mask, 3);
    struct plan plan;
    plan_clear(&plan);
    settings_apply(&workload.settings, &plan);
    assert_int_equal(plan.settings[0], 3);
    assert_int_equal(plan.settings[1], 7);
    assert_true(bench_workload_read(&workload, "counter", wrong, sizeof wrong));
    assert_int_equal(workload.settings.mask, 0);

    static const char *const bad[] = {
        "",           "count",           "counter:",           "counter:threads",
        "counter:=3", "counter:size=3",  "counter:threads=",   "counter:threads=0",
        "counter:threads=3,", "counter:threads=3x", "counter:threads=-1",
        "counter:threads=99999999999999999999", "abba:threads=2",
    };
    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (bench_workload_read(&workload, bad[i], wrong, sizeof wrong))
            fail_msg("\"%s\" was taken for a workload", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_of_the_sorted_searches),
        cmocka_unit_test(a_search_without_a_finding_is_the_longest),
        cmocka_unit_test(a_workload_is_a_subject_and_settings_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
