/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ThreadSanitizer is told by code that it does not watch itself. -DTSAN_TOLD is set for all
 * files of a flavour with ThreadSanitizer, whether they are watched or not; without it nothing here
 * leaves code behind.
 */
#ifndef CORE_BASE_TSAN_H
#define CORE_BASE_TSAN_H

#include <stdbool.h>
#include <stdint.h>

#ifdef TSAN_TOLD
/* Of the sanitizer's run-time library. */
void __tsan_acquire(void *object);
void __tsan_release(void *object);
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);
void AnnotateIgnoreSyncBegin(const char *file, int line);
void AnnotateIgnoreSyncEnd(const char *file, int line);
#endif

/* --- what is known ---
 *
 * To acquire takes long, and most of the time there is nothing to be learnt: nobody has released
 * the object since the current fiber acquired it last. For each object that is kept in mind, it is
 * noted who knows all that was released there. Whoever releases it has to tell, or the next to
 * acquire it misses an order, and a race is seen that is none: hooks tell, and hook_touch() tells of
 * what is done beside them. */
#ifdef TSAN_TOLD
/* From now on the fiber of that number is the current one; 0: nobody, who never knows anything.
 * Returns who was it before. */
uint32_t tsan_become(uint32_t number);
/* Whether the current fiber does. From now on it is taken to: it acquires the object next. */
bool tsan_knows(const volatile void *object);
/* The current fiber releases the object next, and does not acquire it; acquires it, too, or puts
 * what it knows in place of what was known; somebody does something with it. */
void tsan_adds(const volatile void *object);
void tsan_replaces(const volatile void *object);
void tsan_forgets(const volatile void *object);
#endif

/* Who acquires an object comes after all who have released it, and after what they did before. */
static inline void tsan_release(const volatile void *object)
{
#ifdef TSAN_TOLD
    tsan_adds(object);
    __tsan_release((void *)(uintptr_t)object);
#else
    (void)object;
#endif
}

static inline void tsan_acquire(const volatile void *object)
{
#ifdef TSAN_TOLD
    if (!tsan_knows(object))
        __tsan_acquire((void *)(uintptr_t)object);
#else
    (void)object;
#endif
}

/* What the current fiber does in between is not the doing of the thread that it stands for: neither
 * its reads and writes nor its atomics count. May nest. */
static inline void tsan_ignore_begin(void)
{
#ifdef TSAN_TOLD
    __tsan_ignore_thread_begin();
    AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
#endif
}

static inline void tsan_ignore_end(void)
{
#ifdef TSAN_TOLD
    AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
    __tsan_ignore_thread_end();
#endif
}

/* A function that touches only what belongs to its caller: no race can be seen there. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(TSAN_TOLD)
#define TSAN_UNWATCHED __attribute__((noinline, unused, disable_sanitizer_instrumentation))
#endif
#endif
#ifndef TSAN_UNWATCHED
#define TSAN_UNWATCHED
#endif

/* Words of those who drive the code under test, read in the middle of it: ThreadSanitizer need not
 * watch them. It does not see what assembly reads. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__x86_64__)
#define TSAN_UNSEEN 1
#endif
#endif

/* While it is set, relaxed loads that are no steps need not be watched, either: they are many, and
 * order nothing. A race of one with a write that is not atomic may then be missed. */
#ifdef TSAN_TOLD
extern bool tsan_spares;
#endif

static inline bool tsan_unseen_flag(const bool *flag)
{
#ifdef TSAN_UNSEEN
    bool value;
    __asm__("movb %1, %0" : "=q"(value) : "m"(*flag));
    return value;
#else
    return *flag;
#endif
}

static inline void *tsan_unseen_pointer(void *const *pointer)
{
#ifdef TSAN_UNSEEN
    void *value;
    __asm__("movq %1, %0" : "=r"(value) : "m"(*pointer));
    return value;
#else
    return *pointer;
#endif
}

#endif
