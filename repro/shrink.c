/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passes over the plan, in order of gain, again and again until none of them helps. `best` always
 * shows the finding under strict replay; `candidate` is what a pass wants to try; `recorded` is
 * what came of it. Deterministic: seeds come from a counter.
 */
#include "repro/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/shrink_pass.h"

enum { SEARCH_TRIES = 150, SEARCH_SMALLER_TRIES = 1500, FEW = 4 };

bool shrink_exhausted(const struct shrink *shrink)
{
    return shrink->runs >= shrink->runs_max;
}

static bool shows(struct shrink *shrink, const struct plan *plan, struct strategy *strategy)
{
    struct engine_options options = { .faults = shrink->faults };
    shrink->runs++;
    reproducer_run(shrink->reproducer, plan, strategy, &options, &shrink->outcome);
    return reproducer_matches(shrink->reproducer, &shrink->outcome);
}

/* Cuts off the end of the recorded schedule where the fixed order does the same. That is monotone:
 * if a prefix is enough, so is a longer one. */
static bool cut_tail(struct shrink *shrink)
{
    struct plan *plan = &shrink->recorded;
    uint32_t enough = plan->segment_count, low = 0;
    while (low < enough) {
        plan->segment_count = low + (enough - low) / 2;
        if (shows(shrink, plan, strategy_replay()))
            enough = plan->segment_count;
        else
            low = plan->segment_count + 1;
    }
    plan->segment_count = enough;
    if (enough > 0 && plan->segments[enough - 1].steps > 1) {
        /* A thread goes on after the last segment: one step says all. */
        uint32_t steps = plan->segments[enough - 1].steps;
        plan->segments[enough - 1].steps = 1;
        if (shows(shrink, plan, strategy_replay()))
            return true;
        plan->segments[enough - 1].steps = steps;
    }
    return shows(shrink, plan, strategy_replay());
}

/* The last run showed the finding: fills `recorded` with what it did, in as few segments as can be. */
static bool record(struct shrink *shrink)
{
    if (!engine_recorded(&shrink->recorded))
        return false;
    if (!shows(shrink, &shrink->recorded, strategy_condense(&shrink->condensed)))
        return false;
    shrink->recorded.segment_count = shrink->condensed.segment_count;
    memcpy(shrink->recorded.segments, shrink->condensed.segments,
           shrink->condensed.segment_count * sizeof *shrink->condensed.segments);
    return cut_tail(shrink);
}

/* `recorded` is the best from here on; it was run last. */
static void take(struct shrink *shrink, const struct cost *cost)
{
    shrink->cost = *cost;
    shrink->steps = shrink->outcome.steps;
    shrink->threads = engine_thread_count();
    plan_copy(shrink->best, &shrink->recorded);
}

/* Keeps what the last run, which showed the finding, did if that is smaller. */
static bool keep(struct shrink *shrink)
{
    if (!record(shrink))
        return false;
    struct cost cost = cost_of(shrink->reproducer->subject, &shrink->recorded);
    if (!cost_is_less(&cost, &shrink->cost))
        return false;
    take(shrink, &cost);
    return true;
}

bool shrink_try(struct shrink *shrink)
{
    if (shrink_exhausted(shrink))
        return false;
    return shows(shrink, &shrink->candidate, strategy_replay_lenient()) && keep(shrink);
}

static bool search(struct shrink *shrink, uint32_t tries, bool all)
{
    bool better = false;
    for (uint32_t i = 0; i < tries && !shrink_exhausted(shrink) && (all || !better); i++) {
        struct strategy *strategy = strategy_at(i % strategy_count());
        strategy_seed(++shrink->seed);
        if (shows(shrink, &shrink->candidate, strategy) && keep(shrink))
            better = true;
    }
    return better;
}

/* The fixed order, but for `count` segments. */
static void draw_segments(const struct shrink *shrink, struct prng *prng, uint32_t count,
                          struct plan *plan)
{
    plan->segment_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct plan_segment segment = { .flows = true };
        segment.thread = i == 0 ? 0 : (uint16_t)prng_below(prng, shrink->threads);
        segment.steps = 1 + prng_below(prng, (uint32_t)shrink->steps / (i + 1) + 1);
        plan_add_segment(plan, segment);
    }
}

bool shrink_try_few(struct shrink *shrink, uint32_t tries, bool all)
{
    bool better = false;
    struct prng prng = { ++shrink->seed };
    for (uint32_t i = 0; i < tries && !shrink_exhausted(shrink) && (all || !better); i++) {
        uint32_t most = shrink->best->segment_count < FEW ? shrink->best->segment_count : FEW;
        draw_segments(shrink, &prng, all ? i % (most > 0 ? most : 1) : i % (most + 2),
                      &shrink->candidate);
        if (shrink_try(shrink)) {
            better = true;
            if (all)
                plan_copy(&shrink->candidate, shrink->best);
        }
    }
    return better;
}

bool shrink_try_program(struct shrink *shrink)
{
    return shrink_try(shrink) || shrink_try_few(shrink, SEARCH_TRIES, false) ||
           search(shrink, SEARCH_TRIES, false);
}

/* Another schedule for the same program may be much smaller than any that is near this one. */
static bool pass_search(struct shrink *shrink)
{
    plan_copy(&shrink->candidate, shrink->best);
    bool better = search(shrink, SEARCH_SMALLER_TRIES, true);
    plan_copy(&shrink->candidate, shrink->best);
    return (shrink->best->segment_count > 1 && shrink_try_few(shrink, SEARCH_SMALLER_TRIES, true)) ||
           better;
}

static uint32_t fault_mask(const struct plan *plan)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < plan->fault_count; i++)
        mask |= 1u << plan->faults[i].kind;
    return mask;
}

static void shrink_all(struct shrink *shrink)
{
    bool (*const passes[])(struct shrink *shrink) = {
        pass_search,      shrink_actors,    shrink_operations, shrink_owners,
        shrink_settings,  shrink_faults,    shrink_switches,   shrink_segments,
        shrink_merge,
        shrink_arguments, shrink_rename,    shrink_steps,
    };
    bool better = true;
    while (better && !shrink_exhausted(shrink)) {
        better = false;
        for (uint32_t i = 0; i < count_of(passes); i++) {
            shrink->faults = fault_mask(shrink->best);
            better = passes[i](shrink) || better;
        }
    }
}

static uint32_t verify(struct shrink *shrink)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < SHRINK_VERIFY_RUNS; i++)
        shown += shows(shrink, shrink->best, strategy_replay());
    return shown;
}

/* The plan as it comes may be one that only a lenient replay can follow. */
static bool begin(struct shrink *shrink)
{
    shrink->faults = fault_mask(shrink->best);
    if (!shows(shrink, shrink->best, strategy_replay()) &&
        !shows(shrink, shrink->best, strategy_replay_lenient()))
        return false;
    if (!record(shrink))
        return false;
    struct cost cost = cost_of(shrink->reproducer->subject, &shrink->recorded);
    take(shrink, &cost);
    return true;
}

bool shrink(struct reproducer *reproducer, uint32_t runs_max, struct shrink_result *result)
{
    struct shrink *shrink = calloc(1, sizeof *shrink);
    check(shrink != NULL);
    shrink->reproducer = reproducer;
    shrink->best = &reproducer->plan;
    shrink->runs_max = runs_max;
    bool begun = begin(shrink);
    if (begun)
        shrink_all(shrink);
    result->minimal = begun && !shrink_exhausted(shrink);
    result->shown = begun ? verify(shrink) : 0;
    result->runs = shrink->runs;
    free(shrink);
    return begun;
}
