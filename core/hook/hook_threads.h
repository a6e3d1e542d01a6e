/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the `threads` back-end has in place of its namesakes in hook_plain.h, which includes this:
 * a seeded random delay before each operation, now and then a failure for no reason where one is
 * allowed, and locks that ThreadSanitizer understands.
 *
 * A lock belongs to nobody: it may be taken by a goroutine and released by the g0 of its M
 * (goparkunlock()), which to ThreadSanitizer are two threads, so a pthread mutex would be misuse.
 */
#ifndef CORE_HOOK_HOOK_THREADS_H
#define CORE_HOOK_HOOK_THREADS_H

/* The text: as written, or what the operation is part of. */
#define HOOK_THREADS_SITE(hook_kind, function_name, text)                                   \
    __extension__({                                                                         \
        static const struct hook_site hook_site_here = { .function = (function_name),       \
                                                         .object = (text),                  \
                                                         .file = __FILE__,                  \
                                                         .line = __LINE__,                  \
                                                         .kind = (hook_kind) };             \
        &hook_site_here;                                                                    \
    })
#define HOOK_FIRST hook_threads_go(HOOK_SITE(HOOK_THREAD, "operation")),
#define HOOK_PERHAPS hook_threads_perhaps()

struct hook_mutex {
    sem_t free; /* 1: nobody has it */
};

/* By hand, because a mutex is not pthread's. */
struct hook_condition {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t waiting, woken; /* how many wait; how many of them may go on */
};

#define HOOK_CONDITION_INIT(c) \
    (pthread_mutex_init(&(c)->mutex, NULL), pthread_cond_init(&(c)->changed, NULL), \
     (c)->waiting = (c)->woken = 0)
#define HOOK_CONDITION_WAIT(c, m) hook_threads_condition_wait((c), (m))
#define HOOK_CONDITION_SIGNAL(c) hook_threads_condition_signal((c), 1)
#define HOOK_CONDITION_BROADCAST(c) hook_threads_condition_signal((c), UINT32_MAX)
#define HOOK_MUTEX_DESTROY(m) sem_destroy(&(m)->free)
#define HOOK_MUTEX_INIT(m) sem_init(&(m)->free, 0, 1)
#define HOOK_MUTEX_LOCK(m) hook_threads_lock((m))
#define HOOK_MUTEX_TRYLOCK(m) (sem_trywait(&(m)->free) == 0)
#define HOOK_MUTEX_UNLOCK(m) sem_post(&(m)->free)
#define HOOK_MUTEX_ASSERT_HELD(m) hook_threads_assert_held((m))

/* All delays and failures follow from this and from what the system does. Before the first thread
 * is started; the caller is the first. */
void hook_threads_seed(uint64_t seed);
/* The calling thread comes to that place: mostly nothing; or it yields, or naps for some
 * microseconds. */
void hook_threads_go(const struct hook_site *site);
/* If the process still runs after so long, writes to standard error where each of its threads went
 * last, calls also() (if it is not NULL; async-signal-safe only), and ends by SIGALRM: a deadlock
 * ends with a report. */
void hook_threads_watch(int64_t duration_ns, void (*also)(void));
/* True now and then. */
bool hook_threads_perhaps(void);
void hook_threads_lock(struct hook_mutex *mutex);
void hook_threads_condition_wait(struct hook_condition *condition, struct hook_mutex *mutex);
void hook_threads_condition_signal(struct hook_condition *condition, uint32_t most);
void hook_threads_assert_held(struct hook_mutex *mutex);

#endif
