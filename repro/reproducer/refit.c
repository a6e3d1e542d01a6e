/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/reproducer/refit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/base/prng.h"
#include "core/engine/site.h"

enum {
    POINTS_RUNS_MAX = 64,
    STEP_MOST = 8, /* by which a segment is made shorter or longer at a time */
};

struct refit {
    struct reproducer *reproducer;
    struct plan original, candidate, recorded;
    struct outcome outcome;
    struct prng prng;
    uint32_t runs, runs_max;
};

static bool shows(struct refit *refit, const struct plan *plan, struct strategy *strategy)
{
    struct engine_options options = { 0 };
    refit->runs++;
    reproducer_run(refit->reproducer, plan, strategy, &options, &refit->outcome);
    return reproducer_matches(refit->reproducer, &refit->outcome);
}

/* What the run of the candidate recorded is the plan, if a strict replay shows it. */
static bool attempt(struct refit *refit, struct strategy *strategy)
{
    if (!shows(refit, &refit->candidate, strategy) || !engine_recorded(&refit->recorded) ||
        !shows(refit, &refit->recorded, strategy_replay()))
        return false;
    plan_copy(&refit->reproducer->plan, &refit->recorded);
    return true;
}

/* --- other points --- */

static enum hook_kind kind_of(const struct reproducer_stand_in *stand_in)
{
    return site_kind_of_fault((enum fault_kind)stand_in->kind);
}

/* Each stand-in has a number; this moves on to the next combination of them. False: that was the
 * last. */
static bool next_points(struct refit *refit, uint32_t numbers[REPRODUCER_STAND_INS_MAX])
{
    for (uint32_t i = 0; i < refit->reproducer->stand_in_count; i++) {
        const struct reproducer_stand_in *stand_in = &refit->reproducer->stand_ins[i];
        if (stand_in->left_out)
            continue;
        struct plan_fault *fault = &refit->candidate.faults[stand_in->fault];
        const char *function = site_of_group(fault->group)->function;
        uint16_t group = site_group_stand_in(function, kind_of(stand_in), ++numbers[i]);
        bool is_next = group != SITE_GROUP_NONE;
        if (!is_next)
            group = site_group_stand_in(function, kind_of(stand_in), numbers[i] = 0);
        fault->group = group;
        if (is_next)
            return true;
    }
    return false;
}

static bool other_points(struct refit *refit)
{
    uint32_t numbers[REPRODUCER_STAND_INS_MAX] = { 0 };
    plan_copy(&refit->candidate, &refit->original);
    for (uint32_t i = 0; i < POINTS_RUNS_MAX && next_points(refit, numbers); i++)
        if (attempt(refit, strategy_replay_lenient()))
            return true;
    return false;
}

/* --- other steps --- */

static void move_end(struct refit *refit, struct plan_segment *segment)
{
    uint32_t by = 1 + prng_below(&refit->prng, STEP_MOST);
    if (prng_one_in(&refit->prng, 4)) {
        segment->steps = UINT32_MAX; /* until it can do no more */
        segment->flows = false;
    } else if (prng_one_in(&refit->prng, 3)) {
        segment->steps = segment->steps > by ? segment->steps - by : 1;
    } else {
        segment->steps += segment->steps < UINT32_MAX - by ? by : 0;
    }
}

/* One change more often than two, two more often than three. */
static bool other_steps(struct refit *refit, uint32_t runs_max)
{
    uint32_t count = refit->original.segment_count;
    while (count > 0 && refit->runs < runs_max) {
        plan_copy(&refit->candidate, &refit->original);
        do
            move_end(refit, &refit->candidate.segments[prng_below(&refit->prng, count)]);
        while (!prng_one_in(&refit->prng, 3));
        if (attempt(refit, strategy_replay_lenient()))
            return true;
    }
    return false;
}

/* --- another schedule --- */

