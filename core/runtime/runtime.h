/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runtime under test: the scheduler and timer subsystem of the Go 1.14/1.15 runtime, with every
 * later fix for this design. Identifiers are Go's own. This header holds what all of it shares:
 * goroutines (G), threads (M), processors (P), the scheduler's state, locks, preemption.
 *
 * Lock order, outermost first (a lock may be taken while those before it in its line are held):
 *     scavenge < sched < allp < timers      pollDesc < timers < netpollInit
 *     mheap after any of them: a stack may have to grow at any prologue. Nothing is taken after it.
 *     timers nests in timers only in destroy(), with the world stopped
 * No lock is held round a timer's callback.
 *
 * A goroutine is preempted only in prologue(), at the entry of a function, and only when its M holds
 * no lock (m->locks == 0) and runs it as user code (not on g0).
 */
#ifndef CORE_RUNTIME_RUNTIME_H
#define CORE_RUNTIME_RUNTIME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/check.h"
#include "core/base/fiber.h"
#include "core/hook/hook.h"

enum {
    P_MAX = 8,
    M_MAX = 128,
    G_MAX = 48,
    RUNQ_SIZE = 8, /* per P; Go has 256: small, so that overflow into the global queue happens */
};

/* Accesses without a hook, where Go's are not atomic either: to a word that only the caller may
 * change now; or where a stale value makes who reads it less clever, not wrong; or where the next
 * hooked access mends what it spoils. No step. A word is _Atomic if others may read it meanwhile. */
#define peek(p) hook_peek(p)
#define peek_explicit(p, order) hook_peek_explicit(p, order)
#define poke(p, v) hook_poke(p, v)

struct timer;

/* A runtime lock. While one is held, its M is not preempted. */
struct mutex {
    struct hook_mutex hook;
};

enum gstatus { _Gidle, _Grunnable, _Grunning, _Gsyscall, _Gwaiting, _Gdead };
enum pstatus { _Pidle, _Prunning, _Psyscall, _Pgcstop, _Pdead };

typedef void gofunc(void *argument);

struct g {
    struct fiber fiber; /* first: its stack; for g0 of an M unused (the thread's own fiber) */
    struct hook_task task;
    struct m *m; /* who runs it, or NULL */
    _Atomic uint32_t atomicstatus;
    _Atomic bool preempt; /* asked to give up its M at the next prologue that may */
    _Atomic bool preemptStop; /* the world is being stopped: bounded work should end early */
    int32_t goid;
    struct g *schedlink; /* in a queue or a free list */
    gofunc *startfn;
    void *startarg;
    struct timer *timer; /* cached for timeSleep() */
    void *param;         /* handed over by who woke it */
    const char *waitreason;
    uint32_t stack_room; /* so many calls, and its stack must grow; 0: it is large enough */
};

struct m {
    struct g g0;
    struct g *_Atomic curg;
    struct p *p, *nextp, *oldp;
    _Atomic int32_t locks; /* > 0: not to be preempted */
    int32_t id;
    bool spinning;
    struct hook_note park;
    struct m *schedlink;
    struct fiber *fiber; /* the thread's own: g0 runs on it */
    void (*mstartfn)(void); /* run at its start, before it schedules; NULL: none */
    void (*mcallfn)(struct g *gp); /* what g0 is to do with the goroutine that called mcall() */
    struct g *mcallg;
    bool (*waitunlockf)(struct g *gp, void *lock); /* gopark(): run on g0 once gp has stopped */
    void *waitlock;
    uint32_t fastrand;
    uint32_t syscalltick;
};

struct p {
    int32_t id;
    _Atomic uint32_t status; /* enum pstatus */
    struct p *link;          /* in the idle list */
    _Atomic uint32_t schedtick; /* grows at every scheduling round */
    _Atomic uint32_t syscalltick;
    struct { uint32_t schedtick, syscalltick; int64_t schedwhen, syscallwhen; } sysmontick;
    struct m *_Atomic m; /* back link; NULL if idle or in a system call */
    _Atomic bool preempt;
    _Atomic uint32_t pollRound; /* see oversight.c */
    bool handedOff;             /* see oversight.c */
    struct hook_token token;

    _Atomic uint32_t runqhead, runqtail;
    struct g *_Atomic runq[RUNQ_SIZE];
    struct g *_Atomic runnext;

    /* Timers: see time.h. */
    struct mutex timersLock;
    struct timer **timers; /* 4-ary min-heap on when; guarded by timersLock */
    uint32_t timers_count, timers_capacity;
    _Atomic int64_t timer0When;    /* timers[0]->when, 0 if none: read without the lock */
    _Atomic uint32_t numTimers;    /* == timers_count when quiescent */
    _Atomic uint32_t adjustTimers; /* timerModifiedEarlier timers in the heap */
    _Atomic uint32_t deletedTimers; /* timerDeleted timers in the heap */
};

struct gqueue {
    struct g *head, *tail;
    _Atomic int32_t count;
};

