/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replay: follows the plan's segments. What it cannot follow is a divergence, never a fall back to
 * chance; the lenient form, for shrinking, skips it. While a segment flows, and after the last one:
 * the fixed order.
 *
 * Follow is lenient, too, and after the last segment leaves the choice to another strategy. So any
 * plan will do: one that differs a little from a run that was made leads along that run as far as
 * it can, and on from there by chance. The plan's faults are injected by name; those that the other
 * strategy draws come after the last segment only.
 */
#include "core/engine/strategy_internal.h"

static const struct plan *plan_followed;
static uint32_t cursor;
static uint64_t flow_end; /* the step at which the segment that flows is over */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    plan_followed = plan;
    cursor = 0;
    flow_end = 0;
}

/* The running thread goes on; when it cannot, the lowest that can. */
static void fixed_order(const struct choice *choice, struct plan_segment *segment)
{
    bool current = thread_set_has(choice->runnable, choice->current);
    segment->thread = (uint16_t)(current ? choice->current
                                         : thread_set_lowest(choice->runnable, 0));
    segment->steps = UINT32_MAX;
    segment->strict = false;
}

static bool can_run(const struct choice *choice, uint32_t thread)
{
    return thread_set_has(choice->runnable, thread) || thread_set_has(choice->sleeping, thread);
}

/* The last segment flows, and is not over: the rest of it. */
static bool flow_on(const struct choice *choice, struct plan_segment *segment)
{
    if (choice->step >= flow_end)
        return false;
    uint64_t left = flow_end - choice->step;
    fixed_order(choice, segment);
    segment->steps = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
    return true;
}

static void take_segment(const struct choice *choice, bool strict, struct plan_segment *segment)
{
    *segment = plan_followed->segments[cursor++];
    segment->strict = strict && !segment->flows;
    flow_end = segment->flows ? choice->step + segment->steps : 0;
}

static bool next_strict(struct strategy *strategy, const struct choice *choice,
                        struct plan_segment *segment)
{
    (void)strategy;
    if (flow_on(choice, segment))
        return true;
    if (cursor == plan_followed->segment_count) {
        fixed_order(choice, segment);
        return true;
    }
    take_segment(choice, true, segment);
    return can_run(choice, segment->thread);
}

/* False: there are no more. */
static bool next_that_can_run(const struct choice *choice, struct plan_segment *segment)
{
    if (flow_on(choice, segment))
        return true;
    while (cursor < plan_followed->segment_count) {
        take_segment(choice, false, segment);
        if (can_run(choice, segment->thread))
            return true;
    }
    flow_end = 0;
    return false;
}

static bool next_lenient(struct strategy *strategy, const struct choice *choice,
                         struct plan_segment *segment)
{
    (void)strategy;
    if (!next_that_can_run(choice, segment))
        fixed_order(choice, segment);
    return true;
}

/* --- condense --- */

static struct {
    struct plan *to;
    uint64_t start; /* the step at which its last segment began */
} condensed;

static void begin_condense(struct strategy *strategy, const struct plan *plan)
{
    begin(strategy, plan);
    condensed.to->segment_count = 0;
}

/* The segment goes on from here with what the fixed order does, or a new one begins. */
static void condense(const struct choice *choice, const struct plan_segment *segment)
{
    struct plan *to = condensed.to;
    struct plan_segment natural;
    fixed_order(choice, &natural);
    if (to->segment_count == 0 || segment->thread != natural.thread) {
        condensed.start = choice->step;
        plan_add_segment(to, (struct plan_segment){ .thread = segment->thread,
                                                    .steps = segment->steps });
        return;
    }
    struct plan_segment *last = &to->segments[to->segment_count - 1];
    uint64_t steps = choice->step - condensed.start + segment->steps;
    last->steps = steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX;
    last->flows = true;
}

static bool next_condense(struct strategy *strategy, const struct choice *choice,
                          struct plan_segment *segment)
{
    bool over = cursor == plan_followed->segment_count && choice->step >= flow_end;
    if (!next_strict(strategy, choice, segment))
        return false;
    if (!over)
        condense(choice, segment);
    return true;
}

struct strategy *strategy_condense(struct plan *to)
{
    static struct strategy condensing = { .name = "condense", .about = "replays, and notes how to "
                                                                       "say the same shorter",
                                          .begin = begin_condense, .next = next_condense };
    condensed.to = to;
    return &condensing;
}

/* --- follow --- */

static struct strategy *rest;

static void begin_follow(struct strategy *strategy, const struct plan *plan)
{
    begin(strategy, plan);
    rest->begin(rest, plan);
    bool over = plan->segment_count == 0;
    strategy->asks_on_wake = over && rest->asks_on_wake;
    strategy->draws_no_faults = !over;
}

static bool next_follow(struct strategy *strategy, const struct choice *choice,
                        struct plan_segment *segment)
{
    if (next_that_can_run(choice, segment))
        return true;
    strategy->asks_on_wake = rest->asks_on_wake;
    strategy->draws_no_faults = false;
    return rest->next(rest, choice, segment);
}

static uint32_t fault_gap_follow(struct strategy *strategy, enum fault_kind kind, int64_t *value)
{
    (void)strategy;
    return rest->fault_gap(rest, kind, value);
}

static void end_follow(struct strategy *strategy)
{
    (void)strategy;
    if (rest->end != NULL)
        rest->end(rest);
}

struct strategy *strategy_follow(struct strategy *after)
{
    static struct strategy follow = { .name = "follow",
                                      .about = "follows a plan as far as it can, then by chance",
                                      .takes_plan_faults = true,
                                      .begin = begin_follow, .next = next_follow,
                                      .end = end_follow,
                                      .fault_gap = fault_gap_follow };
    rest = after;
    return &follow;
}

struct strategy *strategy_replay(void)
{
    static struct strategy strict = { .name = "replay", .about = "follows a plan exactly",
                                      .replays = true, .begin = begin, .next = next_strict };
    return &strict;
}

struct strategy *strategy_replay_lenient(void)
{
    static struct strategy lenient = { .name = "replay-lenient",
                                       .about = "follows a plan, skips what does not fit",
                                       .replays = true, .begin = begin, .next = next_lenient };
    return &lenient;
}
