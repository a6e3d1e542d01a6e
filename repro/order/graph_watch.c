/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/base/progress.h"
#include "repro/hunt/hunt.h"
#include "repro/order/graph.h"

enum { RUNS_PER_LOOK = 64 }; /* at the clock */

static void note_ending(struct graph_watched *watched, const struct wedge_subject *subject,
                        const struct outcome *outcome, uint64_t index)
{
    struct graph_ending *ending = watched->endings;
    struct graph_ending *end = ending + watched->ending_count;
    while (ending < end && (ending->subject != subject || ending->verdict != outcome->verdict ||
                            strcmp(ending->hash, outcome->signature_hash) != 0))
        ending++;
    if (ending == end && watched->ending_count == GRAPH_ENDINGS_MAX)
        return; /* that many different findings are more than anybody reads */
    if (ending == end) {
        watched->ending_count++;
        *ending = (struct graph_ending){ .subject = subject, .verdict = outcome->verdict,
                                         .first = index + 1 };
        memcpy(ending->hash, outcome->signature_hash, sizeof ending->hash);
    }
    ending->count++;
}

static void watch_run(struct graph_watched *watched, struct hunt_options *hunt, uint64_t index)
{
    static struct outcome outcome;
    struct lesson lesson;
    hunt->log = lockgraph_log(watched->graph, false);
    hunt_run(hunt, index, &outcome);
    lockgraph_learn(watched->graph, &outcome, &lesson);
    watched->learned++;
    watched->passed += outcome.verdict == VERDICT_OK;
    watched->cut_off += outcome.verdict == VERDICT_BUDGET;
    watched->short_of_memory |= lesson.short_of_memory;
    if (verdict_is_finding(outcome.verdict))
        note_ending(watched, hunt->subject, &outcome, index);
}

/* False: the time is up. */
static bool look_at_clock(const struct graph_options *options,
                          const struct graph_watched *watched, struct progress *progress)
{
    double seconds = progress_seconds(progress);
    if (progress_is_due(progress, seconds)) {
        char runs[16], text[128];
        snprintf(text, sizeof text, "%s: %s runs, %.0f s, %" PRIu32 " pairs of classes",
                 graph_subjects(options), output_amount((double)watched->runs, runs), seconds,
                 lockgraph_edge_count(watched->graph));
        progress_print(progress, text);
    }
    return options->seconds_max == 0 || seconds < options->seconds_max;
}

bool graph_watch(const struct graph_options *options, struct graph_watched *watched)
{
    struct hunt_options hunt = { .strategy = strategy_find("portfolio"), .seed = options->seed,
                                 .faults = FAULTS_ALL };
    struct progress progress;
    watched->graph = lockgraph_new();
    if (watched->graph == NULL) {
        fputs("wedge: no memory\n", stderr);
        return false;
    }
    progress_begin(&progress);
    while (watched->runs < options->runs_max) {
        for (uint32_t i = 0; i < options->subject_count; i++) {
            hunt.subject = options->subjects[i];
            watch_run(watched, &hunt, watched->runs);
        }
        watched->runs++;
        if (watched->runs % RUNS_PER_LOOK == 0 && !look_at_clock(options, watched, &progress))
            break;
    }
    progress_clear(&progress);
    order_learn(&watched->order, watched->graph);
    order_arrange(&watched->order);
    return true;
}

void graph_forget(struct graph_watched *watched)
{
    if (watched->graph != NULL)
        lockgraph_free(watched->graph);
    watched->graph = NULL;
    order_free(&watched->order);
}

int graph_exit_code(const struct graph_watched *watched)
{
    bool found = watched->ending_count > 0 || lockgraph_prediction_count(watched->graph) > 0;
    return found ? EXIT_FINDINGS : EXIT_CLEAN;
}

const char *graph_subjects(const struct graph_options *options)
{
    static char text[256];
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < options->subject_count && length < sizeof text; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i > 0 ? ", " : "",
                                   options->subjects[i]->name);
    return text;
}

const char *graph_amount(uint64_t count, const char *noun, char text[40])
{
    snprintf(text, 40, "%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
    return text;
}
