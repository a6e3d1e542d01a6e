/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each pass makes candidates from `best`, largest pieces first. Whenever one is kept, `best` is
 * another plan, so positions are looked at again and every loop is bounded by its present size.
 */
#include "repro/shrink/shrink_pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"

static struct plan *candidate_of_best(struct shrink *shrink)
{
    plan_copy(&shrink->candidate, shrink->best);
    return &shrink->candidate;
}

/* --- leaving out --- */

struct list {
    uint32_t (*count)(const struct plan *plan);
    void (*remove)(struct plan *plan, uint32_t first, uint32_t count);
    bool (*attempt)(struct shrink *shrink);
};

/* Leaves out pieces of half the list, a quarter and so on down to one. */
static bool leave_out(struct shrink *shrink, const struct list *list)
{
    bool better = false;
    for (uint32_t size = (list->count(shrink->best) + 1) / 2; size > 0; size /= 2) {
        for (uint32_t first = 0; first + size <= list->count(shrink->best);) {
            list->remove(candidate_of_best(shrink), first, size);
            if (list->attempt(shrink))
                better = true;
            else
                first += size;
            if (shrink_exhausted(shrink))
                return better;
        }
    }
    return better;
}

static uint32_t count_operations(const struct plan *plan)
{
    return plan->operation_count;
}

static void remove_operations(struct plan *plan, uint32_t first, uint32_t count)
{
    memmove(&plan->operations[first], &plan->operations[first + count],
            (plan->operation_count - first - count) * sizeof *plan->operations);
    plan->operation_count -= count;
}

bool shrink_operations(struct shrink *shrink)
{
    static const struct list list = { count_operations, remove_operations, shrink_try_program };
    return leave_out(shrink, &list);
}

static uint32_t count_segments(const struct plan *plan)
{
    return plan->segment_count;
}

static void remove_segments(struct plan *plan, uint32_t first, uint32_t count)
{
    memmove(&plan->segments[first], &plan->segments[first + count],
            (plan->segment_count - first - count) * sizeof *plan->segments);
    plan->segment_count -= count;
}

bool shrink_segments(struct shrink *shrink)
{
    static const struct list list = { count_segments, remove_segments, shrink_try };
    return leave_out(shrink, &list);
}

/* Their steps are made by the one before, and whomever the fixed order names after it. */
static void flow_over_segments(struct plan *plan, uint32_t first, uint32_t count)
{
    uint64_t steps = 0;
    for (uint32_t i = first; i < first + count; i++)
        steps += plan->segments[i].steps;
    remove_segments(plan, first, count);
    if (first == 0)
        return;
    struct plan_segment *before = &plan->segments[first - 1];
    steps += before->steps;
    before->steps = steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX;
    before->flows = true;
}

bool shrink_switches(struct shrink *shrink)
{
    static const struct list list = { count_segments, flow_over_segments, shrink_try };
    return leave_out(shrink, &list);
}

static uint32_t count_faults(const struct plan *plan)
{
    return plan->fault_count;
}

static void remove_faults(struct plan *plan, uint32_t first, uint32_t count)
{
    memmove(&plan->faults[first], &plan->faults[first + count],
            (plan->fault_count - first - count) * sizeof *plan->faults);
    plan->fault_count -= count;
}

static bool shorten_jumps(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->fault_count; i++)
        while (i < shrink->best->fault_count && shrink->best->faults[i].value > 1) {
            candidate_of_best(shrink)->faults[i].value /= 8;
            if (shrink->candidate.faults[i].value == 0)
                shrink->candidate.faults[i].value = 1;
            if (!shrink_try(shrink))
                break;
            better = true;
        }
    return better;
}

bool shrink_faults(struct shrink *shrink)
{
    static const struct list list = { count_faults, remove_faults, shrink_try };
    bool better = leave_out(shrink, &list);
    return shorten_jumps(shrink) || better;
}

static bool same_actor(const struct plan_operation *a, const struct plan_operation *b)
{
    return a->actor_kind == b->actor_kind && a->actor == b->actor;
}

static void remove_actor(struct plan *plan, struct plan_operation actor)
{
    for (uint32_t i = plan->operation_count; i-- > 0;)
        if (same_actor(&plan->operations[i], &actor))
            remove_operations(plan, i, 1);
}

