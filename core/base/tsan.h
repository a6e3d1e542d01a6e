/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ThreadSanitizer is told by code that it does not watch itself. -DTSAN_TOLD is set for all
 * files of a flavour with ThreadSanitizer, whether they are watched or not; without it nothing here
 * leaves code behind.
 */
#ifndef CORE_BASE_TSAN_H
#define CORE_BASE_TSAN_H

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

/* Who acquires an object comes after all who have released it, and after what they did before. */
static inline void tsan_release(const volatile void *object)
{
#ifdef TSAN_TOLD
    __tsan_release((void *)(uintptr_t)object);
#else
    (void)object;
#endif
}

static inline void tsan_acquire(const volatile void *object)
{
#ifdef TSAN_TOLD
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

#endif
