/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers: starting, stopping and changing them. timerrun.c runs them, timerheap.c keeps the heaps.
 *
 * Each P has a heap of timers, guarded by its timersLock. A timer's `status` is changed by CAS only
 * (but for addtimer's first store), also by those who do not hold that lock. States in capitals are
 * transitional, see timerstate.h; "locked" means: holding the timersLock of the timer's P.
 *
 *     NoStatus -> Waiting                   addtimer, which then puts it in a heap
 *     NoStatus, Removed -> MODIFYING        modtimer, which puts it in a heap ...
 *                MODIFYING -> Waiting       ... and lets go of it
 *     Waiting, ModifiedXX -> MODIFYING      deltimer, modtimer, no lock
 *     Deleted -> MODIFYING                  modtimer, no lock
 *     MODIFYING -> Deleted                  deltimer: it stays in the heap for now
 *     MODIFYING -> ModifiedXX               modtimer: it moves in the heap later on
 *     Deleted -> REMOVING -> Removed        cleantimers, adjusttimers, runtimer, and
 *                                           clearDeletedTimers, locked: out of the heap
 *     ModifiedXX -> MOVING -> Waiting       the same, locked: puts it where nextwhen says
 *     Waiting -> RUNNING -> NoStatus        runOneTimer, locked: a timer that fires once
 *     Waiting -> RUNNING -> Waiting         runOneTimer, locked: a periodic one
 *     Waiting -> MOVING -> Waiting          moveTimers, world stopped, locked: to another P
 *     Deleted -> Removed                    moveTimers
 *
 * Who finds another's transitional state spins, some while holding timersLock. Hence
 * D1  MODIFYING of a timer in a heap is short, takes no lock, and is not preempted: acquirem();
 * D2  only a timer that is in no heap may be MODIFYING while its holder waits for a timersLock;
 * D3  a timer leaves RUNNING before its callback is called;
 * D4  no lock is held round a callback.
 *
 * Invariants, walked by runtime_check() where a state can show them:
 * I1  when of a timer in a heap is written locked, in RUNNING or MOVING.
 * I2  nextwhen is written in MODIFYING, and read in MOVING (and loosely in timeSleepUntil).
 * I3  period, f, arg, seq are written in MODIFYING or before addtimer, and read in RUNNING (and
 *     loosely in resettimer, as in Go: who changes them meanwhile may be undone).
 * I4  pp is written locked in a transitional state, and read by others in MODIFYING only. A timer
 *     in NoStatus or Removed has none.
 * I5  A timer is in pp's heap, once, and in no other; in NoStatus and Removed it is in none.
 * I6  The heap is 4-ary on when, also for timers whose real time is nextwhen.
 * I7  Taking a timer out of the middle of a heap moves the one that fills the gap up or down.
 * I8  deletedTimers counts the Deleted timers in the heap (when nothing is in transition).
 * I9  adjustTimers counts the ModifiedEarlier timers in the heap.
 * I10 numTimers is the length of the heap.
 * I11 timer0When is the first timer's when, or 0 if there is none.
 * I13 when is > 0 and period >= 0.
 * I14 The time told to those who sleep, nobarrierWakeTime(), is not after the earliest timer.
 * (I12 speaks of a field that this design has not.)
 *
 * `when` is pinned to its bounds: below 0 it is maxWhen (an overflow), and 0 is 1, because 0 in
 * timer0When says "none". A negative period is 0.
 *
 * Lock order: a timersLock may be taken with pollDesc.lock, scavenge.lock, sched.lock or allpLock
 * held. While it is held only netpollInitLock may be taken.
 */
#include "core/runtime/time.h"

#include "core/runtime/netpoll.h"
#include "core/runtime/schedule.h"
#include "core/runtime/timerstate.h"

static const char *const timer_status_names[TIMER_STATUS_COUNT] = {
    [timerNoStatus] = "timerNoStatus",
    [timerWaiting] = "timerWaiting",
    [timerRunning] = "timerRunning",
    [timerDeleted] = "timerDeleted",
    [timerRemoving] = "timerRemoving",
    [timerRemoved] = "timerRemoved",
    [timerModifying] = "timerModifying",
    [timerModifiedEarlier] = "timerModifiedEarlier",
    [timerModifiedLater] = "timerModifiedLater",
    [timerMoving] = "timerMoving",
};

const char *timer_status_name(uint32_t status)
{
    return status < TIMER_STATUS_COUNT ? timer_status_names[status] : "not a timer's status";
}

static int64_t when_pinned(int64_t when)
{
    if (when < 0)
        return maxWhen;
    return when == 0 ? 1 : when;
}

int64_t when_after(int64_t ns)
{
    int64_t now = nanotime();
    if (ns <= 0)
        return now;
    return ns > maxWhen - now ? maxWhen : now + ns;
}

void addtimer(struct timer *t)
{
    prologue();
    t->when = when_pinned(t->when);
    if (t->period < 0)
        t->period = 0;
    if (peek(&t->status) != timerNoStatus)
        throw("addtimer called with initialized timer");
    /* Nobody else knows this timer yet. */
    poke(&t->status, timerWaiting);

    int64_t when = t->when;
    /* Not to be preempted between looking up the P and adding to its heap: it could be another M's
     * P, or destroyed, by then. */
    struct m *mp = acquirem();
    struct p *pp = getg()->m->p;
    lock(&pp->timersLock);
    cleantimers(pp);
    doaddtimer(pp, t);
    t->pollRound = poller_round();
    unlock(&pp->timersLock);
    wakeNetPoller(when);
    releasem(mp);
}

bool deltimer(struct timer *t)
{
    prologue();
    struct m *mp;
    struct p *tpp;
    for (;;) {
        timer_awaits_stable(t);
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerWaiting:
        case timerModifiedLater:
            /* Not to be preempted while others may spin on the timer. */
            mp = acquirem();
            if (timer_hold(t, s, timerModifying)) {
                /* pp must be read before the timer is let go of: cleantimers may clear it. So
                 * must the counter change: pp may be destroyed, and its counters reset. */
                tpp = t->pp;
                hook_fetch_add(&tpp->deletedTimers, 1u);
                timer_release(t, timerModifying, timerDeleted);
                releasem(mp);
                return true;
            }
            releasem(mp);
            break;
        case timerModifiedEarlier:
            mp = acquirem();
            if (timer_hold(t, s, timerModifying)) {
                tpp = t->pp;
                hook_fetch_add(&tpp->adjustTimers, -1u);
                hook_fetch_add(&tpp->deletedTimers, 1u);
                timer_release(t, timerModifying, timerDeleted);
                releasem(mp);
                return true;
            }
            releasem(mp);
            break;
        case timerDeleted:
        case timerRemoving:
        case timerRemoved:
            return false;
        case timerNoStatus:
            /* Never started, or it has fired. */
            return false;
        case timerRunning:
        case timerMoving:
        case timerModifying:
            timer_spin(t);
            break;
        default:
            badTimer();
        }
    }
}

