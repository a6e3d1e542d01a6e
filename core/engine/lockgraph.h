/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock-order graph: learns from runs of a subject, also from those that pass, and predicts
 * deadlocks that no run has shown.
 *
 * A run that is to be learned from gets lockgraph_log() as engine_options.log. What it did is then
 *   - sorted into strands (strand.h) and lock dependencies (dependency.h);
 *   - searched for cycles over instances, classes and contexts (cycle.h);
 *   - if there are events or contexts in it and it is small, searched in all its orders for states
 *     in which somebody is stuck (rerun.h, stuck.h): that finds what no graph of locks can, such as
 *     a signal that is lost.
 * Nothing is bounded but the effort; what was given up is said (lesson).
 */
#ifndef CORE_ENGINE_LOCKGRAPH_H
#define CORE_ENGINE_LOCKGRAPH_H

#include "core/engine/cycle.h"
#include "core/engine/engine.h"

struct lockgraph;

/* A class was taken while another one was held. */
struct order_edge {
    const char *from, *to;
    const struct hook_site *held_since, *wanted_at; /* where it was first seen */
    uint64_t count, runs;
    bool from_state, to_state; /* a transitional state, not a lock */
    bool reads;                /* taken to read, every time */
    bool nested;               /* of one class, and declared to be in order every time */
};

/* What came of the last run. */
struct lesson {
    uint32_t predictions;             /* made, known ones too */
    uint64_t silences[SILENCE_KINDS]; /* why not more */
    bool only_readers;                /* locks were nested, and all of them read */
    bool short_of_memory;             /* some of it was not looked at */
    bool short_of_log;                /* the log was full; there is more room in the next run */
    bool gave_up;                     /* not all orders were tried */
};

/* What is looked at before it gives up, for each run. */
struct lockgraph_effort {
    uint64_t cycle_steps;    /* of the search for cycles */
    uint32_t cycle_states;   /* for one cycle: orders are tried through so many states */
    uint32_t explore_states; /* of all orders */
};

/* NULL: no memory. As much effort as is sensible for a run that somebody wants to know all about. */
struct lockgraph *lockgraph_new(void);
void lockgraph_limit(struct lockgraph *graph, struct lockgraph_effort effort);
void lockgraph_free(struct lockgraph *graph);
/* Forgets what was learned; keeps the memory. */
void lockgraph_forget(struct lockgraph *graph);

/* A class that is always to be taken before another one. False: no memory. The texts are kept. */
bool lockgraph_declare(struct lockgraph *graph, const char *before, const char *after);

/* Empty, for the next run; with_chains: with room for call chains. */
struct record_log *lockgraph_log(struct lockgraph *graph, bool with_chains);
/* After that run. */
void lockgraph_learn(struct lockgraph *graph, const struct outcome *outcome,
                     struct lesson *lesson);

/* What was learned, in the order in which it was first seen. */
uint32_t lockgraph_edge_count(const struct lockgraph *graph);
const struct order_edge *lockgraph_edge(const struct lockgraph *graph, uint32_t row);

/* Of the last run that was learned from. */
const struct dependencies *lockgraph_dependencies(const struct lockgraph *graph);

uint32_t lockgraph_prediction_count(const struct lockgraph *graph);
/* By row, in the order in which they were first made. */
const struct prediction *lockgraph_prediction(const struct lockgraph *graph, uint32_t row);

#endif
