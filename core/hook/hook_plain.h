/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The `plain` back-end: C11 atomics and pthreads. Included by hook.h only, which says what each word
 * means. What only the engine wants to know is type-checked by sizeof and leaves no code behind.
 *
 * The `threads` back-end has the same words. It differs in what HOOK_FIRST and HOOK_PERHAPS are,
 * and in its locks: hook_threads.h.
 */
#ifndef CORE_HOOK_HOOK_PLAIN_H
#define CORE_HOOK_HOOK_PLAIN_H

#include <pthread.h>
#include <sched.h>

#if HOOK_BACKEND == HOOK_THREADS
#include "core/hook/hook_threads.h"
#else
#define HOOK_FIRST         /* done before an operation, and a comma */
#define HOOK_PERHAPS false /* whether an operation that may fail for no reason is to */

struct hook_mutex {
    pthread_mutex_t mutex;
};

#define HOOK_MUTEX_INIT(m) pthread_mutex_init(&(m)->mutex, NULL)
#define HOOK_MUTEX_LOCK(m) pthread_mutex_lock(&(m)->mutex)
#define HOOK_MUTEX_TRYLOCK(m) (pthread_mutex_trylock(&(m)->mutex) == 0)
#define HOOK_MUTEX_UNLOCK(m) pthread_mutex_unlock(&(m)->mutex)
#define HOOK_MUTEX_ASSERT_HELD(m) ((void)sizeof((m)->mutex))
#endif

/* Also zero-initialised notes are valid: glibc's initialisers are all zero. */
struct hook_note {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool set;
};

struct hook_task {
    char unused;
};

struct hook_token {
    char unused;
};

bool hook_plain_park(struct hook_note *note, int64_t deadline_ns);
bool hook_plain_unpark(struct hook_note *note);
bool hook_plain_poll(int descriptor, int64_t deadline_ns);
void hook_plain_sleep(int64_t duration_ns);
int64_t hook_plain_clock(void);
_Noreturn void hook_plain_fail(const char *message, const char *function, const char *file,
                               int line);
/* Detached; the thread's stack is a fiber of its own. Aborts if there can be no more threads. */
void hook_plain_thread_start(hook_entry *entry, void *argument);

#define HOOK_SITE(kind, text) ((const struct hook_site *)0)
#define HOOK_SITE_OF(kind, function_name, text) ((const struct hook_site *)0)

#define hook_load_explicit(p, order) (HOOK_FIRST atomic_load_explicit((p), (order)))
#define hook_load(p) (HOOK_FIRST atomic_load((p)))
#define hook_store_explicit(p, v, order) (HOOK_FIRST atomic_store_explicit((p), (v), (order)))
#define hook_store(p, v) (HOOK_FIRST atomic_store((p), (v)))
#define hook_exchange(p, v) (HOOK_FIRST atomic_exchange((p), (v)))
#define hook_fetch_add(p, v) (HOOK_FIRST atomic_fetch_add((p), (v)))
#define hook_cas(p, want, v) (HOOK_FIRST atomic_compare_exchange_strong((p), (want), (v)))
#define hook_cas_weak(p, want, v)                                   \
    (HOOK_FIRST HOOK_PERHAPS ? (*(want) = atomic_load((p)), false)  \
                             : atomic_compare_exchange_weak((p), (want), (v)))

#define hook_spin_from(site, p) ((void)sizeof(site), (void)sizeof(p), (void)sched_yield())
#define hook_spin(p) ((void)sizeof(p), (void)sched_yield())

#define hook_mutex_init(m, lock_class) ((void)sizeof(lock_class), (void)HOOK_MUTEX_INIT(m))
#define hook_lock_from(site, m) ((void)sizeof(site), hook_lock(m))
#define hook_lock(m) (HOOK_FIRST(void) HOOK_MUTEX_LOCK(m))
#define hook_trylock(m) (HOOK_FIRST HOOK_MUTEX_TRYLOCK(m))
#define hook_unlock_from(site, m) ((void)sizeof(site), hook_unlock(m))
#define hook_unlock(m) (HOOK_FIRST(void) HOOK_MUTEX_UNLOCK(m))
#define hook_assert_held(m) HOOK_MUTEX_ASSERT_HELD(m)

#define hook_park_from(site, note, deadline_ns) \
    ((void)sizeof(site), hook_park((note), (deadline_ns)))
#define hook_park(note, deadline_ns) (HOOK_FIRST hook_plain_park((note), (deadline_ns)))
#define hook_park_for_tokens(note, deadline_ns, tokens, count) \
    ((void)sizeof(tokens), (void)sizeof(count), hook_park((note), (deadline_ns)))
#define hook_park_weak(note, deadline_ns) (!HOOK_PERHAPS && hook_park((note), (deadline_ns)))
#define hook_unpark_from(site, note) ((void)sizeof(site), hook_unpark((note)))
#define hook_unpark(note) (HOOK_FIRST hook_plain_unpark((note)))
#define hook_unpark_late(note) hook_unpark((note))
#define hook_poll_weak(descriptor, deadline_ns) \
    (!HOOK_PERHAPS && (HOOK_FIRST hook_plain_poll((descriptor), (deadline_ns))))
#define hook_sleep(duration_ns) (HOOK_FIRST hook_plain_sleep((duration_ns)))
#define hook_clock() (HOOK_FIRST hook_plain_clock())

#define hook_hold(p, state_class) ((void)sizeof(p), (void)sizeof(state_class))
#define hook_release(p) ((void)sizeof(p))
#define hook_preemption_point_from(site, asked) \
    ((void)sizeof(site), hook_preemption_point((asked)))
#define hook_preemption_point(asked) (HOOK_FIRST(asked) || HOOK_PERHAPS)
#define hook_callback_point(object) (HOOK_FIRST(void) sizeof(object))
#define hook_allocation_point(object) ((void)sizeof(object), HOOK_PERHAPS)
#define hook_enter(context) ((void)sizeof(context))
#define hook_leave() ((void)0)
#define hook_fail(message) hook_plain_fail((message), __func__, __FILE__, __LINE__)
#define hook_progress() ((void)0)

#define hook_thread_start(entry, argument, name) \
    ((void)sizeof(name), hook_plain_thread_start((entry), (argument)))
#define hook_thread_exit() pthread_exit(NULL)

#define hook_task_init(task, name, number) \
    ((void)sizeof(task), (void)sizeof(name), (void)sizeof(number))
#define hook_task_run(task) ((void)sizeof(task))
#define hook_task_ready(task, queue) ((void)sizeof(task), (void)sizeof(queue))
#define hook_task_wait(task) ((void)sizeof(task))
#define hook_token_init(token, name, number) \
    ((void)sizeof(token), (void)sizeof(name), (void)sizeof(number))
#define hook_token_retire(token) ((void)sizeof(token))
#define hook_token_take(token) ((void)sizeof(token))
#define hook_token_give(token) ((void)sizeof(token))
#define hook_gate_close() ((void)0)
#define hook_gate_open() ((void)0)

#endif
