/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network poller, the half that does not depend on the kernel: descriptors, who waits on them,
 * and their deadlines.
 *
 * pd->rg and pd->wg say who waits to read and to write. Legal moves (r and w alike):
 *
 *     nil -> wait           netpollblock: about to park
 *     wait -> G             netpollblockcommit, on g0: parked
 *     nil, wait, G -> ready netpollunblock from netpoll(): there is something
 *     wait, G -> nil        netpollunblock: closed, or a deadline has passed
 *     ready, wait, nil -> nil  netpollblock after it has slept, pollReset
 *
 * Who takes G out of the word makes it runnable. The words are changed without pd->lock; who gives
 * up waiting first stores closing or a passed deadline, then looks at the word, while who waits
 * first stores the word, then looks at those: one of them sees the other. That holds because all
 * these accesses are sequentially consistent: closing, rd and wd are _Atomic, and Go has a full
 * barrier after each store. No steps: the words of the seam beside them are.
 *
 * A deadline is a timer, rt_timer or wt_timer, or only rt_timer if both deadlines are equal. Its f
 * is set iff a deadline is pending. Its callback runs without any lock, so it may come late: it is
 * ignored unless the seq that it was set with is still pd->rseq (wseq). Each change of a deadline
 * whose timer was set makes a new seq.
 *
 * Lock order: pd->lock, then timersLock. No callback is called with a timersLock held.
 */
#include "core/runtime/netpoll.h"

#include "core/runtime/netpollkernel.h"
#include "core/runtime/netpollwait.h"
#include "core/runtime/schedule.h"

/* Without the lock: `closing` stands for the deadlines, too, when it is told who touches them. */
static enum poll_result netpollcheckerr(struct pollDesc *pd, int mode)
{
    if (peek(&pd->closing))
        return pollErrClosing;
    if ((mode == 'r' && pd->rd < 0) || (mode == 'w' && pd->wd < 0))
        return pollErrTimeout;
    return pollNoError;
}

static _Atomic uintptr_t *netpollword(struct pollDesc *pd, int mode)
{
    return mode == 'r' ? &pd->rg : &pd->wg;
}

static bool netpollblockcommit(struct g *gp, void *word)
{
    _Atomic uintptr_t *gpp = word;
    /* On failure it has been woken meanwhile, and goes on at once. */
    if (!hook_cas(gpp, &(uintptr_t){ pdWait }, (uintptr_t)gp))
        return false;
    netpollAdjustWaiters(1);
    return true;
}

/* Waits until the descriptor is ready: true; or is closed or late: false. */
static bool netpollblock(struct pollDesc *pd, int mode)
{
    prologue();
    _Atomic uintptr_t *gpp = netpollword(pd, mode);
    for (;;) {
        uintptr_t old = peek(gpp);
        if (old == pdReady) {
            if (hook_cas_weak(gpp, &old, pdNil))
                return true;
            continue;
        }
        if (old != pdNil)
            throw("runtime: double wait");
        if (hook_cas_weak(gpp, &old, pdWait))
            break;
    }

    /* Once more, now that others can see that we are about to wait. */
    if (netpollcheckerr(pd, mode) == pollNoError)
        gopark(netpollblockcommit, gpp, "IO wait");

    /* It may have become ready between being woken and now. */
    uintptr_t old = hook_exchange(gpp, pdNil);
    if (old > pdWait)
        throw("runtime: corrupted polldesc");
    return old == pdReady;
}

struct g *netpollunblock(struct pollDesc *pd, int mode, bool ioready)
{
    _Atomic uintptr_t *gpp = netpollword(pd, mode);
    for (;;) {
        uintptr_t old = hook_load(gpp);
        if (old == pdReady)
            return NULL;
        /* pollWait() looks at deadlines and closing itself. */
        if (old == pdNil && !ioready)
            return NULL;
        if (!hook_cas_weak(gpp, &old, ioready ? pdReady : pdNil))
            continue;
        return old == pdNil || old == pdWait ? NULL : (struct g *)old;
    }
}

static void netpollgoready(struct g *gp)
{
    if (gp == NULL)
        return;
    netpollAdjustWaiters(-1);
    goready(gp);
}

void pollOpen(struct pollDesc *pd)
{
    prologue();
    netpollGenericInit();
    /* A descriptor is used again: a late callback may still have its lock. */
    if (!pd->registered) {
        mutex_init(&pd->lock, "pollDesc");
        kernel_register(pd);
        pd->registered = true;
    }
    lock(&pd->lock);
    if (peek(&pd->wg) > pdReady)
        throw("runtime: blocked write on free polldesc");
    if (peek(&pd->rg) > pdReady)
        throw("runtime: blocked read on free polldesc");
    hook_touch(&pd->closing);
    pd->closing = false;
    pd->rseq++;
    poke(&pd->rg, pdNil);
    pd->rd = 0;
    pd->wseq++;
    poke(&pd->wg, pdNil);
    pd->wd = 0;
    unlock(&pd->lock);
}

enum poll_result pollReset(struct pollDesc *pd, int mode)
{
    prologue();
    enum poll_result result = netpollcheckerr(pd, mode);
    if (result == pollNoError)
        hook_store(netpollword(pd, mode), pdNil);
    return result;
}

