/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random walk: after a random number of steps, any thread that can run, each as likely. The mean
 * number of steps is drawn anew for every run, from 2.5 to 64: a walk that switches at every step
 * never lets one thread get far ahead, and one that seldom switches never tears an operation apart.
 * Torn operations are what most failures need, so short segments are drawn more often. How fast
 * time flies while threads can run is drawn, too: who sleeps meets those that are half-way, or is
 * left in peace.
 */
#include "core/engine/strategy_internal.h"

#include "core/base/check.h"

static uint32_t steps_bound; /* segments have 1 to steps_bound steps */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    static const uint8_t bounds[] = { 4, 4, 8, 8, 16, 16, 32, 64, 128, 128 };
    steps_bound = bounds[prng_below(&strategy_prng, (uint32_t)count_of(bounds))];
    sleepers_draw_odds();
    faults_draw_odds();
}

/* All from one number: this is where a walk of short segments spends its time. Bounds and odds are
 * powers of two. */
static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    const struct thread_set *set = choice->runnable;
    uint64_t bits = prng_next(&strategy_prng);
    segment->steps = 1 + ((uint32_t)bits & (steps_bound - 1));
    if (choice->sleeping->count > 0 && ((uint32_t)(bits >> 16) & (sleeper_odds - 1)) == 0)
        set = choice->sleeping;
    segment->thread = set->members[(bits >> 32) * set->count >> 32];
    return true;
}

struct strategy strategy_random = {
    .name = "random",
    .about = "random walk; how often it switches is drawn per run",
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
