/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What timers promise to who starts, stops and resets them. The names in the comments are those of
 * Go's tests of the same promise.
 */
#include "fuzz/behaviour.h"

static struct alarm alarms[32];
static struct semaphore done;

/* --- started --- */

/* TestAfter. */
static void one_timer(void *unused)
{
    (void)unused;
    static const int64_t lengths[] = { 0, NANOSECOND, MICROSECOND, MILLISECOND, SECOND, 7 * HOUR };
    for (uint32_t i = 0; i < count_of(lengths); i++) {
        alarm_start(&alarms[i], lengths[i]);
        alarm_wait(&alarms[i]);
        expect(hook_load(&alarms[i].ran_at) >= alarms[i].when, "a timer ran too early");
        expect_by(alarms[i].when, "a timer ran too late");
    }
    timeSleep(8 * HOUR);
    for (uint32_t i = 0; i < count_of(lengths); i++)
        expect(alarm_runs(&alarms[i]) == 1, "a timer ran more than once");
}

/* TestAfterTick. */
static void one_timer_after_the_other(void *unused)
{
    (void)unused;
    enum { WAITS = 10 };
    int64_t start = nanotime();
    for (uint32_t i = 0; i < WAITS; i++) {
        alarm_start(&alarms[i], MILLISECOND);
        alarm_wait(&alarms[i]);
    }
    expect(nanotime() >= start + WAITS * MILLISECOND, "ten waits took too little time");
    expect_by(start + WAITS * MILLISECOND, "ten waits took too much time");
}

/* TestAfterQueuing. */
static void timers_with_times_out_of_order(void *unused)
{
    (void)unused;
    static const uint8_t turns[] = { 5, 0, 6, 6, 3, 2, 1, 12, 7, 8, 9, 4, 11 };
    uint32_t count = count_of(turns);
    int64_t earliest = nanotime() + 10 * MILLISECOND;
    for (uint32_t i = 0; i < count; i++)
        alarm_start(&alarms[i], (10 + turns[i]) * MILLISECOND);
    bool none_ran = nanotime() < earliest;
    for (uint32_t i = 0; i < count; i++)
        alarm_wait(&alarms[i]);
    for (uint32_t i = 0; i < count; i++) {
        int64_t ran_at = hook_load(&alarms[i].ran_at);
        expect(ran_at >= alarms[i].when, "a timer ran too early");
        expect(!behaviour.punctual || ran_at == alarms[i].when, "a timer ran too late");
        for (uint32_t j = 0; j < count && none_ran; j++)
            expect(alarms[i].when >= alarms[j].when || ran_at <= hook_load(&alarms[j].ran_at),
                   "timers ran out of order");
    }
}

/* --- callbacks that go on --- */

enum { CHAIN = 20 };

static _Atomic uint32_t links;

static void next_link(void *arg, uintptr_t seq)
{
    (void)arg;
    (void)seq;
    if (hook_fetch_add(&links, 1u) + 1 == CHAIN) {
        semaphore_signal(&done);
        return;
    }
    struct timer *t = timer_new(next_link, NULL);
    t->when = when_after(0);
    startTimer(t);
}

static void same_link(void *arg, uintptr_t seq)
{
    (void)seq;
    if (hook_fetch_add(&links, 1u) + 1 == CHAIN)
        semaphore_signal(&done);
    else
        resetTimer(*(struct timer **)arg, when_after(0));
}

static void run_chain(struct timer *t)
{
    semaphore_init(&done);
    hook_store(&links, 0u);
    int64_t start = nanotime();
    t->when = start;
    startTimer(t);
    semaphore_wait(&done);
    expect_by(start, "a chain of timers without delay took time");
}

/* TestAfterFunc. */
static void a_chain_of_timers(void *unused)
{
    (void)unused;
    run_chain(timer_new(next_link, NULL));
}

static void a_timer_that_restarts_itself(void *unused)
{
    (void)unused;
    static struct timer *self;
    self = timer_new(same_link, &self);
    run_chain(self);
    timeSleep(SECOND);
    expect(hook_load(&links) == CHAIN, "a timer ran though nobody had started it");
}

