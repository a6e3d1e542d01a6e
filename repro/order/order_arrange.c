/* SPDX-License-Identifier: BSD-3-Clause */
/* Layers and cycles of an order, and the order in which it is printed. */
#include <stdlib.h>
#include <string.h>

#include "core/engine/component.h"
#include "repro/order/order.h"

/* --- cycles --- */

static void find_components(struct order *order)
{
    struct components components = { .node_count = 0 };
    components_begin(&components, order->classes.count);
    for (uint32_t i = 0; i < order->links.count; i++)
        order_need_memory(components_edge(&components, order->links.items[i].from, order->links.items[i].to));
    order_need_memory(components_find(&components));
    for (uint32_t i = 0; i < order->classes.count; i++)
        order->classes.items[i].component = components.component.items[i];
    components_free(&components);
}

/* Within a class: only what nobody has declared to be in order. */
static bool link_is_on_cycle(const struct order *order, const struct order_link *link)
{
    if (link->from == link->to)
        return link->seen != NULL && !link->seen->nested;
    return order->classes.items[link->from].component == order->classes.items[link->to].component;
}

/* --- layers --- */

/* By component, the longest way: each round is right on ways that are one longer. */
static void find_layers(struct order *order)
{
    uint32_t *layers = order_room(order->classes.count, sizeof *layers);
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < order->links.count; i++) {
            uint32_t from = order->classes.items[order->links.items[i].from].component;
            uint32_t to = order->classes.items[order->links.items[i].to].component;
            if (from == to || layers[to] > layers[from])
                continue;
            layers[to] = layers[from] + 1;
            changed = true;
        }
    }
    for (uint32_t i = 0; i < order->classes.count; i++)
        order->classes.items[i].layer = layers[order->classes.items[i].component];
    free(layers);
}

/* --- sorting --- */

static int compare_classes(const void *one, const void *other, void *order)
{
    const struct order_class *classes = ((const struct order *)order)->classes.items;
    const struct order_class *a = &classes[*(const uint32_t *)one];
    const struct order_class *b = &classes[*(const uint32_t *)other];
    if (a->layer != b->layer)
        return a->layer < b->layer ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int compare_links(const void *one, const void *other, void *order)
{
    const struct order_class *classes = ((const struct order *)order)->classes.items;
    const struct order_link *a = one, *b = other;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return strcmp(classes[a->from].name, classes[b->from].name);
}

static void sort_classes(struct order *order)
{
    uint32_t count = order->classes.count;
    uint32_t *rows = order_room(count, sizeof *rows), *place = order_room(count, sizeof *place);
    struct order_class *sorted = order_room(count, sizeof *sorted);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    qsort_r(rows, count, sizeof *rows, compare_classes, order);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = order->classes.items[rows[i]];
        place[rows[i]] = i;
    }
    for (uint32_t i = 0; i < count; i++)
        order->classes.items[i] = sorted[i];
    for (uint32_t i = 0; i < order->links.count; i++) {
        order->links.items[i].from = place[order->links.items[i].from];
        order->links.items[i].to = place[order->links.items[i].to];
    }
    free(rows);
    free(place);
    free(sorted);
}

void order_arrange(struct order *order)
{
    find_components(order);
    find_layers(order);
    sort_classes(order);
    for (uint32_t i = 0; i < order->links.count; i++)
        order->links.items[i].on_cycle = link_is_on_cycle(order, &order->links.items[i]);
    if (order->links.count > 0)
        qsort_r(order->links.items, order->links.count, sizeof *order->links.items, compare_links,
                order);
}
