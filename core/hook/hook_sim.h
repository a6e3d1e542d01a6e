/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The `sim` back-end: the engine stands behind the hooks. Included by hook.h only, which says what
 * each word means.
 *
 * hook_sim_before() is where the engine may run another thread; the operation itself and
 * hook_sim_after() follow without a switch, so an operation and what is told of it are one step.
 * Releasing operations (unlock, unpark, release, the bookkeeping of tasks and tokens) are told but
 * are not switch points: whatever could happen there can happen before the next operation.
 */
#ifndef CORE_HOOK_HOOK_SIM_H
#define CORE_HOOK_HOOK_SIM_H

#include <stddef.h>

#include "core/base/tsan.h"
#include "core/hook/hook_step.h"

/* --- what the engine provides --- */

enum hook_lock_kind { /* a lock that is all zero is a mutex */
    HOOK_LOCK_MUTEX,
    HOOK_LOCK_RECURSIVE,
    HOOK_LOCK_SPIN,
    HOOK_LOCK_RW,
    HOOK_LOCK_RW_FAIR,
};
enum hook_lock_mode { HOOK_EXCLUSIVE, HOOK_READ };

/* Every lock is one of these. */
struct hook_mutex {
    const char *lock_class;
    uint32_t owner;   /* thread number + 1; 0: free */
    uint32_t waiters; /* threads blocked in hook_lock() and its like */
    uint8_t kind;     /* enum hook_lock_kind */
    bool destroyed;
    uint16_t depth;   /* how often a recursive lock's owner has it, less one */
    uint16_t readers, writers_waiting;
};

struct hook_recursive {
    struct hook_mutex lock;
};
struct hook_spinlock {
    struct hook_mutex lock;
};
struct hook_rwlock {
    struct hook_mutex lock;
};

struct hook_semaphore {
    const char *lock_class;
    uint32_t count, waiters;
};

struct hook_condition {
    uint32_t waiters;
};

struct hook_thread {
    uint32_t index, serial;
};

struct hook_note {
    bool set;
    bool waited; /* a thread is parked on it */
};

/* A task's state in the engine's wait-for graph. All-zero is not valid: hook_task_init(). */
struct hook_task {
    const char *name, *queue;
    const struct hook_site *site; /* where it last gave up its thread */
    uint16_t number, index;       /* index: the engine's */
    uint8_t state;                /* the engine's: running, ready, waiting */
    uint8_t thread;               /* while running */
};

struct hook_token {
    const char *name;
    const struct hook_site *site; /* where it was taken */
    uint16_t number;
    uint16_t holder; /* thread number + 1; 0: idle */
};

void hook_sim_spin(const struct hook_site *site, const volatile void *object);
void hook_sim_lock_init(const struct hook_site *site, struct hook_mutex *mutex,
                        enum hook_lock_kind kind, const char *lock_class);
void hook_sim_lock_destroy(const struct hook_site *site, struct hook_mutex *mutex);
void hook_sim_lock(const struct hook_site *site, struct hook_mutex *mutex);
bool hook_sim_trylock(const struct hook_site *site, struct hook_mutex *mutex);
void hook_sim_unlock(const struct hook_site *site, struct hook_mutex *mutex);
void hook_sim_read_lock(const struct hook_site *site, struct hook_mutex *mutex);
bool hook_sim_read_trylock(const struct hook_site *site, struct hook_mutex *mutex);
void hook_sim_read_unlock(const struct hook_site *site, struct hook_mutex *mutex);
void hook_sim_nested(uint8_t level, const struct hook_mutex *under, bool in_order);
void hook_sim_semaphore_init(const struct hook_site *site, struct hook_semaphore *semaphore,
                             const char *lock_class, uint32_t count);
void hook_sim_semaphore_wait(const struct hook_site *site, struct hook_semaphore *semaphore);
bool hook_sim_semaphore_trywait(const struct hook_site *site, struct hook_semaphore *semaphore);
void hook_sim_semaphore_post(const struct hook_site *site, struct hook_semaphore *semaphore);
void hook_sim_condition_init(struct hook_condition *condition);
void hook_sim_condition_wait(const struct hook_site *site, struct hook_condition *condition,
                             struct hook_mutex *mutex);
void hook_sim_condition_signal(const struct hook_site *site, struct hook_condition *condition,
                               bool all);
