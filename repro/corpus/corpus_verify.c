/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge corpus verify`: do all reproducers still show what they promise? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/folder.h"
#include "repro/base/jobs.h"
#include "repro/base/junit.h"
#include "repro/base/output.h"
#include "repro/corpus/corpus.h"
#include "repro/reproducer/heading.h"
#include "repro/reproducer/tally.h"

enum { TRIES_STANDARD = 20, NOTE_MAX = 1200 };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT };
static const char *const format_names[] = { "text", "json", "junit" };

struct options {
    uint32_t tries, jobs;
    bool fixed; /* none is to show a finding any more */
    enum format format;
    struct folder_files files;
};

enum fate { FATE_DIED, FATE_UNREADABLE, FATE_NO_SUBJECT, FATE_UNWATCHED, FATE_RUN };

/* What became of one file; left by a child process. */
struct result {
    enum fate fate;
    struct reproducer_error error; /* FATE_UNREADABLE */
    char subject[32];              /* FATE_NO_SUBJECT */
    struct tally tally;            /* FATE_RUN; FATE_UNWATCHED: a race, and this build sees none */
};

struct verify {
    struct options options;
    struct result *results;
    int *died;
    uint32_t expected, unexpected, untested, unwatched, unreadable, dead;
};

/* --- in a child process --- */

static void verify_file(void *context, uint32_t item, void *to)
{
    static struct reproducer reproducer;
    const struct verify *verify = context;
    const char *path = verify->options.files.list.items[item].path;
    struct result *result = to;
    struct heading heading;
    if (reproducer_read(&reproducer, path, &result->error)) {
        tally_begin(&result->tally, &reproducer);
        tally_finish(&result->tally, &reproducer, verify->options.tries);
        result->fate = tally_is_untested(&result->tally) ? FATE_UNWATCHED : FATE_RUN;
    } else if (heading_read(&heading, path) && subject_find(heading.subject) == NULL) {
        memcpy(result->subject, heading.subject, sizeof result->subject);
        result->fate = FATE_NO_SUBJECT;
    } else {
        result->fate = FATE_UNREADABLE;
    }
}

/* --- judging and saying so --- */

static bool is_expected(const struct verify *verify, const struct tally *tally)
{
    return verify->options.fixed ? !tally_is_finding(tally) : tally_is_shown(tally);
}

/* In one line: what is to be said of it besides its path. */
static void describe(const struct verify *verify, uint32_t item, char note[NOTE_MAX])
{
    const struct result *result = &verify->results[item];
    FILE *out = fmemopen(note, NOTE_MAX, "w");
    check(out != NULL);
    if (result->fate == FATE_DIED && verify->died[item] > 0)
        fprintf(out, "the process that ran it died of signal %d", verify->died[item]);
    else if (result->fate == FATE_DIED)
        fprintf(out, "the process that ran it ended with %d", -verify->died[item]);
    else if (result->fate == FATE_UNREADABLE)
        fprintf(out, "%s:%" PRIu32 ": %s", verify->options.files.list.items[item].path,
                result->error.line, result->error.text);
    else if (result->fate == FATE_NO_SUBJECT)
        fprintf(out, "not tested: this wedge has no subject '%s'", result->subject);
    else
        tally_print(out, &result->tally);
    check(fclose(out) == 0);
    note[NOTE_MAX - 1] = '\0';
}

static void count(struct verify *verify)
{
    for (uint32_t i = 0; i < verify->options.files.list.count; i++) {
        const struct result *result = &verify->results[i];
        bool expected = result->fate == FATE_RUN && is_expected(verify, &result->tally);
        verify->dead += result->fate == FATE_DIED;
        verify->unreadable += result->fate == FATE_UNREADABLE;
        verify->untested += result->fate == FATE_NO_SUBJECT;
        verify->unwatched += result->fate == FATE_UNWATCHED;
        verify->expected += expected;
        verify->unexpected += result->fate == FATE_RUN && !expected;
    }
}

static void print_text(const struct verify *verify)
{
    char note[NOTE_MAX];
    for (uint32_t i = 0; i < verify->options.files.list.count; i++) {
        const struct result *result = &verify->results[i];
        describe(verify, i, note);
        if (result->fate == FATE_UNREADABLE)
            fprintf(stderr, "%s\n", note);
        else
            printf("%s: %s%s\n", verify->options.files.list.items[i].path, note,
                   result->fate == FATE_RUN && !is_expected(verify, &result->tally) ? "  UNEXPECTED"
                                                                                    : "");
    }
    printf("%" PRIu32 " reproducers: %" PRIu32 " as expected, %" PRIu32 " not, %" PRIu32
           " not tested\n", verify->options.files.list.count, verify->expected, verify->unexpected,
           verify->untested + verify->unwatched + verify->unreadable + verify->dead);
}

static void print_json(const struct verify *verify)
{
    static const char *const fates[] = { "died", "unreadable", "no-subject",
                                         "races-unwatched" };
    char note[NOTE_MAX];
    for (uint32_t i = 0; i < verify->options.files.list.count; i++) {
        const struct result *result = &verify->results[i];
        const char *path = verify->options.files.list.items[i].path;
        describe(verify, i, note);
        json_t *object;
        if (result->fate == FATE_RUN) {
            object = tally_json(&result->tally, "corpus-verify", path);
            output_add(object, json_pack("{s:b}", "expected_now",
                                         (int)is_expected(verify, &result->tally)));
        } else {
            object = output_schema("corpus-verify");
            output_add(object, json_pack("{s:o, s:s, s:o}", "file", output_text(path), "not_tested",
                                         fates[result->fate], "message", output_text(note)));
        }
        output_json(object);
    }
    json_t *sum = output_schema("corpus-verify-sum");
    output_add(sum, json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "files",
                              (int)verify->options.files.list.count, "as_expected",
                              (int)verify->expected, "not_as_expected", (int)verify->unexpected,
                              "no_subject", (int)verify->untested, "races_unwatched",
                              (int)verify->unwatched, "unreadable",
                              (int)verify->unreadable, "died", (int)verify->dead));
    output_json(sum);
}

static void fill_case(const struct verify *verify, uint32_t item, char note[NOTE_MAX],
                      char type[40], struct junit_case *one)
{
    const struct result *result = &verify->results[item];
    describe(verify, item, note);
    *one = (struct junit_case){ .path = verify->options.files.list.items[item].path,
                                .class_name = "unreadable", .result = JUNIT_ERROR, .type = type,
                                .message = note };
    snprintf(type, 40, "%s", result->fate == FATE_DIED ? "died" : "unreadable");
    if (result->fate == FATE_NO_SUBJECT) {
        one->class_name = result->subject;
        one->result = JUNIT_SKIPPED;
    }
    if (result->fate == FATE_UNWATCHED) {
        one->class_name = result->tally.subject->name;
        one->result = JUNIT_SKIPPED;
    }
    if (result->fate != FATE_RUN)
        return;
    one->class_name = result->tally.subject->name;
    one->result = is_expected(verify, &result->tally) ? JUNIT_PASSED : JUNIT_FAILED;
    snprintf(type, 40, "%s%s%s", verdict_name(result->tally.verdict),
             result->tally.hash[0] != '\0' ? " " : "", result->tally.hash);
}

static void print_junit(const struct verify *verify)
{
    uint32_t count = verify->options.files.list.count;
    struct junit_case *cases = calloc(count + 1, sizeof *cases);
    char(*notes)[NOTE_MAX] = calloc(count + 1, sizeof *notes);
    char(*types)[40] = calloc(count + 1, sizeof *types);
    check(cases != NULL && notes != NULL && types != NULL);
    for (uint32_t i = 0; i < count; i++)
        fill_case(verify, i, notes[i], types[i], &cases[i]);
    junit_print(stdout, "wedge corpus verify", cases, count);
    free(cases);
    free(notes);
    free(types);
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "tries", 'n', "N", 0, "how many times to run each; 20", 0 },
    { "jobs", 'j', "N", 0, "how many processes; as many as there are processors", 0 },
    { "fixed", 'F', NULL, 0, "their bugs were mended: none is to show a finding any more", 0 },
    { "format", 'f', "FORMAT", 0, "text, json or junit", 0 },
    { "json", 'J', NULL, 0, "JSON lines; the last one is the sum", 0 },
    { 0 },
};

static enum format parse_format(struct argp_state *state, const char *text)
{
    for (uint32_t i = 0; i < count_of(format_names); i++)
        if (strcmp(text, format_names[i]) == 0)
            return (enum format)i;
    argp_error(state, "--format: expected text, json or junit, found \"%s\"", text);
    return FORMAT_TEXT;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'n':
        to->tries = (uint32_t)argument_number(state, "--tries", text, 1, 1000000);
        return 0;
    case 'j':
        to->jobs = (uint32_t)argument_number(state, "--jobs", text, 1, JOBS_MAX);
        return 0;
    case 'F':
        to->fixed = true;
        return 0;
    case 'f':
        to->format = parse_format(state, text);
        return 0;
    case 'J':
        to->format = FORMAT_JSON;
        return 0;
    case ARGP_KEY_ARG:
        check(folder_add(&to->files, text, folder_is_reproducer));
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which DIR?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "DIR|FILE...",
    "Runs all reproducers below the folders (what ends in .repro), and says which of them no "
    "longer show what they promise, and what they show instead.\v"
    "Exits with 0 if all is as expected, 1 if not, 2 if a file cannot be read, 4 if there is "
    "nothing to run.\n\n"
    "examples:\n"
    "  wedge corpus verify reproducers\n"
    "  wedge corpus verify --fixed mended\n"
    "  wedge corpus verify --format junit reproducers >report.xml",
    NULL, NULL, NULL
};

static int exit_code(const struct verify *verify)
{
    if (verify->unreadable > 0)
        return EXIT_USAGE;
    if (verify->dead > 0)
        return EXIT_BROKEN;
    if (verify->unexpected > 0)
        return EXIT_FINDINGS;
    if (verify->expected > 0 && site_count() > 0)
        return EXIT_CLEAN;
    fputs("wedge: nothing was tested: no reproducer of a subject of this wedge\n", stderr);
    return EXIT_UNTESTED;
}

int corpus_verify(int argc, char **argv)
{
    static struct verify verify = { .options = { .tries = TRIES_STANDARD } };
    verify.options.jobs = jobs_standard();
    argp_parse(&argp, argc, argv, 0, NULL, &verify.options);
    uint32_t files = verify.options.files.list.count;
    verify.results = jobs_share(files * sizeof *verify.results);
    verify.died = calloc(files + 1, sizeof *verify.died);
    check(verify.died != NULL);
    struct jobs jobs = { .count = files, .processes = verify.options.jobs,
                         .what = "corpus verify", .work = verify_file, .context = &verify,
                         .results = verify.results, .result_size = sizeof *verify.results };
    if (verify.results == NULL || !jobs_run(&jobs, verify.died)) {
        perror("wedge: corpus verify");
        return EXIT_BROKEN;
    }
    count(&verify);
    if (verify.options.format == FORMAT_JUNIT)
        print_junit(&verify);
    else if (verify.options.format == FORMAT_JSON)
        print_json(&verify);
    else
        print_text(&verify);
    return exit_code(&verify);
}
