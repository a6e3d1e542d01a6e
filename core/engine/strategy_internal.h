/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the strategies share. */
#ifndef CORE_ENGINE_STRATEGY_INTERNAL_H
#define CORE_ENGINE_STRATEGY_INTERNAL_H

#include "core/engine/strategy.h"
#include "core/hook/hook.h"

extern struct strategy strategy_random, strategy_pct, strategy_starve, strategy_pos, strategy_delay,
    strategy_surw, strategy_portfolio;
extern struct prng strategy_prng;

/* Any member, each as likely. */
uint32_t draw_member(const struct thread_set *set);
/* The member with the highest priority: priorities[thread]. */
static inline uint32_t highest_of(const struct thread_set *set, const uint32_t *priorities)
{
    uint32_t best = set->members[0];
    for (uint32_t i = 1; i < set->count; i++)
        if (priorities[set->members[i]] > priorities[best])
            best = set->members[i];
    return best;
}

/* A random number for that hook point, the same for all of its name; `key`: drawn once per run. */
static inline uint64_t place_rank(const struct hook_site *site, uint64_t key)
{
    uint64_t rank = (site->group ^ key) * 0x9e3779b97f4a7c15u;
    return (rank ^ rank >> 32) * 0xd6e8feb86659fd93u;
}

/* strategy_forget(), of the portfolio. */
void portfolio_forget(void);

/* Once in so many choices, a power of two, a sleeping thread is woken early: drawn per run. Whether
 * now. */
extern uint32_t sleeper_odds;
void sleepers_draw_odds(void);
bool sleepers_wake(const struct choice *choice);

/* For a drawing strategy's begin and fault_gap. */
void faults_draw_odds(void);
uint32_t faults_draw_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value);

#endif
