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

static bool add_edge(struct cycle_filter *filter, uint32_t from, uint32_t to)
{
    if (!ARRAY_ROOM(&filter->pairs, 1))
        return false;
    filter->pairs.items[filter->pairs.count++] = (uint64_t)from << 32 | to;
    return true;
}

/* From what is held last: what is held below it leads there. */
static bool add_taking(struct cycle_filter *filter, uint32_t strand, uint32_t op, uint32_t to)
{
    uint32_t held = held_before(filter->dependencies, strand, op);
    if (held == STRAND_NONE)
        return true;
    return add_edge(filter,
                    node_of_stay(filter, filter->dependencies->helds.items[held].acquisition), to);
}

static bool add_stay(struct cycle_filter *filter, uint32_t stay)
{
    const struct acquisition *what = stay_at(filter, stay);
    uint32_t node = node_of_stay(filter, stay);
    bool done = add_taking(filter, what->strand, what->op, node);
    for (uint32_t i = 0; done && i < strands_of(filter)->contexts.count; i++)
        if (cycle_first_open(filter->dependencies, what, i) != STRAND_NONE)
            done = add_edge(filter, node, context_node(filter, i));
    return done;
}

static bool add_want(struct cycle_filter *filter, uint32_t want)
{
    const struct dependency *what = &filter->dependencies->wants.items[want];
    uint32_t node = node_of_want(filter, want), context = context_of(filter, what->strand);
    return add_taking(filter, what->strand, what->op, node) &&
           (context == STRAND_NONE || add_edge(filter, context_node(filter, context), node));
}

static bool add_edges(struct cycle_filter *filter)
{
    filter->pairs.count = 0;
    for (uint32_t i = 0; i < filter->dependencies->acquisitions.count; i++)
        if (!add_stay(filter, i))
            return false;
    for (uint32_t i = 0; i < filter->dependencies->wants.count; i++)
        if (!add_want(filter, i))
            return false;
    return true;
}

/* Where the edges of each node begin, and where they lead: a counting sort. */
static void sort_edges(struct cycle_filter *filter)
{
    uint32_t *first = filter->first_edge.items;
    memset(first, 0, ((size_t)filter->node_count + 2) * sizeof *first);
    for (uint32_t i = 0; i < filter->pairs.count; i++)
        first[(filter->pairs.items[i] >> 32) + 2]++;
    for (uint32_t i = 2; i < filter->node_count + 2; i++)
        first[i] += first[i - 1];
    for (uint32_t i = 0; i < filter->pairs.count; i++)
        filter->edges.items[first[(filter->pairs.items[i] >> 32) + 1]++] =
            (uint32_t)filter->pairs.items[i];
}

/* --- components: Tarjan's algorithm without recursion --- */

enum { UNSEEN = 0 };

static void close_component(struct cycle_filter *filter, uint32_t root, uint32_t *count)
{
    uint32_t size = 0, node;
    do {
        node = filter->stack.items[--filter->stack.count];
        filter->component.items[node] = *count;
        size++;
    } while (node != root);
    bool cyclic = size > 1;
    for (uint32_t i = filter->first_edge.items[root]; i < filter->first_edge.items[root + 1]; i++)
        cyclic = cyclic || filter->edges.items[i] == root;
    filter->is_cyclic.items[(*count)++] = cyclic;
}

static void visit(struct cycle_filter *filter, uint32_t node, uint32_t *clock)
{
    filter->number.items[node] = filter->low.items[node] = ++*clock;
    filter->stack.items[filter->stack.count++] = node;
    filter->work.items[filter->work.count++] = node;
    filter->work.items[filter->work.count++] = filter->first_edge.items[node];
}

static void walk(struct cycle_filter *filter, uint32_t start, uint32_t *clock, uint32_t *count)
{
    visit(filter, start, clock);
    while (filter->work.count > 0) {
        uint32_t node = filter->work.items[filter->work.count - 2];
        uint32_t *edge = &filter->work.items[filter->work.count - 1];
        if (*edge < filter->first_edge.items[node + 1]) {
            uint32_t to = filter->edges.items[(*edge)++];
            if (filter->number.items[to] == UNSEEN)
                visit(filter, to, clock);
            else if (filter->component.items[to] == STRAND_NONE &&
                     filter->number.items[to] < filter->low.items[node])
                filter->low.items[node] = filter->number.items[to];
            continue;
        }
        filter->work.count -= 2;
        if (filter->low.items[node] == filter->number.items[node])
            close_component(filter, node, count);
        if (filter->work.count > 0) {
            uint32_t below = filter->work.items[filter->work.count - 2];
            if (filter->low.items[node] < filter->low.items[below])
                filter->low.items[below] = filter->low.items[node];
        }
    }
}

