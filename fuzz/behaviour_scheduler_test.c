/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scheduler promises to those who wait for the clock or for the network, and that it knows
 * a deadlock when there is one. The names in the comments are those of Go's tests of the same
 * promise.
 */
#include "fuzz/behaviour.h"

static struct alarm alarms[24];
static struct semaphore done, ping, pong;
static _Atomic uint32_t over;

static void begin(void)
{
    semaphore_init(&done);
    semaphore_init(&ping);
    semaphore_init(&pong);
    hook_store(&over, 0u);
}

static void is_over(void *arg, uintptr_t seq)
{
    (void)arg;
    (void)seq;
    hook_store(&over, 1u);
}

/* --- fairness --- */

static void player(void *side)
{
    for (bool goes_on = true; goes_on;) {
        semaphore_wait(side);
        goes_on = hook_load(&over) == 0;
        compute(200 * MICROSECOND);
        semaphore_signal(side == &ping ? &pong : &ping);
    }
    semaphore_signal(&done);
}

static void expect_over_in(struct timer *t, int64_t ns, int64_t tolerance)
{
    int64_t when = when_after(ns);
    t->when = when;
    startTimer(t);
    semaphore_signal(&ping);
    semaphore_wait_times(&done, 2);
    expect(nanotime() >= when, "a timer ran too early");
    expect_by(when + tolerance, "a timer starved while goroutines were busy");
}

/* TestTimerFairness: two goroutines that ready each other for ever. */
static void a_timer_beside_ping_pong(void *unused)
{
    (void)unused;
    begin();
    go(player, &ping);
    go(player, &pong);
    expect_over_in(timer_new(is_over, NULL), MILLISECOND, MILLISECOND);
}

static void says_it_is_over(void *unused)
{
    (void)unused;
    hook_store(&over, 1u);
}

static void starts_goroutine(void *arg, uintptr_t seq)
{
    (void)arg;
    (void)seq;
    go(says_it_is_over, NULL);
}

/* TestAfterFuncStarvation: the goroutine that a callback starts gets its turn, too. */
static void a_goroutine_beside_ping_pong(void *unused)
{
    (void)unused;
    begin();
    go(player, &ping);
    go(player, &pong);
    expect_over_in(timer_new(starts_goroutine, NULL), MICROSECOND, 40 * MILLISECOND);
}

static void caller(void *unused)
{
    (void)unused;
    while (hook_load(&over) == 0)
        system_call(10 * MICROSECOND);
    semaphore_signal(&done);
}

/* TestTimerFairness2: two goroutines in one system call after the other. Who gets its P back does
 * not look at timers; it is preempted after 10 ms, by sysmon. */
static void a_timer_beside_system_calls(void *unused)
{
    (void)unused;
    begin();
    go(caller, NULL);
    go(caller, NULL);
    expect_over_in(timer_new(is_over, NULL), MILLISECOND, 30 * MILLISECOND);
}

enum { GENERATIONS = 3 };

static void starts_two(void *generation)
{
    uintptr_t next = (uintptr_t)generation + 1;
    for (int i = 0; i < 2 && next <= GENERATIONS; i++)
        go(starts_two, (void *)next);
    semaphore_signal(&done);
}

/* Goroutines that start goroutines, on all Ps at once; twice, so that dead ones are used again. */
static void a_family(void *unused)
{
    (void)unused;
    begin();
    for (int i = 0; i < 2; i++) {
        go(starts_two, NULL);
        semaphore_wait_times(&done, (2 << GENERATIONS) - 1);
    }
}

/* --- the poller --- */

static _Atomic uint32_t polling;

static void poller(void *unused)
{
    (void)unused;
    struct gqueue list = { 0 };
    expect(hook_exchange(&sched.lastpoll, (int64_t)0) != 0, "somebody polls already");
    hook_store(&polling, 1u);
    netpoll(10 * SECOND, &list);
    hook_store(&sched.lastpoll, nanotime());
    semaphore_signal(&done);
    hook_store(&over, 1u);
}

static void start_poller(void)
{
    begin();
    hook_store(&polling, 0u);
    netpollGenericInit();
    go(poller, NULL);
    while (hook_load(&polling) == 0)
        compute(MICROSECOND);
}

