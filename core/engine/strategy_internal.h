/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the strategies share. */
#ifndef CORE_ENGINE_STRATEGY_INTERNAL_H
#define CORE_ENGINE_STRATEGY_INTERNAL_H

#include "core/engine/strategy.h"

extern struct strategy strategy_random, strategy_pct, strategy_starve;
extern struct prng strategy_prng;

/* The n-th set bit, from 0; a random set bit. */
uint32_t mask_nth(uint64_t mask, uint32_t n);
uint32_t mask_draw(uint64_t mask);

/* For a drawing strategy's begin and fault_gap. */
void faults_draw_odds(void);
uint32_t faults_draw_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value);

#endif
