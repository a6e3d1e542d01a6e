/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strongly connected components of a directed graph: which nodes lie on cycles, and which on the same
 * ones (Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1972), without
 * recursion, in time proportional to nodes and edges.
 */
#ifndef CORE_ENGINE_COMPONENT_H
#define CORE_ENGINE_COMPONENT_H

#include "core/base/array.h"

struct components {
    uint32_t node_count;
    ARRAY(uint64_t) pairs; /* edges: from << 32 | to */
    ARRAY(uint32_t) first_edge, edges, component, low, number, stack, work;
    ARRAY(uint8_t) is_cyclic; /* per component */
};

/* A graph of nodes 0 to node_count - 1, without edges. */
void components_begin(struct components *components, uint32_t node_count);
/* False: no memory. */
bool components_edge(struct components *components, uint32_t from, uint32_t to);
bool components_find(struct components *components);
void components_free(struct components *components);

/* After components_find(): whether there is a cycle through that node. */
static inline bool component_is_cyclic(const struct components *components, uint32_t node)
{
    return components->is_cyclic.items[components->component.items[node]] != 0;
}

/* Whether the two are the same node, or there is a cycle through both. */
static inline bool component_is_same(const struct components *components, uint32_t one,
                                     uint32_t other)
{
    return components->component.items[one] == components->component.items[other];
}

#endif
