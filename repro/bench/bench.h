/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `wedge bench` measures: how fast a hunt searches, and how many schedules it takes to come to
 * the first finding. Both are hunt_search(), in a process of its own, so that no measurement knows
 * what another one has learned.
 */
#ifndef REPRO_BENCH_H
#define REPRO_BENCH_H

#include "repro/hunt/hunt.h"

enum { BENCH_SAMPLES = 9, BENCH_WATCHED_SAMPLES = 3, BENCH_SEEDS_MAX = 1000 };

/* "counter:threads=16": a subject, and what of its settings is fixed; "FILE.repro": the program of
 * that reproducer. */
struct bench_workload {
    const char *name;
    const struct wedge_subject *subject;
    struct fixed_settings settings;
    const struct plan *program; /* NULL: it is drawn */
};
/* False: there is no such thing; `wrong`: in words. The text must live on. */
bool bench_workload_read(struct bench_workload *workload, const char *text, char *wrong,
                         size_t size);

/* How a hunt searches: with which strategy, with prediction or without. */
struct bench_way {
    const char *name;
    struct strategy *strategy;
    bool predicts;
};
/* Each strategy; and "hunt", the portfolio with prediction. */
uint32_t bench_way_count(void);
struct bench_way bench_way_at(uint32_t index);
bool bench_way_find(const char *name, struct bench_way *way);

/* CPU time, medians; a run begins with its reset. */
struct bench_speed {
    uint64_t runs, steps; /* per sample */
    double ns_per_run, ns_per_run_least, ns_per_run_most;
    double watched_ns_per_run; /* with prediction: its learning included */
};
/* In about so many seconds. False: the process could not be made, or died. */
bool bench_speed(const struct bench_workload *workload, const struct bench_way *way,
                 double seconds, struct bench_speed *speed);

struct bench_search {
    uint64_t schedules; /* up to the first finding, steered ones included; 0: not found */
    double seconds;     /* of CPU time, up to there */
};
bool bench_search(const struct bench_workload *workload, const struct bench_way *way,
                  uint64_t seed, uint64_t runs_max, struct bench_search *search);

/* Of `count` searches, those without a finding last. Sorts them. */
struct bench_distribution {
    uint32_t count, found;
    /* Nearest rank; UINT64_MAX: one without a finding. */
    uint64_t least, quarter, median, three_quarters, nine_tenths, most;
    double mean; /* at least: a search without a finding counts as runs_max */
    double median_seconds; /* of all */
};
void bench_distribute(struct bench_search *searches, uint32_t count, uint64_t runs_max,
                      struct bench_distribution *distribution);

/* bench_print.c: a line per row, JSON or of a table. */
void bench_print_speed_head(bool json, const struct bench_way *way);
void bench_print_speed(bool json, const struct bench_workload *workload,
                       const struct bench_way *way, const struct bench_speed *speed);
void bench_print_search_head(bool json, uint32_t seeds, uint64_t runs_max);
void bench_print_search(bool json, const struct bench_workload *workload,
                        const struct bench_way *way, uint64_t runs_max,
                        const struct bench_search *by_seed,
                        const struct bench_distribution *distribution);

#endif
