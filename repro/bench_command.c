/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge bench`: which workloads, what of each, and in what order it is told. */
#include <inttypes.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/progress.h"
#include "repro/bench/bench.h"

enum { WORKLOADS_MAX = 64 };

/* What is measured if nothing else is asked for. */
static const char *const fast[] = {
    "counter", "mutexes", "queue", "stack", "timers",
    /* does a step cost the same in long runs, and among many threads? */
    "counter:additions=5", "counter:additions=50", "counter:additions=500",
    "counter:additions=5000", "counter:threads=16", "counter:threads=64", "counter:threads=255",
};
static const char *const broken[] = {
    "mutexes-crossed", "stack", "reorder:threads=3", "reorder:threads=10", "reorder:threads=100",
    "laggard:threads=3", "laggard:threads=10", "laggard:threads=100",
};

struct options {
    const char *names[WORKLOADS_MAX];
    uint32_t name_count, seeds;
    uint64_t runs_max;
    double seconds;
    struct bench_way way;
    bool one_way, speed, findings, json;
    struct progress progress;
};

static void tell(struct options *options, const char *what, const char *workload, const char *way)
{
    if (!progress_is_due(&options->progress, progress_seconds(&options->progress)))
        return;
    char text[128];
    snprintf(text, sizeof text, "%s: %s, %s", what, workload, way);
    progress_print(&options->progress, text);
}

static int could_not(struct options *options, const struct bench_workload *workload)
{
    progress_clear(&options->progress);
    fprintf(stderr, "wedge: %s: the process that measures it could not be started, or died\n",
            workload->name);
    return EXIT_BROKEN;
}

/* The names were checked before. */
static struct bench_workload workload_of(const char *name)
{
    struct bench_workload workload;
    char wrong[256];
    check(bench_workload_read(&workload, name, wrong, sizeof wrong));
    return workload;
}

static int tell_speeds(struct options *options, const char *const *names, uint32_t count)
{
    bench_print_speed_head(options->json, &options->way);
    for (uint32_t i = 0; i < count; i++) {
        struct bench_workload workload = workload_of(names[i]);
        struct bench_speed speed;
        tell(options, "speed", names[i], options->way.name);
        if (!bench_speed(&workload, &options->way, options->seconds, &speed))
            return could_not(options, &workload);
        progress_clear(&options->progress);
        bench_print_speed(options->json, &workload, &options->way, &speed);
        fflush(stdout);
    }
    return EXIT_CLEAN;
}

static int tell_search(struct options *options, const struct bench_workload *workload,
                       const struct bench_way *way)
{
    static struct bench_search by_seed[BENCH_SEEDS_MAX], sorted[BENCH_SEEDS_MAX];
    struct bench_distribution distribution;
    for (uint32_t seed = 1; seed <= options->seeds; seed++) {
        tell(options, "first finding", workload->name, way->name);
        if (!bench_search(workload, way, seed, options->runs_max, &by_seed[seed - 1]))
            return could_not(options, workload);
    }
    memcpy(sorted, by_seed, options->seeds * sizeof *sorted);
    bench_distribute(sorted, options->seeds, options->runs_max, &distribution);
    progress_clear(&options->progress);
    bench_print_search(options->json, workload, way, options->runs_max, by_seed, &distribution);
    fflush(stdout);
    return EXIT_CLEAN;
}

static int tell_searches(struct options *options, const char *const *names, uint32_t count)
{
    int code = EXIT_CLEAN;
    bench_print_search_head(options->json, options->seeds, options->runs_max);
    for (uint32_t i = 0; i < count && code == EXIT_CLEAN; i++) {
        struct bench_workload workload = workload_of(names[i]);
        for (uint32_t j = 0; j < bench_way_count() && code == EXIT_CLEAN; j++) {
            struct bench_way way = bench_way_at(j);
            if (!options->one_way || strcmp(way.name, options->way.name) == 0)
                code = tell_search(options, &workload, &way);
        }
    }
    return code;
}

/* Of those that were named, what has a finding to come to; all, if findings were asked for. */
static uint32_t pick_broken(const struct options *options, const char *names[WORKLOADS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < options->name_count; i++) {
        const struct wedge_subject *subject = workload_of(options->names[i]).subject;
        if (!options->speed || subject_expects(subject) != VERDICT_OK)
            names[count++] = options->names[i];
    }
    return count;
}

static int bench(struct options *options)
{
    const char *named[WORKLOADS_MAX];
    bool standard = options->name_count == 0;
    uint32_t named_count = pick_broken(options, named);
    const char *const *findings = standard ? broken : named;
    uint32_t finding_count = standard ? (uint32_t)count_of(broken) : named_count;
    int code = EXIT_CLEAN;
    if (options->speed)
        code = tell_speeds(options, standard ? fast : options->names,
                           standard ? (uint32_t)count_of(fast) : options->name_count);
    if (code != EXIT_CLEAN || !options->findings || finding_count == 0)
        return code;
    if (options->speed && !options->json)
        putchar('\n');
    return tell_searches(options, findings, finding_count);
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "strategy", 's', "NAME", 0,
      "speed of this one, random if none is named; findings of this one alone. Or hunt: the "
      "portfolio, with prediction",
      0 },
    { "speed", 'v', NULL, 0, "only how fast it searches", 0 },
    { "findings", 'f', NULL, 0, "only how soon it finds; of any workload", 0 },
    { "time", 't', "SECONDS", 0, "how long the speed of a workload is measured; 0.9", 0 },
    { "seeds", 'n', "N", 0, "how many searches for a finding; 50", 0 },
    { "runs", 'r', "N", 0, "how many schedules each of them may take; 2000", 0 },
    { "json", 'J', NULL, 0, "JSON lines", 0 },
    { 0 },
};

static void add_workload(struct argp_state *state, struct options *to, const char *text)
{
    struct bench_workload workload;
    char wrong[256];
    if (!bench_workload_read(&workload, text, wrong, sizeof wrong))
        argp_error(state, "%s", wrong);
    if (to->name_count == WORKLOADS_MAX)
        argp_error(state, "at most %d workloads at a time", WORKLOADS_MAX);
    to->names[to->name_count++] = text;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 's':
        to->one_way = bench_way_find(text, &to->way);
        if (!to->one_way)
            argp_error(state, "no strategy '%s' (see: wedge list)", text);
        return 0;
    case 'v':
        to->findings = false;
        return 0;
    case 'f':
        to->speed = false;
        return 0;
    case 't':
        to->seconds = argument_seconds(state, "--time", text);
        return 0;
    case 'n':
        to->seeds = (uint32_t)argument_number(state, "--seeds", text, 1, BENCH_SEEDS_MAX);
        return 0;
    case 'r':
        to->runs_max = argument_number(state, "--runs", text, 1, INT64_MAX);
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        add_workload(state, to, text);
        return 0;
    case ARGP_KEY_END:
        if (!to->speed && !to->findings)
            argp_error(state, "--speed and --findings leave nothing to do");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "[SUBJECT[:NAME=VALUE,...]...]",
    "Measures how fast a hunt searches, and how many schedules it takes to the first finding, by "
    "strategy. The counts are the same each time; the times are CPU time.\v"
    "examples:\n"
    "  wedge bench\n"
    "  wedge bench counter:threads=64 timers --speed\n"
    "  wedge bench reorder:threads=10 --findings --seeds 100 --json",
    NULL, NULL, NULL
};

int command_bench(int argc, char **argv)
{
    static struct options options = { .seeds = 50, .runs_max = 2000, .seconds = 0.9,
                                      .speed = true, .findings = true };
    check(bench_way_find("random", &options.way));
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (site_count() == 0) {
        fputs("wedge: nothing can be measured: this build has no hook points\n", stderr);
        return EXIT_UNTESTED;
    }
    progress_begin(&options.progress);
    int code = bench(&options);
    progress_clear(&options.progress);
    return code;
}