void hook_sim_assert_held(const struct hook_site *site, const struct hook_mutex *mutex);
bool hook_sim_park(const struct hook_site *site, struct hook_note *note, int64_t deadline_ns,
                   struct hook_token *const *tokens, uint32_t token_count);
bool hook_sim_unpark(const struct hook_site *site, struct hook_note *note);
void hook_sim_sleep(const struct hook_site *site, int64_t duration_ns);
int64_t hook_sim_clock(const struct hook_site *site);
void hook_sim_hold(const struct hook_site *site, const volatile void *object,
                   const char *state_class);
void hook_sim_release(const struct hook_site *site, const volatile void *object);
extern bool hook_sim_traced; /* somebody wants to know what is touched without a step */
void hook_sim_touch(const volatile void *object, bool writes);
extern bool hook_sim_watched; /* somebody wants to know the order of locks and states */
void hook_sim_awaits(const struct hook_site *site, const volatile void *object,
                     const char *state_class);
bool hook_sim_preemption_point(const struct hook_site *site, bool asked);
bool hook_sim_allocation_point(const struct hook_site *site, const volatile void *object);
void hook_sim_enter(const struct hook_site *site, const char *context);
void hook_sim_leave(const struct hook_site *site);
void hook_sim_mask(const struct hook_site *site, const char *context, bool masked);
_Noreturn void hook_sim_fail(const struct hook_site *site, const char *message);
_Noreturn void hook_sim_give_up(const struct hook_site *site, const char *message);
void hook_sim_progress(void);
void hook_sim_thread_start(const struct hook_site *site, hook_entry *entry, void *argument,
                           const char *name);
void hook_sim_thread_create(const struct hook_site *site, struct hook_thread *thread,
                            hook_entry *entry, void *argument, const char *name);
void hook_sim_thread_join(const struct hook_site *site, struct hook_thread *thread);
_Noreturn void hook_sim_thread_exit(const struct hook_site *site);
void hook_sim_task_init(struct hook_task *task, const char *name, uint32_t number);
void hook_sim_task_run(const struct hook_site *site, struct hook_task *task);
void hook_sim_task_ready(const struct hook_site *site, struct hook_task *task, const char *queue);
void hook_sim_task_wait(const struct hook_site *site, struct hook_task *task);
void hook_sim_token_init(struct hook_token *token, const char *name, uint32_t number);
void hook_sim_token_retire(struct hook_token *token);
void hook_sim_token_take(const struct hook_site *site, struct hook_token *token);
void hook_sim_token_give(const struct hook_site *site, struct hook_token *token);
void hook_sim_gate_close(const struct hook_site *site);
void hook_sim_gate_open(const struct hook_site *site);

/* --- the words --- */

/* The descriptor of this very place, in a section that the engine can walk. */
#define HOOK_SITE(hook_kind, text) HOOK_SITE_OF(hook_kind, __func__, text)
/* The same under another function's name: a wrapper's prologue belongs to what it wraps. */
#define HOOK_SITE_OF(hook_kind, function_name, text)                                        \
    __extension__({                                                                         \
        static struct hook_site hook_site_here                                              \
            __attribute__((used, section("hook_sites"))) = { .function = (function_name),   \
                                                             .object = (text),              \
                                                             .file = __FILE__,              \
                                                             .line = __LINE__,              \
                                                             .kind = (hook_kind) };         \
        (const struct hook_site *)&hook_site_here;                                          \
    })

/* Operands are evaluated once, before the step. They may hold hooks of their own, whose variables
 * then shadow these: that is meant. */
#define HOOK_SHADOWS_BEGIN \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wshadow\"")
#define HOOK_SHADOWS_END _Pragma("clang diagnostic pop")

/* All threads run on one OS thread and switch at hooks only, so what is done between two hooks is
 * atomic as it is: a plain read and a plain write will do. Only ThreadSanitizer has to be told the
 * truth, because it judges by the orders. */
#ifdef HOOK_TELL_ORDERS
#define HOOK_DO_LOAD(at, order)                                               \
    ((order) == memory_order_relaxed || tsan_knows((at))                      \
         ? atomic_load_explicit((at), memory_order_relaxed)                   \
         : atomic_load_explicit((at), (order)))
#define HOOK_DO_STORE(at, value, order)                                       \
    ((order) == memory_order_relaxed ? (void)0 : tsan_replaces((at)),         \
     atomic_store_explicit((at), (value), (order)))
