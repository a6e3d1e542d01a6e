/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/hunt/hunt_exhaustive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/check.h"
#include "core/engine/exhaustive.h"
#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/reproducer/reproducer.h"

enum { SCHEDULES_PER_LOOK = 64 };

/* What the last search of one program came to. */
struct explored {
    struct exhaustive_counts counts;
    bool complete; /* all its schedules were made, whatever the number of preemptions */
};

struct exploration {
    struct results *results;
    const struct hunt_options *options;
    const volatile sig_atomic_t *interrupted;
    struct exhaustive *search;
    struct engine_options engine_options;
    uint64_t program_count;
    ARRAY(struct explored) programs; /* those that have been begun with */
    uint32_t bound;      /* preemptions */
    uint64_t done;       /* programs, with at most that many */
    uint64_t runs, steps;
    double seconds;
    bool stopped; /* time, runs, an interrupt, a finding */
    uint32_t sighting_count;
    struct sighting *sightings[HUNT_SIGHTINGS_MAX];
};

/* --- the programs --- */

/* False: there is none of that number. */
static bool take_program(const struct exploration *exploration, uint64_t index, struct plan *plan)
{
    const struct wedge_subject *subject = exploration->options->subject;
    bool is_one = index == 0;
    plan_clear(plan);
    subject_standard_settings(subject, plan);
    if (exploration->options->program != NULL) {
        plan_copy(plan, exploration->options->program);
    } else if (subject->enumerate != NULL) {
        is_one = subject->enumerate(index, plan);
    }
    settings_apply(&exploration->options->settings, plan);
    return is_one;
}

static bool count_programs(struct exploration *exploration)
{
    static struct plan plan;
    while (take_program(exploration, exploration->program_count, &plan))
        exploration->program_count++;
    uint32_t count = (uint32_t)exploration->program_count;
    if (!ARRAY_ROOM(&exploration->programs, count))
        return false;
    memset(exploration->programs.items, 0, count * sizeof *exploration->programs.items);
    exploration->programs.count = count;
    return true;
}

/* --- one program --- */

/* False: it is enough. */
static bool keep_watch(struct exploration *exploration)
{
    const struct hunt_options *options = exploration->options;
    struct progress *progress = exploration->results->progress;
    uint64_t runs = exploration->runs + exhaustive_counts(exploration->search)->runs;
    double seconds = progress_seconds(progress);
    exploration->results->late = *exploration->interrupted || seconds >= options->seconds_max;
    if (exploration->results->late || runs >= options->runs_max)
        return false;
    if (progress_is_due(progress, seconds)) {
        char amount[16], text[160];
        snprintf(text, sizeof text,
                 "%s: at most %" PRIu32 " preemptions: %" PRIu64 " of %" PRIu64
                 " programs, %s runs, %.0f s",
                 options->subject->name, exploration->bound, exploration->done,
                 exploration->program_count, output_amount((double)runs, amount), seconds);
        progress_print(progress, text);
    }
    return true;
}

static struct sighting *sighting_of(struct exploration *exploration,
                                    const struct outcome *outcome)
{
    for (uint32_t i = 0; i < exploration->sighting_count; i++) {
        struct sighting *sighting = exploration->sightings[i];
        if (sighting_is(sighting, outcome))
            return sighting;
    }
    return NULL;
}

/* Of the last run. NULL: there have been too many, or there is no memory. */
static struct sighting *sighting_new(struct exploration *exploration,
                                     const struct outcome *outcome)
{
    if (exploration->sighting_count == HUNT_SIGHTINGS_MAX)
        return NULL;
    struct sighting *sighting = calloc(1, sizeof *sighting);
    if (sighting == NULL)
        return NULL;
    uint64_t first = exploration->runs + exhaustive_counts(exploration->search)->runs - 1;
    sighting_fill(sighting, outcome, first, NULL, true);
    exploration->sightings[exploration->sighting_count++] = sighting;
    return sighting;
}

/* False: the search is to stop. */
static bool note_finding(struct exploration *exploration, const struct outcome *outcome)
{
    bool goes_on = exploration->options->keep_going;
    struct sighting *sighting = sighting_of(exploration, outcome);
    bool is_new = sighting == NULL;
    if (is_new)
        sighting = sighting_new(exploration, outcome);
    if (sighting == NULL)
        return goes_on;
    sighting->count++;
    if (!goes_on)
        exploration->seconds = progress_seconds(exploration->results->progress);
    if (is_new)
        results_settle(exploration->results, sighting);
    return goes_on;
}