bool shrink_actors(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->operation_count;) {
        const struct plan_operation *operation = &shrink->best->operations[i];
        uint32_t before = 0;
        while (before < i && !same_actor(&shrink->best->operations[before], operation))
            before++;
        if (before == i) {
            remove_actor(candidate_of_best(shrink), *operation);
            if (shrink_try_program(shrink)) {
                better = true;
                continue;
            }
        }
        i++;
    }
    return better;
}

/* It leaves out nothing, and there are many of them: fewer other schedules are looked at. */
static bool try_value(struct shrink *shrink)
{
    return shrink_try(shrink) || shrink_try_few(shrink, shrink->tries / 4);
}

/* False, too, if that actor may not do it. */
static bool give(struct shrink *shrink, uint32_t index, struct plan_operation to)
{
    const struct plan_operation *operation = &shrink->best->operations[index];
    const struct subject_verb *verb = &shrink->reproducer->subject->verbs[operation->verb];
    if (same_actor(operation, &to) || strchr(verb->actors, to.actor_kind) == NULL)
        return false;
    struct plan *plan = candidate_of_best(shrink);
    plan->operations[index].actor_kind = to.actor_kind;
    plan->operations[index].actor = to.actor;
    return try_value(shrink);
}

bool shrink_owners(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->operation_count; i++)
        for (uint32_t j = 0; i < shrink->best->operation_count &&
                             j < shrink->best->operation_count && !shrink_exhausted(shrink);
             j++)
            better = give(shrink, i, shrink->best->operations[j]) || better;
    return better;
}

/* --- simpler values --- */

bool shrink_settings(struct shrink *shrink)
{
    const struct wedge_subject *subject = shrink->reproducer->subject;
    bool better = false;
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        int64_t standard = subject->settings[i].standard;
        while (shrink->best->settings[i] != standard) {
            candidate_of_best(shrink)->settings[i] = standard;
            bool done = shrink_try_program(shrink);
            if (!done) { /* half the way */
                int64_t half = standard + (shrink->best->settings[i] - standard) / 2;
                candidate_of_best(shrink)->settings[i] = half;
                done = half != standard && shrink_try_program(shrink);
            }
            if (!done)
                break;
            better = true;
        }
    }
    return better;
}

static bool simplify_argument(struct shrink *shrink, uint32_t index, uint32_t place)
{
    const struct subject_verb *verb =
        &shrink->reproducer->subject->verbs[shrink->best->operations[index].verb];
    int64_t simplest = cost_simplest(&verb->arguments[place]);
    int64_t value = shrink->best->operations[index].arguments[place];
    if (value == simplest)
        return false;
    candidate_of_best(shrink)->operations[index].arguments[place] = simplest;
    if (try_value(shrink))
        return true;
    /* A round number reads better than what a generator drew. */
    uint64_t above = (uint64_t)value - (uint64_t)simplest;
    int64_t half = value > simplest ? simplest + (int64_t)(above / 2) : value / 2;
    candidate_of_best(shrink)->operations[index].arguments[place] = half;
    return half != simplest && half != value && half >= verb->arguments[place].minimum &&
           half <= verb->arguments[place].maximum && shrink_try(shrink);
}

bool shrink_arguments(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->operation_count; i++) {
        uint32_t count =
            shrink->reproducer->subject->verbs[shrink->best->operations[i].verb].argument_count;
        for (uint32_t place = 0; place < count; place++)
            while (i < shrink->best->operation_count && simplify_argument(shrink, i, place))
                better = true;
    }
    return better;
}

/* --- names --- */

/* Exchanges two objects of that prefix throughout the program. */
static void exchange_objects(const struct wedge_subject *subject, struct plan *plan,
                             const char *prefix, int64_t a, int64_t b)
{
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        const struct subject_verb *verb = &subject->verbs[plan->operations[i].verb];
        for (uint32_t j = 0; j < verb->argument_count; j++) {
            int64_t *value = &plan->operations[i].arguments[j];
            if (strcmp(verb->arguments[j].prefix, prefix) != 0)
                continue;
            if (*value == a)
                *value = b;
            else if (*value == b)
                *value = a;
        }
    }
}

