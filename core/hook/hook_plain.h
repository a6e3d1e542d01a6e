/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The `plain` back-end: C11 atomics and pthreads. Included by hook.h only, which says what each
 * word means. What only the engine wants to know is type-checked by sizeof and leaves no code
 * behind.
 *
 * The `threads` back-end has the same words. It differs in what HOOK_FIRST and HOOK_PERHAPS are,
 * and in its locks: hook_threads.h.
 */
#ifndef CORE_HOOK_HOOK_PLAIN_H
#define CORE_HOOK_HOOK_PLAIN_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#if HOOK_BACKEND == HOOK_THREADS
#include "core/hook/hook_threads.h"
#else
#define HOOK_FIRST         /* done before an operation, and a comma */
#define HOOK_PERHAPS false /* whether an operation that may fail for no reason is to */

struct hook_mutex {
    pthread_mutex_t mutex;
};

struct hook_condition {
    pthread_cond_t changed;
};

#define HOOK_CONDITION_INIT(c) pthread_cond_init(&(c)->changed, NULL)
#define HOOK_CONDITION_WAIT(c, m) pthread_cond_wait(&(c)->changed, &(m)->mutex)
#define HOOK_CONDITION_SIGNAL(c) pthread_cond_signal(&(c)->changed)
#define HOOK_CONDITION_BROADCAST(c) pthread_cond_broadcast(&(c)->changed)
#define HOOK_MUTEX_INIT(m) pthread_mutex_init(&(m)->mutex, NULL)
#define HOOK_MUTEX_DESTROY(m) pthread_mutex_destroy(&(m)->mutex)
#define HOOK_MUTEX_LOCK(m) pthread_mutex_lock(&(m)->mutex)
#define HOOK_MUTEX_TRYLOCK(m) (pthread_mutex_trylock(&(m)->mutex) == 0)
#define HOOK_MUTEX_UNLOCK(m) pthread_mutex_unlock(&(m)->mutex)
#define HOOK_MUTEX_ASSERT_HELD(m) ((void)sizeof((m)->mutex))
#endif

struct hook_recursive {
    pthread_mutex_t mutex;
};
struct hook_spinlock {
    pthread_spinlock_t lock;
};
struct hook_rwlock {
    pthread_rwlock_t lock;
};
struct hook_semaphore {
    sem_t semaphore;
};
struct hook_thread {
    pthread_t thread;
};

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

static inline bool hook_plain_cas_own(_Atomic uint32_t *p, uint32_t *want, uint32_t v)
{
    uint32_t found = atomic_load_explicit(p, memory_order_relaxed);
    if (found != *want) {
        *want = found;
        return false;
    }
    atomic_store_explicit(p, v, memory_order_release);
    return true;
}

void hook_plain_recursive_init(struct hook_recursive *recursive);
void hook_plain_rwlock_init_fair(struct hook_rwlock *rwlock);
/* Goes on after a signal. */
void hook_plain_semaphore_wait(struct hook_semaphore *semaphore);
bool hook_plain_park(struct hook_note *note, int64_t deadline_ns);
bool hook_plain_unpark(struct hook_note *note);
bool hook_plain_poll(int descriptor, int64_t deadline_ns);
void hook_plain_sleep(int64_t duration_ns);
int64_t hook_plain_clock(void);
_Noreturn void hook_plain_fail(const char *message, const char *function, const char *file,
                               int line);
/* Detached; the thread's stack is a fiber of its own. Aborts if there can be no more threads. */
void hook_plain_thread_start(hook_entry *entry, void *argument);
/* The same, to be joined. */
void hook_plain_thread_create(struct hook_thread *thread, hook_entry *entry, void *argument);

#if HOOK_BACKEND == HOOK_THREADS
#define HOOK_SITE_OF(kind, function_name, text) HOOK_THREADS_SITE(kind, function_name, text)
#define hook_lock_from(site, m) (hook_threads_go(site), (void)HOOK_MUTEX_LOCK(m))
#else
#define HOOK_SITE_OF(kind, function_name, text) ((const struct hook_site *)0)
#define hook_lock_from(site, m) ((void)sizeof(site), hook_lock(m))
#endif
#define HOOK_SITE(kind, text) HOOK_SITE_OF(kind, __func__, text)

#define hook_load_explicit(p, order) (HOOK_FIRST atomic_load_explicit((p), (order)))
#define hook_load(p) (HOOK_FIRST atomic_load((p)))
#define hook_store_explicit(p, v, order) (HOOK_FIRST atomic_store_explicit((p), (v), (order)))
#define hook_store(p, v) (HOOK_FIRST atomic_store((p), (v)))
#define hook_exchange(p, v) (HOOK_FIRST atomic_exchange((p), (v)))
#define hook_fetch_add(p, v) (HOOK_FIRST atomic_fetch_add((p), (v)))
#define hook_cas(p, want, v) (HOOK_FIRST atomic_compare_exchange_strong((p), (want), (v)))
#define hook_cas_own(p, want, v) (HOOK_FIRST hook_plain_cas_own((p), (want), (v)))
#define hook_cas_weak(p, want, v)                                   \
    (HOOK_FIRST HOOK_PERHAPS ? (*(want) = atomic_load((p)), false)  \
                             : atomic_compare_exchange_weak((p), (want), (v)))

