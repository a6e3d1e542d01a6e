/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the strategies share. */
#ifndef CORE_ENGINE_STRATEGY_INTERNAL_H
#define CORE_ENGINE_STRATEGY_INTERNAL_H

#include "core/engine/strategy.h"

extern struct strategy strategy_random, strategy_pct, strategy_starve;
extern struct prng strategy_prng;

/* Any member, each as likely. */
uint32_t draw_member(const struct thread_set *set);

/* For a drawing strategy's begin and fault_gap. */
void faults_draw_odds(void);
uint32_t faults_draw_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value);

#endif
