/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seam: every operation by which threads can meet. Code under test uses these wrappers and
 * nothing below them. One of three back-ends stands behind, chosen by -DHOOK_BACKEND=...:
 *
 *     HOOK_PLAIN    C11 atomics and pthreads; the hooks leave no code and no data behind
 *     HOOK_THREADS  the same, each operation after a random delay, for ThreadSanitizer; what may
 *                   fail for no reason does so now and then (hook_threads.h)
 *     HOOK_SIM      the engine: may switch threads before an operation, and is told the outcome
 *
 * All back-ends offer the same words (p: pointer to an _Atomic object; note, mutex: see below):
 *
 *   hook_load(p)  hook_store(p, v)  hook_exchange(p, v)  hook_fetch_add(p, v)      sequentially
 *   hook_cas(p, &want, v)                strong: fails only if *p != want          consistent
 *   hook_cas_weak(p, &want, v)           may fail for no reason (C11 7.17.7.4): call it in a loop
 *   hook_cas_own(p, &want, v)            hook_cas() of a uint32_t by the only one who may change *p
 *                                        now. On real threads a load and a store-release: as who
 *                                        gives back a lock, the caller may see what it loads next as
 *                                        it was before others see v
 *   hook_load_explicit(p, order)  hook_store_explicit(p, v, order)
 *   hook_spin(p)                         in the body of a loop that waits for a change of *p; to
 *                                        be called right after the load that disappointed
 *   hook_peek(p)  hook_poke(p, v)        relaxed, and no step: threads do not switch there
 *   hook_peek_explicit(p, order)
 *   hook_touch(object)                   what goes by the name of that address is read or changed
 *                                        around here, and no lock or word above guards it; no step.
 *                                        Who explores all schedules must know it
 *
 *   hook_mutex_init(mutex, class)        class: a string constant, the name of the lock's class
 *   hook_lock(mutex)  hook_trylock(mutex)  hook_unlock(mutex)  hook_assert_held(mutex)
 *
 *   hook_mutex_destroy(mutex)            may not be used again until hook_mutex_init()
 *
 * The same for other locks; each has a type of its own, struct hook_NAME:
 *
 *   recursive   hook_recursive_init, _lock, _trylock, _unlock, _destroy: its owner may lock it again
 *   spinlock    hook_spinlock_init, _lock, _trylock, _unlock, _destroy: who holds one must not block
 *   rwlock      hook_rwlock_init(lock, class): readers pass queued writers, so a thread may read
 *               again what it reads; hook_rwlock_init_fair(lock, class): a queued writer stops new
 *               readers; hook_read_lock, _trylock, _unlock; hook_write_lock, _trylock, _unlock;
 *               hook_rwlock_destroy
 *
 *   hook_nested(level)                   said right before an acquisition, which it is part of: a
 *   hook_nested_under(lock)              second lock of a class is meant, at that level (> 0) of a
 *   hook_nested_in_order()               nesting; or in any order, because the caller holds `lock`,
 *                                        a hook_mutex; or in the order of their addresses
 *
 *   hook_semaphore_init(semaphore, class, count)
 *   hook_semaphore_wait(semaphore)  hook_semaphore_trywait(semaphore)
 *   hook_semaphore_post(semaphore)
 *   hook_condition_init(condition)
 *   hook_condition_wait(condition, mutex)    ends only by one of these two:
 *   hook_condition_signal(condition)  hook_condition_broadcast(condition)
 *
 *   hook_park(note, deadline_ns)         waits until the note is set, and clears it: true; or until
 *                                        hook_clock() >= deadline_ns: false. HOOK_FOREVER: no limit
 *   hook_park_weak(note, deadline_ns)    as hook_park(), but may return false early, for no reason,
 *                                        as epoll_wait() does after a signal: the caller looks
 *                                        again. Only where the wait in the real system may; not
 *                                        where its interface promises no such return
 *   hook_unpark(note)                    sets the note; false if it was set already
 *   hook_unpark_late(note)               as hook_unpark(), but who waits may learn of it late, but
 *                                        will: a wake-up by a kernel, not by another thread
 *   hook_sleep(duration_ns)              waits for that long
 *   hook_clock()                         monotonic time in ns, > 0
 *   hook_poll_weak(descriptor, deadline_ns)
 *                                        as hook_park_weak(), until that file descriptor can be
 *                                        read. Not in HOOK_SIM, which has no system
 *
 *   hook_hold(p, class)                  the caller has put *p in a transitional state: only it may
 *                                        leave it, others spin on p. To the graphs this is a lock.
 *                                        Said again: it went on to a state of that class
 *   hook_release(p)                      it has left that state
 *   hook_awaits(p, class)                right before a look at *p: whoever finds it in a state of
 *                                        that class spins until it has left it. May be said of
 *                                        several classes. If the caller then holds *p in one of
 *                                        them, it waited in order to take it
 *
 *   hook_preemption_point(asked)         a function prologue where preemption would be honoured;
 *                                        true: be preempted here. Always true if asked
 *   hook_callback_point(object)          just before a callback is called
 *   hook_allocation_point(object)        just before memory is asked for that the caller can do
 *                                        without; true: there is none
 *   hook_enter(context)  hook_leave()    from here on this thread runs in that context ("scheduler",
 *                                        "callback", "signal"); contexts nest
 *   hook_unmask(context)                 from here on that context may interrupt this thread at any
 *   hook_mask(context)                   point; and no longer. Masked at first; not counted
 *   hook_fail(message)                   the code under test found itself broken; does not return
 *   hook_give_up(message)                it has no room for what is asked of it, and is not to blame:
 *                                        the run ends, and shows nothing; does not return
 *   hook_progress()                      something useful was done: not a livelock
 *
 *   hook_thread_start(entry, argument, name)   starts a thread; entry must not return but end in
 *   hook_thread_exit()                         hook_thread_exit()
 *   hook_thread_create(thread, entry, argument, name)   the same, with a struct hook_thread, so that
 *   hook_thread_join(thread)                            somebody, and only one, can await its end
 *
 * Tasks (goroutines, coroutines: what threads take turns to run) and tokens (what a task needs in
 * order to run: a P) are told to the engine, so that the wait-for graph can cross them:
 *
 *   hook_task_init(task, name, number)   a new task, waiting for an event
 *   hook_task_run(task)                  the calling thread runs it from here on; NULL: none
 *   hook_task_ready(task, queue)         it may run, is in `queue` (a string) and needs a token
 *   hook_task_wait(task)                 it waits for an event
 *   hook_token_init(token, name, number) a new token, idle
 *   hook_token_retire(token)             it no longer exists, until hook_token_init()
 *   hook_token_take(token)               the calling thread has it
 *   hook_token_give(token)               nobody has it
 *   hook_gate_close()                    the calling thread stops the world: no token can be had
 *   hook_gate_open()                     it lets it go on
 *   hook_park_for_tokens(note, deadline_ns, tokens, count)
 *                                        as hook_park(), by a thread that goes on only when each of
 *                                        these tokens is given up, whatever the deadline
 *
 * Every wrapper describes its own place (struct hook_site): function, expression as written, file,
 * line. A name such as "modtimer:&t->status" is stable over edits elsewhere. Forms that end in
 * _from take the site as first argument, for wrappers round a wrapper.
 */
