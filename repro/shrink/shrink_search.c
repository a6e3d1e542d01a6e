/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passes by chance. What fits the schedule at hand may be far from the smallest: other schedules
 * and other programs show the same, and which of them the find came with is chance, too. So other
 * ones are drawn, a bounded number, and one that is not smaller as it comes may shrink to a smaller
 * one.
 */
#include <string.h>

#include "core/base/check.h"
#include "fuzz/decode.h"
#include "repro/shrink/shrink_pass.h"

enum {
    FEW = 4, /* segments */
    SHOWN_MOST = 2, /* schedules of one program that are shrunk */
    SMALLER_TRIES = 1500,
    RESTARTS = 12,
    RESTART_TRIES = 60,
    VARIATIONS = 400,
    VARIATION_TRIES = 4,
    ANEW_TRIES = 60000,
};

/* By turns; not the portfolio, which learns from what was run before. */
static struct strategy *next_strategy(struct shrink *shrink, uint32_t index)
{
    strategy_seed(++shrink->seed);
    return strategy_at(1 + index % (strategy_count() - 1));
}

static bool search(struct shrink *shrink, uint32_t tries, bool all)
{
    bool better = false;
    for (uint32_t i = 0; i < tries && !shrink_exhausted(shrink) && (all || !better); i++)
        if (shrink_shows(shrink, &shrink->candidate, next_strategy(shrink, i)) &&
            shrink_keep(shrink))
            better = true;
    return better;
}

/* The fixed order, but for `count` segments. */
static void draw_segments(const struct shrink *shrink, struct prng *prng, uint32_t count,
                          struct plan *plan)
{
    plan->segment_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct plan_segment segment = { .flows = true };
        segment.thread = i == 0 ? 0 : (uint16_t)prng_below(prng, shrink->threads);
        segment.steps = 1 + prng_below(prng, (uint32_t)shrink->steps / (i + 1) + 1);
        plan_add_segment(plan, segment);
    }
}

bool shrink_try_few(struct shrink *shrink, uint32_t tries)
{
    struct prng prng = { ++shrink->seed };
    for (uint32_t i = 0; i < tries && !shrink_exhausted(shrink); i++) {
        uint32_t most = shrink->best->segment_count < FEW ? shrink->best->segment_count : FEW;
        draw_segments(shrink, &prng, i % (most + 2), &shrink->candidate);
        if (shrink_try(shrink))
            return true;
    }
    return false;
}

static void shrink_schedule(struct shrink *shrink)
{
    bool better = true;
    while (better && !shrink_exhausted(shrink)) {
        better = shrink_faults(shrink);
        better = shrink_switches(shrink) || better;
        better = shrink_merge(shrink) || better;
    }
}

/* What was recorded is `best` now, after those passes, unless it is no smaller then than `best`
 * was, which *before keeps meanwhile. */
static bool keep_when_shrunk(struct shrink *shrink, struct plan *before,
                             void (*passes)(struct shrink *shrink))
{
    struct cost cost = shrink->cost;
    uint64_t steps = shrink->steps;
    uint32_t threads = shrink->threads;
    bool minimal = shrink->minimal;
    plan_copy(before, shrink->best);
    shrink_take(shrink);
    passes(shrink);
    if (cost_is_less(&shrink->cost, &cost))
        return true;
    plan_copy(shrink->best, before);
    shrink->cost = cost;
    shrink->steps = steps;
    shrink->threads = threads;
    shrink->minimal = minimal;
    return false;
}

/* The last run showed the finding. If that is smaller as it comes, it needs no shrinking yet. */
static bool keep_or_shrink(struct shrink *shrink)
{
    static struct plan before;
    if (!shrink_record(shrink))
        return false;
    struct cost cost = cost_of(shrink->reproducer->subject, &shrink->recorded);
    if (!shrink_is_less(shrink, &cost))
        return keep_when_shrunk(shrink, &before, shrink_schedule);
    shrink_take(shrink);
    return true;
}

/* The first schedules that show it, which may be longer than they need be, are shrunk. */
static bool search_program(struct shrink *shrink)
{
    static struct plan program;
    plan_copy(&program, &shrink->candidate);
    for (uint32_t i = 0, shown = 0; i < shrink->tries && shown < SHOWN_MOST; i++) {
        if (shrink_exhausted(shrink))
            return false;
        plan_copy(&shrink->candidate, &program);
        if (!shrink_shows(shrink, &shrink->candidate, next_strategy(shrink, i)))
            continue;
        if (keep_or_shrink(shrink))
            return true;
        shown++;
    }
    return false;
}

