/* SPDX-License-Identifier: BSD-3-Clause */
/* How a run ends. */
#ifndef CORE_ENGINE_VERDICT_H
#define CORE_ENGINE_VERDICT_H

#include <stdbool.h>

enum verdict {
    VERDICT_OK,
    VERDICT_DEADLOCK,      /* a closed cycle of waits over several threads */
    VERDICT_SELF_DEADLOCK, /* one that a single thread closes on itself */
    VERDICT_LIVELOCK,      /* threads spin, and nobody is left who could write what they look at */
    VERDICT_INVARIANT,     /* the subject's checker found its state inconsistent */
    VERDICT_CRASH,         /* a fatal signal, or the subject gave up (hook_fail) */
    VERDICT_LATE_WAKEUP,   /* virtual time passed a deadline that nobody served */
    VERDICT_RACE,          /* two threads use memory at once, and one of them writes */
    VERDICT_MISUSE,        /* the hooks were used against their rules: unlock by a stranger, ... */
    VERDICT_LOCK_ORDER,    /* predicted: another order of the same run ends in a cycle of waits */
    VERDICT_CONTEXT_INVERSION, /* predicted: a context waits for what it interrupts the holder of */
    VERDICT_EVENT_CYCLE,   /* predicted: who is to post, signal or end may be stuck */
    VERDICT_BUDGET,        /* too many steps, or more than the engine can hold: not a finding */
    VERDICT_DIVERGED,      /* a replay could not be followed: not a finding */
    VERDICT_COUNT
};

/* "self-deadlock". */
const char *verdict_name(enum verdict verdict);
/* One line for `wedge list`. */
const char *verdict_about(enum verdict verdict);
/* False if there is no verdict of that name. */
bool verdict_find(const char *name, enum verdict *verdict);
/* Worth a person's time. */
bool verdict_is_finding(enum verdict verdict);
/* Of a run that passed: what other runs may end in. */
static inline bool verdict_is_predicted(enum verdict verdict)
{
    return verdict >= VERDICT_LOCK_ORDER && verdict <= VERDICT_EVENT_CYCLE;
}

#endif