#define hook_spin_from(site, p) ((void)sizeof(site), (void)sizeof(p), (void)sched_yield())
#define hook_spin(p) ((void)sizeof(p), (void)sched_yield())

#define hook_mutex_init_from(site, m, lock_class) ((void)sizeof(site), hook_mutex_init(m, lock_class))
#define hook_mutex_init(m, lock_class) ((void)sizeof(lock_class), (void)HOOK_MUTEX_INIT(m))
#define hook_mutex_destroy_from(site, m) ((void)sizeof(site), hook_mutex_destroy(m))
#define hook_mutex_destroy(m) ((void)HOOK_MUTEX_DESTROY(m))
#define hook_lock(m) (HOOK_FIRST(void) HOOK_MUTEX_LOCK(m))
#define hook_trylock_from(site, m) ((void)sizeof(site), hook_trylock(m))
#define hook_trylock(m) (HOOK_FIRST HOOK_MUTEX_TRYLOCK(m))
#define hook_unlock_from(site, m) ((void)sizeof(site), hook_unlock(m))
#define hook_unlock(m) (HOOK_FIRST(void) HOOK_MUTEX_UNLOCK(m))
#define hook_assert_held_from(site, m) ((void)sizeof(site), hook_assert_held(m))
#define hook_assert_held(m) HOOK_MUTEX_ASSERT_HELD(m)

#define hook_recursive_init_from(site, m, lock_class) ((void)sizeof(site), hook_recursive_init(m, lock_class))
#define hook_recursive_init(m, lock_class) ((void)sizeof(lock_class), hook_plain_recursive_init((m)))
#define hook_recursive_destroy(m) ((void)pthread_mutex_destroy(&(m)->mutex))
#define hook_recursive_lock_from(site, m) ((void)sizeof(site), hook_recursive_lock(m))
#define hook_recursive_lock(m) (HOOK_FIRST(void) pthread_mutex_lock(&(m)->mutex))
#define hook_recursive_trylock_from(site, m) ((void)sizeof(site), hook_recursive_trylock(m))
#define hook_recursive_trylock(m) (HOOK_FIRST pthread_mutex_trylock(&(m)->mutex) == 0)
#define hook_recursive_unlock_from(site, m) ((void)sizeof(site), hook_recursive_unlock(m))
#define hook_recursive_unlock(m) (HOOK_FIRST(void) pthread_mutex_unlock(&(m)->mutex))
#define hook_spinlock_init_from(site, m, lock_class) ((void)sizeof(site), hook_spinlock_init(m, lock_class))
#define hook_spinlock_init(m, lock_class) ((void)sizeof(lock_class), (void)pthread_spin_init(&(m)->lock, PTHREAD_PROCESS_PRIVATE))
#define hook_spinlock_destroy(m) ((void)pthread_spin_destroy(&(m)->lock))
#define hook_spinlock_lock_from(site, m) ((void)sizeof(site), hook_spinlock_lock(m))
#define hook_spinlock_lock(m) (HOOK_FIRST(void) pthread_spin_lock(&(m)->lock))
#define hook_spinlock_trylock_from(site, m) ((void)sizeof(site), hook_spinlock_trylock(m))
#define hook_spinlock_trylock(m) (HOOK_FIRST pthread_spin_trylock(&(m)->lock) == 0)
#define hook_spinlock_unlock_from(site, m) ((void)sizeof(site), hook_spinlock_unlock(m))
#define hook_spinlock_unlock(m) (HOOK_FIRST(void) pthread_spin_unlock(&(m)->lock))
#define hook_rwlock_init_from(site, m, lock_class) ((void)sizeof(site), hook_rwlock_init(m, lock_class))
#define hook_rwlock_init(m, lock_class) \
    ((void)sizeof(lock_class), (void)pthread_rwlock_init(&(m)->lock, NULL))
#define hook_rwlock_init_fair_from(site, m, lock_class) \
    ((void)sizeof(site), hook_rwlock_init_fair(m, lock_class))
#define hook_rwlock_init_fair(m, lock_class) \
    ((void)sizeof(lock_class), hook_plain_rwlock_init_fair((m)))
