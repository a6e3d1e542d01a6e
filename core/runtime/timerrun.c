/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running timers: what the scheduler does with a P's heap when it comes by, on g0. Everything but
 * checkTimers(), nobarrierWakeTime() and timeSleepUntil() is called with timersLock held.
 * runOneTimer() lets go of it round the callback, so after a runtimer() the heap may be another.
 *
 * The legal moves and the invariants are in time.c.
 */
#include "core/runtime/time.h"

#include "core/runtime/schedule.h"
#include "core/runtime/timerstate.h"

/* Takes the first timer, which is deleted, out of the heap. False: its status has changed. */
static bool removeDeleted0(struct p *pp, struct timer *t)
{
    if (!timer_hold(t, timerDeleted, timerRemoving))
        return false;
    dodeltimer0(pp);
    timer_release(t, timerRemoving, timerRemoved);
    hook_fetch_add(&pp->deletedTimers, -1u);
    return true;
}

/* Puts the first timer, which is in one of the modified states, where it belongs. False: its status
 * has changed. */
static bool moveModified0(struct p *pp, struct timer *t, uint32_t s)
{
    if (!timer_hold(t, s, timerMoving))
        return false;
    t->when = peek(&t->nextwhen);
    dodeltimer0(pp);
    doaddtimer(pp, t);
    if (s == timerModifiedEarlier)
        hook_fetch_add(&pp->adjustTimers, -1u);
    timer_release(t, timerMoving, timerWaiting);
    return true;
}

void cleantimers(struct p *pp)
{
    struct g *gp = getg();
    while (pp->timers_count > 0) {
        /* Each round is short, but all of them may be long, and nobody can preempt us. */
        if (peek(&gp->preemptStop))
            return;
        struct timer *t = pp->timers[0];
        if (t->pp != pp)
            throw("cleantimers: bad p");
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerDeleted:
            removeDeleted0(pp, t);
            break;
        case timerModifiedEarlier:
        case timerModifiedLater:
            moveModified0(pp, t, s);
            break;
        default: /* also timerModifying: no need to wait */
            return;
        }
    }
}

/* Adds back what adjusttimers() took out. */
static void addAdjustedTimers(struct p *pp, struct timer **moved, uint32_t moved_count)
{
    for (uint32_t i = 0; i < moved_count; i++) {
        struct timer *t = moved[i];
        doaddtimer(pp, t);
        timer_release(t, timerMoving, timerWaiting);
    }
}

/* Puts every timer that was modified where it belongs, and takes out deleted ones on the way. */
static void adjusttimers(struct p *pp)
{
    if (pp->timers_count == 0 || hook_load(&pp->adjustTimers) == 0)
        return;

    /* They are added back only after the walk: while it goes on, that could move timers past it.
     * There is room for them all in the second half of the array. */
    struct timer **moved = pp->timers + pp->timers_capacity;
    uint32_t moved_count = 0;
    uint32_t i = 0;
    while (i < pp->timers_count) {
        struct timer *t = pp->timers[i];
        if (t->pp != pp)
            throw("adjusttimers: bad p");
        timer_awaits(t, timerModifying);
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerDeleted:
            if (timer_hold(t, s, timerRemoving)) {
                i = dodeltimer(pp, i);
                timer_release(t, timerRemoving, timerRemoved);
                hook_fetch_add(&pp->deletedTimers, -1u);
            }
            break;
        case timerModifiedEarlier:
        case timerModifiedLater:
            if (timer_hold(t, s, timerMoving)) {
                t->when = peek(&t->nextwhen);
                i = dodeltimer(pp, i);
                moved[moved_count++] = t;
                if (s == timerModifiedEarlier &&
                    (int32_t)(hook_fetch_add(&pp->adjustTimers, -1u) - 1) <= 0) {
                    addAdjustedTimers(pp, moved, moved_count);
                    return;
                }
            }
            break;
        case timerWaiting:
            i++;
            break;
        case timerModifying:
            timer_spin(t);
            break;
        default:
            badTimer();
        }
    }
    addAdjustedTimers(pp, moved, moved_count);
}

