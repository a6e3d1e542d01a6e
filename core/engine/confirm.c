/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/confirm.h"

#include <string.h>

static bool is_waited_for(const struct outcome *outcome, const struct prediction_edge *edge)
{
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        const struct edge *seen = &outcome->edges[i];
        bool by_class = edge->wanted_class != NULL && seen->object_class != NULL;
        const char *object = seen->kind == EDGE_JOIN ? seen->to : seen->object;
        if (strcmp(by_class ? seen->object_class : object,
                   by_class ? edge->wanted_class : edge->wanted) == 0)
            return true;
    }
    return false;
}

bool confirm_matches(const struct prediction *prediction, const struct outcome *outcome)
{
    if (outcome->verdict != VERDICT_DEADLOCK && outcome->verdict != VERDICT_SELF_DEADLOCK &&
        outcome->verdict != VERDICT_LIVELOCK)
        return false;
    for (uint32_t i = 0; i < prediction->edges.count; i++)
        if (!is_waited_for(outcome, &prediction->edges.items[i]))
            return false;
    return true;
}

static void draw_settings(const struct wedge_subject *subject, struct prng *prng, struct plan *plan)
{
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        const struct subject_setting *setting = &subject->settings[i];
        uint64_t range = (uint64_t)(setting->maximum - setting->minimum) + 1;
        uint32_t most = range < 64 ? (uint32_t)range : 64;
        plan->settings[i] = setting->minimum + prng_below(prng, most);
    }
}

/* The program of the run that it was predicted from has what it takes, as a rule; but maybe not on so
 * few processors, and where other instances have to meet only another program may. */
static const struct plan *program_of(const struct wedge_subject *subject, const struct plan *plan,
                                     uint32_t faults, uint32_t try, struct prng *prng)
{
    static struct plan other;
    if (try % 4 == 0)
        return plan;
    if (subject->generate != NULL && try % 4 == 1) {
        plan_clear(&other);
        subject->generate(&other, prng, faults);
        return &other;
    }
    plan_copy(&other, plan);
    draw_settings(subject, prng, &other);
    return &other;
}

/* Steering bends runs, and some deadlocks lie where it does not lead. */
static struct strategy *strategy_of(const struct prediction *prediction, uint32_t try)
{
    if (try % 8 == 7)
        return strategy_at(try / 8 % strategy_count());
    return strategy_steer(prediction);
}

uint32_t confirm(const struct wedge_subject *subject, const struct plan *plan,
                 const struct prediction *prediction, uint32_t faults, uint64_t seed,
                 uint32_t tries, struct outcome *outcome)
{
    struct prng prng = { seed };
    struct engine_options options = { .faults = faults };
    for (uint32_t try = 0; try < tries; try++) {
        const struct plan *program = program_of(subject, plan, faults, try, &prng);
        strategy_seed(prng_next(&prng));
        engine_run(subject, program, strategy_of(prediction, try), &options, outcome);
        if (confirm_matches(prediction, outcome))
            return try + 1;
    }
    return 0;
}
