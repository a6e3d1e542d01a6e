/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hooks of what waits: notes, spins, the clock (locks: lock.c); of transitional states; of memory.
 * A wait is entered into the wait-for graph before the thread stops (engine_block), so a deadlock
 * at first contact and an owner's second lock are reported and never hang.
 */
#include "core/base/check.h"
#include "core/base/tsan.h"
#include "core/engine/internal.h"
#include "core/engine/told.h"

static struct hook_task *task_of(uint32_t thread)
{
    return engine.threads[thread].task;
}

void wait_for(enum edge_kind kind, const struct hook_site *site,
                     const volatile void *object, int64_t deadline_ns)
{
    struct thread *thread = thread_current();
    thread->wait_kind = (uint8_t)kind;
    thread->wait_site = site;
    thread->wait_object = object;
    thread->deadline_ns = deadline_ns;
    engine_block();
}

void check_may_block(const struct hook_site *site)
{
    if (thread_current()->spin_locks > 0)
        engine_fail(VERDICT_MISUSE, site, "a thread may block here while it holds a spin lock");
}

/* --- spins and transitional states: held by tasks, or by threads outside any --- */

void hook_sim_spin(const struct hook_site *site, const volatile void *object)
{
    if (!engine.live)
        return;
    hook_sim_event(site, object);
    const struct hold *hold = hook_sim_watched ? hold_find(object) : NULL;
#ifdef TSAN_TOLD
    if (told_wanted() && hold_find(object) != NULL)
        told_waits(object, hold_find(object)->hold_class);
#endif
    if (hold != NULL) /* whether it was announced or not */
        hook_sim_awaits(site, object, hold->hold_class);
    wait_for(EDGE_SPIN, site, object, HOOK_FOREVER);
}

void hook_sim_hold(const struct hook_site *site, const volatile void *object,
                   const char *state_class)
{
    if (engine.live && !hold_change(site, object, state_class, task_of(engine.current)))
        hold_push(site, object, state_class, task_of(engine.current), HOOK_EXCLUSIVE);
    told_gives(object); /* it goes on to a state of another class */
    told_takes(object, state_class, false);
    record_add(RECORD_HOLD, site, object, state_class);
}

void hook_sim_awaits(const struct hook_site *site, const volatile void *object,
                     const char *state_class)
{
    thread_current()->awaited = object;
    told_waits(object, state_class);
    record_add(RECORD_AWAITS, site, object, state_class);
}

void hook_sim_release(const struct hook_site *site, const volatile void *object)
{
    record_add(RECORD_RELEASE, site, object, NULL);
    if (!engine.live)
        return;
    const struct hold *hold = hold_find(object);
    if (hold == NULL)
        engine_fail(VERDICT_MISUSE, site, "release of a state that nobody holds");
    if (hold->task != task_of(engine.current) ||
        (hold->task == NULL && hold->thread != engine.current))
        engine_fail(VERDICT_MISUSE, site, "release of a state that somebody else holds");
    check(hold_pop(object));
    told_gives(object);
}

/* --- notes and the clock --- */

/* When a park on a note that is not set ends without being woken. */
static int64_t park_end(const struct hook_site *site, int64_t deadline_ns)
{
    int64_t after_ns = 0, left_ns = deadline_ns - hook_step.now_ns;
    if (left_ns <= 0 || site->kind != HOOK_PARK_WEAK || !fault_comes(FAULT_WAIT, site, &after_ns))
        return deadline_ns;
    hook_step.event->fault = FAULT_WAIT + 1;
    return after_ns < left_ns ? hook_step.now_ns + after_ns : deadline_ns;
}

bool hook_sim_park(const struct hook_site *site, struct hook_note *note, int64_t deadline_ns,
                   struct hook_token *const *tokens, uint32_t token_count)
{
    hook_sim_before(site, note);
    if (!engine.live)
        return false;
    if (note->waited)
        engine_fail(VERDICT_MISUSE, site, "two threads park on one note");
    int64_t end_ns = note->set ? 0 : park_end(site, deadline_ns);
    if (end_ns > hook_step.now_ns) {
        struct thread *thread = thread_current();
        note->waited = true;
        thread->wait_tokens = tokens;
        thread->wait_token_count = token_count;
        wait_for(EDGE_EVENT, site, note, end_ns);
        thread->wait_token_count = 0;
        note->waited = false;
        hook_sim_event(site, note);
    }
    bool set = note->set;
    if (set)
        tsan_acquire(note);
    note->set = false;
    hook_step.event->value = set;
    return set;
}

/* Instead of being woken, the thread sleeps on for a while: its note is set, so what it returns is
 * that it was woken. A deadline of its own that comes before ends the wait, too. */
static bool wakes_late(const struct hook_site *site, struct thread *thread, uint32_t index)
{
    int64_t delay_ns = 0, now_ns = hook_step.now_ns;
    if (site->kind != HOOK_UNPARK_LATE || !fault_comes(FAULT_WAKE, site, &delay_ns))
        return false;
    hook_step.event->fault = FAULT_WAKE + 1;
    if (thread->deadline_ns - now_ns > delay_ns)
        thread->deadline_ns = now_ns + delay_ns;
    thread_set_add(&engine.sleeping, index);
    engine.busy_ns += thread->deadline_ns - now_ns;
    return true;
}

bool hook_sim_unpark(const struct hook_site *site, struct hook_note *note)
{
    if (!engine.live)
        return false;
    hook_sim_event(site, note);
    bool was_set = note->set;
    tsan_release(note);
    note->set = true;
    if (!note->waited || was_set)
        return !was_set;
    for (uint32_t i = engine.blocked.count; i-- > 0;) {
        uint32_t index = engine.blocked.members[i];
        struct thread *thread = &engine.threads[index];
        if (thread->wait_kind == EDGE_EVENT && thread->wait_object == note &&
            !wakes_late(site, thread, index))
            engine_wake(index);
    }
    return true;
}

void hook_sim_sleep(const struct hook_site *site, int64_t duration_ns)
{
    hook_sim_before(site, NULL);
    if (!engine.live)
        return;
    check_may_block(site);
    if (duration_ns <= 0)
        return;
    int64_t most = HOOK_FOREVER - 1 - hook_step.now_ns;
    wait_for(EDGE_EVENT, site, NULL,
             hook_step.now_ns + (duration_ns < most ? duration_ns : most));
    hook_sim_event(site, NULL);
}

int64_t hook_sim_clock(const struct hook_site *site)
{
    int64_t jump_ns = 0;
    if (!fault_comes(FAULT_CLOCK, site, &jump_ns))
        return hook_step.now_ns;
    if (jump_ns > 0 && jump_ns < HOOK_FOREVER / 2 - hook_step.now_ns)
        engine_clock_to(hook_step.now_ns + jump_ns);
    hook_sim_event(site, NULL)->fault = FAULT_CLOCK + 1;
    return hook_step.now_ns;
}

/* --- memory --- */

bool hook_sim_allocation_point(const struct hook_site *site, const volatile void *object)
{
    int64_t value;
    if (!fault_comes(FAULT_MEMORY, site, &value))
        return false;
    hook_sim_event(site, object)->fault = FAULT_MEMORY + 1;
    return true;
}
