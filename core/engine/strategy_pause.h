/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holding back: some who could run stand still, and any strategy picks among the others. What is
 * paused goes on when nobody else can run, after time has passed a few times, one at a time and in
 * random order. So the ways to open a window and the ways to walk through it are drawn apart: the
 * portfolio pairs each with each.
 */
#ifndef CORE_ENGINE_STRATEGY_PAUSE_H
#define CORE_ENGINE_STRATEGY_PAUSE_H

#include "core/engine/strategy_internal.h"

struct pause {
    const char *name;
    void (*begin)(void);
    /* Puts into *paused who is to stand still from here on, and takes out who is not any more; choice
     * ->current has just made a step. Returns after how many steps it has to be asked again. */
    uint32_t (*look)(const struct choice *choice, struct thread_set *paused);
};

extern const struct pause pause_starve, pause_delay, pause_delay_many;

/* A run in which `walk` picks among those whom `pause` lets; NULL: all. */
void pause_begin(const struct pause *pause, struct strategy *walk, const struct plan *plan);
bool pause_next(struct strategy *strategy, const struct choice *choice,
               struct plan_segment *segment);

#endif
