/* SPDX-License-Identifier: BSD-3-Clause */
/* Random plans of all subjects come back from text and from bytes, and their runs are the same,
 * event by event. How many: the first argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fuzz/subjects.h"
#include "repro/reproducer/round_trip.h"

enum { PLANS_STANDARD = 1500, SIZE_MAX_DRAWN = 400, STEPS_MAX = 4000 };

static uint32_t plan_count = PLANS_STANDARD;
static struct round_trip trip;
static uint8_t bytes[1 << 14];

/* Half of them are drafts with a program that is drawn, the others whatever the bytes say. */
static size_t draw_bytes(const struct wedge_subject *subject, struct prng *prng)
{
    static struct draft draft;
    if (prng_one_in(prng, 2)) {
        draft_draw(subject, prng, &draft);
        return draft_encode(subject, &draft, bytes, sizeof bytes);
    }
    size_t size = prng_below(prng, SIZE_MAX_DRAWN);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)prng_below(prng, UINT8_MAX + 1);
    return size;
}

static void what_bytes_mean_is_the_same_as_text_and_as_bytes_again(void **state)
{
    (void)state;
    struct prng prng = { 1 };
    uint32_t compared = 0;
    for (uint32_t i = 0; i < plan_count; i++) {
        const struct wedge_subject *subject =
            subject_at(prng_one_in(&prng, 2) ? 0 : prng_below(&prng, subject_count()));
        size_t size = draw_bytes(subject, &prng);
        compared += round_trip(&trip, subject, bytes, size, STEPS_MAX);
    }
    print_message("%u plans, %u compared\n", plan_count, compared);
    assert_true(compared >= plan_count / 100 * 99);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_bytes_mean_is_the_same_as_text_and_as_bytes_again),
    };
    if (argc > 1)
        plan_count = (uint32_t)strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
