/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walker of the invariants of time.c. It looks on from outside, between two steps, so it reads
 * without hooks and without locks.
 *
 *     at any time when no lock and no transitional state is held:
 *         I2, I3, I4, I6, I9, I10, I11, I13, I14; I5 for timers that have a P
 *     when nothing runs:
 *         also I8, and I5 for timers that have no P: their status is timerNoStatus or timerRemoved,
 *         and no timer is in transition
 *
 * I1 and I7 say how a heap may change; what breaks them shows as I6. The P of a timer that is in
 * use is one that is alive (I5): nobody looks after the heap of a destroyed one.
 */
#include "core/runtime/invariant.h"

#include "core/runtime/schedule.h"

static bool in_heap(const struct p *pp, const struct timer *t)
{
    for (uint32_t i = 0; i < pp->timers_count; i++) {
        if (pp->timers[i] == t)
            return true;
    }
    return false;
}

/* One timer in pp's heap, at i. */
static const char *check_entry(struct p *pp, uint32_t i)
{
    struct timer *t = pp->timers[i];
    if (t == NULL)
        return "I5 a heap has a gap";
    if (t->pp != pp)
        return "I5 a timer is in the heap of a P that is not its own";
    for (uint32_t j = 0; j < i; j++) {
        if (pp->timers[j] == t)
            return "I5 a timer is in a heap twice";
    }
    if (i > 0 && pp->timers[(i - 1) / 4]->when > t->when)
        return "I6 a timer in a heap is earlier than the one above it";
    if (t->when <= 0)
        return "I13 a timer in a heap has a when that is not positive";

    uint32_t status = peek(&t->status);
    switch (status) {
    case timerWaiting:
        break;
    case timerModifiedEarlier:
    case timerModifiedLater:
        if (t->nextwhen <= 0)
            return "I13 a modified timer has a nextwhen that is not positive";
        if ((t->nextwhen < t->when) != (status == timerModifiedEarlier))
            return "I2 nextwhen contradicts timerModifiedEarlier or timerModifiedLater";
        break;
    case timerDeleted:
        return NULL;
    case timerNoStatus:
    case timerRemoved:
        return "I5 a timer in timerNoStatus or timerRemoved is in a heap";
    default:
        return "I5 a timer is left in a transitional state";
    }
    if (t->f == NULL)
        return "I3 a timer that is to run has no function";
    if (t->period < 0)
        return "I13 a timer has a negative period";
    return NULL;
}

int64_t real_when(struct timer *t)
{
    switch (peek(&t->status)) {
    case timerWaiting:
        return t->when;
    case timerModifiedEarlier:
    case timerModifiedLater:
        return t->nextwhen;
    default:
        return maxWhen;
    }
}

static const char *check_counters(struct p *pp, uint32_t deleted, uint32_t earlier, bool idle)
{
    if (idle && peek(&pp->deletedTimers) != deleted)
        return "I8 deletedTimers differs from the number of deleted timers in the heap";
    if (peek(&pp->adjustTimers) != earlier)
        return "I9 adjustTimers differs from the number of timerModifiedEarlier timers in the heap";
    if (peek(&pp->numTimers) != pp->timers_count)
        return "I10 numTimers differs from the length of the heap";
    if (peek(&pp->timer0When) != (pp->timers_count == 0 ? 0 : pp->timers[0]->when))
        return "I11 timer0When is not the first timer's when";
    return NULL;
}

static const char *check_heap(struct p *pp, bool idle)
{
    if (pp->timers_count > 0 && peek(&pp->status) == _Pdead)
        return "I5 a timer is in the heap of a destroyed P";
    uint32_t deleted = 0, earlier = 0;
    int64_t earliest = maxWhen;
    for (uint32_t i = 0; i < pp->timers_count; i++) {
        const char *broken = check_entry(pp, i);
        if (broken != NULL)
            return broken;
        struct timer *t = pp->timers[i];
        deleted += peek(&t->status) == timerDeleted;
        earlier += peek(&t->status) == timerModifiedEarlier;
        if (real_when(t) < earliest)
            earliest = real_when(t);
    }
    const char *broken = check_counters(pp, deleted, earlier, idle);
    if (broken != NULL)
        return broken;
    /* With adjustTimers > 0 the time that is told is now: somebody will look. */
    if (earlier == 0 && earliest != maxWhen && peek(&pp->timer0When) > earliest)
        return "I14 a P's wake-up time is after its earliest timer";
    return NULL;
}

/* One of the program's timers, wherever it is. */
static const char *check_timer(struct timer *t, bool idle)
{
    uint32_t status = peek(&t->status);
    bool at_rest = status == timerNoStatus || status == timerRemoved;
    if (status >= TIMER_STATUS_COUNT)
        return "I5 a timer's status is none of the ten";
    if (t->pp != NULL && at_rest)
        return "I4 a timer in timerNoStatus or timerRemoved has a P";
    if (t->pp != NULL && !in_heap(t->pp, t))
        return "I5 a timer is not in the heap of its P";
    if (t->pp == NULL && !at_rest && idle)
        return "I5 a timer is in no heap but neither timerNoStatus nor timerRemoved";
    return NULL;
}

const char *runtime_check(struct timer *const *timers, uint32_t count, bool idle)
{
    for (uint32_t i = 0; i < P_MAX; i++) {
        const char *broken = check_heap(&rt.ps[i], idle);
        if (broken != NULL)
            return broken;
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *broken = check_timer(timers[i], idle);
        if (broken != NULL)
            return broken;
    }
    return NULL;
}

int64_t runtime_due_of(const struct p *pp)
{
    int64_t due = maxWhen;
    for (uint32_t i = 0; i < pp->timers_count; i++) {
        int64_t when = real_when(pp->timers[i]);
        if (when < due)
            due = when;
    }
    return due;
}

int64_t runtime_due(void)
{
    int64_t due = maxWhen;
    for (uint32_t i = 0; i < P_MAX; i++) {
        int64_t when = runtime_due_of(&rt.ps[i]);
        if (when < due)
            due = when;
    }
    return due;
}
