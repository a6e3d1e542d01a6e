/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the timer code moves a timer through its states. Macros, so that a hook point is named after
 * the function that makes the move, and `t` must be called t, so that it is named "&t->status".
 *
 * timerRunning, timerRemoving, timerModifying and timerMoving are transitional: only who won the
 * CAS into one of them may leave it, others spin. To the hooks that is a lock: timer_hold() takes
 * it, timer_release() gives it back.
 */
#ifndef CORE_RUNTIME_TIMERSTATE_H
#define CORE_RUNTIME_TIMERSTATE_H

#include "core/runtime/time.h"

#define badTimer() throw("timer data corruption")

/* Moves t from state `from` to the transitional `state`. False: it is in another state by now, or
 * the CAS failed for no reason; look again. */
#define timer_hold(t, from, state)                                                             \
    (hook_cas_weak(&t->status, &(uint32_t){ from }, (uint32_t)state) &&                        \
     ((void)hook_hold(&t->status, #state), true))

/* Moves t, which the caller holds in the transitional `state`, to the stable state `to`. */
#define timer_release(t, state, to)                                                            \
    do {                                                                                       \
        if (!hook_cas(&t->status, &(uint32_t){ state }, (uint32_t)to))                         \
            badTimer();                                                                        \
        hook_release(&t->status);                                                              \
    } while (0)

/* Go's osyield() loop on t's status. Right after the load that disappointed. */
#define timer_spin(t) hook_spin(&t->status)

#endif
