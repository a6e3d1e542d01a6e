/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Judges of what nobody is going to do, although somebody could. They look on from outside when no
 * M can run, without hooks and without locks.
 *
 * Work is conserved: who makes a goroutine runnable wakes an M if a P is idle and no M spins, and an
 * M that has found work while it was spinning wakes the next; so a goroutine that waits in a queue
 * beside an idle P has somebody who looks for it. Only the queue of a P in a system call may wait:
 * the call may be short, and sysmon looks after it.
 */
#include "core/runtime/oversight.h"

#include "core/runtime/invariant.h"
#include "core/runtime/netpoll.h"
#include "core/runtime/runq.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/schedinvariant.h"
#include "core/runtime/schedule.h"

static bool has_waiting_work(struct p *pp)
{
    uint32_t status = peek(&pp->status);
    return (status == _Pidle || status == _Prunning) && !runqempty_owned(pp);
}

/* Not one that handoffp() has put there: while it looked at nmspinning, an M may have found work
 * and looked for an idle P, and neither saw the other. Then the work waits until somebody else
 * comes by. */
static bool has_idle_p(void)
{
    for (const struct p *pp = sched.pidle; pp != NULL; pp = pp->link)
        if (!pp->handedOff)
            return true;
    return false;
}

static bool work_is_stranded(void)
{
    if (!has_idle_p() || peek(&sched.nmspinning) != 0 || peek(&sched.gcwaiting) != 0)
        return false;
    bool work = sched.runq.count > 0;
    for (int32_t i = 0; i < rt.allp_count; i++)
        work = work || (rt.allp[i] != NULL && has_waiting_work(rt.allp[i]));
    return work;
}

/* When a timer that the M in netpoll, of that round, has to know of is to run; maxWhen: there is
 * none. */
static int64_t due_for_poller(const struct p *pp, uint32_t round)
{
    bool all = peek(&pp->status) == _Pidle && pp->pollRound == round;
    int64_t due = maxWhen;
    for (uint32_t i = 0; i < pp->timers_count; i++) {
        struct timer *t = pp->timers[i];
        int64_t when = all || t->pollRound == round ? real_when(t) : maxWhen;
        if (when < due)
            due = when;
    }
    return due;
}

/* An M blocks in netpoll beyond a timer that was set, or whose P was given up, while it was there:
 * who did that should have broken it. */
static bool poller_oversleeps(int64_t now)
{
    /* Who is runnable may have been preempted just before it tells. An M that spins may hold the heap
     * in which the timer's owner has not found it, and tells before it sleeps. */
    if (!netpollStays() || sched_has_runnable() || peek(&sched.nmspinning) != 0)
        return false;
    int64_t until = peek(&sched.pollUntil);
    for (int32_t i = 0; i < rt.allp_count; i++) {
        struct p *pp = rt.allp[i];
        if (pp == NULL)
            continue;
        int64_t due = due_for_poller(pp, peek(&sched.pollRound));
        if (due != maxWhen && (until == 0 || (until > due && until > now)))
            return true; /* who wakes up by now is on time for what was moved into the past */
    }
    return false;
}

const char *runtime_overlooked(int64_t now)
{
    if (work_is_stranded())
        return "a goroutine waits in a run queue, a P is idle, and no M looks for work";
    if (netpollBreakIsLost())
        return "netpollBreak() has not ended the sleep in netpoll";
    if (poller_oversleeps(now))
        return "the M in netpoll sleeps past a timer that it should have been told of";
    return NULL;
}

/* Unless sysmon sleeps deeply. */
static bool scavenger_is_forgotten(void)
{
    return scavenge.parked && peek(&scavenge.sysmonWake) != 0 && peek(&sched.sysmonwait) == 0;
}

/* A goroutine that just starts may be missed at first. */
static bool stop_is_unheard(void)
{
    if (peek(&sched.gcwaiting) == 0)
        return false;
    for (int32_t i = 0; i < rt.allp_count; i++) {
        struct p *pp = rt.allp[i];
        struct m *mp = pp != NULL && peek(&pp->status) == _Prunning ? peek(&pp->m) : NULL;
        struct g *gp = mp != NULL ? peek(&mp->curg) : NULL;
        if (gp != NULL && !peek(&gp->preempt))
            return true;
    }
    return false;
}

const char *runtime_neglected(void)
{
    if (scavenger_is_forgotten())
        return "sysmon was asked to wake the scavenger, and has not";
    if (stop_is_unheard())
        return "the world is being stopped, and a goroutine that runs has not been asked to stop";
    return NULL;
}
