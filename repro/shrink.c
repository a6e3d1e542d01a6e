/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passes over the plan, in order of gain, again and again until none of them helps. `best` always
 * shows the finding under strict replay; `candidate` is what a pass wants to try; `recorded` is
 * what came of it. Deterministic: seeds come from a counter.
 */
#include "repro/shrink.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/refit.h"
#include "repro/shrink_pass.h"

enum { TRIES = 150 };

static volatile sig_atomic_t under_way, stopped;

void shrink_stop(void)
{
    stopped = under_way;
}

bool shrink_exhausted(const struct shrink *shrink)
{
    return stopped || shrink->runs >= shrink->runs_max;
}

bool shrink_shows(struct shrink *shrink, const struct plan *plan, struct strategy *strategy)
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
        if (shrink_shows(shrink, plan, strategy_replay()))
            enough = plan->segment_count;
        else
            low = plan->segment_count + 1;
    }
    plan->segment_count = enough;
    if (enough > 0 && plan->segments[enough - 1].steps > 1) {
        /* A thread goes on after the last segment: one step says all. */
        struct plan_segment *last = &plan->segments[enough - 1], was = *last;
        last->steps = 1;
        last->flows = false;
        if (shrink_shows(shrink, plan, strategy_replay()))
            return true;
        *last = was;
    }
    return shrink_shows(shrink, plan, strategy_replay());
}

bool shrink_record(struct shrink *shrink)
{
    shrink->runs++;
    return engine_recorded(&shrink->recorded) &&
           reproducer_condense(shrink->reproducer, &shrink->recorded) && cut_tail(shrink);
}

/* A long program is made shorter first, whatever becomes of its schedule: that shrinks with it. */
bool shrink_is_less(const struct shrink *shrink, const struct cost *cost)
{
    enum { OPERATIONS = 2, LONG_PROGRAM = 6 };
    uint64_t now = shrink->cost.parts[OPERATIONS], then = cost->parts[OPERATIONS];
    if (now > LONG_PROGRAM && now != then)
        return then < now;
    return cost_is_less(cost, &shrink->cost);
}

void shrink_take(struct shrink *shrink)
{
    shrink->cost = cost_of(shrink->reproducer->subject, &shrink->recorded);
    shrink->steps = shrink->outcome.steps;
    shrink->threads = engine_thread_count();
    plan_copy(shrink->best, &shrink->recorded);
}

bool shrink_keep(struct shrink *shrink)
{
    if (!shrink_record(shrink))
        return false;
    struct cost cost = cost_of(shrink->reproducer->subject, &shrink->recorded);
    if (!shrink_is_less(shrink, &cost))
        return false;
    shrink_take(shrink);
    return true;
}

bool shrink_try(struct shrink *shrink)
{
    if (shrink_exhausted(shrink))
        return false;
    return shrink_shows(shrink, &shrink->candidate, strategy_replay_lenient()) &&
           shrink_keep(shrink);
}

/* Until none helps. */
static void repeat(struct shrink *shrink, bool (*const passes[])(struct shrink *shrink),
                   uint32_t count)
{
    bool better = true;
    while (better && !shrink_exhausted(shrink)) {
        better = false;
        for (uint32_t i = 0; i < count; i++)
            better = passes[i](shrink) || better;
    }
}

/* What fits the present schedule costs one run each: most goes that way, and then a search has
 * little to try. */
static void shrink_all(struct shrink *shrink)
{
    static bool (*const quick[])(struct shrink *shrink) = {
        shrink_switches, shrink_faults, shrink_segments, shrink_actors, shrink_operations,
    };
    static bool (*const thorough[])(struct shrink *shrink) = {
        shrink_search,   shrink_actors,   shrink_operations, shrink_owners,    shrink_vary,
        shrink_settings, shrink_faults,   shrink_switches,   shrink_segments,  shrink_merge,
        shrink_restart,  shrink_arguments, shrink_rename,    shrink_steps,
    };
    shrink->tries = 0;
    repeat(shrink, quick, count_of(quick));
    shrink->tries = TRIES;
    repeat(shrink, thorough, count_of(thorough));
}

static uint32_t verify(struct shrink *shrink)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < SHRINK_VERIFY_RUNS; i++)
        shown += shrink_shows(shrink, shrink->best, strategy_replay());
    return shown;
}

/* The code may have changed since the plan was made. What comes of it is run last. */
static bool begin_refitted(struct shrink *shrink)
{
    struct refit_result result;
    bool done = !verdict_is_predicted(shrink->reproducer->verdict) &&
                refit(shrink->reproducer, REFIT_RUNS_STANDARD, &result);
    return done && shrink_shows(shrink, shrink->best, strategy_replay());
}

/* The plan as it comes may be one that only a lenient replay can follow, or none. */
static bool begin(struct shrink *shrink)
{
    if (!shrink_shows(shrink, shrink->best, strategy_replay()) &&
        !shrink_shows(shrink, shrink->best, strategy_replay_lenient()) && !begin_refitted(shrink))
        return false;
    if (!shrink_record(shrink))
        return false;
    shrink_take(shrink);
    return true;
}

/* What does not show it each time is not kept. */
static void settle(struct shrink *shrink, const struct plan *original, struct shrink_result *result)
{
    result->shown = verify(shrink);
    if (result->shown == SHRINK_VERIFY_RUNS)
        return;
    plan_copy(shrink->best, original);
    result->minimal = false;
    result->shown = verify(shrink);
}

static uint32_t fault_mask(const struct plan *plan)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < plan->fault_count; i++)
        mask |= 1u << plan->faults[i].kind;
    return mask;
}

bool shrink(struct reproducer *reproducer, uint32_t runs_max, uint32_t faults,
            struct shrink_result *result)
{
    struct shrink *shrink = calloc(1, sizeof *shrink);
    struct plan *original = malloc(sizeof *original);
    check(shrink != NULL);
    check(original != NULL);
    plan_copy(original, &reproducer->plan);
    shrink->reproducer = reproducer;
    shrink->best = &reproducer->plan;
    shrink->runs_max = runs_max;
    shrink->faults = reproducer->subject->faults & (faults | fault_mask(&reproducer->plan));
    stopped = 0;
    under_way = 1;
    *result = (struct shrink_result){ 0 };
    bool begun = begin(shrink);
    if (begun)
        shrink_all(shrink);
    result->minimal = begun && !shrink_exhausted(shrink);
    result->stopped = stopped != 0;
    under_way = 0;
    if (begun)
        settle(shrink, original, result);
    result->runs = shrink->runs;
    free(original);
    free(shrink);
    return begun;
}
