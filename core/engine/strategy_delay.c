/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delay: there are places, hook points by name, at which every thread stands still for as long as
 * anybody else can run, and while time passes, or for a random time if that does not end. So
 * acts an active tester at a place that it was told of (Sen, "Race directed random testing of
 * concurrent programs", PLDI 2008); here the place is any, one per run. A window between two steps
 * of an operation stays open until all that can happen in it has happened, and it takes as many runs
 * to find as a program has places, not as it has steps. Some windows have two sides, each to be held
 * open: so it is also done with one in sixteen of all places.
 *
 * Each place has a random rank per run, and the one of the least rank that was met so far is it: so
 * all that a run meets are as likely, however often they are met, and nothing has to be known of
 * the program.
 */
#include "core/engine/strategy_pause.h"

#include "core/engine/internal.h"

static uint64_t rank_key;
static uint64_t least;        /* the rank of the place, or the bound of those of many places */
static uint32_t skips;        /* so many who come to it are let through first */
static uint32_t release_odds; /* once in so many steps one of the paused goes on all the same */

static void begin_drawn(uint64_t rank)
{
    rank_key = prng_next(&strategy_prng);
    least = rank;
    skips = prng_one_in(&strategy_prng, 2) ? 0 : prng_below(&strategy_prng, 8);
    release_odds = 32u << prng_below(&strategy_prng, 4);
}

static void delay_begin(void)
{
    begin_drawn(UINT64_MAX);
}

static void delay_many_begin(void)
{
    begin_drawn(UINT64_MAX / 16);
}

/* The hook point that who has just made a step stands before; NULL: none. */
static const struct hook_site *site_of_current(const struct choice *choice)
{
    bool stands = thread_set_has(choice->runnable, choice->current);
    return stands ? engine.threads[choice->current].wait_site : NULL;
}

static void come_to_place(const struct choice *choice, struct thread_set *paused)
{
    if (skips == 0)
        thread_set_add(paused, choice->current);
    else
        skips--;
}

static void release_some(struct thread_set *paused)
{
    if (paused->count > 0 && prng_one_in(&strategy_prng, release_odds))
        thread_set_remove(paused, draw_member(paused));
}

static uint32_t delay_look(const struct choice *choice, struct thread_set *paused)
{
    const struct hook_site *site = site_of_current(choice);
    uint64_t rank = site != NULL ? place_rank(site, rank_key) : UINT64_MAX;
    if (rank < least) {
        least = rank;
        paused->count = 0;
    }
    if (site != NULL && rank == least)
        come_to_place(choice, paused);
    release_some(paused);
    return 1;
}

static uint32_t delay_many_look(const struct choice *choice, struct thread_set *paused)
{
    const struct hook_site *site = site_of_current(choice);
    if (site != NULL && place_rank(site, rank_key) < least)
        come_to_place(choice, paused);
    release_some(paused);
    return 1;
}

const struct pause pause_delay = { "delay", delay_begin, delay_look };
const struct pause pause_delay_many = { "delay-many", delay_many_begin, delay_many_look };

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    pause_begin(&pause_delay, &strategy_random, plan);
}

struct strategy strategy_delay = {
    .name = "delay",
    .about = "random walk in which all threads that come to one place stand still there",
    .begin = begin,
    .next = pause_next,
    .fault_gap = faults_draw_gap,
};
