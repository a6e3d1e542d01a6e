/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge graph`: watches runs, and tells the lock order that they keep: which class is taken while
 * which other one is held, and the deadlocks that are possible. As text, JSON or a picture; or
 * compared with the golden order, a file that people review.
 */
#include "repro/order/graph.h"

#include <argp.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"

enum { OPTION_PRUNE = 0x100 };

static const struct argp_option option_rows[] = {
    { "format", 'f', "FORMAT", 0, "text, dot, svg or json", 0 },
    { "json", 'J', NULL, 0, "the same as --format json", 0 },
    { "check", 'c', "FILE", 0, "exit 1 if this golden order lacks what is seen", 0 },
    { "update", 'u', "FILE", 0, "add what is seen to this golden order", 0 },
    { "prune", OPTION_PRUNE, NULL, 0, "and drop what is not seen", 0 },
    { "diff", 'd', "FILE", 0, "compare with the golden order named next; nothing is run", 0 },
    { "runs", 'r', "N", 0, "how many runs of each subject to watch (10000)", 0 },
    { "time", 't', "SEC", 0, "for how long to watch; then no limit on runs", 0 },
    { "seed", 'S', "N", 0, "the runs are those of a hunt with that seed (1)", 0 },
    { 0 },
};

static void parse_format(struct graph_options *to, const char *text, struct argp_state *state)
{
    static const char *const formats[] = { "text", "dot", "svg", "json" };
    for (uint32_t i = 0; i < count_of(formats); i++) {
        if (strcmp(formats[i], text) == 0) {
            to->format = (enum graph_format)i;
            return;
        }
    }
    argp_error(state, "--format: expected text, dot, svg or json, found \"%s\"", text);
}

static void parse_argument(struct graph_options *to, char *text, struct argp_state *state)
{
    if (to->diff[0] != NULL && to->diff[1] == NULL) {
        to->diff[1] = text;
        return;
    }
    if (to->subject_count == GRAPH_SUBJECTS_MAX)
        argp_error(state, "expected at most %d subjects", GRAPH_SUBJECTS_MAX);
    const struct wedge_subject *subject = subject_find(text);
    if (subject == NULL)
        argp_error(state, "no subject '%s' (see: wedge list)", text);
    to->subjects[to->subject_count++] = subject;
}

/* What goes with what. */
static void parse_end(struct graph_options *to, struct argp_state *state)
{
    bool is_picture = to->format == GRAPH_DOT || to->format == GRAPH_SVG;
    uint32_t files = (to->check != NULL) + (to->update != NULL) + (to->diff[0] != NULL);
    if (files > 1)
        argp_error(state, "one of --check, --update and --diff at a time");
    if (files > 0 && is_picture)
        argp_error(state, "--check, --update and --diff: text or json");
    if (to->prune && to->update == NULL)
        argp_error(state, "--prune goes with --update");
    if (to->diff[0] != NULL && to->diff[1] == NULL)
        argp_error(state, "--diff: expected two files");
    if (to->diff[0] != NULL && to->subject_count > 0)
        argp_error(state, "--diff: expected two files and nothing else");
    if (to->diff[0] == NULL && to->subject_count == 0)
        argp_error(state, "expected a subject (see: wedge list)");
    if (to->runs_max == 0)
        to->runs_max = to->seconds_max > 0 ? UINT64_MAX : GRAPH_RUNS_STANDARD;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct graph_options *to = state->input;
    switch (key) {
    case 'J':
        to->format = GRAPH_JSON;
        return 0;
    case 'f':
        parse_format(to, text, state);
        return 0;
    case 'c':
        to->check = text;
        return 0;
    case 'u':
        to->update = text;
        return 0;
    case 'd':
        to->diff[0] = text;
        return 0;
    case OPTION_PRUNE:
        to->prune = true;
        return 0;
    case 'r':
        to->runs_max = argument_number(state, "--runs", text, 1, INT64_MAX);
        return 0;
    case 't':
        to->seconds_max = argument_seconds(state, "--time", text);
        return 0;
    case 'S':
        to->seed = argument_number(state, "--seed", text, 0, INT64_MAX);
        return 0;
    case ARGP_KEY_ARG:
        parse_argument(to, text, state);
        return 0;
    case ARGP_KEY_END:
        parse_end(to, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "SUBJECT...\n--diff FILE FILE",
    "Watches runs and prints the lock order that they keep: which class of locks or states is "
    "taken while which other one is held, and the deadlocks that are possible.\v"
    "Exit code 1: a deadlock was predicted or seen; or --check or --diff found a difference.\n\n"
    "examples:\n"
    "  wedge graph abba --runs 1\n"
    "  wedge graph timers --format svg >order.svg\n"
    "  wedge graph timers --check corpus/lock-order.txt",
    NULL, NULL, NULL
};

static int tell(const struct graph_options *options, const struct graph_watched *watched,
                struct order *golden)
{
    if (watched->short_of_memory)
        fputs("wedge: memory ran out; not all was looked at\n", stderr);
    if (options->check != NULL)
        return graph_check(options, watched, golden);
    if (options->update != NULL)
        return graph_update(options, watched, golden);
    if (options->format == GRAPH_DOT || options->format == GRAPH_SVG)
        return graph_draw(options, watched);
    graph_print(options, watched);
    return graph_exit_code(watched);
}

/* A file that is wrong is said before time is spent on runs. */
static bool read_golden(const struct graph_options *options, struct order *golden)
{
    if (options->check != NULL)
        return graph_read_golden(options->check, false, golden);
    return options->update == NULL || graph_read_golden(options->update, true, golden);
}

int command_graph(int argc, char **argv)
{
    static struct graph_options options = { .seed = 1 };
    static struct graph_watched watched;
    struct order golden = { .header = NULL };
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (options.diff[0] != NULL)
        return graph_diff(&options);
    if (site_count() == 0) {
        fputs("wedge: nothing can be tested: this build has no hook points\n", stderr);
        return EXIT_UNTESTED;
    }
    int code = EXIT_USAGE;
    if (read_golden(&options, &golden)) {
        code = graph_watch(&options, &watched) ? tell(&options, &watched, &golden) : EXIT_BROKEN;
        graph_forget(&watched);
    }
    order_free(&golden);
    return code;
}
