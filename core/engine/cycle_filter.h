/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be part of a cycle at all. The graph of locks (or of their classes) has an edge from
 * each one that is held to what is taken next, and goes over a node for each context: from the locks
 * that are held where it can come in, to those that its handlers take. Who wants a lock and holds
 * none of the same strongly connected component is in no cycle (Tarjan, "Depth-first search and
 * linear graph algorithms", 1972). So runs whose locks have an order cost a walk over what they
 * did, and no search.
 *
 * Of what is left it is known how many members a cycle needs at least to get back to its beginning.
 */
#ifndef CORE_ENGINE_CYCLE_FILTER_H
#define CORE_ENGINE_CYCLE_FILTER_H

#include "core/engine/component.h"
#include "core/engine/dependency.h"

struct cycle_filter {
    const struct dependencies *dependencies;
    bool by_class;
    uint32_t node_count; /* locks or classes, then contexts */
    struct components graph;
    ARRAY(uint8_t) want_matters, matters; /* per want; per stay */
    ARRAY(uint32_t) first_stay, next_stay; /* per node, and per stay: those that matter */
    ARRAY(uint32_t) first_want, next_want; /* per node, and per want: those that matter */
    ARRAY(uint8_t) seen;                  /* per node */
    ARRAY(uint32_t) queue;                /* of wants */
    ARRAY(uint32_t) way;                  /* per want: to the want that ways were asked for */
    ARRAY(uint32_t) shortest;             /* per want: of the cycles that it is the least want of */
};

/* False: no memory. */
bool cycle_filter_build(struct cycle_filter *filter, const struct dependencies *dependencies,
                        bool by_class);
void cycle_filter_free(struct cycle_filter *filter);

/* At least so many links lead from each want to `want`, over wants that are not less: in way[].
 * Returns how many lead back to itself; UINT32_MAX: none do. */
uint32_t cycle_filter_ways(struct cycle_filter *filter, uint32_t want);

static inline uint32_t cycle_filter_node(const struct cycle_filter *filter, uint32_t object,
                                         uint32_t class)
{
    return filter->by_class ? class / DEPENDENCY_LEVELS : object;
}

/* The first place in the stay where the context can come in, or STRAND_NONE. */
uint32_t cycle_first_open(const struct dependencies *dependencies, const struct acquisition *stay,
                          uint32_t context);

#endif
