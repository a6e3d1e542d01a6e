/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SURW, selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, ASPLOS 2025): the steps
 * on one object, drawn per run, are the events of interest. Which thread has the next of them is
 * drawn, each weighted by how many it has left, and all others stop before theirs until it has done
 * it; what is of no interest is walked at random, in segments as long as those of the random walk.
 * So every order of the events of interest is about as likely, also one in which a thread lags
 * behind all others. Objects, and how many events a thread will have, are those of the run before,
 * which mostly is of the same program or one much like it; those of threads to come count as the
 * first one's, who is to start them.
 */
#include "core/engine/strategy_internal.h"

#include "core/engine/internal.h"

static const volatile void *object; /* of interest; NULL: none, as there was no run before */
static uint32_t weights[ENGINE_THREADS_MAX];
static uint32_t weight_threads; /* threads from here on had no event */
static uint32_t born;           /* threads whose own weights count */
static uint32_t walk_left;      /* steps before the walk switches */
static uint32_t intended;       /* who has the next event; ENGINE_THREADS_MAX: to be drawn */

/* --- what the run before had --- */

/* Any of its objects, as likely as the number of hook points that come to it. */
static void draw_object(const struct trace_event *trace, uint32_t count)
{
    uint64_t least = UINT64_MAX, key = prng_next(&strategy_prng);
    object = NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t rank = place_rank(trace[i].site, key);
        if (rank >= least || trace[i].object == NULL)
            continue;
        least = rank;
        object = trace[i].object;
    }
}

static void count_events(const struct trace_event *trace, uint32_t count)
{
    weight_threads = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (trace[i].object != object)
            continue;
        while (weight_threads <= trace[i].thread)
            weights[weight_threads++] = 0;
        weights[trace[i].thread]++;
    }
}

static void begin(struct strategy *strategy, const struct plan *plan)
{
    strategy_random.begin(strategy, plan);
    draw_object(engine.trace, engine.events_before);
    count_events(engine.trace, engine.events_before);
    born = walk_left = 0;
    intended = ENGINE_THREADS_MAX;
}

/* --- this one --- */

static uint32_t weight_of(uint32_t thread)
{
    uint32_t weight = thread < weight_threads ? weights[thread] : 0;
    for (uint32_t i = born; thread == 0 && i < weight_threads; i++)
        weight += weights[i];
    return weight;
}

/* One of these, by weight; any if none has one. */
static uint32_t draw_intended(const struct thread_set *set)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < set->count; i++)
        sum += weight_of(set->members[i]);
    if (sum == 0)
        return draw_member(set);
    uint32_t rest = prng_below(&strategy_prng, sum), i = 0;
    while (rest >= weight_of(set->members[i]))
        rest -= weight_of(set->members[i++]);
    return set->members[i];
}

static bool is_event(uint32_t thread)
{
    return object != NULL && engine.threads[thread].wait_object == object;
}

static bool stops(uint32_t thread)
{
    return thread != intended && is_event(thread);
}

/* It is done now. */
static void count_event(uint32_t thread)
{
    if (thread < weight_threads && weights[thread] > 0)
        weights[thread]--;
    intended = ENGINE_THREADS_MAX;
}

/* Anybody who does not stop; if all do, the one who is drawn to go on. */
static uint32_t draw_walker(const struct thread_set *runnable)
{
    uint32_t first = prng_below(&strategy_prng, runnable->count);
    for (uint32_t i = 0; i < runnable->count; i++) {
        uint32_t at = first + i;
        uint32_t thread = runnable->members[at < runnable->count ? at : at - runnable->count];
        if (!stops(thread))
            return thread;
    }
    return intended = draw_intended(runnable);
}

/* A step of the random walk, by somebody who does not stop. */
static void walk(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    bool goes_on = walk_left > 0 && thread_set_has(choice->runnable, choice->current);
    if (goes_on && !stops(choice->current)) {
        walk_left--;
        segment->thread = (uint16_t)choice->current;
    } else {
        strategy_random.next(strategy, choice, segment);
        walk_left = segment->steps - 1;
        bool early = !thread_set_has(choice->runnable, segment->thread);
        if (!early && stops(segment->thread))
            segment->thread = (uint16_t)draw_walker(choice->runnable);
    }
    segment->steps = 1;
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    if (born != engine.thread_count || !thread_set_has(choice->runnable, intended)) {
        born = engine.thread_count;
        intended = draw_intended(choice->runnable);
    }
    walk(strategy, choice, segment);
    if (is_event(segment->thread))
        count_event(segment->thread);
    return true;
}

struct strategy strategy_surw = {
    .name = "surw",
    .about = "the orders of steps on one object, each about as likely (SURW)",
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
