/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Behaviour: what the runtime promises to who uses it, one promise per row of a table. The body of
 * a promise is the first goroutine of a program, and knows nothing but core/runtime and what is
 * here; so it runs under the engine and on real threads. A promise that is not kept ends the run
 * by throw(); nothing else is a verdict. How they are run: behaviour_engine.h, behaviour_threads.h.
 *
 * Time may leap at any moment unless behaviour.punctual, so a body claims
 *   - "not before", always;
 *   - "not later than" only by expect_by(), which looks at punctual;
 *   - what holds as long as a time has not come only if nanotime(), read afterwards, says that it
 *     has not.
 * Callbacks run on g0: they count, signal, start, stop and reset, but never wait.
 */
#ifndef FUZZ_BEHAVIOUR_H
#define FUZZ_BEHAVIOUR_H

#include <string.h>

#include "core/base/prng.h"
#include "core/runtime/invariant.h"
#include "core/runtime/netpoll.h"
#include "core/runtime/proc.h"
#include "core/runtime/runq.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/time.h"

struct behaviour {
    const char *name; /* the promise, in words */
    gofunc *body;
    int32_t procs;
    const char *dies; /* not NULL: the runtime must give up, with this message */
};

enum { BEHAVIOUR_TIMERS = 128, BEHAVIOUR_DESCRIPTORS = 16 };

#define NANOSECOND ((int64_t)1)
#define MICROSECOND (1000 * NANOSECOND)
#define MILLISECOND (1000 * MICROSECOND)
/* Long times are there to be told from short ones: while they are real, the short ones will do. */
#if HOOK_BACKEND == HOOK_SIM
#define SECOND (1000 * MILLISECOND)
#define HOUR (3600 * SECOND)
#else
#define SECOND (2 * MILLISECOND)
#define HOUR (25 * SECOND)
#endif

/* What the program has, and what its judge knows of it. */
struct behaviour_program {
    bool punctual; /* time passes only while nobody has anything to do */
    uint64_t seed; /* another one in each of the runs that are drawn */
    _Atomic uint32_t computing; /* goroutines in compute() */
    _Atomic uint32_t goroutines, timer_count, descriptor_count;
    _Atomic uint32_t data[BEHAVIOUR_DESCRIPTORS][2]; /* there is something to read, room to write */
    struct timer timers[BEHAVIOUR_TIMERS];
    struct pollDesc descriptors[BEHAVIOUR_DESCRIPTORS];
};
static struct behaviour_program behaviour;

/* --- claims --- */

#define expect(condition, message) \
    do {                           \
        if (!(condition))          \
            throw(message);        \
    } while (0)
#define expect_by(limit_ns, message) \
    expect(!behaviour.punctual || nanotime() <= (limit_ns), message)

/* --- goroutines --- */

static inline void go(gofunc *fn, void *argument)
{
    uint32_t number = hook_fetch_add(&behaviour.goroutines, 1u) + 1;
    expect(newproc(fn, argument, "g", number) != NULL, "there is no room for a goroutine");
}

/* Keeps the P for so long, and heeds nobody: a computation without function calls. */
static inline void compute(int64_t ns)
{
    hook_fetch_add(&behaviour.computing, 1u);
    hook_sleep(ns);
    hook_fetch_add(&behaviour.computing, -1u);
}

static inline void system_call(int64_t ns)
{
    entersyscall();
    hook_sleep(ns);
    exitsyscall();
}

static inline void collect_garbage(void)
{
    stopTheWorld("gc");
    startTheWorld();
}

/* A semaphore of goroutines; callbacks may signal it. */
struct semaphore {
    struct mutex lock;
    uint32_t count;
    struct gqueue waiters;
};

static inline void semaphore_init(struct semaphore *semaphore)
{
    memset(semaphore, 0, sizeof *semaphore);
    mutex_init(&semaphore->lock, "semaphore");
}

static inline void semaphore_signal(struct semaphore *semaphore)
{
    lock(&semaphore->lock);
    struct g *gp = gqueue_pop(&semaphore->waiters);
    if (gp == NULL)
        semaphore->count++;
    unlock(&semaphore->lock);
    if (gp != NULL)
        goready(gp);
}

static inline void semaphore_wait(struct semaphore *semaphore)
{
    lock(&semaphore->lock);
    if (semaphore->count > 0) {
        semaphore->count--;
        unlock(&semaphore->lock);
        return;
    }
    gqueue_push(&semaphore->waiters, getg());
    goparkunlock(&semaphore->lock, "semaphore");
}

static inline void semaphore_wait_times(struct semaphore *semaphore, uint32_t times)
{
    while (times-- > 0)
        semaphore_wait(semaphore);
}

/* --- timers --- */

