/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Goroutines.
 *
 * Moves of a goroutine's status, each made by who owns it at that time:
 *
 *     _Gidle, _Gdead -> _Grunnable   newproc
 *     _Grunnable -> _Grunning        execute, by the M that took it out of a run queue
 *     _Grunning -> _Grunnable        goschedImpl, by its M
 *     _Grunning -> _Gwaiting         park_m, by its M; from then on it belongs to who wakes it
 *     _Gwaiting -> _Grunnable        ready, injectglist, findrunnable
 *     _Grunning -> _Gsyscall -> _Grunning or _Grunnable    see syscall.c
 *     _Grunning -> _Gdead            goexit0
 *
 * A goroutine has a stack (a fiber) of its own; g0 of an M is the thread's. mcall() switches from a
 * goroutine to its M's g0, execute() from g0 to a goroutine, and both return when somebody switches
 * back: for a goroutine, perhaps on another M. So after a call that may stop it, a goroutine looks
 * up its M and P anew.
 */
#include <stdlib.h>

#include "core/runtime/netpoll.h"
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

/* --- statuses --- */

/* No step: only the owner of the moment changes a status, so there is nothing to race with; two who
 * believe that they own it are told apart by the compare. */
void casgstatus(struct g *gp, uint32_t from, uint32_t to)
{
    hook_touch(&gp->atomicstatus);
    if (!atomic_compare_exchange_strong(&gp->atomicstatus, &from, to))
        throw("casgstatus: bad incoming values");
}

uint32_t readgstatus(struct g *gp)
{
    return peek_explicit(&gp->atomicstatus, memory_order_seq_cst);
}

/* --- switching between a goroutine and g0 --- */

void mcall(void (*fn)(struct g *gp))
{
    struct g *gp = getg();
    struct m *mp = gp->m;
    if (gp == &mp->g0)
        throw("runtime: mcall called on m->g0 stack");
    mp->mcallfn = fn;
    mp->mcallg = gp;
    fiber_switch(mp->fiber);
}

void systemstack(void (*fn)(void *argument), void *argument)
{
    struct g *gp = getg();
    fiber_current()->user = &gp->m->g0;
    fn(argument);
    fiber_current()->user = gp;
}

void dropg(void)
{
    struct m *mp = getg()->m;
    peek(&mp->curg)->m = NULL;
    poke(&mp->curg, NULL);
}

void execute(struct g *gp, bool inheritTime)
{
    struct m *mp = getg()->m;
    poke(&mp->curg, gp);
    gp->m = mp;
    casgstatus(gp, _Grunnable, _Grunning);
    poke(&gp->preempt, false);
    poke(&gp->preemptStop, false);
    if (!inheritTime)
        poke(&mp->p->schedtick, peek(&mp->p->schedtick) + 1);
    hook_task_run(&gp->task);
    hook_progress();
    fiber_switch(&gp->fiber);
}

/* --- birth and death --- */

static void gfree_push(struct g *gp)
{
    assertLockHeld(&sched.lock);
    gp->schedlink = sched.gfree;
    sched.gfree = gp;
}

/* A dead goroutine, or a new one. NULL: there is no room. */
static struct g *gfree_pop(void)
{
    assertLockHeld(&sched.lock);
    struct g *gp = sched.gfree;
    if (gp != NULL) {
        sched.gfree = gp->schedlink;
        gp->schedlink = NULL;
    } else if (rt.allg_count < G_MAX) {
        gp = &rt.gs[rt.allg_count++];
        gp->goid = rt.allg_count;
        /* Kept when it dies. The pool of stacks is not for several threads at a time. */
        gp->fiber.stack_low = fiber_stack_take();
    }
    return gp;
}

static struct g *gfget(void)
{
    lock(&sched.lock);
    struct g *gp = gfree_pop();
    unlock(&sched.lock);
    return gp;
}

