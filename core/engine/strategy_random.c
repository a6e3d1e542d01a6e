/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random walk: after a random number of steps, any thread that can run, each as likely. The mean
 * number of steps is drawn anew for every run, from 2 to 128: a walk that switches at every step
 * never lets one thread get far ahead, and one that seldom switches never tears an operation apart.
 */
#include "core/engine/strategy_internal.h"

static uint32_t steps_bound; /* segments have 1 to steps_bound steps */
static uint32_t sleeper_odds; /* once in so many choices a sleeping thread is woken early */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    steps_bound = 4u << prng_below(&strategy_prng, 7);
    sleeper_odds = 4u << (2 * prng_below(&strategy_prng, 4));
    faults_draw_odds();
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    uint64_t mask = choice->runnable;
    if (choice->sleeping != 0 && prng_one_in(&strategy_prng, sleeper_odds))
        mask = choice->sleeping;
    segment->thread = (uint16_t)mask_draw(mask);
    segment->steps = 1 + prng_below(&strategy_prng, steps_bound);
    return true;
}

struct strategy strategy_random = {
    .name = "random",
    .about = "random walk; how often it switches is drawn per run",
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
