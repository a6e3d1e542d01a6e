/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network poller, the half that talks to the kernel, and the kernel: an epoll descriptor and a
 * pipe, made of a list of descriptors that are ready, a byte and a note. kernel.lock stands for the
 * kernel's own: it is a leaf, and nothing that is hooked happens while it is held.
 *
 * netpollBreak() writes the byte. Only a netpoll() that blocks may read it, for it is meant for
 * that one: a netpoll() that just looks in leaves it. netpollWakeSig keeps several netpollBreak()
 * from writing more than one; it is cleared after the byte was read. So when a netpollBreak() does
 * not write, another one's byte is still to be read or its reader is awake.
 *
 * At most one M blocks in netpoll(): the one that has set sched.lastpoll to 0.
 */
#include "core/runtime/netpoll.h"
#include "core/runtime/netpollwait.h"
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"

enum { EVENTS_MAX = 16 };

struct event {
    struct pollDesc *pd;
    int mode;
};

struct kernel {
    struct hook_mutex lock;
    struct hook_note note; /* set with each change of what follows */
    bool open;             /* the epoll descriptor and the pipe are there */
    bool byte;             /* is in the pipe */
    struct pollDesc *head, *tail; /* ready, linked by kernel_link */
};
static struct kernel kernel;

static struct mutex netpollInitLock;
static _Atomic uint32_t netpollInited;
static _Atomic uint32_t netpollWakeSig; /* a byte is on its way */
static _Atomic uint32_t netpollWaiters; /* goroutines that wait for a descriptor */
static _Atomic bool netpollBroken;      /* since netpoll() last returned from blocking; to judge */

void netpoll_reset(void)
{
    kernel = (struct kernel){ 0 };
    hook_mutex_init(&kernel.lock, "kernel");
    mutex_init(&netpollInitLock, "netpollInit");
    atomic_init(&netpollInited, 0);
    atomic_init(&netpollWakeSig, 0);
    atomic_init(&netpollWaiters, 0);
    atomic_init(&netpollBroken, false);
}

/* --- the kernel --- */

static void kernel_open(void)
{
    hook_lock(&kernel.lock);
    kernel.open = true;
    hook_unlock(&kernel.lock);
}

static void kernel_write_byte(void)
{
    hook_lock(&kernel.lock);
    kernel.byte = true;
    hook_unlock(&kernel.lock);
    hook_unpark_late(&kernel.note);
}

/* Takes what is ready, EVENTS_MAX at most; returns how many. The byte only if asked to. */
static uint32_t kernel_take(struct event *events, bool take_byte, bool *byte)
{
    uint32_t count = 0;
    hook_lock(&kernel.lock);
    while (kernel.head != NULL && count < EVENTS_MAX) {
        struct pollDesc *pd = kernel.head;
        events[count++] = (struct event){ pd, pd->kernel_mode };
        pd->kernel_mode = 0;
        kernel.head = pd->kernel_link;
    }
    *byte = take_byte && kernel.byte;
    if (*byte)
        kernel.byte = false;
    hook_unlock(&kernel.lock);
    return count;
}

void netpoll_event(struct pollDesc *pd, int mode)
{
    hook_lock(&kernel.lock);
    if (pd->kernel_mode == 0) {
        pd->kernel_link = NULL;
        if (kernel.head == NULL)
            kernel.head = pd;
        else
            kernel.tail->kernel_link = pd;
        kernel.tail = pd;
        pd->kernel_mode = mode;
    } else if (pd->kernel_mode != mode) {
        pd->kernel_mode = 'r' + 'w';
    }
    hook_unlock(&kernel.lock);
    hook_unpark_late(&kernel.note);
}

/* --- the poller --- */

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
    poke(&netpollBroken, true);
    if (!first)
        return;
    if (!kernel.open)
        throw("runtime: netpollBreak write failed");
    kernel_write_byte();
}

bool netpollStays(void)
{
    /* With a byte or an event there, the kernel is late, and nothing is lost. */
    return peek(&sched.lastpoll) == 0 && !kernel.byte && kernel.head == NULL;
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
        struct event events[EVENTS_MAX];
        bool byte = false;
        uint32_t count = kernel_take(events, blocks, &byte);
        if (byte)
            hook_store(&netpollWakeSig, 0u);
        for (uint32_t i = 0; i < count; i++)
            netpollready(list, events[i].pd, events[i].mode);
        if (count > 0 || byte || !blocks)
            return;
        /* It is late, or a signal has come: who sleeps for a time works out anew for how long. */
        if (!hook_park_weak(&kernel.note, deadline_ns) && deadline_ns != HOOK_FOREVER)
            return;
    }
}

void netpoll(int64_t delay, struct gqueue *list)
{
    if (!kernel.open)
        return;
    int64_t deadline_ns = HOOK_FOREVER;
    if (delay > 0)
        deadline_ns = when_after(delay);
    netpoll_until(deadline_ns, delay != 0, list);
    if (delay != 0)
        poke(&netpollBroken, false);
}
