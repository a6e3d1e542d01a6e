/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * POS, partial order sampling (Yuan, Yang, Gu, CAV 2018): every event has a random priority, drawn
 * when it becomes its thread's next one; the event with the highest runs. Those that race with it
 * (same object, and one of both writes) are drawn anew, so that the order of each pair is decided
 * by itself, and not by what a thread did before. A step of n threads costs n comparisons.
 */
#include "core/engine/strategy_internal.h"

#include "core/engine/access.h"
#include "core/engine/internal.h"

static uint32_t priorities[ENGINE_THREADS_MAX]; /* of the next event; 0: not drawn yet */
static uint32_t known;                          /* threads from here on have not been seen */
static struct access last;                      /* what ran last, as `last_thread` stood before it */
static uint32_t last_thread;

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    known = 0;
    last = (struct access){ NULL, false };
    last_thread = ENGINE_THREADS_MAX;
    sleepers_draw_odds();
    faults_draw_odds();
}

static uint32_t draw_priority(void)
{
    return 1 + (uint32_t)(prng_next(&strategy_prng) >> 33);
}

/* Draws what has to be, and returns the highest. */
static uint32_t highest(const struct thread_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t thread = set->members[i];
        while (known <= thread)
            priorities[known++] = 0;
        bool anew = priorities[thread] == 0 || thread == last_thread ||
                    access_races(access_of(&engine.threads[thread]), last);
        if (anew)
            priorities[thread] = draw_priority();
    }
    return highest_of(set, priorities);
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    segment->steps = 1;
    if (sleepers_wake(choice)) {
        segment->thread = (uint16_t)draw_member(choice->sleeping);
        return true;
    }
    segment->thread = (uint16_t)highest(choice->runnable);
    last_thread = segment->thread;
    last = access_of(&engine.threads[last_thread]);
    return true;
}

struct strategy strategy_pos = {
    .name = "pos",
    .about = "each event has a random priority (partial order sampling)",
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
