/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What timers promise when they are changed over and over, by several, or to extreme times. The
 * names in the comments are those of Go's tests of the same promise.
 */
#include "fuzz/behaviour.h"

static struct alarm alarms[64];
static struct semaphore done;

/* --- no delay at all --- */

enum { ZERO_ROUNDS = 30 };

/* TestZeroTimer, NewTimer and AfterFunc: one that is new each time. */
static void new_timers_without_delay(void *unused)
{
    (void)unused;
    int64_t start = nanotime();
    for (uint32_t i = 0; i < ZERO_ROUNDS; i++) {
        alarm_start(&alarms[i], 0);
        alarm_wait(&alarms[i]);
    }
    expect_by(start, "timers without delay took time");
}

/* TestZeroTimer, Reset: the same one again and again. */
static void one_timer_without_delay(void *unused)
{
    (void)unused;
    int64_t start = nanotime();
    alarm_init(&alarms[0]);
    for (uint32_t i = 0; i < ZERO_ROUNDS; i++) {
        expect(!alarm_reset(&alarms[0], 0), "a timer that has run was pending");
        alarm_wait(&alarms[0]);
    }
    expect_by(start, "timers without delay took time");
    expect(alarm_runs(&alarms[0]) == ZERO_ROUNDS, "a timer ran more often than it was started");
}

/* --- stopped and reset by one --- */

/* TestTimerModifiedEarlier. */
static void stopped_and_reset_to_the_past(void *unused)
{
    (void)unused;
    for (uint32_t round = 0; round < 6; round++) {
        struct alarm *alarm = &alarms[round];
        alarm_start(alarm, HOUR);
        int64_t start = nanotime();
        uint32_t starts = 1;
        for (int i = 0; i < 10; i++) {
            starts -= alarm_stop(alarm);
            expect(!alarm_reset(alarm, -SECOND), "a timer was pending though it was stopped");
            starts++;
        }
        expect(starts > 0, "a timer that was not started was stopped");
        semaphore_wait_times(&alarm->rang, starts);
        expect_by(start, "a timer in the past had to wait");
    }
}

enum { ADJUSTED = 24, STAGES = 6 };

/* One change to alarms[i]. Returns how many runs of it that adds. */
static uint32_t next_stage(uint32_t i, uint32_t stage)
{
    static const int64_t lengths[STAGES] = { 0, 60 * SECOND, 180 * SECOND, 120 * SECOND, 0, 0 };
    if (stage == 0) {
        alarm_start(&alarms[i], 0);
        return 1;
    }
    if (stage == 4)
        return 0u - alarm_stop(&alarms[i]);
    return 1u - alarm_reset(&alarms[i], lengths[stage]);
}

/* TestAdjustTimers. */
static void changed_in_any_order(void *unused)
{
    (void)unused;
    uint32_t stages[ADJUSTED] = { 0 }, runs[ADJUSTED] = { 0 };
    struct prng prng = { 47762 };
    for (uint32_t left = ADJUSTED * STAGES; left > 0;) {
        uint32_t i = prng_below(&prng, ADJUSTED);
        if (stages[i] == STAGES)
            continue;
        runs[i] += next_stage(i, stages[i]++);
        left--;
    }
    int64_t start = nanotime();
    for (uint32_t i = 0; i < ADJUSTED; i++)
        semaphore_wait_times(&alarms[i].rang, runs[i]);
    expect_by(start, "timers that were reset to no delay had to wait");
    timeSleep(HOUR);
    for (uint32_t i = 0; i < ADJUSTED; i++)
        expect(alarm_runs(&alarms[i]) == runs[i], "a timer ran more often than it was started");
}

/* --- by several at once --- */

enum { CHANGERS = 8, CHANGES = 8 };

static _Atomic uint32_t due; /* starts that nobody has taken back */
static int64_t length;

static void resetter(void *argument)
{
    struct alarm *alarm = argument;
    for (int i = 0; i < CHANGES; i++)
        hook_fetch_add(&due, 1u - resetTimer(alarm->timer, when_after(length)));
    semaphore_signal(&done);
}

static void stopper(void *argument)
{
    for (int i = 0; i < CHANGES; i++)
        hook_fetch_add(&due, 0u - alarm_stop(argument));
    semaphore_signal(&done);
}

static void change_at_once(uint32_t stoppers, int64_t ns)
{
    semaphore_init(&done);
    hook_store(&due, 1u);
    length = ns;
    alarm_start(&alarms[0], ns);
    for (uint32_t i = 0; i < CHANGERS; i++)
        go(i < stoppers ? stopper : resetter, &alarms[0]);
    semaphore_wait_times(&done, CHANGERS);
    hook_fetch_add(&due, 0u - alarm_stop(&alarms[0]));
    uint32_t runs = hook_load(&due);
    semaphore_wait_times(&alarms[0].rang, runs);
    timeSleep(2 * HOUR);
    expect(alarm_runs(&alarms[0]) == runs, "runs differ from the starts that were not taken back");
}

/* TestConcurrentTimerReset. */
static void many_reset_one(void *unused)
{
    (void)unused;
    change_at_once(0, HOUR);
}

