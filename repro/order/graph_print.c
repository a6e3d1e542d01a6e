/* SPDX-License-Identifier: BSD-3-Clause */
/* What runs have shown of a lock order, as text and as JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/output.h"
#include "repro/finding/edge.h"
#include "repro/finding/picture.h"
#include "repro/finding/report.h"
#include "repro/order/graph.h"

/* --- text --- */

static void print_sites(const struct order_edge *edge)
{
    printf("%s (%s:%" PRIu32 "), then %s (%s:%" PRIu32 ")", edge->held_since->function,
           edge->held_since->file, edge->held_since->line, edge->wanted_at->function,
           edge->wanted_at->file, edge->wanted_at->line);
}

static void print_link(const struct order *order, const struct order_link *link, bool colour)
{
    const char *red = colour && link->on_cycle ? "\033[31m" : "";
    char runs[40];
    printf("%s  %sunder %s%s%s, in %s: ", red, link->reads ? "read " : "",
           order->classes.items[link->from].name, link->seen->nested ? " (nested)" : "",
           link->on_cycle ? " (on a cycle)" : "", graph_amount(link->seen->runs, "run", runs));
    print_sites(link->seen);
    printf("%s\n", red[0] != '\0' ? "\033[0m" : "");
}

static void print_order(const struct order *order)
{
    bool colour = output_colour(stdout);
    uint32_t row = 0;
    for (uint32_t i = 0; i < order->classes.count; i++) {
        printf("%s %s\n", order->classes.items[i].is_state ? "state" : "lock",
               order->classes.items[i].name);
        for (; row < order->links.count && order->links.items[row].to == i; row++)
            print_link(order, &order->links.items[row], colour);
    }
    if (order->classes.count > 0)
        putchar('\n');
}

static void print_endings(const struct graph_options *options,
                          const struct graph_watched *watched)
{
    for (uint32_t i = 0; i < watched->ending_count; i++) {
        char runs[40];
        const struct graph_ending *ending = &watched->endings[i];
        printf("%s %s: %s of %s ended so, run %" PRIu64 " first; to see it: ",
               verdict_name(ending->verdict), ending->hash,
               graph_amount(ending->count, "run", runs), ending->subject->name, ending->first);
        output_shell_word(stdout, output_program());
        printf(" hunt %s --seed %" PRIu64 " --runs %" PRIu64 " --keep-going\n",
               ending->subject->name, options->seed, ending->first);
    }
    if (watched->ending_count > 0)
        putchar('\n');
}

/* How many runs took `to` under `from`. */
static uint64_t runs_of_pair(const struct lockgraph *graph, const char *from, const char *to)
{
    for (uint32_t i = 0; from != NULL && to != NULL && i < lockgraph_edge_count(graph); i++) {
        const struct order_edge *edge = lockgraph_edge(graph, i);
        if (strcmp(edge->from, from) == 0 && strcmp(edge->to, to) == 0)
            return edge->runs;
    }
    return 0;
}

/* As an outcome whose edges know how many runs took what is wanted there under what the edge before
 * wants. A context that interrupts took nothing. */
static void take_prediction(const struct graph_watched *watched,
                            const struct prediction *prediction, struct outcome *outcome)
{
    prediction_outcome(prediction, outcome);
    for (uint32_t i = 0; i < outcome->cycle_count; i++) {
        const struct edge *last = &outcome->edges[i > 0 ? i - 1 : outcome->cycle_count - 1];
        struct edge *edge = &outcome->edges[i];
        if (!last->interrupted && edge->kind != EDGE_EVENT && last->kind != EDGE_EVENT)
            edge->runs = runs_of_pair(watched->graph, last->object_class, edge->object_class);
        edge->runs_watched = watched->learned;
    }
}

static void print_prediction(FILE *out, const struct graph_watched *watched,
                             const struct prediction *prediction, const struct outcome *outcome)
{
    char runs[40];
    fprintf(out, "%s %s: %s; predicted from %" PRIu64 " of %s\n", verdict_name(outcome->verdict),
            outcome->signature_hash, outcome->message, prediction->count,
            graph_amount(watched->learned, "run", runs));
    fprintf(out, "  how sure: %s\n", outcome->basis);
    report_edges(out, outcome, 0);
    if (prediction->edges.count > outcome->cycle_count)
        fprintf(out, "  ... and %" PRIu32 " more\n",
                prediction->edges.count - outcome->cycle_count);
    picture_print(out, outcome);
}

void graph_print_findings(const struct graph_options *options,
                          const struct graph_watched *watched)
{
    uint32_t count = lockgraph_prediction_count(watched->graph);
    print_endings(options, watched);
    char deadlocks[40];
    printf("%s predicted%s\n", graph_amount(count, "deadlock", deadlocks), count > 0 ? ":" : "");
    for (uint32_t i = 0; i < count; i++) {
        static struct outcome outcome;
        const struct prediction *prediction = lockgraph_prediction(watched->graph, i);
        take_prediction(watched, prediction, &outcome);
        putchar('\n');
        print_prediction(stdout, watched, prediction, &outcome);
    }
}