#define HOOK_DO_EXCHANGE(at, operand) (tsan_replaces((at)), atomic_exchange((at), (operand)))
#define HOOK_DO_ADD(at, operand) (tsan_replaces((at)), atomic_fetch_add((at), (operand)))
#define HOOK_DO_CAS(at, want, operand) \
    (tsan_replaces((at)), atomic_compare_exchange_strong((at), (want), (operand)))
#define HOOK_DO_CAS_OWN(at, want, operand)                                    \
    (tsan_adds((at)), atomic_compare_exchange_strong_explicit(                \
        (at), (want), (operand), memory_order_release, memory_order_relaxed))
#define HOOK_DO_TOUCH(object) tsan_forgets((object))
#ifdef TSAN_UNSEEN
#define HOOK_DO_PEEK(at, order)                                               \
    __extension__({                                                           \
        __typeof__(atomic_load_explicit((at), memory_order_relaxed)) hook_read; \
        if ((order) == memory_order_relaxed && tsan_unseen_flag(&tsan_spares)) \
            __asm__("mov %1, %0" : "=r"(hook_read) : "m"(*(at)));             \
        else                                                                  \
            hook_read = HOOK_DO_LOAD(at, order);                              \
        hook_read;                                                            \
    })
#else
#define HOOK_DO_PEEK(at, order) HOOK_DO_LOAD(at, order)
#endif
#else
#define HOOK_DO_LOAD(at, order) \
    ((void)(order), atomic_load_explicit((at), memory_order_relaxed))
#define HOOK_DO_STORE(at, value, order) \
    ((void)(order), atomic_store_explicit((at), (value), memory_order_relaxed))
#define HOOK_DO_READ_WRITE(at, next)                                          \
    __extension__({                                                           \
        __auto_type hook_old = atomic_load_explicit((at), memory_order_relaxed); \
        atomic_store_explicit((at), (next), memory_order_relaxed);            \
        hook_old;                                                             \
    })
#define HOOK_DO_EXCHANGE(at, operand) HOOK_DO_READ_WRITE(at, operand)
#define HOOK_DO_ADD(at, operand) HOOK_DO_READ_WRITE(at, hook_old + (operand))
#define HOOK_DO_CAS(at, want, operand)                                        \
    __extension__({                                                           \
        __auto_type hook_old = atomic_load_explicit((at), memory_order_relaxed); \
        bool hook_equal = hook_old == *(want);                                \
        if (hook_equal)                                                       \
            atomic_store_explicit((at), (operand), memory_order_relaxed);     \
        else                                                                  \
            *(want) = hook_old;                                               \
        hook_equal;                                                           \
    })
#define HOOK_DO_CAS_OWN(at, want, operand) HOOK_DO_CAS(at, want, operand)
#define HOOK_DO_TOUCH(object) ((void)0)
#define HOOK_DO_PEEK(at, order) HOOK_DO_LOAD(at, order)
#endif

#define HOOK_LOAD_(p, order, text)                                  \
    __extension__({                                                 \
        HOOK_SHADOWS_BEGIN                                          \
        __auto_type hook_at = (p);                                  \
        hook_sim_before_word(HOOK_SITE(HOOK_LOAD, text), hook_at);  \
        __auto_type hook_value = HOOK_DO_LOAD(hook_at, order);      \
        hook_sim_after(hook_at, (uint64_t)hook_value, false);       \
        HOOK_SHADOWS_END                                            \
        hook_value;                                                 \
    })
#define HOOK_STORE_(p, v, order, text)                              \
    __extension__({                                                 \
        HOOK_SHADOWS_BEGIN                                          \
        __auto_type hook_at = (p);                                  \
        __auto_type hook_value = (v);                               \
        hook_sim_before_word(HOOK_SITE(HOOK_STORE, text), hook_at); \
        HOOK_DO_STORE(hook_at, hook_value, order);                  \
        hook_sim_after(hook_at, (uint64_t)hook_value, true);        \
        HOOK_SHADOWS_END                                            \
    })