#define hook_rwlock_destroy(m) ((void)pthread_rwlock_destroy(&(m)->lock))
#define hook_read_lock_from(site, m) ((void)sizeof(site), hook_read_lock(m))
#define hook_read_lock(m) (HOOK_FIRST(void) pthread_rwlock_rdlock(&(m)->lock))
#define hook_read_trylock_from(site, m) ((void)sizeof(site), hook_read_trylock(m))
#define hook_read_trylock(m) (HOOK_FIRST pthread_rwlock_tryrdlock(&(m)->lock) == 0)
#define hook_read_unlock_from(site, m) ((void)sizeof(site), hook_read_unlock(m))
#define hook_read_unlock(m) (HOOK_FIRST(void) pthread_rwlock_unlock(&(m)->lock))
#define hook_write_lock_from(site, m) ((void)sizeof(site), hook_write_lock(m))
#define hook_write_lock(m) (HOOK_FIRST(void) pthread_rwlock_wrlock(&(m)->lock))
#define hook_write_trylock_from(site, m) ((void)sizeof(site), hook_write_trylock(m))
#define hook_write_trylock(m) (HOOK_FIRST pthread_rwlock_trywrlock(&(m)->lock) == 0)
#define hook_write_unlock_from(site, m) ((void)sizeof(site), hook_write_unlock(m))
#define hook_write_unlock(m) (HOOK_FIRST(void) pthread_rwlock_unlock(&(m)->lock))
#define hook_nested(level) ((void)sizeof(level))
#define hook_nested_under(m) ((void)sizeof(m))
#define hook_nested_in_order() ((void)0)

#define hook_semaphore_init_from(site, s, lock_class, count) \
    ((void)sizeof(site), hook_semaphore_init(s, lock_class, count))
#define hook_semaphore_init(s, lock_class, count) \
    ((void)sizeof(lock_class), (void)sem_init(&(s)->semaphore, 0, (count)))
#define hook_semaphore_wait_from(site, s) ((void)sizeof(site), hook_semaphore_wait(s))
#define hook_semaphore_wait(s) (HOOK_FIRST hook_plain_semaphore_wait((s)))
#define hook_semaphore_trywait_from(site, s) ((void)sizeof(site), hook_semaphore_trywait(s))
#define hook_semaphore_trywait(s) (HOOK_FIRST sem_trywait(&(s)->semaphore) == 0)
#define hook_semaphore_post_from(site, s) ((void)sizeof(site), hook_semaphore_post(s))
#define hook_semaphore_post(s) (HOOK_FIRST(void) sem_post(&(s)->semaphore))

#define hook_condition_init(c) ((void)HOOK_CONDITION_INIT(c))
#define hook_condition_wait_from(site, c, m) ((void)sizeof(site), hook_condition_wait(c, m))
#define hook_condition_wait(c, m) (HOOK_FIRST(void) HOOK_CONDITION_WAIT(c, m))
#define hook_condition_signal_from(site, c) ((void)sizeof(site), hook_condition_signal(c))
#define hook_condition_signal(c) (HOOK_FIRST(void) HOOK_CONDITION_SIGNAL(c))
#define hook_condition_broadcast(c) (HOOK_FIRST(void) HOOK_CONDITION_BROADCAST(c))

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
#define hook_sleep_from(site, duration_ns) ((void)sizeof(site), hook_sleep((duration_ns)))
#define hook_sleep(duration_ns) (HOOK_FIRST hook_plain_sleep((duration_ns)))
#define hook_clock() (HOOK_FIRST hook_plain_clock())

#define hook_hold_from(site, p, state_class) ((void)sizeof(site), hook_hold(p, state_class))
#define hook_hold(p, state_class) ((void)sizeof(p), (void)sizeof(state_class))
#define hook_release_from(site, p) ((void)sizeof(site), hook_release(p))
#define hook_release(p) ((void)sizeof(p))
#define hook_awaits_from(site, p, state_class) ((void)sizeof(site), hook_awaits(p, state_class))
#define hook_awaits(p, state_class) ((void)sizeof(p), (void)sizeof(state_class))
#define hook_preemption_point_from(site, asked) \
    ((void)sizeof(site), hook_preemption_point((asked)))
#define hook_preemption_point(asked) (HOOK_FIRST(asked) || HOOK_PERHAPS)
#define hook_callback_point(object) (HOOK_FIRST(void) sizeof(object))
#define hook_allocation_point(object) ((void)sizeof(object), HOOK_PERHAPS)
#define hook_enter_from(site, context) ((void)sizeof(site), hook_enter(context))
#define hook_enter(context) ((void)sizeof(context))
#define hook_leave() ((void)0)
#define hook_mask(context) ((void)sizeof(context))
#define hook_unmask(context) ((void)sizeof(context))
#define hook_fail(message) hook_plain_fail((message), __func__, __FILE__, __LINE__)
#define hook_give_up(message) hook_fail(message)
#define hook_progress() ((void)0)
#define hook_peek_explicit(p, order) atomic_load_explicit((p), (order))
#define hook_peek(p) hook_peek_explicit(p, memory_order_relaxed)
#define hook_poke(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define hook_touch(object) ((void)sizeof(object))

#define hook_thread_start(entry, argument, name) \
    ((void)sizeof(name), hook_plain_thread_start((entry), (argument)))
#define hook_thread_create_from(site, thread, entry, argument, name) \
    ((void)sizeof(site), hook_thread_create(thread, entry, argument, name))
#define hook_thread_create(thread, entry, argument, name) \
    ((void)sizeof(name), hook_plain_thread_create((thread), (entry), (argument)))
#define hook_thread_join_from(site, created) ((void)sizeof(site), hook_thread_join(created))
#define hook_thread_join(created) (HOOK_FIRST(void) pthread_join((created)->thread, NULL))
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
