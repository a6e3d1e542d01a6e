/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/hunt/hunt.h"

#include <string.h>

#include "core/base/check.h"
#include "core/engine/observer.h"
#include "repro/hunt/hunt_corpus.h"

enum { RUNS_PER_SHARE = 1 << 15 };

static uint32_t faults_of(const struct hunt_options *options)
{
    return options->faults & options->subject->faults;
}

/* Its program, or all of it, and who decides the rest: one of those that were found in the folder, a
 * child of one that is kept, or a new one. */
static struct strategy *draw_plan(const struct hunt_options *options, uint64_t index,
                                  struct prng *prng, struct plan *plan)
{
    plan_clear(plan);
    if (options->program != NULL) {
        plan_copy(plan, options->program);
    } else if (index - options->first < corpus_size()) {
        corpus_plan(options->subject, (uint32_t)(index - options->first), plan);
        return strategy_follow(options->strategy);
    } else if (!corpus_draw(options->subject, prng, plan)) {
        options->subject->generate(plan, prng, faults_of(options));
    }
    return options->strategy;
}

/* With an observer: returns how many new deadlocks it predicts. */
static uint32_t run_number(const struct hunt_options *options, uint64_t index,
                           struct observer *observer, struct outcome *outcome)
{
    static struct plan plan;
    struct prng prng = { options->seed };
    prng.state = prng_next(&prng) ^ index;
    prng.state = prng_next(&prng); /* so that the draws of run n are no shift of those of n + 1 */
    struct strategy *strategy = draw_plan(options, index, &prng, &plan);
    settings_apply(&options->settings, &plan);
    strategy_seed(prng_next(&prng));
    struct engine_options engine_options = { .faults = faults_of(options), .log = options->log,
                                              .count_switches = true };
    uint32_t predictions = 0, switches = engine_switches_seen();
    if (observer != NULL)
        predictions = observer_run(observer, options->subject, &plan, strategy, &engine_options,
                                   outcome);
    else
        engine_run(options->subject, &plan, strategy, &engine_options, outcome);
    if (engine_switches_seen() != switches && !verdict_is_finding(outcome->verdict))
        corpus_keep(options->subject);
    return predictions;
}

void hunt_run(const struct hunt_options *options, uint64_t index, struct outcome *outcome)
{
    run_number(options, index, NULL, outcome);
}

uint32_t hunt_confirm(const struct hunt_options *options, uint64_t index, const struct plan *plan,
                      const struct prediction *prediction, uint32_t tries, struct outcome *outcome)
{
    return confirm(options->subject, plan, prediction, faults_of(options), options->seed ^ index,
                   tries, outcome);
}

void hunt_job_begin(struct hunt_job *job, uint64_t first)
{
    job->next = first;
    job->runs = job->steps = job->budget = job->steered = 0;
    job->switches = 0;
    job->news_at = 0;
    job->sighting_count = 0;
}

bool sighting_is(const struct sighting *sighting, const struct outcome *outcome)
{
    return sighting->verdict == outcome->verdict &&
           strcmp(sighting->hash, outcome->signature_hash) == 0;
}

void sighting_fill(struct sighting *sighting, const struct outcome *outcome, uint64_t first,
                   const struct plan *predicted_from, bool confirmed)
{
    sighting->verdict = (uint8_t)outcome->verdict;
    sighting->confirmed = confirmed;
    sighting->first = first;
    sighting->count = 0;
    memcpy(sighting->hash, outcome->signature_hash, sizeof sighting->hash);
    sighting->outcome = *outcome;
    sighting->recorded = predicted_from != NULL || engine_recorded(&sighting->plan);
    if (predicted_from != NULL)
        plan_copy(&sighting->plan, predicted_from);
}

static struct sighting *sighting_find(struct hunt_job *job, const struct outcome *outcome)
{
    for (uint32_t i = 0; i < job->sighting_count; i++)
        if (sighting_is(&job->sightings[i], outcome))
            return &job->sightings[i];
    return NULL;
}

/* What the last run did, or else the plan of the run that it was predicted from. False: the search
 * is to stop. */
static bool note_finding(struct hunt_job *job, uint64_t index, const struct outcome *outcome,
                         const struct plan *predicted_from, bool confirmed,
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
    sighting_fill(sighting, outcome, index, predicted_from, confirmed);
    sighting->count = 1;
    job->sighting_count++; /* from here on the parent may look at it */
    return watch->seen(watch->context, sighting);
}

/* False: the search is to stop. */
static bool note_predictions(const struct hunt_options *options, struct hunt_job *job,
                             uint64_t index, struct observer *observer, uint32_t new_count,
                             const struct hunt_watch *watch)
{
    static struct plan plan;
    static struct outcome predicted, reached;
    const struct lockgraph *graph = observer_graph(observer);
    uint32_t count = lockgraph_prediction_count(graph);
    check(engine_recorded(&plan));
    for (uint32_t i = count - new_count; i < count; i++) {
        const struct prediction *prediction = lockgraph_prediction(graph, i);
        prediction_outcome(prediction, &predicted);
        uint32_t tries = confirm_tries(prediction) / CONFIRM_HASTE;
        uint32_t steered = hunt_confirm(options, index, &plan, prediction, tries, &reached);
        job->steered += steered > 0 ? steered : tries;
        if (!note_finding(job, index, &predicted, &plan, steered > 0, watch))
            return false;
    }
    return true;
}

static void tell(struct hunt_job *job, uint64_t next, uint64_t runs, uint64_t steps,
                 uint64_t budget)
{
    if (job->switches != engine_switches_seen())
        job->news_at = runs;
    job->switches = engine_switches_seen();
    job->next = next;
    job->runs = runs;
    job->steps = steps;
    job->budget = budget;
}

bool hunt_search(const struct hunt_options *options, struct hunt_job *job, uint64_t stride,
                 const struct hunt_watch *watch)
{
    static struct outcome outcome;
    uint64_t runs = job->runs, steps = job->steps, budget = job->budget;
    bool shared = true;
    strategy_forget();
    corpus_forget();
    struct observer *observer = options->no_prediction ? NULL : observer_new();
    for (uint64_t index = job->next; shared && index < options->runs_max; index += stride) {
        uint32_t predictions = run_number(options, index, observer, &outcome);
        runs++;
        steps += outcome.steps;
        budget += outcome.verdict == VERDICT_BUDGET;
        bool finding = verdict_is_finding(outcome.verdict);
        bool is_last = index + stride >= options->runs_max;
        if (runs % HUNT_RUNS_PER_LOOK == 0 || finding || predictions > 0 || is_last)
            tell(job, index + stride, runs, steps, budget);
        if (finding && !note_finding(job, index, &outcome, NULL, true, watch))
            break;
        if (!finding && predictions > 0 &&
            !note_predictions(options, job, index, observer, predictions, watch))
            break;
        if (runs % HUNT_RUNS_PER_LOOK == 0 && !watch->go_on(watch->context))
            break;
        if (runs % RUNS_PER_SHARE == 0)
            shared = corpus_share(options->subject);
    }
    observer_free(observer);
    return shared && corpus_share(options->subject);
}
