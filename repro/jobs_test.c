/* SPDX-License-Identifier: BSD-3-Clause */
/* Work in child processes: what comes of it does not depend on how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/prng.h"
#include "repro/corpus_cover.h"
#include "repro/jobs.h"

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

/* --- covers --- */

enum { SETS = 200, MEMBERS = 12 };

static uint16_t members[SETS][MEMBERS];

static void draw(struct prng *prng, struct cover_set sets[SETS])
{
    for (uint32_t i = 0; i < SETS; i++) {
        uint32_t count = (uint32_t)prng_below(prng, MEMBERS + 1);
        for (uint32_t j = 0; j < count; j++) /* each once */
            members[i][j] = (uint16_t)(j * 40 + prng_below(prng, 40));
        sets[i] = (struct cover_set){ members[i], count, prng_below(prng, 20) == 0, false };
    }
}

/* How many elements the kept sets have, without one of them. */
static uint32_t covered(const struct cover_set sets[SETS], uint32_t without)
{
    static bool has[COVER_ELEMENTS];
    uint32_t count = 0;
    memset(has, 0, sizeof has);
    for (uint32_t i = 0; i < SETS; i++)
        for (uint32_t j = 0; j < sets[i].count && sets[i].is_kept && i != without; j++) {
            count += !has[sets[i].elements[j]];
            has[sets[i].elements[j]] = true;
        }
    return count;
}

static void a_cover_has_all_and_none_to_spare(void **state)
{
    (void)state;
    static struct cover_set sets[SETS];
    struct prng prng = { 1 };
    for (uint32_t round = 0; round < 50; round++) {
        draw(&prng, sets);
        uint32_t all = cover(sets, SETS);
        assert_int_equal(covered(sets, SETS), all);
        for (uint32_t i = 0; i < SETS; i++) {
            assert_true(sets[i].is_kept || !sets[i].is_forced);
            if (sets[i].is_kept && !sets[i].is_forced)
                assert_true(covered(sets, i) < all);
        }
    }
}

static void a_cover_of_a_cover_is_the_same(void **state)
{
    (void)state;
    static struct cover_set sets[SETS];
    struct prng prng = { 2 };
    for (uint32_t round = 0; round < 50; round++) {
        draw(&prng, sets);
        uint32_t all = cover(sets, SETS), count = 0;
        for (uint32_t i = 0; i < SETS; i++)
            if (sets[i].is_kept)
                sets[count++] = sets[i];
        assert_int_equal(cover(sets, count), all);
        for (uint32_t i = 0; i < count; i++)
            assert_true(sets[i].is_kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once_by_however_many),
        cmocka_unit_test(a_process_that_dies_costs_the_item_that_it_was_at),
        cmocka_unit_test(nothing_to_do_is_done),
        cmocka_unit_test(a_cover_has_all_and_none_to_spare),
        cmocka_unit_test(a_cover_of_a_cover_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
