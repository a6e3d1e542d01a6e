/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles of classes over all runs that were learned from. Each run is searched for cycles by itself,
 * because only within one run it is known what can happen at a time. If the parts of a cycle come
 * from different runs, nothing is claimed; but the keys of its parts turn hot (novelty.h), and a run
 * that has several of them is learned from, though each is known.
 */
#ifndef CORE_ENGINE_HOT_H
#define CORE_ENGINE_HOT_H

#include "core/base/map.h"
#include "core/engine/component.h"
#include "core/engine/dependency.h"
#include "core/engine/novelty.h"

struct hot {
    struct map nodes; /* by class or context */
    struct map pairs; /* that are edges already */
    struct components graph;
    uint32_t cyclic;  /* edges on cycles */
    bool short_of_memory;
};

/* Adds what the run did, and marks its keys in *novelty. True: there are cycles that there were not:
 * what is known of runs before is to be forgotten, so that their keys are marked, too. */
bool hot_learn(struct hot *hot, const struct dependencies *dependencies, struct novelty *novelty);
void hot_free(struct hot *hot);

#endif
