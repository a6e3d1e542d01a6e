/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What periodic timers promise, and that nobody is late because many others are there. The names in
 * the comments are those of Go's tests of the same promise.
 */
#include "fuzz/behaviour.h"

static struct alarm alarms[100];
static struct semaphore done;

/* --- ticks --- */

static void expect_ticks(struct alarm *alarm, int64_t start, int64_t period, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        alarm_wait(alarm);
        expect(nanotime() >= start + i * period, "a tick came too early");
        expect_by(start + i * period, "a tick came too late");
    }
}

/* Ends it. At most one tick per P may be on its way by then. */
static void stop_ticks(struct alarm *alarm)
{
    uint32_t runs = alarm_runs(alarm);
    expect(alarm_stop(alarm), "a periodic timer was not pending");
    expect(!alarm_stop(alarm), "a periodic timer was stopped twice");
    uint32_t late = alarm_runs(alarm) - runs;
    expect(late == 0 || !behaviour.punctual, "a tick came while time stood still");
    runs += late;
    timeSleep(20 * SECOND);
    uint32_t most = behaviour.punctual ? 0 : P_MAX;
    expect(alarm_runs(alarm) <= runs + most, "ticks went on after the stop");
}

/* TestTicker. */
static void ticks_are_spaced(void *unused)
{
    (void)unused;
    struct alarm *alarm = &alarms[0];
    alarm_start_periodic(alarm, SECOND);
    expect_ticks(alarm, alarm->when - SECOND, SECOND, 10);
    /* A tick of the shorter period may be on its way, so begin anew. */
    stop_ticks(alarm);
    alarm_start_periodic(alarm, SECOND);
    expect_ticks(alarm, alarm->when - SECOND, SECOND, 3);
    stop_ticks(alarm);
}

static void resets_period(struct alarm *alarm, int64_t period)
{
    alarm->when = when_after(period);
    bool pending = modtimer(alarm->timer, alarm->when, period, alarm_rings, alarm, 0);
    expect(pending, "a periodic timer was not pending");
}

/* TestTicker: Reset to twice the period. Ticks of the old one may be on their way. */
static void ticks_take_a_new_period(void *unused)
{
    (void)unused;
    struct alarm *alarm = &alarms[0];
    alarm_start_periodic(alarm, SECOND);
    expect_ticks(alarm, alarm->when - SECOND, SECOND, 3);
    resets_period(alarm, 2 * SECOND);
    if (behaviour.punctual)
        expect_ticks(alarm, alarm->when - 2 * SECOND, 2 * SECOND, 5);
    else
        semaphore_wait_times(&alarm->rang, 5);
    resets_period(alarm, SECOND / 2);
    if (behaviour.punctual)
        expect_ticks(alarm, alarm->when - SECOND / 2, SECOND / 2, 5);
    stop_ticks(alarm);
}

/* TestTeardown. */
static void stopped_right_after_a_tick(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 3; i++) {
        alarm_start_periodic(&alarms[i], 100 * MICROSECOND);
        alarm_wait(&alarms[i]);
        stop_ticks(&alarms[i]);
    }
}

/* --- faster than anybody can follow --- */

enum { COLLECTIONS = 10, RECEIVERS = 10, TICKS = 4 };

static void collector(void *unused)
{
    (void)unused;
    for (int i = 0; i < COLLECTIONS; i++) {
        collect_garbage();
        timeSleep(NANOSECOND);
    }
    semaphore_signal(&done);
}

/* TestTickerStress, formerly TestAfterStress. */
static void a_fast_ticker_while_the_world_stops(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    alarm_start_periodic(&alarms[0], NANOSECOND);
    go(collector, NULL);
    semaphore_wait_times(&alarms[0].rang, 2 * COLLECTIONS);
    semaphore_wait(&done);
    alarm_wait(&alarms[0]);
    stop_ticks(&alarms[0]);
}

static void receiver(void *unused)
{
    (void)unused;
    semaphore_wait_times(&alarms[0].rang, TICKS);
    semaphore_signal(&done);
}

/* TestTickerConcurrentStress, TestMultiWakeupTicker. */
static void many_receive_from_a_fast_ticker(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    alarm_start_periodic(&alarms[0], NANOSECOND);
    go(collector, NULL);
    for (int i = 0; i < RECEIVERS; i++)
        go(receiver, NULL);
    semaphore_wait_times(&done, RECEIVERS + 1);
    stop_ticks(&alarms[0]);
}

