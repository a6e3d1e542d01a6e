/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ThreadSanitizer's deadlock detector knows mutexes by their addresses and threads by their stacks.
 * So each pair of an object and a class stands for one mutex, with an address from a table; a
 * goroutine's stack is one thread and the scheduler's of its M another; and a lock is given back as
 * by the fiber that took it (goparkunlock() gives it back on another). A P is an M's, and wanted by
 * whoever may be preempted.
 *
 * It knows only addresses that are taken while others are held. So it does not see what the
 * lock-order graph sees: that a third lock, a start, a join or an event keeps two sides apart (it
 * reports them), that a context may interrupt another one (it is silent), and what two instances of
 * a class have in common (it waits until the same two have changed places).
 */
#include "core/engine/told.h"

#ifdef TSAN_TOLD
#include <sanitizer/tsan_interface.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fiber.h"
#include "core/base/tsan.h"

enum { KNOWN_MAX = 1 << 12, PROBES_MAX = 64 };

static struct known {
    const volatile void *object;
    const char *lock_class;
    struct fiber *holder; /* NULL: nobody */
} known[KNOWN_MAX];
static char mutexes[KNOWN_MAX * 8]; /* their addresses */
static uint32_t used[KNOWN_MAX], used_count;

bool told_wanted(void)
{
    static int wanted = -1;
    if (wanted < 0)
        wanted = getenv("WEDGE_TSAN_DEADLOCKS") != NULL;
    return wanted > 0;
}

static char *mutex_of(const struct known *entry)
{
    return &mutexes[(entry - known) * 8];
}

static struct known *find(const volatile void *object, const char *lock_class)
{
    uint32_t at = (uint32_t)(((uintptr_t)object >> 2) * 0x9e3779b1u >> 4) % KNOWN_MAX;
    for (uint32_t i = 0; i < PROBES_MAX; i++, at = (at + 1) % KNOWN_MAX) {
        struct known *entry = &known[at];
        if (entry->object == object && strcmp(entry->lock_class, lock_class) == 0)
            return entry;
        if (entry->object != NULL)
            continue;
        *entry = (struct known){ object, lock_class, NULL };
        used[used_count++] = at;
        tsan_ignore_begin(); /* it is no memory of theirs */
        __tsan_mutex_create(mutex_of(entry), __tsan_mutex_not_static);
        tsan_ignore_end();
        return entry;
    }
    return NULL;
}

/* As the fiber, which need not run. */
static void lock_as(struct fiber *fiber, struct known *entry, bool waited)
{
    void *self = __tsan_get_current_fiber();
    unsigned flags = waited ? 0 : __tsan_mutex_try_lock;
    __tsan_switch_to_fiber(fiber->sanitizer.handle, __tsan_switch_to_fiber_no_sync);
    tsan_ignore_begin();
    __tsan_mutex_pre_lock(mutex_of(entry), flags);
    __tsan_mutex_post_lock(mutex_of(entry), flags, 0);
    tsan_ignore_end();
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
    entry->holder = fiber;
}

static void unlock(struct known *entry)
{
    void *self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(entry->holder->sanitizer.handle, __tsan_switch_to_fiber_no_sync);
    tsan_ignore_begin();
    __tsan_mutex_pre_unlock(mutex_of(entry), 0);
    __tsan_mutex_post_unlock(mutex_of(entry), 0);
    tsan_ignore_end();
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
    entry->holder = NULL;
}

void told_begin(void)
{
    tsan_ignore_begin();
    for (uint32_t i = 0; i < used_count; i++) {
        struct known *entry = &known[used[i]];
        if (entry->holder != NULL)
            unlock(entry);
        __tsan_mutex_destroy(mutex_of(entry), __tsan_mutex_not_static);
        *entry = (struct known){ NULL, NULL, NULL };
    }
    used_count = 0;
    tsan_ignore_end();
}

/* The detector learns an order from who gets what he waited for: so he does, for a moment. */
void told_waits(const volatile void *object, const char *lock_class)
{
    struct known *entry = told_wanted() ? find(object, lock_class) : NULL;
    if (entry == NULL || entry->holder == fiber_current())
        return;
    struct fiber *holder = entry->holder;
    if (holder != NULL)
        unlock(entry);
    lock_as(fiber_current(), entry, true);
    unlock(entry);
    if (holder != NULL)
        lock_as(holder, entry, false);
}

void told_takes(const volatile void *object, const char *lock_class, bool waited)
{
    struct known *entry = told_wanted() ? find(object, lock_class) : NULL;
    if (entry != NULL && entry->holder == NULL)
        lock_as(fiber_current(), entry, waited);
}

void told_takes_as(struct fiber *fiber, const volatile void *object, const char *lock_class)
{
    struct known *entry = told_wanted() ? find(object, lock_class) : NULL;
    if (entry != NULL && entry->holder == NULL)
        lock_as(fiber, entry, false);
}

void told_gives(const volatile void *object)
{
    for (uint32_t i = used_count; told_wanted() && i-- > 0;) {
        struct known *entry = &known[used[i]];
        if (entry->object == object && entry->holder != NULL) {
            unlock(entry);
            return;
        }
    }
}
#else
typedef int told_is_nobody;
#endif