static void find_components(struct cycle_filter *filter)
{
    uint32_t clock = UNSEEN, count = 0;
    filter->stack.count = filter->work.count = 0;
    for (uint32_t i = 0; i < filter->node_count; i++) {
        filter->number.items[i] = UNSEEN;
        filter->component.items[i] = STRAND_NONE;
    }
    for (uint32_t i = 0; i < filter->node_count; i++)
        if (filter->number.items[i] == UNSEEN)
            walk(filter, i, &clock, &count);
}

/* --- what matters --- */

static bool is_cyclic(const struct cycle_filter *filter, uint32_t node)
{
    return filter->is_cyclic.items[filter->component.items[node]] != 0;
}

static bool are_together(const struct cycle_filter *filter, uint32_t one, uint32_t other)
{
    return filter->component.items[one] == filter->component.items[other];
}

/* A stay matters if its strand wants something further on, or a handler that may come in does. */
static void mark_want(struct cycle_filter *filter, uint32_t want)
{
    const struct dependency *what = &filter->dependencies->wants.items[want];
    uint32_t node = node_of_want(filter, want);
    filter->want_matters.items[want] = 0;
    if (!is_cyclic(filter, node))
        return;
    bool matters = context_of(filter, what->strand) != STRAND_NONE;
    for (uint32_t i = what->held; i != STRAND_NONE; i = filter->dependencies->helds.items[i].next) {
        uint32_t stay = filter->dependencies->helds.items[i].acquisition;
        if (!are_together(filter, node, node_of_stay(filter, stay)))
            continue;
        filter->matters.items[stay] = 1;
        matters = true;
    }
    filter->want_matters.items[want] = matters;
}

static void mark_open(struct cycle_filter *filter, uint32_t stay)
{
    for (uint32_t i = 0; i < strands_of(filter)->contexts.count; i++)
        if (are_together(filter, node_of_stay(filter, stay), context_node(filter, i)) &&
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
    uint32_t nodes = filter->node_count + 2, pairs = filter->pairs.count;
    uint32_t wants = filter->dependencies->wants.count;
    uint32_t stays = filter->dependencies->acquisitions.count;
    filter->stack.count = filter->work.count = 0;
    return ARRAY_ROOM(&filter->first_edge, nodes) && ARRAY_ROOM(&filter->edges, pairs) &&
           ARRAY_ROOM(&filter->component, nodes) && ARRAY_ROOM(&filter->low, nodes) &&
           ARRAY_ROOM(&filter->number, nodes) && ARRAY_ROOM(&filter->stack, nodes + wants) &&
           ARRAY_ROOM(&filter->work, nodes * 2) && ARRAY_ROOM(&filter->is_cyclic, nodes) &&
           ARRAY_ROOM(&filter->want_matters, wants) && ARRAY_ROOM(&filter->matters, stays) &&
           ARRAY_ROOM(&filter->first_stay, nodes) && ARRAY_ROOM(&filter->next_stay, stays) &&
           ARRAY_ROOM(&filter->first_want, nodes) && ARRAY_ROOM(&filter->next_want, wants) &&
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
    if (!add_edges(filter) || !reserve(filter))
        return false;
    sort_edges(filter);
    find_components(filter);
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
    free(filter->pairs.items);
    free(filter->first_edge.items);
    free(filter->edges.items);
    free(filter->component.items);
    free(filter->low.items);
    free(filter->number.items);
    free(filter->stack.items);
    free(filter->work.items);
    free(filter->is_cyclic.items);
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
    if (filter->low.items[node] == 0)
        return;
    filter->low.items[node] = 0; /* seen */
    for (uint32_t want = filter->first_want.items[node]; want != STRAND_NONE && want >= least;
         want = filter->next_want.items[want]) {
        if (filter->way.items[want] != UINT32_MAX)
            continue;
        filter->way.items[want] = way;
        filter->stack.items[filter->stack.count++] = want;
    }
}

uint32_t cycle_filter_ways(struct cycle_filter *filter, uint32_t want)
{
    if (strands_of(filter)->handler_count > 0)
        return 1; /* they come in anywhere */
    memset(filter->way.items, 0xff, filter->dependencies->wants.count * sizeof *filter->way.items);
    for (uint32_t i = 0; i < filter->node_count; i++)
        filter->low.items[i] = 1;
    filter->stack.count = 0;
    filter->stack.items[filter->stack.count++] = want;
    for (uint32_t read = 0; read < filter->stack.count; read++) {
        uint32_t at = filter->stack.items[read];
        uint32_t way = read == 0 ? 1 : filter->way.items[at] + 1;
        uint32_t held = filter->dependencies->wants.items[at].held;
        for (; held != STRAND_NONE; held = filter->dependencies->helds.items[held].next)
            spread(filter,
                   node_of_stay(filter, filter->dependencies->helds.items[held].acquisition), want,
                   way);
    }
    return filter->way.items[want];
}