/* What sched.lock guards, but for the atomics. */
struct schedt {
    struct mutex lock;
    struct m *midle; /* idle Ms waiting for work */
    int32_t nmidle, nmidlelocked, nmsys;
    int32_t mnext; /* how many Ms there are */
    struct p *_Atomic pidle;
    _Atomic uint32_t npidle, nmspinning;
    struct gqueue runq; /* the global run queue */
    struct g *gfree;
    _Atomic uint32_t gcwaiting; /* the world is being stopped */
    int32_t stopwait;           /* Ps that have not stopped yet */
    struct hook_note stopnote;
    _Atomic uint32_t sysmonwait;
    struct hook_note sysmonnote;
    _Atomic int64_t lastpoll;  /* when the network was last polled, 0 while an M blocks in netpoll */
    _Atomic int64_t pollUntil; /* when that M wakes up, 0: not set */
    _Atomic uint32_t pollRound; /* how often an M has gone to block there so far; to judge */
};

/* All state of the runtime, so that it can be put back in one go. */
struct runtime {
    struct schedt sched;
    struct mutex heapLock; /* Go's mheap_.lock: guards all memory, that of stacks too */
    struct mutex allpLock; /* guards allp's length against readers without a P */
    _Atomic int32_t gomaxprocs;
    int32_t newprocs; /* what GOMAXPROCS() asks startTheWorldWithSema() for, 0: nothing */
    int32_t allp_count; /* Go's len(allp) */
    struct p *_Atomic allp[P_MAX];
    int32_t allg_count;
    _Atomic uint32_t gocall_count; /* goroutines that goFunc() has started */
    struct g *worldsema_owner; /* see stopTheWorld() */
    struct gqueue worldsema_waiters;
    struct mutex worldsema_lock;
    struct p ps[P_MAX]; /* storage: allp[i] is NULL until procresize() creates it in ps[i] */
    struct m ms[M_MAX];
    struct g gs[G_MAX];
};
extern struct runtime rt;
#define sched (rt.sched)

/* Memory for the lifetime of a run, zeroed. Aborts when the pool is empty. */
void *runtime_alloc(size_t size);

/* Puts the whole runtime back as it was at the start of the process, in time proportional to what
 * was used. No thread of it may run. */
void runtime_reset(void);

/* The runtime has found itself broken. */
#define throw(message) hook_fail(message)

/* The goroutine that runs: g0 while an M schedules or within systemstack(). */
static inline struct g *getg(void)
{
    return fiber_user();
}

#define nanotime() hook_clock()

/* --- preemption --- */

static inline void addlocks(struct m *mp, int32_t delta)
{
    poke(&mp->locks, peek(&mp->locks) + delta);
}

/* Disables preemption of the calling goroutine; returns its M. Pair with releasem(). */
static inline TSAN_UNWATCHED struct m *acquirem(void)
{
    struct g *gp = getg();
    addlocks(gp->m, 1);
    return gp->m;
}

static inline TSAN_UNWATCHED void releasem(struct m *mp)
{
    addlocks(mp, -1);
}

/* Grows the stack of the calling goroutine. */
void morestack(void);
/* Go's newstack(), at a prologue: grows the goroutine's stack if it must. Whether the caller may be
 * preempted here: canPreemptM(). */
static inline TSAN_UNWATCHED bool canPreempt(void)
{
    struct g *gp = getg();
    struct m *mp = gp->m;
    if (gp->stack_room != 0 && --gp->stack_room == 0)
        morestack();
    return gp != &mp->g0 && peek(&mp->locks) == 0 && mp->p != NULL &&
           peek(&mp->p->status) == _Prunning;
}
/* The stacks of all goroutines have little room left. World stopped. */
void shrinkstacks(void);
/* Gives up the M; the goroutine goes to the global run queue. */
void gopreempt(void);

/* The entry of a function that Go would give a stack check: first statement of each function that a
 * goroutine may be preempted at. prologue_of() is for wrappers, under the wrapped function's name. */
#define prologue()                                                               \
    do {                                                                         \
        if (canPreempt() && hook_preemption_point(peek(&getg()->preempt)))              \
            gopreempt();                                                         \
    } while (0)
#define prologue_of(function_name)                                               \
    do {                                                                         \
        if (canPreempt() &&                                                      \
            hook_preemption_point_from(                                          \
                HOOK_SITE_OF(HOOK_PREEMPTION, function_name, "entry"),           \
                peek(&getg()->preempt)))                                             \
            gopreempt();                                                         \
    } while (0)

/* --- locks --- */

#define mutex_init(l, lock_class) hook_mutex_init(&(l)->hook, lock_class)
/* May preempt at its entry; not while the lock is held. */
#define lock(l) lock_from(HOOK_SITE(HOOK_LOCK, #l), (l))
#define unlock(l) unlock_from(HOOK_SITE(HOOK_UNLOCK, #l), (l))
void lock_from(const struct hook_site *site, struct mutex *l);
void unlock_from(const struct hook_site *site, struct mutex *l);

/* --- small things --- */

/* A per-M random number, the same in every run. */
uint32_t fastrand(void);
static inline uint32_t fastrandn(uint32_t bound)
{
    return (uint32_t)(((uint64_t)fastrand() * bound) >> 32);
}

#endif
