/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads.
 *
 * An M with a P runs goroutines or looks for them; without one it is in a system call, in netpoll,
 * parked in stopm(), or sysmon. Parked Ms are in sched.midle (guarded by sched.lock); who takes one
 * out hands it a P in m->nextp and then sets its note, exactly once.
 *
 * A spinning M has a P and no work and looks at the other Ps. sched.nmspinning counts them. Who
 * makes work wakes an M only when there are idle Ps and nobody spins (wakep); an M that stops
 * spinning because it found work wakes the next (resetspinning), and one that gives up looks at all
 * queues once more after it has left the count (findrunnable). So work is never overlooked.
 */
#include "core/runtime/netpoll.h"
#include "core/runtime/runq.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

/* --- starting --- */

/* Ids begin with 0, seeds must not be 0. */
static struct m *mcommoninit(void)
{
    /* Go would have room for 10,000. A schedule that stops each M on its way to sleep needs ever more
     * of them. */
    if (sched.mnext == M_MAX)
        hook_give_up("thread exhaustion");
    struct m *mp = &rt.ms[sched.mnext];
    mp->id = sched.mnext++;
    mp->g0.m = mp;
    mp->fastrand = (uint32_t)(mp->id + 1) * 0x9e3779b9u;
    return mp;
}

struct m *m0init(void)
{
    struct m *mp = mcommoninit();
    mp->fiber = fiber_current();
    mp->fiber->user = &mp->g0;
    return mp;
}

/* Tasks that a goroutine leaves to g0 are run here, not on g0's stack below execute(), so that
 * nothing recurses. One of them may itself have run a goroutine that left the next. */
_Noreturn void mstart(struct m *mp)
{
    for (;;) {
        bool inheritTime;
        hook_enter("scheduler");
        struct g *gp = schedule(&inheritTime);
        hook_leave();
        execute(gp, inheritTime);
        while (mp->mcallfn != NULL) {
            void (*fn)(struct g *) = mp->mcallfn;
            mp->mcallfn = NULL;
            fn(mp->mcallg);
        }
    }
}

/* The first code of a new M's thread. */
static void mstart_thread(void *argument)
{
    struct m *mp = argument;
    mp->fiber = fiber_current();
    mp->fiber->user = &mp->g0;
    if (mp->mstartfn != NULL)
        mp->mstartfn();
    acquirep(mp->nextp);
    mp->nextp = NULL;
    mstart(mp);
}

void newm(void (*fn)(void), struct p *pp)
{
    assertLockHeld(&sched.lock);
    struct m *mp = mcommoninit();
    mp->mstartfn = fn;
    mp->nextp = pp;
    hook_thread_start(mstart_thread, mp, "m");
}

/* --- parking --- */

static void mput(struct m *mp)
{
    assertLockHeld(&sched.lock);
    mp->schedlink = sched.midle;
    sched.midle = mp;
    sched.nmidle++;
    checkdead();
}

struct m *mget(void)
{
    assertLockHeld(&sched.lock);
    struct m *mp = sched.midle;
    if (mp == NULL)
        return NULL;
    sched.midle = mp->schedlink;
    sched.nmidle--;
    return mp;
}

void stopm(void)
{
    struct m *mp = getg()->m;
    if (peek(&mp->locks) != 0)
        throw("stopm holding locks");
    if (mp->p != NULL)
        throw("stopm holding p");
    if (mp->spinning)
        throw("stopm spinning");
    lock(&sched.lock);
    mput(mp);
    unlock(&sched.lock);
    hook_park(&mp->park, HOOK_FOREVER);
    acquirep(mp->nextp);
    mp->nextp = NULL;
}

void wakem(struct m *mp, struct p *pp)
{
    if (mp->nextp != NULL)
        throw("startm: m has p");
    mp->nextp = pp;
    if (!hook_unpark(&mp->park))
        throw("notewakeup - double wakeup");
}

/* --- spinning --- */

/* An M less spins. */
static void nmspinning_down(void)
{
    if ((int32_t)(hook_fetch_add(&sched.nmspinning, -1u) - 1) < 0)
        throw("negative nmspinning");
}

void stopspinning(struct m *mp)
{
    mp->spinning = false;
    nmspinning_down();
}

void resetspinning(void)
{
    stopspinning(getg()->m);
    /* Not everybody who makes work wakes somebody: see wakep(). */
    wakep();
}

/* The start function of an M that is to spin: its creator has counted it. */
static void mspinning(void)
{
    getg()->m->spinning = true;
}

