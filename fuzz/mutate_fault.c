/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the faults. */
#include <stdio.h>

#include "core/engine/site.h"
#include "fuzz/mutate_internal.h"

static bool draw_fault_kind(const struct wedge_subject *subject, struct prng *prng,
                            enum fault_kind *kind)
{
    uint32_t injected = subject->faults & ((1u << FAULT_INJECTED_COUNT) - 1);
    if (injected == 0)
        return false;
    do {
        *kind = (enum fault_kind)prng_below(prng, FAULT_INJECTED_COUNT);
    } while ((injected >> *kind & 1) == 0);
    return true;
}

/* A point where such a fault can happen. */
static bool draw_group(enum fault_kind kind, struct prng *prng, uint16_t *group)
{
    uint32_t count = site_fault_group_count();
    if (count == 0)
        return false;
    uint32_t first = prng_below(prng, count);
    for (uint32_t i = 0; i < count; i++) {
        *group = (uint16_t)((first + i) % count);
        if (site_kind_of_fault(kind) == (enum hook_kind)site_of_group(*group)->kind)
            return true;
    }
    return false;
}

/* Who has a fault already, one of the program's actors, or a thread. */
static void draw_agent(const struct plan *plan, struct prng *prng, char agent[PLAN_AGENT_MAX])
{
    char text[PLAN_AGENT_MAX + 16];
    uint32_t way = prng_below(prng, 4);
    if (way < 2 && plan->fault_count > 0) {
        memcpy(agent, plan->faults[prng_below(prng, plan->fault_count)].agent, PLAN_AGENT_MAX);
        return;
    }
    if (way < 3 && plan->operation_count > 0) {
        const struct plan_operation *operation =
            &plan->operations[prng_below(prng, plan->operation_count)];
        snprintf(text, sizeof text, "%c%u", operation->actor_kind, operation->actor);
    } else {
        snprintf(text, sizeof text, "m%u", prng_below(prng, 4));
    }
    memset(agent, 0, PLAN_AGENT_MAX);
    memcpy(agent, text, strlen(text));
}

bool mutate_fault_add(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    struct plan *plan = &draft->plan;
    enum fault_kind kind;
    struct plan_fault fault = { .ordinal = mutate_amount(prng) };
    if (!draw_fault_kind(subject, prng, &kind) || !draw_group(kind, prng, &fault.group))
        return false;
    fault.kind = (uint8_t)kind;
    fault.value = faults_draw_size(kind, prng);
    draw_agent(plan, prng, fault.agent);
    return plan_add_fault(plan, fault);
}

bool mutate_fault_remove(const struct wedge_subject *subject, struct draft *draft,
                         struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->fault_count == 0)
        return false;
    uint32_t index = prng_below(prng, plan->fault_count);
    list_remove(plan->faults, plan->fault_count, index);
    return true;
}

bool mutate_fault_move(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->fault_count == 0)
        return false;
    struct plan_fault *fault = &plan->faults[prng_below(prng, plan->fault_count)];
    struct plan_fault before = *fault;
    uint32_t amount = mutate_amount(prng);
    if (prng_one_in(prng, 4))
        draw_agent(plan, prng, fault->agent);
    else if (prng_one_in(prng, 2))
        fault->ordinal = amount < fault->ordinal ? fault->ordinal - amount : 1;
    else if (fault->ordinal + amount < UINT16_MAX)
        fault->ordinal += amount;
    return fault->ordinal != before.ordinal || strcmp(fault->agent, before.agent) != 0;
}

bool mutate_fault_size(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->fault_count == 0)
        return false;
    struct plan_fault *fault = &plan->faults[prng_below(prng, plan->fault_count)];
    int64_t before = fault->value;
    fault->value = faults_draw_size((enum fault_kind)fault->kind, prng);
    return fault->value != before;
}

