/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is told to ThreadSanitizer's own deadlock detector, for comparison with the lock-order
 * graph: locks, and transitional states, each class of an object as a mutex of its own. Only in a
 * flavour with ThreadSanitizer, and there only if WEDGE_TSAN_DEADLOCKS is set in the environment:
 * it costs more than all the rest, and it sees less (core/engine/told.c says what).
 */
#ifndef CORE_ENGINE_TOLD_H
#define CORE_ENGINE_TOLD_H

#include <stdbool.h>

struct fiber;

#ifdef TSAN_TOLD
/* Whether it is told. */
bool told_wanted(void);
/* A run begins: nothing is held, and no order is known. */
void told_begin(void);
/* The current fiber is about to wait for it; has it; has it without having waited. */
void told_waits(const volatile void *object, const char *lock_class);
void told_takes(const volatile void *object, const char *lock_class, bool waited);
/* That fiber has it, without having waited. */
void told_takes_as(struct fiber *fiber, const volatile void *object, const char *lock_class);
/* Whoever has it gives it back. */
void told_gives(const volatile void *object);
#else
#define told_begin() ((void)0)
#define told_waits(object, lock_class) ((void)(object), (void)(lock_class))
#define told_takes(object, lock_class, waited) ((void)(object), (void)(lock_class), (void)(waited))
#define told_takes_as(fiber, object, lock_class) ((void)(object), (void)(lock_class))
#define told_gives(object) ((void)(object))
#endif

#endif
