/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/confirm.h"

#include <string.h>

static bool is_waited_for(const struct outcome *outcome, const struct prediction_edge *edge)
{
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        const char *object_class = outcome->edges[i].object_class;
        if (edge->wanted_class == NULL
                ? strcmp(outcome->edges[i].object, edge->wanted) == 0
                : object_class != NULL && strcmp(object_class, edge->wanted_class) == 0)
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

/* The program of the run that it was predicted from has what it takes, as a rule; but where other
 * instances have to meet, or fewer threads, only another program may. */
static bool takes_other_program(const struct wedge_subject *subject, uint32_t try)
{
    enum { SAME_FIRST = 64 };
    return subject->generate != NULL && try >= SAME_FIRST && try % 2 != 0;
}

/* Steering bends runs, and some deadlocks lie where it does not lead. */
static struct strategy *strategy_of(const struct prediction *prediction, uint32_t try)
{
    if (try % 4 == 3)
        return strategy_at(try / 4 % strategy_count());
    return strategy_steer(prediction);
}

uint32_t confirm(const struct wedge_subject *subject, const struct plan *plan,
                 const struct prediction *prediction, uint32_t faults, uint64_t seed,
                 uint32_t tries, struct outcome *outcome)
{
    static struct plan other;
    struct prng prng = { seed };
    struct engine_options options = { .faults = faults };
    for (uint32_t try = 0; try < tries; try++) {
        const struct plan *program = plan;
        if (takes_other_program(subject, try)) {
            plan_clear(&other);
            subject->generate(&other, &prng, faults);
            program = &other;
        }
        strategy_seed(prng_next(&prng));
        engine_run(subject, program, strategy_of(prediction, try), &options, outcome);
        if (confirm_matches(prediction, outcome))
            return try + 1;
    }
    return 0;
}
