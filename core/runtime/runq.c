/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run queues.
 *
 * A P's queue is a ring of RUNQ_SIZE slots between runqhead and runqtail, and one slot before it,
 * runnext. Only the owner of the P writes runqtail, the slots, and a goroutine into runnext;
 * anybody may take goroutines out, by a CAS on runqhead, or by a CAS that empties runnext.
 * - The slots in [runqhead, runqtail) are written before runqtail is (release), and read after it
 *   (acquire); a slot is reused only when runqhead has passed it.
 * - A goroutine's task is told its queue before it can be seen there: from then on another M may
 *   run it.
 * The global queue is guarded by sched.lock, which may be taken while a P is owned.
 */
#include "core/runtime/runq.h"

/* Queues by name, so that a report can say where a goroutine waits. Only the hooks that judge use
 * them. */
#define for_hooks __attribute__((unused))
for_hooks static const char *const runq_names[P_MAX] = {
    "run queue of P0", "run queue of P1", "run queue of P2", "run queue of P3",
    "run queue of P4", "run queue of P5", "run queue of P6", "run queue of P7",
};
for_hooks static const char *const runnext_names[P_MAX] = {
    "runnext of P0", "runnext of P1", "runnext of P2", "runnext of P3",
    "runnext of P4", "runnext of P5", "runnext of P6", "runnext of P7",
};
for_hooks static const char global_name[] = "global run queue";

/* --- lists --- */

void gqueue_push(struct gqueue *q, struct g *gp)
{
    gp->schedlink = NULL;
    if (q->tail != NULL)
        q->tail->schedlink = gp;
    else
        q->head = gp;
    q->tail = gp;
    poke(&q->count, peek(&q->count) + 1);
}

void gqueue_push_head(struct gqueue *q, struct g *gp)
{
    gp->schedlink = q->head;
    q->head = gp;
    if (q->tail == NULL)
        q->tail = gp;
    poke(&q->count, peek(&q->count) + 1);
}

void gqueue_append(struct gqueue *q, struct gqueue *tail)
{
    if (tail->head == NULL)
        return;
    if (q->tail != NULL)
        q->tail->schedlink = tail->head;
    else
        q->head = tail->head;
    q->tail = tail->tail;
    poke(&q->count, peek(&q->count) + peek(&tail->count));
    *tail = (struct gqueue){ 0 };
}

struct g *gqueue_pop(struct gqueue *q)
{
    struct g *gp = q->head;
    if (gp == NULL)
        return NULL;
    q->head = gp->schedlink;
    if (q->head == NULL)
        q->tail = NULL;
    gp->schedlink = NULL;
    poke(&q->count, peek(&q->count) - 1);
    return gp;
}

/* --- the global queue --- */

void globrunqput(struct g *gp)
{
    assertLockHeld(&sched.lock);
    hook_task_ready(&gp->task, global_name);
    gqueue_push(&sched.runq, gp);
}

void globrunqputhead(struct g *gp)
{
    assertLockHeld(&sched.lock);
    hook_task_ready(&gp->task, global_name);
    gqueue_push_head(&sched.runq, gp);
}

void globrunqputbatch(struct gqueue *q)
{
    assertLockHeld(&sched.lock);
    for (struct g *gp = q->head; gp != NULL; gp = gp->schedlink)
        hook_task_ready(&gp->task, global_name);
    gqueue_append(&sched.runq, q);
}

struct g *globrunqget(struct p *pp, int32_t max)
{
    assertLockHeld(&sched.lock);
    int32_t n = sched.runq.count / rt.gomaxprocs + 1;
    if (n > sched.runq.count)
        n = sched.runq.count;
    if (max > 0 && n > max)
        n = max;
    if (n > RUNQ_SIZE / 2)
        n = RUNQ_SIZE / 2;
    struct g *gp = gqueue_pop(&sched.runq);
    for (; n > 1; n--)
        runqput(pp, gqueue_pop(&sched.runq), false);
    return gp;
}

int32_t globrunqsize(void)
{
    return peek(&sched.runq.count);
}

/* --- a P's queue --- */

/* Writes slot `t`, not yet visible. */
static void slot_put(struct p *pp, uint32_t t, struct g *gp)
{
    hook_task_ready(&gp->task, runq_names[pp->id]);
    poke(&pp->runq[t % RUNQ_SIZE], gp);
}

/* Moves half of pp's full queue [h, t) and gp to the global queue. False: a thief made room. */
static bool runqputslow(struct p *pp, struct g *gp, uint32_t h, uint32_t t)
{
    uint32_t n = (t - h) / 2;
    check(n == RUNQ_SIZE / 2);
    struct g *batch[RUNQ_SIZE / 2];
    for (uint32_t i = 0; i < n; i++)
        batch[i] = peek(&pp->runq[(h + i) % RUNQ_SIZE]);
    if (!hook_cas_weak(&pp->runqhead, &h, h + n))
        return false;
    struct gqueue q = { 0 };
    for (uint32_t i = 0; i < n; i++)
        gqueue_push(&q, batch[i]);
    gqueue_push(&q, gp);
    lock(&sched.lock);
    globrunqputbatch(&q);
    unlock(&sched.lock);
    return true;
}

/* Puts gp into runnext. Returns what was there, now the caller's, or NULL. */
static struct g *runnext_swap(struct p *pp, struct g *gp)
{
    struct g *oldnext = peek(&pp->runnext);
    hook_task_ready(&gp->task, runnext_names[pp->id]);
    while (!hook_cas_weak(&pp->runnext, &oldnext, gp))
        ; /* a thief took it */
    return oldnext;
}

