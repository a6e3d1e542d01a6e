/* SPDX-License-Identifier: BSD-3-Clause */
/* The workloads do what they are to measure: each planted bug is found, each twin is silent. */
#include "fuzz/workloads.h"

#include "core/base/check.h"
#include "fuzz/subjects.h"
#include "fuzz/test.h"

enum { RUNS = 2000, RUNS_SILENT = 300, SEEDS_ALL_WAYS = 100000 };

static struct plan plan;

/* The plan of a subject, with its first setting at `value` unless that is -1. */
static const struct wedge_subject *prepare(const char *name, int64_t value)
{
    const struct wedge_subject *subject = subject_find(name);
    struct prng prng = { 1 };
    assert_non_null(subject);
    plan_clear(&plan);
    subject->generate(&plan, &prng, 0);
    test_plan_in_range(subject, &plan);
    if (value >= 0)
        plan.settings[0] = value;
    return subject;
}

/* How the first run ended that did not end well; VERDICT_OK if all did. */
static enum verdict hunt(const char *name, int64_t value, struct strategy *strategy, uint32_t runs)
{
    const struct wedge_subject *subject = prepare(name, value);
    for (uint64_t seed = 0; seed < runs; seed++) {
        strategy_seed(seed);
        if (test_replay(subject, &plan, strategy)->verdict != VERDICT_OK)
            return test_outcome.verdict;
    }
    return VERDICT_OK;
}

static void every_workload_comes_to_its_verdict_under_every_strategy(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < strategy_count(); i++) {
        for (uint32_t j = 0; j < workload_count(); j++) {
            const char *name = workload_at(j)->name;
            enum verdict expected = workload_expects(j);
            assert_int_equal(subject_expects(workload_at(j)), expected);
            enum verdict verdict = hunt(name, -1, strategy_at(i), RUNS);
            if (verdict != expected)
                fail_msg("%s under %s: %s, expected %s", name, strategy_at(i)->name,
                         verdict_name(verdict), verdict_name(expected));
        }
    }
}

/* More threads, or messages, than unless said otherwise: the twins are still right. */
static void a_workload_without_a_bug_is_silent_at_other_sizes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < workload_count(); i++)
        for (int64_t size = 2; size <= 16; size *= 2)
            for (uint32_t j = 0; j < strategy_count(); j++)
                if (workload_expects(i) == VERDICT_OK)
                    assert_int_equal(hunt(workload_at(i)->name, size, strategy_at(j), RUNS_SILENT),
                                     VERDICT_OK);
}

/* With many threads: a node can be popped twice only while three are half-way. */
static void a_stack_that_frees_at_once_fails_in_all_ways_that_it_can(void **state)
{
    (void)state;
    static const char *const ways[] = { "reads a node that was freed", "popped twice",
                                        "the stack is empty before" };
    const struct wedge_subject *subject = prepare("stack", 12);
    uint32_t seen = 0;
    for (uint64_t seed = 0; seed < SEEDS_ALL_WAYS && seen != (1u << count_of(ways)) - 1; seed++) {
        strategy_seed(seed);
        if (test_replay(subject, &plan, strategy_find("random"))->verdict == VERDICT_OK)
            continue;
        for (uint32_t i = 0; i < count_of(ways); i++)
            if (strstr(test_outcome.message, ways[i]) != NULL)
                seen |= 1u << i;
    }
    assert_int_equal(seen, (1u << count_of(ways)) - 1);
}

/* So that a cost per step can be told from the cost of a run. */
static void a_counters_steps_are_its_additions_and_its_threads(void **state)
{
    (void)state;
    uint64_t steps[2];
    for (uint32_t i = 0; i < 2; i++) {
        const struct wedge_subject *subject = prepare("counter", 3);
        plan.settings[1] = i * 1000;
        strategy_seed(1);
        assert_int_equal(test_replay(subject, &plan, strategy_find("random"))->verdict, VERDICT_OK);
        steps[i] = test_outcome.steps;
    }
    assert_in_range(steps[0], 3, 20);
    assert_int_equal(steps[1] - steps[0], 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_comes_to_its_verdict_under_every_strategy),
        cmocka_unit_test(a_workload_without_a_bug_is_silent_at_other_sizes),
        cmocka_unit_test(a_stack_that_frees_at_once_fails_in_all_ways_that_it_can),
        cmocka_unit_test(a_counters_steps_are_its_additions_and_its_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
