/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs that are drawn: in range, within the allowed faults, and leaving nothing out. */
#include "fuzz/test.h"
#include "fuzz/timers.h"
#include "fuzz/timers_program.h"

enum { SEEDS = 10000 };

static struct plan plan;

static void draw(uint64_t seed, uint32_t faults)
{
    struct prng prng = { seed };
    plan_clear(&plan);
    timers_subject.generate(&plan, &prng, faults);
}

static void every_drawn_plan_is_in_range(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        draw(seed, FAULTS_ALL);
        test_plan_in_range(&timers_subject, &plan);
        assert_true(plan.operation_count > 0);
    }
}

static void faults_that_are_not_allowed_are_not_drawn(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        draw(seed, 0);
        for (uint32_t i = 0; i < plan.operation_count; i++) {
            assert_int_not_equal(plan.operations[i].actor_kind, 'f');
            assert_int_not_equal(plan.operations[i].verb, VERB_RESIZE);
            assert_int_not_equal(plan.operations[i].verb, VERB_GC);
        }
    }
}

static void every_verb_setting_and_actor_is_drawn(void **state)
{
    (void)state;
    bool verbs[TIMERS_VERBS] = { false }, procs[TIMERS_PROCS_MAX + 1] = { false };
    bool goroutines[TIMERS_GOROUTINES + 1] = { false }, callbacks[TIMERS_COUNT] = { false };
    bool peers[TIMERS_PEERS + 1] = { false };
    bool sysmon[2] = { false }, scavenger[2] = { false };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        draw(seed, FAULTS_ALL);
        procs[plan.settings[SETTING_PROCS]] = sysmon[plan.settings[SETTING_SYSMON]] = true;
        scavenger[plan.settings[SETTING_SCAVENGER] > 0] = true;
        for (uint32_t i = 0; i < plan.operation_count; i++) {
            const struct plan_operation *operation = &plan.operations[i];
            verbs[operation->verb] = true;
            bool *actors = operation->actor_kind == 'g' ? goroutines
                           : operation->actor_kind == 'f' ? callbacks : peers;
            actors[operation->actor] = true;
        }
    }
    for (uint32_t i = 0; i < TIMERS_VERBS; i++)
        assert_true(verbs[i]);
    for (uint32_t i = 1; i <= TIMERS_PROCS_MAX; i++)
        assert_true(procs[i]);
    for (uint32_t i = 1; i <= TIMERS_PEERS; i++)
        assert_true(peers[i]);
    for (uint32_t i = 1; i <= TIMERS_GOROUTINES; i++)
        assert_true(goroutines[i]);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(callbacks[i]);
    assert_true(sysmon[0] && sysmon[1] && scavenger[0] && scavenger[1]);
}

static void sysmon_runs_when_something_is_asked_of_it(void **state)
{
    (void)state;
    uint32_t asked = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        draw(seed, FAULTS_ALL);
        for (uint32_t i = 0; i < plan.operation_count; i++) {
            const struct plan_operation *operation = &plan.operations[i];
            if (operation->actor_kind != 'g' || operation->verb != VERB_SYSMON_SCAVENGE)
                continue;
            assert_int_equal(plan.settings[SETTING_SYSMON], 1);
            asked++;
        }
    }
    assert_true(asked > SEEDS / 100);
}

/* Where there are a few adds: without a preference for new timers it is three in five. */
static void two_adds_in_three_start_a_new_timer(void **state)
{
    (void)state;
    uint32_t adds = 0, news = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint32_t seen = 0, count = 0;
        draw(seed, FAULTS_ALL);
        for (uint32_t i = 0; i < plan.operation_count; i++) {
            if (plan.operations[i].verb != VERB_ADD)
                continue;
            seen |= 1u << plan.operations[i].arguments[0];
            count++;
        }
        if (count < 2 || count > 4)
            continue;
        adds += count;
        news += (uint32_t)__builtin_popcount(seen);
    }
    assert_true(adds > SEEDS / 100);
    assert_true(3 * news > 2 * adds);
}

/* A run queue holds 8 and one more; a second level of a heap begins at 5, a third at 21. */
static void some_programs_fill_queues_and_heaps(void **state)
{
    (void)state;
    uint32_t queues = 0, heaps = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint32_t goroutines = 0, started = 0;
        draw(seed, FAULTS_ALL);
        for (uint32_t i = 0; i < plan.operation_count; i++) {
            const struct plan_operation *operation = &plan.operations[i];
            if (operation->actor_kind == 'g')
                goroutines |= 1u << operation->actor;
            if (operation->verb == VERB_ADD || operation->verb == VERB_AFTER)
                started |= 1u << operation->arguments[0];
        }
        queues += __builtin_popcount(goroutines) > 9;
        heaps += __builtin_popcount(started) + __builtin_popcount(goroutines) > 20;
    }
    assert_true(queues > SEEDS / 500);
    assert_true(heaps > SEEDS / 1000);
}

/* Each pair of verbs, by different goroutines, with nothing else in the program. */
static void many_pairs_of_verbs_are_alone_in_a_program(void **state)
{
    (void)state;
    static bool pairs[TIMERS_VERBS][TIMERS_VERBS];
    uint32_t count = 0;
    for (uint64_t seed = 0; seed < 20 * SEEDS; seed++) {
        draw(seed, FAULTS_ALL);
        const struct plan_operation *last = &plan.operations[plan.operation_count - 1];
        uint32_t verbs[2] = { plan.operations[0].verb, last->verb };
        bool alone = last->actor == 2;
        for (uint32_t i = 0; i < plan.operation_count; i++) {
            const struct plan_operation *operation = &plan.operations[i];
            alone = alone && operation->actor_kind == 'g' && operation->actor <= 2 &&
                    operation->verb == verbs[operation->actor - 1];
        }
        if (alone && !pairs[verbs[0]][verbs[1]]) {
            pairs[verbs[0]][verbs[1]] = true;
            count++;
        }
    }
    assert_true(count > TIMERS_VERBS * TIMERS_VERBS * 3 / 5);
}

static void the_same_seed_draws_the_same_plan(void **state)
{
    (void)state;
    static struct plan first;
    for (uint64_t seed = 0; seed < 100; seed++) {
        draw(seed, FAULTS_ALL);
        plan_copy(&first, &plan);
        draw(seed, FAULTS_ALL);
        assert_memory_equal(first.settings, plan.settings, sizeof first.settings);
        assert_int_equal(first.operation_count, plan.operation_count);
        for (uint32_t i = 0; i < plan.operation_count; i++)
            test_same_operation(&first.operations[i], &plan.operations[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_drawn_plan_is_in_range),
        cmocka_unit_test(faults_that_are_not_allowed_are_not_drawn),
        cmocka_unit_test(every_verb_setting_and_actor_is_drawn),
        cmocka_unit_test(sysmon_runs_when_something_is_asked_of_it),
        cmocka_unit_test(two_adds_in_three_start_a_new_timer),
        cmocka_unit_test(some_programs_fill_queues_and_heaps),
        cmocka_unit_test(many_pairs_of_verbs_are_alone_in_a_program),
        cmocka_unit_test(the_same_seed_draws_the_same_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