/* TestNetpollBreak. */
static void a_break_ends_a_poll(void *unused)
{
    (void)unused;
    start_poller();
    int64_t start = nanotime();
    while (hook_load(&over) == 0) {
        netpollBreak();
        netpollBreak();
        compute(MILLISECOND);
    }
    semaphore_wait(&done);
    expect_by(start + 2 * MILLISECOND, "a poll went on though it was broken");
}

/* A look that does not block leaves the break for who does. */
static void a_break_is_for_who_blocks(void *unused)
{
    (void)unused;
    start_poller();
    compute(MICROSECOND);
    int64_t start = nanotime();
    struct gqueue list = { 0 };
    netpollBreak();
    netpoll(0, &list);
    semaphore_wait(&done);
    expect_by(start, "a poll went on though it was broken");
}

static void sleeps_long(void *unused)
{
    (void)unused;
    timeSleep(10 * SECOND);
}

/* The same by what breaks it in earnest: a timer that is earlier than what the poller waits for, on
 * a P that goes into a system call. */
static void an_earlier_timer_breaks_a_poll(void *unused)
{
    (void)unused;
    begin();
    go(sleeps_long, NULL);
    timeSleep(MILLISECOND);
    for (uint32_t i = 0; i < 4; i++) {
        if (i % 2 != 0)
            alarm_start(&alarms[i], HOUR);
        compute(30 * MICROSECOND); /* until the other P has settled */
        if (i % 2 != 0)
            alarm_reset(&alarms[i], MILLISECOND);
        else
            alarm_start(&alarms[i], MILLISECOND);
        system_call(SECOND);
        alarm_wait(&alarms[i]);
        int64_t ran_at = hook_load(&alarms[i].ran_at);
        expect(!behaviour.punctual || ran_at == alarms[i].when,
               "an idle P slept on though a timer had become due");
    }
}

/* --- a stopped world --- */

static void a_stopped_world(void *unused)
{
    (void)unused;
    begin();
    for (uint32_t i = 0; i < 8; i++)
        alarm_start(&alarms[i], i * MICROSECOND);
    stopTheWorld("gc");
    uint32_t runs = 0, runs_after = 0;
    for (uint32_t i = 0; i < 8; i++)
        runs += alarm_runs(&alarms[i]);
    compute(MILLISECOND);
    for (uint32_t i = 0; i < 8; i++)
        runs_after += alarm_runs(&alarms[i]);
    expect(runs == runs_after, "a timer ran while the world was stopped");
    startTheWorld();
    int64_t start = nanotime();
    for (uint32_t i = 0; i < 8; i++)
        alarm_wait(&alarms[i]);
    expect_by(start, "timers did not run when the world went on");
}

/* --- Ps that come and go --- */

static void starter(void *argument)
{
    struct alarm *first = argument;
    uint32_t runs[6];
    for (uint32_t i = 0; i < 6; i++) {
        alarm_start(&first[i], i * MICROSECOND);
        runs[i] = 2u - alarm_reset(&first[i], 2 * MICROSECOND);
        Gosched();
    }
    for (uint32_t i = 0; i < 6; i++) {
        semaphore_wait_times(&first[i].rang, runs[i]);
        expect(hook_load(&first[i].ran_at) >= first[i].when, "a timer ran too early");
    }
    semaphore_signal(&done);
}

/* A timer is added while its P goes away (golang/go#45716). */
static void timers_of_ps_that_go(void *unused)
{
    (void)unused;
    static const int32_t procs[] = { 1, 4, 2, 3, 1, 2 };
    begin();
    for (uint32_t i = 0; i < 4; i++)
        go(starter, &alarms[6 * i]);
    for (uint32_t i = 0; i < count_of(procs); i++) {
        GOMAXPROCS(procs[i]);
        expect(GOMAXPROCS(0) == procs[i], "there are not as many Ps as asked for");
        Gosched();
    }
    int64_t start = nanotime();
    semaphore_wait_times(&done, 4);
    expect_by(start + 2 * MICROSECOND, "a timer was late after its P had gone");
}

/* A P goes away while sysmon stops the timer of the scavenger, which was there
 * (golang/go#43712). */
static void the_scavenger_on_a_p_that_goes(void *unused)
{
    (void)unused;
    begin();
    gcenable(MILLISECOND);
    for (uint32_t i = 0; i < 12; i++) {
        timeSleep(30 * MICROSECOND);
        hook_store(&scavenge.sysmonWake, 1u);
        compute(20 * MICROSECOND); /* as long as sysmon naps */
        GOMAXPROCS(1 + (int32_t)(i % 3));
    }
    hook_store(&scavenge.stop, true);
    timeSleep(SECOND);
    expect(readgstatus(scavenge.g) == _Gdead || !behaviour.punctual,
           "the scavenger was not woken again");
}