#define HOOK_READ_MODIFY_WRITE_(kind, operation, p, v, text)        \
    __extension__({                                                 \
        HOOK_SHADOWS_BEGIN                                          \
        __auto_type hook_at = (p);                                  \
        __auto_type hook_operand = (v);                             \
        hook_sim_before_word(HOOK_SITE(kind, text), hook_at);  \
        __auto_type hook_value = operation(hook_at, hook_operand);  \
        hook_sim_after(hook_at, (uint64_t)hook_value, true);        \
        HOOK_SHADOWS_END                                            \
        hook_value;                                                 \
    })
#define HOOK_CAS_(kind, before, operation, p, want, v, text)        \
    __extension__({                                                 \
        HOOK_SHADOWS_BEGIN                                          \
        __auto_type hook_at = (p);                                  \
        __auto_type hook_want = (want);                             \
        __auto_type hook_operand = (v);                             \
        bool hook_done = false;                                     \
        if (before(HOOK_SITE(kind, text), hook_at))                 \
            *hook_want = HOOK_DO_LOAD(hook_at, memory_order_seq_cst); \
        else                                                        \
            hook_done = operation(hook_at, hook_want, hook_operand); \
        hook_sim_after(hook_at, hook_done, hook_done);              \
        HOOK_SHADOWS_END                                            \
        hook_done;                                                  \
    })

