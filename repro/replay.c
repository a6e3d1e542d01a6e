/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge replay`: runs reproducers again, strictly, and says how often each showed its finding. */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "repro/argument.h"
#include "repro/command.h"
#include "repro/output.h"
#include "repro/reproducer.h"

struct options {
    uint32_t tries;
    bool trace, json;
    char **paths;
    int path_count;
};

/* What became of one reproducer. */
struct tally {
    uint32_t shown;              /* strict replays that matched */
    struct outcome outcome;      /* of the first strict replay */
    bool loosely;                /* it diverged, and was run again skipping what does not fit */
    struct outcome loose;
};

struct replay {
    struct options options;
    struct reproducer reproducer;
    struct tally tally;
    uint32_t files;
    bool findings, bad_input;
};

/* --- running --- */

static void print_trace(const struct replay *replay, const char *path)
{
    uint32_t count;
    engine_trace(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (!replay->options.json) {
            engine_trace_print(stdout, i);
            continue;
        }
        char *line = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&line, &size);
        check(out != NULL);
        engine_trace_print(out, i);
        check(fclose(out) == 0);
        json_t *object = output_schema("trace");
        json_object_set_new(object, "file", json_string(path));
        json_object_set_new(object, "event", json_stringn(line, strcspn(line, "\n")));
        output_json(object);
        free(line);
    }
}

static void run(const struct reproducer *reproducer, struct strategy *strategy,
                struct outcome *outcome)
{
    struct engine_options options = { 0 };
    reproducer_run(reproducer, &reproducer->plan, strategy, &options, outcome);
}

static void run_tries(struct replay *replay, const char *path)
{
    static struct outcome outcome;
    struct tally *tally = &replay->tally;
    tally->shown = 0;
    for (uint32_t i = 0; i < replay->options.tries; i++) {
        run(&replay->reproducer, strategy_replay(), &outcome);
        tally->shown += reproducer_matches(&replay->reproducer, &outcome);
        if (i > 0)
            continue;
        tally->outcome = outcome;
        if (replay->options.trace)
            print_trace(replay, path);
    }
    tally->loosely = tally->outcome.verdict == VERDICT_DIVERGED;
    if (tally->loosely)
        run(&replay->reproducer, strategy_replay_lenient(), &tally->loose);
}

/* --- saying so --- */

static void print_divergence(const struct replay *replay)
{
    const struct plan *plan = &replay->reproducer.plan;
    uint32_t segment = replay->tally.outcome.diverged_segment;
    printf("diverged at segment %" PRIu32 " of %" PRIu32, segment + 1, plan->segment_count);
    if (segment < plan->segment_count) {
        fputs(" (", stdout);
        reproducer_print_segment(stdout, &plan->segments[segment]);
        putchar(')');
    }
    printf(": %s", replay->tally.outcome.message);
}

/* "completed"; "deadlock 3f9a1c7e: threads wait for each other" */
static void print_outcome(const struct outcome *outcome)
{
    if (verdict_is_finding(outcome->verdict))
        printf("%s %s: %s", verdict_name(outcome->verdict), outcome->signature_hash,
               outcome->message);
    else
        fputs(outcome->message, stdout);
}

static void print_tally(const struct replay *replay, const char *path)
{
    const struct tally *tally = &replay->tally;
    const struct reproducer *reproducer = &replay->reproducer;
    printf("%s: %" PRIu32 "/%" PRIu32 " %s%s%s", path, tally->shown, replay->options.tries,
           verdict_name(reproducer->verdict), reproducer->hash[0] != '\0' ? " " : "",
           reproducer->hash);
    if (tally->shown == replay->options.tries) {
        putchar('\n');
        return;
    }
    if (!tally->loosely) {
        fputs("; not reproduced: ", stdout);
        print_outcome(&tally->outcome);
    } else if (reproducer_matches(reproducer, &tally->loose)) {
        fputs("; ", stdout);
        print_divergence(replay);
        fputs("; shown when what does not fit is skipped", stdout);
    } else {
        fputs("; not reproduced: ", stdout);
        print_outcome(&tally->loose);
        fputs(" (", stdout);
        print_divergence(replay);
        putchar(')');
    }
    putchar('\n');
}

static json_t *tally_json(const struct replay *replay, const char *path)
{
    const struct tally *tally = &replay->tally;
    const struct reproducer *reproducer = &replay->reproducer;
    const struct outcome *outcome = tally->loosely ? &tally->loose : &tally->outcome;
    bool diverged = tally->outcome.verdict == VERDICT_DIVERGED;
    json_t *object = output_schema("replay");
    json_t *rest = json_pack(
        "{s:s, s:s, s:{s:s, s:s}, s:i, s:i, s:b, s:s, s:s, s:s, s:I, s:b, s:o, s:s?}", "file", path,
        "subject", reproducer->subject->name, "expected", "verdict",
        verdict_name(reproducer->verdict), "signature", reproducer->hash, "shown",
        (int)tally->shown, "tries", (int)replay->options.tries, "reproduced",
        (int)(tally->shown == replay->options.tries), "verdict", verdict_name(outcome->verdict),
        "signature", outcome->signature_hash, "message", outcome->message, "steps",
        (json_int_t)outcome->steps, "diverged", (int)diverged, "diverged_segment",
        diverged ? json_integer(tally->outcome.diverged_segment + 1) : json_null(),
        "diverged_because", diverged ? tally->outcome.message : NULL);
    output_add(object, rest);
    return object;
}

static void replay_file(struct replay *replay, const char *path)
{
    struct reproducer_error error;
    replay->files++;
    if (!reproducer_read(&replay->reproducer, path, &error)) {
        output_bad_input(path, error.line, error.text);
        replay->bad_input = true;
        return;
    }
    run_tries(replay, path);
    const struct tally *tally = &replay->tally;
    replay->findings = replay->findings || verdict_is_finding(tally->outcome.verdict) ||
                       (tally->loosely && verdict_is_finding(tally->loose.verdict));
    if (replay->options.json)
        output_json(tally_json(replay, path));
    else
        print_tally(replay, path);
}

/* --- files and folders --- */

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_reproducer(const char *name)
{
    size_t length = strlen(name), suffix = strlen(".repro");
    return length > suffix && strcmp(name + length - suffix, ".repro") == 0;
}

/* A file that is named is read whatever its name; in folders, what ends in .repro. */
static void replay_path(struct replay *replay, char *path)
{
    char *paths[] = { path, NULL };
    FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
    if (tree == NULL) {
        replay_file(replay, path); /* which says what is wrong with it */
        return;
    }
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP || entry->fts_info == FTS_DC)
            continue;
        if (entry->fts_level == 0 || is_reproducer(entry->fts_name))
            replay_file(replay, entry->fts_path);
    }
    fts_close(tree);
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "tries", 'n', "N", 0, "how many times to run each; 20", 0 },
    { "trace", 't', NULL, 0, "print every event of the first run", 0 },
    { "json", 'J', NULL, 0, "JSON lines", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'n':
        to->tries = (uint32_t)argument_number(state, "--tries", text, 1, 1000000);
        return 0;
    case 't':
        to->trace = true;
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARGS:
        to->paths = state->argv + state->next;
        to->path_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which FILE or DIR?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "FILE|DIR...",
    "Runs each reproducer again, exactly as written, and prints how often it showed its finding. "
    "In folders: all files that end in .repro.\v"
    "Exits with 1 if a finding shows, 0 if none does.\n\n"
    "examples:\n"
    "  wedge replay deadlock-3f9a1c7e.repro\n"
    "  wedge replay -n 100 corpus/bugs\n"
    "  wedge replay --trace deadlock-3f9a1c7e.repro | less",
    NULL, NULL, NULL
};

int command_replay(int argc, char **argv)
{
    static struct replay replay = { .options = { .tries = 20 } };
    argp_parse(&argp, argc, argv, 0, NULL, &replay.options);
    for (int i = 0; i < replay.options.path_count; i++)
        replay_path(&replay, replay.options.paths[i]);
    if (replay.bad_input)
        return EXIT_USAGE;
    if (replay.files == 0 || site_count() == 0) {
        fputs("wedge: nothing was tested: no file ends in .repro\n", stderr);
        return EXIT_UNTESTED;
    }
    return replay.findings ? EXIT_FINDINGS : EXIT_CLEAN;
}