#ifndef CORE_HOOK_HOOK_H
#define CORE_HOOK_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HOOK_PLAIN 1
#define HOOK_SIM 2
#define HOOK_THREADS 3

#ifndef HOOK_BACKEND
#define HOOK_BACKEND HOOK_PLAIN
#endif

#define HOOK_FOREVER INT64_MAX
/* The context that a preemption leads to: whoever runs tasks enters it to choose the next one. */
#define HOOK_SCHEDULER "scheduler"

/* What an operation does; the first part (up to HOOK_SPIN) are accesses to a word. */
enum hook_kind {
    HOOK_LOAD,
    HOOK_STORE,
    HOOK_EXCHANGE,
    HOOK_ADD,
    HOOK_CAS,
    HOOK_CAS_WEAK,
    HOOK_SPIN,
    HOOK_LOCK,
    HOOK_TRYLOCK,
    HOOK_UNLOCK,
    HOOK_PARK,
    HOOK_PARK_WEAK,
    HOOK_UNPARK,
    HOOK_UNPARK_LATE,
    HOOK_SLEEP,
    HOOK_CLOCK,
    HOOK_HOLD,
    HOOK_RELEASE,
    HOOK_PREEMPTION,
    HOOK_CALLBACK,
    HOOK_ALLOCATION,
    HOOK_CONTEXT,
    HOOK_FAIL,
    HOOK_THREAD,
    HOOK_TASK,
    HOOK_TOKEN,
    HOOK_JOIN,
    HOOK_WAIT, /* for a semaphore or a condition */
    HOOK_POST,
    HOOK_KIND_COUNT
};

/* One hook point in the source: static, comparable by address, printable without debug info. */
struct hook_site {
    const char *function; /* "modtimer" */
    const char *object;   /* "&t->status", as written; "entry" for a prologue */
    const char *file;
    uint32_t line;
    uint16_t kind;  /* enum hook_kind */
    uint16_t group; /* the engine's: sites of the same name and kind share a group */
};

typedef void hook_entry(void *argument);

#if HOOK_BACKEND == HOOK_SIM
#include "core/hook/hook_sim.h"
#elif HOOK_BACKEND == HOOK_PLAIN || HOOK_BACKEND == HOOK_THREADS
#include "core/hook/hook_plain.h"
#else
#error "HOOK_BACKEND must be HOOK_PLAIN, HOOK_SIM or HOOK_THREADS"
#endif

#endif
