/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge graph`: what it was asked, what it has watched, and the ways to tell it. */
#ifndef REPRO_GRAPH_H
#define REPRO_GRAPH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/engine/engine.h"
#include "core/engine/lockgraph.h"
#include "repro/order/order.h"

enum graph_format { GRAPH_TEXT, GRAPH_DOT, GRAPH_SVG, GRAPH_JSON };
enum { GRAPH_SUBJECTS_MAX = 64, GRAPH_ENDINGS_MAX = 64, GRAPH_RUNS_STANDARD = 10000 };

struct graph_options {
    const struct wedge_subject *subjects[GRAPH_SUBJECTS_MAX];
    uint32_t subject_count;
    enum graph_format format;
    uint64_t seed, runs_max; /* runs_max: of each subject */
    double seconds_max;      /* 0: no limit */
    const char *check, *update, *diff[2]; /* files, or NULL */
    bool prune;
};

/* Runs that ended in the same finding. */
struct graph_ending {
    const struct wedge_subject *subject;
    enum verdict verdict;
    char hash[9];
    uint64_t first, count; /* first: number of the first run that did, from 1 */
};

struct graph_watched {
    struct lockgraph *graph;
    struct order order;    /* what it has learned, arranged */
    uint64_t runs, passed; /* runs: of each subject; passed: of all */
    uint64_t learned;      /* runs of all subjects */
    uint64_t cut_off;
    struct graph_ending endings[GRAPH_ENDINGS_MAX];
    uint32_t ending_count;
    bool short_of_memory;
};

/* Makes the runs that `wedge hunt` with that seed would make, and learns from them. False: no
 * memory, and said so. */
bool graph_watch(const struct graph_options *options, struct graph_watched *watched);

void graph_forget(struct graph_watched *watched);

/* EXIT_FINDINGS if a deadlock was predicted, or a run ended in a finding. */
int graph_exit_code(const struct graph_watched *watched);

/* "timers, abba" */
const char *graph_subjects(const struct graph_options *options);

/* "1 run", "2 runs" */
const char *graph_amount(uint64_t count, const char *noun, char text[40]);

/* What was learned, as text or JSON. */
void graph_print(const struct graph_options *options, const struct graph_watched *watched);
/* Runs that ended in findings, then predictions. */
void graph_print_findings(const struct graph_options *options,
                          const struct graph_watched *watched);
/* The same as keys of an object. */
void graph_add_findings(json_t *object, const struct graph_watched *watched);
/* A link with the places in which it was first seen. */
json_t *graph_link_json(const struct order *order, const struct order_link *link);

/* A picture: for dot, or by dot. This and the next return an exit code. */
int graph_draw(const struct graph_options *options, const struct graph_watched *watched);

/* Reads a golden order into an empty one. False: said why. */
bool graph_read_golden(const char *path, bool may_be_missing, struct order *golden);
int graph_check(const struct graph_options *options, const struct graph_watched *watched,
                const struct order *golden);
int graph_update(const struct graph_options *options, const struct graph_watched *watched,
                 struct order *golden);
int graph_diff(const struct graph_options *options);

#endif
