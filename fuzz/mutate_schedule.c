/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the schedule: segments, and the context switches between them. */
#include "fuzz/mutate_internal.h"

/* Of those that are in the schedule, and now and then another one. */
static uint16_t draw_thread(const struct plan *plan, struct prng *prng)
{
    if (plan->segment_count == 0 || prng_one_in(prng, 8))
        return (uint16_t)prng_below(prng, 8);
    return plan->segments[prng_below(prng, plan->segment_count)].thread;
}

bool mutate_switch_move(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->segment_count < 2)
        return false;
    struct plan_segment *pair = &plan->segments[prng_below(prng, plan->segment_count - 1)];
    uint32_t from = prng_below(prng, 2), amount = mutate_amount(prng);
    if (pair[from].steps == 1)
        from = 1 - from;
    if (pair[from].steps == 1)
        return false;
    if (amount >= pair[from].steps)
        amount = 1 + prng_below(prng, pair[from].steps - 1);
    if (pair[1 - from].steps > UINT32_MAX - amount)
        return false;
    pair[from].steps -= amount;
    pair[1 - from].steps += amount;
    return true;
}

bool mutate_switch_insert(const struct wedge_subject *subject, struct draft *draft,
                          struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->segment_count == 0 || plan->segment_count + 2 > PLAN_SEGMENTS_MAX)
        return false;
    uint32_t index = prng_below(prng, plan->segment_count);
    struct plan_segment *segment = &plan->segments[index];
    struct plan_segment other = { .thread = draw_thread(plan, prng), .steps = mutate_amount(prng) };
    if (segment->steps < 2 || other.thread == segment->thread)
        return false;
    list_open(plan->segments, plan->segment_count, index, 2);
    segment[0].steps = 1 + prng_below(prng, segment[2].steps - 1);
    segment[2].steps -= segment[0].steps;
    segment[1] = other;
    return true;
}

bool mutate_segment_remove(const struct wedge_subject *subject, struct draft *draft,
                           struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->segment_count == 0)
        return false;
    uint32_t index = prng_below(prng, plan->segment_count);
    list_remove(plan->segments, plan->segment_count, index);
    return true;
}

bool mutate_segment_move(const struct wedge_subject *subject, struct draft *draft,
                         struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->segment_count < 2)
        return false;
    uint32_t from = prng_below(prng, plan->segment_count), distance = mutate_amount(prng);
    uint32_t to = prng_one_in(prng, 2) ? from + distance : from - distance;
    if (to >= plan->segment_count) /* also where it is less than 0 */
        return false;
    struct plan_segment moved = plan->segments[from];
    list_remove(plan->segments, plan->segment_count, from);
    list_open(plan->segments, plan->segment_count, to, 1);
    plan->segments[to] = moved;
    return true;
}

bool mutate_segment_length(const struct wedge_subject *subject, struct draft *draft,
                           struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->segment_count == 0)
        return false;
    uint32_t *steps = &plan->segments[prng_below(prng, plan->segment_count)].steps;
    uint32_t before = *steps, amount = mutate_amount(prng);
    if (prng_one_in(prng, 2))
        *steps = amount < *steps ? *steps - amount : 1;
    else if (*steps <= UINT32_MAX - amount)
        *steps += amount;
    return *steps != before;
}

bool mutate_segment_thread(const struct wedge_subject *subject, struct draft *draft,
                           struct prng *prng)
{
    (void)subject;
    struct plan *plan = &draft->plan;
    if (plan->segment_count == 0)
        return false;
    struct plan_segment *segment = &plan->segments[prng_below(prng, plan->segment_count)];
    uint16_t before = segment->thread;
    segment->thread = draw_thread(plan, prng);
    return segment->thread != before;
}

bool mutate_seed(const struct wedge_subject *subject, struct draft *draft, struct prng *prng)
{
    (void)subject;
    draft->seed = (uint32_t)prng_next(prng);
    draft->strategy = draft_draw_strategy(prng);
    return true;
}

bool mutate_schedule_cut(const struct wedge_subject *subject, struct draft *draft,
                         struct prng *prng)
{
    if (draft->plan.segment_count == 0)
        return false;
    draft->plan.segment_count = prng_below(prng, draft->plan.segment_count);
    return mutate_seed(subject, draft, prng);
}