static void explore_program(struct exploration *exploration, const struct plan *plan,
                            struct explored *explored)
{
    static struct outcome outcome;
    const struct exhaustive_options options = { exploration->bound, true };
    struct exhaustive *search = exploration->search;
    const struct exhaustive_counts *counts = exhaustive_counts(search);
    exhaustive_begin(search, &options);
    while (!exploration->stopped &&
           exhaustive_next(search, exploration->options->subject, plan,
                           &exploration->engine_options, &outcome)) {
        if (verdict_is_finding(outcome.verdict))
            exploration->stopped = !note_finding(exploration, &outcome);
        else if (counts->schedules % SCHEDULES_PER_LOOK == 1)
            exploration->stopped = !keep_watch(exploration);
    }
    exploration->runs += counts->runs;
    exploration->steps += counts->steps;
    explored->counts = *counts;
    explored->complete = !exploration->stopped && !counts->bounded;
}

/* All programs within the bound. */
static void explore_all(struct exploration *exploration)
{
    static struct plan plan;
    for (uint64_t i = 0; i < exploration->program_count && !exploration->stopped; i++) {
        struct explored *explored = &exploration->programs.items[i];
        check(take_program(exploration, i, &plan));
        if (!explored->complete)
            explore_program(exploration, &plan, explored);
        exploration->done += !exploration->stopped;
    }
}

/* --- the sum --- */

static struct exhaustive_counts sum_of(const struct exploration *exploration)
{
    struct exhaustive_counts sum = { 0 };
    for (uint32_t i = 0; i < exploration->programs.count; i++) {
        const struct exhaustive_counts *counts = &exploration->programs.items[i].counts;
        sum.schedules += counts->schedules;
        sum.cut_off += counts->cut_off;
        sum.put_aside += counts->put_aside;
        sum.bounded |= counts->bounded;
    }
    return sum;
}

static json_t *results_json(const struct results *results)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        json_array_append_new(list, result_json(result, result->sighting->count));
    }
    return list;
}

static void sum_json(const struct exploration *exploration, const struct exhaustive_counts *sum,
                     bool all)
{
    const struct results *results = exploration->results;
    const struct result *first = results->count > 0 ? &results->items[0] : NULL;
    json_t *object = output_schema("hunt");
    output_add(object,
               json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:s, s:I, s:f, s:f, s:f, s:o}", "subject",
                         exploration->options->subject->name, "verdict",
                         verdict_name(first != NULL ? first->verdict : VERDICT_OK), "signature",
                         first != NULL ? first->hash : NULL, "signature_text",
                         first != NULL ? first->signature : NULL, "reproducer",
                         first != NULL ? result_path_json(first) : json_null(), "strategy",
                         EXHAUSTIVE_NAME, "schedules", (json_int_t)sum->schedules, "seconds",
                         exploration->seconds, "schedules_per_second",
                         (double)exploration->runs / exploration->seconds, "steps_per_second",
                         (double)exploration->steps / exploration->seconds, "findings",
                         results_json(results)));
    output_add(object,
               json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "all", all, "preemptions",
                         (json_int_t)exploration->bound, "programs",
                         (json_int_t)exploration->program_count, "programs_done",
                         (json_int_t)exploration->done, "runs", (json_int_t)exploration->runs,
                         "cut_off", (json_int_t)sum->cut_off, "put_aside",
                         (json_int_t)sum->put_aside));
    output_json(object);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_faults(const struct exploration *exploration)
{
    const char *before = "";
    for (int kind = 0; kind < FAULT_INJECTED_COUNT; kind++)
        if (exploration->engine_options.faults >> kind & 1) {
            printf("%s%s", before, fault_name((enum fault_kind)kind));
            before = ", ";
        }
}

