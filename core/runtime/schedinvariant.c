/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Invariants of the scheduler that hold whenever no M can run. Nobody is then between two steps of a
 * hand-over, so nothing may be on its way: neither a P nor a goroutine may be in limbo.
 *
 * S1  A P below gomaxprocs is idle, running, in a system call or, while the world is being stopped,
 *     stopped; the others are dead.
 * S2  A running P and its M point at each other; an idle one is in sched.pidle, once, and has no M.
 * S3  npidle is the length of sched.pidle, nmidle that of sched.midle.
 * S4  nmspinning counts the Ms that spin.
 * S5  The global run queue's count is its length, and what is in it is runnable.
 * S6  netpollWaiters counts the goroutines that wait for a descriptor, if none is runnable.
 * S7  An M that blocks in netpoll has said until when in sched.pollUntil: 0 if it has no deadline, and
 *     otherwise not later than that.
 * S8  If the scavenger is parked, its timer is set; otherwise it does not wait.
 */
#include "core/runtime/schedinvariant.h"

#include <string.h>

#include "core/runtime/invariant.h"
#include "core/runtime/netpollwait.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/schedule.h"

static uint32_t times_in_pidle(const struct p *pp)
{
    uint32_t times = 0;
    for (const struct p *at = sched.pidle; at != NULL && times <= P_MAX; at = at->link)
        times += at == pp;
    return times;
}

static const char *check_p(struct p *pp)
{
    uint32_t status = peek(&pp->status);
    if (pp->id >= rt.gomaxprocs)
        return status == _Pdead ? NULL : "S1 a P that was destroyed is not dead";
    switch (status) {
    case _Pidle:
        if (pp->m != NULL)
            return "S2 an idle P has an M";
        return times_in_pidle(pp) == 1 ? NULL : "S2 an idle P is not in the idle list once";
    case _Prunning:
        return pp->m != NULL && pp->m->p == pp ? NULL : "S2 a running P is not its M's";
    case _Psyscall:
        return NULL;
    case _Pgcstop:
        return peek(&sched.gcwaiting) != 0 ? NULL : "S1 a P is stopped and the world is not";
    default:
        return "S1 a P that is needed is dead";
    }
}

static const char *check_idle_lists(void)
{
    uint32_t ps = 0;
    int32_t ms = 0;
    for (const struct p *at = sched.pidle; at != NULL && ps <= P_MAX; at = at->link)
        ps++;
    for (const struct m *at = sched.midle; at != NULL && ms <= M_MAX; at = at->schedlink)
        ms++;
    if (ps != peek(&sched.npidle))
        return "S3 npidle differs from the number of idle Ps";
    return ms == sched.nmidle ? NULL : "S3 nmidle differs from the number of idle Ms";
}

static const char *check_spinning(void)
{
    uint32_t spinning = 0;
    for (int32_t i = 0; i < sched.mnext; i++)
        spinning += rt.ms[i].spinning;
    return spinning == peek(&sched.nmspinning) ? NULL
                                               : "S4 nmspinning differs from the Ms that spin";
}

static const char *check_global_queue(void)
{
    int32_t count = 0;
    for (struct g *gp = sched.runq.head; gp != NULL && count <= G_MAX; gp = gp->schedlink) {
        if (peek(&gp->atomicstatus) != _Grunnable)
            return "S5 a goroutine in the global run queue is not runnable";
        count++;
    }
    return count == sched.runq.count ? NULL : "S5 the global run queue's count differs";
}

bool sched_has_runnable(void)
{
    for (int32_t i = 0; i < rt.allg_count; i++)
        if (peek(&rt.gs[i].atomicstatus) == _Grunnable)
            return true;
    return false;
}

static bool waits_for(struct g *gp, const char *reason)
{
    return peek(&gp->atomicstatus) == _Gwaiting && gp->waitreason != NULL &&
           strcmp(gp->waitreason, reason) == 0;
}

/* Who is runnable may have been preempted when it had taken another out of its wait, and not
 * readied it yet. */
static const char *check_waiters(void)
{
    if (sched_has_runnable())
        return NULL;
    uint32_t waiting = 0;
    for (int32_t i = 0; i < rt.allg_count; i++)
        waiting += waits_for(&rt.gs[i], "IO wait");
    return waiting == netpollWaitersCount() ? NULL
                                            : "S6 netpollWaiters differs from who waits";
}

static const char *check_poller(void)
{
    int64_t deadline = netpollSleepsUntil(), until = peek(&sched.pollUntil);
    if (deadline == 0)
        return until == 0 ? NULL : "S7 pollUntil is set, and nobody blocks in netpoll";
    bool forever = until == 0 || until == maxWhen;
    if (forever != (deadline == HOOK_FOREVER))
        return "S7 pollUntil does not tell how long the M in netpoll sleeps";
    return until <= deadline ? NULL : "S7 the M in netpoll wakes up before pollUntil";
}

static const char *check_scavenger(void)
{
    if (scavenge.g == NULL)
        return NULL;
    if (scavenge.parked)
        return real_when(scavenge.timer) != maxWhen
                   ? NULL
                   : "S8 the scavenger is parked and its timer is not set";
    return waits_for(scavenge.g, "GC scavenge wait")
               ? "S8 the scavenger waits and nobody is to wake it"
               : NULL;
}

const char *sched_check(void)
{
    for (int32_t i = 0; i < P_MAX; i++) {
        if (rt.allp[i] == NULL)
            continue;
        const char *broken = check_p(rt.allp[i]);
        if (broken != NULL)
            return broken;
    }
    const char *(*const checks[])(void) = { check_idle_lists, check_spinning, check_global_queue,
                                            check_waiters, check_poller, check_scavenger };
    for (uint32_t i = 0; i < count_of(checks); i++) {
        const char *broken = checks[i]();
        if (broken != NULL)
            return broken;
    }
    return NULL;
}
