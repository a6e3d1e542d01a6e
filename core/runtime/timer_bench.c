/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operation on a timer costs, by a goroutine on the one P, with the monitor running: what
 * timer_bench.h lists, twice. "given": the timers alone, each time is known. "now": it is so long
 * from now, and the clock is read, as package time does.
 *
 * A new timer is one from a pool that has left the heap, set up anew.
 */
#include "core/runtime/timer_bench.h"

#include "core/runtime/proc.h"
#include "core/runtime/time.h"

#define NS_PER_MS ((int64_t)1000000)

static struct timer pool[POOL];
static uint32_t pool_next;
static struct timer *waiting[WAITING];
static uint32_t count_each;
static bool reads_clock;
static int64_t given_ns; /* now, as long as the clock is not read */

static void never(void *arg, uintptr_t seq)
{
    (void)arg;
    (void)seq;
    throw("a timer of this program ran");
}

/* So long from now. */
static int64_t later(uint32_t ms)
{
    return reads_clock ? when_after(ms * NS_PER_MS) : given_ns++ + ms * NS_PER_MS;
}

static struct timer *start(uint32_t ms)
{
    struct timer *t;
    uint32_t status;
    do {
        t = &pool[pool_next++ % POOL];
        status = peek(&t->status);
    } while (status != timerNoStatus && status != timerRemoved);
    *t = (struct timer){ .when = later(ms), .f = never };
    startTimer(t);
    return t;
}

static void create_stop(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        stopTimer(start(HOUR_MS));
}

static void reset(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        resetTimer(waiting[0], later(HOUR_MS));
}

static void stop_reset(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        stopTimer(waiting[0]);
        resetTimer(waiting[0], later(HOUR_MS));
    }
}

static void churn(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct timer **oldest = &waiting[i % WAITING];
        stopTimer(*oldest);
        *oldest = start(HOUR_MS);
        if (i % YIELD_EVERY == 0)
            Gosched();
    }
}

static void churn_any(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct timer **one = &waiting[draw(WAITING)];
        stopTimer(*one);
        *one = start(HOUR_MS + draw(HOUR_MS));
        if (i % YIELD_EVERY == 0)
            Gosched();
    }
}

static void wait_for(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        waiting[i] = start(HOUR_MS);
}

static void stop_all(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        stopTimer(waiting[i]);
    Gosched(); /* and now they leave the heap */
}

static void measure_all(const char *const names[5])
{
    measure(names[0], create_stop, count_each);
    wait_for(1);
    measure(names[1], reset, count_each);
    measure(names[2], stop_reset, count_each);
    stop_all(1);
    wait_for(WAITING);
    measure(names[3], churn, count_each);
    measure(names[4], churn_any, count_each);
    stop_all(WAITING);
}

static void bench(void *unused)
{
    (void)unused;
    given_ns = nanotime();
    create_stop(count_each); /* the monitor looks often at first */
    measure_all((const char *const[]){ "create+stop given", "reset given", "stop+reset given",
                                       "churn given", "churn-any given" });
    reads_clock = true;
    measure_all((const char *const[]){ "create+stop now", "reset now", "stop+reset now",
                                       "churn now", "churn-any now" });
    exit(0);
}

int main(int argc, char **argv)
{
    static struct fiber fiber;
    count_each = operation_count(argc, argv);
    fiber_adopt(&fiber);
    runtime_reset();
    runtime_start(1, true, bench, NULL);
}
