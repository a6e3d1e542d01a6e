/* SPDX-License-Identifier: BSD-3-Clause */
/* What the threads of all examples share. Private to the example*.c files. */
#ifndef FUZZ_EXAMPLE_H
#define FUZZ_EXAMPLE_H

#include "core/engine/subject.h"
#include "core/hook/hook.h"

struct example {
    struct hook_mutex a, b;
    struct hook_mutex nodes[2];
    struct hook_rwlock table;
    struct hook_semaphore done;
    _Atomic uint32_t left, right; /* words that are spun on, flags, counters */
    struct hook_note note;
    const uint32_t *published;
    int64_t sent_ns; /* when the note was set */
    _Atomic int64_t alarm_ns; /* when the sleeper is to be up, 0: at no time */
    uint32_t number; /* no word: a plain variable */
    _Atomic uint32_t running; /* threads that have not come to their end */
};
extern struct example example;

/* Starts one or two threads (second may be NULL) and ends the calling one. */
_Noreturn void example_start(hook_entry *first, hook_entry *second);
/* Ends a thread started so. */
_Noreturn void example_end(void);
/* A thread that stores 1 in left. */
void example_raise_left(void *unused);

/* example_waits.c, _values.c and _order.c: subject->run of each, and the rest of some */
#define EXAMPLE_RUN(name) void example_##name(const struct plan *plan)
EXAMPLE_RUN(abba);
EXAMPLE_RUN(ordered);
EXAMPLE_RUN(lost_wakeup);
EXAMPLE_RUN(kept_wakeup);
EXAMPLE_RUN(early_return);
EXAMPLE_RUN(early_return_fixed);
EXAMPLE_RUN(stale);
EXAMPLE_RUN(stale_fixed);
EXAMPLE_RUN(relock);
EXAMPLE_RUN(relock_fixed);
EXAMPLE_RUN(spin);
EXAMPLE_RUN(handshake);
EXAMPLE_RUN(lost_count);
EXAMPLE_RUN(kept_count);
EXAMPLE_RUN(weak_cas);
EXAMPLE_RUN(weak_cas_fixed);
EXAMPLE_RUN(two_looks);
EXAMPLE_RUN(two_looks_fixed);
EXAMPLE_RUN(no_memory);
EXAMPLE_RUN(no_memory_fixed);
EXAMPLE_RUN(two_locks);
EXAMPLE_RUN(one_lock);
EXAMPLE_RUN(null);
EXAMPLE_RUN(null_fixed);
EXAMPLE_RUN(fail);
EXAMPLE_RUN(fail_fixed);
EXAMPLE_RUN(late);
EXAMPLE_RUN(on_time);
EXAMPLE_RUN(unlock);
EXAMPLE_RUN(unlock_fixed);
EXAMPLE_RUN(endless);
EXAMPLE_RUN(ending);
EXAMPLE_RUN(siblings);
EXAMPLE_RUN(siblings_in_order);
EXAMPLE_RUN(signalled);
EXAMPLE_RUN(signalled_fixed);
EXAMPLE_RUN(await_under_lock);
EXAMPLE_RUN(await_before_lock);
EXAMPLE_RUN(read_twice);
EXAMPLE_RUN(read_twice_fixed);
const char *example_check_count(bool idle);
const char *example_check_left(bool idle);
int64_t example_due(void);

#endif