enum { STARTERS = 4, STARTS = 4 };

static void signals(void *unused)
{
    (void)unused;
    semaphore_signal(&done);
}

static void starts_timers(void *call)
{
    for (int64_t i = 0; i < STARTS; i++) {
        struct timer *t = timer_new(goFunc, call);
        t->when = when_after(i * MICROSECOND);
        startTimer(t);
        Gosched();
    }
}

/* AfterFunc as it is: on several Ps at once, timers that start goroutines. */
static void timers_that_start_goroutines(void *unused)
{
    (void)unused;
    static struct gocall call = { signals, NULL };
    semaphore_init(&done);
    for (int i = 0; i < STARTERS; i++)
        go(starts_timers, &call);
    semaphore_wait_times(&done, STARTERS * STARTS);
}

/* --- stopped --- */

/* TestAfterStop. */
static void stop_before_its_time(void *unused)
{
    (void)unused;
    alarm_start(&alarms[0], HOUR);
    alarm_start(&alarms[1], 2 * HOUR);
    timeSleep(MILLISECOND);
    bool stopped = alarm_stop(&alarms[0]);
    expect(stopped || nanotime() >= alarms[0].when, "a timer could not be stopped before its time");
    expect(!alarm_stop(&alarms[0]), "a timer was stopped twice");
    if (!stopped)
        alarm_wait(&alarms[0]);
    alarm_wait(&alarms[1]);
    timeSleep(HOUR);
    expect(alarm_runs(&alarms[0]) == !stopped, "a timer ran though it was stopped");
    expect(alarm_runs(&alarms[1]) == 1, "a timer did not run once beside one that was stopped");
}

/* TestTickerStopWithDirectInitialization. */
static void stop_what_never_started(void *unused)
{
    (void)unused;
    alarm_init(&alarms[0]);
    expect(!alarm_stop(&alarms[0]), "a timer that never started was stopped");
    expect(!alarm_reset(&alarms[0], MILLISECOND), "a timer that never started was pending");
    alarm_wait(&alarms[0]);
    expect(hook_load(&alarms[0].ran_at) >= alarms[0].when, "a timer ran too early");
    expect(!alarm_stop(&alarms[0]), "a timer that has run was stopped");
}

enum { STOPPERS = 16 };

static _Atomic uint32_t missed;

static void stopper(void *argument)
{
    struct alarm *alarm = argument;
    alarm_start(alarm, 2 * SECOND);
    timeSleep(SECOND);
    if (!alarm_stop(alarm)) {
        expect(nanotime() >= alarm->when, "a timer could not be stopped before its time");
        hook_fetch_add(&missed, 1u);
        alarm_wait(alarm);
    }
    semaphore_signal(&done);
}

/* TestTimerStopStress. */
static void many_that_stop_half_way(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    hook_store(&missed, 0u);
    for (uint32_t i = 0; i < STOPPERS; i++)
        go(stopper, &alarms[i]);
    semaphore_wait_times(&done, STOPPERS);
    timeSleep(3 * SECOND);
    uint32_t runs = 0;
    for (uint32_t i = 0; i < STOPPERS; i++)
        runs += alarm_runs(&alarms[i]);
    expect(runs == hook_load(&missed), "a timer ran though it was stopped");
    expect(!behaviour.punctual || runs == 0, "a timer ran though it was stopped half way");
}

/* --- reset --- */

/* TestReset. */
static void reset_postpones(void *unused)
{
    (void)unused;
    struct alarm *alarm = &alarms[0];
    alarm_start(alarm, 2 * HOUR);
    int64_t first = alarm->when;
    timeSleep(HOUR);
    bool pending = alarm_reset(alarm, 2 * HOUR);
    expect(pending || nanotime() >= first, "a timer was not pending before its time");
    timeSleep(HOUR + MILLISECOND);
    uint32_t runs = alarm_runs(alarm);
    expect(runs <= !pending || nanotime() >= alarm->when, "a timer ran though it was postponed");
    semaphore_wait_times(&alarm->rang, pending ? 1 : 2);
    expect(hook_load(&alarm->ran_at) >= alarm->when, "a postponed timer ran too early");
    expect_by(alarm->when, "a postponed timer ran too late");

    expect(!alarm_reset(alarm, MILLISECOND), "a timer that has run was pending");
    alarm_wait(alarm);
    expect(hook_load(&alarm->ran_at) >= alarm->when, "a timer that was reset ran too early");
    expect_by(alarm->when, "a timer that was reset ran too late");
}

