/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two halves of the network poller, netpoll.c and netpoll_poll.c, ask of each other. */
#ifndef CORE_RUNTIME_NETPOLLWAIT_H
#define CORE_RUNTIME_NETPOLLWAIT_H

#include "core/runtime/netpoll.h"

/* Ends the wait on pd for mode ('r' or 'w'), if there is one. ioready: the descriptor is ready;
 * otherwise it is closed or late. Returns the goroutine that is to be made runnable, or NULL. */
struct g *netpollunblock(struct pollDesc *pd, int mode, bool ioready);

/* Counts the goroutines that wait for a descriptor. */
void netpollAdjustWaiters(int32_t delta);
/* How many they are; no step. */
uint32_t netpollWaitersCount(void);

#endif
