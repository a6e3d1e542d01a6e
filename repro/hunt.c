/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/hunt.h"

#include <string.h>

#include "core/base/check.h"

enum { RUNS_PER_LOOK = 64 }; /* looking at the clock costs as much as several steps */

void hunt_run(const struct hunt_options *options, uint64_t index, struct outcome *outcome)
{
    static struct plan plan;
    struct prng prng = { options->seed };
    prng.state = prng_next(&prng) ^ index;
    prng.state = prng_next(&prng); /* so that the draws of run n are no shift of those of n + 1 */
    plan_clear(&plan);
    options->subject->generate(&plan, &prng, options->faults & options->subject->faults);
    strategy_seed(prng_next(&prng));
    struct strategy *strategy = options->strategy;
    if (strategy == NULL)
        strategy = strategy_at((uint32_t)(index % strategy_count()));
    struct engine_options engine_options = { .faults = options->faults & options->subject->faults };
    engine_run(options->subject, &plan, strategy, &engine_options, outcome);
}

static struct sighting *sighting_find(struct hunt_job *job, const struct outcome *outcome)
{
    for (uint32_t i = 0; i < job->sighting_count; i++)
        if (job->sightings[i].verdict == outcome->verdict &&
            strcmp(job->sightings[i].hash, outcome->signature_hash) == 0)
            return &job->sightings[i];
    return NULL;
}

/* False: the search is to stop. */
static bool note_finding(struct hunt_job *job, uint64_t index, const struct outcome *outcome,
                         const struct hunt_watch *watch)
{
    struct sighting *sighting = sighting_find(job, outcome);
    if (sighting != NULL) {
        sighting->count++;
        return true;
    }
    if (job->sighting_count == HUNT_SIGHTINGS_MAX)
        return true; /* that many different findings are more than anybody reads */
    sighting = &job->sightings[job->sighting_count];
    *sighting = (struct sighting){ .verdict = (uint8_t)outcome->verdict,
                                   .first = index,
                                   .count = 1 };
    memcpy(sighting->hash, outcome->signature_hash, sizeof sighting->hash);
    job->sighting_count++; /* from here on the parent may look at it */
    return watch->seen(watch->context, sighting);
}

void hunt_search(const struct hunt_options *options, struct hunt_job *job, uint64_t first,
                 uint64_t stride, const struct hunt_watch *watch)
{
    static struct outcome outcome;
    uint64_t runs = 0, steps = 0, budget = 0;
    for (uint64_t index = first; index < options->runs_max; index += stride) {
        hunt_run(options, index, &outcome);
        runs++;
        steps += outcome.steps;
        budget += outcome.verdict == VERDICT_BUDGET;
        bool finding = verdict_is_finding(outcome.verdict);
        if (runs % RUNS_PER_LOOK == 0 || finding || index + stride >= options->runs_max) {
            job->runs = runs;
            job->steps = steps;
            job->budget = budget;
        }
        if (finding && !note_finding(job, index, &outcome, watch))
            return;
        if (runs % RUNS_PER_LOOK == 0 && !watch->go_on(watch->context))
            return;
    }
}
