/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Features tell runs apart by what threads did to each other, and by nothing else. Runs are written
 * as "0w1r": thread 0 writes, then thread 1 reads.
 */
#include <string.h>

#include "core/engine/coverage.h"
#include "core/engine/test.h"

static struct place {
    _Atomic uint32_t word, other;
    struct hook_mutex outer, inner;
} places[2], *place = &places[0];
static const char *script;
static uint32_t value; /* that is written */
static struct coverage coverage;
static struct coverage_seen seen;

static void reset(void)
{
    memset(places, 0, sizeof places);
    hook_mutex_init(&place->outer, "outer");
    hook_mutex_init(&place->inner, "inner");
}

static void exchange(void)
{
    for (uint32_t old = 0; !hook_cas_weak(&place->word, &old, value);)
        continue;
}

static void store_elsewhere(void)
{
    hook_store(&place->word, value);
}

static void perform(char operation)
{
    switch (operation) {
    case 'r': hook_load(&place->word); break;
    case 'w': hook_store(&place->word, value); break;
    case 'W': store_elsewhere(); break;
    case 'o': hook_load(&place->other); break;
    case 'c': exchange(); break;
    case 'L': hook_lock(&place->outer); break;
    case 'U': hook_unlock(&place->outer); break;
    case 'l': hook_lock(&place->inner); break;
    case 'u': hook_unlock(&place->inner); break;
    default: fail_msg("no operation '%c'", operation);
    }
}

static void perform_all(char thread)
{
    for (const char *at = script; *at != '\0'; at += 2)
        if (at[0] == thread)
            perform(at[1]);
    hook_thread_exit();
}

static void second(void *unused)
{
    (void)unused;
    perform_all('1');
}

static void first(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(second, NULL, "m");
    perform_all('0');
}

static const struct wedge_subject subject = { .name = "script", .run = first, .reset = reset };

/* Each operation is a step, but for unlocks, which belong to the step before. First both threads come
 * to where their first one is the next. */
static void plan_script(struct plan *plan)
{
    plan_clear(plan);
    plan_add_segment(plan, (struct plan_segment){ .thread = 0, .steps = 2 });
    plan_add_segment(plan, (struct plan_segment){ .thread = 1, .steps = 1 });
    for (const char *at = script; *at != '\0'; at += 2)
        if (at[1] != 'U' && at[1] != 'u')
            plan_add_segment(plan, (struct plan_segment){ .thread = (uint16_t)(at[0] - '0'),
                                                          .steps = 1 });
}

static const struct coverage *cover(const char *operations)
{
    static struct plan plan;
    script = operations;
    plan_script(&plan);
    assert_int_equal(test_replay(&subject, &plan, strategy_replay_lenient())->verdict, VERDICT_OK);
    coverage_of_run(&coverage);
    return &coverage;
}

static uint32_t news(const char *operations)
{
    return coverage_add(&seen, cover(operations));
}

static int forget(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    value = 1;
    return 0;
}

static void the_same_run_has_the_same_features_wherever_its_objects_lie(void **state)
{
    (void)state;
    static struct coverage before;
    before = *cover("0w1r1W0r");
    assert_true(before.count > 4);
    for (uint32_t i = 0; i < 4; i++) {
        place = &places[i % 2];
        const struct coverage *again = cover("0w1r1W0r");
        assert_int_equal(again->count, before.count);
        assert_memory_equal(again->features, before.features,
                            before.count * sizeof before.features[0]);
    }
    place = &places[0];
}

static void who_reads_what_another_thread_wrote_is_a_feature(void **state)
{
    (void)state;
    news("0w0o1o0r");
    assert_int_equal(news("0w0o1o1r"), 1);
    assert_int_equal(news("0w0o1o1r"), 0);
}

static void which_write_follows_which_is_a_feature(void **state)
{
    (void)state;
    news("0w0W0o1o");
    assert_int_equal(news("0W0w"), 2); /* the first one, too */
    assert_int_equal(news("0w0o1o1W"), 1); /* now another thread's */
}

static void a_small_value_that_is_read_is_a_feature(void **state)
{
    (void)state;
    news("0w0r");
    value = 5;
    assert_int_equal(news("0w0r"), 1);
    value = 100000;
    assert_int_equal(news("0w0r"), 0);
}

static void what_is_taken_while_something_is_held_is_a_feature(void **state)
{
    (void)state;
    news("0L0U0l0u");
    assert_int_equal(news("0L0l0u0U"), 1);
}

static void a_switch_between_two_uses_of_an_object_is_a_feature(void **state)
{
    (void)state;
    news("0o0w1o");
    assert_int_equal(news("0o1o0w"), 1);
}

static void a_fault_is_a_feature(void **state)
{
    (void)state;
    static struct plan plan;
    news("0c0r");
    plan_script(&plan);
    uint16_t group = site_group_find("exchange", "&place->word", HOOK_CAS_WEAK);
    plan_add_fault(&plan, (struct plan_fault){ FAULT_CAS, "m0", group, 1, 0 });
    test_replay(&subject, &plan, strategy_replay_lenient());
    coverage_of_run(&coverage);
    assert_int_equal(coverage_add(&seen, &coverage), 1);
}

static void each_feature_of_a_run_is_told_once(void **state)
{
    (void)state;
    static bool told[COVERAGE_SIZE];
    cover("0w1r0w1r0w1r");
    for (uint32_t i = 0; i < coverage.count; i++) {
        assert_true(coverage.features[i] < COVERAGE_SIZE);
        assert_false(told[coverage.features[i]]);
        told[coverage.features[i]] = true;
    }
}

/* Runs are numbered by a byte: what is left from the last one of a number must not hide anything. */
static void nothing_is_left_from_earlier_runs(void **state)
{
    (void)state;
    uint32_t count = cover("0w1r1W0r")->count;
    for (int i = 1; i <= 2 * UINT8_MAX; i++)
        if (i % UINT8_MAX == 0)
            assert_int_equal(cover("0w1r1W0r")->count, count);
        else
            cover("0o");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_run_has_the_same_features_wherever_its_objects_lie),
        cmocka_unit_test_setup(who_reads_what_another_thread_wrote_is_a_feature, forget),
        cmocka_unit_test_setup(which_write_follows_which_is_a_feature, forget),
        cmocka_unit_test_setup(a_small_value_that_is_read_is_a_feature, forget),
        cmocka_unit_test_setup(what_is_taken_while_something_is_held_is_a_feature, forget),
        cmocka_unit_test_setup(a_switch_between_two_uses_of_an_object_is_a_feature, forget),
        cmocka_unit_test_setup(a_fault_is_a_feature, forget),
        cmocka_unit_test(each_feature_of_a_run_is_told_once),
        cmocka_unit_test(nothing_is_left_from_earlier_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
