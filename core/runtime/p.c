/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processors.
 *
 * A P is in one of: _Pidle (in sched.pidle, or on its way to the M that was given it), _Prunning
 * (an M has it: pp->m and m->p point at each other), _Psyscall (its M is in a system call and wants
 * it back; who wins the CAS out of this state has it), _Pgcstop (the world is stopped), _Pdead.
 * - Every change but those out of _Psyscall is made by the owner, or with the world stopped.
 * - sched.pidle and npidle are guarded by sched.lock; npidle may be read without.
 * - allp[i] is NULL until the i-th P has been needed for the first time, and is never NULL again:
 *   an M in a system call may still refer to a dead P. allp_count grows before allp[i] is set; both
 *   change with the world stopped, and allp_count under allpLock, for sysmon, which never stops.
 */
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

void pidleput(struct p *pp)
{
    assertLockHeld(&sched.lock);
    if (!runqempty_owned(pp))
        throw("pidleput: P has non-empty run queue");
    pp->link = peek(&sched.pidle);
    poke(&sched.pidle, pp);
    hook_fetch_add(&sched.npidle, 1u);
}

struct p *pidleget(void)
{
    assertLockHeld(&sched.lock);
    struct p *pp = peek(&sched.pidle);
    if (pp == NULL)
        return NULL;
    poke(&sched.pidle, pp->link);
    pp->handedOff = false;
    hook_fetch_add(&sched.npidle, -1u);
    return pp;
}

void acquirep(struct p *pp)
{
    struct m *mp = getg()->m;
    if (mp->p != NULL)
        throw("wirep: already in go");
    if (peek(&pp->m) != NULL || peek(&pp->status) != _Pidle)
        throw("wirep: invalid p state");
    hook_token_take(&pp->token);
    mp->p = pp;
    poke(&pp->m, mp);
    poke(&pp->status, _Prunning);
}

uint32_t poller_round(void)
{
    return peek(&sched.lastpoll) == 0 ? peek(&sched.pollRound) : 0;
}

void note_poller(struct p *pp)
{
    tell_judge(&pp->pollRound, poller_round());
}

struct p *releasep(void)
{
    struct m *mp = getg()->m;
    struct p *pp = mp->p;
    if (pp == NULL)
        throw("releasep: invalid arg");
    if (peek(&pp->m) != mp || peek(&pp->status) != _Prunning)
        throw("releasep: invalid p state");
    hook_token_give(&pp->token);
    mp->p = NULL;
    poke(&pp->m, NULL);
    poke(&pp->status, _Pidle);
    return pp;
}

/* --- their number --- */

static void allp_resize(int32_t nprocs)
{
    /* retake() and timeSleepUntil() run on an M without a P. */
    lock(&rt.allpLock);
    rt.allp_count = nprocs;
    unlock(&rt.allpLock);
}

/* Makes the i-th P. */
static void procinit(int32_t i)
{
    struct p *pp = &rt.ps[i];
    pp->id = i;
    poke(&pp->status, _Pgcstop);
    hook_token_init(&pp->token, "P", (uint32_t)i);
    if (rt.allp[i] != NULL)
        return;
    mutex_init(&pp->timersLock, "timers");
    hook_store(&rt.allp[i], pp);
}

/* Leaves the caller's M with a P that stays. */
static void keep_p(int32_t nprocs)
{
    struct m *mp = getg()->m;
    struct p *pp = mp->p;
    if (pp != NULL && pp->id < nprocs) {
        poke(&pp->status, _Prunning);
        return;
    }
    /* Before the old one is destroyed: that takes a P. */
    if (pp != NULL) {
        hook_token_give(&pp->token);
        poke(&pp->m, NULL);
    }
    mp->p = NULL;
    pp = rt.allp[0];
    poke(&pp->m, NULL);
    poke(&pp->status, _Pidle);
    acquirep(pp);
}

static void runq_to_global(struct p *pp)
{
    uint32_t head = peek(&pp->runqhead), tail = peek(&pp->runqtail);
    while (head != tail)
        globrunqputhead(peek(&pp->runq[--tail % RUNQ_SIZE]));
    poke(&pp->runqtail, tail);
    struct g *next = peek(&pp->runnext);
    if (next != NULL)
        globrunqputhead(next);
    poke(&pp->runnext, NULL);
}

/* The P is not needed any more. World stopped, sched.lock held. */
static void destroy(struct p *pp)
{
    runq_to_global(pp);
    if (pp->timers_count > 0) {
        struct p *plocal = getg()->m->p;
        /* The world is stopped, but not sysmon, which may be in timeSleepUntil(). Nobody else ever
         * holds two timersLocks, so their order does not matter. */
        lock(&plocal->timersLock);
        hook_nested(1);
        lock(&pp->timersLock);
        moveTimers(plocal, pp->timers, pp->timers_count);
        pp->timers_count = 0;
        hook_store(&pp->numTimers, 0u);
        hook_store(&pp->adjustTimers, 0u);
        hook_store(&pp->deletedTimers, 0u);
        hook_store(&pp->timer0When, (int64_t)0);
        unlock(&pp->timersLock);
        unlock(&plocal->timersLock);
    }
    poke(&pp->status, _Pdead);
    hook_token_retire(&pp->token);
}

/* Puts all Ps but the caller's on the idle list, or, if they have work, on the one it returns, with
 * an idle M if there is one. */
static struct p *runnable_ps(int32_t nprocs)
{
    struct p *runnable = NULL;
    for (int32_t i = nprocs - 1; i >= 0; i--) {
        struct p *pp = rt.allp[i];
        if (pp == getg()->m->p)
            continue;
        tell_judge(&pp->pollRound, 0); /* nobody looks at its timers for now */
        poke(&pp->status, _Pidle);
        if (runqempty_owned(pp)) {
            pidleput(pp);
        } else {
            poke(&pp->m, mget());
            pp->link = runnable;
            runnable = pp;
        }
    }
    return runnable;
}

struct p *procresize(int32_t nprocs)
{
    assertLockHeld(&sched.lock);
    int32_t old = rt.gomaxprocs;
    if (old < 0 || nprocs <= 0 || nprocs > P_MAX)
        throw("procresize: invalid arg");

    if (nprocs > rt.allp_count)
        allp_resize(nprocs);
    for (int32_t i = old; i < nprocs; i++)
        procinit(i);
    keep_p(nprocs);
    for (int32_t i = nprocs; i < old; i++)
        destroy(rt.allp[i]);
    if (nprocs < rt.allp_count)
        allp_resize(nprocs);

    struct p *runnable = runnable_ps(nprocs);
    poke(&rt.gomaxprocs, nprocs);
    return runnable;
}