/* TestMultiWakeupTimer: all of them wait for a timer that runs again and again. */
static void many_receive_from_a_timer_that_is_reset(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    alarm_init(&alarms[0]);
    for (int i = 0; i < RECEIVERS; i++)
        go(receiver, NULL);
    for (int i = 0; i < RECEIVERS * TICKS; i++) {
        uint32_t runs = alarm_runs(&alarms[0]);
        expect(!alarm_reset(&alarms[0], NANOSECOND), "a timer that has run was pending");
        while (alarm_runs(&alarms[0]) == runs)
            timeSleep(NANOSECOND);
    }
    semaphore_wait_times(&done, RECEIVERS);
}

/* --- not late because of others --- */

enum { TIMERS = 100, ROUNDS = 40 };

static struct semaphore ping, pong;

static void ponger(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        semaphore_wait(&ping);
        semaphore_signal(&pong);
    }
}

/* TestLongAdjustTimers: while the scheduler is busy, a large heap changes. */
static void a_large_heap_is_adjusted(void *unused)
{
    (void)unused;
    semaphore_init(&ping);
    semaphore_init(&pong);
    int64_t start = nanotime();
    for (uint32_t i = 0; i < TIMERS; i++)
        alarm_start(&alarms[i], 2 * HOUR + i);
    go(ponger, NULL);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        for (uint32_t j = i % 5; j < TIMERS; j += 20)
            alarm_reset(&alarms[j], HOUR - i * SECOND);
        semaphore_signal(&ping);
        semaphore_wait(&pong);
    }
    expect_by(start, "the scheduler was held up by timers that are not due");
    for (uint32_t i = 0; i < TIMERS; i++)
        alarm_stop(&alarms[i]);
}

/* BenchmarkParallelTimerLatency: the P that has the timer is busy, and another is not. */
static void timers_of_a_busy_p(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 4; i++)
        alarm_start(&alarms[i], (i + 1) * MILLISECOND);
    compute(SECOND);
    for (uint32_t i = 0; i < 4; i++) {
        alarm_wait(&alarms[i]);
        int64_t ran_at = hook_load(&alarms[i].ran_at);
        expect(ran_at >= alarms[i].when, "a timer ran too early");
        expect(!behaviour.punctual || ran_at <= alarms[i].when + 40 * MILLISECOND,
               "a timer waited for a P that computes while another was idle");
    }
}

/* BenchmarkStaggeredTickerLatency. */
static void ticks_of_a_busy_p(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 4; i++)
        alarm_start_periodic(&alarms[i], (5 + i) * MILLISECOND);
    compute(200 * MILLISECOND);
    for (uint32_t i = 0; i < 4; i++) {
        expect(!behaviour.punctual || alarm_runs(&alarms[i]) >= 200 / 8 - 40 / 5,
               "ticks waited for a P that computes while another was idle");
        expect(alarm_stop(&alarms[i]), "a periodic timer was not pending");
    }
}

int main(void)
{
    static const struct behaviour behaviours[] = {
        { "ticks_are_spaced_by_the_period_and_end_with_stop", ticks_are_spaced, 2, NULL },
        { "ticks_take_a_new_period", ticks_take_a_new_period, 2, NULL },
        { "a_ticker_may_be_stopped_right_after_a_tick", stopped_right_after_a_tick, 2, NULL },
        { "a_fast_ticker_ticks_on_while_the_world_stops", a_fast_ticker_while_the_world_stops, 2,
          NULL },
        { "many_may_wait_for_a_fast_ticker", many_receive_from_a_fast_ticker, 3, NULL },
        { "many_may_wait_for_a_timer_that_is_reset", many_receive_from_a_timer_that_is_reset, 3,
          NULL },
        { "a_large_heap_that_changes_holds_nobody_up_on_one_p", a_large_heap_is_adjusted, 1, NULL },
        { "a_large_heap_that_changes_holds_nobody_up_on_two_ps", a_large_heap_is_adjusted, 2,
          NULL },
        { "timers_of_a_busy_p_are_run_by_an_idle_one", timers_of_a_busy_p, 2, NULL },
        { "ticks_of_a_busy_p_are_run_by_an_idle_one", ticks_of_a_busy_p, 2, NULL },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
