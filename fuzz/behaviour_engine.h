/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs behaviours under the engine, each as a subject of its own: in the fixed order, where time
 * passes only when nothing else can happen; again, preempted at each point in turn; and along many
 * schedules with faults of all kinds. After each run the invariants of the runtime are walked.
 * Included by behaviour.h only.
 */
#ifndef FUZZ_BEHAVIOUR_ENGINE_H
#define FUZZ_BEHAVIOUR_ENGINE_H

#include "core/engine/test.h"
#include "core/runtime/oversight.h"
#include "fuzz/overdue.h"
#include "fuzz/timers_model.h"

#ifndef BEHAVIOUR_SEEDS
#define BEHAVIOUR_SEEDS 300 /* per strategy */
#endif
enum {
    BEHAVIOUR_STEPS = 200000,
    BEHAVIOUR_PREEMPTIONS = 200, /* points at most, from the first */
    BEHAVIOUR_GIVEN_UP_MAX = 4, /* of some 2,000 runs */
};

static struct behaviour_run {
    const struct behaviour *behaviour;
    bool ended;
    struct hook_note exit;
    struct overdue overdue;
} behaviour_run;

/* --- the subject --- */

static inline void behaviour_reset(void)
{
    bool punctual = behaviour.punctual;
    uint64_t seed = behaviour.seed;
    const struct behaviour *row = behaviour_run.behaviour;
    uint32_t timers = atomic_load(&behaviour.timer_count);
    uint32_t descriptors = atomic_load(&behaviour.descriptor_count);
    runtime_reset();
    memset(behaviour.timers, 0, timers * sizeof behaviour.timers[0]);
    memset(behaviour.descriptors, 0, descriptors * sizeof behaviour.descriptors[0]);
    memset(&behaviour, 0, offsetof(struct behaviour_program, timers));
    behaviour.punctual = punctual;
    behaviour.seed = seed;
    behaviour_run = (struct behaviour_run){ .behaviour = row };
}

static inline void behaviour_main(void *unused)
{
    behaviour_run.behaviour->body(unused);
    behaviour_run.ended = true;
    hook_park(&behaviour_run.exit, HOOK_FOREVER);
    throw("the program went on after its end");
}

static inline void behaviour_start(const struct plan *plan)
{
    (void)plan;
    runtime_start(behaviour_run.behaviour->procs, true, behaviour_main, NULL);
}

static inline bool behaviour_finished(void)
{
    return behaviour_run.ended;
}

static inline uint64_t behaviour_activity(void)
{
    uint64_t ticks = 0;
    for (uint32_t i = 0; i < P_MAX; i++)
        ticks += rt.ps[i].schedtick;
    return ticks;
}

static inline const char *behaviour_overlooked(void)
{
    return runtime_overlooked(engine_now());
}

/* A P whose goroutine computes may leave its timers alone. */
static inline int64_t behaviour_due(void)
{
    int64_t due_ns = atomic_load(&behaviour.computing) > 0 ? HOOK_FOREVER : runtime_due();
    return overdue_since(&behaviour_run.overdue, due_ns, behaviour_activity(), engine_now());
}

static const struct wedge_subject behaviour_subject = {
    .name = "behaviour",
    .about = "one promise of the runtime",
    .faults = FAULTS_ALL,
    .reset = behaviour_reset,
    .run = behaviour_start,
    .finished = behaviour_finished,
    .check = behaviour_check,
    .overlooked = behaviour_overlooked,
    .due = behaviour_due,
    .due_slack_ns = MODEL_SLACK_NS,
};

/* --- a schedule for each point where a goroutine may be preempted --- */

static uint32_t behaviour_preempt_at; /* so many points pass first */
static uint32_t behaviour_draws;      /* once when the run begins, again when it was preempted */

static inline void preempt_once_begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    behaviour_draws = 0;
}

/* The fixed order. */
static inline bool preempt_once_next(struct strategy *strategy, const struct choice *choice,
                                     struct plan_segment *segment)
{
    (void)strategy;
    bool goes_on = thread_set_has(choice->runnable, choice->current);
    segment->thread = (uint16_t)(goes_on ? choice->current
                                         : thread_set_lowest(choice->runnable, 0));
    segment->steps = UINT32_MAX;
    return true;
}

static inline uint32_t preempt_once_gap(struct strategy *strategy, enum fault_kind kind,
                                        int64_t *value)
{
    (void)strategy;
    *value = 0;
    if (kind != FAULT_PREEMPT)
        return UINT32_MAX;
    return behaviour_draws++ == 0 ? behaviour_preempt_at : UINT32_MAX;
}

static struct strategy behaviour_preempt_once = {
    .name = "preempt-once",
    .about = "the fixed order, and one preemption",
    .begin = preempt_once_begin,
    .next = preempt_once_next,
    .fault_gap = preempt_once_gap,
};

/* --- runs --- */

static uint32_t behaviour_given_up; /* so many runs */

/* A runtime that had no room for more threads shows nothing, and that is rare: Ms that stand still
 * on their way to sleep, one after the other. */
static inline bool behaviour_gave_up(void)
{
    return test_outcome.verdict == VERDICT_BUDGET &&
           strcmp(test_outcome.message, "thread exhaustion") == 0 &&
           ++behaviour_given_up <= BEHAVIOUR_GIVEN_UP_MAX;
}

static inline void behaviour_judge(const char *schedule, uint64_t seed)
{
    const char *dies = behaviour_run.behaviour->dies;
    bool well = test_outcome.verdict == VERDICT_OK;
    if (dies != NULL)
        well = test_outcome.verdict == VERDICT_CRASH && strstr(test_outcome.message, dies) != NULL;
    if (!well && !behaviour_gave_up())
        fail_msg("%s %llu: %s: %s (%s, %lld ns, %llu steps)", schedule, (unsigned long long)seed,
                 verdict_name(test_outcome.verdict), test_outcome.message, test_outcome.agent,
                 (long long)test_outcome.now_ns, (unsigned long long)test_outcome.steps);
}

static inline void behaviour_test(void **state)
{
    behaviour_run.behaviour = *state;
    behaviour_given_up = 0;
    engine_catch_signals();

    behaviour.punctual = true;
    test_options = (struct engine_options){ .steps_max = BEHAVIOUR_STEPS, .check_each_step = true };
    test_run(&behaviour_subject, strategy_replay_lenient(), 0);
    behaviour_judge("the fixed order", 0);

    test_options.check_each_step = false;
    test_options.faults = 1u << FAULT_PREEMPT;
    for (uint32_t i = 0; i < BEHAVIOUR_PREEMPTIONS; i++) {
        behaviour_preempt_at = i;
        test_run(&behaviour_subject, &behaviour_preempt_once, 0);
        behaviour_judge("preempted at point", i);
        if (behaviour_draws < 2) /* there is no such point any more */
            break;
    }

    behaviour.punctual = false;
    test_options.faults = FAULTS_ALL;
    for (uint32_t i = 0; i < strategy_count(); i++) {
        for (uint64_t seed = 0; seed < BEHAVIOUR_SEEDS; seed++) {
            behaviour.seed = seed;
            test_run(&behaviour_subject, strategy_at(i), seed);
            behaviour_judge(strategy_at(i)->name, seed);
        }
    }
}

#endif
