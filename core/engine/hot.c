/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "core/engine/hot.h"

#include <string.h>
#include <xxhash.h>

/* --- the graph: from what is held to what is wanted, and over contexts --- */

static uint32_t node_of(struct hot *hot, const char *text, bool is_context)
{
    uint32_t *node = map_at(&hot->nodes, XXH3_64bits_withSeed(text, strlen(text), is_context) | 1);
    if (node == NULL) {
        hot->short_of_memory = true;
        return STRAND_NONE;
    }
    if (*node == MAP_ABSENT)
        *node = hot->nodes.count - 1;
    return *node;
}

static const char *class_text(const struct dependencies *dependencies, uint32_t class)
{
    return dependencies->strands->classes.items[class / DEPENDENCY_LEVELS];
}

/* STRAND_NONE: it has no class. */
static uint32_t node_of_class(struct hot *hot, const struct dependencies *dependencies,
                              uint32_t class)
{
    const char *text = class_text(dependencies, class);
    return text != NULL ? node_of(hot, text, false) : STRAND_NONE;
}

static uint32_t node_of_context(struct hot *hot, const struct dependencies *dependencies,
                                uint32_t context)
{
    return node_of(hot, dependencies->strands->contexts.items[context], true);
}

static void add_edge(struct hot *hot, uint32_t from, uint32_t to)
{
    if (from == STRAND_NONE || to == STRAND_NONE || from == to)
        return; /* a class within itself is judged by its instances and declarations */
    uint32_t *known = map_at(&hot->pairs, ((uint64_t)from << 32 | to) + 1);
    if (known == NULL || (*known == MAP_ABSENT && !components_edge(&hot->graph, from, to)))
        hot->short_of_memory = true;
    else
        *known = 1;
}

/* Calls `see` for each pair of nodes of which the second is wanted or let in while the first is held;
 * `key`: of that op. */
typedef void see_pair(struct hot *hot, uint32_t from, uint32_t to, uint64_t key, void *argument);

static void see_held(struct hot *hot, const struct dependencies *dependencies, uint32_t held,
                     uint32_t to, uint64_t key, see_pair *see, void *argument)
{
    for (; held != STRAND_NONE; held = dependencies->helds.items[held].next) {
        uint32_t stay = dependencies->helds.items[held].acquisition;
        uint32_t class = dependencies->acquisitions.items[stay].class;
        see(hot, node_of_class(hot, dependencies, class), to, key, argument);
    }
}

static uint64_t key_of(const struct dependencies *dependencies, uint32_t strand, uint32_t op)
{
    const struct strands *strands = dependencies->strands;
    return op_record(strands, &strands->strands.items[strand].ops[op])->key;
}

static void see_wants(struct hot *hot, const struct dependencies *dependencies, see_pair *see,
                      void *argument)
{
    for (uint32_t i = 0; i < dependencies->wants.count; i++) {
        const struct dependency *want = &dependencies->wants.items[i];
        uint32_t context = dependencies->strands->strands.items[want->strand].context;
        uint32_t to = node_of_class(hot, dependencies, want->class);
        uint64_t key = key_of(dependencies, want->strand, want->op);
        see_held(hot, dependencies, want->held, to, key, see, argument);
        if (context != STRAND_NONE)
            see(hot, node_of_context(hot, dependencies, context), to, key, argument);
    }
}

static void see_openings(struct hot *hot, const struct dependencies *dependencies, see_pair *see,
                         void *argument)
{
    const struct strands *strands = dependencies->strands;
    for (uint32_t i = 0; i < strands->strands.count; i++) {
        const struct strand *strand = &strands->strands.items[i];
        for (uint32_t j = 0; strand->lets_in && j < strand->op_count; j++)
            if (strand->ops[j].kind == OP_UNMASK)
                see_held(hot, dependencies, held_before(dependencies, i, j),
                         node_of_context(hot, dependencies, strand->ops[j].object),
                         key_of(dependencies, i, j), see, argument);
    }
}

static void see_all(struct hot *hot, const struct dependencies *dependencies, see_pair *see,
                    void *argument)
{
    see_wants(hot, dependencies, see, argument);
    see_openings(hot, dependencies, see, argument);
}

/* --- learning --- */

static void learn_pair(struct hot *hot, uint32_t from, uint32_t to, uint64_t key, void *argument)
{
    (void)key;
    (void)argument;
    add_edge(hot, from, to);
}

static void heat_pair(struct hot *hot, uint32_t from, uint32_t to, uint64_t key, void *argument)
{
    if (from == STRAND_NONE || to == STRAND_NONE || from == to ||
        !component_is_same(&hot->graph, from, to))
        return;
    novelty_heat(argument, key);
}

static uint32_t count_cyclic(const struct hot *hot)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < hot->graph.pairs.count; i++)
        count += component_is_same(&hot->graph, (uint32_t)(hot->graph.pairs.items[i] >> 32),
                                   (uint32_t)hot->graph.pairs.items[i]);
    return count;
}

bool hot_learn(struct hot *hot, const struct dependencies *dependencies, struct novelty *novelty)
{
    uint32_t before = hot->graph.pairs.count, cyclic_before = hot->cyclic;
    see_all(hot, dependencies, learn_pair, NULL);
    if (hot->graph.pairs.count > before) {
        hot->graph.node_count = hot->nodes.count;
        if (!components_find(&hot->graph)) {
            hot->short_of_memory = true;
            hot->cyclic = 0;
            return false;
        }
        hot->cyclic = count_cyclic(hot);
    }
    if (hot->cyclic > 0)
        see_all(hot, dependencies, heat_pair, novelty);
    return hot->cyclic > cyclic_before;
}

void hot_free(struct hot *hot)
{
    map_free(&hot->nodes);
    map_free(&hot->pairs);
    components_free(&hot->graph);
}
