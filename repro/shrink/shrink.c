/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passes over the plan, in order of gain, again and again until none of them helps. `best` always
 * shows the finding under strict replay; `candidate` is what a pass wants to try; `recorded` is
 * what came of it. Deterministic: seeds come from a counter.
 */
#include "repro/shrink/shrink.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/reproducer/refit.h"
#include "repro/shrink/shrink_pass.h"

enum {
    TRIES = 150,
    LARGE = 12, /* lines; what has no more fits a reader's head */
};

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

bool shrink_is_large(const struct shrink *shrink)
{
    return cost_lines(&shrink->cost) > LARGE;
}

typedef bool pass_function(struct shrink *shrink);

static bool each_once(struct shrink *shrink, pass_function *const passes[], uint32_t count)
{
    bool better = false;
    for (uint32_t i = 0; i < count; i++)
        better = passes[i](shrink) || better;
    return better;
}

/* What fits the present schedule costs one run each, so nothing is looked for. */
static void shrink_quickly(struct shrink *shrink)
{
    static pass_function *const passes[] = {
        shrink_switches, shrink_faults, shrink_segments, shrink_actors, shrink_operations,
    };
    shrink->tries = 0;
    while (each_once(shrink, passes, count_of(passes)) && !shrink_exhausted(shrink))
        ;
}

/* Until that saves no line, twice: the next time by other chances. A sixteenth of the runs is left,
 * so that what comes of it can be made minimal. */
static void shrink_thoroughly(struct shrink *shrink)
{
    static pass_function *const passes[] = {
        shrink_search,   shrink_actors,    shrink_operations, shrink_owners,   shrink_vary,
        shrink_settings, shrink_faults,    shrink_switches,   shrink_segments, shrink_merge,
        shrink_restart,  shrink_arguments, shrink_rename,     shrink_steps,
    };
    uint32_t in_vain = 0, runs_max = shrink->runs_max;
    shrink->runs_max -= runs_max / 16;
    shrink->tries = TRIES;
    while (in_vain < 2 && !shrink_exhausted(shrink)) {
        uint64_t lines = cost_lines(&shrink->cost);
        each_once(shrink, passes, count_of(passes));
        in_vain = cost_lines(&shrink->cost) < lines ? 0 : in_vain + 1;
    }
    shrink->runs_max = runs_max;
}

static void shrink_to_minimum(struct shrink *shrink)
{
    static pass_function *const passes[] = {
        shrink_settings, shrink_owners,    shrink_merge,
        shrink_arguments, shrink_rename,   shrink_steps,
    };
    do
        shrink_quickly(shrink);
    while (each_once(shrink, passes, count_of(passes)) && !shrink_exhausted(shrink));
}

/* Most goes by what costs little, and then a search has little to try. */
void shrink_passes(struct shrink *shrink)
{
    shrink_quickly(shrink);
    shrink_thoroughly(shrink);
    shrink_to_minimum(shrink);
    shrink->minimal = !shrink_exhausted(shrink);
}

static void shrink_all(struct shrink *shrink, uint32_t runs_max)
{
    shrink->runs_max = runs_max / 3;
    shrink_passes(shrink);
    shrink->runs_max = runs_max;
    shrink_anew(shrink);
    if (!shrink->minimal)
        shrink_passes(shrink);
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
    shrink->faults = reproducer->subject->faults & (faults | fault_mask(&reproducer->plan));
    stopped = 0;
    under_way = 1;
    *result = (struct shrink_result){ 0 };
    bool begun = begin(shrink);
    if (begun)
        shrink_all(shrink, runs_max);
    result->minimal = shrink->minimal;
    result->stopped = stopped != 0;
    under_way = 0;
    if (begun)
        settle(shrink, original, result);
    result->runs = shrink->runs;
    free(original);
    free(shrink);
    return begun;
}
