/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heaps of timers: a 4-ary min-heap on when per P (I6), with what is told of it without its
 * lock: numTimers (I10) and timer0When (I11). All of it is called with timersLock held.
 *
 * The array is twice as large as the heap may grow before a new one is needed: adjusttimers() keeps
 * the timers that it has taken out in the second half.
 */
#include "core/runtime/time.h"

#include <string.h>

#include "core/runtime/netpoll.h"
#include "core/runtime/schedule.h"
#include "core/runtime/timerstate.h"

enum { TIMERS_FIRST = 16 };

static void timers_grow(struct p *pp)
{
    uint32_t capacity = pp->timers_capacity == 0 ? TIMERS_FIRST : 2 * pp->timers_capacity;
    /* When there is no memory for a good many timers more, there may be for one. */
    if (hook_allocation_point(&pp->timers))
        capacity = pp->timers_capacity + 1;
    struct timer **timers = runtime_alloc(2 * capacity * sizeof(*timers));
    if (pp->timers_count > 0)
        memcpy(timers, pp->timers, pp->timers_count * sizeof(*timers));
    pp->timers = timers;
    pp->timers_capacity = capacity;
}

void doaddtimer(struct p *pp, struct timer *t)
{
    prologue();
    /* Timers rely on the network poller: whoever sleeps for one, sleeps there. */
    if (!netpollinited())
        netpollGenericInit();

    assertLockHeld(&pp->timersLock);
    if (t->pp != NULL)
        throw("doaddtimer: P already set in timer");
    t->pp = pp;
    if (pp->timers == NULL || pp->timers_count == pp->timers_capacity)
        timers_grow(pp);
    uint32_t i = pp->timers_count++;
    pp->timers[i] = t;
    siftupTimer(pp->timers, pp->timers_count, i);
    if (t == pp->timers[0])
        hook_store(&pp->timer0When, t->when);
    hook_fetch_add(&pp->numTimers, 1u);
}

uint32_t dodeltimer(struct p *pp, uint32_t i)
{
    assertLockHeld(&pp->timersLock);
    if (pp->timers[i]->pp != pp)
        throw("dodeltimer: wrong P");
    pp->timers[i]->pp = NULL;

    uint32_t last = --pp->timers_count;
    uint32_t smallest_changed = i;
    pp->timers[i] = pp->timers[last];
    pp->timers[last] = NULL;
    if (i != last) {
        /* It came from another branch, so it may have to go either way. */
        smallest_changed = siftupTimer(pp->timers, last, i);
        siftdownTimer(pp->timers, last, i);
    }
    if (i == 0)
        updateTimer0When(pp);
    hook_fetch_add(&pp->numTimers, -1u);
    return smallest_changed;
}

void dodeltimer0(struct p *pp)
{
    assertLockHeld(&pp->timersLock);
    if (pp->timers[0]->pp != pp)
        throw("dodeltimer0: wrong P");
    pp->timers[0]->pp = NULL;

    uint32_t last = --pp->timers_count;
    pp->timers[0] = pp->timers[last];
    pp->timers[last] = NULL;
    if (last > 0)
        siftdownTimer(pp->timers, last, 0);
    updateTimer0When(pp);
    hook_fetch_add(&pp->numTimers, -1u);
}

void updateTimer0When(struct p *pp)
{
    if (pp->timers_count == 0)
        hook_store(&pp->timer0When, (int64_t)0);
    else
        hook_store(&pp->timer0When, pp->timers[0]->when);
}

uint32_t siftupTimer(struct timer **timers, uint32_t count, uint32_t i)
{
    if (i >= count)
        badTimer();
    struct timer *moving = timers[i];
    int64_t when = moving->when;
    while (i > 0) {
        uint32_t parent = (i - 1) / 4;
        if (when >= timers[parent]->when)
            break;
        timers[i] = timers[parent];
        i = parent;
    }
    timers[i] = moving;
    return i;
}

void siftdownTimer(struct timer **timers, uint32_t count, uint32_t i)
{
    if (i >= count)
        badTimer();
    struct timer *moving = timers[i];
    int64_t when = moving->when;
    for (;;) {
        uint32_t child = 4 * i + 1;
        if (child >= count)
            break;
        uint32_t end = child + 4 < count ? child + 4 : count;
        /* Without branches: nobody can foresee which is the least. */
        uint32_t least = child;
        int64_t least_when = timers[least]->when;
        while (++child < end) {
            int64_t child_when = timers[child]->when;
            least = child_when < least_when ? child : least;
            least_when = child_when < least_when ? child_when : least_when;
        }
        if (least_when >= when)
            break;
        timers[i] = timers[least];
        i = least;
    }
    timers[i] = moving;
}

/* Moves one timer of a P that is being destroyed. sysmon has no P and does not stop with the world:
 * it may stop the scavenger's timer meanwhile. So pp is cleared in timerMoving only. */
static void moveTimer(struct p *pp, struct timer *t)
{
    for (;;) {
        timer_awaits(t, timerModifying);
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerWaiting:
            if (!timer_hold(t, s, timerMoving))
                continue;
            t->pp = NULL;
            doaddtimer(pp, t);
            timer_release(t, timerMoving, timerWaiting);
            return;
        case timerModifiedEarlier:
        case timerModifiedLater:
            if (!timer_hold(t, s, timerMoving))
                continue;
            t->when = peek(&t->nextwhen);
            t->pp = NULL;
            doaddtimer(pp, t);
            timer_release(t, timerMoving, timerWaiting);
            return;
        case timerDeleted:
            if (!hook_cas_weak(&t->status, &s, (uint32_t)timerRemoved))
                continue;
            t->pp = NULL;
            return;
        case timerModifying:
            timer_spin(t);
            break;
        default:
            badTimer();
        }
    }
}

void moveTimers(struct p *pp, struct timer **timers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assertLockHeld(&timers[i]->pp->timersLock);
        moveTimer(pp, timers[i]);
    }
}
