/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The randomness of the `threads` back-end. Each thread has a generator of its own, so that drawing
 * orders nothing between threads: it must not hide a race.
 */
#include "core/hook/hook.h"

#if HOOK_BACKEND == HOOK_THREADS
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/base/prng.h"

enum {
    DELAYS = 64,   /* in so many operations ... */
    NAPS = 1,      /* ... a thread naps so often ... */
    YIELDS = 5,    /* ... and yields so often */
    NAP_NS = 50000, /* at most */
    PERHAPS = 24,  /* one in so many */
    THREADS_MAX = 512, /* whose places are known */
};

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/* A race is the end; and nobody waits at the end for threads that might still race. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "abort_on_error=1:halt_on_error=1:atexit_sleep_ms=0";
}
#endif
#endif

static _Atomic uint64_t global_seed;
static _Atomic uint64_t threads;
static _Thread_local struct {
    struct prng prng;
    uint64_t index;
    bool seeded;
} own;
/* Where each thread went last, to be read by who reports. */
static const struct hook_site *_Atomic places[THREADS_MAX];
static void (*watch_also)(void);

void hook_threads_seed(uint64_t seed)
{
    atomic_store_explicit(&global_seed, seed, memory_order_relaxed);
    atomic_store_explicit(&threads, 0, memory_order_relaxed);
    own.seeded = false;
}

/* Goroutines change threads between two calls, not within one. Relaxed: see above. */
static struct prng *prng(void)
{
    if (!own.seeded) {
        struct prng root = { atomic_load_explicit(&global_seed, memory_order_relaxed) };
        uint64_t index = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
        own.prng.state = prng_next(&root) + index * 0x632be59bd9b4e019u;
        own.index = index;
        own.seeded = true;
    }
    return &own.prng;
}

void hook_threads_go(const struct hook_site *site)
{
    uint32_t draw = prng_below(prng(), DELAYS);
    if (own.index < THREADS_MAX)
        atomic_store_explicit(&places[own.index], site, memory_order_relaxed);
    if (draw < NAPS) {
        struct timespec nap = { 0, 1 + prng_below(prng(), NAP_NS) };
        nanosleep(&nap, NULL);
    } else if (draw < NAPS + YIELDS) {
        sched_yield();
    }
}

/* Past ThreadSanitizer, which keeps a signal back for as long as its thread waits for a lock. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
int __sigaction(int signal_number, const struct sigaction *action, struct sigaction *before);
#define sigaction_now __sigaction
#endif
#endif
#ifndef sigaction_now
#define sigaction_now sigaction
#endif

static void on_alarm(int signal_number)
{
    uint64_t count = atomic_load_explicit(&threads, memory_order_relaxed);
    bool written = true;
    for (uint64_t i = 0; i < count && i < THREADS_MAX && written; i++) {
        const struct hook_site *site = atomic_load_explicit(&places[i], memory_order_relaxed);
        char line[200];
        int size = site == NULL ? 0
                                : snprintf(line, sizeof line, "thread %u: %s in %s at %s:%u\n",
                                           (unsigned)i, site->object, site->function, site->file,
                                           (unsigned)site->line);
        written = write(STDERR_FILENO, line, (size_t)size) == size;
    }
    if (watch_also != NULL)
        watch_also();
    struct sigaction standard = { .sa_handler = SIG_DFL };
    sigaction_now(signal_number, &standard, NULL);
    kill(getpid(), signal_number);
}

void hook_threads_watch(int64_t duration_ns, void (*also)(void))
{
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_NODEFER };
    struct itimerval once = { .it_value = { duration_ns / 1000000000,
                                            duration_ns % 1000000000 / 1000 } };
    watch_also = also;
    sigemptyset(&action.sa_mask);
    check(sigaction_now(SIGALRM, &action, NULL) == 0);
    check(setitimer(ITIMER_REAL, &once, NULL) == 0);
}

bool hook_threads_perhaps(void)
{
    return prng_one_in(prng(), PERHAPS);
}

void hook_threads_lock(struct hook_mutex *mutex)
{
    while (sem_wait(&mutex->free) != 0)
        check(errno == EINTR);
}

void hook_threads_assert_held(struct hook_mutex *mutex)
{
    int free = 1;
    check(sem_getvalue(&mutex->free, &free) == 0);
    check(free == 0);
}

void hook_threads_condition_wait(struct hook_condition *condition, struct hook_mutex *mutex)
{
    pthread_mutex_lock(&condition->mutex);
    condition->waiting++;
    check(sem_post(&mutex->free) == 0);
    while (condition->woken == 0)
        pthread_cond_wait(&condition->changed, &condition->mutex);
    condition->woken--;
    condition->waiting--;
    pthread_mutex_unlock(&condition->mutex);
    hook_threads_lock(mutex);
}

void hook_threads_condition_signal(struct hook_condition *condition, uint32_t most)
{
    pthread_mutex_lock(&condition->mutex);
    uint32_t asleep = condition->waiting - condition->woken;
    condition->woken += most < asleep ? most : asleep;
    pthread_cond_broadcast(&condition->changed);
    pthread_mutex_unlock(&condition->mutex);
}
#else
typedef int hook_threads_is_not_the_back_end;
#endif
