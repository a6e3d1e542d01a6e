/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replay: follows the plan's segments. What it cannot follow is a divergence, never a fall back to
 * chance; the lenient form, for shrinking, skips it. After the last segment: the fixed order.
 */
#include "core/engine/strategy_internal.h"

static const struct plan *plan_followed;
static uint32_t cursor;

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    plan_followed = plan;
    cursor = 0;
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

static bool next_strict(struct strategy *strategy, const struct choice *choice,
                        struct plan_segment *segment)
{
    (void)strategy;
    if (cursor == plan_followed->segment_count) {
        fixed_order(choice, segment);
        return true;
    }
    *segment = plan_followed->segments[cursor++];
    segment->strict = true;
    return can_run(choice, segment->thread);
}

static bool next_lenient(struct strategy *strategy, const struct choice *choice,
                         struct plan_segment *segment)
{
    (void)strategy;
    while (cursor < plan_followed->segment_count) {
        *segment = plan_followed->segments[cursor++];
        segment->strict = false;
        if (can_run(choice, segment->thread))
            return true;
    }
    fixed_order(choice, segment);
    return true;
}

struct strategy *strategy_replay(void)
{
    static struct strategy strict = { .name = "replay", .about = "follows a plan exactly",
                                      .begin = begin, .next = next_strict };
    return &strict;
}

struct strategy *strategy_replay_lenient(void)
{
    static struct strategy lenient = { .name = "replay-lenient",
                                       .about = "follows a plan, skips what does not fit",
                                       .begin = begin, .next = next_lenient };
    return &lenient;
}
