/* SPDX-License-Identifier: BSD-3-Clause */
/* The walker of the scheduler's invariants S1 to S8 (see schedinvariant.c for the list). */
#ifndef CORE_RUNTIME_SCHEDINVARIANT_H
#define CORE_RUNTIME_SCHEDINVARIANT_H

#include <stdbool.h>

/* NULL: all hold. Otherwise a sentence that begins with the invariant's number. To be asked when no M
 * can run: each is parked, sleeps, or is in a system call. */
const char *sched_check(void);

/* Some goroutine is runnable: it may have been preempted in the middle of something. */
bool sched_has_runnable(void);

#endif