/* The second half of modtimer() for a timer in a heap: held in timerModifying, was in `status`. */
static void modtimer_in_heap(struct timer *t, int64_t when, uint32_t status, struct m *mp)
{
    if (status == timerDeleted)
        hook_fetch_add(&t->pp->deletedTimers, -1u);

    /* Its P's heap is not ours to change: leave the new time in nextwhen. */
    poke(&t->nextwhen, when);
    bool earlier = when < t->when;

    uint32_t adjust = 0;
    if (status == timerModifiedEarlier)
        adjust--;
    if (earlier)
        adjust++;
    if (adjust != 0)
        hook_fetch_add(&t->pp->adjustTimers, adjust);

    if (earlier)
        t->pollRound = poller_round();
    if (earlier)
        timer_release(t, timerModifying, timerModifiedEarlier);
    else
        timer_release(t, timerModifying, timerModifiedLater);
    releasem(mp);

    if (earlier)
        wakeNetPoller(when);
}

bool modtimer(struct timer *t, int64_t when, int64_t period, timer_func *f, void *arg,
              uintptr_t seq)
{
    prologue();
    when = when_pinned(when);

    uint32_t status = timerNoStatus;
    bool wasRemoved = false, held = false;
    struct m *mp = NULL;
    while (!held) {
        timer_awaits(t, timerRemoving);
        timer_awaits_stable(t);
        status = hook_load(&t->status);
        switch (status) {
        case timerWaiting:
        case timerModifiedEarlier:
        case timerModifiedLater:
        case timerDeleted:
            /* Not to be preempted while others may spin on the timer. */
            mp = acquirem();
            held = timer_hold(t, status, timerModifying);
            if (!held)
                releasem(mp);
            break;
        case timerNoStatus:
        case timerRemoved:
            /* In no heap any more: act like addtimer. */
            mp = acquirem();
            wasRemoved = held = timer_hold_off_heap(t, status);
            if (!held)
                releasem(mp);
            break;
        case timerRunning:
        case timerRemoving:
        case timerMoving:
        case timerModifying:
            timer_spin(t);
            break;
        default:
            badTimer();
        }
    }

    poke(&t->period, period < 0 ? 0 : period);
    poke(&t->f, f);
    poke(&t->arg, arg);
    poke(&t->seq, seq);

    if (wasRemoved) {
        t->when = when;
        struct p *pp = getg()->m->p;
        lock(&pp->timersLock);
        doaddtimer(pp, t);
        timer_enters_heap(t);
        t->pollRound = poller_round();
        unlock(&pp->timersLock);
        timer_release(t, timerModifying, timerWaiting);
        releasem(mp);
        wakeNetPoller(when);
        return false;
    }
    modtimer_in_heap(t, when, status, mp);
    return status != timerDeleted;
}

bool resettimer(struct timer *t, int64_t when)
{
    prologue();
    return modtimer(t, when, peek(&t->period), peek(&t->f), peek(&t->arg), peek(&t->seq));
}

void startTimer(struct timer *t)
{
    prologue();
    addtimer(t);
}

bool stopTimer(struct timer *t)
{
    prologue();
    return deltimer(t);
}

bool resetTimer(struct timer *t, int64_t when)
{
    prologue();
    return resettimer(t, when);
}

void goFunc(void *arg, uintptr_t seq)
{
    (void)seq;
    struct gocall *call = arg;
    uint32_t number = atomic_fetch_add(&rt.gocall_count, 1u) + 1;
    if (newproc(call->fn, call->argument, "after", number) == NULL)
        throw("goFunc: too many goroutines");
}

/* A sleeper's timer fires. */
static void goroutineReady(void *arg, uintptr_t seq)
{
    (void)seq;
    goready(arg);
}

/* On g0, once the sleeper has stopped: any sooner, the timer could wake a goroutine that runs. */
static bool resetForSleep(struct g *gp, void *arg)
{
    (void)gp;
    struct timer *t = arg;
    resettimer(t, peek(&t->nextwhen));
    return true;
}

void timeSleep(int64_t ns)
{
    prologue();
    if (ns <= 0)
        return;

    struct g *gp = getg();
    struct timer *t = gp->timer;
    if (t == NULL) {
        t = runtime_alloc(sizeof(*t));
        gp->timer = t;
    }
    poke(&t->f, goroutineReady);
    poke(&t->arg, gp);
    poke(&t->nextwhen, when_after(ns));
    gopark(resetForSleep, t, "sleep");
}
