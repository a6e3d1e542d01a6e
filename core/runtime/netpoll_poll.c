/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network poller, the half that talks to the kernel (netpollkernel.h): an epoll descriptor and
 * a pipe. Source: Go 1.15's runtime/netpoll_epoll.go.
 *
 * netpollBreak() writes a byte into the pipe. Only a netpoll() that blocks may read it, for it is
 * meant for that one: a netpoll() that just looks in leaves it. netpollWakeSig keeps several
 * netpollBreak() from writing more than one; it is cleared after the byte was read. So when a
 * netpollBreak() does not write, another one's byte is still to be read or its reader is awake.
 *
 * At most one M blocks in netpoll(): the one that has set sched.lastpoll to 0.
 */
#include "core/runtime/netpoll.h"
#include "core/runtime/netpollkernel.h"
#include "core/runtime/netpollwait.h"
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"

static struct mutex netpollInitLock;
static _Atomic uint32_t netpollInited;
static _Atomic uint32_t netpollWakeSig; /* a byte is on its way */
static _Atomic uint32_t netpollWaiters; /* goroutines that wait for a descriptor */
/* To judge: */
static _Atomic bool netpollBroken;      /* since netpoll() last returned from blocking */
static _Atomic int64_t netpollDeadline; /* of the M that blocks there; 0: there is none */

void netpoll_reset(void)
{
    kernel_reset();
    mutex_init(&netpollInitLock, "netpollInit");
    atomic_init(&netpollInited, 0);
    atomic_init(&netpollWakeSig, 0);
    atomic_init(&netpollWaiters, 0);
    atomic_init(&netpollBroken, false);
    atomic_init(&netpollDeadline, 0);
}

bool netpollinited(void)
{
    return hook_load(&netpollInited) != 0;
}

void netpollGenericInit(void)
{
    if (hook_load(&netpollInited) != 0)
        return;
    lock(&netpollInitLock);
    if (peek(&netpollInited) == 0) {
        kernel_open();
        /* Not before: who sees this goes on to poll. */
        hook_store(&netpollInited, 1u);
    }
    unlock(&netpollInitLock);
}

void netpollAdjustWaiters(int32_t delta)
{
    hook_fetch_add(&netpollWaiters, (uint32_t)delta);
}

uint32_t netpollWaitersCount(void)
{
    return peek(&netpollWaiters);
}

bool netpollWaiting(void)
{
    return hook_load(&netpollWaiters) > 0;
}

void netpollBreak(void)
{
    prologue();
    bool first = hook_cas(&netpollWakeSig, &(uint32_t){ 0 }, 1u);
    tell_judge(&netpollBroken, true);
    if (!first)
        return;
    if (!kernel_is_open())
        throw("runtime: netpollBreak write failed");
    kernel_write_byte();
}

bool netpollStays(void)
{
    /* With a byte or an event there, the kernel is late, and nothing is lost. */
    return peek(&sched.lastpoll) == 0 && !kernel_is_pending();
}

int64_t netpollSleepsUntil(void)
{
    return peek(&netpollDeadline);
}

bool netpollBreakIsLost(void)
{
    return netpollStays() && peek(&netpollBroken);
}

static void netpollready_one(struct gqueue *list, struct pollDesc *pd, int mode)
{
    struct g *gp = netpollunblock(pd, mode, true);
    if (gp == NULL)
        return;
    netpollAdjustWaiters(-1);
    gqueue_push(list, gp);
}

static void netpollready(struct gqueue *list, struct pollDesc *pd, int mode)
{
    if (mode == 'r' || mode == 'r' + 'w')
        netpollready_one(list, pd, 'r');
    if (mode == 'w' || mode == 'r' + 'w')
        netpollready_one(list, pd, 'w');
}

/* Until something is ready, the byte comes, or it is too late. */
static void netpoll_until(int64_t deadline_ns, bool blocks, struct gqueue *list)
{
    for (;;) {
        struct kernel_event events[EVENTS_MAX];
        bool byte = false;
        uint32_t count = kernel_take(events, blocks, &byte);
        if (byte)
            hook_store(&netpollWakeSig, 0u);
        for (uint32_t i = 0; i < count; i++)
            netpollready(list, events[i].pd, events[i].mode);
        if (count > 0 || byte || !blocks)
            return;
        /* It is late, or a signal has come: who sleeps for a time works out anew for how long. */
        if (!kernel_wait(deadline_ns) && deadline_ns != HOOK_FOREVER)
            return;
    }
}

void netpoll(int64_t delay, struct gqueue *list)
{
    if (!kernel_is_open())
        return;
    int64_t deadline_ns = HOOK_FOREVER;
    if (delay > 0)
        deadline_ns = when_after(delay);
    if (delay != 0)
        tell_judge(&netpollDeadline, deadline_ns);
    netpoll_until(deadline_ns, delay != 0, list);
    if (delay != 0) {
        tell_judge(&netpollDeadline, 0);
        tell_judge(&netpollBroken, false);
    }
}
