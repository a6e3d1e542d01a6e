/* SPDX-License-Identifier: BSD-3-Clause */
/* What strategies share: the table, the seed, and the drawing of faults. */
#include "core/engine/strategy_internal.h"

#include <string.h>

#include "core/base/check.h"
#include "core/engine/internal.h"

struct prng strategy_prng;

static struct strategy *const strategies[] = { &strategy_portfolio, &strategy_random, &strategy_pct,
                                               &strategy_starve,    &strategy_delay,  &strategy_pos,
                                               &strategy_surw };

uint32_t strategy_count(void)
{
    return (uint32_t)count_of(strategies);
}

struct strategy *strategy_at(uint32_t index)
{
    check(index < strategy_count());
    return strategies[index];
}

struct strategy *strategy_find(const char *name)
{
    for (uint32_t i = 0; i < strategy_count(); i++)
        if (strcmp(strategies[i]->name, name) == 0)
            return strategies[i];
    return NULL;
}

void strategy_seed(uint64_t seed)
{
    /* Mixed once, so that runs 1, 2, 3 do not draw overlapping sequences. */
    strategy_prng.state = seed;
    strategy_prng.state = prng_next(&strategy_prng) ^ seed << 32;
}

void strategy_forget(void)
{
    portfolio_forget();
    switches_forget(&engine.switches_seen);
    hook_step.trace_next = engine.trace; /* SURW learns from the run before */
}

/* --- choices --- */

uint32_t draw_member(const struct thread_set *set)
{
    check(set->count > 0);
    return set->members[prng_below(&strategy_prng, set->count)];
}

uint32_t sleeper_odds;

void sleepers_draw_odds(void)
{
    static const uint16_t odds[] = { 2, 4, 4, 16, 16, 64, 256, 256 };
    sleeper_odds = odds[prng_below(&strategy_prng, (uint32_t)count_of(odds))];
}

bool sleepers_wake(const struct choice *choice)
{
    return choice->sleeping->count > 0 && prng_one_in(&strategy_prng, sleeper_odds);
}

/* --- faults --- */

/* Per run and kind: never, or once in so many points on average. Runs differ wildly (swarm testing,
 * Groce et al., ISSTA 2012): some have no faults of a kind, the others few or many. Many more often:
 * a run has a few dozen points, and it is a certain one that matters. */
static uint32_t fault_odds[FAULT_INJECTED_COUNT];

void faults_draw_odds(void)
{
    for (int kind = 0; kind < FAULT_INJECTED_COUNT; kind++) {
        static const uint8_t odds[] = { 0, 0, 0, 0, 2, 2, 8, 32 };
        fault_odds[kind] = odds[prng_below(&strategy_prng, (uint32_t)count_of(odds))];
    }
}

/* A wait mostly ends at once. */
int64_t faults_draw_size(enum fault_kind kind, struct prng *prng)
{
    static const int64_t sizes_ns[] = { 1, 1000, 20000, 1000000, 10000000, 1000000000 };
    if (!fault_is_sized(kind) || (kind == FAULT_WAIT && prng_one_in(prng, 2)))
        return 0;
    return sizes_ns[prng_below(prng, (uint32_t)count_of(sizes_ns))];
}

uint32_t faults_draw_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value)
{
    (void)strategy;
    if (fault_odds[kind] == 0)
        return UINT32_MAX;
    *value = faults_draw_size(kind, &strategy_prng);
    return prng_below(&strategy_prng, 2 * fault_odds[kind]);
}