static void print_text(const struct graph_options *options, const struct graph_watched *watched)
{
    const struct order *order = &watched->order;
    char text[40];
    printf("%s: %s%s, %" PRIu64 " passed", graph_subjects(options),
           graph_amount(watched->runs, "run", text), options->subject_count > 1 ? " each" : "",
           watched->passed);
    if (watched->cut_off > 0)
        printf(", %" PRIu64 " cut off after %d steps", watched->cut_off, ENGINE_STEPS_STANDARD);
    printf("; %s in order\n\n", graph_amount(order->links.count, "pair", text));
    print_order(order);
    graph_print_findings(options, watched);
}

/* --- JSON --- */

json_t *graph_link_json(const struct order *order, const struct order_link *link)
{
    const struct order_edge *edge = link->seen;
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:b, s:b, s:b, s:o, s:o}", "from",
                  order->classes.items[link->from].name, "to", order->classes.items[link->to].name,
                  "count", (json_int_t)edge->count, "runs", (json_int_t)edge->runs, "reads",
                  (int)edge->reads, "nested", (int)edge->nested, "on_cycle", (int)link->on_cycle,
                  "held_since", edge_site_json(edge->held_since), "wanted_at",
                  edge_site_json(edge->wanted_at));
    check(object != NULL);
    return object;
}

static json_t *prediction_json(const struct graph_watched *watched,
                               const struct prediction *prediction)
{
    static struct outcome outcome;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    check(out != NULL);
    take_prediction(watched, prediction, &outcome);
    print_prediction(out, watched, prediction, &outcome);
    check(fclose(out) == 0);
    json_t *cycle = json_array();
    for (uint32_t i = 0; i < outcome.cycle_count; i++)
        json_array_append_new(cycle, edge_json(&outcome.edges[i]));
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:o, s:s}", "kind",
                               prediction_kind_name(prediction->kind), "verdict",
                               verdict_name(outcome.verdict), "basis", outcome.basis, "signature",
                               outcome.signature_hash, "signature_text", outcome.signature, "count",
                               (json_int_t)prediction->count, "edges",
                               (int)prediction->edges.count, "cycle", cycle, "text", text);
    free(text);
    return object;
}

void graph_add_findings(json_t *object, const struct graph_watched *watched)
{
    json_t *predictions = json_array(), *findings = json_array();
    for (uint32_t i = 0; i < lockgraph_prediction_count(watched->graph); i++)
        json_array_append_new(predictions,
                              prediction_json(watched,
                                              lockgraph_prediction(watched->graph, i)));
    for (uint32_t i = 0; i < watched->ending_count; i++) {
        const struct graph_ending *ending = &watched->endings[i];
        json_array_append_new(findings,
                              json_pack("{s:s, s:s, s:s, s:I, s:I}", "subject",
                                        ending->subject->name, "verdict",
                                        verdict_name(ending->verdict), "signature", ending->hash,
                                        "first_schedule", (json_int_t)ending->first, "count",
                                        (json_int_t)ending->count));
    }
    output_add(object, json_pack("{s:o, s:o}", "predictions", predictions, "findings", findings));
}

static void print_json(const struct graph_options *options, const struct graph_watched *watched)
{
    const struct order *order = &watched->order;
    json_t *object = output_schema("graph"), *subjects = json_array(), *classes = json_array();
    json_t *edges = json_array();
    for (uint32_t i = 0; i < options->subject_count; i++)
        json_array_append_new(subjects, json_string(options->subjects[i]->name));
    for (uint32_t i = 0; i < order->classes.count; i++) {
        const struct order_class *class = &order->classes.items[i];
        json_array_append_new(classes, json_pack("{s:s, s:s, s:i}", "name", class->name, "kind",
                                                 class->is_state ? "state" : "lock", "layer",
                                                 (int)class->layer));
    }
    for (uint32_t i = 0; i < order->links.count; i++)
        json_array_append_new(edges, graph_link_json(order, &order->links.items[i]));
    output_add(object, json_pack("{s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "subjects", subjects,
                                 "seed", (json_int_t)options->seed, "runs",
                                 (json_int_t)watched->runs, "passed", (json_int_t)watched->passed,
                                 "cut_off", (json_int_t)watched->cut_off, "classes", classes,
                                 "edges", edges));
    graph_add_findings(object, watched);
    output_json(object);
}

void graph_print(const struct graph_options *options, const struct graph_watched *watched)
{
    if (options->format == GRAPH_JSON)
        print_json(options, watched);
    else
        print_text(options, watched);
}
