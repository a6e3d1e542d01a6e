/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/cycle_filter.h"

#include <string.h>

static const struct strands *strands_of(const struct cycle_filter *filter)
{
    return filter->dependencies->strands;
}

static uint32_t context_node(const struct cycle_filter *filter, uint32_t context)
{
    return filter->node_count - strands_of(filter)->contexts.count + context;
}

static const struct acquisition *stay_at(const struct cycle_filter *filter, uint32_t stay)
{
    return &filter->dependencies->acquisitions.items[stay];
}

static uint32_t node_of_stay(const struct cycle_filter *filter, uint32_t stay)
{
    const struct acquisition *what = stay_at(filter, stay);
    return cycle_filter_node(filter, what->object, what->class);
}

static uint32_t node_of_want(const struct cycle_filter *filter, uint32_t want)
{
    const struct dependency *what = &filter->dependencies->wants.items[want];
    return cycle_filter_node(filter, what->object, what->class);
}

static uint32_t context_of(const struct cycle_filter *filter, uint32_t strand)
{
    return strands_of(filter)->strands.items[strand].context;
}

uint32_t cycle_first_open(const struct dependencies *dependencies, const struct acquisition *stay,
                          uint32_t context)
{
    const struct strand *strand = &dependencies->strands->strands.items[stay->strand];
    if (!strand->lets_in)
        return STRAND_NONE;
    for (uint32_t op = stay->op + 1; op <= stay->release && op < strand->op_count; op++)
        if (strand_is_open(dependencies->strands, stay->strand, op, context))
            return op;
    return STRAND_NONE;
}

/* --- the graph --- */

/* From what is held last: what is held below it leads there. */
static bool add_taking(struct cycle_filter *filter, uint32_t strand, uint32_t op, uint32_t to)
{
    uint32_t held = held_before(filter->dependencies, strand, op);
    if (held == STRAND_NONE)
        return true;
    return components_edge(&filter->graph,
                           node_of_stay(filter, filter->dependencies->helds.items[held].acquisition), to);
}

static bool add_stay(struct cycle_filter *filter, uint32_t stay)
{
    const struct acquisition *what = stay_at(filter, stay);
    uint32_t node = node_of_stay(filter, stay);
    bool done = add_taking(filter, what->strand, what->op, node);
    for (uint32_t i = 0; done && i < strands_of(filter)->contexts.count; i++)
        if (cycle_first_open(filter->dependencies, what, i) != STRAND_NONE)
            done = components_edge(&filter->graph, node, context_node(filter, i));
    return done;
}

static bool add_want(struct cycle_filter *filter, uint32_t want)
{
    const struct dependency *what = &filter->dependencies->wants.items[want];
    uint32_t node = node_of_want(filter, want), context = context_of(filter, what->strand);
    return add_taking(filter, what->strand, what->op, node) &&
           (context == STRAND_NONE ||
            components_edge(&filter->graph, context_node(filter, context), node));
}

static bool add_edges(struct cycle_filter *filter)
{
    components_begin(&filter->graph, filter->node_count);
    for (uint32_t i = 0; i < filter->dependencies->acquisitions.count; i++)
        if (!add_stay(filter, i))
            return false;
    for (uint32_t i = 0; i < filter->dependencies->wants.count; i++)
        if (!add_want(filter, i))
            return false;
    return true;
}

/* --- what matters --- */

/* A stay matters if its strand wants something further on, or a handler that may come in does. */
static void mark_want(struct cycle_filter *filter, uint32_t want)
{
    const struct dependency *what = &filter->dependencies->wants.items[want];
    uint32_t node = node_of_want(filter, want);
    filter->want_matters.items[want] = 0;
    if (!component_is_cyclic(&filter->graph, node))
        return;
    bool matters = context_of(filter, what->strand) != STRAND_NONE;
    for (uint32_t i = what->held; i != STRAND_NONE; i = filter->dependencies->helds.items[i].next) {
        uint32_t stay = filter->dependencies->helds.items[i].acquisition;
        if (!component_is_same(&filter->graph, node, node_of_stay(filter, stay)))
            continue;
        filter->matters.items[stay] = 1;
        matters = true;
    }
    filter->want_matters.items[want] = matters;
}

static void mark_open(struct cycle_filter *filter, uint32_t stay)
{
    for (uint32_t i = 0; i < strands_of(filter)->contexts.count; i++)
        if (component_is_same(&filter->graph, node_of_stay(filter, stay), context_node(filter, i)) &&
            cycle_first_open(filter->dependencies, stay_at(filter, stay), i) != STRAND_NONE)
            filter->matters.items[stay] = 1;
}

