/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/reproducer/cost.h"

#include <ctype.h>
#include <string.h>

#include "core/base/check.h"

int64_t cost_simplest(const struct subject_argument *argument)
{
    return argument->minimum <= 0 && argument->maximum >= 0 ? 0 : argument->minimum;
}

bool cost_is_object(const struct subject_argument *argument)
{
    return isalpha((unsigned char)argument->prefix[0]) != 0;
}

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static uint64_t bits(uint64_t number)
{
    return number == 0 ? 0 : 64 - (uint64_t)__builtin_clzll(number);
}

uint32_t cost_actors(const struct plan *plan)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        uint32_t j = 0;
        while (j < i && (plan->operations[j].actor_kind != operation->actor_kind ||
                         plan->operations[j].actor != operation->actor))
            j++;
        count += j == i;
    }
    return count;
}

/* Is this object named by an argument before the `index`-th one of the program? */
static bool named_before(const struct wedge_subject *subject, const struct plan *plan,
                         uint32_t index, const char *prefix, int64_t value)
{
    for (uint32_t i = 0; i < index; i++) {
        const struct plan_operation *operation = &plan->operations[i / PLAN_ARGUMENTS_MAX];
        const struct subject_verb *verb = &subject->verbs[operation->verb];
        uint32_t place = i % PLAN_ARGUMENTS_MAX;
        if (place < verb->argument_count && operation->arguments[place] == value &&
            strcmp(verb->arguments[place].prefix, prefix) == 0)
            return true;
    }
    return false;
}

static uint64_t count_objects(const struct wedge_subject *subject, const struct plan *plan)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < plan->operation_count * PLAN_ARGUMENTS_MAX; i++) {
        const struct plan_operation *operation = &plan->operations[i / PLAN_ARGUMENTS_MAX];
        const struct subject_verb *verb = &subject->verbs[operation->verb];
        uint32_t place = i % PLAN_ARGUMENTS_MAX;
        if (place >= verb->argument_count || !cost_is_object(&verb->arguments[place]))
            continue;
        count += !named_before(subject, plan, i, verb->arguments[place].prefix,
                               operation->arguments[place]);
    }
    return count;
}

static uint64_t settings_cost(const struct wedge_subject *subject, const struct plan *plan)
{
    uint64_t cost = 0;
    for (uint32_t i = 0; i < subject->setting_count; i++)
        cost += bits(distance(plan->settings[i], subject->settings[i].standard));
    return cost;
}

static uint64_t arguments_cost(const struct wedge_subject *subject, const struct plan *plan)
{
    uint64_t cost = 0;
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        const struct subject_verb *verb = &subject->verbs[operation->verb];
        cost += operation->actor;
        for (uint32_t j = 0; j < verb->argument_count; j++)
            cost += bits(distance(operation->arguments[j], cost_simplest(&verb->arguments[j])));
    }
    for (uint32_t i = 0; i < plan->fault_count; i++)
        cost += bits((uint64_t)plan->faults[i].value);
    return cost;
}

uint32_t cost_switches(const struct plan *plan)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < plan->segment_count; i++)
        count += plan->segments[i].thread != plan->segments[i - 1].thread;
    return count;
}

struct cost cost_of(const struct wedge_subject *subject, const struct plan *plan)
{
    uint64_t steps = 0;
    for (uint32_t i = 0; i < plan->segment_count; i++)
        steps += plan->segments[i].steps;
    uint32_t lines = plan->operation_count + plan->fault_count + plan->segment_count;
    return (struct cost){ { lines, cost_actors(plan), plan->operation_count,
                            count_objects(subject, plan), plan->fault_count,
                            cost_switches(plan), plan->segment_count, settings_cost(subject, plan),
                            arguments_cost(subject, plan), steps } };
}

uint64_t cost_lines(const struct cost *cost)
{
    return cost->parts[0];
}

bool cost_is_less(const struct cost *a, const struct cost *b)
{
    for (uint32_t i = 0; i < COST_PARTS; i++)
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i];
    return false;
}
