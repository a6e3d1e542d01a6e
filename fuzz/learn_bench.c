/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * learn SAMPLES RUNS: how fast the lock-order graph learns from runs of the timers, all of them,
 * with the effort that a hunt allows for each. Prints samples, two lines each: runs and records
 * learned per second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/check.h"
#include "core/engine/observer.h"
#include "core/engine/record.h"
#include "fuzz/subjects.h"

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Learns from run `number`; returns how many records it had, and adds the time to *seconds. */
static uint32_t learn(struct lockgraph *graph, uint64_t number, double *seconds)
{
    static struct plan plan;
    static struct outcome outcome;
    const struct wedge_subject *subject = subject_find("timers");
    struct prng prng = { number };
    struct record_log *log = lockgraph_log(graph, false);
    struct engine_options options = { .faults = subject->faults, .log = log };
    struct lesson lesson;
    plan_clear(&plan);
    subject->generate(&plan, &prng, subject->faults);
    strategy_seed(prng_next(&prng));
    engine_run(subject, &plan, strategy_at((uint32_t)(number % strategy_count())), &options,
               &outcome);
    double begin = cpu_seconds();
    lockgraph_learn(graph, &outcome, &lesson);
    *seconds += cpu_seconds() - begin;
    check(!lesson.short_of_memory);
    return log->count;
}

int main(int argc, char **argv)
{
    uint32_t samples = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t runs = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (samples == 0 || runs == 0)
        return fprintf(stderr, "usage: learn SAMPLES RUNS\n"), 2;
    struct lockgraph *graph = lockgraph_new();
    check(graph != NULL);
    lockgraph_limit(graph, observer_effort);
    for (uint32_t i = 0; i < samples; i++) {
        uint64_t records = 0;
        double seconds = 0;
        for (uint32_t run = 0; run < runs; run++)
            records += learn(graph, run, &seconds);
        printf("timers-runs %.0f\ntimers-records %.0f\n", runs / seconds,
               (double)records / seconds);
    }
    lockgraph_free(graph);
    return 0;
}