/* TestReset, the other direction: a timer may be moved to an earlier time. */
static void reset_advances(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 8; i++)
        alarm_start(&alarms[i], HOUR + i);
    for (uint32_t i = 8; i-- > 0;) {
        bool pending = alarm_reset(&alarms[i], (i + 1) * MILLISECOND);
        expect(pending || !behaviour.punctual, "a timer was not pending before its time");
        semaphore_wait_times(&alarms[i].rang, pending ? 1 : 2);
        expect(hook_load(&alarms[i].ran_at) >= alarms[i].when, "a timer ran too early");
        expect_by(alarms[i].when, "a timer that was moved to an earlier time ran too late");
    }
}

/* --- stop and reset at the very time: exactly one of both happens --- */

/* TestStopResult. */
static void stop_or_run(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 16; i++) {
        alarm_start(&alarms[i], MICROSECOND);
        timeSleep(i % 4 * MICROSECOND / 2);
        if (!alarm_stop(&alarms[i]))
            alarm_wait(&alarms[i]);
        else
            alarms[i].when = HOOK_FOREVER;
    }
    timeSleep(SECOND);
    for (uint32_t i = 0; i < 16; i++)
        expect(alarm_runs(&alarms[i]) == (alarms[i].when != HOOK_FOREVER),
               "what a stop said was not what happened");
}

/* TestResetResult. */
static void reset_or_run(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 16; i++) {
        alarm_start(&alarms[i], MICROSECOND);
        timeSleep(i % 4 * MICROSECOND / 2);
        uint32_t runs = alarm_reset(&alarms[i], MICROSECOND) ? 1 : 2;
        semaphore_wait_times(&alarms[i].rang, runs);
        timeSleep(MICROSECOND);
        expect(alarm_runs(&alarms[i]) == runs, "what a reset said was not what happened");
    }
}

/* --- misuse --- */

/* TestZeroTimerResetPanics, TestZeroTimerStopPanics: what the runtime itself reports. */
static void start_twice(void *unused)
{
    (void)unused;
    alarm_start(&alarms[0], 1000 * HOUR); /* however busy the machine is, it has not run */
    startTimer(alarms[0].timer);
}

int main(void)
{
    static const struct behaviour behaviours[] = {
        { "a_timer_runs_once_and_not_before_its_time", one_timer, 1, NULL },
        { "a_timer_runs_once_whoever_steals_it", one_timer, 3, NULL },
        { "waits_add_up", one_timer_after_the_other, 2, NULL },
        { "timers_run_in_the_order_of_their_times", timers_with_times_out_of_order, 1, NULL },
        { "a_chain_of_timers_runs_to_its_end", a_chain_of_timers, 2, NULL },
        { "a_timer_may_restart_itself", a_timer_that_restarts_itself, 2, NULL },
        { "timers_may_start_goroutines", timers_that_start_goroutines, 4, NULL },
        { "a_stopped_timer_never_runs", stop_before_its_time, 2, NULL },
        { "a_timer_that_never_started_is_not_pending", stop_what_never_started, 1, NULL },
        { "timers_stopped_half_way_never_run", many_that_stop_half_way, 4, NULL },
        { "reset_postpones_a_timer", reset_postpones, 2, NULL },
        { "reset_advances_a_timer", reset_advances, 2, NULL },
        { "a_timer_is_stopped_or_runs_on_one_p", stop_or_run, 1, NULL },
        { "a_timer_is_stopped_or_runs_on_three_ps", stop_or_run, 3, NULL },
        { "a_timer_is_reset_or_has_run_on_one_p", reset_or_run, 1, NULL },
        { "a_timer_is_reset_or_has_run_on_three_ps", reset_or_run, 3, NULL },
        { "a_timer_started_twice_is_reported", start_twice, 1,
          "addtimer called with initialized timer" },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
