/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small programs of "timers": what they are; and that the search of their schedules leaves out
 * none that matters. The latter is what notices an access of the runtime or of the program that
 * threads can race for and that is told to nobody (hook_peek, hook_poke, hook_touch): then
 * schedules are taken to be the same that are not.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine/exhaustive.h"
#include "fuzz/test.h"
#include "fuzz/timers.h"
#include "fuzz/timers_program.h"

static struct plan plan, other;
static struct outcome outcome;

static bool take(uint64_t index, struct plan *to)
{
    plan_clear(to);
    subject_standard_settings(&timers_subject, to);
    return timers_subject.enumerate(index, to);
}

static void every_small_program_is_in_range_and_has_two_goroutines(void **state)
{
    (void)state;
    uint64_t count = 0;
    for (; take(count, &plan); count++) {
        test_plan_in_range(&timers_subject, &plan);
        assert_int_equal(plan.operations[0].actor, 1);
        assert_int_equal(plan.operations[plan.operation_count - 1].actor, 2);
        assert_true(plan.operation_count <= 4);
        assert_in_range(plan.settings[SETTING_PROCS], 1, 2);
    }
    assert_int_equal(count, 442);
    assert_false(take(count + 1, &plan));
}

static void no_two_small_programs_are_alike(void **state)
{
    (void)state;
    for (uint64_t i = 0; take(i, &plan); i++)
        for (uint64_t j = 0; j < i; j++) {
            take(j, &other);
            assert_false(plan.operation_count == other.operation_count &&
                         memcmp(plan.settings, other.settings, sizeof plan.settings) == 0 &&
                         memcmp(plan.operations, other.operations,
                                plan.operation_count * sizeof *plan.operations) == 0);
        }
}

/* --- none is left out --- */

enum { CLASSES_MAX = 100000 };

struct classes {
    uint32_t count;
    uint64_t items[CLASSES_MAX];
};

static int compare(const void *one, const void *two)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)two;
    return a < b ? -1 : a > b;
}

/* Puts the classes of all schedules in order, each once. */
static void explore(struct exhaustive *search, uint32_t preemptions, bool reduce,
                    struct classes *classes)
{
    struct exhaustive_options options = { preemptions, reduce };
    struct engine_options engine_options = { .faults = 1u << FAULT_PREEMPT };
    uint32_t count = 0;
    exhaustive_begin(search, &options);
    while (exhaustive_next(search, &timers_subject, &plan, &engine_options, &outcome)) {
        assert_int_equal(outcome.verdict, VERDICT_OK);
        assert_true(count < CLASSES_MAX);
        classes->items[count++] = exhaustive_class(search);
    }
    assert_int_equal(exhaustive_counts(search)->cut_off, 0);
    qsort(classes->items, count, sizeof *classes->items, compare);
    classes->count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || classes->items[i] != classes->items[classes->count - 1])
            classes->items[classes->count++] = classes->items[i];
}

/* Without what is put aside: how soon, depends on who has gone on for how long. */
static void compare_searches(struct exhaustive *search, uint32_t preemptions)
{
    static struct classes all, classes;
    explore(search, preemptions, true, &classes);
    explore(search, preemptions, false, &all);
    if (exhaustive_counts(search)->put_aside > 0)
        return;
    assert_int_equal(classes.count, all.count);
    assert_memory_equal(classes.items, all.items, all.count * sizeof *all.items);
}

static void the_search_of_small_programs_reaches_every_class_of_schedules(void **state)
{
    (void)state;
    struct exhaustive *search = exhaustive_new();
    assert_non_null(search);
    for (uint64_t i = 0; take(i, &plan); i += 9)
        compare_searches(search, 1);
    for (uint64_t i = 133; take(i, &plan); i += 240)
        compare_searches(search, 2);
    exhaustive_free(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_program_is_in_range_and_has_two_goroutines),
        cmocka_unit_test(no_two_small_programs_are_alike),
        cmocka_unit_test(the_search_of_small_programs_reaches_every_class_of_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
