/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/hunt/hunt_result.h"

#include <errno.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/observer.h"
#include "repro/base/output.h"
#include "repro/finding/finding.h"

/* Late: the time is up, and what was found is still to be written. Each run of a prediction is
 * learned from, which takes longer than the run. */
enum { SHRINK_RUNS_LATE = 2000, SHRINK_RUNS_PREDICTED = 1000 };

bool result_is(const struct result *result, enum verdict verdict, const char *hash)
{
    const struct sighting *sighting = result->sighting;
    return (result->verdict == verdict && strcmp(result->hash, hash) == 0) ||
           (sighting->verdict == verdict && strcmp(sighting->hash, hash) == 0);
}

json_t *result_path_json(const struct result *result)
{
    return output_text(result->path[0] != '\0' ? result->path : NULL);
}

json_t *result_json(const struct result *result, uint64_t count)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "verdict", verdict_name(result->verdict),
                     "signature", result->hash, "signature_text", result->signature,
                     "first_schedule", (json_int_t)result->sighting->first + 1, "count",
                     (json_int_t)count, "reproducer", result_path_json(result));
}

static struct result *result_find(struct results *results, enum verdict verdict, const char *hash)
{
    for (uint32_t i = 0; i < results->count; i++)
        if (result_is(&results->items[i], verdict, hash))
            return &results->items[i];
    return NULL;
}

static void print_finding(struct results *results, const struct finding *finding)
{
    struct report report = finding_report(finding);
    progress_clear(results->progress);
    if (results->options->json) {
        output_json(report_json(&report));
    } else {
        if (results->count > 1)
            putchar('\n');
        report_print(stdout, &report);
    }
    fflush(stdout);
}

static const struct prediction *prediction_find(const struct lockgraph *graph, const char *hash,
                                                struct outcome *outcome)
{
    for (uint32_t i = 0; i < lockgraph_prediction_count(graph); i++) {
        prediction_outcome(lockgraph_prediction(graph, i), outcome);
        if (strcmp(outcome->signature_hash, hash) == 0)
            return lockgraph_prediction(graph, i);
    }
    return NULL;
}

/* What a run predicted: if a schedule shows it, that is the finding. False: it could not be
 * recorded. */
static bool take_prediction(const struct results *results, const struct sighting *sighting,
                            struct finding *finding)
{
    static struct outcome predicted, reached;
    const struct hunt_options *options = results->options;
    struct engine_options engine_options = { .record_chains = true };
    const struct plan *plan = &sighting->plan;
    const struct lockgraph *graph = observer_learn(options->subject, plan, strategy_replay(),
                                                   &engine_options, &predicted);
    const struct prediction *prediction = prediction_find(graph, sighting->hash, &predicted);
    check(prediction != NULL); /* runs are deterministic */
    uint32_t tries = hunt_confirm(options, sighting->first, plan, prediction,
                                  confirm_tries(prediction), &reached);
    bool taken = true;
    if (tries > 0)
        taken = finding_take(finding, options->subject, &reached);
    else
        finding_take_plan(finding, options->subject, plan, &predicted);
    finding_predicted(finding, &predicted, sighting->first + 1, tries,
                      confirm_tries(prediction));
    return taken;
}

static uint32_t shrink_runs(const struct results *results, const struct finding *finding)
{
    uint32_t most = results->late ? SHRINK_RUNS_LATE : UINT32_MAX;
    if (verdict_is_predicted(finding->outcome.verdict))
        most = SHRINK_RUNS_PREDICTED;
    return most < results->options->shrink_runs ? most : results->options->shrink_runs;
}

static void write_finding(struct results *results, struct finding *finding)
{
    /* At once, and again when it is small: whoever started this may end it while it shrinks. */
    (void)finding_write(finding, results->options->folder);
    finding_settle(finding, shrink_runs(results, finding), results->options->faults);
    if (finding_write(finding, results->options->folder))
        return;
    progress_clear(results->progress);
    fprintf(stderr, "wedge: cannot write a reproducer to %s: %s\n", results->options->folder,
            strerror(errno));
    results->unwritten = true;
}

void results_settle(struct results *results, const struct sighting *sighting)
{
    static struct finding finding;
    enum verdict verdict = (enum verdict)sighting->verdict;
    if (results->count == HUNT_SIGHTINGS_MAX ||
        result_find(results, verdict, sighting->hash) != NULL)
        return;
    bool taken = sighting->recorded;
    if (verdict_is_predicted(verdict))
        taken = take_prediction(results, sighting, &finding);
    else
        finding_take_plan(&finding, results->options->subject, &sighting->plan, &sighting->outcome);
    if (result_find(results, finding.outcome.verdict, finding.outcome.signature_hash) != NULL)
        return; /* predicted otherwise, or seen before it was predicted */
    if (taken)
        write_finding(results, &finding);
    struct result *result = &results->items[results->count++];
    result->sighting = sighting;
    result->verdict = finding.outcome.verdict;
    memcpy(result->hash, finding.outcome.signature_hash, sizeof result->hash);
    memcpy(result->signature, finding.outcome.signature, sizeof result->signature);
    memcpy(result->path, finding.path, sizeof result->path);
    print_finding(results, &finding);
}
