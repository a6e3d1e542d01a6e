/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network poller: descriptors with deadlines, and one M that may block in it. What happens at
 * the other end of a descriptor is netpoll_event(). On real threads a descriptor is a pair of
 * sockets; otherwise there is nothing behind it (netpollkernel.h).
 * Source: Go 1.15's runtime/netpoll.go and netpoll_epoll.go.
 */
#ifndef CORE_RUNTIME_NETPOLL_H
#define CORE_RUNTIME_NETPOLL_H

#include "core/runtime/proc.h"
#include "core/runtime/time.h"

/* pollDesc.rg and wg: nobody, the descriptor is ready, a goroutine is about to park, or its
 * address. */
#define pdNil ((uintptr_t)0)
#define pdReady ((uintptr_t)1)
#define pdWait ((uintptr_t)2)

struct pollDesc {
    struct mutex lock; /* guards all but rg and wg; taken before timers */
    _Atomic bool closing;
    uintptr_t rseq, wseq; /* tell a stale deadline from a current one */
    _Atomic uintptr_t rg, wg;
    struct timer rt_timer, wt_timer;
    _Atomic int64_t rd, wd; /* deadlines in ns; 0: none, -1: passed */
    bool registered;
    /* The kernel's, see netpollkernel.h. */
    struct pollDesc *kernel_link; /* if played: in the list of what it has to report */
    int kernel_mode;              /* if played: 'r', 'w' or 'r'+'w' */
    int descriptor, other;        /* if real: a pair of sockets, its own and the other end */
};

/* poll_runtime_pollWait() and its like. */
enum poll_result { pollNoError, pollErrClosing, pollErrTimeout };

void netpollGenericInit(void);
bool netpollinited(void);
/* Opens a descriptor. */
void pollOpen(struct pollDesc *pd);
/* mode: 'r' or 'w' (deadline: 'r'+'w' for both). d: in how many ns; 0: no deadline; < 0: past. */
void pollSetDeadline(struct pollDesc *pd, int64_t d, int mode);
/* Blocks until the descriptor is ready, closed or late. */
enum poll_result pollWait(struct pollDesc *pd, int mode);
enum poll_result pollReset(struct pollDesc *pd, int mode);
/* Closes it and wakes who waits on it. */
void pollUnblock(struct pollDesc *pd);

/* What the kernel does: pd becomes ready for mode. From any goroutine. */
void netpoll_event(struct pollDesc *pd, int mode);

/* Appends to *list the goroutines that became runnable. delay: < 0 blocks, 0 does not, else that many
 * ns at most. */
void netpoll(int64_t delay, struct gqueue *list);
void netpollBreak(void);
/* To judge, when nothing runs. An M blocks in netpoll(), and nothing is on its way that will end
 * that but its deadline; and although somebody has called netpollBreak(): a lost wake-up. */
bool netpollStays(void);
bool netpollBreakIsLost(void);
/* Until when the M that blocks in netpoll() does so; 0: there is none. */
int64_t netpollSleepsUntil(void);
/* Wakes the M that blocks in netpoll if it would sleep past `when`. */
void wakeNetPoller(int64_t when);
/* Some goroutine waits for a descriptor. */
bool netpollWaiting(void);

/* For runtime_reset(). */
void netpoll_reset(void);

#endif
