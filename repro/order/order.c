/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/order/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/command.h"

void order_need_memory(bool there_is)
{
    if (there_is)
        return;
    fputs("wedge: no memory\n", stderr);
    exit(EXIT_BROKEN);
}

void *order_room(uint32_t count, size_t size)
{
    void *room = calloc((size_t)count + 1, size);
    order_need_memory(room != NULL);
    return room;
}

const char *order_text(struct order *order, const char *text, size_t length)
{
    char *copy = strndup(text, length);
    order_need_memory(copy != NULL && ARRAY_ROOM(&order->texts, 1));
    order->texts.items[order->texts.count++] = copy;
    return copy;
}

void order_free(struct order *order)
{
    for (uint32_t i = 0; i < order->texts.count; i++)
        free(order->texts.items[i]);
    free(order->texts.items);
    free(order->classes.items);
    free(order->links.items);
    *order = (struct order){ .header = NULL };
}

/* --- classes and links --- */

uint32_t order_class_find(const struct order *order, const char *name)
{
    for (uint32_t i = 0; i < order->classes.count; i++)
        if (strcmp(order->classes.items[i].name, name) == 0)
            return i;
    return ORDER_NONE;
}

uint32_t order_class_add(struct order *order, const char *name, bool is_state)
{
    uint32_t row = order_class_find(order, name);
    if (row != ORDER_NONE)
        return row;
    order_need_memory(ARRAY_ROOM(&order->classes, 1));
    row = order->classes.count++;
    order->classes.items[row] = (struct order_class){
        .name = order_text(order, name, strlen(name)), .is_state = is_state
    };
    return row;
}

struct order_link *order_link_find(const struct order *order, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < order->links.count; i++)
        if (order->links.items[i].from == from && order->links.items[i].to == to)
            return &order->links.items[i];
    return NULL;
}

struct order_link *order_link_add(struct order *order, uint32_t from, uint32_t to)
{
    check(from < order->classes.count && to < order->classes.count);
    order_need_memory(ARRAY_ROOM(&order->links, 1));
    struct order_link *link = &order->links.items[order->links.count++];
    *link = (struct order_link){ .from = from, .to = to };
    return link;
}

struct order_link *order_link_same(const struct order *other, const struct order *order,
                                   const struct order_link *link)
{
    uint32_t from = order_class_find(other, order->classes.items[link->from].name);
    uint32_t to = order_class_find(other, order->classes.items[link->to].name);
    return from == ORDER_NONE || to == ORDER_NONE ? NULL : order_link_find(other, from, to);
}

bool order_lacks(const struct order *other, const struct order *order,
                 const struct order_link *link)
{
    const struct order_link *same = order_link_same(other, order, link);
    return same == NULL || (same->reads && !link->reads);
}

/* --- from runs, from another order --- */

/* "modtimer:&t->status" */
static const char *site_text(struct order *order, const struct hook_site *site)
{
    char *text;
    int length = asprintf(&text, "%s:%s", site->function, site->object);
    order_need_memory(length >= 0);
    const char *kept = order_text(order, text, (size_t)length);
    free(text);
    return kept;
}

void order_learn(struct order *order, const struct lockgraph *graph)
{
    check(order->links.count == 0);
    for (uint32_t i = 0; i < lockgraph_edge_count(graph); i++) {
        const struct order_edge *edge = lockgraph_edge(graph, i);
        uint32_t from = order_class_add(order, edge->from, edge->from_state);
        uint32_t to = order_class_add(order, edge->to, edge->to_state);
        struct order_link *link = order_link_add(order, from, to);
        link->held = site_text(order, edge->held_since);
        link->taken = site_text(order, edge->wanted_at);
        link->reads = edge->reads;
        link->seen = edge;
    }
}

static void merge_link(struct order *order, const struct order *more,
                       const struct order_link *other)
{
    const struct order_class *held = &more->classes.items[other->from];
    const struct order_class *taken = &more->classes.items[other->to];
    uint32_t from = order_class_add(order, held->name, held->is_state);
    uint32_t to = order_class_add(order, taken->name, taken->is_state);
    struct order_link *link = order_link_find(order, from, to);
    bool is_new = order_lacks(order, more, other);
    if (link == NULL)
        link = order_link_add(order, from, to);
    if (is_new) {
        link->held = order_text(order, other->held, strlen(other->held));
        link->taken = order_text(order, other->taken, strlen(other->taken));
        link->reads = other->reads;
        link->line = other->line;
    }
    if (other->seen != NULL)
        link->seen = other->seen;
}