static inline struct timer *timer_new(timer_func *f, void *arg)
{
    uint32_t index = hook_fetch_add(&behaviour.timer_count, 1u);
    expect(index < BEHAVIOUR_TIMERS, "there is no room for a timer");
    struct timer *t = &behaviour.timers[index];
    t->f = f;
    t->arg = arg;
    return t;
}

/* A timer that counts its runs and tells who waits for them. */
struct alarm {
    struct timer *timer;
    struct semaphore rang;
    int64_t when;           /* of the last start or reset, kept by who makes it */
    _Atomic int64_t ran_at; /* the latest time */
    _Atomic uint32_t runs;
};

static inline void alarm_rings(void *arg, uintptr_t seq)
{
    (void)seq;
    struct alarm *alarm = arg;
    int64_t now = nanotime(), latest = hook_load(&alarm->ran_at);
    while (latest < now && !hook_cas_weak(&alarm->ran_at, &latest, now))
        continue;
    hook_fetch_add(&alarm->runs, 1u);
    semaphore_signal(&alarm->rang);
}

static inline void alarm_init(struct alarm *alarm)
{
    memset(alarm, 0, sizeof *alarm);
    semaphore_init(&alarm->rang);
    alarm->timer = timer_new(alarm_rings, alarm);
}

static inline void alarm_start(struct alarm *alarm, int64_t ns)
{
    alarm_init(alarm);
    alarm->timer->when = alarm->when = when_after(ns);
    startTimer(alarm->timer);
}

static inline void alarm_start_periodic(struct alarm *alarm, int64_t ns)
{
    alarm_init(alarm);
    alarm->timer->when = alarm->when = when_after(ns);
    alarm->timer->period = ns;
    startTimer(alarm->timer);
}

static inline bool alarm_reset(struct alarm *alarm, int64_t ns)
{
    alarm->when = when_after(ns);
    return resetTimer(alarm->timer, alarm->when);
}

static inline bool alarm_stop(struct alarm *alarm)
{
    return stopTimer(alarm->timer);
}

static inline void alarm_wait(struct alarm *alarm)
{
    semaphore_wait(&alarm->rang);
}

static inline uint32_t alarm_runs(struct alarm *alarm)
{
    return hook_load(&alarm->runs);
}

/* --- descriptors --- */

static inline struct pollDesc *descriptor_open(void)
{
    uint32_t index = hook_fetch_add(&behaviour.descriptor_count, 1u);
    expect(index < BEHAVIOUR_DESCRIPTORS, "there is no room for a descriptor");
    pollOpen(&behaviour.descriptors[index]);
    return &behaviour.descriptors[index];
}

static inline _Atomic uint32_t *descriptor_data(const struct pollDesc *pd, int mode)
{
    return &behaviour.data[pd - behaviour.descriptors][mode == 'w'];
}

/* The other side has sent or received: mode as in netpoll_event(). */
static inline void arrive(struct pollDesc *pd, int mode)
{
    if (mode != 'w')
        hook_store(descriptor_data(pd, 'r'), 1u);
    if (mode != 'r')
        hook_store(descriptor_data(pd, 'w'), 1u);
    netpoll_event(pd, mode);
}

/* One read ('r') or write ('w'): waits until it can be done, as package poll does. */
static inline enum poll_result transfer(struct pollDesc *pd, int mode)
{
    enum poll_result result = pollReset(pd, mode);
    while (result == pollNoError && hook_exchange(descriptor_data(pd, mode), 0u) == 0)
        result = pollWait(pd, mode);
    return result;
}

/* Walks the invariants of the runtime. idle: nobody is between two steps. */
static inline const char *behaviour_check(bool idle)
{
    static struct timer *timers[BEHAVIOUR_TIMERS + 2 * BEHAVIOUR_DESCRIPTORS + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < atomic_load(&behaviour.timer_count); i++)
        timers[count++] = &behaviour.timers[i];
    for (uint32_t i = 0; i < atomic_load(&behaviour.descriptor_count); i++) {
        timers[count++] = &behaviour.descriptors[i].rt_timer;
        timers[count++] = &behaviour.descriptors[i].wt_timer;
    }
    if (scavenge.timer != NULL)
        timers[count++] = scavenge.timer;
    return runtime_check(timers, count, idle);
}

enum { BEHAVIOURS_MAX = 32 };

#if HOOK_BACKEND == HOOK_SIM
#include "fuzz/behaviour_engine.h"
#else
#include "fuzz/behaviour_threads.h"
#endif

/* A program's main(): each behaviour is a test of that name. */
static inline int behaviour_run_all(const struct behaviour *behaviours, size_t count)
{
    static struct CMUnitTest tests[BEHAVIOURS_MAX];
    check(count <= BEHAVIOURS_MAX);
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){ .name = behaviours[i].name,
                                        .test_func = behaviour_test,
                                        .initial_state = (void *)(uintptr_t)&behaviours[i] };
    return _cmocka_run_group_tests("behaviour", tests, count, NULL, NULL);
}

#endif
