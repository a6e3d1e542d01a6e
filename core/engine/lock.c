/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hooks of locks: mutexes, recursive ones, spin locks, read-write locks. Held by threads. A wait is
 * entered into the wait-for graph, and into the log of the run, before the thread stops.
 *
 * Of a lock, `owner` has it alone, or `readers` > 0 share it, or it is free. A fair read-write lock
 * lets no new reader in while a writer waits.
 */
#include "core/base/check.h"
#include "core/base/tsan.h"
#include "core/engine/internal.h"
#include "core/engine/told.h"

void hook_sim_lock_init(const struct hook_site *site, struct hook_mutex *mutex,
                        enum hook_lock_kind kind, const char *lock_class)
{
    if (engine.live && hold_find(mutex) != NULL)
        engine_fail(VERDICT_MISUSE, site, "a lock is initialised again while it is held");
    *mutex = (struct hook_mutex){ .lock_class = lock_class, .kind = (uint8_t)kind };
    record_add(RECORD_INIT, site, mutex, lock_class)->lock_kind = (uint8_t)kind;
}

void hook_sim_lock_destroy(const struct hook_site *site, struct hook_mutex *mutex)
{
    if (!engine.live)
        return;
    if (hold_find(mutex) != NULL)
        engine_fail(VERDICT_MISUSE, site, "a lock is destroyed while it is held");
    if (mutex->waiters > 0)
        engine_fail(VERDICT_MISUSE, site, "a lock is destroyed while a thread waits for it");
    if (mutex->destroyed)
        engine_fail(VERDICT_MISUSE, site, "a lock is destroyed twice");
    mutex->destroyed = true;
}

void hook_sim_nested(uint8_t level, const struct hook_mutex *under, bool in_order)
{
    thread_current()->nesting = (struct nesting){ under, level, in_order };
}

/* --- taking --- */

static bool is_free(const struct hook_mutex *mutex, enum hook_lock_mode mode)
{
    if (mode == HOOK_READ)
        return mutex->owner == 0 &&
               (mutex->kind != HOOK_LOCK_RW_FAIR || mutex->writers_waiting == 0);
    if (mutex->kind == HOOK_LOCK_RECURSIVE && mutex->owner == engine.current + 1)
        return true;
    return mutex->owner == 0 && mutex->readers == 0;
}

static void take(const struct hook_site *site, struct hook_mutex *mutex, enum hook_lock_mode mode,
                 bool waited)
{
    if (mode == HOOK_READ)
        mutex->readers++;
    else if (mutex->owner != 0)
        mutex->depth++;
    else
        mutex->owner = engine.current + 1;
    if (mutex->kind == HOOK_LOCK_SPIN)
        thread_current()->spin_locks++;
    tsan_acquire(mutex);
    told_takes(mutex, mutex->lock_class, waited);
    if (mode != HOOK_READ)
        tsan_acquire(&mutex->readers);
    hold_push(site, mutex, mutex->lock_class, NULL, mode);
}

/* Fills what is common to the records of both ways to take a lock; uses up the nesting. */
static void record_taking(struct record *record, const struct hook_site *site,
                          const struct hook_mutex *mutex, enum hook_lock_mode mode)
{
    struct nesting *nesting = &thread_current()->nesting;
    record->lock_kind = mutex->kind;
    record->mode = (uint8_t)mode;
    record->level = nesting->level;
    record->other = nesting->under;
    record->in_order = nesting->in_order;
    if (nesting->under != NULL && hold_find_by(nesting->under, engine.current) == NULL)
        engine_fail(VERDICT_MISUSE, site, "the lock that allows this nesting is not held");
    *nesting = (struct nesting){ NULL, 0, false };
}

static void check_use(const struct hook_site *site, const struct hook_mutex *mutex)
{
    if (mutex->destroyed)
        engine_fail(VERDICT_MISUSE, site, "a lock is used after it was destroyed");
}

static void acquire(const struct hook_site *site, struct hook_mutex *mutex,
                    enum hook_lock_mode mode)
{
    hook_sim_before(site, mutex);
    if (!engine.live)
        return;
    record_taking(record_add(RECORD_LOCK, site, mutex, mutex->lock_class), site, mutex, mode);
    check_use(site, mutex);
    if (mutex->kind == HOOK_LOCK_MUTEX || mutex->kind == HOOK_LOCK_RECURSIVE)
        check_may_block(site);
    told_waits(mutex, mutex->lock_class);
    if (!is_free(mutex, mode)) {
        bool writes = mode != HOOK_READ && mutex->kind == HOOK_LOCK_RW_FAIR;
        mutex->waiters++;
        mutex->writers_waiting += writes;
        thread_current()->wait_reads = mode == HOOK_READ;
        do {
            wait_for(EDGE_LOCK, site, mutex, HOOK_FOREVER);
            hook_sim_event(site, mutex); /* tries again: has it, or waits once more */
            mutex->writers_waiting -= writes;
            bool mine = is_free(mutex, mode);
            mutex->writers_waiting += writes;
            if (mine)
                break;
        } while (true);
        thread_current()->wait_reads = false;
        mutex->writers_waiting -= writes;
        mutex->waiters--;
    }
    take(site, mutex, mode, true);
}

