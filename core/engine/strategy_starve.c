/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starvation: whoever runs at some step does not run any more for a long time, though it could, while
 * the others go on and time passes for them: as a thread that the kernel has put aside half-way.
 * Then another. That is how a window of one step meets what takes many steps.
 */
#include "core/engine/strategy_pause.h"

#include "core/engine/engine.h"

static uint64_t turn;        /* the step at which the victim is let go, or the next one is taken */
static bool has_victim;
static uint32_t pause_bound; /* steps between two victims are below that */
static uint32_t stall_bound; /* a victim stands still for fewer */

static void starve_begin(void)
{
    has_victim = false;
    pause_bound = 16u << prng_below(&strategy_prng, 4);
    stall_bound = 32u << prng_below(&strategy_prng, 4);
    turn = prng_below(&strategy_prng, 4 * pause_bound);
}

static uint32_t starve_look(const struct choice *choice, struct thread_set *paused)
{
    if (choice->step >= turn) {
        has_victim = !has_victim;
        paused->count = 0;
        if (has_victim)
            thread_set_add(paused, choice->current);
        turn = choice->step + 1 + prng_below(&strategy_prng, has_victim ? stall_bound : pause_bound);
    }
    return (uint32_t)(turn - choice->step);
}

const struct pause pause_starve = { "starve", starve_begin, starve_look };

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    pause_begin(&pause_starve, &strategy_random, plan);
}

struct strategy strategy_starve = {
    .name = "starve",
    .about = "random walk in which one thread at a time stands still for long",
    .begin = begin,
    .next = pause_next,
    .fault_gap = faults_draw_gap,
};