/* Runs the first timer, which is held in timerRunning. */
static void runOneTimer(struct p *pp, struct timer *t, int64_t now)
{
    timer_func *f = peek(&t->f);
    void *arg = peek(&t->arg);
    uintptr_t seq = peek(&t->seq);
    int64_t period = peek(&t->period);

    if (period > 0) {
        /* It stays in the heap, at the first of its times that is still to come. */
        t->when += (now - t->when) / period * period;
        t->when = t->when > maxWhen - period ? maxWhen : t->when + period;
        siftdownTimer(pp->timers, pp->timers_count, 0);
        timer_release(t, timerRunning, timerWaiting);
        updateTimer0When(pp);
    } else {
        dodeltimer0(pp);
        timer_release(t, timerRunning, timerNoStatus);
    }

    unlock(&pp->timersLock);

    hook_callback_point(t);
    hook_enter("callback");
    f(arg, seq);
    hook_leave();
    hook_progress();

    lock(&pp->timersLock);
}

/* Looks at the first timer, of which there is one, and runs it if it is due. Returns 0 if it ran,
 * -1 if there are no timers any more, else when the first one is due. */
static int64_t runtimer(struct p *pp, int64_t now)
{
    for (;;) {
        struct timer *t = pp->timers[0];
        if (t->pp != pp)
            throw("runtimer: bad p");
        timer_awaits(t, timerModifying);
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerWaiting:
            if (t->when > now)
                return t->when;
            if (!timer_hold(t, s, timerRunning))
                continue;
            runOneTimer(pp, t, now);
            return 0;
        case timerDeleted:
            if (removeDeleted0(pp, t) && pp->timers_count == 0)
                return -1;
            break;
        case timerModifiedEarlier:
        case timerModifiedLater:
            moveModified0(pp, t, s);
            break;
        case timerModifying:
            timer_spin(t);
            break;
        default:
            badTimer();
        }
    }
}

struct clearing {
    struct timer **timers;
    uint32_t to;       /* timers[0, to) is a heap of those that stay */
    uint32_t deleted;  /* how many were deleted */
    uint32_t earlier;  /* how many were timerModifiedEarlier */
    bool changed_heap; /* some timer before this one was moved or taken out */
};

static void clearing_keep(struct clearing *clearing, struct timer *t)
{
    clearing->timers[clearing->to] = t;
    siftupTimer(clearing->timers, clearing->to + 1, clearing->to);
    clearing->to++;
}

static void clearing_look(struct clearing *clearing, struct timer *t)
{
    for (;;) {
        timer_awaits(t, timerModifying);
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerWaiting:
            if (clearing->changed_heap)
                clearing_keep(clearing, t);
            else
                clearing->to++;
            return;
        case timerModifiedEarlier:
        case timerModifiedLater:
            if (!timer_hold(t, s, timerMoving))
                continue;
            t->when = peek(&t->nextwhen);
            clearing_keep(clearing, t);
            clearing->changed_heap = true;
            timer_release(t, timerMoving, timerWaiting);
            if (s == timerModifiedEarlier)
                clearing->earlier++;
            return;
        case timerDeleted:
            if (!timer_hold(t, s, timerRemoving))
                continue;
            t->pp = NULL;
            clearing->deleted++;
            timer_release(t, timerRemoving, timerRemoved);
            clearing->changed_heap = true;
            return;
        case timerModifying:
            timer_spin(t);
            break;
        default:
            badTimer();
        }
    }
}

/* Takes all deleted timers out of the heap, and puts the modified ones where they belong. */
static void clearDeletedTimers(struct p *pp)
{
    struct clearing clearing = { .timers = pp->timers };
    for (uint32_t i = 0; i < pp->timers_count; i++)
        clearing_look(&clearing, pp->timers[i]);

    for (uint32_t i = clearing.to; i < pp->timers_count; i++)
        pp->timers[i] = NULL;
    pp->timers_count = clearing.to;
    hook_fetch_add(&pp->deletedTimers, -clearing.deleted);
    hook_fetch_add(&pp->numTimers, -clearing.deleted);
    hook_fetch_add(&pp->adjustTimers, -clearing.earlier);
    updateTimer0When(pp);
}

