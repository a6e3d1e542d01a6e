/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs that the lock-order graph learns from. A run is watched for news (novelty.h). One that has
 * any is made again, the very same, with a log and call chains, and learned from (lockgraph.h).
 */
#ifndef CORE_ENGINE_OBSERVER_H
#define CORE_ENGINE_OBSERVER_H

#include "core/engine/lockgraph.h"

/* Many runs are learned from, so each gets a little: what is hard to see in one is easy in another. */
extern const struct lockgraph_effort observer_effort;

struct observer;

/* NULL: no memory. */
struct observer *observer_new(void);
void observer_free(struct observer *observer);

/* As engine_run(). Returns how many deadlocks it predicts that were not known: the last ones of
 * observer_graph(). What engine_recorded() and engine_trace() tell is of this run. */
uint32_t observer_run(struct observer *observer, const struct wedge_subject *subject,
                      const struct plan *plan, struct strategy *strategy,
                      const struct engine_options *options, struct outcome *outcome);

/* What was learned so far. */
struct lockgraph *observer_graph(struct observer *observer);

struct observer_sum {
    uint64_t learned;         /* runs that had news */
    uint64_t short_of_log;    /* of them, those whose log had no room for all */
    uint64_t gave_up;         /* those for which not all orders were tried */
    uint64_t too_long;        /* runs with news that could not be made again */
    bool short_of_memory;     /* some were not looked at, or not all of them */
};
const struct observer_sum *observer_sum(const struct observer *observer);

/* Makes that run, and learns from it alone. *outcome is what it ends in, if that is a finding; or
 * else what it predicts: of several predictions the one of that signature, or else the first. */
void observer_predict(const struct wedge_subject *subject, const struct plan *plan,
                      struct strategy *strategy, const struct engine_options *options,
                      const char *signature_hash, struct outcome *outcome);

/* The same, but tells what was learned, which stands until the next call of either. */
const struct lockgraph *observer_learn(const struct wedge_subject *subject, const struct plan *plan,
                                 struct strategy *strategy, const struct engine_options *options,
                                 struct outcome *outcome);

#endif
