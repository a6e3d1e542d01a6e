/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge graph`: runs a subject, and prints the lock order that the lock-order graph learned: which
 * class was taken while which other one was held, and the deadlocks that it predicts.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/lockgraph.h"
#include "fuzz/subjects.h"
#include "repro/argument.h"
#include "repro/command.h"
#include "repro/output.h"

enum format { FORMAT_TEXT, FORMAT_DOT, FORMAT_JSON };

struct options {
    const struct wedge_subject *subject;
    enum format format;
    uint64_t runs, seed;
};

/* --- runs --- */

struct watched {
    uint64_t passed, lost;
    bool incomplete;
};

static void watch(const struct options *options, struct lockgraph *graph, struct watched *watched)
{
    static struct plan plan;
    static struct outcome outcome;
    const struct wedge_subject *subject = options->subject;
    struct strategy *strategy = strategy_find("random");
    for (uint64_t i = 0; i < options->runs; i++) {
        struct prng prng = { options->seed + i };
        struct lesson lesson;
        plan = (struct plan){ .operation_count = 0 };
        subject_standard_settings(subject, &plan);
        subject->generate(&plan, &prng, 0);
        strategy_seed(options->seed + i);
        struct engine_options engine_options = { .log = lockgraph_log(graph, false) };
        engine_run(subject, &plan, strategy, &engine_options, &outcome);
        lockgraph_learn(graph, &outcome, &lesson);
        watched->passed += outcome.verdict == VERDICT_OK;
        watched->lost += lesson.short_of_log;
        watched->incomplete |= lesson.short_of_memory;
    }
}

/* --- what is printed --- */

static void print_text(const struct options *options, const struct lockgraph *graph,
                       const struct watched *watched)
{
    printf("%s: %" PRIu64 " runs watched, %" PRIu64 " passed\n\n", options->subject->name,
           options->runs, watched->passed);
    for (uint32_t i = 0; i < lockgraph_edge_count(graph); i++) {
        const struct order_edge *edge = lockgraph_edge(graph, i);
        printf("%s -> %s  %" PRIu64 " times in %" PRIu64 " runs; %s (%s:%" PRIu32
               ") after %s (%s:%" PRIu32 ")\n",
               edge->from, edge->to, edge->count, edge->runs, edge->wanted_at->function,
               edge->wanted_at->file, edge->wanted_at->line, edge->held_since->function,
               edge->held_since->file, edge->held_since->line);
    }
    uint32_t count = lockgraph_prediction_count(graph);
    printf("\n%" PRIu32 " predicted%s\n", count, count > 0 ? ":" : "");
    for (uint32_t i = 0; i < count; i++)
        prediction_print(stdout, lockgraph_prediction(graph, i));
}

static void print_dot(const struct options *options, const struct lockgraph *graph)
{
    printf("digraph \"%s\" {\n  rankdir=TB; node [shape=box, fontname=\"sans\"];\n",
           options->subject->name);
    for (uint32_t i = 0; i < lockgraph_edge_count(graph); i++)
        printf("  \"%s\" -> \"%s\";\n", lockgraph_edge(graph, i)->from,
               lockgraph_edge(graph, i)->to);
    puts("}");
}

static json_t *site_json(const struct hook_site *site)
{
    return json_pack("{s:s, s:s, s:i}", "function", site->function, "file", site->file, "line",
                     (int)site->line);
}

static void print_json(const struct options *options, const struct lockgraph *graph,
                       const struct watched *watched)
{
    json_t *object = output_schema("graph"), *edges = json_array(), *predictions = json_array();
    for (uint32_t i = 0; i < lockgraph_edge_count(graph); i++) {
        const struct order_edge *edge = lockgraph_edge(graph, i);
        json_array_append_new(edges, json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "from", edge->from,
                                               "to", edge->to, "count", (json_int_t)edge->count,
                                               "runs", (json_int_t)edge->runs, "held_since",
                                               site_json(edge->held_since), "wanted_at",
                                               site_json(edge->wanted_at)));
    }
    for (uint32_t i = 0; i < lockgraph_prediction_count(graph); i++) {
        const struct prediction *prediction = lockgraph_prediction(graph, i);
        json_array_append_new(predictions,
                              json_pack("{s:s, s:s, s:I, s:i}", "kind",
                                        prediction_kind_name(prediction->kind), "basis",
                                        prediction_basis_text(prediction->basis), "count",
                                        (json_int_t)prediction->count, "edges",
                                        (int)prediction->edges.count));
    }
    output_add(object, json_pack("{s:s, s:I, s:I, s:o, s:o}", "subject", options->subject->name,
                                 "runs", (json_int_t)options->runs, "passed",
                                 (json_int_t)watched->passed, "edges", edges, "predictions",
                                 predictions));
    output_json(object);
}

static const struct argp_option option_rows[] = {
    { "format", 'f', "FORMAT", 0, "text, dot or json", 0 },
    { "json", 'J', NULL, 0, "the same as --format json", 0 },
    { "runs", 'n', "N", 0, "how many runs to watch (100)", 0 },
    { "seed", 's', "N", 0, "of the first run (1)", 0 },
    { 0 },
};

static error_t parse_format(struct options *to, const char *text, struct argp_state *state)
{
    static const char *const formats[] = { "text", "dot", "json" };
    for (uint32_t i = 0; i < count_of(formats); i++) {
        if (strcmp(formats[i], text) == 0) {
            to->format = (enum format)i;
            return 0;
        }
    }
    argp_error(state, "--format: expected text, dot or json, found '%s'", text);
    return EINVAL;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'J':
        to->format = FORMAT_JSON;
        return 0;
    case 'f':
        return parse_format(to, text, state);
    case 'n':
        to->runs = argument_number(state, "runs", text, 1, UINT32_MAX);
        return 0;
    case 's':
        to->seed = argument_number(state, "seed", text, 0, UINT64_MAX);
        return 0;
    case ARGP_KEY_ARG:
        to->subject = subject_find(text);
        if (to->subject == NULL || state->arg_num > 0)
            argp_error(state, "no subject '%s' (see: wedge list)", text);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a subject (see: wedge list)");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "SUBJECT",
    "Watches runs of a subject and prints its lock order: which class of locks or states is taken "
    "while which other one is held, where, how often; and the deadlocks that are possible.\v"
    "Exit codes: 0 nothing predicted, 1 something.\n\n"
    "examples:\n"
    "  wedge graph timers\n"
    "  wedge graph abba --runs 1\n"
    "  wedge graph timers --format dot | dot -Tsvg -o order.svg",
    NULL, NULL, NULL
};

int command_graph(int argc, char **argv)
{
    static struct options options = { .runs = 100, .seed = 1 };
    struct watched watched = { .passed = 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct lockgraph *graph = lockgraph_new();
    if (graph == NULL) {
        fputs("wedge: no memory\n", stderr);
        return EXIT_BROKEN;
    }
    watch(&options, graph, &watched);
    if (watched.incomplete)
        fputs("wedge: memory ran out; not all was looked at\n", stderr);
    if (options.format == FORMAT_TEXT)
        print_text(&options, graph, &watched);
    else if (options.format == FORMAT_DOT)
        print_dot(&options, graph);
    else
        print_json(&options, graph, &watched);
    bool predicted = lockgraph_prediction_count(graph) > 0;
    lockgraph_free(graph);
    return predicted ? EXIT_FINDINGS : EXIT_CLEAN;
}
