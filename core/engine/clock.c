/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual time. It moves while nothing can run (clock_set) or, by a fault or a strategy, while
 * something can (engine_clock_to); whoever waited for that time becomes runnable.
 */
#include "core/base/check.h"
#include "core/engine/internal.h"

void clock_set(int64_t now_ns)
{
    check(now_ns >= hook_step.now_ns);
    hook_step.now_ns = now_ns;
    for (uint32_t i = engine.sleeping.count; i-- > 0;) {
        uint32_t thread = engine.sleeping.members[i];
        if (engine.threads[thread].deadline_ns <= now_ns)
            engine_wake(thread);
    }
}

void engine_clock_to(int64_t now_ns)
{
    if (now_ns <= hook_step.now_ns)
        return;
    engine.busy_ns += now_ns - hook_step.now_ns;
    clock_set(now_ns);
}

int64_t clock_next(void)
{
    int64_t earliest = HOOK_FOREVER;
    for (uint32_t i = 0; i < engine.sleeping.count; i++) {
        int64_t deadline_ns = engine.threads[engine.sleeping.members[i]].deadline_ns;
        if (deadline_ns < earliest)
            earliest = deadline_ns;
    }
    return earliest;
}

/* Whether something due is left undone while the clock moves to next_ns. Time that passed while
 * threads could run does not count: who was stopped between looking at the clock and going to sleep
 * sleeps longer by that, and no design can help it. Nor does what a wake-up was late by a fault. */
bool clock_is_late(int64_t next_ns)
{
    int64_t due_ns = engine.subject->due();
    int64_t slack_ns = engine.subject->due_slack_ns + engine.busy_ns;
    return due_ns < HOOK_FOREVER - slack_ns && next_ns > due_ns + slack_ns;
}
