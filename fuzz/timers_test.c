/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The subject "timers" on the correct runtime: whatever the program, the schedule and the faults,
 * it ends by itself and nobody complains. And its judges do complain when the state is tampered
 * with.
 */
#include "core/base/check.h"
#include "core/runtime/scavenge.h"
#include "fuzz/decode.h"
#include "fuzz/test.h"
#include "fuzz/timers.h"
#include "fuzz/timers_program.h"

enum { RUNS = 1000, STEP_CHECKED_RUNS = 100, BYTES_MAX = 400 };

static struct plan plan;

static void begin(int64_t procs, int64_t sysmon, int64_t scavenger)
{
    plan_clear(&plan);
    plan.settings[SETTING_PROCS] = procs;
    plan.settings[SETTING_SYSMON] = sysmon;
    plan.settings[SETTING_SCAVENGER] = scavenger;
    test_options = (struct engine_options){ .faults = FAULTS_ALL };
}

static void add(char kind, uint8_t actor, enum timers_verb verb, int64_t first, int64_t second)
{
    struct plan_operation operation = { kind, actor, (uint8_t)verb, { first, second } };
    test_operation_in_range(&timers_subject, &operation);
    assert_true(plan_add_operation(&plan, operation));
}

static void run(struct strategy *strategy, uint64_t seed)
{
    strategy_seed(seed);
    test_replay(&timers_subject, &plan, strategy);
    if (verdict_is_finding(test_outcome.verdict))
        fail_msg("seed %llu: %s: %s", (unsigned long long)seed, verdict_name(test_outcome.verdict),
                 test_outcome.message);
}

/* --- clean --- */

static void drawn_programs_end_well_under_every_strategy(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < strategy_count(); i++) {
        for (uint64_t seed = 0; seed < RUNS; seed++) {
            struct prng prng = { seed };
            begin(1, 0, 0);
            timers_subject.generate(&plan, &prng, FAULTS_ALL);
            test_options.check_each_step = seed < STEP_CHECKED_RUNS;
            run(strategy_at(i), seed);
        }
    }
}

/* Of that walk with that pause; `sum`: of all. */
static uint32_t portfolio_share(const char *walk, const char *pause, uint32_t *sum)
{
    struct portfolio_pair pair;
    uint32_t share = 0;
    *sum = 0;
    for (uint32_t i = 0; portfolio_pair(i, &pair); i++) {
        const char *name = pair.pause != NULL ? pair.pause : "";
        assert_true(pair.permille > 0);
        *sum += pair.permille;
        if (strcmp(pair.walk, walk) == 0 && strcmp(name, pause) == 0)
            share = pair.permille;
    }
    return share;
}

/* PCT switches seldom, so it shows few pairs of hook points in as many steps. */
static void the_portfolio_gives_less_to_who_shows_less_and_some_to_all(void **state)
{
    (void)state;
    uint32_t sum;
    strategy_forget();
    uint32_t pct = portfolio_share("pct", "", &sum), pos = portfolio_share("pos", "", &sum);
    for (uint64_t seed = 0; seed < 600; seed++) {
        struct prng prng = { seed };
        begin(1, 0, 0);
        timers_subject.generate(&plan, &prng, FAULTS_ALL);
        run(strategy_find("portfolio"), seed);
    }
    assert_in_range(portfolio_share("pct", "", &sum), pct / 4, pct - 1);
    assert_in_range(sum, 990, 1010);
    assert_int_not_equal(portfolio_share("pos", "", &sum), pos);
    strategy_forget();
    assert_int_equal(portfolio_share("pct", "", &sum), pct);
    assert_int_equal(portfolio_share("pos", "", &sum), pos);
}

static void programs_from_any_bytes_end_well(void **state)
{
    (void)state;
    static uint8_t bytes[BYTES_MAX];
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct prng prng = { seed };
        for (size_t i = 0; i < BYTES_MAX; i++)
            bytes[i] = (uint8_t)prng_next(&prng);
        begin(1, 0, 0);
        size_t used = decode_plan(&timers_subject, bytes, BYTES_MAX, &plan);
        run(strategy_bytes(bytes + used, BYTES_MAX - used), seed);
    }
}

/* Each verb alone, for each kind of actor, with the bounds of its arguments. */
static void every_verb_alone_ends_well(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < timers_subject.verb_count; i++) {
        const struct subject_verb *verb = &timers_subject.verbs[i];
        for (const char *kind = verb->actors; *kind != '\0'; kind++) {
            for (int maximum = 0; maximum < 2; maximum++) {
                begin(1 + maximum, maximum, 0);
                if (*kind == 'f')
                    add('g', 1, VERB_RESET, 0, 0);
                const struct subject_argument *arguments = verb->arguments;
                add(*kind, *kind == 'f' ? 0 : 1, (enum timers_verb)i,
                    maximum ? arguments[0].maximum : arguments[0].minimum,
                    maximum ? arguments[1].maximum : arguments[1].minimum);
                run(strategy_replay_lenient(), 0);
                assert_int_equal(test_outcome.verdict, VERDICT_OK);
            }
        }
    }
}

