/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor: an M of its own that has no P and does not stop with the world. It looks after what
 * nobody else does: Ps in long system calls, goroutines that run for too long, the network and the
 * timers when all Ms are busy, the scavenger.
 *
 * It sleeps 20 us to 10 ms between two rounds, and deeply, on sched.sysmonnote, while all Ps are
 * idle or stopped; but never past the first timer. sched.sysmonwait, guarded by sched.lock, says
 * that it sleeps deeply: who clears it sets the note.
 */
#include "core/runtime/netpoll.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

#define DELAY_MIN ((int64_t)20 * 1000)
#define DELAY_MAX ((int64_t)10 * 1000 * 1000)
#define POLL_PERIOD ((int64_t)10 * 1000 * 1000)
#define forcegcperiod ((int64_t)120 * 1000 * 1000 * 1000)

enum { IDLE_ROUNDS = 50 }; /* before the delay grows */

/* Nothing runs, or nothing is to run. */
static bool all_idle(uint32_t gcwaiting, uint32_t npidle)
{
    return gcwaiting != 0 || npidle == (uint32_t)peek(&rt.gomaxprocs);
}

/* Sleeps until it is needed or `next`, when the first timer is due. sched.lock held, but not while
 * it sleeps. */
static void deep_sleep(int64_t now, int64_t next)
{
    hook_store(&sched.sysmonwait, 1u);
    unlock(&sched.lock);
    int64_t sleep = forcegcperiod / 2;
    if (next - now < sleep)
        sleep = next - now;
    bool woken = hook_park(&sched.sysmonnote, now + sleep);
    lock(&sched.lock);
    hook_store(&sched.sysmonwait, 0u);
    if (!woken)
        hook_park(&sched.sysmonnote, 0); /* it may have been set since: clear it */
}

/* True: it had reason to sleep deeply, whether or not it did. *now, *next: brought up to date. */
static bool rest(int64_t *now, int64_t *next)
{
    if (!all_idle(hook_load(&sched.gcwaiting), hook_load(&sched.npidle)))
        return false;
    lock(&sched.lock);
    bool idle = all_idle(peek(&sched.gcwaiting), peek(&sched.npidle));
    /* Anew, now that nobody is left who adds timers: a time from before the last P became idle may
     * leave out a timer that no M in netpoll knows of, and then nobody does (Go 1.16 looks here,
     * too). Nobody takes sched.lock with a timersLock held, because callbacks run without. */
    if (idle)
        *next = timeSleepUntil();
    bool sleeps = idle && *next > *now;
    if (sleeps)
        deep_sleep(*now, *next);
    unlock(&sched.lock);
    if (sleeps) {
        *now = nanotime();
        *next = timeSleepUntil();
    }
    return idle;
}

/* The network, if nobody has looked for a while. */
static void poll_network(int64_t now)
{
    int64_t lastpoll = hook_load(&sched.lastpoll);
    if (lastpoll == 0 || lastpoll + POLL_PERIOD >= now || !netpollinited())
        return;
    hook_cas(&sched.lastpoll, &lastpoll, now);
    /* Pretend that an M more runs, until all that the network has woken is where Ms see it. Else an
     * M that finds nobody waiting for the network any more, or that comes back from a system call
     * when injectglist() has taken all Ps, could park and see a deadlock. */
    incidlelocked(-1);
    struct gqueue list = { 0 };
    netpoll(0, &list);
    injectglist(&list);
    incidlelocked(1);
}

/* One look at everything. True: a P was taken from a system call. */
static bool look(int64_t now, int64_t next)
{
    poll_network(now);
    /* Timers are overdue, perhaps because a P cannot be preempted: another may run them. */
    if (next < now)
        startm(NULL, false);
    if (hook_load(&scavenge.sysmonWake) != 0)
        wakeScavenger();
    return retake(now);
}

void sysmon(void)
{
    lock(&sched.lock);
    sched.nmsys++;
    checkdead();
    unlock(&sched.lock);

    int32_t idle = 0; /* rounds in which there was nothing to do */
    int64_t delay = 0;
    for (;;) {
        if (idle == 0)
            delay = DELAY_MIN;
        else if (idle > IDLE_ROUNDS)
            delay *= 2;
        if (delay > DELAY_MAX)
            delay = DELAY_MAX;
        hook_sleep(delay);
        int64_t now = nanotime(), next = timeSleepUntil();
        if (rest(&now, &next)) {
            idle = 0;
            delay = DELAY_MIN;
        }
        idle = look(now, next) ? 0 : idle + 1;
    }
}