bool shrink_try_program(struct shrink *shrink)
{
    static struct plan program;
    if (shrink_exhausted(shrink))
        return false;
    plan_copy(&program, &shrink->candidate);
    if (shrink_shows(shrink, &shrink->candidate, strategy_replay_lenient()) &&
        keep_or_shrink(shrink))
        return true;
    plan_copy(&shrink->candidate, &program);
    if (shrink_try_few(shrink, shrink->tries))
        return true;
    plan_copy(&shrink->candidate, &program);
    return search_program(shrink);
}

static bool search_few(struct shrink *shrink)
{
    bool better = false;
    while (shrink->best->segment_count > 0 && !shrink_exhausted(shrink)) {
        plan_copy(&shrink->candidate, shrink->best);
        if (!shrink_try_few(shrink, SMALLER_TRIES))
            break;
        better = true;
    }
    return better;
}

bool shrink_search(struct shrink *shrink)
{
    plan_copy(&shrink->candidate, shrink->best);
    bool better = search(shrink, SMALLER_TRIES, true);
    return search_few(shrink) || better;
}

/* --- from another schedule --- */

/* True: it became smaller than `best` was. */
static bool restart(struct shrink *shrink)
{
    plan_copy(&shrink->candidate, shrink->best);
    for (uint32_t i = 0; i < RESTART_TRIES && !shrink_exhausted(shrink); i++)
        if (shrink_shows(shrink, &shrink->candidate, next_strategy(shrink, i)))
            return keep_or_shrink(shrink);
    return false;
}

bool shrink_restart(struct shrink *shrink)
{
    bool better = false;
    for (uint32_t i = 0; i < RESTARTS && !shrink_exhausted(shrink); i++)
        if (shrink->best->segment_count + shrink->best->fault_count > 0)
            better = restart(shrink) || better;
    return better;
}

/* --- from another find --- */

/* The next program, as a hunt draws it, that shows the finding. */
static bool find_again(struct shrink *shrink, struct prng *prng, uint32_t *tries)
{
    while (*tries > 0 && !shrink_exhausted(shrink)) {
        --*tries;
        plan_clear(&shrink->candidate);
        shrink->reproducer->subject->generate(&shrink->candidate, prng, shrink->faults);
        strategy_seed(++shrink->seed);
        if (shrink_shows(shrink, &shrink->candidate, strategy_at(0)) && shrink_record(shrink))
            return true;
    }
    return false;
}

bool shrink_anew(struct shrink *shrink)
{
    static struct plan before;
    struct prng prng = { ++shrink->seed };
    uint32_t tries = ANEW_TRIES;
    bool better = false;
    strategy_forget();
    while (shrink_is_large(shrink) && find_again(shrink, &prng, &tries))
        if (keep_when_shrunk(shrink, &before, shrink_passes))
            better = true;
    return better;
}

/* --- from another program --- */

static void leave_out_one(struct plan *plan, struct prng *prng)
{
    uint32_t index = prng_below(prng, plan->operation_count--);
    memmove(&plan->operations[index], &plan->operations[index + 1],
            (plan->operation_count - index) * sizeof *plan->operations);
}

static void exchange_one(const struct wedge_subject *subject, struct plan *plan, struct prng *prng)
{
    uint8_t bytes[DECODE_OPERATION_SIZE];
    struct plan_operation operation;
    for (uint32_t i = 0; i < DECODE_OPERATION_SIZE; i++)
        bytes[i] = (uint8_t)prng_below(prng, UINT8_MAX + 1);
    if (decode_operation(subject, bytes, &operation))
        plan->operations[prng_below(prng, plan->operation_count)] = operation;
}

static void vary(struct shrink *shrink, struct prng *prng)
{
    struct plan *plan = &shrink->candidate;
    plan_copy(plan, shrink->best);
    uint32_t fewer = 1 + prng_below(prng, plan->operation_count - 1);
    for (uint32_t i = 0; i < fewer; i++)
        leave_out_one(plan, prng);
    uint32_t others = prng_below(prng, 3);
    for (uint32_t i = 0; i < others; i++)
        exchange_one(shrink->reproducer->subject, plan, prng);
}

bool shrink_vary(struct shrink *shrink)
{
    bool better = false;
    struct prng prng = { ++shrink->seed };
    for (uint32_t i = 0; i < VARIATIONS && !shrink_exhausted(shrink); i++) {
        if (shrink->best->operation_count < 2)
            break;
        vary(shrink, &prng);
        better = shrink_try(shrink) || search(shrink, VARIATION_TRIES, false) || better;
    }
    return better;
}
