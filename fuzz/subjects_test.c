/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of subjects; the examples as canaries: each planted bug is found, each twin is not. */
#include "core/engine/observer.h"
#include "fuzz/examples.h"
#include "fuzz/subjects.h"
#include "fuzz/test.h"

enum { RUNS = 2000 };

static void every_subject_is_found_by_its_name_alone(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < subject_count(); i++)
        assert_ptr_equal(subject_find(subject_at(i)->name), subject_at(i));
    assert_null(subject_find("no such subject"));
}

static void every_table_is_within_its_bounds(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < subject_count(); i++) {
        const struct wedge_subject *subject = subject_at(i);
        assert_true(subject->setting_count <= PLAN_SETTINGS_MAX);
        for (uint32_t j = 0; j < subject->setting_count; j++) {
            assert_true(subject->settings[j].minimum <= subject->settings[j].standard);
            assert_true(subject->settings[j].standard <= subject->settings[j].maximum);
        }
        for (uint32_t j = 0; j < subject->verb_count; j++)
            assert_true(subject->verbs[j].argument_count <= PLAN_ARGUMENTS_MAX);
    }
}

/* How the first run ended that did not end well; VERDICT_OK if all did. */
static enum verdict hunt(const struct wedge_subject *subject, struct strategy *strategy,
                         uint32_t faults)
{
    test_options = (struct engine_options){ .faults = faults };
    test_outcome.verdict = VERDICT_OK;
    test_hunt(subject, strategy, VERDICT_COUNT, RUNS);
    return test_outcome.verdict;
}

static void every_example_comes_to_its_verdict_under_every_strategy(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < strategy_count(); i++) {
        for (uint32_t j = 0; j < example_count(); j++) {
            enum verdict expected = example_expects(j);
            enum verdict verdict = hunt(example_at(j), strategy_at(i), example_at(j)->faults);
            if (verdict != expected)
                fail_msg("%s under %s: %s, expected %s", example_at(j)->name, strategy_at(i)->name,
                         verdict_name(verdict), verdict_name(expected));
        }
    }
}

/* No other fault will do, but a jump of the clock: to who reads it, it is what a late wake-up is. */
static void a_fault_is_what_its_example_needs(void **state)
{
    (void)state;
    uint32_t shown = 0, others = FAULTS_ALL & ~(1u << FAULT_CLOCK);
    for (uint32_t i = 0; i < example_count(); i++) {
        const struct wedge_subject *subject = example_at(i);
        if (subject->faults == 0 || example_expects(i) == VERDICT_OK)
            continue;
        shown |= subject->faults;
        for (uint32_t j = 0; j < strategy_count(); j++)
            assert_int_equal(hunt(subject, strategy_at(j), others & ~subject->faults),
                             VERDICT_OK);
    }
    assert_int_equal(shown, 1u << FAULT_CAS | 1u << FAULT_CLOCK | 1u << FAULT_WAIT |
                                1u << FAULT_WAKE | 1u << FAULT_MEMORY);
}

/* What a run can end in or predict has an example each; a replay can diverge besides, and a race is
 * seen where ThreadSanitizer looks. */
static void every_verdict_has_an_example(void **state)
{
    (void)state;
    bool seen[VERDICT_COUNT] = { false };
    for (uint32_t i = 0; i < example_count(); i++)
        seen[example_expects(i)] = seen[example_predicts(i)] = true;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        assert_true(seen[verdict] || verdict == VERDICT_DIVERGED || verdict == VERDICT_RACE);
}

/* From the first run that passes. */
static enum verdict predict(const struct wedge_subject *subject)
{
    struct plan plan;
    struct engine_options options = { .faults = 0 };
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        plan_clear(&plan);
        strategy_seed(seed);
        observer_predict(subject, &plan, strategy_find("random"), &options, "", &test_outcome);
        if (test_outcome.verdict == VERDICT_OK || verdict_is_predicted(test_outcome.verdict))
            return test_outcome.verdict;
    }
    return VERDICT_OK;
}

static void a_run_that_passes_predicts_what_its_example_has_and_its_twin_has_not(void **state)
{
    (void)state;
    bool seen[VERDICT_COUNT] = { false };
    for (uint32_t i = 0; i < example_count(); i++) {
        enum verdict predicted = predict(example_at(i));
        if (predicted != example_predicts(i))
            fail_msg("%s: predicts %s, expected %s", example_at(i)->name, verdict_name(predicted),
                     verdict_name(example_predicts(i)));
        seen[predicted] = true;
    }
    assert_true(seen[VERDICT_LOCK_ORDER] && seen[VERDICT_CONTEXT_INVERSION] &&
                seen[VERDICT_EVENT_CYCLE]);
}

static void an_examples_objects_have_names(void **state)
{
    (void)state;
    const struct wedge_subject *abba = subject_find("abba");
    assert_true(test_hunt(abba, strategy_find("random"), VERDICT_DEADLOCK, RUNS) < RUNS);
    assert_int_equal(test_outcome.cycle_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct edge *edge = &test_outcome.edges[i];
        assert_true(strcmp(edge->object, "a") == 0 || strcmp(edge->object, "b") == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_subject_is_found_by_its_name_alone),
        cmocka_unit_test(every_table_is_within_its_bounds),
        cmocka_unit_test(every_example_comes_to_its_verdict_under_every_strategy),
        cmocka_unit_test(a_fault_is_what_its_example_needs),
        cmocka_unit_test(every_verdict_has_an_example),
        cmocka_unit_test(a_run_that_passes_predicts_what_its_example_has_and_its_twin_has_not),
        cmocka_unit_test(an_examples_objects_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
