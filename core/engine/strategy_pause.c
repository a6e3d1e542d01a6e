/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/strategy_pause.h"

static const struct pause *pausing;
static struct strategy *walking;
static struct thread_set paused;
static uint32_t naps; /* how often time may still pass while only the paused could run */
static uint16_t walker;
static uint32_t walk_left; /* steps that the walker was given and has not made */

void pause_begin(const struct pause *pause, struct strategy *walk, const struct plan *plan)
{
    pausing = pause;
    walking = walk;
    walk->begin(walk, plan);
    paused.count = 0;
    walk_left = 0;
    naps = prng_below(&strategy_prng, 8);
    if (pause != NULL)
        pause->begin();
}

/* Those of the set who are not paused: the set itself, or another one that is good until the next call. */
static const struct thread_set *free_of(const struct thread_set *set)
{
    static struct thread_set some;
    if (paused.count == 0)
        return set;
    some.count = 0;
    for (uint32_t i = 0; i < set->count; i++)
        if (!thread_set_has(&paused, set->members[i]))
            thread_set_add(&some, set->members[i]);
    return some.count == set->count ? set : &some;
}

/* All who can run are paused: time passes, or one of them goes on. */
static uint16_t draw_paused(const struct choice *choice)
{
    walk_left = 0;
    if (choice->sleeping->count > 0 && naps > 0) {
        naps--;
        return (uint16_t)draw_member(choice->sleeping);
    }
    uint32_t thread = draw_member(choice->runnable);
    thread_set_remove(&paused, thread);
    return (uint16_t)thread;
}

static bool goes_on(const struct choice *choice, const struct thread_set *set)
{
    return walk_left > 0 && walker == choice->current && thread_set_has(set, walker);
}

bool pause_next(struct strategy *strategy, const struct choice *choice, struct plan_segment *segment)
{
    (void)strategy;
    if (pausing == NULL)
        return walking->next(walking, choice, segment);
    uint32_t steps_max = pausing->look(choice, &paused);
    struct choice rest = *choice;
    rest.runnable = free_of(choice->runnable);
    if (rest.runnable->count == 0) {
        *segment = (struct plan_segment){ .thread = draw_paused(choice), .steps = 1 };
        return true;
    }
    if (!goes_on(choice, rest.runnable)) {
        if (!walking->next(walking, &rest, segment))
            return false;
        walker = segment->thread;
        walk_left = segment->steps;
    }
    segment->thread = walker;
    segment->steps = walk_left < steps_max ? walk_left : steps_max;
    walk_left -= segment->steps;
    return true;
}
