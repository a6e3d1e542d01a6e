/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/mutate_internal.h"

#include "core/base/check.h"

enum { CHANGES_MAX = 4, TRIES_MAX = 64 };

static const struct {
    mutator *change;
    uint32_t weight;
} mutations[MUTATION_COUNT] = {
    [MUTATE_SWITCH_MOVE] = { mutate_switch_move, 4 },
    [MUTATE_SWITCH_INSERT] = { mutate_switch_insert, 4 },
    [MUTATE_SEGMENT_REMOVE] = { mutate_segment_remove, 2 },
    [MUTATE_SEGMENT_MOVE] = { mutate_segment_move, 2 },
    [MUTATE_SEGMENT_LENGTH] = { mutate_segment_length, 2 },
    [MUTATE_SEGMENT_THREAD] = { mutate_segment_thread, 2 },
    [MUTATE_SCHEDULE_CUT] = { mutate_schedule_cut, 8 },
    [MUTATE_FAULT_ADD] = { mutate_fault_add, 2 },
    [MUTATE_FAULT_REMOVE] = { mutate_fault_remove, 1 },
    [MUTATE_FAULT_MOVE] = { mutate_fault_move, 2 },
    [MUTATE_FAULT_SIZE] = { mutate_fault_size, 1 },
    [MUTATE_OPERATION_ADD] = { mutate_operation_add, 4 },
    [MUTATE_OPERATION_REMOVE] = { mutate_operation_remove, 3 },
    [MUTATE_OPERATION_REPEAT] = { mutate_operation_repeat, 2 },
    [MUTATE_OPERATION_SWAP] = { mutate_operation_swap, 2 },
    [MUTATE_OPERATION_ACTOR] = { mutate_operation_actor, 2 },
    [MUTATE_OPERATION_VERB] = { mutate_operation_verb, 2 },
    [MUTATE_OPERATION_ARGUMENT] = { mutate_operation_argument, 4 },
    [MUTATE_SETTING] = { mutate_setting, 2 },
    [MUTATE_SEED] = { mutate_seed, 24 }, /* what a program can do takes many schedules to see */
};

bool mutate_so(const struct wedge_subject *subject, enum mutation mutation, struct draft *draft,
               struct prng *prng)
{
    check(mutation < MUTATION_COUNT);
    return mutations[mutation].change(subject, draft, prng);
}

static enum mutation draw_mutation(struct prng *prng)
{
    uint32_t total = 0;
    for (int i = 0; i < MUTATION_COUNT; i++)
        total += mutations[i].weight;
    uint32_t share = prng_below(prng, total), mutation = 0;
    while (share >= mutations[mutation].weight)
        share -= mutations[mutation++].weight;
    return (enum mutation)mutation;
}

void mutate(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    uint32_t changes = 1;
    while (changes < CHANGES_MAX && prng_one_in(prng, 2))
        changes++;
    for (uint32_t tries = 0; changes > 0 && tries < TRIES_MAX; tries++)
        changes -= mutate_so(subject, draw_mutation(prng), draft, prng);
}

/* --- children --- */

static void append_segments(struct plan *plan, const struct plan *from, uint32_t first,
                            uint32_t end)
{
    for (uint32_t i = first; i < end; i++)
        plan_add_segment(plan, from->segments[i]);
}

/* Half of the actors' operations from each. */
static void cross_programs(struct plan *child, const struct plan *second, struct prng *prng)
{
    uint64_t side = prng_next(prng);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < child->operation_count; i++)
        if ((side >> child->operations[i].actor % 64 & 1) != 0)
            child->operations[kept++] = child->operations[i];
    child->operation_count = kept;
    for (uint32_t i = 0; i < second->operation_count; i++)
        if ((side >> second->operations[i].actor % 64 & 1) == 0)
            plan_add_operation(child, second->operations[i]);
}

void mutate_cross(const struct draft *first, const struct draft *second, struct prng *prng,
                  struct draft *child)
{
    struct plan *plan = &child->plan;
    const struct plan *other = &second->plan;
    plan_copy(plan, &first->plan);
    child->seed = first->seed;
    child->strategy = first->strategy;
    switch (prng_below(prng, 4)) {
    case 0: /* the program of one, the schedule and the faults of the other */
        plan->segment_count = plan->fault_count = 0;
        append_segments(plan, other, 0, other->segment_count);
        for (uint32_t i = 0; i < other->fault_count; i++)
            plan_add_fault(plan, other->faults[i]);
        break;
    case 1: /* the end of the other's schedule */
        plan->segment_count = prng_below(prng, plan->segment_count + 1);
        append_segments(plan, other, prng_below(prng, other->segment_count + 1),
                        other->segment_count);
        break;
    case 2: cross_programs(plan, other, prng); break;
    default: /* both programs, as far as there is room */
        for (uint32_t i = 0; i < other->operation_count; i++)
            plan_add_operation(plan, other->operations[i]);
    }
}