static void print_claim(const struct exploration *exploration, const struct exhaustive_counts *sum)
{
    uint64_t programs = exploration->program_count;
    printf("all %" PRIu64 " schedule%s with at most %" PRIu32 " preemption%s explored",
           sum->schedules, plural(sum->schedules), exploration->bound, plural(exploration->bound));
    if (programs > 1)
        printf(", of %" PRIu64 " programs", programs);
    if (exploration->engine_options.faults != 0) {
        printf(" (faults count: ");
        print_faults(exploration);
        putchar(')');
    }
    putchar('\n');
    if (sum->put_aside > 0)
        printf("in %" PRIu64 " of them a thread went on and on while others could, and was put "
               "aside\n", sum->put_aside);
    if (!sum->bounded)
        puts("more preemptions make no more schedules");
}

static void sum_text(const struct exploration *exploration, const struct exhaustive_counts *sum,
                     bool all)
{
    const struct results *results = exploration->results;
    char rate[16];
    fprintf(stderr, "wedge: %" PRIu64 " runs in %.2f s (%s/s)\n", exploration->runs,
            exploration->seconds,
            output_amount((double)exploration->runs / exploration->seconds, rate));
    if (results->count > 0 && !exploration->options->keep_going)
        fprintf(stderr, "wedge: found with at most %" PRIu32 " preemption%s, in program %" PRIu64
                " of %" PRIu64 "%s\n", exploration->bound, plural(exploration->bound),
                exploration->done + 1, exploration->program_count,
                exploration->bound > 0 ? "; with fewer there is no finding" : "");
    else if (all)
        print_claim(exploration, sum);
    else
        printf("not all schedules were explored: %" PRIu64 " of %" PRIu64 " program%s with at most "
               "%" PRIu32 " preemption%s\n", exploration->done, exploration->program_count,
               plural(exploration->program_count), exploration->bound,
               plural(exploration->bound));
    if (sum->cut_off > 0)
        printf("%" PRIu64 " schedules were cut off after %d steps\n", sum->cut_off,
               ENGINE_STEPS_STANDARD);
    if (results->count == 0)
        printf("no finding in %s\n", exploration->options->subject->name);
    for (uint32_t i = 0; exploration->options->keep_going && i < results->count; i++) {
        const struct result *result = &results->items[i];
        printf("%s %s: %" PRIu64 " schedules: %s\n", verdict_name(result->verdict), result->hash,
               result->sighting->count, result->path[0] != '\0' ? result->path : "not written");
    }
}

static int sum_up(const struct exploration *exploration)
{
    const struct results *results = exploration->results;
    struct exhaustive_counts sum = sum_of(exploration);
    bool all = !exploration->stopped && sum.cut_off == 0;
    progress_clear(results->progress);
    if (exploration->options->json)
        sum_json(exploration, &sum, all);
    else
        sum_text(exploration, &sum, all);
    if (results->unwritten)
        return EXIT_BROKEN;
    if (results->count > 0)
        return EXIT_FINDINGS;
    if (*exploration->interrupted)
        return EXIT_INTERRUPT;
    return exploration->steps > 0 ? EXIT_CLEAN : EXIT_UNTESTED;
}

/* Kinds without a size: what size to choose cannot be enumerated. */
static uint32_t countable_faults(uint32_t faults)
{
    for (int kind = 0; kind < FAULT_COUNT; kind++)
        if (kind >= FAULT_INJECTED_COUNT || fault_is_sized((enum fault_kind)kind))
            faults &= ~(1u << kind);
    return faults;
}

int hunt_exhaustively(struct results *results, const volatile sig_atomic_t *interrupted)
{
    static struct exploration exploration;
    const struct hunt_options *options = results->options;
    exploration.results = results;
    exploration.options = options;
    exploration.interrupted = interrupted;
    exploration.engine_options.faults =
        countable_faults(options->faults & options->subject->faults);
    exploration.search = exhaustive_new();
    if (exploration.search == NULL || !count_programs(&exploration)) {
        fputs("wedge: no memory\n", stderr);
        return EXIT_BROKEN;
    }
    explore_all(&exploration);
    while (!exploration.stopped && exploration.bound < options->preemptions_max) {
        exploration.bound++;
        exploration.done = 0;
        explore_all(&exploration);
    }
    if (exploration.seconds == 0)
        exploration.seconds = progress_seconds(results->progress);
    int status = sum_up(&exploration);
    exhaustive_free(exploration.search);
    free(exploration.programs.items);
    for (uint32_t i = 0; i < exploration.sighting_count; i++)
        free(exploration.sightings[i]);
    return status;
}