/* --- every program ends --- */

static uint32_t ran(uint32_t timer)
{
    return timers_program.model.timers[timer].ran;
}

static void a_callback_that_restarts_its_own_timer_ends(void **state)
{
    (void)state;
    begin(1, 0, 0);
    add('g', 1, VERB_ADD, 0, 0);
    add('f', 0, VERB_RESET, 0, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_int_equal(ran(0), 4);
}

static void a_periodic_timer_ends_though_nobody_stops_it(void **state)
{
    (void)state;
    begin(1, 0, 0);
    add('g', 1, VERB_PERIODIC, 0, 1);
    add('g', 1, VERB_SLEEP, TIMERS_DURATION_MAX, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_true(ran(0) >= 1);
}

static void a_timer_in_the_near_future_runs_and_a_far_one_is_stopped(void **state)
{
    (void)state;
    begin(1, 0, 0);
    add('g', 1, VERB_ADD, 0, 10000000);
    add('g', 1, VERB_ADD, 1, TIMERS_DURATION_MAX);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(ran(0), 1);
    assert_int_equal(ran(1), 0);
    assert_int_equal(timers_program.model.timers[1].reported, 1);
}

/* -1 is an overflow: never. 0 is not "no time", and a period need not fit before the end of time. */
static void times_that_nobody_means_are_taken_as_they_are(void **state)
{
    (void)state;
    static const struct { enum timers_verb verb; int64_t raw; uint32_t runs; } rows[] = {
        { VERB_AT, -1, 0 }, { VERB_AT, 0, 1 }, { VERB_AT, 1, 1 },
        { VERB_AT, INT64_MAX, 0 }, { VERB_AT, INT64_MAX - 1, 0 },
        { VERB_EVERY, -1, 1 }, { VERB_EVERY, 0, 1 }, { VERB_EVERY, INT64_MAX, 1 },
        { VERB_EVERY, INT64_MAX - 1, 1 },
    };
    for (uint32_t i = 0; i < count_of(rows); i++) {
        begin(1, 0, 0);
        add('g', 1, rows[i].verb, 0, rows[i].raw);
        add('g', 1, VERB_SLEEP, 1000000, 0);
        run(strategy_replay(), 0);
        assert_int_equal(ran(0), rows[i].runs);
    }
    begin(1, 0, 0); /* another timer is not kept waiting */
    add('g', 1, VERB_AT, 0, 0);
    add('g', 1, VERB_AT, 1, -1);
    add('g', 1, VERB_EVERY, 2, INT64_MAX);
    add('g', 1, VERB_ADD, 3, 1000);
    run(strategy_replay(), 0);
    assert_int_equal(ran(3), 1);
}

static void waits_for_what_never_comes_are_ended_by_closing(void **state)
{
    (void)state;
    begin(2, 0, 0);
    add('g', 1, VERB_READ, 0, 0);
    add('g', 1, VERB_OPEN, 0, 0);
    add('g', 1, VERB_READ, 0, 0);
    add('g', 2, VERB_WRITE, 0, 0);
    add('g', 3, VERB_READ, 1, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_true(timers_program.model.descriptors[0].closed);
}

/* The deadline passes first: nobody closes early what is certain to end. */
static void a_wait_with_a_deadline_lasts_until_then(void **state)
{
    (void)state;
    begin(1, 0, 0);
    add('g', 1, VERB_DEADLINE, 0, 1000000);
    add('g', 1, VERB_READ, 0, 0);
    run(strategy_replay_lenient(), 0);
    assert_true(timers_program.descriptors[0].rd < 0);
    assert_true(test_outcome.now_ns >= 2000000);
}

static void the_scavenger_ends_though_somebody_sleeps_on(void **state)
{
    (void)state;
    begin(1, 1, 1);
    add('g', 1, VERB_SLEEP, TIMERS_DURATION_MAX, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_true(scavenge.rounds > 1);
    assert_true(scavenge.rounds < 10);
}

/* --- the same again --- */

/* With every fault, also runs that pass and those that are cut off: nothing is left to chance. */
static void every_run_is_the_same_again_when_replayed(void **state)
{
    static struct plan drawn, recorded;
    static struct outcome first, again;
    struct engine_options options = { .faults = FAULTS_ALL };
    (void)state;
    uint32_t with_faults = 0;
    for (uint32_t i = 0; i < 300 * strategy_count(); i++) {
        struct prng prng = { i };
        uint32_t events, events_again;
        plan_clear(&drawn);
        timers_subject.generate(&drawn, &prng, FAULTS_ALL);
        strategy_seed(i);
        engine_run(&timers_subject, &drawn, strategy_at(i % strategy_count()), &options, &first);
        if (!engine_recorded(&recorded))
            continue;
        engine_trace(&events);
        engine_run(&timers_subject, &recorded, strategy_replay(), &options, &again);
        engine_trace(&events_again);
        assert_int_equal(again.verdict, first.verdict);
        assert_int_equal(again.steps, first.steps);
        assert_int_equal(again.now_ns, first.now_ns);
        assert_int_equal(events_again, events);
        with_faults += recorded.fault_count > 0;
    }
    assert_true(with_faults > 300);
}

static void a_run_leaves_nothing_behind(void **state)
{
    (void)state;
    begin(2, 1, 1000);
    add('g', 1, VERB_ADD, 3, 1000);
    add('g', 1, VERB_DEADLINE, 2, 1000);
    add('g', 2, VERB_READ, 2, 0);
    run(strategy_find("random"), 1);
    uint64_t steps = test_outcome.steps;
    timers_subject.reset();
    static const struct timer timer;
    static const struct pollDesc descriptor;
    assert_memory_equal(&timers_program.timers[3], &timer, sizeof timer);
    assert_memory_equal(&timers_program.descriptors[2], &descriptor, sizeof descriptor);
    run(strategy_find("random"), 1);
    assert_int_equal(test_outcome.steps, steps);
}

/* --- the judges --- */

static void run_one_timer(void)
{
    begin(1, 0, 0);
    add('g', 1, VERB_ADD, 0, 1000);
    run(strategy_replay_lenient(), 0);
    assert_null(timers_check(true));
}

static void a_counter_that_is_off_breaks_I10(void **state)
{
    (void)state;
    run_one_timer();
    atomic_fetch_add(&rt.ps[0].numTimers, 1);
    assert_int_equal(strncmp(timers_check(true), "I10 ", 4), 0);
}

static void a_timer_in_no_heap_breaks_I5(void **state)
{
    (void)state;
    run_one_timer();
    atomic_store(&timers_program.timers[0].status, timerWaiting);
    assert_int_equal(strncmp(timers_check(true), "I5 ", 3), 0);
}

static void a_start_that_was_lost_breaks_M2(void **state)
{
    (void)state;
    run_one_timer();
    timers_program.model.timers[0].started++;
    assert_int_equal(strncmp(timers_check(true), "M2 ", 3), 0);
}

/* The clock may be moved past it while others are busy: it is late from when all is quiet. */
static void what_is_overdue_counts_from_when_it_was_noticed(void **state)
{
    (void)state;
    run_one_timer();
    struct model_timer *timer = &timers_program.model.timers[0];
    assert_true(timers_subject.due() == HOOK_FOREVER);
    timer->started++;
    timer->latest = 1;
    assert_int_equal(timers_subject.due(), engine_now());
    timer->latest = engine_now() + 5;
    assert_int_equal(timers_subject.due(), engine_now() + 5);
    timers_program.overdue.since_ns = 7; /* another time */
    timer->latest = 1;
    assert_int_equal(timers_subject.due(), engine_now());
}

/* --- operations that change the world --- */

static void an_AfterFunc_runs_on_a_goroutine_of_its_own(void **state)
{
    (void)state;
    begin(1, 0, 0);
    add('g', 1, VERB_AFTER, 0, 1000);
    add('g', 1, VERB_SLEEP, 10000, 0);
    add('f', 0, VERB_RESET, 1, 1000);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(rt.gocall_count, 1);
    assert_int_equal(timers_program.model.timers[0].ran, 1);
    assert_int_equal(timers_program.model.timers[1].ran, 1);
}

static void a_blocking_call_leaves_its_P_to_others(void **state)
{
    (void)state;
    begin(1, 0, 0);
    add('g', 1, VERB_BLOCK, 20000000, 0);
    add('g', 2, VERB_ADD, 0, 1000);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_int_equal(timers_program.model.timers[0].ran, 1);
    assert_true(test_outcome.now_ns >= 20000000);
}

/* When g2, which sleeps for 1 ms, has the only P again while g1 is at it for 10 or 40 ms. */
static int64_t served_at(uint32_t verb, int64_t duration_ns)
{
    begin(1, 1, 0);
    add('g', 1, verb, duration_ns, 0);
    add('g', 2, VERB_SLEEP, 1000000, 0);
    add('g', 2, VERB_ADD, 0, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    return timers_program.model.timers[0].newest - 1000000; /* where the clock begins */
}

static void who_computes_keeps_the_P_and_who_is_busy_is_preempted(void **state)
{
    (void)state;
    assert_true(served_at(VERB_COMPUTE, 10000000) >= 10000000);
    assert_in_range(served_at(VERB_BUSY, 40000000), 1000000, 30000000);
}

static void what_a_peer_sends_arrives_though_every_P_is_idle(void **state)
{
    (void)state;
    begin(1, 1, 0);
    add('g', 1, VERB_READ, 0, 0);
    add('g', 1, VERB_ADD, 0, 1000);
    add('g', 2, VERB_SLEEP, 1000000, 0);
    add('x', 1, VERB_WAIT, 5000, 0);
    add('x', 1, VERB_IO, 0, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(test_outcome.verdict, VERDICT_OK);
    assert_int_equal(timers_program.model.timers[0].ran, 1);
    assert_true(timers_program.model.timers[0].newest < 1000000 + 500000);
}

static void a_collection_paces_the_scavenger(void **state)
{
    (void)state;
    begin(1, 0, 1000);
    add('g', 1, VERB_GC, 0, 0);
    run(strategy_replay_lenient(), 0);
    assert_int_equal(scavenge.paced, 1);
}

/* --- names --- */

static void expect_name(const volatile void *object, const char *expected)
{
    char name[32] = "";
    assert_true(timers_subject.name_object(object, name, sizeof name));
    assert_string_equal(name, expected);
}

static void objects_have_the_names_of_the_program(void **state)
{
    (void)state;
    begin(2, 1, 1000);
    add('g', 2, VERB_SLEEP, 1000, 0);
    run(strategy_replay_lenient(), 0);
    expect_name(&timers_program.timers[3].status, "t3");
    expect_name(&timers_program.descriptors[1].lock, "d1.lock");
    expect_name(&timers_program.descriptors[1].rt_timer.status, "d1.rt");
    expect_name(&rt.ps[1].timersLock, "P1.timersLock");
    expect_name(&rt.ps[1].token, "P1");
    expect_name(&rt.ms[0].park, "m0.park");
    expect_name(&sched.lock, "sched.lock");
    expect_name(&scavenge.lock, "scavenge.lock");
    expect_name(&scavenge.timer_storage.status, "scavenge.timer");
    expect_name(&timers_program.sleep_timers[2]->status, "g2.timer");
    expect_name(&timers_program.gs[2]->atomicstatus, "g2.status");
    char name[32];
    assert_false(timers_subject.name_object(&plan, name, sizeof name));
}

static void states_have_their_names(void **state)
{
    (void)state;
    char name[32];
    assert_true(timers_subject.name_value(&timers_program.timers[0].status, timerModifying, name,
                                          sizeof name));
    assert_string_equal(name, "timerModifying");
    assert_true(timers_subject.name_value(&rt.ps[0].status, _Psyscall, name, sizeof name));
    assert_string_equal(name, "_Psyscall");
    assert_false(timers_subject.name_value(&rt.ps[0].runqhead, 1, name, sizeof name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_programs_end_well_under_every_strategy),
        cmocka_unit_test(the_portfolio_gives_less_to_who_shows_less_and_some_to_all),
        cmocka_unit_test(programs_from_any_bytes_end_well),
        cmocka_unit_test(every_verb_alone_ends_well),
        cmocka_unit_test(a_callback_that_restarts_its_own_timer_ends),
        cmocka_unit_test(a_periodic_timer_ends_though_nobody_stops_it),
        cmocka_unit_test(a_timer_in_the_near_future_runs_and_a_far_one_is_stopped),
        cmocka_unit_test(times_that_nobody_means_are_taken_as_they_are),
        cmocka_unit_test(waits_for_what_never_comes_are_ended_by_closing),
        cmocka_unit_test(a_wait_with_a_deadline_lasts_until_then),
        cmocka_unit_test(the_scavenger_ends_though_somebody_sleeps_on),
        cmocka_unit_test(every_run_is_the_same_again_when_replayed),
        cmocka_unit_test(a_run_leaves_nothing_behind),
        cmocka_unit_test(a_counter_that_is_off_breaks_I10),
        cmocka_unit_test(a_timer_in_no_heap_breaks_I5),
        cmocka_unit_test(a_start_that_was_lost_breaks_M2),
        cmocka_unit_test(what_is_overdue_counts_from_when_it_was_noticed),
        cmocka_unit_test(an_AfterFunc_runs_on_a_goroutine_of_its_own),
        cmocka_unit_test(a_blocking_call_leaves_its_P_to_others),
        cmocka_unit_test(who_computes_keeps_the_P_and_who_is_busy_is_preempted),
        cmocka_unit_test(what_a_peer_sends_arrives_though_every_P_is_idle),
        cmocka_unit_test(a_collection_paces_the_scavenger),
        cmocka_unit_test(objects_have_the_names_of_the_program),
        cmocka_unit_test(states_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