void runqput(struct p *pp, struct g *gp, bool next)
{
    if (next)
        gp = runnext_swap(pp, gp);
    while (gp != NULL) {
        uint32_t h = hook_load_explicit(&pp->runqhead, memory_order_acquire);
        uint32_t t = peek(&pp->runqtail);
        if (t - h < RUNQ_SIZE) {
            slot_put(pp, t, gp);
            hook_store_explicit(&pp->runqtail, t + 1, memory_order_release);
            return;
        }
        if (runqputslow(pp, gp, h, t))
            return;
    }
}

void runqputbatch(struct p *pp, struct gqueue *q)
{
    uint32_t h = hook_load_explicit(&pp->runqhead, memory_order_acquire);
    uint32_t t = peek(&pp->runqtail);
    while (q->head != NULL && t - h < RUNQ_SIZE)
        slot_put(pp, t++, gqueue_pop(q));
    hook_store_explicit(&pp->runqtail, t, memory_order_release);
    if (q->head == NULL)
        return;
    lock(&sched.lock);
    globrunqputbatch(q);
    unlock(&sched.lock);
}

struct g *runqget(struct p *pp, bool *inheritTime)
{
    *inheritTime = true;
    /* Only the owner puts something into runnext: once empty, it stays so. */
    struct g *next = peek(&pp->runnext);
    while (next != NULL)
        if (hook_cas_weak(&pp->runnext, &next, NULL))
            return next;

    *inheritTime = false;
    for (;;) {
        uint32_t h = hook_load_explicit(&pp->runqhead, memory_order_acquire);
        if (h == peek(&pp->runqtail))
            return NULL;
        struct g *gp = peek(&pp->runq[h % RUNQ_SIZE]);
        if (hook_cas_weak(&pp->runqhead, &h, h + 1))
            return gp;
    }
}

/* Takes runnext of p2. The owner of a running p2 has most likely just readied that goroutine and is
 * about to block: it gets the time to run it itself. */
static bool runnext_steal(struct p *p2, struct g **gp)
{
    *gp = peek(&p2->runnext);
    if (*gp == NULL)
        return false;
    if (peek(&p2->status) == _Prunning)
        hook_sleep(3000);
    struct g *next = *gp;
    return hook_cas_weak(&p2->runnext, &next, NULL);
}

/* Takes half of p2's queue, into batch[batchHead % RUNQ_SIZE] and on. Returns how many. */
static uint32_t runqgrab(struct p *p2, struct g *_Atomic *batch, uint32_t batchHead,
                         bool stealRunNextG)
{
    for (;;) {
        /* One step: the CAS below tells whether the head still is what the tail was read with. */
        uint32_t h = hook_load_explicit(&p2->runqhead, memory_order_acquire);
        uint32_t t = peek_explicit(&p2->runqtail, memory_order_acquire);
        uint32_t n = t - h;
        n -= n / 2;
        if (n == 0) {
            if (!stealRunNextG || peek(&p2->runnext) == NULL)
                return 0;
            struct g *gp;
            if (!runnext_steal(p2, &gp))
                continue;
            poke(&batch[batchHead % RUNQ_SIZE], gp);
            return 1;
        }
        if (n > RUNQ_SIZE / 2) /* head and tail do not fit together */
            continue;
        for (uint32_t i = 0; i < n; i++)
            poke(&batch[(batchHead + i) % RUNQ_SIZE], peek(&p2->runq[(h + i) % RUNQ_SIZE]));
        if (hook_cas_weak(&p2->runqhead, &h, h + n))
            return n;
    }
}

struct g *runqsteal(struct p *pp, struct p *p2, bool stealRunNextG)
{
    uint32_t t = peek(&pp->runqtail);
    uint32_t n = runqgrab(p2, pp->runq, t, stealRunNextG);
    if (n == 0)
        return NULL;
    n--;
    struct g *gp = peek(&pp->runq[(t + n) % RUNQ_SIZE]);
    if (n == 0)
        return gp;
    for (uint32_t i = 0; i < n; i++)
        hook_task_ready(&peek(&pp->runq[(t + i) % RUNQ_SIZE])->task, runq_names[pp->id]);
    uint32_t h = hook_load_explicit(&pp->runqhead, memory_order_acquire);
    if (t - h + n >= RUNQ_SIZE)
        throw("runqsteal: runq overflow");
    hook_store_explicit(&pp->runqtail, t + n, memory_order_release);
    return gp;
}

bool runqempty_owned(struct p *pp)
{
    return peek(&pp->runqhead) == peek(&pp->runqtail) && peek(&pp->runnext) == NULL;
}

/* The owner may kick a goroutine from runnext into the ring between our loads: the tail has to be
 * the same before and after. One step: it is the second look that makes it one instant. */
bool runqempty(struct p *pp)
{
    uint32_t tail = hook_load(&pp->runqtail);
    for (;;) {
        uint32_t head = peek_explicit(&pp->runqhead, memory_order_seq_cst);
        struct g *runnext = peek_explicit(&pp->runnext, memory_order_seq_cst);
        uint32_t again = peek_explicit(&pp->runqtail, memory_order_seq_cst);
        if (tail == again)
            return head == tail && runnext == NULL;
        tail = again;
    }
}
