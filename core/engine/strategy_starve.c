/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starvation: a random walk in which whoever runs at some step does not run any more for a long
 * time, though it could, while the others go on and time passes for them: as a thread that the
 * kernel has put aside half-way. Then another. That is how a window of one step meets what takes
 * many steps.
 */
#include "core/engine/strategy_internal.h"

#include "core/engine/engine.h"

enum { NOBODY = ENGINE_THREADS_MAX };

static uint32_t victim;
static uint64_t turn;        /* the step at which the victim is let go, or the next one is taken */
static uint32_t pause_bound; /* steps between two victims are below that */
static uint32_t stall_bound; /* a victim stands still for fewer */
static uint32_t naps;        /* how often time may still pass while only the victim could run */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    strategy_random.begin(&strategy_random, plan);
    victim = NOBODY;
    pause_bound = 16u << prng_below(&strategy_prng, 4);
    stall_bound = 32u << prng_below(&strategy_prng, 4);
    naps = prng_below(&strategy_prng, 8);
    turn = prng_below(&strategy_prng, 4 * pause_bound);
}

/* Any member but that one. */
static uint16_t draw_other(const struct thread_set *set, uint32_t without)
{
    uint32_t index = prng_below(&strategy_prng, set->count - 1);
    return set->members[index + (index >= set->places[without])];
}

static void take_turn(const struct choice *choice)
{
    bool free = victim == NOBODY;
    victim = free ? choice->current : NOBODY;
    turn = choice->step + 1 + prng_below(&strategy_prng, free ? stall_bound : pause_bound);
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    if (choice->step >= turn)
        take_turn(choice);
    struct choice others = *choice;
    bool waits = thread_set_has(choice->runnable, victim);
    bool alone = waits && choice->runnable->count == 1;
    if (alone && choice->sleeping->count > 0 && naps > 0) {
        naps--;
        others.runnable = choice->sleeping;
    }
    strategy_random.next(strategy, &others, segment);
    if (waits && !alone && segment->thread == victim)
        segment->thread = draw_other(choice->runnable, victim);
    return true;
}

struct strategy strategy_starve = {
    .name = "starve",
    .about = "random walk in which one thread at a time stands still for long",
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