/* --- preemption --- */

static void preempted(void *argument)
{
    struct timer *t = argument;
    for (uint32_t i = 0; i < 6; i++) {
        resetTimer(t, when_after(i % 2 == 0 ? HOUR : MICROSECOND));
        poke(&getg()->preempt, true); /* as preemptone() asks */
        stopTimer(t);
        poke(&getg()->preempt, true);
        resetTimer(t, when_after(MICROSECOND));
    }
    semaphore_signal(&done);
}

/* Resets that are asked to be preempted wherever that may be (golang/go#38070). */
static void preempted_in_reset(void *unused)
{
    (void)unused;
    begin();
    alarm_start(&alarms[0], HOUR);
    for (int i = 0; i < 3; i++)
        go(preempted, alarms[0].timer);
    semaphore_wait_times(&done, 3);
    alarm_stop(&alarms[0]);
}

/* --- deadlocks --- */

static void waits_for_ever(void *unused)
{
    (void)unused;
    semaphore_wait(&ping);
}

/* TestLockedDeadlock2, TestNetpollDeadlock: nobody can ever go on. */
static void all_wait(void *unused)
{
    (void)unused;
    begin();
    netpollGenericInit();
    go(waits_for_ever, NULL);
    go(waits_for_ever, NULL);
    semaphore_wait(&pong);
}

/* Timers that have run, or were stopped, hide it for as long as they are in a heap. */
static void all_wait_after_timers(void *unused)
{
    (void)unused;
    begin();
    go(waits_for_ever, NULL);
    alarm_start(&alarms[0], MILLISECOND);
    alarm_start(&alarms[1], HOUR);
    alarm_wait(&alarms[0]);
    alarm_stop(&alarms[1]);
    semaphore_wait(&pong);
}

/* The reverse: as long as a timer is pending, nothing is lost. */
static void all_wait_for_timers(void *unused)
{
    (void)unused;
    begin();
    go(waits_for_ever, NULL);
    struct pollDesc *pd = descriptor_open();
    for (uint32_t i = 0; i < 4; i++) {
        alarm_start(&alarms[i], i * HOUR);
        alarm_wait(&alarms[i]);
        pollSetDeadline(pd, SECOND, 'r');
        expect(transfer(pd, 'r') == pollErrTimeout, "a deadline was no time-out");
        timeSleep(HOUR);
    }
}

int main(void)
{
    static const char dead[] = "all goroutines are asleep - deadlock!";
    static const struct behaviour behaviours[] = {
        { "a_timer_runs_though_two_goroutines_ready_each_other", a_timer_beside_ping_pong, 1,
          NULL },
        { "a_goroutine_from_a_callback_runs_though_two_ready_each_other",
          a_goroutine_beside_ping_pong, 1, NULL },
        { "a_timer_runs_though_two_goroutines_make_system_calls", a_timer_beside_system_calls, 1,
          NULL },
        { "goroutines_may_start_goroutines", a_family, 4, NULL },
        { "a_break_ends_a_poll", a_break_ends_a_poll, 2, NULL },
        { "a_break_is_for_who_blocks", a_break_is_for_who_blocks, 2, NULL },
        { "an_earlier_timer_breaks_a_poll", an_earlier_timer_breaks_a_poll, 2, NULL },
        { "no_timer_runs_while_the_world_is_stopped", a_stopped_world, 3, NULL },
        { "timers_survive_their_ps", timers_of_ps_that_go, 4, NULL },
        { "the_scavenger_survives_its_p", the_scavenger_on_a_p_that_goes, 3, NULL },
        { "a_reset_may_be_preempted_on_one_p", preempted_in_reset, 1, NULL },
        { "a_reset_may_be_preempted_on_two_ps", preempted_in_reset, 2, NULL },
        { "a_deadlock_is_reported", all_wait, 2, dead },
        { "timers_that_ended_do_not_hide_a_deadlock", all_wait_after_timers, 2, dead },
        { "waiting_for_a_timer_is_no_deadlock", all_wait_for_timers, 2, NULL },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
