/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything at once: goroutines that start, stop and reset the same timers, sleep, make system
 * calls, use descriptors with deadlines, stop the world, and change the number of Ps. It must come
 * to an end, and each timer must have run as often as it was started and not taken back.
 */
#include "fuzz/behaviour.h"

enum { WORKERS = 6, ACTIONS = 30, ALARMS = 5, PS = 4 };

static struct alarm alarms[ALARMS];
static _Atomic uint32_t due[ALARMS]; /* starts that nobody has taken back */
static struct pollDesc *pd;
static struct semaphore done;

static int64_t length(struct prng *prng)
{
    static const int64_t lengths[] = { -1,          NANOSECOND, 2 * MICROSECOND, 50 * MICROSECOND,
                                       MILLISECOND, HOUR };
    return lengths[prng_below(prng, count_of(lengths))];
}

static void resets(struct prng *prng)
{
    uint32_t i = prng_below(prng, ALARMS);
    hook_fetch_add(&due[i], 1u - resetTimer(alarms[i].timer, when_after(length(prng))));
}

static void stops(struct prng *prng)
{
    uint32_t i = prng_below(prng, ALARMS);
    hook_fetch_add(&due[i], 0u - alarm_stop(&alarms[i]));
}

static void sleeps(struct prng *prng)
{
    timeSleep(prng_below(prng, 3) * MICROSECOND);
}

static void calls(struct prng *prng)
{
    system_call(prng_below(prng, 60) * MICROSECOND);
}

static void blocks(struct prng *prng)
{
    entersyscallblock();
    hook_sleep(prng_below(prng, 60) * MICROSECOND);
    exitsyscall();
}

static void computes(struct prng *prng)
{
    compute(prng_below(prng, 30) * MICROSECOND);
}

static void resizes(struct prng *prng)
{
    GOMAXPROCS(1 + (int32_t)prng_below(prng, PS));
}

static void collects(struct prng *prng)
{
    (void)prng;
    stopTheWorld("gc");
    shrinkstacks();
    startTheWorld();
    gcPaceScavenger();
}

static void sets_deadline(struct prng *prng)
{
    static const int modes[] = { 'r', 'w', 'r' + 'w' };
    pollSetDeadline(pd, length(prng), modes[prng_below(prng, count_of(modes))]);
}

static void sends(struct prng *prng)
{
    static const int modes[] = { 'r', 'w', 'r' + 'w' };
    arrive(pd, modes[prng_below(prng, count_of(modes))]);
}

static void works(void *number)
{
    static void (*const actions[])(struct prng *) = {
        resets, resets, resets, stops,   stops,    sleeps,        calls,
        blocks, sends,  sends,  resizes, collects, sets_deadline, computes,
    };
    struct prng prng = { behaviour.seed * WORKERS + (uintptr_t)number };
    for (int i = 0; i < ACTIONS; i++)
        actions[prng_below(&prng, count_of(actions))](&prng);
    semaphore_signal(&done);
}

/* Transfers until the descriptor is closed. */
static void transfers(int mode)
{
    for (;;) {
        enum poll_result result = transfer(pd, mode);
        if (result == pollErrClosing)
            break;
        if (result == pollErrTimeout)
            timeSleep(10 * MICROSECOND);
    }
    semaphore_signal(&done);
}

static void reads(void *unused)
{
    (void)unused;
    transfers('r');
}

static void writes(void *unused)
{
    (void)unused;
    transfers('w');
}

static void a_mix(void *unused)
{
    (void)unused;
    semaphore_init(&done);
    for (uint32_t i = 0; i < ALARMS; i++) {
        alarm_start(&alarms[i], i * MICROSECOND);
        hook_store(&due[i], 1u);
    }
    pd = descriptor_open();
    gcenable(MILLISECOND);
    go(reads, NULL);
    go(writes, NULL);
    for (uintptr_t i = 0; i < WORKERS; i++)
        go(works, (void *)i);
    semaphore_wait_times(&done, WORKERS);
    pollUnblock(pd);
    semaphore_wait_times(&done, 2);
    hook_store(&scavenge.stop, true);
    for (uint32_t i = 0; i < ALARMS; i++) {
        hook_fetch_add(&due[i], 0u - alarm_stop(&alarms[i]));
        semaphore_wait_times(&alarms[i].rang, hook_load(&due[i]));
    }
    timeSleep(2 * HOUR);
    for (uint32_t i = 0; i < ALARMS; i++)
        expect(alarm_runs(&alarms[i]) == hook_load(&due[i]),
               "runs differ from the starts that were not taken back");
}

int main(void)
{
    static const struct behaviour behaviours[] = {
        { "all_may_be_done_at_once_on_one_p", a_mix, 1, NULL },
        { "all_may_be_done_at_once_on_four_ps", a_mix, PS, NULL },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
