/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "repro/base/output.h"
#include "repro/bench/bench.h"

void bench_print_speed_head(bool json, const struct bench_way *way)
{
    if (json)
        return;
    printf("speed of %s: CPU time of one core, medians of %d samples; a run begins with its reset\n"
           "  %-22s %12s %8s %9s %11s %14s\n",
           way->name, BENCH_SAMPLES, "workload", "schedules/s", "ns/step", "steps/s",
           "steps/sched.", "predicting/s");
}

void bench_print_speed(bool json, const struct bench_workload *workload,
                       const struct bench_way *way, const struct bench_speed *speed)
{
    double steps_per_run = (double)speed->steps / (double)speed->runs;
    double per_second = 1e9 / speed->ns_per_run, watched = 1e9 / speed->watched_ns_per_run;
    double ns_per_step = speed->ns_per_run / steps_per_run;
    if (!json) {
        printf("  %-22s %12.0f %8.1f %8.1fM %11.1f %14.0f\n", workload->name, per_second,
               ns_per_step, per_second * steps_per_run / 1e6, steps_per_run, watched);
        return;
    }
    json_t *object = output_schema("speed");
    output_add(object,
               json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:i}", "workload",
                         workload->name, "strategy", way->name, "schedules_per_second", per_second,
                         "schedules_per_second_least", 1e9 / speed->ns_per_run_most,
                         "schedules_per_second_most", 1e9 / speed->ns_per_run_least,
                         "steps_per_second", per_second * steps_per_run, "ns_per_step", ns_per_step,
                         "steps_per_schedule", steps_per_run, "predicting_schedules_per_second",
                         watched, "schedules_per_sample", (json_int_t)speed->runs, "samples",
                         BENCH_SAMPLES));
    output_json(object);
}

void bench_print_search_head(bool json, uint32_t seeds, uint64_t runs_max)
{
    if (json)
        return;
    printf("schedules to the first finding: %" PRIu32 " seeds, at most %" PRIu64 " schedules each; "
           "-: not found by so many seeds\n"
           "  %-22s %-10s %9s %7s %7s %9s %7s %7s %7s\n",
           seeds, runs_max, "workload", "strategy", "found", "25%", "median", "mean", "75%", "90%",
           "most");
}

static void print_rank(uint64_t schedules)
{
    if (schedules == UINT64_MAX)
        printf(" %7s", "-");
    else
        printf(" %7" PRIu64, schedules);
}

static void search_table(const struct bench_workload *workload, const struct bench_way *way,
                         const struct bench_distribution *distribution)
{
    char found[24], mean[24];
    snprintf(found, sizeof found, "%" PRIu32 "/%" PRIu32, distribution->found, distribution->count);
    snprintf(mean, sizeof mean, "%s%.1f", distribution->found < distribution->count ? ">" : "",
             distribution->mean);
    printf("  %-22s %-10s %9s", workload->name, way->name, found);
    print_rank(distribution->quarter);
    print_rank(distribution->median);
    printf(" %9s", mean);
    print_rank(distribution->three_quarters);
    print_rank(distribution->nine_tenths);
    print_rank(distribution->most);
    putchar('\n');
}

static json_t *rank_json(uint64_t schedules)
{
    return schedules == UINT64_MAX ? json_null() : json_integer((json_int_t)schedules);
}

static json_t *searches_json(const struct bench_search *by_seed, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, by_seed[i].schedules > 0 ? rank_json(by_seed[i].schedules)
                                                             : json_null());
    return list;
}

void bench_print_search(bool json, const struct bench_workload *workload,
                        const struct bench_way *way, uint64_t runs_max,
                        const struct bench_search *by_seed,
                        const struct bench_distribution *distribution)
{
    if (!json) {
        search_table(workload, way, distribution);
        return;
    }
    json_t *object = output_schema("first-finding");
    output_add(object,
               json_pack("{s:s, s:s, s:i, s:i, s:I, s:o, s:o, s:o, s:f, s:o, s:o, s:o, s:f, s:o}",
                         "workload", workload->name, "strategy", way->name, "seeds",
                         (int)distribution->count, "found", (int)distribution->found,
                         "schedules_max", (json_int_t)runs_max, "least",
                         rank_json(distribution->least), "quarter",
                         rank_json(distribution->quarter), "median",
                         rank_json(distribution->median), "mean", distribution->mean,
                         "three_quarters", rank_json(distribution->three_quarters), "nine_tenths",
                         rank_json(distribution->nine_tenths), "most",
                         rank_json(distribution->most), "median_seconds",
                         distribution->median_seconds, "schedules",
                         searches_json(by_seed, distribution->count)));
    output_json(object);
}