/* --- giving Ps to Ms --- */

void wakep(void)
{
    prologue();
    if (hook_load(&sched.npidle) == 0)
        return;
    /* One that spins will find what there is. */
    if (peek(&sched.nmspinning) != 0)
        return;
    /* From the count to the M's start: preempted in between, we would keep all others asleep. */
    struct m *mp = acquirem();
    if (hook_cas(&sched.nmspinning, &(uint32_t){ 0 }, 1u))
        startm(NULL, true);
    releasem(mp);
}

void startm(struct p *pp, bool spinning)
{
    prologue();
    struct m *mp = acquirem(); /* a P that belongs to nobody must not wait for us to be scheduled */
    lock(&sched.lock);
    if (pp == NULL)
        pp = pidleget();
    if (pp == NULL) {
        unlock(&sched.lock);
        /* The caller has counted the M, but there is none. */
        if (spinning)
            nmspinning_down();
        releasem(mp);
        return;
    }
    struct m *nmp = mget();
    if (nmp == NULL)
        newm(spinning ? mspinning : NULL, pp);
    unlock(&sched.lock);
    if (nmp != NULL) {
        if (nmp->spinning)
            throw("startm: m is spinning");
        if (spinning && !runqempty_owned(pp))
            throw("startm: p has runnable gs");
        nmp->spinning = spinning;
        wakem(nmp, pp);
    }
    releasem(mp);
}

/* pp is idle: makes sure that somebody sleeps no longer than until its timers are due. */
static void handoffp_idle(struct p *pp)
{
    int64_t when = nobarrierWakeTime(pp);
    if (when != 0)
        wakeNetPoller(when);
    pidleput(pp);
}

/* Gives away a P that has lost its M to a system call. */
void handoffp(struct p *pp)
{
    if (!runqempty(pp) || globrunqsize() != 0) {
        startm(pp, false);
        return;
    }
    /* No local work; no need for us if somebody spins or is idle. */
    if (hook_load(&sched.nmspinning) + peek(&sched.npidle) == 0 &&
        hook_cas(&sched.nmspinning, &(uint32_t){ 0 }, 1u)) {
        startm(pp, true);
        return;
    }
    lock(&sched.lock);
    note_poller(pp);
    if (peek(&sched.gcwaiting) != 0) {
        stopped(pp);
        unlock(&sched.lock);
        return;
    }
    /* The last running P: somebody has to poll the network. */
    bool last = (int32_t)peek(&sched.npidle) == peek(&rt.gomaxprocs) - 1 &&
                hook_load(&sched.lastpoll) != 0;
    if (globrunqsize() != 0 || last) {
        unlock(&sched.lock);
        startm(pp, false);
        return;
    }
    pp->handedOff = true;
    handoffp_idle(pp);
    unlock(&sched.lock);
}

/* --- deadlock --- */

void incidlelocked(int32_t v)
{
    lock(&sched.lock);
    sched.nmidlelocked += v;
    if (v > 0)
        checkdead();
    unlock(&sched.lock);
}

/* Some goroutine, the runtime's own aside, waits. */
static bool somebody_waits(void)
{
    bool waits = false;
    for (int32_t i = 0; i < rt.allg_count; i++) {
        struct g *gp = &rt.gs[i];
        if (gp == peek(&scavenge.g))
            continue;
        switch (readgstatus(gp)) {
        case _Gwaiting:
            waits = true;
            break;
        case _Grunnable:
        case _Grunning:
        case _Gsyscall:
            throw("checkdead: runnable g");
        default:
            break;
        }
    }
    return waits;
}

/* All Ms but sysmon are parked, and nothing will ever wake them? sched.lock held. Unlike Go, where
 * the end of main() ends the process, a program may end by having no goroutines left. */
void checkdead(void)
{
    assertLockHeld(&sched.lock);
    int32_t run = sched.mnext - sched.nmidle - sched.nmidlelocked - sched.nmsys;
    if (run > 0)
        return;
    if (run < 0)
        throw("checkdead: inconsistent counts");
    if (!somebody_waits())
        return;
    /* No goroutine runs, so nobody adds timers: those that there are will wake somebody. */
    for (int32_t i = 0; i < rt.allp_count; i++)
        if (peek(&rt.allp[i]) != NULL && peek(&rt.ps[i].numTimers) > 0)
            return;
    throw("all goroutines are asleep - deadlock!");
}
