/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the `plain` and `threads` back-ends is more than a macro. Empty under the other one. */
#include "core/hook/hook.h"

#if HOOK_BACKEND != HOOK_SIM
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/check.h"
#include "core/base/fiber.h"

enum { NS_PER_SECOND = 1000000000 };

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){ ns / NS_PER_SECOND, ns % NS_PER_SECOND };
}

int64_t hook_plain_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec + 1; /* never 0 */
}

void hook_plain_recursive_init(struct hook_recursive *recursive)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

void hook_plain_rwlock_init_fair(struct hook_rwlock *rwlock)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&rwlock->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

void hook_plain_semaphore_wait(struct hook_semaphore *semaphore)
{
    while (sem_wait(&semaphore->semaphore) != 0)
        check(errno == EINTR);
}

bool hook_plain_park(struct hook_note *note, int64_t deadline_ns)
{
    struct timespec until = timespec_of(deadline_ns);
    pthread_mutex_lock(&note->mutex);
    int error = 0;
    while (!note->set && error == 0) {
        if (deadline_ns == HOOK_FOREVER)
            pthread_cond_wait(&note->changed, &note->mutex);
        else
            error = pthread_cond_clockwait(&note->changed, &note->mutex, CLOCK_MONOTONIC, &until);
    }
    bool set = note->set;
    note->set = false;
    pthread_mutex_unlock(&note->mutex);
    return set;
}

bool hook_plain_unpark(struct hook_note *note)
{
    pthread_mutex_lock(&note->mutex);
    bool was_set = note->set;
    note->set = true;
    pthread_cond_signal(&note->changed);
    pthread_mutex_unlock(&note->mutex);
    return !was_set;
}

/* A signal ends it early. */
bool hook_plain_poll(int descriptor, int64_t deadline_ns)
{
    struct pollfd wanted = { .fd = descriptor, .events = POLLIN };
    int64_t left_ns = deadline_ns == HOOK_FOREVER ? 0 : deadline_ns - hook_plain_clock();
    struct timespec left = timespec_of(left_ns > 0 ? left_ns : 0);
    int count = ppoll(&wanted, 1, deadline_ns == HOOK_FOREVER ? NULL : &left, NULL);
    check(count >= 0 || errno == EINTR);
    return count > 0;
}

void hook_plain_sleep(int64_t duration_ns)
{
    struct timespec duration = timespec_of(duration_ns);
    nanosleep(&duration, NULL);
}

_Noreturn void hook_plain_fail(const char *message, const char *function, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, function, message);
    fflush(stderr);
    abort();
}

struct start {
    hook_entry *entry;
    void *argument;
};

static void *first_code(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    struct fiber fiber = { .user = NULL };
    fiber_adopt(&fiber);
    start.entry(start.argument);
    return NULL;
}

void hook_plain_thread_create(struct hook_thread *thread, hook_entry *entry, void *argument)
{
    struct start *start = malloc(sizeof *start);
    check(start != NULL);
    *start = (struct start){ entry, argument };
    check(pthread_create(&thread->thread, NULL, first_code, start) == 0);
}

void hook_plain_thread_start(hook_entry *entry, void *argument)
{
    struct hook_thread started;
    hook_plain_thread_create(&started, entry, argument);
    check(pthread_detach(started.thread) == 0);
}
#else
typedef int hook_plain_is_not_the_back_end;
#endif
