/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiled twice, with the words of the seam (SEAM=1, `plain` back-end) and with what a programmer
 * would write without it (SEAM=0). ci/same-code compares the object code: there is no difference.
 */
#include "core/hook/hook.h"

#if HOOK_BACKEND != HOOK_PLAIN
#error "this file is about the plain back-end"
#endif

#if SEAM
#define LOAD(p) hook_load(p)
#define LOAD_ACQUIRE(p) hook_load_explicit(p, memory_order_acquire)
#define STORE(p, v) hook_store(p, v)
#define STORE_RELEASE(p, v) hook_store_explicit(p, v, memory_order_release)
#define EXCHANGE(p, v) hook_exchange(p, v)
#define ADD(p, v) hook_fetch_add(p, v)
#define CAS(p, want, v) hook_cas(p, want, v)
#define CAS_WEAK(p, want, v) hook_cas_weak(p, want, v)
#define CAS_OWN(p, want, v) hook_cas_own(p, want, v)
#define YIELD(p) hook_spin(p)
#define INIT(m) hook_mutex_init(m, "class")
#define LOCK(m) hook_lock(m)
#define TRYLOCK(m) hook_trylock(m)
#define UNLOCK(m) hook_unlock(m)
#define ANNOTATE(statement) statement
#define PREEMPTED() hook_preemption_point(false)
#define NO_MEMORY(p) hook_allocation_point(p)
#define PARK(note, deadline) hook_park(note, deadline)
#define PARK_WEAK(note, deadline) hook_park_weak(note, deadline)
#define UNPARK(note) hook_unpark(note)
#define UNPARK_LATE(note) hook_unpark_late(note)
#define READ_LOCK(l) hook_read_lock(l)
#define READ_UNLOCK(l) hook_read_unlock(l)
#define WRITE_TRYLOCK(l) hook_write_trylock(l)
#define WRITE_UNLOCK(l) hook_write_unlock(l)
#define SPIN_LOCK(l) hook_spinlock_lock(l)
#define SPIN_UNLOCK(l) hook_spinlock_unlock(l)
#define RECURSIVE_LOCK(l) hook_recursive_lock(l)
#define RECURSIVE_UNLOCK(l) hook_recursive_unlock(l)
#define SEMAPHORE_WAIT(s) hook_semaphore_wait(s)
#define SEMAPHORE_POST(s) hook_semaphore_post(s)
#define CONDITION_WAIT(c, m) hook_condition_wait(c, m)
#define CONDITION_SIGNAL(c) hook_condition_signal(c)
#define JOIN(t) hook_thread_join(t)
#else
#define READ_LOCK(l) pthread_rwlock_rdlock(&(l)->lock)
#define READ_UNLOCK(l) pthread_rwlock_unlock(&(l)->lock)
#define WRITE_TRYLOCK(l) (pthread_rwlock_trywrlock(&(l)->lock) == 0)
#define WRITE_UNLOCK(l) pthread_rwlock_unlock(&(l)->lock)
#define SPIN_LOCK(l) pthread_spin_lock(&(l)->lock)
#define SPIN_UNLOCK(l) pthread_spin_unlock(&(l)->lock)
#define RECURSIVE_LOCK(l) pthread_mutex_lock(&(l)->mutex)
#define RECURSIVE_UNLOCK(l) pthread_mutex_unlock(&(l)->mutex)
#define SEMAPHORE_WAIT(s) hook_plain_semaphore_wait(s)
#define SEMAPHORE_POST(s) sem_post(&(s)->semaphore)
#define CONDITION_WAIT(c, m) pthread_cond_wait(&(c)->changed, &(m)->mutex)
#define CONDITION_SIGNAL(c) pthread_cond_signal(&(c)->changed)
#define JOIN(t) pthread_join((t)->thread, NULL)
#define LOAD(p) atomic_load(p)
#define LOAD_ACQUIRE(p) atomic_load_explicit(p, memory_order_acquire)
#define STORE(p, v) atomic_store(p, v)
#define STORE_RELEASE(p, v) atomic_store_explicit(p, v, memory_order_release)
#define EXCHANGE(p, v) atomic_exchange(p, v)
#define ADD(p, v) atomic_fetch_add(p, v)
#define CAS(p, want, v) atomic_compare_exchange_strong(p, want, v)
#define CAS_WEAK(p, want, v) atomic_compare_exchange_weak(p, want, v)
#define CAS_OWN(p, want, v) cas_own(p, want, v)
#define YIELD(p) sched_yield()
#define INIT(m) pthread_mutex_init(&(m)->mutex, NULL)
#define LOCK(m) pthread_mutex_lock(&(m)->mutex)
#define TRYLOCK(m) (pthread_mutex_trylock(&(m)->mutex) == 0)
#define UNLOCK(m) pthread_mutex_unlock(&(m)->mutex)
#define ANNOTATE(statement)
#define PREEMPTED() false
#define NO_MEMORY(p) false
#define PARK(note, deadline) hook_plain_park(note, deadline)
#define PARK_WEAK(note, deadline) hook_plain_park(note, deadline)
#define UNPARK(note) hook_plain_unpark(note)
#define UNPARK_LATE(note) hook_plain_unpark(note)
#endif

