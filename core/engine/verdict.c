/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/verdict.h"

#include <string.h>

#include "core/base/check.h"

static const struct {
    const char *name, *about;
    bool finding;
} verdicts[VERDICT_COUNT] = {
    [VERDICT_OK] = { "ok", "the program ended and every invariant holds", false },
    [VERDICT_DEADLOCK] = { "deadlock", "a closed cycle of waits over several threads", true },
    [VERDICT_SELF_DEADLOCK] = { "self-deadlock", "a cycle of waits that one thread closes on itself",
                                true },
    [VERDICT_LIVELOCK] = { "livelock", "threads run or spin and nothing can ever change", true },
    [VERDICT_INVARIANT] = { "invariant", "the subject's state is inconsistent", true },
    [VERDICT_CRASH] = { "crash", "a fatal signal, or the subject gave up", true },
    [VERDICT_LATE_WAKEUP] = { "late-wakeup", "idle time passed a deadline that nobody served", true },
    [VERDICT_RACE] = { "race", "two threads use memory in no order, and one of them writes", true },
    [VERDICT_MISUSE] = { "misuse", "a lock or note was used against its rules", true },
    [VERDICT_LOCK_ORDER] = { "lock-order", "predicted: threads may wait for each other", true },
    [VERDICT_CONTEXT_INVERSION] = { "context-inversion",
                                    "predicted: a context may wait for what it interrupts", true },
    [VERDICT_EVENT_CYCLE] = { "event-cycle", "predicted: an event may never come", true },
    [VERDICT_BUDGET] = { "budget", "too many steps; not a finding", false },
    [VERDICT_DIVERGED] = { "diverged", "the replay could not be followed; not a finding", false },
};

const char *verdict_name(enum verdict verdict)
{
    check(verdict < VERDICT_COUNT);
    return verdicts[verdict].name;
}

const char *verdict_about(enum verdict verdict)
{
    check(verdict < VERDICT_COUNT);
    return verdicts[verdict].about;
}

bool verdict_find(const char *name, enum verdict *verdict)
{
    for (int i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(verdicts[i].name, name) == 0) {
            *verdict = (enum verdict)i;
            return true;
        }
    }
    return false;
}

bool verdict_is_finding(enum verdict verdict)
{
    check(verdict < VERDICT_COUNT);
    return verdicts[verdict].finding;
}
