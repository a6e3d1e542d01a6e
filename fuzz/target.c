/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/check.h"
#include "core/engine/confirm.h"
#include "core/engine/observer.h"
#include "core/engine/site.h"
#include "fuzz/decode.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A target whose hooks are not live would run for ever and find nothing. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (site_count() > 0)
        return 0;
    fprintf(stderr, "%s: no hook points are linked in: nothing can be tested\n",
            wedge_subject.name);
    exit(4);
}

static _Noreturn void stop_at(const struct outcome *outcome)
{
    fuzz_finding(&wedge_subject, outcome);
    abort();
}

/* What the last run predicts is steered to; a prediction that is not confirmed is told, and fuzzing
 * goes on. */
static void follow(const struct lockgraph *graph, uint32_t new_count)
{
    static struct plan plan;
    static struct outcome reached;
    uint32_t count = lockgraph_prediction_count(graph);
    if (!engine_recorded(&plan))
        return;
    for (uint32_t i = count - new_count; i < count; i++) {
        const struct prediction *prediction = lockgraph_prediction(graph, i);
        uint32_t tries = confirm_tries(prediction) / CONFIRM_HASTE;
        if (confirm(&wedge_subject, &plan, prediction, wedge_subject.faults, 1, tries, &reached) > 0)
            stop_at(&reached);
        fprintf(stderr, "%s: predicted, and not confirmed in %" PRIu32 " schedules: ",
                wedge_subject.name, tries);
        prediction_print(stderr, prediction);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct plan plan;
    static struct outcome outcome;
    static struct observer *observer;
    if (observer == NULL)
        observer = observer_new();
    check(observer != NULL);
    size_t used = decode_plan(&wedge_subject, bytes, size, &plan);
    struct engine_options options = { .faults = wedge_subject.faults };
    uint32_t predictions = observer_run(observer, &wedge_subject, &plan,
                                        strategy_bytes(bytes + used, size - used), &options,
                                        &outcome);
    if (verdict_is_finding(outcome.verdict))
        stop_at(&outcome);
    if (predictions > 0)
        follow(observer_graph(observer), predictions);
    return 0;
}
