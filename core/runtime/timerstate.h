/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the timer code moves a timer through its states. Macros, so that a hook point is named after
 * the function that makes the move, and `t` must be called t, so that it is named "&t->status".
 *
 * timerRunning, timerRemoving, timerModifying and timerMoving are transitional: only who won the
 * CAS into one of them may leave it, others spin. To the hooks that is a lock: timer_hold() takes
 * it, timer_release() gives it back, timer_awaits() says who would spin. Its class is the state,
 * but for timerModifying, which is two: who has a timer that is in no heap in that state may wait
 * for a timersLock (D2 in time.c), and who has one that is in a heap may not (D1), because others
 * spin on that while they hold the timersLock. As one class the two would look like a deadlock.
 */
#ifndef CORE_RUNTIME_TIMERSTATE_H
#define CORE_RUNTIME_TIMERSTATE_H

#include "core/runtime/time.h"

#define badTimer() throw("timer data corruption")

/* Moves t from state `from` to the transitional `state`. False: it is in another state by now, or
 * the CAS failed for no reason; look again. */
#define timer_hold(t, from, state) timer_hold_as(t, from, state, #state)
#define timer_hold_as(t, from, state, state_class)                                             \
    (hook_cas_weak(&t->status, &(uint32_t){ from }, (uint32_t)state) &&                        \
     ((void)hook_hold(&t->status, state_class), true))

/* The same to timerModifying, for a timer that is in no heap; then, when it is put into one. */
#define timer_hold_off_heap(t, from) timer_hold_as(t, from, timerModifying, TIMER_OFF_HEAP)
#define timer_enters_heap(t) hook_hold(&t->status, "timerModifying")
#define TIMER_OFF_HEAP "timerModifying-off-heap"

/* Moves t, which the caller holds in the transitional `state`, to the stable state `to`. Nobody else
 * may make that move, so on real threads it is a store, which others may see a little late. To them
 * that is as if they had looked sooner: they spin, or else pass over a timer in transition, as
 * cleantimers() and timeSleepUntil() do, which they may at any time. Whom its new time concerns is
 * told by adjustTimers or timer0When, which changed before and are never late. */
#define timer_release(t, state, to)                                                            \
    do {                                                                                       \
        if (!hook_cas_own(&t->status, &(uint32_t){ state }, (uint32_t)to))                     \
            badTimer();                                                                        \
        hook_release(&t->status);                                                              \
    } while (0)

/* Right before a look at t's status: who finds it in that state spins. */
#define timer_awaits(t, state) hook_awaits(&t->status, #state)
/* By one without the timersLock, who may meet most of them. */
#define timer_awaits_stable(t)                                                                 \
    do {                                                                                       \
        timer_awaits(t, timerRunning);                                                         \
        timer_awaits(t, timerMoving);                                                          \
        hook_awaits(&t->status, TIMER_OFF_HEAP);                                               \
        timer_awaits(t, timerModifying);                                                       \
    } while (0)

/* Go's osyield() loop on t's status. Right after the load that disappointed. */
#define timer_spin(t) hook_spin(&t->status)

#endif
