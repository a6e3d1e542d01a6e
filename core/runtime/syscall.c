/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls, and taking Ps away from who holds them too long.
 *
 * A goroutine in a system call keeps its M, and leaves its P in _Psyscall, with m->oldp pointing at
 * it. By a CAS out of _Psyscall the P goes to the first of: the M itself, back from the call (to
 * _Pidle, then it takes it); sysmon (to _Pidle, then it hands it off); who stops the world (to
 * _Pgcstop). The winner but for the M counts pp->syscalltick up.
 *
 * A goroutine that knows that its call will block hands its P off at once: entersyscallblock().
 */
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

/* How long a goroutine may run, or keep the P of its system call, before sysmon acts. */
#define forcePreemptNS ((int64_t)10 * 1000 * 1000)

static void tick(struct p *pp)
{
    poke(&pp->syscalltick, peek(&pp->syscalltick) + 1);
}

void wakesysmon(void)
{
    assertLockHeld(&sched.lock);
    if (peek(&sched.sysmonwait) == 0)
        return;
    hook_store(&sched.sysmonwait, 0u);
    hook_unpark(&sched.sysmonnote);
}

/* --- entering --- */

static void entersyscall_sysmon(void *unused)
{
    (void)unused;
    lock(&sched.lock);
    wakesysmon();
    unlock(&sched.lock);
}

static void entersyscall_gcwait(void *argument)
{
    struct p *pp = argument;
    lock(&sched.lock);
    if (sched.stopwait > 0 && hook_cas(&pp->status, &(uint32_t){ _Psyscall }, _Pgcstop)) {
        tick(pp);
        stopped(pp);
    }
    unlock(&sched.lock);
}

void entersyscall(void)
{
    prologue();
    struct g *gp = getg();
    struct m *mp = acquirem();
    casgstatus(gp, _Grunning, _Gsyscall);
    if (hook_load(&sched.sysmonwait) != 0)
        systemstack(entersyscall_sysmon, NULL);

    struct p *pp = mp->p;
    mp->syscalltick = peek(&pp->syscalltick);
    poke(&pp->m, NULL);
    mp->oldp = pp;
    mp->p = NULL;
    hook_token_give(&pp->token);
    hook_store(&pp->status, _Psyscall);
    if (hook_load(&sched.gcwaiting) != 0)
        systemstack(entersyscall_gcwait, pp);
    releasem(mp);
}

static void entersyscallblock_handoff(void *unused)
{
    (void)unused;
    handoffp(releasep());
}

void entersyscallblock(void)
{
    prologue();
    struct g *gp = getg();
    struct m *mp = acquirem();
    casgstatus(gp, _Grunning, _Gsyscall);
    mp->syscalltick = peek(&mp->p->syscalltick);
    tick(mp->p);
    systemstack(entersyscallblock_handoff, NULL);
    releasem(mp);
}

/* --- leaving --- */

struct pidle_call {
    bool done;
};

static void exitsyscallfast_pidle(void *argument)
{
    struct pidle_call *call = argument;
    lock(&sched.lock);
    struct p *pp = pidleget();
    if (pp != NULL)
        wakesysmon();
    unlock(&sched.lock);
    call->done = pp != NULL;
    if (pp != NULL)
        acquirep(pp);
}

static bool some_idle(void)
{
    return peek(&sched.pidle) != NULL;
}

/* Gets the old P back, or else an idle one. */
static bool exitsyscallfast(struct m *mp, struct p *oldp)
{
    if (oldp != NULL && peek(&oldp->status) == _Psyscall &&
        hook_cas(&oldp->status, &(uint32_t){ _Psyscall }, _Pidle)) {
        acquirep(oldp);
        if (mp->syscalltick != peek(&oldp->syscalltick))
            tick(oldp); /* it was retaken meanwhile, and is in its next system call */
        return true;
    }
    if (!some_idle())
        return false;
    struct pidle_call call = { false };
    systemstack(exitsyscallfast_pidle, &call);
    return call.done;
}