void order_merge(struct order *order, const struct order *more)
{
    for (uint32_t i = 0; i < more->links.count; i++)
        merge_link(order, more, &more->links.items[i]);
}

uint32_t order_prune(struct order *order)
{
    uint32_t count = 0, classes = 0;
    uint32_t *place = order_room(order->classes.count, sizeof *place); /* + 1; 0: not needed */
    for (uint32_t i = 0; i < order->classes.count; i++)
        place[i] = order->classes.items[i].comment != NULL;
    for (uint32_t i = 0; i < order->links.count; i++)
        if (order->links.items[i].seen != NULL) {
            order->links.items[count] = order->links.items[i];
            place[order->links.items[count].from] = place[order->links.items[count].to] = 1;
            count++;
        }
    for (uint32_t i = 0; i < order->classes.count; i++)
        if (place[i] != 0) {
            order->classes.items[classes] = order->classes.items[i];
            place[i] = ++classes;
        }
    for (uint32_t i = 0; i < count; i++) {
        order->links.items[i].from = place[order->links.items[i].from] - 1;
        order->links.items[i].to = place[order->links.items[i].to] - 1;
    }
    uint32_t dropped = order->links.count - count;
    order->links.count = count;
    order->classes.count = classes;
    free(place);
    return dropped;
}

/* --- ways --- */

/* A walk, breadth first. came[class]: the link that led there. */
struct walk {
    const struct order *order;
    uint32_t from, to;
    const struct order_link *without; /* not walked, nor are cycles that it begins or ends in */
    uint32_t *came, *queue;
};

static bool is_barred(const struct walk *walk, const struct order_link *link)
{
    const struct order_class *classes = walk->order->classes.items;
    if (walk->without == NULL)
        return false;
    uint32_t component = classes[link->from].component;
    return link == walk->without || (component == classes[link->to].component &&
                                     (component == classes[walk->without->from].component ||
                                      component == classes[walk->without->to].component));
}

static bool walk_on(struct walk *walk)
{
    const struct order *order = walk->order;
    uint32_t head = 0, tail = 0;
    for (uint32_t i = 0; i < order->classes.count; i++)
        walk->came[i] = ORDER_NONE;
    walk->queue[tail++] = walk->from;
    while (head < tail) {
        uint32_t at = walk->queue[head++];
        for (uint32_t i = 0; i < order->links.count; i++) {
            const struct order_link *link = &order->links.items[i];
            if (link->from != at || walk->came[link->to] != ORDER_NONE || is_barred(walk, link))
                continue;
            walk->came[link->to] = i;
            if (link->to == walk->to)
                return true;
            if (link->to != walk->from)
                walk->queue[tail++] = link->to;
        }
    }
    return false;
}

static struct walk walk_new(const struct order *order, uint32_t from, uint32_t to)
{
    uint32_t *came = order_room(2 * order->classes.count, sizeof *came);
    return (struct walk){ .order = order, .from = from, .to = to, .came = came,
                          .queue = came + order->classes.count };
}

uint32_t order_path(const struct order *order, uint32_t from, uint32_t to, uint32_t *path)
{
    struct walk walk = walk_new(order, from, to);
    uint32_t count = 0;
    if (walk_on(&walk)) {
        uint32_t at = to;
        do {
            path[count++] = walk.came[at];
            at = order->links.items[walk.came[at]].from;
        } while (at != from);
    }
    for (uint32_t i = 0; i < count / 2; i++) {
        uint32_t row = path[i];
        path[i] = path[count - 1 - i];
        path[count - 1 - i] = row;
    }
    free(walk.came);
    return count;
}

bool order_implied(const struct order *order, const struct order_link *link)
{
    struct walk walk = walk_new(order, link->from, link->to);
    walk.without = link;
    bool implied = walk_on(&walk);
    free(walk.came);
    return implied;
}
