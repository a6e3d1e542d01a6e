/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hooks of semaphores and conditions: who waits is woken by whoever comes by. A semaphore belongs
 * to nobody, so the wait-for graph takes a wait for one as a wait for anybody.
 */
#include "core/base/check.h"
#include "core/base/tsan.h"
#include "core/engine/internal.h"

/* --- semaphores --- */

void hook_sim_semaphore_init(const struct hook_site *site, struct hook_semaphore *semaphore,
                             const char *lock_class, uint32_t count)
{
    *semaphore = (struct hook_semaphore){ lock_class, count, 0 };
    record_add(RECORD_SEMAPHORE, site, semaphore, lock_class)->value = count;
}

void hook_sim_semaphore_wait(const struct hook_site *site, struct hook_semaphore *semaphore)
{
    hook_sim_before(site, semaphore);
    if (!engine.live)
        return;
    record_add(RECORD_WAIT, site, semaphore, semaphore->lock_class);
    check_may_block(site);
    while (semaphore->count == 0) {
        semaphore->waiters++;
        wait_for(EDGE_EVENT, site, semaphore, HOOK_FOREVER);
        semaphore->waiters--;
        hook_sim_event(site, semaphore);
    }
    semaphore->count--;
    tsan_acquire(semaphore);
}

bool hook_sim_semaphore_trywait(const struct hook_site *site, struct hook_semaphore *semaphore)
{
    hook_sim_before(site, semaphore);
    if (!engine.live || semaphore->count == 0)
        return false;
    record_add(RECORD_TRYWAIT, site, semaphore, semaphore->lock_class);
    hook_step.event->value = true;
    semaphore->count--;
    tsan_acquire(semaphore);
    return true;
}

void hook_sim_semaphore_post(const struct hook_site *site, struct hook_semaphore *semaphore)
{
    if (!engine.live)
        return;
    hook_sim_event(site, semaphore);
    record_add(RECORD_POST, site, semaphore, semaphore->lock_class);
    semaphore->count++;
    tsan_release(semaphore);
    if (semaphore->waiters > 0)
        engine_wake_waiters(EDGE_EVENT, semaphore);
}

/* --- conditions: who waits longest is woken first --- */

void hook_sim_condition_init(struct hook_condition *condition)
{
    *condition = (struct hook_condition){ 0 };
}

void hook_sim_condition_wait(const struct hook_site *site, struct hook_condition *condition,
                             struct hook_mutex *mutex)
{
    hook_sim_before(site, condition);
    if (!engine.live)
        return;
    if (mutex->owner != engine.current + 1)
        engine_fail(VERDICT_MISUSE, site, "a condition is waited for without its mutex");
    record_add(RECORD_CONDITION_WAIT, site, condition, NULL)->other = mutex;
    uint32_t kinds = record_kinds; /* what it does to its mutex is part of that record */
    record_kinds = 0;
    hook_sim_unlock(site, mutex);
    record_kinds = kinds;
    check_may_block(site);
    thread_current()->wait_ticket = ++engine.wait_tickets;
    condition->waiters++;
    wait_for(EDGE_EVENT, site, condition, HOOK_FOREVER);
    hook_sim_lock(site, mutex);
}

static struct thread *longest_waiter(const struct hook_condition *condition)
{
    struct thread *longest = NULL;
    for (uint32_t i = 0; i < engine.blocked.count; i++) {
        struct thread *thread = &engine.threads[engine.blocked.members[i]];
        if (thread->wait_kind == EDGE_EVENT && thread->wait_object == condition &&
            (longest == NULL || thread->wait_ticket < longest->wait_ticket))
            longest = thread;
    }
    return longest;
}

void hook_sim_condition_signal(const struct hook_site *site, struct hook_condition *condition,
                               bool all)
{
    if (!engine.live)
        return;
    hook_sim_event(site, condition);
    record_add(all ? RECORD_BROADCAST : RECORD_SIGNAL, site, condition, NULL);
    while (condition->waiters > 0) {
        struct thread *thread = longest_waiter(condition);
        check(thread != NULL);
        condition->waiters--;
        engine_wake((uint32_t)(thread - engine.threads));
        if (!all)
            return;
    }
}
