/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge hunt`: the command line, and what the exit code is. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/exhaustive.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/hunt/hunt_corpus.h"
#include "repro/hunt/hunt_exhaustive.h"
#include "repro/hunt/hunt_position.h"
#include "repro/hunt/hunt_process.h"
#include "repro/reproducer/program.h"

enum { PREEMPTIONS_STANDARD = 2 };

/* --- the command line --- */

static const struct argp_option options[] = {
    { "strategy", 's', "NAME", 0, "who picks the next thread (see: wedge list); portfolio", 0 },
    { "set", 'x', "NAME=VALUE", 0, "settings of the subject, with commas", 0 },
    { "faults", 'f', "LIST", 0, "all, none, or names; -NAME leaves one out; all", 0 },
    { "time", 't', "SECONDS", 0, "how long; 60; no end with --runs or exhaustive", 0 },
    { "runs", 'r', "N", 0, "how many schedules at most", 0 },
    { "seed", 'S', "N", 0, "another seed, other schedules; 1", 0 },
    { "jobs", 'j', "N", 0, "how many processes search; 1", 0 },
    { "output", 'o', "DIR", 0, "where reproducers go; the current folder", 0 },
    { "corpus", 'c', "DIR", 0, "keep there what is new; go on where it stopped", 0 },
    { "preemptions", 'p', "N", 0, "exhaustive: how many at most; 2", 0 },
    { "program", 'F', "FILE", 0, "only the program of that reproducer", 0 },
    { "keep-going", 'k', NULL, 0, "do not stop at the first finding; count each kind", 0 },
    { "shrink", 'R', "N", 0, "how many runs to spend on shrinking; 60000", 0 },
    { "no-prediction", 'P', NULL, 0, "do not predict deadlocks from runs that pass", 0 },
    { "json", 'J', NULL, 0, "JSON lines; the last one is the sum", 0 },
    { 0 },
};

static void check_exhaustive(struct argp_state *state, struct hunt_options *to)
{
    if (!to->exhaustive && to->preemptions_max != UINT32_MAX)
        argp_error(state, "--preemptions goes with --strategy exhaustive");
    if (to->exhaustive && to->jobs > 1)
        argp_error(state, "--strategy exhaustive searches with one process: leave out --jobs");
    if (to->exhaustive && to->corpus != NULL)
        argp_error(state, "--strategy exhaustive keeps nothing: leave out --corpus");
    if (to->preemptions_max == UINT32_MAX)
        to->preemptions_max = PREEMPTIONS_STANDARD;
}

static void take_strategy(struct argp_state *state, const char *name, struct hunt_options *to)
{
    to->exhaustive = strcmp(name, EXHAUSTIVE_NAME) == 0;
    to->strategy = strategy_find(name);
    if (to->strategy == NULL && !to->exhaustive)
        argp_error(state, "no strategy '%s' (see: wedge list)", name);
}

static void take_subject(struct argp_state *state, const char *name, struct hunt_options *to)
{
    if (to->subject != NULL)
        argp_error(state, "one SUBJECT at a time, found '%s', too", name);
    to->subject = subject_find(name);
    if (to->subject == NULL)
        argp_error(state, "no subject '%s' (see: wedge list)", name);
}

static void take_settings(struct argp_state *state, char *text)
{
    if (state->hook != NULL)
        argp_error(state, "--set is said once: NAME=VALUE,NAME=VALUE");
    state->hook = text; /* until the subject is known */
}

static void take_end(struct argp_state *state, struct hunt_options *to)
{
    if (to->subject == NULL)
        argp_error(state, "which SUBJECT? (see: wedge list)");
    if (state->hook != NULL)
        argument_settings(state, to->subject, state->hook, &to->settings);
    check_exhaustive(state, to);
}

/* How much of what. */
static error_t parse_number(int key, char *text, struct argp_state *state)
{
    struct hunt_options *to = state->input;
    switch (key) {
    case 't': to->seconds_max = argument_seconds(state, "--time", text); return 0;
    case 'r': to->runs_max = argument_number(state, "--runs", text, 0, UINT64_MAX); return 0;
    case 'S': to->seed = argument_number(state, "--seed", text, 0, INT64_MAX); return 0;
    case 'j':
        to->jobs = (uint32_t)argument_number(state, "--jobs", text, 1, HUNT_JOBS_MAX);
        return 0;
    case 'p':
        to->preemptions_max = (uint32_t)argument_number(state, "--preemptions", text, 0, 1000);
        return 0;
    case 'R':
        to->shrink_runs = (uint32_t)argument_number(state, "--shrink", text, 0, 1000000000);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct hunt_options *to = state->input;
    switch (key) {
    case 's': take_strategy(state, text, to); return 0;
    case 'f': to->faults = argument_faults(state, text); return 0;
    case 'x': take_settings(state, text); return 0;
    case 'o': to->folder = text; return 0;
    case 'c': to->corpus = text; return 0;
    case 'F': to->program_path = text; return 0;
    case 'k': to->keep_going = true; return 0;
    case 'P': to->no_prediction = true; return 0;
    case 'J': to->json = true; return 0;
    case ARGP_KEY_ARG: take_subject(state, text, to); return 0;
    case ARGP_KEY_END: take_end(state, to); return 0;
    default: return parse_number(key, text, state);
    }
}

static const struct argp argp = {
    options, parse_option, "SUBJECT",
    "Searches schedules and faults until one shows a finding; shrinks it, writes a reproducer and "
    "reports it. The same seed and number of jobs find the same.\v"
    "examples:\n"
    "  wedge hunt timers --time 10\n"
    "  wedge hunt reorder --set threads=10 --strategy pct --runs 1000 -o out\n"
    "  wedge hunt timers --faults=-clock,-cas --keep-going --json\n"
    "  wedge hunt timers --strategy exhaustive --preemptions 1",
    NULL, NULL, NULL
};

/* False: it cannot be read, or is another subject's; that has been said. */
static bool take_program(struct hunt_options *to)
{
    static struct reproducer program;
    char wrong[512];
    if (to->program_path == NULL)
        return true;
    if (!program_read(&program, to->program_path, to->subject, wrong, sizeof wrong)) {
        fprintf(stderr, "%s\n", wrong);
        return false;
    }
    to->program = &program.plan;
    return true;
}

/* False: it cannot be read; that has been said. */
static bool take_corpus(struct hunt_options *to)
{
    uint32_t strange;
    if (to->corpus == NULL)
        return true;
    if (!corpus_open(to->corpus, &strange)) {
        fprintf(stderr, "wedge: cannot use %s as a corpus: %s\n", to->corpus,
                strerror(errno));
        return false;
    }
    if (!position_read(to, &to->first))
        return false;
    if (to->runs_max != UINT64_MAX)
        to->runs_max += to->first;
    fprintf(stderr, "wedge: %s has %" PRIu32 " plans", to->corpus, corpus_size());
    if (strange > 0)
        fprintf(stderr, "; %" PRIu32 " files are none, and stay as they are", strange);
    if (to->first > 0)
        fprintf(stderr, "; this hunt goes on after %" PRIu64 " schedules", to->first);
    fputs("\n", stderr);
    return true;
}

static int sum_up(struct hunt *hunt)
{
    struct totals totals = board_totals(hunt->board, hunt->options.jobs);
    progress_clear(&hunt->progress);
    board_sum(hunt->board, &hunt->results, hunt->seconds);
    if (hunt->broken || hunt->results.unwritten)
        return EXIT_BROKEN;
    if (hunt->results.count > 0)
        return EXIT_FINDINGS;
    if (hunt_interrupted)
        return EXIT_INTERRUPT;
    if (totals.runs > 0 && totals.steps > 0)
        return EXIT_CLEAN;
    fputs("wedge: nothing was tested: no schedule reached a hook point\n", stderr);
    return EXIT_UNTESTED;
}

int command_hunt(int argc, char **argv)
{
    static struct hunt hunt = { .options = { .folder = ".", .seed = 1, .runs_max = UINT64_MAX,
                                             .seconds_max = 0, .faults = FAULTS_ALL, .jobs = 1,
                                             .shrink_runs = HUNT_SHRINK_STANDARD,
                                             .preemptions_max = UINT32_MAX } };
    hunt.results = (struct results){ .options = &hunt.options, .progress = &hunt.progress };
    hunt.options.strategy = strategy_find("portfolio");
    argp_parse(&argp, argc, argv, 0, NULL, &hunt.options);
    if (!take_program(&hunt.options))
        return EXIT_USAGE;
    if (hunt.options.seconds_max == 0)
        hunt.options.seconds_max =
            hunt.options.runs_max == UINT64_MAX && !hunt.options.exhaustive ? 60 : 1e12;
    if (site_count() == 0) {
        fputs("wedge: nothing can be tested: this build has no hook points\n", stderr);
        return EXIT_UNTESTED;
    }
    if (!take_corpus(&hunt.options))
        return EXIT_USAGE;
    hunt_take_signals();
    progress_begin(&hunt.progress);
    if (hunt.options.exhaustive)
        return hunt_exhaustively(&hunt.results, &hunt_interrupted);
    hunt.board = board_new(hunt.options.jobs);
    if (hunt.board == NULL) {
        perror("wedge: mmap");
        return EXIT_BROKEN;
    }
    hunt_search_all(&hunt);
    return sum_up(&hunt);
}
