/* SPDX-License-Identifier: BSD-3-Clause */
/* What timeSleep() promises. The names in brackets are those of Go's tests of the same promise. */
#include "fuzz/behaviour.h"

static struct semaphore done;

/* --- one sleeper --- */

static void interrupter(void *unused)
{
    (void)unused;
    for (int64_t ns = NANOSECOND; ns < SECOND; ns *= 5) {
        netpollBreak();
        timeSleep(ns);
    }
}

/* TestSleep: signals may interrupt it; here it is the poller that is woken for nothing. */
static void sleeps_of_many_lengths(void *unused)
{
    (void)unused;
    static const int64_t lengths[] = { NANOSECOND,       20 * MICROSECOND, MILLISECOND,
                                       50 * MILLISECOND, SECOND,           3 * NANOSECOND };
    netpollGenericInit();
    go(interrupter, NULL);
    for (size_t i = 0; i < count_of(lengths); i++) {
        int64_t start = nanotime();
        timeSleep(lengths[i]);
        expect(nanotime() >= start + lengths[i], "a sleep ended too early");
        expect_by(start + lengths[i], "a sleep ended too late");
    }
}

/* TestOverflowSleep, the short end. */
static void sleeps_of_no_length(void *unused)
{
    (void)unused;
    int64_t start = nanotime();
    timeSleep(0);
    timeSleep(-1);
    timeSleep(INT64_MIN);
    expect_by(start, "a sleep of nothing took time");
}

static _Atomic uint32_t woke;

static void endless_sleeper(void *unused)
{
    (void)unused;
    timeSleep(INT64_MAX);
    hook_store(&woke, 1u);
}

/* TestOverflowSleep, the long end. */
static void an_endless_sleep(void *unused)
{
    (void)unused;
    hook_store(&woke, 0u);
    go(endless_sleeper, NULL);
    for (int64_t ns = MICROSECOND; ns <= HOUR; ns *= 60) {
        int64_t start = nanotime();
        timeSleep(ns);
        expect(nanotime() >= start + ns, "a sleep beside an endless one ended too early");
        expect_by(start + ns, "a sleep beside an endless one ended too late");
        collect_garbage();
        expect(hook_load(&woke) == 0, "an endless sleep ended");
    }
}

/* --- several --- */

enum { ROUNDS = 8 };

static void collector(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        collect_garbage();
    semaphore_signal(&done);
}

/* TestSleepZeroDeadlock. */
static void zero_sleeps_while_the_world_stops(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    go(collector, NULL);
    struct semaphore own;
    for (int i = 0; i < ROUNDS; i++) {
        timeSleep(0);
        semaphore_init(&own);
        semaphore_signal(&own);
        semaphore_wait(&own);
        timeSleep(NANOSECOND);
    }
    semaphore_wait(&done);
}

enum { SLEEPERS = 8 };

static struct sleeper {
    int64_t ns, woke_at;
} sleepers[SLEEPERS];
static int64_t began;
static _Atomic uint32_t woken;
static uint32_t order[SLEEPERS];

static void sleeper(void *argument)
{
    struct sleeper *self = argument;
    timeSleep(began + self->ns - nanotime());
    self->woke_at = nanotime();
    order[hook_fetch_add(&woken, 1u)] = (uint32_t)(self - sleepers);
    semaphore_signal(&done);
}

/* TestFakeTime: time passes only when all are idle, and then to the very next deadline. */
static void sleepers_with_times_of_their_own(void *unused)
{
    (void)unused;
    static const uint8_t turns[SLEEPERS] = { 5, 1, 8, 3, 7, 2, 6, 4 };
    semaphore_init(&done);
    hook_store(&woken, 0u);
    began = nanotime();
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (struct sleeper){ turns[i] * MILLISECOND, 0 };
        go(sleeper, &sleepers[i]);
    }
    semaphore_wait_times(&done, SLEEPERS);
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        int64_t when = began + sleepers[i].ns;
        expect(sleepers[i].woke_at >= when, "a sleeper woke up too early");
        expect(!behaviour.punctual || sleepers[i].woke_at == when, "a sleeper woke up too late");
        expect(!behaviour.punctual || turns[order[i]] == i + 1, "sleepers woke up out of order");
    }
}

enum { CROWD = 40 };

static void one_of_a_crowd(void *unused)
{
    (void)unused;
    timeSleep(MILLISECOND);
    semaphore_signal(&done);
}

/* TestTimerStopStress, TestLongAdjustTimers: many sleepers of the same length. */
static void a_crowd_sleeps(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    int64_t start = nanotime();
    for (int i = 0; i < CROWD; i++)
        go(one_of_a_crowd, NULL);
    semaphore_wait_times(&done, CROWD);
    expect(nanotime() >= start + MILLISECOND, "a crowd woke up too early");
    expect_by(start + MILLISECOND, "a crowd woke up too late");
}

int main(void)
{
    static const struct behaviour behaviours[] = {
        { "a_sleep_lasts_its_time_though_interrupted", sleeps_of_many_lengths, 2, NULL },
        { "a_sleep_of_nothing_returns_at_once", sleeps_of_no_length, 1, NULL },
        { "an_endless_sleep_never_ends_nor_disturbs_others", an_endless_sleep, 1, NULL },
        { "an_endless_sleep_disturbs_nobody_on_other_ps", an_endless_sleep, 3, NULL },
        { "a_sleep_of_nothing_is_no_wait_while_the_world_stops", zero_sleeps_while_the_world_stops,
          2, NULL },
        { "sleepers_wake_up_in_order_on_one_p", sleepers_with_times_of_their_own, 1, NULL },
        { "sleepers_wake_up_in_order_on_four_ps", sleepers_with_times_of_their_own, 4, NULL },
        { "a_crowd_of_sleepers_wakes_up", a_crowd_sleeps, 4, NULL },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