#define hook_load_explicit(p, order) HOOK_LOAD_(p, order, #p)
#define hook_load(p) HOOK_LOAD_(p, memory_order_seq_cst, #p)
#define hook_store_explicit(p, v, order) HOOK_STORE_(p, v, order, #p)
#define hook_store(p, v) HOOK_STORE_(p, v, memory_order_seq_cst, #p)
#define hook_exchange(p, v) HOOK_READ_MODIFY_WRITE_(HOOK_EXCHANGE, HOOK_DO_EXCHANGE, p, v, #p)
#define hook_fetch_add(p, v) HOOK_READ_MODIFY_WRITE_(HOOK_ADD, HOOK_DO_ADD, p, v, #p)
#define hook_cas(p, want, v) \
    HOOK_CAS_(HOOK_CAS, hook_sim_before_strong, HOOK_DO_CAS, p, want, v, #p)
#define hook_cas_own(p, want, v) \
    HOOK_CAS_(HOOK_CAS, hook_sim_before_strong, HOOK_DO_CAS_OWN, p, want, v, #p)
#define hook_cas_weak(p, want, v) \
    HOOK_CAS_(HOOK_CAS_WEAK, hook_sim_before_weak, HOOK_DO_CAS, p, want, v, #p)

#define hook_touch_as_(object, writes)                                        \
    (__builtin_expect(tsan_unseen_flag(&hook_sim_traced), false)              \
         ? hook_sim_touch((object), (writes))                                 \
         : (void)0)
#define hook_touch(object) (HOOK_DO_TOUCH(object), hook_touch_as_(object, true))
#define hook_peek(p) hook_peek_explicit(p, memory_order_relaxed)
#define hook_peek_explicit(p, order)                                \
    __extension__({                                                 \
        HOOK_SHADOWS_BEGIN                                          \
        __auto_type hook_at = (p);                                  \
        hook_touch_as_(hook_at, false);                             \
        __auto_type hook_value = HOOK_DO_PEEK(hook_at, (order));    \
        HOOK_SHADOWS_END                                            \
        hook_value;                                                 \
    })
#define hook_poke(p, v)                                             \
    __extension__({                                                 \
        HOOK_SHADOWS_BEGIN                                          \
        __auto_type hook_at = (p);                                  \
        __auto_type hook_value = (v);                               \
        hook_touch_as_(hook_at, true);                              \
        atomic_store_explicit(hook_at, hook_value, memory_order_relaxed); \
        HOOK_SHADOWS_END                                            \
    })

#define hook_spin_from(site, p) hook_sim_spin((site), (p))
#define hook_spin(p) hook_spin_from(HOOK_SITE(HOOK_SPIN, #p), (p))

#define hook_mutex_init_from(site, mutex, lock_class) \
    hook_sim_lock_init((site), (mutex), HOOK_LOCK_MUTEX, (lock_class))
#define hook_mutex_init(mutex, lock_class) \
    hook_mutex_init_from(HOOK_SITE(HOOK_LOCK, #mutex), (mutex), (lock_class))
#define hook_mutex_destroy_from(site, mutex) hook_sim_lock_destroy((site), (mutex))
#define hook_mutex_destroy(mutex) hook_mutex_destroy_from(HOOK_SITE(HOOK_LOCK, #mutex), (mutex))
#define hook_lock_from(site, mutex) hook_sim_lock((site), (mutex))
#define hook_lock(mutex) hook_lock_from(HOOK_SITE(HOOK_LOCK, #mutex), (mutex))
#define hook_trylock_from(site, mutex) hook_sim_trylock((site), (mutex))
#define hook_trylock(mutex) hook_trylock_from(HOOK_SITE(HOOK_TRYLOCK, #mutex), (mutex))
#define hook_unlock_from(site, mutex) hook_sim_unlock((site), (mutex))
#define hook_unlock(mutex) hook_unlock_from(HOOK_SITE(HOOK_UNLOCK, #mutex), (mutex))
#define hook_assert_held_from(site, mutex) hook_sim_assert_held((site), (mutex))
#define hook_assert_held(mutex) hook_assert_held_from(HOOK_SITE(HOOK_LOCK, #mutex), (mutex))

#define hook_recursive_init_from(site, m, lock_class) \
    hook_sim_lock_init((site), &(m)->lock, HOOK_LOCK_RECURSIVE, (lock_class))
#define hook_recursive_init(m, lock_class) \
    hook_recursive_init_from(HOOK_SITE(HOOK_LOCK, #m), (m), (lock_class))
#define hook_recursive_destroy(m) hook_sim_lock_destroy(HOOK_SITE(HOOK_LOCK, #m), &(m)->lock)
#define hook_recursive_lock_from(site, m) hook_sim_lock((site), &(m)->lock)
#define hook_recursive_lock(m) hook_recursive_lock_from(HOOK_SITE(HOOK_LOCK, #m), (m))
#define hook_recursive_trylock_from(site, m) hook_sim_trylock((site), &(m)->lock)
#define hook_recursive_trylock(m) hook_recursive_trylock_from(HOOK_SITE(HOOK_TRYLOCK, #m), (m))
#define hook_recursive_unlock_from(site, m) hook_sim_unlock((site), &(m)->lock)
#define hook_recursive_unlock(m) hook_recursive_unlock_from(HOOK_SITE(HOOK_UNLOCK, #m), (m))
#define hook_spinlock_init_from(site, m, lock_class) \
    hook_sim_lock_init((site), &(m)->lock, HOOK_LOCK_SPIN, (lock_class))
#define hook_spinlock_init(m, lock_class) \
    hook_spinlock_init_from(HOOK_SITE(HOOK_LOCK, #m), (m), (lock_class))
#define hook_spinlock_destroy(m) hook_sim_lock_destroy(HOOK_SITE(HOOK_LOCK, #m), &(m)->lock)
#define hook_spinlock_lock_from(site, m) hook_sim_lock((site), &(m)->lock)
#define hook_spinlock_lock(m) hook_spinlock_lock_from(HOOK_SITE(HOOK_LOCK, #m), (m))
#define hook_spinlock_trylock_from(site, m) hook_sim_trylock((site), &(m)->lock)
#define hook_spinlock_trylock(m) hook_spinlock_trylock_from(HOOK_SITE(HOOK_TRYLOCK, #m), (m))
#define hook_spinlock_unlock_from(site, m) hook_sim_unlock((site), &(m)->lock)
#define hook_spinlock_unlock(m) hook_spinlock_unlock_from(HOOK_SITE(HOOK_UNLOCK, #m), (m))
#define hook_rwlock_init_from(site, m, lock_class) \
    hook_sim_lock_init((site), &(m)->lock, HOOK_LOCK_RW, (lock_class))
#define hook_rwlock_init(m, lock_class) \
    hook_rwlock_init_from(HOOK_SITE(HOOK_LOCK, #m), (m), (lock_class))
#define hook_rwlock_init_fair_from(site, m, lock_class) \
    hook_sim_lock_init((site), &(m)->lock, HOOK_LOCK_RW_FAIR, (lock_class))
#define hook_rwlock_init_fair(m, lock_class) \
    hook_rwlock_init_fair_from(HOOK_SITE(HOOK_LOCK, #m), (m), (lock_class))
#define hook_rwlock_destroy(m) hook_sim_lock_destroy(HOOK_SITE(HOOK_LOCK, #m), &(m)->lock)
#define hook_read_lock_from(site, m) hook_sim_read_lock((site), &(m)->lock)
#define hook_read_lock(m) hook_read_lock_from(HOOK_SITE(HOOK_LOCK, #m), (m))
#define hook_read_trylock_from(site, m) hook_sim_read_trylock((site), &(m)->lock)
#define hook_read_trylock(m) hook_read_trylock_from(HOOK_SITE(HOOK_TRYLOCK, #m), (m))
#define hook_read_unlock_from(site, m) hook_sim_read_unlock((site), &(m)->lock)
#define hook_read_unlock(m) hook_read_unlock_from(HOOK_SITE(HOOK_UNLOCK, #m), (m))
#define hook_write_lock_from(site, m) hook_sim_lock((site), &(m)->lock)
#define hook_write_lock(m) hook_write_lock_from(HOOK_SITE(HOOK_LOCK, #m), (m))
#define hook_write_trylock_from(site, m) hook_sim_trylock((site), &(m)->lock)
#define hook_write_trylock(m) hook_write_trylock_from(HOOK_SITE(HOOK_TRYLOCK, #m), (m))
#define hook_write_unlock_from(site, m) hook_sim_unlock((site), &(m)->lock)
#define hook_write_unlock(m) hook_write_unlock_from(HOOK_SITE(HOOK_UNLOCK, #m), (m))

#define hook_nested(level) hook_sim_nested((level), NULL, false)
#define hook_nested_under(mutex) hook_sim_nested(0, (mutex), false)
#define hook_nested_in_order() hook_sim_nested(0, NULL, true)

#define hook_semaphore_init_from(site, semaphore, lock_class, count) \
    hook_sim_semaphore_init((site), (semaphore), (lock_class), (count))
#define hook_semaphore_init(semaphore, lock_class, count) \
    hook_semaphore_init_from(HOOK_SITE(HOOK_WAIT, #semaphore), (semaphore), (lock_class), (count))
#define hook_semaphore_wait_from(site, semaphore) hook_sim_semaphore_wait((site), (semaphore))
#define hook_semaphore_wait(semaphore) \
    hook_semaphore_wait_from(HOOK_SITE(HOOK_WAIT, #semaphore), (semaphore))
#define hook_semaphore_trywait_from(site, semaphore) \
    hook_sim_semaphore_trywait((site), (semaphore))
#define hook_semaphore_trywait(semaphore) \
    hook_semaphore_trywait_from(HOOK_SITE(HOOK_TRYLOCK, #semaphore), (semaphore))
#define hook_semaphore_post_from(site, semaphore) hook_sim_semaphore_post((site), (semaphore))
#define hook_semaphore_post(semaphore) \
    hook_semaphore_post_from(HOOK_SITE(HOOK_POST, #semaphore), (semaphore))

#define hook_condition_init(condition) hook_sim_condition_init((condition))
#define hook_condition_wait_from(site, condition, mutex) \
    hook_sim_condition_wait((site), (condition), (mutex))
#define hook_condition_wait(condition, mutex) \
    hook_condition_wait_from(HOOK_SITE(HOOK_WAIT, #condition), (condition), (mutex))
#define hook_condition_signal_from(site, condition) \
    hook_sim_condition_signal((site), (condition), false)
#define hook_condition_signal(condition) \
    hook_condition_signal_from(HOOK_SITE(HOOK_POST, #condition), (condition))
#define hook_condition_broadcast(condition) \
    hook_sim_condition_signal(HOOK_SITE(HOOK_POST, #condition), (condition), true)

#define hook_park_from(site, note, deadline_ns) hook_sim_park((site), (note), (deadline_ns), NULL, 0)
#define hook_park(note, deadline_ns) hook_park_from(HOOK_SITE(HOOK_PARK, #note), note, deadline_ns)
#define hook_park_weak(note, deadline_ns) \
    hook_park_from(HOOK_SITE(HOOK_PARK_WEAK, #note), note, deadline_ns)
#define hook_park_for_tokens(note, deadline_ns, tokens, count) \
    hook_sim_park(HOOK_SITE(HOOK_PARK, #note), (note), (deadline_ns), (tokens), (count))
#define hook_unpark_from(site, note) hook_sim_unpark((site), (note))
#define hook_unpark(note) hook_unpark_from(HOOK_SITE(HOOK_UNPARK, #note), note)
#define hook_unpark_late(note) hook_unpark_from(HOOK_SITE(HOOK_UNPARK_LATE, #note), note)
#define hook_sleep_from(site, duration_ns) hook_sim_sleep((site), (duration_ns))
#define hook_sleep(duration_ns) hook_sleep_from(HOOK_SITE(HOOK_SLEEP, #duration_ns), (duration_ns))
#define hook_clock() hook_sim_clock(HOOK_SITE(HOOK_CLOCK, "clock"))

#define hook_hold(p, state_class) hook_hold_from(HOOK_SITE(HOOK_HOLD, #p), (p), (state_class))
#define hook_hold_from(site, p, state_class) hook_sim_hold((site), (p), (state_class))
#define hook_release_from(site, p) hook_sim_release((site), (p))
#define hook_release(p) hook_release_from(HOOK_SITE(HOOK_RELEASE, #p), (p))
#define hook_awaits_from(site, p, state_class) \
    (tsan_unseen_flag(&hook_sim_watched) ? hook_sim_awaits((site), (p), (state_class)) : (void)0)
#define hook_awaits(p, state_class) \
    hook_awaits_from(HOOK_SITE(HOOK_SPIN, #p), (p), (state_class))

#define hook_preemption_point_from(site, asked) hook_sim_preemption_point((site), (asked))
#define hook_preemption_point(asked) \
    hook_preemption_point_from(HOOK_SITE(HOOK_PREEMPTION, "entry"), asked)
#define hook_callback_point(object) hook_sim_before(HOOK_SITE(HOOK_CALLBACK, #object), (object))
#define hook_allocation_point(object) \
    hook_sim_allocation_point(HOOK_SITE(HOOK_ALLOCATION, #object), (object))
#define hook_enter_from(site, context) hook_sim_enter((site), (context))
#define hook_enter(context) hook_enter_from(HOOK_SITE(HOOK_CONTEXT, context), (context))
#define hook_leave() hook_sim_leave(HOOK_SITE(HOOK_CONTEXT, "leave"))
#define hook_mask(context) hook_sim_mask(HOOK_SITE(HOOK_CONTEXT, "mask"), (context), true)
#define hook_unmask(context) hook_sim_mask(HOOK_SITE(HOOK_CONTEXT, "unmask"), (context), false)
#define hook_fail(message) hook_sim_fail(HOOK_SITE(HOOK_FAIL, "fail"), (message))
#define hook_give_up(message) hook_sim_give_up(HOOK_SITE(HOOK_FAIL, "fail"), (message))
#define hook_progress() hook_sim_progress()

#define hook_thread_start(entry, argument, name) \
    hook_sim_thread_start(HOOK_SITE(HOOK_THREAD, "start"), (entry), (argument), (name))
#define hook_thread_create_from(site, thread, entry, argument, name) \
    hook_sim_thread_create((site), (thread), (entry), (argument), (name))
#define hook_thread_create(thread, entry, argument, name) \
    hook_thread_create_from(HOOK_SITE(HOOK_THREAD, "start"), (thread), (entry), (argument), (name))
#define hook_thread_join_from(site, thread) hook_sim_thread_join((site), (thread))
#define hook_thread_join(thread) hook_thread_join_from(HOOK_SITE(HOOK_JOIN, #thread), (thread))
#define hook_thread_exit() hook_sim_thread_exit(HOOK_SITE(HOOK_THREAD, "exit"))

#define hook_task_init(task, name, number) hook_sim_task_init((task), (name), (number))
#define hook_task_run(task) hook_sim_task_run(HOOK_SITE(HOOK_TASK, "run"), (task))
#define hook_task_ready(task, queue) hook_sim_task_ready(HOOK_SITE(HOOK_TASK, "ready"), (task), (queue))
#define hook_task_wait(task) hook_sim_task_wait(HOOK_SITE(HOOK_TASK, "wait"), (task))
#define hook_token_init(token, name, number) hook_sim_token_init((token), (name), (number))
#define hook_token_retire(token) hook_sim_token_retire((token))
#define hook_token_take(token) hook_sim_token_take(HOOK_SITE(HOOK_TOKEN, "take"), (token))
#define hook_token_give(token) hook_sim_token_give(HOOK_SITE(HOOK_TOKEN, "give"), (token))
#define hook_gate_close() hook_sim_gate_close(HOOK_SITE(HOOK_TOKEN, "close"))
#define hook_gate_open() hook_sim_gate_open(HOOK_SITE(HOOK_TOKEN, "open"))

#endif