/* On g0. */
static void goexit0(struct g *gp)
{
    casgstatus(gp, _Grunning, _Gdead);
    hook_task_wait(&gp->task);
    dropg();
    gp->timer = NULL;
    gp->param = NULL;
    gp->waitreason = NULL;
    lock(&sched.lock);
    gfree_push(gp);
    unlock(&sched.lock);
}

_Noreturn void goexit(void)
{
    mcall(goexit0);
    check(!"a dead goroutine was scheduled");
    abort();
}

/* The first code on a goroutine's stack. */
static void goroutine_first_code(void *argument)
{
    struct g *gp = argument;
    gp->startfn(gp->startarg);
    goexit();
}

struct newproc_call {
    gofunc *fn;
    void *argument;
    const char *name;
    uint32_t number;
    struct g *gp;
};

/* Makes a goroutine and puts it on the caller's P, to run next. On g0. */
static void newproc1(void *argument)
{
    struct newproc_call *call = argument;
    struct g *gp = call->gp = gfget();
    if (gp == NULL)
        return;
    gp->startfn = call->fn;
    gp->startarg = call->argument;
    fiber_init(&gp->fiber, gp->fiber.stack_low, FIBER_STACK_SIZE, goroutine_first_code, gp);
    gp->fiber.user = gp;
    hook_task_init(&gp->task, call->name, call->number);
    hook_touch(&gp->atomicstatus);
    atomic_store(&gp->atomicstatus, _Grunnable);
    runqput(getg()->m->p, gp, true);
}

/* newproc1(), by a goroutine: there may be idle Ps. On g0. */
static void newproc_wake(void *argument)
{
    newproc1(argument);
    wakep();
}

struct g *newproc(gofunc *fn, void *argument, const char *name, uint32_t number)
{
    prologue();
    struct newproc_call call = { fn, argument, name, number, NULL };
    systemstack(newproc_wake, &call);
    return call.gp;
}

/* --- giving up the M --- */

/* On g0. gp goes to the global run queue. Its M may find other work first, and one that spins may
 * already have looked there: somebody has to be woken, as in later releases. */
static void goschedImpl(struct g *gp)
{
    casgstatus(gp, _Grunning, _Grunnable);
    dropg();
    lock(&sched.lock);
    globrunqput(gp);
    unlock(&sched.lock);
    wakep();
}

void Gosched(void)
{
    prologue();
    mcall(goschedImpl);
}

void gopreempt(void)
{
    mcall(goschedImpl);
}

/* --- waiting --- */

/* On g0. The goroutine waits from here on, and unlockf may let somebody wake it. */
static void park_m(struct g *gp)
{
    struct m *mp = getg()->m;
    casgstatus(gp, _Grunning, _Gwaiting);
    hook_task_wait(&gp->task);
    dropg();
    bool (*unlockf)(struct g *, void *) = mp->waitunlockf;
    if (unlockf == NULL)
        return;
    void *lock_waited = mp->waitlock;
    mp->waitunlockf = NULL;
    mp->waitlock = NULL;
    if (unlockf(gp, lock_waited))
        return;
    casgstatus(gp, _Gwaiting, _Grunnable);
    execute(gp, true);
}

void gopark(bool (*unlockf)(struct g *gp, void *lock), void *lock, const char *reason)
{
    prologue();
    struct m *mp = acquirem();
    struct g *gp = peek(&mp->curg);
    if (readgstatus(gp) != _Grunning)
        throw("gopark: bad g status");
    mp->waitunlockf = unlockf;
    mp->waitlock = lock;
    gp->waitreason = reason;
    releasem(mp);
    mcall(park_m);
}

static bool parkunlock_c(struct g *gp, void *l)
{
    (void)gp;
    struct mutex *waited = l;
    unlock(waited);
    return true;
}

void goparkunlock(struct mutex *l, const char *reason)
{
    gopark(parkunlock_c, l, reason);
}

