/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/component.h"

#include <string.h>

enum { UNSEEN = 0 };
#define OPEN UINT32_MAX /* no component yet */

void components_begin(struct components *components, uint32_t node_count)
{
    components->node_count = node_count;
    components->pairs.count = 0;
}

bool components_edge(struct components *components, uint32_t from, uint32_t to)
{
    if (!ARRAY_ROOM(&components->pairs, 1))
        return false;
    components->pairs.items[components->pairs.count++] = (uint64_t)from << 32 | to;
    return true;
}

/* Where the edges of each node begin, and where they lead: a counting sort. */
static void sort_edges(struct components *components)
{
    uint32_t *first = components->first_edge.items;
    memset(first, 0, ((size_t)components->node_count + 2) * sizeof *first);
    for (uint32_t i = 0; i < components->pairs.count; i++)
        first[(components->pairs.items[i] >> 32) + 2]++;
    for (uint32_t i = 2; i < components->node_count + 2; i++)
        first[i] += first[i - 1];
    for (uint32_t i = 0; i < components->pairs.count; i++)
        components->edges.items[first[(components->pairs.items[i] >> 32) + 1]++] =
            (uint32_t)components->pairs.items[i];
}

static void close_component(struct components *components, uint32_t root, uint32_t *count)
{
    uint32_t size = 0, node;
    do {
        node = components->stack.items[--components->stack.count];
        components->component.items[node] = *count;
        size++;
    } while (node != root);
    bool cyclic = size > 1;
    for (uint32_t i = components->first_edge.items[root];
         i < components->first_edge.items[root + 1]; i++)
        cyclic = cyclic || components->edges.items[i] == root;
    components->is_cyclic.items[(*count)++] = cyclic;
}

static void visit(struct components *components, uint32_t node, uint32_t *clock)
{
    components->number.items[node] = components->low.items[node] = ++*clock;
    components->stack.items[components->stack.count++] = node;
    components->work.items[components->work.count++] = node;
    components->work.items[components->work.count++] = components->first_edge.items[node];
}

/* `work` is the way from `start`: a node and its next edge each. */
static void walk(struct components *components, uint32_t start, uint32_t *clock, uint32_t *count)
{
    uint32_t *low = components->low.items;
    visit(components, start, clock);
    while (components->work.count > 0) {
        uint32_t node = components->work.items[components->work.count - 2];
        uint32_t *edge = &components->work.items[components->work.count - 1];
        if (*edge < components->first_edge.items[node + 1]) {
            uint32_t to = components->edges.items[(*edge)++];
            if (components->number.items[to] == UNSEEN)
                visit(components, to, clock);
            else if (components->component.items[to] == OPEN &&
                     components->number.items[to] < low[node])
                low[node] = components->number.items[to];
            continue;
        }
        components->work.count -= 2;
        if (low[node] == components->number.items[node])
            close_component(components, node, count);
        if (components->work.count > 0) {
            uint32_t below = components->work.items[components->work.count - 2];
            if (low[node] < low[below])
                low[below] = low[node];
        }
    }
}

static bool reserve(struct components *components)
{
    uint32_t nodes = components->node_count + 2;
    components->stack.count = components->work.count = 0;
    return ARRAY_ROOM(&components->first_edge, nodes) &&
           ARRAY_ROOM(&components->edges, components->pairs.count) &&
           ARRAY_ROOM(&components->component, nodes) && ARRAY_ROOM(&components->low, nodes) &&
           ARRAY_ROOM(&components->number, nodes) && ARRAY_ROOM(&components->stack, nodes) &&
           ARRAY_ROOM(&components->work, nodes * 2) && ARRAY_ROOM(&components->is_cyclic, nodes);
}

bool components_find(struct components *components)
{
    uint32_t clock = UNSEEN, count = 0;
    if (!reserve(components))
        return false;
    sort_edges(components);
    for (uint32_t i = 0; i < components->node_count; i++) {
        components->number.items[i] = UNSEEN;
        components->component.items[i] = OPEN;
    }
    for (uint32_t i = 0; i < components->node_count; i++)
        if (components->number.items[i] == UNSEEN)
            walk(components, i, &clock, &count);
    return true;
}

void components_free(struct components *components)
{
    free(components->pairs.items);
    free(components->first_edge.items);
    free(components->edges.items);
    free(components->component.items);
    free(components->low.items);
    free(components->number.items);
    free(components->stack.items);
    free(components->work.items);
    free(components->is_cyclic.items);
    *components = (struct components){ .node_count = 0 };
}