static bool other_schedule(struct refit *refit)
{
    plan_copy(&refit->candidate, &refit->original);
    for (uint32_t i = 0; refit->runs < refit->runs_max; i++) {
        refit->candidate.segment_count =
            prng_below(&refit->prng, refit->original.segment_count + 1);
        strategy_seed(prng_next(&refit->prng));
        struct strategy *after = strategy_at(1 + i % (strategy_count() - 1));
        if (attempt(refit, strategy_follow(after)))
            return true;
    }
    return false;
}

static enum refit_how search(struct refit *refit)
{
    if (other_points(refit))
        return REFIT_POINTS;
    plan_copy(&refit->candidate, &refit->original);
    if (attempt(refit, strategy_replay_lenient()))
        return REFIT_SKIPPED;
    if (other_steps(refit, refit->runs_max / 2))
        return REFIT_STEPS;
    return other_schedule(refit) ? REFIT_SCHEDULE : REFIT_NOT;
}

static uint64_t distance(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

static void compare(const struct plan *before, const struct plan *after,
                    struct refit_result *result)
{
    result->segments = after->segment_count;
    result->same_shape = before->segment_count == after->segment_count;
    result->steps_differ = 0;
    for (uint32_t i = 0; result->same_shape && i < after->segment_count; i++) {
        result->same_shape = before->segments[i].thread == after->segments[i].thread;
        result->steps_differ += distance(before->segments[i].steps, after->segments[i].steps);
    }
}

bool refit(struct reproducer *reproducer, uint32_t runs_max, struct refit_result *result)
{
    struct refit *refit = calloc(1, sizeof *refit);
    check(refit != NULL);
    refit->reproducer = reproducer;
    refit->runs_max = runs_max;
    refit->prng.state = 1;
    plan_copy(&refit->original, &reproducer->plan);
    *result = (struct refit_result){ .how = search(refit) };
    result->runs = refit->runs;
    if (result->how != REFIT_NOT) {
        struct plan *plan = &reproducer->plan;
        reproducer_condense(reproducer, plan);
        uint32_t count = refit->original.segment_count;
        if (plan->segment_count > count) { /* after the last one, the fixed order goes on */
            uint32_t all = plan->segment_count;
            plan->segment_count = count;
            if (!shows(refit, plan, strategy_replay()))
                plan->segment_count = all;
        }
        compare(&refit->original, plan, result);
    }
    free(refit);
    return result->how != REFIT_NOT;
}

static void print_steps(FILE *out, const struct refit_result *result)
{
    if (result->same_shape && result->steps_differ > 0)
        fprintf(out, ": %" PRIu64 " step%s", result->steps_differ,
                result->steps_differ == 1 ? " differs" : "s differ");
    else if (!result->same_shape)
        fprintf(out, ": %" PRIu32 " other segment%s", result->segments,
                result->segments == 1 ? "" : "s");
}

void refit_print(FILE *out, const struct refit_result *result)
{
    static const char *const words[] = {
        [REFIT_NOT] = "not reproduced, nor after refitting the schedule",
        [REFIT_POINTS] = "reproduced with another hook point for one that this build does not have",
        [REFIT_SKIPPED] = "reproduced when what does not fit is skipped",
        [REFIT_STEPS] = "reproduced after refitting the schedule",
        [REFIT_SCHEDULE] = "reproduced with another schedule of the same program and faults",
    };
    fputs(words[result->how], out);
    if (result->how >= REFIT_STEPS)
        print_steps(out, result);
    if (result->how == REFIT_NOT)
        fprintf(out, " (%" PRIu32 " runs)", result->runs);
}

const char *refit_name(enum refit_how how)
{
    static const char *const names[] = {
        [REFIT_NOT] = "not",
        [REFIT_POINTS] = "points",
        [REFIT_SKIPPED] = "skipped",
        [REFIT_STEPS] = "steps",
        [REFIT_SCHEDULE] = "schedule",
    };
    return names[how];
}
