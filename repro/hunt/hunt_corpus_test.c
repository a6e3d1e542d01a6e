/* SPDX-License-Identifier: BSD-3-Clause */
/* What a hunt keeps in a folder, with runs of the timers. */
#include "repro/hunt/hunt_corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/check.h"
#include "fuzz/timers.h"
#include "repro/base/file.h"

static char folder[] = "/tmp/wedge-corpus-test-XXXXXX";
static struct plan plan, recorded, found;

static uint32_t opened(void)
{
    uint32_t strange;
    corpus_forget();
    assert_true(corpus_open(folder, &strange));
    assert_int_equal(strange, 0);
    return corpus_size();
}

/* Makes a run that is kept; `recorded`: what it did. */
static void keep_run(uint64_t seed)
{
    static struct outcome outcome;
    struct prng prng = { seed };
    struct engine_options options = { .faults = timers_subject.faults };
    plan_clear(&plan);
    timers_subject.generate(&plan, &prng, timers_subject.faults);
    strategy_seed(seed);
    engine_run(&timers_subject, &plan, strategy_find("random"), &options, &outcome);
    assert_true(engine_recorded(&recorded));
    corpus_keep(&timers_subject);
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
    return a->operation_count == b->operation_count && a->fault_count == b->fault_count &&
           a->segment_count == b->segment_count &&
           memcmp(a->settings, b->settings, sizeof a->settings) == 0 &&
           memcmp(a->segments, b->segments, a->segment_count * sizeof a->segments[0]) == 0;
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/wedge-corpus-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int end(void **state)
{
    (void)state;
    file_remove_tree(folder);
    return 0;
}

/* --- claims --- */

static void a_kept_run_is_found_again_with_its_schedule(void **state)
{
    (void)state;
    assert_int_equal(opened(), 0);
    keep_run(1);
    assert_true(corpus_share(&timers_subject));
    assert_int_equal(opened(), 1);
    corpus_plan(&timers_subject, 0, &found);
    assert_true(recorded.segment_count > 3);
    assert_true(same_plan(&found, &recorded));
}

static void what_is_kept_twice_is_one_file(void **state)
{
    (void)state;
    assert_int_equal(opened(), 0);
    keep_run(1);
    keep_run(2);
    keep_run(1);
    assert_true(corpus_share(&timers_subject));
    assert_true(corpus_share(&timers_subject));
    assert_int_equal(opened(), 2);
}

static void one_in_eight_programs_is_a_child_of_one_that_is_kept(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    struct prng prng = { 3 };
    uint32_t children = 0, changed = 0;
    opened();
    assert_false(corpus_draw(&timers_subject, &prng, &found)); /* of whom? */
    keep_run(1);
    for (uint32_t i = 0; i < DRAWS; i++) {
        if (!corpus_draw(&timers_subject, &prng, &found))
            continue;
        children++;
        assert_int_equal(found.segment_count + found.fault_count, 0);
        changed += found.operation_count != recorded.operation_count ||
                   memcmp(found.operations, recorded.operations,
                          found.operation_count * sizeof found.operations[0]) != 0;
    }
    assert_in_range(children, DRAWS / 8 - 100, DRAWS / 8 + 100);
    assert_in_range(changed, children / 4, children - 1); /* others have another schedule only */
}

static void what_another_job_wrote_has_children_here(void **state)
{
    (void)state;
    char path[128];
    uint32_t strange;
    struct prng prng = { 3 };
    opened();
    keep_run(1);
    assert_true(corpus_share(&timers_subject));
    /* Another process has not seen what this folder gets after it was opened. */
    snprintf(path, sizeof path, "%s/other", folder);
    corpus_forget();
    assert_true(corpus_open(path, &strange));
    keep_run(2);
    assert_true(corpus_share(&timers_subject));
    corpus_forget();
    assert_true(corpus_open(folder, &strange));
    assert_int_equal(strange, 1); /* the folder */
    corpus_forget();
    assert_false(corpus_draw(&timers_subject, &prng, &found));
    char command[512];
    snprintf(command, sizeof command, "mv %s/* %s", path, folder);
    assert_int_equal(system(command), 0);
    assert_true(corpus_share(&timers_subject));
    uint32_t children = 0;
    for (uint32_t i = 0; i < 100; i++)
        children += corpus_draw(&timers_subject, &prng, &found);
    assert_true(children > 0);
}

static void what_is_no_plan_is_counted_and_left_alone(void **state)
{
    (void)state;
    char path[128];
    uint32_t strange;
    opened();
    keep_run(1);
    assert_true(corpus_share(&timers_subject));
    snprintf(path, sizeof path, "%s/notes", folder);
    assert_true(file_write(path, "hello", 5));
    corpus_forget();
    assert_true(corpus_open(folder, &strange));
    assert_int_equal(strange, 1);
    assert_int_equal(corpus_size(), 1);
    assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kept_run_is_found_again_with_its_schedule, begin, end),
        cmocka_unit_test_setup_teardown(what_is_kept_twice_is_one_file, begin, end),
        cmocka_unit_test_setup_teardown(one_in_eight_programs_is_a_child_of_one_that_is_kept, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_another_job_wrote_has_children_here, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_plan_is_counted_and_left_alone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
