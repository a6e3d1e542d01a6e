/* SPDX-License-Identifier: BSD-3-Clause */
/* A smallest set that covers all: nothing is lost, nothing is to spare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/base/prng.h"
#include "repro/corpus/corpus_cover.h"

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
        cmocka_unit_test(a_cover_has_all_and_none_to_spare),
        cmocka_unit_test(a_cover_of_a_cover_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