/* On g0: there was no P. Not counted as spinning, so a P that is idle by now is taken. */
static void exitsyscall0(struct g *gp)
{
    casgstatus(gp, _Gsyscall, _Grunnable);
    dropg();
    lock(&sched.lock);
    struct p *pp = pidleget();
    if (pp == NULL)
        globrunqput(gp);
    else
        wakesysmon();
    unlock(&sched.lock);
    if (pp != NULL) {
        acquirep(pp);
        execute(gp, false);
        return;
    }
    stopm();
}

void exitsyscall(void)
{
    struct g *gp = getg();
    struct m *mp = acquirem();
    struct p *oldp = mp->oldp;
    mp->oldp = NULL;
    if (exitsyscallfast(mp, oldp)) {
        tick(mp->p);
        casgstatus(gp, _Gsyscall, _Grunning);
        releasem(mp);
        return;
    }
    releasem(mp);
    mcall(exitsyscall0);
    tick(gp->m->p); /* perhaps on another M */
}

/* --- taking Ps back --- */

bool preemptone(struct p *pp)
{
    struct m *mp = peek(&pp->m);
    if (mp == NULL || mp == getg()->m)
        return false;
    struct g *gp = peek(&mp->curg);
    if (gp == NULL)
        return false;
    poke(&gp->preempt, true);
    if (peek(&sched.gcwaiting) != 0)
        poke(&gp->preemptStop, true);
    poke(&pp->preempt, true);
    return true;
}

/* Best effort: a goroutine that starts right now is not asked; so callers repeat it. */
void preemptall(void)
{
    for (int32_t i = 0; i < rt.allp_count; i++) {
        struct p *pp = peek(&rt.allp[i]);
        if (pp != NULL && peek(&pp->status) == _Prunning)
            preemptone(pp);
    }
}

/* Asks who has run on pp for too long to stop. True: it has had pp for so long. */
static bool retake_running(struct p *pp, int64_t now)
{
    uint32_t schedtick = peek(&pp->schedtick);
    if (pp->sysmontick.schedtick != schedtick) {
        pp->sysmontick.schedtick = schedtick;
        pp->sysmontick.schedwhen = now;
        return false;
    }
    if (pp->sysmontick.schedwhen + forcePreemptNS > now)
        return false;
    preemptone(pp);
    return true;
}

/* Whether the system call on pp has lasted long enough to take pp away: more than one round of
 * sysmon if there is work for it, longer if there is not. `overdue`: in any case. */
static bool syscall_is_long(struct p *pp, int64_t now, bool overdue)
{
    uint32_t syscalltick = peek(&pp->syscalltick);
    if (!overdue && pp->sysmontick.syscalltick != syscalltick) {
        pp->sysmontick.syscalltick = syscalltick;
        pp->sysmontick.syscallwhen = now;
        return false;
    }
    return !(runqempty(pp) && hook_load(&sched.nmspinning) + peek(&sched.npidle) > 0 &&
             pp->sysmontick.syscallwhen + forcePreemptNS > now);
}

/* allpLock held; released for a while, because handoffp() takes sched.lock. */
static bool retake_syscall(struct p *pp)
{
    unlock(&rt.allpLock);
    /* Before the CAS, pretend that an M more runs: else the M whose P this is could come back, park
     * and see a deadlock before the P is handed on. */
    incidlelocked(-1);
    bool taken = hook_cas(&pp->status, &(uint32_t){ _Psyscall }, _Pidle);
    if (taken) {
        tick(pp);
        handoffp(pp);
    }
    incidlelocked(1);
    lock(&rt.allpLock);
    return taken;
}

bool retake(int64_t now)
{
    bool taken = false;
    lock(&rt.allpLock);
    for (int32_t i = 0; i < rt.allp_count; i++) {
        struct p *pp = peek(&rt.allp[i]);
        if (pp == NULL) /* procresize() has made room for it, but not yet the P */
            continue;
        uint32_t s = peek(&pp->status);
        if (s != _Prunning && s != _Psyscall)
            continue;
        bool overdue = retake_running(pp, now);
        if (s == _Psyscall && syscall_is_long(pp, now, overdue) && retake_syscall(pp))
            taken = true;
    }
    unlock(&rt.allpLock);
    return taken;
}