/* A quarter of so many timers is deleted. Signed: deletedTimers may be below 0 for a moment. */
static bool many_deleted(struct p *pp, uint32_t count)
{
    return (int32_t)hook_load(&pp->deletedTimers) > (int32_t)(count / 4);
}

void checkTimers(struct p *pp, int64_t *now_ns, int64_t *pollUntil, bool *ran)
{
    *pollUntil = 0;
    *ran = false;

    /* Nothing was modified and nothing is due: no need for the lock. */
    if (hook_load(&pp->adjustTimers) == 0) {
        int64_t next = hook_load(&pp->timer0When);
        if (next == 0)
            return;
        if (*now_ns == 0)
            *now_ns = nanotime();
        if (*now_ns < next &&
            (pp != getg()->m->p || !many_deleted(pp, hook_load(&pp->numTimers)))) {
            *pollUntil = next;
            return;
        }
    }

    lock(&pp->timersLock);
    adjusttimers(pp);
    if (pp->timers_count > 0 && *now_ns == 0)
        *now_ns = nanotime();
    while (pp->timers_count > 0) {
        /* It may let go of the lock for a while. */
        int64_t tw = runtimer(pp, *now_ns);
        if (tw != 0) {
            if (tw > 0)
                *pollUntil = tw;
            break;
        }
        *ran = true;
    }
    /* Only on one's own P: it is not worth keeping another's lock for. */
    if (pp == getg()->m->p && many_deleted(pp, pp->timers_count))
        clearDeletedTimers(pp);
    unlock(&pp->timersLock);
}

int64_t nobarrierWakeTime(struct p *pp)
{
    if (hook_load(&pp->adjustTimers) > 0)
        return nanotime();
    return hook_load(&pp->timer0When);
}

/* The earliest of next and the times in pp's heap, in which `earlier` timers are
 * timerModifiedEarlier: once they are all found, the rest is not before the first timer. Those in
 * transition are left out: whoever moves them will tell. */
static int64_t earliest_in_heap(struct p *pp, uint32_t earlier, int64_t next)
{
    assertLockHeld(&pp->timersLock);
    if (pp->timers_count > 0 && pp->timers[0]->when < next)
        next = pp->timers[0]->when;
    for (uint32_t i = 0; i < pp->timers_count && (int32_t)earlier > 0; i++) {
        struct timer *t = pp->timers[i];
        uint32_t s = hook_load(&t->status);
        switch (s) {
        case timerWaiting:
            if (t->when < next)
                next = t->when;
            break;
        case timerModifiedEarlier:
            earlier--;
            if (peek(&t->nextwhen) < next)
                next = peek(&t->nextwhen);
            break;
        case timerModifiedLater:
            if (peek(&t->nextwhen) < next)
                next = peek(&t->nextwhen);
            break;
        default:
            break;
        }
    }
    return next;
}

int64_t timeSleepUntil(void)
{
    int64_t next = maxWhen;
    lock(&rt.allpLock);
    for (int32_t i = 0; i < rt.allp_count; i++) {
        struct p *pp = peek(&rt.allp[i]);
        /* procresize() has made room for it, but not yet the P. */
        if (pp == NULL)
            continue;
        uint32_t earlier = hook_load(&pp->adjustTimers);
        if (earlier == 0) {
            int64_t when = hook_load(&pp->timer0When);
            if (when != 0 && when < next)
                next = when;
            continue;
        }
        lock(&pp->timersLock);
        next = earliest_in_heap(pp, earlier, next);
        unlock(&pp->timersLock);
    }
    unlock(&rt.allpLock);
    return next;
}