enum poll_result pollWait(struct pollDesc *pd, int mode)
{
    prologue();
    enum poll_result result = netpollcheckerr(pd, mode);
    /* It may be woken by a deadline that has been moved before it got to run: then it waits on. */
    while (result == pollNoError && !netpollblock(pd, mode))
        result = netpollcheckerr(pd, mode);
    return result;
}

/* A deadline has passed. */
static void netpolldeadlineimpl(struct pollDesc *pd, uintptr_t seq, bool read, bool write)
{
    lock(&pd->lock);
    if (seq != (read ? pd->rseq : pd->wseq)) {
        /* It was changed while this call was on its way. */
        unlock(&pd->lock);
        return;
    }
    struct g *rg = NULL, *wg = NULL;
    if (read) {
        if (pd->rd <= 0 || pd->rt_timer.f == NULL)
            throw("runtime: inconsistent read deadline");
        hook_touch(&pd->closing);
        pd->rd = -1;
        poke(&pd->rt_timer.f, NULL);
        rg = netpollunblock(pd, 'r', false);
    }
    if (write) {
        if (pd->wd <= 0 || (pd->wt_timer.f == NULL && !read))
            throw("runtime: inconsistent write deadline");
        hook_touch(&pd->closing);
        pd->wd = -1;
        poke(&pd->wt_timer.f, NULL);
        wg = netpollunblock(pd, 'w', false);
    }
    unlock(&pd->lock);
    netpollgoready(rg);
    netpollgoready(wg);
}

static void netpollDeadline(void *arg, uintptr_t seq)
{
    netpolldeadlineimpl(arg, seq, true, true);
}

static void netpollReadDeadline(void *arg, uintptr_t seq)
{
    netpolldeadlineimpl(arg, seq, true, false);
}

static void netpollWriteDeadline(void *arg, uintptr_t seq)
{
    netpolldeadlineimpl(arg, seq, false, true);
}

/* Brings a deadline's timer t up to date: `wanted`: it is to run f at `when`; changed: and it was
 * not set to do just that. */
static void netpollsettimer(struct pollDesc *pd, struct timer *t, uintptr_t *pseq, bool wanted,
                            bool changed, int64_t when, timer_func *f)
{
    if (t->f == NULL) {
        if (wanted) {
            poke(&t->f, f);
            poke(&t->arg, pd);
            poke(&t->seq, *pseq);
            resettimer(t, when);
        }
    } else if (changed) {
        ++*pseq; /* a callback that is on its way is stale now */
        if (wanted) {
            modtimer(t, when, 0, f, pd, *pseq);
        } else {
            deltimer(t);
            poke(&t->f, NULL);
        }
    }
}

void pollSetDeadline(struct pollDesc *pd, int64_t d, int mode)
{
    prologue();
    lock(&pd->lock);
    if (pd->closing) {
        unlock(&pd->lock);
        return;
    }
    int64_t rd0 = pd->rd, wd0 = pd->wd;
    bool combo0 = rd0 > 0 && rd0 == wd0;
    if (d > 0)
        d = when_after(d);
    hook_touch(&pd->closing);
    if (mode == 'r' || mode == 'r' + 'w')
        pd->rd = d;
    if (mode == 'w' || mode == 'r' + 'w')
        pd->wd = d;
    bool combo = pd->rd > 0 && pd->rd == pd->wd;

    netpollsettimer(pd, &pd->rt_timer, &pd->rseq, pd->rd > 0, pd->rd != rd0 || combo != combo0,
                    pd->rd, combo ? netpollDeadline : netpollReadDeadline);
    netpollsettimer(pd, &pd->wt_timer, &pd->wseq, pd->wd > 0 && !combo,
                    pd->wd != wd0 || combo != combo0, pd->wd, netpollWriteDeadline);

    /* Already past: whoever waits is late. */
    struct g *rg = NULL, *wg = NULL;
    if (pd->rd < 0)
        rg = netpollunblock(pd, 'r', false);
    if (pd->wd < 0)
        wg = netpollunblock(pd, 'w', false);
    unlock(&pd->lock);
    netpollgoready(rg);
    netpollgoready(wg);
}

void pollUnblock(struct pollDesc *pd)
{
    prologue();
    lock(&pd->lock);
    if (pd->closing)
        throw("runtime: unblock on closing polldesc");
    hook_touch(&pd->closing);
    pd->closing = true;
    pd->rseq++;
    pd->wseq++;
    struct g *rg = netpollunblock(pd, 'r', false);
    struct g *wg = netpollunblock(pd, 'w', false);
    if (pd->rt_timer.f != NULL) {
        deltimer(&pd->rt_timer);
        poke(&pd->rt_timer.f, NULL);
    }
    if (pd->wt_timer.f != NULL) {
        deltimer(&pd->wt_timer);
        poke(&pd->wt_timer.f, NULL);
    }
    unlock(&pd->lock);
    netpollgoready(rg);
    netpollgoready(wg);
}

void wakeNetPoller(int64_t when)
{
    prologue();
    if (hook_load(&sched.lastpoll) != 0)
        return;
    /* pollUntil is 0 or the time until which that M sleeps: a spurious wake-up can happen, a missed
     * one cannot. */
    int64_t pollerPollUntil = hook_load(&sched.pollUntil);
    if (pollerPollUntil == 0 || pollerPollUntil > when)
        netpollBreak();
}
