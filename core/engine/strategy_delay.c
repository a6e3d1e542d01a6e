/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delay: a random walk with a place, a hook point by name, at which every thread stands still for as
 * long as anybody else can run, and while time passes, or for a random time if that does not end;
 * then one of those who stand there goes on. So
 * acts an active tester at a place that it was told of (Sen, "Race directed random testing of
 * concurrent programs", PLDI 2008); here the place is any, one per run. A window between two steps
 * of an operation stays open until all that can happen in it has happened, and it takes as many runs
 * to find as a program has places, not as it has steps.
 *
 * Each place has a random rank per run, and the one of the least rank that was met so far is it: so
 * all that a run meets are as likely, however often they are met, and nothing has to be known of
 * the program.
 */
#include "core/engine/strategy_internal.h"

#include "core/engine/internal.h"

static uint64_t rank_key;
static uint64_t least;         /* the rank of the place */
static struct thread_set held; /* who stands there */
static uint32_t skips;         /* so many who come to it are let through first */
static uint32_t naps;          /* how often time may still pass while only the held could run */
static uint32_t walk_left;     /* steps before the walk switches */
static uint32_t release_odds;  /* once in so many steps one of the held goes on all the same */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    strategy_random.begin(strategy, plan);
    rank_key = prng_next(&strategy_prng);
    least = UINT64_MAX;
    held.count = 0;
    skips = prng_one_in(&strategy_prng, 2) ? 0 : prng_below(&strategy_prng, 8);
    naps = prng_below(&strategy_prng, 8);
    walk_left = 0;
    release_odds = 32u << prng_below(&strategy_prng, 4);
}

/* A thread has come to this site; whether it is to stand still. */
static bool is_place(const struct hook_site *site)
{
    uint64_t rank = place_rank(site, rank_key);
    if (rank < least) {
        least = rank;
        held.count = 0;
    }
    if (rank != least)
        return false;
    if (skips == 0)
        return true;
    skips--;
    return false;
}

/* Anybody who is not held; somebody is not. */
static uint32_t draw_walker(const struct thread_set *runnable)
{
    uint32_t index = prng_below(&strategy_prng, runnable->count);
    while (thread_set_has(&held, runnable->members[index]))
        index = index + 1 == runnable->count ? 0 : index + 1;
    return runnable->members[index];
}

/* All who can run are held: time passes, or one of them goes on. */
static uint32_t draw_held(const struct choice *choice)
{
    if (choice->sleeping->count > 0 && naps > 0) {
        naps--;
        return draw_member(choice->sleeping);
    }
    uint32_t thread = draw_member(&held);
    thread_set_remove(&held, thread);
    return thread;
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    bool goes_on = thread_set_has(choice->runnable, choice->current);
    const struct hook_site *site = engine.threads[choice->current].wait_site;
    if (goes_on && site != NULL && is_place(site))
        thread_set_add(&held, choice->current);
    if (held.count > 0 && prng_one_in(&strategy_prng, release_odds))
        thread_set_remove(&held, draw_member(&held));
    segment->steps = 1;
    if (held.count == choice->runnable->count) {
        segment->thread = (uint16_t)draw_held(choice);
        walk_left = 0;
    } else if (goes_on && walk_left > 0 && !thread_set_has(&held, choice->current)) {
        segment->thread = (uint16_t)choice->current;
        walk_left--;
    } else {
        strategy_random.next(strategy, choice, segment);
        walk_left = segment->steps - 1;
        segment->steps = 1;
        if (thread_set_has(&held, segment->thread))
            segment->thread = (uint16_t)draw_walker(choice->runnable);
    }
    return true;
}

struct strategy strategy_delay = {
    .name = "delay",
    .about = "random walk in which all threads that come to one place stand still there",
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
