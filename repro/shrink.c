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

enum { SEARCH_TRIES = 150, SEARCH_SMALLER_TRIES = 1500 };

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

/* The last run showed the finding: keeps what it recorded if that is smaller. */
static bool keep(struct shrink *shrink)
{
    if (!engine_recorded(&shrink->recorded) || !cut_tail(shrink))
        return false;
    struct cost cost = cost_of(shrink->reproducer->subject, &shrink->recorded);
    if (!cost_is_less(&cost, &shrink->cost))
        return false;
    shrink->cost = cost;
    plan_copy(shrink->best, &shrink->recorded);
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

bool shrink_try_program(struct shrink *shrink)
{
    return shrink_try(shrink) || search(shrink, SEARCH_TRIES, false);
}

/* Another schedule for the same program may be much smaller than any that is near this one. */
static bool pass_search(struct shrink *shrink)
{
    plan_copy(&shrink->candidate, shrink->best);
    return search(shrink, SEARCH_SMALLER_TRIES, true);
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
        shrink_settings,  shrink_faults,    shrink_segments,   shrink_merge,
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
    if (!engine_recorded(&shrink->recorded) || !cut_tail(shrink))
        return false;
    plan_copy(shrink->best, &shrink->recorded);
    shrink->cost = cost_of(shrink->reproducer->subject, shrink->best);
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
