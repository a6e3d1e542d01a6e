/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the program and the settings. */
#include "fuzz/decode.h"
#include "fuzz/mutate_internal.h"

static bool has_program(const struct wedge_subject *subject)
{
    return subject->actor_count > 0 && subject->verb_count > 0;
}

static bool draw_any_operation(const struct wedge_subject *subject, struct prng *prng,
                               struct plan_operation *operation)
{
    uint8_t bytes[DECODE_OPERATION_SIZE];
    for (uint32_t i = 0; i < DECODE_OPERATION_SIZE; i++)
        bytes[i] = (uint8_t)prng_next(prng);
    return decode_operation(subject, bytes, operation);
}

/* Half of them as the generator thinks that they are apt. */
static bool draw_operation(const struct wedge_subject *subject, struct prng *prng,
                           struct plan_operation *operation)
{
    static struct plan drawn;
    if (subject->generate == NULL || prng_one_in(prng, 2))
        return draw_any_operation(subject, prng, operation);
    plan_clear(&drawn);
    subject->generate(&drawn, prng, subject->faults);
    if (drawn.operation_count == 0)
        return false;
    *operation = drawn.operations[prng_below(prng, drawn.operation_count)];
    return true;
}

/* Things of the same kind (prefix) that the program has already: operations are to meet. */
static void draw_argument(const struct wedge_subject *subject, const struct plan *plan,
                          struct prng *prng, struct plan_operation *operation, uint32_t place)
{
    const struct subject_argument *argument =
        &subject->verbs[operation->verb].arguments[place];
    for (uint32_t tries = 0; tries < 4 && plan->operation_count > 0; tries++) {
        const struct plan_operation *other =
            &plan->operations[prng_below(prng, plan->operation_count)];
        const struct subject_verb *verb = &subject->verbs[other->verb];
        for (uint32_t i = 0; i < verb->argument_count; i++) {
            int64_t value = other->arguments[i];
            if (strcmp(verb->arguments[i].prefix, argument->prefix) == 0 &&
                value >= argument->minimum && value <= argument->maximum) {
                operation->arguments[place] = value;
                return;
            }
        }
    }
    operation->arguments[place] = decode_value((uint8_t)prng_next(prng), argument->minimum,
                                               argument->maximum, argument->minimum);
}

static bool insert_operation(struct plan *plan, uint32_t index, struct plan_operation operation)
{
    if (plan->operation_count == PLAN_OPERATIONS_MAX)
        return false;
    list_open(plan->operations, plan->operation_count, index, 1);
    plan->operations[index] = operation;
    return true;
}

bool mutate_operation_add(const struct wedge_subject *subject, struct draft *draft,
                          struct prng *prng)
{
    struct plan *plan = &draft->plan;
    struct plan_operation operation;
    if (!has_program(subject) || !draw_operation(subject, prng, &operation))
        return false;
    uint32_t argument_count = subject->verbs[operation.verb].argument_count;
    for (uint32_t i = 0; i < argument_count; i++)
        if (prng_one_in(prng, 2))
            draw_argument(subject, plan, prng, &operation, i);
    return insert_operation(plan, prng_below(prng, plan->operation_count + 1), operation);
}

/* NULL: there is none. */
static struct plan_operation *any_operation(struct plan *plan, struct prng *prng)
{
    uint32_t count = plan->operation_count;
    return count > 0 ? &plan->operations[prng_below(prng, count)] : NULL;
}

bool mutate_operation_remove(const struct wedge_subject *subject, struct draft *draft,
                             struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->operation_count == 0)
        return false;
    uint32_t index = prng_below(prng, plan->operation_count);
    list_remove(plan->operations, plan->operation_count, index);
    return true;
}

bool mutate_operation_repeat(const struct wedge_subject *subject, struct draft *draft,
                             struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->operation_count == 0)
        return false;
    uint32_t index = prng_below(prng, plan->operation_count);
    return insert_operation(plan, index, plan->operations[index]);
}

static bool same_actor(const struct plan_operation *a, const struct plan_operation *b)
{
    return a->actor_kind == b->actor_kind && a->actor == b->actor;
}

bool mutate_operation_swap(const struct wedge_subject *subject, struct draft *draft,
                           struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->operation_count == 0)
        return false;
    uint32_t first = prng_below(prng, plan->operation_count);
    struct plan_operation *operation = &plan->operations[first];
    for (uint32_t i = first + 1; i < plan->operation_count; i++) {
        if (!same_actor(operation, &plan->operations[i]))
            continue;
        struct plan_operation moved = *operation;
        *operation = plan->operations[i];
        plan->operations[i] = moved;
        return true;
    }
    return false;
}

/* To one that has operations already, or any. */
bool mutate_operation_actor(const struct wedge_subject *subject, struct draft *draft,
                            struct prng *prng)
{
    struct plan *plan = &draft->plan;
    struct plan_operation *operation = any_operation(plan, prng);
    if (operation == NULL)
        return false;
    struct plan_operation other = plan->operations[prng_below(prng, plan->operation_count)];
    if (prng_one_in(prng, 2) && !draw_any_operation(subject, prng, &other))
        return false;
    if (same_actor(&other, operation) ||
        strchr(subject->verbs[operation->verb].actors, other.actor_kind) == NULL)
        return false;
    operation->actor_kind = other.actor_kind;
    operation->actor = other.actor;
    return true;
}

bool mutate_operation_verb(const struct wedge_subject *subject, struct draft *draft,
                           struct prng *prng)
{
    struct plan *plan = &draft->plan;
    struct plan_operation other, *operation = any_operation(plan, prng);
    if (operation == NULL || !draw_operation(subject, prng, &other))
        return false;
    const struct subject_verb *before = &subject->verbs[operation->verb];
    const struct subject_verb *after = &subject->verbs[other.verb];
    if (before == after || strchr(after->actors, operation->actor_kind) == NULL)
        return false;
    for (uint32_t i = 0; i < after->argument_count; i++) /* the same things, where it has them */
        for (uint32_t j = 0; j < before->argument_count; j++)
            if (strcmp(after->arguments[i].prefix, before->arguments[j].prefix) == 0 &&
                operation->arguments[j] >= after->arguments[i].minimum &&
                operation->arguments[j] <= after->arguments[i].maximum)
                other.arguments[i] = operation->arguments[j];
    operation->verb = other.verb;
    memcpy(operation->arguments, other.arguments, sizeof operation->arguments);
    return true;
}

bool mutate_operation_argument(const struct wedge_subject *subject, struct draft *draft,
                               struct prng *prng)
{
    struct plan *plan = &draft->plan;
    struct plan_operation *operation = any_operation(plan, prng);
    if (operation == NULL)
        return false;
    uint32_t count = subject->verbs[operation->verb].argument_count;
    if (count == 0)
        return false;
    uint32_t place = prng_below(prng, count);
    int64_t before = operation->arguments[place];
    draw_argument(subject, plan, prng, operation, place);
    return operation->arguments[place] != before;
}

bool mutate_setting(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    if (subject->setting_count == 0)
        return false;
    uint32_t index = prng_below(prng, subject->setting_count);
    const struct subject_setting *row = &subject->settings[index];
    int64_t before = draft->plan.settings[index];
    draft->plan.settings[index] =
        decode_value((uint8_t)prng_next(prng), row->minimum, row->maximum, row->standard);
    return draft->plan.settings[index] != before;
}