static bool try_acquire(const struct hook_site *site, struct hook_mutex *mutex,
                        enum hook_lock_mode mode)
{
    hook_sim_before(site, mutex);
    if (!engine.live)
        return false;
    check_use(site, mutex);
    bool mine = is_free(mutex, mode);
    if (hook_sim_watched)
        record_taking(mine ? record_add(RECORD_TRY, site, mutex, mutex->lock_class) : &record_waste,
                      site, mutex, mode);
    if (!mine)
        return false;
    hook_step.event->value = true;
    take(site, mutex, mode, false);
    return true;
}

static bool is_nested(const struct nesting *nesting)
{
    return nesting->under != NULL || nesting->level != 0 || nesting->in_order;
}

_Static_assert(HOOK_LOCK_MUTEX == 0 && HOOK_EXCLUSIVE == 0, "the rest of a plain record is zero");

/* The most common case on a short way. */
void hook_sim_lock(const struct hook_site *site, struct hook_mutex *mutex)
{
    bool plain = mutex->kind == HOOK_LOCK_MUTEX && !mutex->destroyed && engine.live &&
                 thread_current()->spin_locks == 0 && !is_nested(&thread_current()->nesting);
    if (!plain) {
        acquire(site, mutex, HOOK_EXCLUSIVE);
        return;
    }
    hook_sim_before(site, mutex);
    record_add(RECORD_LOCK, site, mutex, mutex->lock_class);
    told_waits(mutex, mutex->lock_class);
    while (mutex->owner != 0) {
        mutex->waiters++;
        wait_for(EDGE_LOCK, site, mutex, HOOK_FOREVER);
        mutex->waiters--;
        hook_sim_event(site, mutex); /* tries again: has it, or waits once more */
    }
    mutex->owner = engine.current + 1;
    tsan_acquire(mutex);
    told_takes(mutex, mutex->lock_class, true);
    hold_push(site, mutex, mutex->lock_class, NULL, HOOK_EXCLUSIVE);
}

bool hook_sim_trylock(const struct hook_site *site, struct hook_mutex *mutex)
{
    return try_acquire(site, mutex, HOOK_EXCLUSIVE);
}

void hook_sim_read_lock(const struct hook_site *site, struct hook_mutex *mutex)
{
    acquire(site, mutex, HOOK_READ);
}

bool hook_sim_read_trylock(const struct hook_site *site, struct hook_mutex *mutex)
{
    return try_acquire(site, mutex, HOOK_READ);
}

/* --- giving back --- */

static void wake_waiters(const struct hook_mutex *mutex)
{
    if (mutex->waiters > 0)
        engine_wake_waiters(EDGE_LOCK, mutex);
}

static void record_giving(const struct hook_site *site, const struct hook_mutex *mutex,
                          enum hook_lock_mode mode)
{
    record_add(RECORD_UNLOCK, site, mutex, NULL)->mode = (uint8_t)mode;
}

void hook_sim_unlock(const struct hook_site *site, struct hook_mutex *mutex)
{
    if (!engine.live)
        return;
    hook_sim_event(site, mutex);
    check_use(site, mutex);
    if (mutex->owner == 0)
        engine_fail(VERDICT_MISUSE, site, "unlock of a mutex that is not locked");
    if (mutex->owner != engine.current + 1)
        engine_fail(VERDICT_MISUSE, site, "unlock of a mutex that another thread holds");
    record_giving(site, mutex, HOOK_EXCLUSIVE);
    check(hold_pop_by(mutex, engine.current));
    if (mutex->depth > 0) {
        mutex->depth--;
        return;
    }
    tsan_release(mutex);
    told_gives(mutex);
    mutex->owner = 0;
    if (mutex->kind == HOOK_LOCK_SPIN)
        thread_current()->spin_locks--;
    wake_waiters(mutex);
}

void hook_sim_read_unlock(const struct hook_site *site, struct hook_mutex *mutex)
{
    if (!engine.live)
        return;
    hook_sim_event(site, mutex);
    check_use(site, mutex);
    if (mutex->owner != 0)
        engine_fail(VERDICT_MISUSE, site, "a lock held for writing is unlocked as if for reading");
    if (hold_find_by(mutex, engine.current) == NULL)
        engine_fail(VERDICT_MISUSE, site, "a lock is unlocked by a thread that does not read it");
    record_giving(site, mutex, HOOK_READ);
    check(hold_pop_by(mutex, engine.current));
    mutex->readers--;
    told_gives(mutex);
    tsan_release(&mutex->readers); /* readers come in no order among themselves */
    wake_waiters(mutex);
}

void hook_sim_assert_held(const struct hook_site *site, const struct hook_mutex *mutex)
{
    if (engine.live && mutex->owner != engine.current + 1 &&
        (mutex->readers == 0 || hold_find_by(mutex, engine.current) == NULL))
        engine_fail(VERDICT_MISUSE, site, "a mutex that must be held here is not");
}
