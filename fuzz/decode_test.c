/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes to plans: total, in range, and a prefix stays a prefix. */
#include "core/base/prng.h"
#include "fuzz/decode.h"
#include "fuzz/subjects.h"
#include "fuzz/test.h"

enum { BYTES_MAX = 300 };
static uint8_t bytes[BYTES_MAX];
static struct plan plan, longer;

/* Random bytes, many of them of one extreme. Returns how many. */
static size_t draw_bytes(struct prng *prng)
{
    uint32_t odds = 1 + prng_below(prng, 8);
    uint8_t extreme = prng_one_in(prng, 2) ? 0 : UINT8_MAX;
    for (size_t i = 0; i < BYTES_MAX; i++)
        bytes[i] = prng_one_in(prng, odds) ? extreme : (uint8_t)prng_next(prng);
    return prng_below(prng, BYTES_MAX + 1);
}

static void any_bytes_are_a_plan_in_range_for_every_subject(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < subject_count(); i++) {
        const struct wedge_subject *subject = subject_at(i);
        struct prng prng = { i };
        for (int round = 0; round < 2000; round++) {
            size_t size = draw_bytes(&prng);
            assert_true(decode_plan(subject, bytes, size, &plan) <= size);
            test_plan_in_range(subject, &plan);
        }
    }
}

static void without_operations_the_seed_draws_the_program(void **state)
{
    (void)state;
    const struct wedge_subject *subject = subject_find("timers");
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(decode_plan(subject, NULL, 0, &plan), 0);
    assert_true(plan.operation_count > 0);
    bool differ = false;
    for (int seed = 1; seed < 20; seed++) {
        bytes[0] = (uint8_t)seed;
        assert_int_equal(decode_plan(subject, bytes, BYTES_MAX, &longer), DECODE_SEED_SIZE + 1);
        differ = differ || longer.operation_count != plan.operation_count;
    }
    assert_true(differ);
}

/* All that has been read whole stays as it is when bytes are added. */
static void more_bytes_only_add_decisions(void **state)
{
    (void)state;
    const struct wedge_subject *subject = subject_find("timers");
    struct prng prng = { 1 };
    for (int round = 0; round < 2000; round++) {
        size_t size = draw_bytes(&prng);
        if (size <= DECODE_SEED_SIZE || bytes[DECODE_SEED_SIZE] % (DECODE_OPERATIONS_MAX + 1) == 0)
            continue; /* the program is the generator's */
        decode_plan(subject, bytes, size, &plan);
        decode_plan(subject, bytes, BYTES_MAX, &longer);
        if (size > DECODE_SEED_SIZE + subject->setting_count)
            assert_memory_equal(plan.settings, longer.settings, sizeof plan.settings);
        assert_true(plan.operation_count <= longer.operation_count);
        for (uint32_t i = 0; i + 1 < plan.operation_count; i++)
            test_same_operation(&plan.operations[i], &longer.operations[i]);
    }
}

static void what_follows_the_program_is_left(void **state)
{
    (void)state;
    const struct wedge_subject *subject = subject_find("timers");
    memset(bytes, 0, sizeof bytes);
    bytes[DECODE_SEED_SIZE] = 3;
    size_t used = decode_plan(subject, bytes, BYTES_MAX, &plan);
    assert_int_equal(used, DECODE_SEED_SIZE + 1 + subject->setting_count +
                               3 * DECODE_OPERATION_SIZE);
    assert_int_equal(plan.operation_count, 3);
    for (uint32_t i = 0; i < subject->setting_count; i++)
        assert_int_equal(plan.settings[i], subject->settings[i].standard);
}

/* Some byte leads to each value of a narrow range, each verb, each actor. */
static void every_choice_can_be_made(void **state)
{
    (void)state;
    const struct wedge_subject *subject = subject_find("timers");
    bool verbs[UINT8_MAX + 1] = { false }, procs[8] = { false };
    bool goroutines[UINT8_MAX + 1] = { false }, callbacks[UINT8_MAX + 1] = { false };
    bool seconds[UINT8_MAX + 1] = { false };
    memset(bytes, 0, sizeof bytes);
    bytes[DECODE_SEED_SIZE] = 1;
    uint8_t *settings = bytes + DECODE_SEED_SIZE + 1;
    uint8_t *record = settings + subject->setting_count;
    for (uint32_t byte = 0; byte <= UINT8_MAX; byte++) {
        for (uint32_t verb = 0; verb < subject->verb_count; verb++) {
            settings[0] = record[0] = record[2] = (uint8_t)byte;
            record[1] = (uint8_t)verb;
            decode_plan(subject, bytes, BYTES_MAX, &plan);
            const struct plan_operation *operation = &plan.operations[0];
            verbs[operation->verb] = procs[plan.settings[0]] = true;
            (operation->actor_kind == 'g' ? goroutines : callbacks)[operation->actor] = true;
            if (operation->verb == 0)
                seconds[operation->arguments[0]] = true;
        }
    }
    for (uint32_t i = 0; i < subject->verb_count; i++)
        assert_true(verbs[i]);
    for (int64_t i = subject->settings[0].minimum; i <= subject->settings[0].maximum; i++)
        assert_true(procs[i]);
    for (uint32_t i = subject->actors[0].minimum; i <= subject->actors[0].maximum; i++)
        assert_true(goroutines[i]);
    for (uint32_t i = subject->actors[1].minimum; i <= subject->actors[1].maximum; i++)
        assert_true(callbacks[i] && seconds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_a_plan_in_range_for_every_subject),
        cmocka_unit_test(without_operations_the_seed_draws_the_program),
        cmocka_unit_test(more_bytes_only_add_decisions),
        cmocka_unit_test(what_follows_the_program_is_left),
        cmocka_unit_test(every_choice_can_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
