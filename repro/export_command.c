/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge export-c`: a finding as a C program that stands alone. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/output.h"
#include "repro/export/export_write.h"
#include "repro/reproducer/reproducer.h"

enum { RECORDS_FIRST = 1 << 15, RECORDS_MOST = 1 << 22, THREADS_MOST = 1 << 12 };

struct options {
    const char *path, *output;
    bool json;
};

static bool is_exported(enum verdict verdict)
{
    return verdict == VERDICT_DEADLOCK || verdict == VERDICT_SELF_DEADLOCK ||
           verdict == VERDICT_LIVELOCK;
}

static const char *why_not(enum verdict verdict)
{
    return verdict == VERDICT_OK            ? "it expects that nothing is found"
           : verdict_is_predicted(verdict)  ? "no run has ended in it yet"
           : verdict == VERDICT_LATE_WAKEUP ? "nobody waits for ever: only too long"
                                            : "no thread waits for another one in it";
}

/* Runs it with a log that has room for all. False: no memory. */
static bool run(const struct reproducer *reproducer, struct record_log *log,
                struct outcome *outcome)
{
    struct engine_options options = { .record_chains = true, .log = log };
    for (uint32_t room = RECORDS_FIRST; room <= RECORDS_MOST; room *= 2) {
        if (!record_log_reserve(log, room, THREADS_MOST))
            return false;
        reproducer_run(reproducer, &reproducer->plan, strategy_replay(), &options, outcome);
        if (log->lost == 0)
            return true;
    }
    return false;
}

/* "dir/x.repro", "x.c": "x"; what a shell would take apart becomes "_". */
static void program_name(const char *path, char name[NAME_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(name, NAME_MAX, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    for (char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.+", *c) == NULL)
            *c = '_';
}

static char *program_text(const struct options *options, const struct scene *scene)
{
    char name[NAME_MAX], origin[NAME_MAX], *text = NULL;
    size_t length;
    program_name(options->output != NULL ? options->output : options->path, name);
    const char *slash = strrchr(options->path, '/');
    snprintf(origin, sizeof origin, "%s", slash != NULL ? slash + 1 : options->path);
    FILE *out = open_memstream(&text, &length);
    check(out != NULL);
    export_write(out, scene, origin, name);
    check(fclose(out) == 0);
    return text;
}

static void print_json(const struct options *options, const struct scene *scene, const char *text)
{
    json_t *object = output_schema("export-c"), *threads = json_array();
    for (uint32_t i = 0; i < scene->actor_count; i++)
        json_array_append_new(threads, json_string(scene->actors[i].name));
    output_add(object, json_pack("{s:o, s:s, s:s, s:o, s:i, s:o, s:o}", "file",
                                 output_text(options->path), "verdict", verdict_name(scene->outcome->verdict), "signature",
                                 scene->outcome->signature_hash, "threads", threads, "steps",
                                 (int)scene->step_count, "program",
                                 output_text(options->output), "text",
                                 output_text(options->output != NULL ? NULL : text)));
    output_json(object);
}

static int write_program(const struct options *options, const struct scene *scene)
{
    char *text = program_text(options, scene);
    int code = EXIT_CLEAN;
    if (options->output != NULL && !file_write(options->output, text, strlen(text))) {
        fprintf(stderr, "wedge: cannot write %s: %s\n", options->output, strerror(errno));
        code = EXIT_BROKEN;
    } else if (options->json) {
        print_json(options, scene, text);
    } else if (options->output != NULL) {
        printf("written to %s\n", options->output);
    } else {
        fputs(text, stdout);
    }
    free(text);
    return code;
}

static int export_run(const struct options *options, const struct reproducer *reproducer,
                      struct record_log *log)
{
    static struct outcome outcome;
    static struct scene scene;
    char wrong[256];
    if (!run(reproducer, log, &outcome)) {
        fprintf(stderr, "wedge: no memory for what the run does\n");
        return EXIT_BROKEN;
    }
    if (!reproducer_matches(reproducer, &outcome)) {
        fprintf(stderr, "%s: nothing to export: not reproduced: %s\n", options->path,
                outcome.message);
        return EXIT_UNTESTED;
    }
    if (!scene_fill(&scene, reproducer->subject, &outcome, log, wrong, sizeof wrong)) {
        fprintf(stderr, "%s: this %s cannot be exported: %s\n", options->path,
                verdict_name(outcome.verdict), wrong);
        return EXIT_USAGE;
    }
    return write_program(options, &scene);
}

static int export_file(const struct options *options)
{
    static struct reproducer reproducer;
    struct reproducer_error error;
    struct record_log log = { .records = NULL };
    if (!reproducer_read(&reproducer, options->path, &error)) {
        output_bad_input(options->path, error.line, error.text);
        return EXIT_USAGE;
    }
    if (!is_exported(reproducer.verdict)) {
        fprintf(stderr, "%s: a deadlock, a self-deadlock or a livelock can be exported; this is "
                        "%s: %s\n",
                options->path, verdict_name(reproducer.verdict), why_not(reproducer.verdict));
        return EXIT_USAGE;
    }
    int code = export_run(options, &reproducer, &log);
    record_log_free(&log);
    return code;
}

static const struct argp_option option_rows[] = {
    { "output", 'o', "OUT.c", 0, "where to write it; to standard output unless said", 0 },
    { "json", 'J', NULL, 0, "one JSON line; with the program as `text` unless it is written", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'o':
        to->output = text;
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argument_file(state, text, &to->path);
        return 0;
    case ARGP_KEY_END:
        argument_file(state, NULL, &to->path);
        if (to->output != NULL && strcmp(to->output, to->path) == 0)
            argp_error(state, "--output: that is the reproducer");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "FILE",
    "Writes a C program that shows the deadlock, self-deadlock or livelock of a reproducer on real "
    "threads: one file, C11 and pthreads, only the steps that matter. It exits with 1 when its "
    "threads hang, and prints who waits for whom.\v"
    "examples:\n"
    "  wedge export-c deadlock-3f9a1c7e.repro -o deadlock.c\n"
    "  cc -std=c11 -pthread deadlock.c -o deadlock && ./deadlock",
    NULL, NULL, NULL
};

int command_export_c(int argc, char **argv)
{
    static struct options options;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return export_file(&options);
}
