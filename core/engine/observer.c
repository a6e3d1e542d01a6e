/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/observer.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/hot.h"
#include "core/engine/novelty.h"

const struct lockgraph_effort observer_effort = {
    .cycle_steps = 200000,
    .cycle_states = 2000,
    .explore_states = 2000,
};

struct observer {
    struct lockgraph *graph;
    struct novelty novelty;
    struct hot hot;
    struct plan plan; /* of the run that is made again */
    struct observer_sum sum;
};

struct observer *observer_new(void)
{
    struct observer *observer = calloc(1, sizeof *observer);
    if (observer == NULL)
        return NULL;
    observer->graph = lockgraph_new();
    if (observer->graph != NULL && novelty_init(&observer->novelty)) {
        lockgraph_limit(observer->graph, observer_effort);
        return observer;
    }
    observer_free(observer);
    return NULL;
}

void observer_free(struct observer *observer)
{
    if (observer == NULL)
        return;
    if (observer->graph != NULL)
        lockgraph_free(observer->graph);
    novelty_free(&observer->novelty);
    hot_free(&observer->hot);
    free(observer);
}

struct lockgraph *observer_graph(struct observer *observer)
{
    return observer->graph;
}

const struct observer_sum *observer_sum(const struct observer *observer)
{
    return &observer->sum;
}

/* Before that, what was new has to be known: what is hot is marked there. */
static void find_hot(struct observer *observer)
{
    bool grown = hot_learn(&observer->hot, lockgraph_dependencies(observer->graph),
                           &observer->novelty);
    if (grown)
        novelty_forget(&observer->novelty);
    observer->sum.short_of_memory |= observer->hot.short_of_memory;
}

/* Makes a run with a log, and learns from it. */
static struct lesson run_logged(struct lockgraph *graph, const struct wedge_subject *subject,
                                const struct plan *plan, struct strategy *strategy,
                                const struct engine_options *options, struct outcome *outcome)
{
    struct engine_options logged = *options;
    struct lesson lesson;
    logged.log = lockgraph_log(graph, options->record_chains);
    engine_run(subject, plan, strategy, &logged, outcome);
    lockgraph_learn(graph, outcome, &lesson);
    return lesson;
}

/* The last run again, with call chains. Runs are deterministic, but for what ThreadSanitizer sees of
 * them: that depends on what it saw before. What it has seen is so. */
static void make_again(struct observer *observer, const struct wedge_subject *subject,
                       const struct engine_options *options, struct outcome *outcome)
{
    static struct outcome again;
    struct engine_options with_chains = *options;
    with_chains.record_chains = true;
    struct lesson lesson = run_logged(observer->graph, subject, &observer->plan,
                                      strategy_replay(), &with_chains, &again);
    if (again.verdict == VERDICT_RACE)
        *outcome = again;
    check(again.verdict == outcome->verdict || outcome->verdict == VERDICT_RACE);
    observer->sum.learned++;
    observer->sum.short_of_log += lesson.short_of_log;
    observer->sum.gave_up += lesson.gave_up;
    observer->sum.short_of_memory |= lesson.short_of_memory;
    if (!lesson.short_of_memory)
        find_hot(observer);
}

uint32_t observer_run(struct observer *observer, const struct wedge_subject *subject,
                      const struct plan *plan, struct strategy *strategy,
                      const struct engine_options *options, struct outcome *outcome)
{
    struct engine_options watched = *options;
    uint32_t before = lockgraph_prediction_count(observer->graph);
    watched.novelty = &observer->novelty;
    engine_run(subject, plan, strategy, &watched, outcome);
    if (outcome->verdict == VERDICT_DIVERGED || !novelty_is_news(&observer->novelty))
        return 0;
    if (!engine_recorded(&observer->plan)) {
        observer->sum.too_long++;
        return 0;
    }
    observer->sum.short_of_memory |= !novelty_learned(&observer->novelty);
    make_again(observer, subject, options, outcome);
    return lockgraph_prediction_count(observer->graph) - before;
}

/* --- one run --- */

const struct lockgraph *observer_learn(const struct wedge_subject *subject,
                                       const struct plan *plan, struct strategy *strategy,
                                       const struct engine_options *options,
                                       struct outcome *outcome)
{
    static struct lockgraph *graph; /* of one run after the other: shrinking needs thousands */
    static struct plan done;
    if (graph == NULL)
        graph = lockgraph_new();
    check(graph != NULL);
    lockgraph_forget(graph);
    lockgraph_limit(graph, observer_effort);
    struct lesson lesson = run_logged(graph, subject, plan, strategy, options, outcome);
    /* The log has grown by now. What is learned must not depend on how long it was before. */
    if (lesson.short_of_log && engine_recorded(&done)) {
        lockgraph_forget(graph);
        run_logged(graph, subject, &done, strategy_replay(), options, outcome);
    }
    return graph;
}

void observer_predict(const struct wedge_subject *subject, const struct plan *plan,
                      struct strategy *strategy, const struct engine_options *options,
                      const char *signature_hash, struct outcome *outcome)
{
    static struct outcome predicted;
    const struct lockgraph *graph = observer_learn(subject, plan, strategy, options, outcome);
    if (outcome->verdict != VERDICT_OK)
        return;
    for (uint32_t i = 0; i < lockgraph_prediction_count(graph); i++) {
        predicted = *outcome;
        prediction_outcome(lockgraph_prediction(graph, i), &predicted);
        bool wanted = strcmp(predicted.signature_hash, signature_hash) == 0;
        if (wanted || outcome->verdict == VERDICT_OK)
            *outcome = predicted;
        if (wanted)
            return;
    }
}
