/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stopping the world.
 *
 * gcwaiting tells every M to give up its P at its next scheduling round; sched.stopwait counts the
 * Ps that have not been given up. Who brings it to 0 sets sched.stopnote. A P stops by its M
 * (gcstopm), or, if it is idle or in a system call, by who stops the world. Then all Ps are
 * _Pgcstop, that of the one who stopped the world too: so it is not preempted until it starts the
 * world.
 *
 * worldsema is a semaphore of goroutines: held from stopTheWorld() to the end of startTheWorld(),
 * so that one at a time stops the world and sets newprocs. It is handed over: a new owner never
 * competes.
 */
#include "core/runtime/netpoll.h"
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"

/* A goroutine that does not heed the request to stop is asked again after so long. */
#define PREEMPT_AGAIN_NS ((int64_t)100 * 1000)

/* --- worldsema --- */

static void worldsema_pass_to(struct g *gp)
{
    assertLockHeld(&rt.worldsema_lock);
    rt.worldsema_owner = gp;
}

static void worldsema_acquire(const char *reason)
{
    lock(&rt.worldsema_lock);
    struct g *gp = getg();
    if (rt.worldsema_owner == NULL) {
        worldsema_pass_to(gp);
        unlock(&rt.worldsema_lock);
        return;
    }
    gqueue_push(&rt.worldsema_waiters, gp);
    goparkunlock(&rt.worldsema_lock, reason);
}

static void worldsema_release(void)
{
    lock(&rt.worldsema_lock);
    struct g *next = gqueue_pop(&rt.worldsema_waiters);
    worldsema_pass_to(next);
    unlock(&rt.worldsema_lock);
    if (next != NULL)
        goready(next);
}

/* --- stopping --- */

void stopped(struct p *pp)
{
    assertLockHeld(&sched.lock);
    poke(&pp->status, _Pgcstop);
    sched.stopwait--;
    if (sched.stopwait == 0)
        hook_unpark(&sched.stopnote);
}

void gcstopm(void)
{
    struct m *mp = getg()->m;
    if (peek(&sched.gcwaiting) == 0)
        throw("gcstopm: not waiting for gc");
    /* Nobody is woken for it: startTheWorld() does that. */
    if (mp->spinning)
        stopspinning(mp);
    struct p *pp = releasep();
    lock(&sched.lock);
    stopped(pp);
    unlock(&sched.lock);
    stopm();
}

static void stop_syscalls(void)
{
    for (int32_t i = 0; i < rt.allp_count; i++) {
        struct p *pp = rt.allp[i];
        if (peek(&pp->status) == _Psyscall &&
            hook_cas(&pp->status, &(uint32_t){ _Psyscall }, _Pgcstop)) {
            poke(&pp->syscalltick, peek(&pp->syscalltick) + 1);
            sched.stopwait--;
        }
    }
}

static void stop_idle(void)
{
    struct p *pp;
    while ((pp = pidleget()) != NULL) {
        poke(&pp->status, _Pgcstop);
        sched.stopwait--;
    }
}

static void wait_until_stopped(void)
{
    for (;;) {
        struct hook_token *tokens[P_MAX];
        uint32_t count = 0;
        for (int32_t i = 0; i < rt.allp_count; i++)
            if (peek(&rt.ps[i].status) != _Pgcstop)
                tokens[count++] = &rt.ps[i].token;
        if (hook_park_for_tokens(&sched.stopnote, nanotime() + PREEMPT_AGAIN_NS, tokens, count))
            return;
        /* It may have missed the goroutines that were just starting. */
        preemptall();
    }
}

static void check_stopped(void)
{
    if (sched.stopwait != 0)
        throw("stopTheWorld: not stopped (stopwait != 0)");
    for (int32_t i = 0; i < rt.allp_count; i++)
        if (peek(&rt.ps[i].status) != _Pgcstop)
            throw("stopTheWorld: not stopped (status != _Pgcstop)");
}

/* On g0. */
static void stopTheWorldWithSema(void *unused)
{
    (void)unused;
    struct m *mp = getg()->m;
    /* An M that waits for the lock would never stop. */
    if (peek(&mp->locks) > 0)
        throw("stopTheWorld: holding locks");
    lock(&sched.lock);
    sched.stopwait = rt.gomaxprocs;
    hook_store(&sched.gcwaiting, 1u);
    hook_gate_close();
    preemptall();
    poke(&mp->p->status, _Pgcstop);
    sched.stopwait--;
    stop_syscalls();
    stop_idle();
    bool wait = sched.stopwait > 0;
    unlock(&sched.lock);
    if (wait)
        wait_until_stopped();
    check_stopped();
}

void stopTheWorld(const char *reason)
{
    prologue();
    worldsema_acquire(reason);
    systemstack(stopTheWorldWithSema, NULL);
}

/* --- starting --- */

/* The Ps that have work; with an M if procresize() found one for them. */
static void start_ps(struct p *pp)
{
    while (pp != NULL) {
        struct p *next = pp->link;
        struct m *mp = peek(&pp->m);
        poke(&pp->m, NULL);
        if (mp != NULL) {
            wakem(mp, pp);
        } else {
            lock(&sched.lock);
            newm(NULL, pp);
            unlock(&sched.lock);
        }
        pp = next;
    }
}

/* On g0. */
static void startTheWorldWithSema(void *unused)
{
    (void)unused;
    struct m *mp = acquirem();
    if (netpollinited()) {
        struct gqueue list = { 0 };
        netpoll(0, &list);
        injectglist(&list);
    }
    lock(&sched.lock);
    int32_t procs = rt.newprocs != 0 ? rt.newprocs : rt.gomaxprocs;
    rt.newprocs = 0;
    struct p *runnable = procresize(procs);
    hook_store(&sched.gcwaiting, 0u);
    hook_gate_open();
    wakesysmon();
    unlock(&sched.lock);
    start_ps(runnable);

    /* One more, in case there is more work than Ps that were started: it will wake others. */
    wakep();
    releasem(mp);
}

void startTheWorld(void)
{
    prologue();
    systemstack(startTheWorldWithSema, NULL);
    worldsema_release();
}

int32_t GOMAXPROCS(int32_t n)
{
    prologue();
    lock(&sched.lock);
    int32_t old = rt.gomaxprocs;
    unlock(&sched.lock);
    if (n > P_MAX)
        n = P_MAX;
    if (n <= 0 || n == old)
        return old;
    stopTheWorld("GOMAXPROCS");
    rt.newprocs = n;
    startTheWorld();
    return old;
}
