/* SPDX-License-Identifier: BSD-3-Clause */
/* The walker of invariants I1 to I14 (see invariant.c for the list) over the whole runtime. */
#ifndef CORE_RUNTIME_INVARIANT_H
#define CORE_RUNTIME_INVARIANT_H

#include "core/runtime/time.h"

/* NULL: all hold. Otherwise a sentence that begins with the invariant's number. `idle`: no M runs,
 * so all of them must hold; otherwise only those that hold whenever no lock is held and no timer is
 * in a transitional state. timers: all that the program has, to find those in no heap. */
const char *runtime_check(struct timer *const *timers, uint32_t count, bool idle);

/* When a timer in a heap is to run; maxWhen if it is not. */
int64_t real_when(struct timer *t);
/* The earliest time at which a timer in any heap (or in pp's) is due, maxWhen if none; by walking
 * the heaps. */
int64_t runtime_due(void);
int64_t runtime_due_of(const struct p *pp);

#endif
