/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/hunt/hunt_board.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/check.h"
#include "repro/base/output.h"

struct board *board_new(uint32_t jobs)
{
    struct board *board = mmap(NULL, sizeof *board + jobs * sizeof board->jobs[0],
                               PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
                               -1, 0);
    if (board == MAP_FAILED)
        return NULL;
    board->stop_at = UINT64_MAX;
    return board;
}

struct totals board_totals(const struct board *board, uint32_t jobs)
{
    struct totals totals = { 0 };
    for (uint32_t i = 0; i < jobs; i++) {
        const struct hunt_job *job = &board->jobs[i];
        totals.runs += job->runs;
        totals.steps += job->steps;
        totals.budget += job->budget;
        for (uint32_t j = 0; j < job->sighting_count; j++)
            totals.findings += job->sightings[j].count;
        totals.kinds = job->sighting_count > totals.kinds ? job->sighting_count : totals.kinds;
        totals.switches = job->switches > totals.switches ? job->switches : totals.switches;
        double news = job->runs > 0 ? (double)job->news_at / (double)job->runs : 0;
        totals.news = news > totals.news ? news : totals.news;
    }
    return totals;
}

/* --- the sum --- */

static uint64_t count_sighted(const struct board *board, const struct results *results,
                              const struct result *result)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < results->options->jobs; i++) {
        const struct hunt_job *job = &board->jobs[i];
        for (uint32_t j = 0; j < job->sighting_count; j++)
            if (result_is(result, (enum verdict)job->sightings[j].verdict, job->sightings[j].hash))
                count += job->sightings[j].count;
    }
    return count;
}

static json_t *results_json(const struct board *board, const struct results *results)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        json_array_append_new(list, result_json(result, count_sighted(board, results, result)));
    }
    return list;
}

static void sum_json(const struct board *board, const struct results *results,
                     const struct totals *totals, double seconds)
{
    const struct hunt_options *options = results->options;
    const struct result *first = results->count > 0 ? &results->items[0] : NULL;
    json_t *object = output_schema("hunt");
    json_t *rest = json_pack(
        "{s:s, s:s, s:s?, s:s?, s:I, s:f, s:f, s:f, s:o, s:s, s:I, s:I, s:I, s:I, s:i, s:o}",
        "subject", options->subject->name, "verdict",
        verdict_name(first != NULL ? first->verdict : VERDICT_OK), "signature",
        first != NULL ? first->hash : NULL, "signature_text",
        first != NULL ? first->signature : NULL, "schedules", (json_int_t)totals->runs, "seconds",
        seconds, "schedules_per_second", (double)totals->runs / seconds, "steps_per_second",
        (double)totals->steps / seconds, "reproducer",
        first != NULL ? result_path_json(first) : json_null(), "strategy", options->strategy->name, "seed", (json_int_t)options->seed, "steps",
        (json_int_t)totals->steps, "cut_off", (json_int_t)totals->budget, "switches",
        (json_int_t)totals->switches, "jobs", (int)options->jobs, "findings",
        results_json(board, results));
    output_add(object, rest);
    output_json(object);
}

static void sum_text(const struct board *board, const struct results *results,
                     const struct totals *totals, double seconds)
{
    char runs[16], steps[16];
    fprintf(stderr, "wedge: %" PRIu64 " schedules in %.2f s (%s/s, %s steps/s), seed %" PRIu64 "\n",
            totals->runs, seconds, output_amount((double)totals->runs / seconds, runs),
            output_amount((double)totals->steps / seconds, steps), results->options->seed);
    if (totals->budget > 0)
        fprintf(stderr, "wedge: %" PRIu64 " of them were cut off: %d steps, or no room for more "
                "threads\n", totals->budget, ENGINE_STEPS_STANDARD);
    if (results->count == 0 && totals->steps > 0)
        printf("no finding in %s\n", results->options->subject->name);
    if (!results->options->keep_going)
        return;
    for (uint32_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        printf("%s%s %s: %" PRIu64 " schedules, first in %" PRIu64 ": %s\n", i == 0 ? "\n" : "",
               verdict_name(result->verdict), result->hash,
               count_sighted(board, results, result), result->sighting->first + 1,
               result->path[0] != '\0' ? result->path : "not written");
    }
}

void board_sum(const struct board *board, const struct results *results, double seconds)
{
    struct totals totals = board_totals(board, results->options->jobs);
    double measured = seconds > 0 ? seconds : 1e-9;
    if (results->options->json)
        sum_json(board, results, &totals, measured);
    else
        sum_text(board, results, &totals, measured);
}
