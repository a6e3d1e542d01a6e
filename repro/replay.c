/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge replay`: runs reproducers again, strictly, and says how often each showed its finding. */
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/folder.h"
#include "repro/base/output.h"
#include "repro/reproducer/tally.h"

struct options {
    uint32_t tries;
    bool trace, json, exact;
    char **paths;
    int path_count;
};

struct replay {
    struct options options;
    struct reproducer reproducer;
    struct tally tally;
    uint32_t files, untested;
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
        json_object_set_new(object, "file", output_text(path));
        json_object_set_new(object, "event", json_stringn(line, strcspn(line, "\n")));
        output_json(object);
        free(line);
    }
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
    struct tally *tally = &replay->tally;
    reproducer_print_stand_ins(stderr, &replay->reproducer, path);
    tally_begin(tally, &replay->reproducer);
    if (replay->options.trace)
        print_trace(replay, path);
    tally_finish(tally, &replay->reproducer, replay->options.tries);
    if (!replay->options.exact)
        tally_refit(tally, &replay->reproducer);
    replay->findings = replay->findings || tally_is_finding(tally);
    replay->untested += tally_is_untested(tally);
    if (replay->options.json) {
        output_json(tally_json(tally, "replay", path));
        return;
    }
    printf("%s: ", path);
    tally_print(stdout, tally);
    putchar('\n');
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "tries", 'n', "N", 0, "how many times to run each; 20", 0 },
    { "trace", 't', NULL, 0, "print every event of the first run", 0 },
    { "exact", 'x', NULL, 0, "do not look for a schedule that fits changed code", 0 },
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
    case 'x':
        to->exact = true;
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
    "If never, the code may have changed since: its program and faults are run with schedules that "
    "differ a little. In folders: all files that end in .repro.\v"
    "Exits with 1 if a finding shows, 0 if none does, 4 if all are races and this wedge sees "
    "none.\n\n"
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
    struct folder_files files = { .list = { .items = NULL } };
    for (int i = 0; i < replay.options.path_count; i++)
        check(folder_add(&files, replay.options.paths[i], folder_is_reproducer));
    for (uint32_t i = 0; i < files.list.count; i++)
        replay_file(&replay, files.list.items[i].path);
    folder_free(&files);
    if (replay.bad_input)
        return EXIT_USAGE;
    if (replay.files == 0 || site_count() == 0) {
        fputs("wedge: nothing was tested: no file ends in .repro\n", stderr);
        return EXIT_UNTESTED;
    }
    if (replay.untested == replay.files && !replay.findings)
        return EXIT_UNTESTED;
    return replay.findings ? EXIT_FINDINGS : EXIT_CLEAN;
}
