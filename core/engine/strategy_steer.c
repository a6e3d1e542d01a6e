/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering towards a predicted deadlock, as the second phase of DeadlockFuzzer (Joshi, Park, Sen,
 * Naik, PLDI 2009): a random walk in which a thread that is about to close its part of the cycle,
 * that is: holds what the prediction says it holds and comes to where it wants the next, stops at
 * that door until every part has somebody at its door, or nobody else can run. Who holds what a
 * context is to wait for is preempted as often as not wherever it can be. How often the walk
 * switches is drawn per run.
 */
#include "core/engine/strategy_internal.h"

#include <string.h>

#include "core/base/check.h"
#include "core/engine/internal.h"
#include "core/engine/prediction.h"

static const struct prediction *goal;
static struct thread_set let_through; /* threads that may pass the door that they stand at */
static uint32_t switch_odds; /* once in so many steps another thread goes on */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    static const uint8_t odds[] = { 2, 4, 8, 16, 32, 64 };
    let_through.count = 0;
    switch_odds = odds[prng_below(&strategy_prng, (uint32_t)count_of(odds))];
    faults_draw_odds();
}

/* Since wherever: the same lock may be taken in several places. */
static bool holds_class(uint32_t thread, const char *wanted_class)
{
    const struct hook_task *task = engine.threads[thread].task;
    for (uint32_t i = 0; i < engine.hold_count; i++) {
        const struct hold *hold = &engine.holds[i];
        bool named = wanted_class != NULL && hold->hold_class != NULL;
        if (hold_is_of(hold, task, thread) && (!named || strcmp(hold->hold_class, wanted_class) == 0))
            return true;
    }
    return false;
}

/* The same expression in the same function: what announces a wait may stand before what waits. */
static bool is_place(const struct hook_site *site, const struct hook_site *place)
{
    return site != NULL && place != NULL && strcmp(site->function, place->function) == 0 &&
           strcmp(site->object, place->object) == 0;
}

/* Part i of the cycle holds what the part before it wants. Interrupted: it is a context that comes
 * to the door, on whatever thread it is. */
static bool is_at_door(uint32_t thread, uint32_t part)
{
    uint32_t count = goal->edges.count;
    const struct prediction_edge *own = &goal->edges.items[part];
    const struct prediction_edge *before = &goal->edges.items[(part + count - 1) % count];
    return is_place(engine.threads[thread].wait_site, own->wanted_at) &&
           (before->why != WHY_HELD || holds_class(thread, before->wanted_class));
}

/* Fills *waiting with the threads at doors. True: every part has one. */
static bool at_doors(const struct thread_set *runnable, struct thread_set *waiting)
{
    bool all = true;
    waiting->count = 0;
    for (uint32_t part = 0; part < goal->edges.count; part++) {
        bool any = false;
        for (uint32_t i = 0; i < runnable->count; i++) {
            if (!is_at_door(runnable->members[i], part))
                continue;
            thread_set_add(waiting, runnable->members[i]);
            any = true;
        }
        all = all && any;
    }
    return all && waiting->count > 0;
}

/* Who is at a door no more may stop at the next one. */
static void forget_gone(const struct thread_set *waiting)
{
    for (uint32_t i = let_through.count; i-- > 0;)
        if (!thread_set_has(waiting, let_through.members[i]))
            thread_set_remove(&let_through, let_through.members[i]);
}

/* Who may run: whoever is not at a door, or is let through; everybody at a door if every part has
 * somebody there. If nobody may, mostly time is to pass. */
static const struct thread_set *may_run(const struct choice *choice,
                                        const struct thread_set *waiting, bool all)
{
    static struct thread_set free;
    if (all)
        return waiting;
    free.count = 0;
    for (uint32_t i = 0; i < choice->runnable->count; i++) {
        uint32_t thread = choice->runnable->members[i];
        if (!thread_set_has(waiting, thread) || thread_set_has(&let_through, thread))
            thread_set_add(&free, thread);
    }
    if (free.count > 0)
        return &free;
    bool time_passes = choice->sleeping->count > 0 && !prng_one_in(&strategy_prng, 4);
    return time_passes ? choice->sleeping : waiting;
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    static struct thread_set waiting;
    bool all = at_doors(choice->runnable, &waiting);
    forget_gone(&waiting);
    const struct thread_set *free = may_run(choice, &waiting, all);
    segment->steps = 1;
    if (thread_set_has(free, choice->current) && !prng_one_in(&strategy_prng, switch_odds)) {
        segment->thread = (uint16_t)choice->current;
        return true;
    }
    segment->thread = (uint16_t)draw_member(free);
    bool may_stay = thread_set_has(&waiting, segment->thread);
    if (may_stay || prng_one_in(&strategy_prng, 64)) /* not always the first time that it comes by */
        thread_set_add(&let_through, segment->thread);
    return true;
}

static bool fault_here(struct strategy *strategy, enum fault_kind kind)
{
    (void)strategy;
    if (kind != FAULT_PREEMPT)
        return false;
    for (uint32_t i = 0; i < goal->edges.count; i++)
        if (goal->edges.items[i].why == WHY_INTERRUPTED &&
            holds_class(engine.current, goal->edges.items[i].wanted_class))
            return prng_one_in(&strategy_prng, 2);
    return false;
}

struct strategy *strategy_steer(const struct prediction *prediction)
{
    static struct strategy steer = { .name = "steer", .about = "towards what was predicted",
                                     .begin = begin, .next = next, .fault_gap = faults_draw_gap,
                                     .fault_here = fault_here };
    check(prediction->edges.count > 0);
    goal = prediction;
    return &steer;
}