static bool rename_object(struct shrink *shrink, uint32_t index, uint32_t place)
{
    const struct plan_operation *operation = &shrink->best->operations[index];
    const struct subject_argument *argument =
        &shrink->reproducer->subject->verbs[operation->verb].arguments[place];
    if (!cost_is_object(argument))
        return false;
    int64_t value = operation->arguments[place];
    for (int64_t lower = argument->minimum; lower < value; lower++) {
        exchange_objects(shrink->reproducer->subject, candidate_of_best(shrink), argument->prefix,
                         value, lower);
        if (try_value(shrink))
            return true;
    }
    return false;
}

/* Faults name their agent as "g2". */
static void exchange_agents(struct plan *plan, const char *a, const char *b)
{
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        char *agent = plan->faults[i].agent;
        if (strcmp(agent, a) == 0)
            snprintf(agent, PLAN_AGENT_MAX, "%s", b);
        else if (strcmp(agent, b) == 0)
            snprintf(agent, PLAN_AGENT_MAX, "%s", a);
    }
}

static void exchange_actors(struct plan *plan, char kind, uint8_t a, uint8_t b)
{
    char name_a[PLAN_AGENT_MAX], name_b[PLAN_AGENT_MAX];
    snprintf(name_a, sizeof name_a, "%c%u", kind, a);
    snprintf(name_b, sizeof name_b, "%c%u", kind, b);
    exchange_agents(plan, name_a, name_b);
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        struct plan_operation *operation = &plan->operations[i];
        if (operation->actor_kind != kind)
            continue;
        if (operation->actor == a)
            operation->actor = b;
        else if (operation->actor == b)
            operation->actor = a;
    }
}

static uint8_t first_actor(const struct wedge_subject *subject, char kind)
{
    for (uint32_t i = 0; i < subject->actor_count; i++)
        if (subject->actors[i].kind == kind)
            return subject->actors[i].minimum;
    return 0;
}

static bool rename_actor(struct shrink *shrink, uint32_t index)
{
    struct plan_operation operation = shrink->best->operations[index];
    uint8_t lower = first_actor(shrink->reproducer->subject, operation.actor_kind);
    for (; lower < operation.actor; lower++) {
        exchange_actors(candidate_of_best(shrink), operation.actor_kind, operation.actor, lower);
        if (shrink_try_program(shrink))
            return true;
    }
    return false;
}

bool shrink_rename(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->operation_count; i++) {
        better = rename_actor(shrink, i) || better;
        const struct wedge_subject *subject = shrink->reproducer->subject;
        for (uint32_t j = 0; i < shrink->best->operation_count &&
                             j < subject->verbs[shrink->best->operations[i].verb].argument_count;
             j++)
            better = rename_object(shrink, i, j) || better;
    }
    return better;
}

/* --- the schedule --- */

static uint32_t next_of_thread(const struct plan *plan, uint32_t index)
{
    uint32_t next = index + 1;
    while (next < plan->segment_count &&
           plan->segments[next].thread != plan->segments[index].thread)
        next++;
    return next;
}

/* later: the thread waits until its next segment and does both there; otherwise both here. */
static bool merge(struct shrink *shrink, uint32_t index, bool later)
{
    uint32_t next = next_of_thread(shrink->best, index);
    if (next >= shrink->best->segment_count)
        return false;
    struct plan *plan = candidate_of_best(shrink);
    plan->segments[later ? next : index].steps += plan->segments[later ? index : next].steps;
    remove_segments(plan, later ? index : next, 1);
    return shrink_try(shrink);
}

/* The thread goes on until it blocks. */
static bool run_on(struct shrink *shrink, uint32_t index)
{
    candidate_of_best(shrink)->segments[index].steps = UINT32_MAX;
    return shrink_try(shrink);
}

bool shrink_merge(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->segment_count && !shrink_exhausted(shrink);) {
        if (merge(shrink, i, false) || merge(shrink, i, true) || run_on(shrink, i))
            better = true;
        else
            i++;
    }
    return better;
}

bool shrink_steps(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < shrink->best->segment_count; i++) {
        for (uint32_t less = shrink->best->segments[i].steps / 2; less > 0; less /= 2) {
            while (i < shrink->best->segment_count && shrink->best->segments[i].steps > less) {
                candidate_of_best(shrink)->segments[i].steps -= less;
                if (!shrink_try(shrink))
                    break;
                better = true;
            }
        }
    }
    return better;
}
