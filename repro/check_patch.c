/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge check-patch`: what a patch does to deadlocks and to the lock order, by the command line;
 * and what is left of it when it is done.
 */
#include "repro/patch/check_patch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/output.h"
#include "repro/patch/patch_git.h"
#include "repro/patch/sarif.h"
#include "repro/reproducer/reproducer.h"

#define BUILD_STANDARD "ninja out/wedge"

enum { OPTION_SINCE = 0x100, OPTION_OVER, OPTION_ALLOW, OPTION_CACHE, OPTION_BUILD, OPTION_RUNS,
       OPTION_WATCH };

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "since", OPTION_SINCE, "REV", 0, "no PATCH: commits since REV; or REV..TIP", 0 },
    { "base", 'b', "REV", 0, "what the patch is for; HEAD", 0 },
    { "over", OPTION_OVER, "FILE", 0, "a patch that the base has, too", 0 },
    { "reverse", 'R', NULL, 0, "the patch backwards", 0 },
    { "must-fix", 'm', "BUG", 0, "what has to be gone: a bug's name, or a FILE", 0 },
    { "subject", 's', "NAME", 0, "what to hunt; what stored reproducers are of", 0 },
    { "time", 't', "SECONDS", 0, "of the hunt on each side; 3", 0 },
    { "runs", OPTION_RUNS, "N", 0, "schedules of the hunt at most", 0 },
    { "watch", OPTION_WATCH, "N", 0, "runs of which the lock order is learned; 10000", 0 },
    { "seed", 'S', "N", 0, "of both sides; 1", 0 },
    { "tries", 'n', "N", 0, "how often to replay a finding; 20", 0 },
    { "output", 'o', "DIR", 0, "where reproducers of new findings go; the cache", 0 },
    { "cache", OPTION_CACHE, "DIR", 0, "where trees are built; ~/.cache/wedge/check-patch", 0 },
    { "build", OPTION_BUILD, "COMMAND", 0, "what makes out/wedge; " BUILD_STANDARD, 0 },
    { "allow-build-changes", OPTION_ALLOW, NULL, 0, "take changes of the build and the judges", 0 },
    { "format", 'f', "FORMAT", 0, "text, json, sarif, junit or github", 0 },
    { "json", 'J', NULL, 0, "the same as --format json", 0 },
    { 0 },
};

static void parse_format(struct check_options *to, const char *text, struct argp_state *state)
{
    static const char *const formats[] = { "text", "json", "sarif", "junit", "github" };
    for (uint32_t i = 0; i < count_of(formats); i++) {
        if (strcmp(formats[i], text) == 0) {
            to->format = (enum check_format)i;
            return;
        }
    }
    argp_error(state, "--format: expected text, json, sarif, junit or github, found \"%s\"", text);
}

static void parse_list(const char **list, uint32_t *count, uint32_t max, const char *text,
                       struct argp_state *state)
{
    if (*count == max)
        argp_error(state, "expected at most %u of them, found '%s', too", (unsigned)max, text);
    list[(*count)++] = text;
}

static void parse_end(struct check_options *to, struct argp_state *state)
{
    if ((to->patch != NULL) == (to->since != NULL))
        argp_error(state, "expected one PATCH, or --since REV");
    if (to->since != NULL && (to->trees.base != NULL || to->trees.over != NULL ||
                              to->trees.reverse))
        argp_error(state, "--since says what the base is: leave out --base, --over and --reverse");
    if (to->trees.base == NULL)
        to->trees.base = "HEAD";
}

static error_t parse_tree_option(int key, char *text, struct check_options *to)
{
    switch (key) {
    case 'b':
        to->trees.base = text;
        return 0;
    case 'R':
        to->trees.reverse = true;
        return 0;
    case OPTION_SINCE:
        to->since = text;
        return 0;
    case OPTION_OVER:
        to->trees.over = text;
        return 0;
    case OPTION_ALLOW:
        to->trees.anything = true;
        return 0;
    case OPTION_CACHE:
        to->trees.cache = text;
        return 0;
    case OPTION_BUILD:
        to->trees.build = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct check_options *to = state->input;
    switch (key) {
    case 'm':
        parse_list(to->must_fix, &to->must_fix_count, CHECK_MUST_FIX_MAX, text, state);
        return 0;
    case 's':
        parse_list(to->subjects, &to->subject_count, CHECK_SUBJECTS_MAX, text, state);
        return 0;
    case 't':
        to->seconds = argument_seconds(state, "--time", text);
        return 0;
    case OPTION_RUNS:
        to->runs = argument_number(state, "--runs", text, 1, INT64_MAX);
        return 0;
    case OPTION_WATCH:
        to->graph_runs = argument_number(state, "--watch", text, 1, INT64_MAX);
        return 0;
    case 'S':
        to->seed = argument_number(state, "--seed", text, 0, INT64_MAX);
        return 0;
    case 'n':
        to->tries = (uint32_t)argument_number(state, "--tries", text, 1, 10000);
        return 0;
    case 'o':
        to->folder = text;
        return 0;
    case 'f':
        parse_format(to, text, state);
        return 0;
    case 'J':
        to->format = CHECK_JSON;
        return 0;
    case ARGP_KEY_ARG:
        if (to->patch != NULL)
            argp_error(state, "one PATCH at a time, found '%s', too", text);
        to->patch = text;
        return 0;
    case ARGP_KEY_END:
        parse_end(to, state);
        return 0;
    default:
        return parse_tree_option(key, text, to);
    }
}

static const struct argp argp = {
    option_rows, parse_option, "PATCH|-\n--since REV",
    "Builds the base and the patched tree beside yours, runs both alike, and says of each finding "
    "whether the patch fixes it, brings it, or leaves it.\v"
    "Exits with 1: new or not fixed, 2: refused, 3: not built, 4: nothing tested.\n\n"
    "examples:\n"
    "  wedge check-patch fix.patch --must-fix go-38070\n"
    "  git format-patch --stdout main | wedge check-patch - --base main\n"
    "  wedge check-patch --since origin/main --format github",
    NULL, NULL, NULL
};

/* --- what to compare --- */

/* REV or REV..TIP: what came after where both parted, up to TIP. */
static int take_since(struct check *check)
{
    static char base[96], tip[256];
    char revision[256];
    struct trees *trees = &check->trees;
    const char *since = check->options.since, *dots = strstr(since, "..");
    size_t length = dots != NULL ? (size_t)(dots - since) : strlen(since);
    snprintf(revision, sizeof revision, "%.*s", (int)length, since);
    snprintf(tip, sizeof tip, "%s", dots != NULL ? dots + strspn(dots, ".") : "HEAD");
    if (tip[0] == '\0')
        snprintf(tip, sizeof tip, "HEAD");
    if (!git_line(trees, NULL, base, sizeof base, "merge-base", "--", revision, tip))
        snprintf(base, sizeof base, "%.90s", revision); /* a shallow clone, or no such revision */
    check->options.trees.base = base;
    check->options.trees.tip = tip;
    return EXIT_CLEAN;
}

static int take_patch(struct check *check)
{
    static struct patch patch;
    struct patch_error error;
    if (check->options.since != NULL)
        return take_since(check);
    check->options.trees.patch = &patch;
    if (patch_read(&patch, check->options.patch, &error))
        return EXIT_CLEAN;
    snprintf(check->trees.error, sizeof check->trees.error, "%.300s: %s", patch.name, error.text);
    return EXIT_USAGE;
}

/* Both trees, built. */
static int prepare(struct check *check)
{
    struct trees *trees = &check->trees;
    int code = trees_open(trees, &check->options.trees);
    if (code == EXIT_CLEAN)
        code = take_patch(check);
    if (code == EXIT_CLEAN)
        code = trees_make(trees, &check->options.trees);
    if (code == EXIT_CLEAN && !trees->tested) {
        snprintf(trees->error, sizeof trees->error, trees->files == 0
                     ? "nothing was tested: both sides are the same"
                     : "nothing was tested: only text for people differs");
        return EXIT_UNTESTED;
    }
    return code == EXIT_CLEAN ? trees_build(trees) : code;
}

/* --- what is left of it --- */

/* Reproducers are in the scratch folder, which the next check empties. */
static bool keep(struct check_finding *finding, const char *folder)
{
    char path[PATH_MAX];
    enum side side = finding->seen[SIDE_PATCHED].seen ? SIDE_PATCHED : SIDE_BASE;
    const char *from = finding->seen[side].reproducer;
    size_t size;
    if (from[0] == '\0' || !check_counts_against(finding))
        return true;
    if (snprintf(path, sizeof path, "%s/%s-%s.repro", folder, finding->verdict, finding->hash) >=
        (int)sizeof path)
        return false;
    char *text = file_read(from, REPRODUCER_SIZE_MAX, &size);
    bool done = text != NULL && strspn(finding->verdict, "abcdefghijklmnopqrstuvwxyz-") ==
                                    strlen(finding->verdict) &&
                file_write(path, text, size);
    free(text);
    if (done)
        snprintf(finding->kept, sizeof finding->kept, "%s", path);
    return done;
}

static bool keep_all(struct check *check)
{
    char folder[PATH_MAX + 16];
    if (check->options.folder != NULL)
        snprintf(folder, sizeof folder, "%s", check->options.folder);
    else
        snprintf(folder, sizeof folder, "%s/found", check->trees.cache);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "wedge: cannot use %s: %s\n", folder, strerror(errno));
        return false;
    }
    bool done = true;
    for (uint32_t i = 0; i < check->findings.count; i++)
        done = keep(&check->findings.items[i], folder) && done;
    if (!done)
        fprintf(stderr, "wedge: cannot write a reproducer to %s: %s\n", folder, strerror(errno));
    return done;
}

static void print(struct check *check, int code)
{
    switch (check->options.format) {
    case CHECK_TEXT:
        check_print_text(check, stdout);
        break;
    case CHECK_JSON:
        check_print_json(check);
        break;
    case CHECK_SARIF:
        output_json(sarif_log(check, code));
        break;
    case CHECK_JUNIT:
        check_print_junit(check);
        break;
    case CHECK_GITHUB:
        check_print_github(check);
        break;
    }
}

static void forget(struct check *check)
{
    for (uint32_t i = 0; i < check->findings.count; i++)
        json_decref(check->findings.items[i].story);
    for (uint32_t i = 0; i < check->edges.count; i++)
        json_decref(check->edges.items[i].cycle);
    for (enum side side = 0; side < SIDES; side++)
        for (uint32_t i = 0; i < CHECK_SUBJECTS_MAX; i++)
            json_decref(check->graphs[side][i]);
    free(check->findings.items);
    free(check->edges.items);
    free(check->files.items);
    if (check->options.trees.patch != NULL)
        patch_free(check->options.trees.patch);
}

int command_check_patch(int argc, char **argv)
{
    static struct check check = { .options = { .seconds = 3, .graph_runs = 10000, .seed = 1,
                                               .tries = 20, .format = CHECK_TEXT,
                                               .trees = { .build = BUILD_STANDARD } } };
    argp_parse(&argp, argc, argv, 0, NULL, &check.options);
    progress_begin(&check.progress);
    int code = prepare(&check);
    if (code != EXIT_CLEAN) {
        fprintf(stderr, "wedge: %s\n", check.trees.error);
    } else {
        code = check_stages(&check);
        check.seconds = progress_seconds(&check.progress);
        progress_clear(&check.progress);
        if (code != EXIT_USAGE && !keep_all(&check))
            code = EXIT_BROKEN;
        if (code != EXIT_USAGE)
            print(&check, code);
        if (code == EXIT_UNTESTED)
            fputs("wedge: nothing was tested\n", stderr);
    }
    forget(&check);
    trees_close(&check.trees);
    return code;
}
