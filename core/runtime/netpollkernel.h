/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the poller (netpoll_poll.c) asks of the kernel: an epoll descriptor, a pipe, and the
 * descriptors that are registered with it. Two files have it: netpoll_kernel.c, for the `sim`
 * back-end, plays the kernel; netpoll_epoll.c, for those on real threads, calls it.
 *
 * A descriptor becomes ready (netpoll_event()) and is reported once, edge triggered: to the first
 * kernel_take() that comes by; events that nobody has taken yet become one. The byte in the pipe is
 * level triggered: it ends waits until somebody takes it. There is at most one.
 */
#ifndef CORE_RUNTIME_NETPOLLKERNEL_H
#define CORE_RUNTIME_NETPOLLKERNEL_H

#include "core/runtime/netpoll.h"

enum { EVENTS_MAX = 16 };

struct kernel_event {
    struct pollDesc *pd;
    int mode; /* 'r', 'w' or 'r'+'w' */
};

/* For runtime_reset(): nothing is open. */
void kernel_reset(void);
/* Makes the epoll descriptor and the pipe. Once: another pair would be deaf to what is registered
 * with the first. */
void kernel_open(void);
bool kernel_is_open(void);
/* From now on pd can become ready. Once per descriptor. */
void kernel_register(struct pollDesc *pd);
/* Puts the byte into the pipe. */
void kernel_write_byte(void);
/* Takes what is ready, EVENTS_MAX at most; returns how many. The byte only if asked to. Does not
 * wait. */
uint32_t kernel_take(struct kernel_event *events, bool take_byte, bool *byte);
/* Waits until there is something to take: true; or until it is too late, or a signal has come:
 * false. */
bool kernel_wait(int64_t deadline_ns);
/* To judge: there is something to take. No step. */
bool kernel_is_pending(void);

#endif
