/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge triage`: which different findings lie in a folder, and how many of each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/check.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/folder.h"
#include "repro/base/output.h"
#include "repro/corpus/triage.h"
#include "repro/reproducer/reproducer.h"

struct options {
    bool json;
    struct folder_files files;
};

struct sum {
    uint32_t reproducers, unreadable, others; /* others: files that are no reproducers */
};

/* --- ages --- */

/* "3 days": the largest unit of which there is one. */
static const char *age_text(time_t now, time_t then, char text[32])
{
    static const struct {
        time_t seconds;
        const char *name;
    } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
    time_t age = now > then ? now - then : 0;
    uint32_t unit = 0;
    while (unit + 1 < count_of(units) && age < units[unit].seconds)
        unit++;
    int64_t count = (int64_t)(age / units[unit].seconds);
    snprintf(text, 32, "%" PRId64 " %s%s", count, units[unit].name, count == 1 ? "" : "s");
    return text;
}

static json_t *time_json(time_t time)
{
    char text[32];
    struct tm parts;
    if (gmtime_r(&time, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return json_null();
    return json_string(text);
}

/* --- reading --- */

/* A subject that this wedge lacks is no reason not to count a reproducer of it. */
static bool read_file(const char *path, struct heading *heading, struct reproducer_error *error)
{
    static struct reproducer reproducer;
    bool readable = reproducer_read(&reproducer, path, error);
    return heading_read(heading, path) && (readable || subject_find(heading->subject) == NULL);
}

static void take_file(struct triage *triage, const struct folder_file *file, struct sum *sum)
{
    struct reproducer_error error = { 0 };
    struct heading heading;
    struct stat status;
    if (!file->named && !folder_is_reproducer(strrchr(file->path, '/') + 1)) {
        sum->others++;
        return;
    }
    if (!read_file(file->path, &heading, &error) || stat(file->path, &status) != 0) {
        output_bad_input(file->path, error.line, error.text);
        sum->unreadable++;
        return;
    }
    struct triage_file seen = { file->path, (uint64_t)status.st_size, status.st_mtime };
    check(triage_add(triage, &heading, &seen));
    sum->reproducers++;
}

/* --- saying so --- */

static void print_cluster(const struct triage_cluster *cluster, time_t now)
{
    const struct heading *heading = &cluster->heading;
    char first[32], last[32];
    printf("%s%s%s in %s: %" PRIu32 " reproducer%s, ", heading->verdict,
           heading->hash[0] != '\0' ? " " : "", heading->hash, heading->subject, cluster->count,
           cluster->count == 1 ? "" : "s");
    age_text(now, cluster->first, first);
    age_text(now, cluster->last, last);
    if (strcmp(first, last) == 0)
        printf("written %s ago\n", first);
    else
        printf("first written %s ago, last %s ago\n", first, last);
    if (heading->note[0] != '\0')
        printf("  %s\n", heading->note);
    printf("  smallest: %s (%" PRIu32 " line%s)", cluster->smallest, heading->lines,
           heading->lines == 1 ? "" : "s");
    if (cluster->count > 1)
        printf("; %" PRIu32 " more show%s the same", cluster->count - 1,
               cluster->count == 2 ? "s" : "");
    putchar('\n');
}

static void print_cluster_json(const struct triage_cluster *cluster, time_t now)
{
    const struct heading *heading = &cluster->heading;
    json_t *object = output_schema("triage");
    output_add(object, json_pack("{s:o, s:s, s:s, s:o, s:i, s:o, s:I, s:o, s:I, s:o, s:i}",
                                 "subject", output_text(heading->subject), "verdict", heading->verdict,
                                 "signature", heading->hash, "note", output_text(heading->note),
                                 "count", (int)cluster->count, "first", time_json(cluster->first),
                                 "first_age_seconds", (json_int_t)(now - cluster->first), "last",
                                 time_json(cluster->last), "last_age_seconds",
                                 (json_int_t)(now - cluster->last), "smallest",
                                 output_text(cluster->smallest), "lines", (int)heading->lines));
    output_json(object);
}

static void print_sum(const struct triage *triage, const struct sum *sum, bool json)
{
    uint32_t clusters = triage->clusters.count;
    if (json) {
        json_t *object = output_schema("triage-sum");
        output_add(object, json_pack("{s:i, s:i, s:i, s:i}", "findings", (int)clusters,
                                     "reproducers", (int)sum->reproducers, "unreadable",
                                     (int)sum->unreadable, "other_files", (int)sum->others));
        output_json(object);
        return;
    }
    printf("%" PRIu32 " reproducer%s of %" PRIu32 " different finding%s", sum->reproducers,
           sum->reproducers == 1 ? "" : "s", clusters, clusters == 1 ? "" : "s");
    if (sum->unreadable > 0)
        printf("; %" PRIu32 " unreadable", sum->unreadable);
    if (sum->others > 0)
        printf("; %" PRIu32 " other file%s, passed over", sum->others,
               sum->others == 1 ? "" : "s");
    putchar('\n');
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "json", 'J', NULL, 0, "JSON lines; the last one is the sum", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        check(folder_add(&to->files, text, folder_is_visible));
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
    "Puts reproducers together that promise the same finding, and tells of each finding how many "
    "there are, how old they are, and which is the smallest. Runs nothing: wedge corpus verify "
    "does.\v"
    "Exits with 0, or with 2 if a file cannot be read, or with 4 if there is no reproducer.\n\n"
    "examples:\n"
    "  wedge triage out/found\n"
    "  wedge triage --json out/found | jq -r .smallest",
    NULL, NULL, NULL
};

int command_triage(int argc, char **argv)
{
    static struct options options;
    struct triage triage = { .clusters = { .items = NULL } };
    struct sum sum = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    for (uint32_t i = 0; i < options.files.list.count; i++)
        take_file(&triage, &options.files.list.items[i], &sum);
    triage_sort(&triage);
    time_t now = time(NULL); /* ages are what is asked for */
    for (uint32_t i = 0; i < triage.clusters.count; i++)
        if (options.json)
            print_cluster_json(&triage.clusters.items[i], now);
        else
            print_cluster(&triage.clusters.items[i], now);
    print_sum(&triage, &sum, options.json);
    free(triage.clusters.items);
    folder_free(&options.files);
    if (sum.unreadable > 0)
        return EXIT_USAGE;
    if (sum.reproducers > 0)
        return EXIT_CLEAN;
    fputs("wedge: no reproducer there: no file ends in .repro\n", stderr);
    return EXIT_UNTESTED;
}