/* TestConcurrentTimerResetStop. */
static void many_reset_and_stop_one(void *unused)
{
    (void)unused;
    change_at_once(CHANGERS / 2, HOUR);
}

static void many_reset_and_stop_one_that_runs(void *unused)
{
    (void)unused;
    change_at_once(CHANGERS / 4, 0);
}

/* --- extreme times --- */

static void expect_normal_timer(struct alarm *alarm)
{
    alarm_start(alarm, 25 * MILLISECOND);
    alarm_wait(alarm);
    expect(hook_load(&alarm->ran_at) >= alarm->when, "a timer ran too early");
    expect_by(alarm->when, "a timer with an extreme time delayed another");
}

static void start_raw(struct alarm *alarm, int64_t when, int64_t period)
{
    alarm_init(alarm);
    alarm->timer->when = when;
    alarm->timer->period = period;
    startTimer(alarm->timer);
}

/* TestOverflowRuntimeTimer, CheckRuntimeTimerOverflow: below 0 is what an overflow makes. */
static void extreme_times(void *unused)
{
    (void)unused;
    start_raw(&alarms[0], INT64_MAX, 0);
    start_raw(&alarms[1], INT64_MIN, 0);
    start_raw(&alarms[2], -1, 0);
    expect_normal_timer(&alarms[3]);
    for (uint32_t i = 0; i < 3; i++) {
        expect(alarm_stop(&alarms[i]), "a timer at the end of time was not pending");
        expect(alarm_runs(&alarms[i]) == 0, "a timer at the end of time ran");
    }
    start_raw(&alarms[4], 0, 0);
    alarm_wait(&alarms[4]);
    expect(!alarm_reset(&alarms[4], INT64_MAX), "a timer that has run was pending");
    expect_normal_timer(&alarms[5]);
    expect(alarm_stop(&alarms[4]), "a timer at the end of time was not pending");
}

/* TestOverflowPeriodRuntimeTimer, CheckRuntimeTimerPeriodOverflow. */
static void extreme_periods(void *unused)
{
    (void)unused;
    start_raw(&alarms[0], nanotime(), INT64_MAX);
    alarm_wait(&alarms[0]);
    start_raw(&alarms[1], nanotime(), INT64_MIN);
    alarm_wait(&alarms[1]);
    expect_normal_timer(&alarms[2]);
    timeSleep(HOUR);
    expect(alarm_stop(&alarms[0]), "a periodic timer was not pending");
    expect(!alarm_stop(&alarms[1]), "a timer with a negative period was periodic");
    expect(alarm_runs(&alarms[0]) == 1 && alarm_runs(&alarms[1]) == 1,
           "a timer with an extreme period did not run once");
}

/* --- what happens before what --- */

static int shared; /* not atomic: ordered by the timer alone */

static void reads_and_writes(void *arg, uintptr_t seq)
{
    shared = shared * 10 + (int)seq;
    semaphore_signal(arg);
}

/* TestNoRaceTimer, TestNoRaceTimerReset. */
static void a_start_orders_what_comes_before(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    struct timer *t = timer_new(reads_and_writes, &done);
    shared = 1;
    t->when = when_after(MICROSECOND);
    t->seq = 2;
    startTimer(t);
    semaphore_wait(&done);
    expect(shared == 12, "a callback did not see what was done before the start");
    shared = 3;
    resetTimer(t, when_after(MICROSECOND));
    semaphore_wait(&done);
    expect(shared == 32, "a callback did not see what was done before the reset");
    shared = 4;
    modtimer(t, when_after(MICROSECOND), 0, reads_and_writes, &done, 5);
    semaphore_wait(&done);
    expect(shared == 45, "a callback did not see what was done before the change");
}

int main(void)
{
    static const struct behaviour behaviours[] = {
        { "new_timers_without_delay_run_at_once", new_timers_without_delay, 2, NULL },
        { "a_timer_reset_without_delay_runs_at_once", one_timer_without_delay, 2, NULL },
        { "a_timer_stopped_and_reset_to_the_past_runs_at_once", stopped_and_reset_to_the_past, 2,
          NULL },
        { "timers_changed_in_any_order_on_one_p_run_as_often_as_started", changed_in_any_order, 1,
          NULL },
        { "timers_changed_in_any_order_on_four_ps_run_as_often_as_started", changed_in_any_order, 4,
          NULL },
        { "one_timer_may_be_reset_by_many", many_reset_one, 4, NULL },
        { "one_timer_may_be_reset_by_many_on_one_p", many_reset_one, 1, NULL },
        { "one_timer_may_be_reset_and_stopped_by_many", many_reset_and_stop_one, 4, NULL },
        { "one_timer_may_be_reset_and_stopped_while_it_runs", many_reset_and_stop_one_that_runs, 4,
          NULL },
        { "timers_with_extreme_times_disturb_nobody", extreme_times, 2, NULL },
        { "timers_with_extreme_periods_disturb_nobody", extreme_periods, 2, NULL },
        { "a_callback_sees_what_was_done_before_the_start", a_start_orders_what_comes_before, 2,
          NULL },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