extern _Atomic uint32_t word;
extern struct hook_mutex mutex;
extern struct hook_note note;
extern struct hook_recursive recursive;
extern struct hook_spinlock spinlock;
extern struct hook_rwlock rwlock;
extern struct hook_semaphore semaphore;
extern struct hook_condition condition;
extern struct hook_thread thread;
extern void *_Atomic pointer;
extern struct hook_task task;
extern struct hook_token token;

#if !SEAM
static bool cas_own(_Atomic uint32_t *p, uint32_t *want, uint32_t value)
{
    uint32_t found = atomic_load_explicit(p, memory_order_relaxed);
    if (found == *want)
        return atomic_store_explicit(p, value, memory_order_release), true;
    return *want = found, false;
}
#endif

uint32_t same_atomics(uint32_t value, void *next);
bool same_claim(uint32_t next);
int same_locks(void);
void same_other_locks(void);
void same_events(void);
bool same_waits(int64_t deadline_ns);
void same_annotations(const char *queue);

uint32_t same_atomics(uint32_t value, void *next)
{
    uint32_t before = LOAD(&word) + LOAD_ACQUIRE(&word);
    STORE(&word, value);
    STORE_RELEASE(&pointer, next);
    before += EXCHANGE(&word, value + 1);
    before += ADD(&word, 3u);
    uint32_t want = before;
    before += CAS(&word, &want, value);
    before += CAS_OWN(&word, &want, value + 2);
    return before + want;
}

bool same_claim(uint32_t next)
{
    uint32_t want = LOAD(&word);
    while (!CAS_WEAK(&word, &want, next)) {
        if (want == 7)
            return false;
        YIELD(&word);
    }
    return true;
}

int same_locks(void)
{
    INIT(&mutex);
    LOCK(&mutex);
    int value = (int)LOAD(&word);
    UNLOCK(&mutex);
    if (TRYLOCK(&mutex)) {
        value++;
        UNLOCK(&mutex);
    }
    return value;
}

void same_other_locks(void)
{
    RECURSIVE_LOCK(&recursive);
    ANNOTATE(hook_nested_under(&mutex);)
    READ_LOCK(&rwlock);
    ANNOTATE(hook_nested(1);)
    SPIN_LOCK(&spinlock);
    SPIN_UNLOCK(&spinlock);
    READ_UNLOCK(&rwlock);
    ANNOTATE(hook_nested_in_order();)
    if (WRITE_TRYLOCK(&rwlock))
        WRITE_UNLOCK(&rwlock);
    RECURSIVE_UNLOCK(&recursive);
}

void same_events(void)
{
    LOCK(&mutex);
    CONDITION_WAIT(&condition, &mutex);
    CONDITION_SIGNAL(&condition);
    UNLOCK(&mutex);
    SEMAPHORE_WAIT(&semaphore);
    SEMAPHORE_POST(&semaphore);
    JOIN(&thread);
}

bool same_waits(int64_t deadline_ns)
{
    bool set = PARK(&note, deadline_ns);
    while (LOAD(&word) == 0)
        set = PARK_WEAK(&note, deadline_ns);
    UNPARK(&note);
    return UNPARK_LATE(&note) && set;
}

void same_annotations(const char *queue)
{
    (void)queue;
    ANNOTATE(hook_enter("scheduler");)
    ANNOTATE(hook_unmask("signal");)
    ANNOTATE(hook_mask("signal");)
    ANNOTATE(hook_awaits(&word, "timerModifying");)
    ANNOTATE(hook_hold(&word, "timerModifying");)
    if (PREEMPTED())
        STORE(&word, 1u);
    if (NO_MEMORY(&word))
        STORE(&word, 3u);
    ANNOTATE(hook_task_init(&task, "g", 1);)
    ANNOTATE(hook_task_ready(&task, queue);)
    ANNOTATE(hook_task_run(&task);)
    STORE(&word, 2u);
    ANNOTATE(hook_release(&word);)
    ANNOTATE(hook_token_take(&token);)
    ANNOTATE(hook_token_give(&token);)
    ANNOTATE(hook_gate_close();)
    ANNOTATE(hook_gate_open();)
    ANNOTATE(hook_callback_point(&word);)
    ANNOTATE(hook_assert_held(&mutex);)
    ANNOTATE(hook_progress();)
    ANNOTATE(hook_leave();)
}