/* On g0. */
static void ready(void *argument)
{
    struct g *gp = argument;
    struct m *mp = acquirem();
    if (readgstatus(gp) != _Gwaiting)
        throw("bad g->status in ready");
    casgstatus(gp, _Gwaiting, _Grunnable);
    runqput(mp->p, gp, true);
    wakep();
    releasem(mp);
}

void goready(struct g *gp)
{
    prologue();
    systemstack(ready, gp);
}

/* Starts an M each for up to n idle Ps. */
static void start_idle(int32_t n)
{
    for (; n != 0 && hook_load(&sched.npidle) != 0; n--)
        startm(NULL, false);
}

void injectglist(struct gqueue *list)
{
    if (list->head == NULL)
        return;
    struct gqueue q = *list;
    *list = (struct gqueue){ 0 };
    for (struct g *gp = q.head; gp != NULL; gp = gp->schedlink)
        casgstatus(gp, _Gwaiting, _Grunnable);

    struct p *pp = getg()->m->p;
    int32_t n = q.count;
    lock(&sched.lock);
    if (pp == NULL) {
        globrunqputbatch(&q);
    } else {
        /* One for each idle P, the rest for our own. */
        int32_t npidle = (int32_t)peek(&sched.npidle);
        for (n = 0; n < npidle && q.head != NULL; n++)
            globrunqput(gqueue_pop(&q));
    }
    unlock(&sched.lock);
    start_idle(n);
    if (q.head != NULL)
        runqputbatch(pp, &q);
    /* A P may have become idle since npidle was read, with nothing in our queue yet (#63555). */
    if (pp != NULL)
        wakep();
}

/* --- the scheduler --- */

/* Every 61st round the global queue comes first: else two goroutines that keep readying each other
 * could starve it. */
static struct g *fair_share(struct p *pp)
{
    if (peek(&pp->schedtick) % 61 != 0 || globrunqsize() == 0)
        return NULL;
    lock(&sched.lock);
    struct g *gp = globrunqget(pp, 1);
    unlock(&sched.lock);
    return gp;
}

struct g *schedule(bool *inheritTime)
{
    struct m *mp = getg()->m;
    if (peek(&mp->locks) != 0)
        throw("schedule: holding locks");
    while (hook_load(&sched.gcwaiting) != 0)
        gcstopm();
    struct p *pp = mp->p;
    poke(&pp->preempt, false);

    /* Before the timers run: they may put goroutines into the local queue. */
    if (mp->spinning && !runqempty_owned(pp))
        throw("schedule: spinning with local work");

    int64_t now = 0, pollUntil;
    bool ran;
    checkTimers(pp, &now, &pollUntil, &ran);

    *inheritTime = false;
    struct g *gp = fair_share(pp);
    if (gp == NULL)
        gp = runqget(pp, inheritTime);
    if (gp == NULL)
        gp = findrunnable(inheritTime);
    if (mp->spinning)
        resetspinning();
    return gp;
}

/* --- boot --- */

static void schedinit(int32_t procs)
{
    mutex_init(&sched.lock, "sched");
    mutex_init(&rt.heapLock, "mheap");
    mutex_init(&rt.allpLock, "allp");
    mutex_init(&rt.worldsema_lock, "worldsema");
    m0init();
    poke(&sched.lastpoll, nanotime());
    lock(&sched.lock);
    if (procresize(procs) != NULL)
        throw("unknown runnable goroutine during bootstrap");
    unlock(&sched.lock);
}

_Noreturn void runtime_start(int32_t procs, bool with_sysmon, gofunc *main, void *argument)
{
    schedinit(procs);
    struct newproc_call call = { main, argument, "main", 0, NULL };
    newproc1(&call);
    if (with_sysmon) {
        lock(&sched.lock);
        newm(sysmon, NULL);
        unlock(&sched.lock);
    }
    mstart(&rt.ms[0]);
}