static void link_all(struct cycle_filter *filter)
{
    for (uint32_t i = 0; i < filter->node_count; i++)
        filter->first_stay.items[i] = filter->first_want.items[i] = STRAND_NONE;
    for (uint32_t i = 0; i < filter->dependencies->acquisitions.count; i++) {
        uint32_t *first = &filter->first_stay.items[node_of_stay(filter, i)];
        if (filter->matters.items[i] == 0)
            continue;
        filter->next_stay.items[i] = *first;
        *first = i;
    }
    for (uint32_t i = 0; i < filter->dependencies->wants.count; i++) {
        uint32_t *first = &filter->first_want.items[node_of_want(filter, i)];
        filter->shortest.items[i] = filter->way.items[i] = 0;
        if (filter->want_matters.items[i] == 0)
            continue;
        filter->next_want.items[i] = *first;
        *first = i;
    }
}

/* --- the whole --- */

static bool reserve(struct cycle_filter *filter)
{
    uint32_t nodes = filter->node_count, wants = filter->dependencies->wants.count;
    uint32_t stays = filter->dependencies->acquisitions.count;
    filter->queue.count = 0;
    return ARRAY_ROOM(&filter->want_matters, wants) && ARRAY_ROOM(&filter->matters, stays) &&
           ARRAY_ROOM(&filter->first_stay, nodes) && ARRAY_ROOM(&filter->next_stay, stays) &&
           ARRAY_ROOM(&filter->first_want, nodes) && ARRAY_ROOM(&filter->next_want, wants) &&
           ARRAY_ROOM(&filter->seen, nodes) && ARRAY_ROOM(&filter->queue, wants + 1) &&
           ARRAY_ROOM(&filter->way, wants) && ARRAY_ROOM(&filter->shortest, wants);
}

bool cycle_filter_build(struct cycle_filter *filter, const struct dependencies *dependencies,
                        bool by_class)
{
    const struct strands *strands = dependencies->strands;
    filter->dependencies = dependencies;
    filter->by_class = by_class;
    filter->node_count = (by_class ? strands->classes.count : strands->objects.count) +
                         strands->contexts.count;
    if (!add_edges(filter) || !components_find(&filter->graph) || !reserve(filter))
        return false;
    for (uint32_t i = 0; i < dependencies->acquisitions.count; i++) {
        filter->matters.items[i] = 0;
        mark_open(filter, i);
    }
    for (uint32_t i = 0; i < dependencies->wants.count; i++)
        mark_want(filter, i);
    link_all(filter);
    return true;
}

void cycle_filter_free(struct cycle_filter *filter)
{
    components_free(&filter->graph);
    free(filter->seen.items);
    free(filter->queue.items);
    free(filter->want_matters.items);
    free(filter->matters.items);
    free(filter->first_stay.items);
    free(filter->next_stay.items);
    free(filter->first_want.items);
    free(filter->next_want.items);
    free(filter->way.items);
    free(filter->shortest.items);
    *filter = (struct cycle_filter){ .dependencies = NULL };
}

/* --- ways --- */

/* Those who want what lies at the node are one link further away than `way`. */
static void spread(struct cycle_filter *filter, uint32_t node, uint32_t least, uint32_t way)
{
    if (filter->seen.items[node] != 0)
        return;
    filter->seen.items[node] = 1;
    for (uint32_t want = filter->first_want.items[node]; want != STRAND_NONE && want >= least;
         want = filter->next_want.items[want]) {
        if (filter->way.items[want] != UINT32_MAX)
            continue;
        filter->way.items[want] = way;
        filter->queue.items[filter->queue.count++] = want;
    }
}

uint32_t cycle_filter_ways(struct cycle_filter *filter, uint32_t want)
{
    if (strands_of(filter)->handler_count > 0)
        return 1; /* they come in anywhere */
    memset(filter->way.items, 0xff, filter->dependencies->wants.count * sizeof *filter->way.items);
    memset(filter->seen.items, 0, filter->node_count);
    filter->queue.count = 0;
    filter->queue.items[filter->queue.count++] = want;
    for (uint32_t read = 0; read < filter->queue.count; read++) {
        uint32_t at = filter->queue.items[read];
        uint32_t way = read == 0 ? 1 : filter->way.items[at] + 1;
        uint32_t held = filter->dependencies->wants.items[at].held;
        for (; held != STRAND_NONE; held = filter->dependencies->helds.items[held].next)
            spread(filter,
                   node_of_stay(filter, filter->dependencies->helds.items[held].acquisition), want,
                   way);
    }
    return filter->way.items[want];
}
