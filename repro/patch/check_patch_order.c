/* SPDX-License-Identifier: BSD-3-Clause */
/* The lock orders of both sides compared: what the patch adds, removes and closes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/order/order_file.h"
#include "repro/patch/check_patch.h"

#define GOLDEN "corpus/lock-order.txt"

/* If the other side was to show a pair fewer times than that, it may be missing there by chance. */
enum { RARE = 10 };

static void add_class(struct order *order, const json_t *graph, const char *name)
{
    size_t i;
    json_t *class;
    bool is_state = false;
    json_array_foreach(json_object_get(graph, "classes"), i, class)
        if (strcmp(check_text(class, "name"), name) == 0)
            is_state = strcmp(check_text(class, "kind"), "state") == 0;
    order_class_add(order, name, is_state);
}

/* A link's `line` is the row of the edge, from 1. */
static void learn(struct order *order, const json_t *graph)
{
    size_t i;
    json_t *edge;
    json_array_foreach(json_object_get(graph, "edges"), i, edge) {
        const char *from = check_text(edge, "from"), *to = check_text(edge, "to");
        add_class(order, graph, from);
        add_class(order, graph, to);
        uint32_t from_row = order_class_find(order, from), to_row = order_class_find(order, to);
        if (order_link_find(order, from_row, to_row) != NULL)
            continue;
        struct order_link *link = order_link_add(order, from_row, to_row);
        link->held = link->taken = "";
        link->reads = json_is_true(json_object_get(edge, "reads"));
        link->line = (uint32_t)i + 1;
    }
}

static void read_golden(const struct tree *tree, struct order *order, bool *there)
{
    char path[PATH_MAX + 32];
    struct order_error error;
    snprintf(path, sizeof path, "%s/" GOLDEN, tree->folder);
    *there = access(path, R_OK) == 0;
    if (!*there || order_file_read(order, path, &error))
        return;
    fprintf(stderr, "wedge: %s:%u: %s\n", path, error.line, error.text);
    *there = false;
}

struct orders {
    struct check *check;
    const json_t *graphs[SIDES];
    struct order seen[SIDES], golden[SIDES];
    bool golden_there[SIDES];
};

static const json_t *edge_of(const struct orders *orders, enum side side,
                             const struct order_link *link)
{
    return json_array_get(json_object_get(orders->graphs[side], "edges"), link->line - 1);
}

/* The other edges of the shortest cycle that the link closes. */
static json_t *cycle_of(const struct orders *orders, const struct order_link *link)
{
    const struct order *order = &orders->seen[SIDE_PATCHED];
    json_t *cycle = json_array();
    uint32_t *path = order_room(order->classes.count + 1, sizeof *path);
    uint32_t count = link->from == link->to ? 0 : order_path(order, link->to, link->from, path);
    for (uint32_t i = 0; i < count; i++)
        json_array_append(cycle, (json_t *)(uintptr_t)edge_of(orders, SIDE_PATCHED,
                                                              &order->links.items[path[i]]));
    free(path);
    return cycle;
}

static struct check_edge *add_edge(struct orders *orders, enum side side,
                                   const struct order_link *link)
{
    struct check *check = orders->check;
    order_need_memory(ARRAY_ROOM(&check->edges, 1));
    struct check_edge *edge = &check->edges.items[check->edges.count++];
    *edge = (struct check_edge){ .edge = edge_of(orders, side, link), .cycle = json_array() };
    return edge;
}

static void find_added(struct orders *orders)
{
    const struct order *seen = &orders->seen[SIDE_PATCHED];
    for (uint32_t i = 0; i < seen->links.count; i++) {
        const struct order_link *link = &seen->links.items[i];
        if (!order_lacks(&orders->seen[SIDE_BASE], seen, link) ||
            !order_lacks(&orders->golden[SIDE_BASE], seen, link))
            continue; /* the base does so, or is known to */
        struct check_edge *edge = add_edge(orders, SIDE_PATCHED, link);
        edge->added = true;
        json_decref(edge->cycle);
        edge->cycle = cycle_of(orders, link);
        edge->unlisted = orders->golden_there[SIDE_PATCHED] &&
                         order_lacks(&orders->golden[SIDE_PATCHED], seen, link);
        orders->check->unlisted += edge->unlisted;
    }
}

/* How many runs of the patched side would show an edge of the base, if nothing had changed. */
static double expected(const struct orders *orders, const json_t *edge)
{
    double runs = (double)json_integer_value(json_object_get(edge, "runs"));
    json_int_t all = json_integer_value(json_object_get(orders->graphs[SIDE_BASE], "runs"));
    json_int_t other = json_integer_value(json_object_get(orders->graphs[SIDE_PATCHED], "runs"));
    return all > 0 ? runs / (double)all * (double)other : 0;
}

static void find_removed(struct orders *orders)
{
    const struct order *seen = &orders->seen[SIDE_BASE];
    for (uint32_t i = 0; i < seen->links.count; i++) {
        const struct order_link *link = &seen->links.items[i];
        const json_t *edge = edge_of(orders, SIDE_BASE, link);
        if (order_link_same(&orders->seen[SIDE_PATCHED], seen, link) == NULL &&
            expected(orders, edge) >= RARE)
            add_edge(orders, SIDE_BASE, link);
    }
}

static void take_predictions(struct check *check, enum side side, const json_t *graph)
{
    size_t i;
    json_t *prediction;
    json_array_foreach(json_object_get(graph, "predictions"), i, prediction) {
        struct check_finding *finding = check_finding_add(
            check, check_text(prediction, "signature"), check_text(prediction, "verdict"));
        if (finding == NULL)
            continue;
        if (finding->signature[0] == '\0')
            snprintf(finding->signature, sizeof finding->signature, "%s",
                     check_text(prediction, "signature_text"));
        bool known = finding->seen[SIDE_BASE].seen || finding->seen[SIDE_PATCHED].seen;
        check_finding_seen(finding, side, 1, 1, NULL);
        if (!known) /* or else a schedule shows it: that is a better story */
            finding->story = json_pack("{s:O}", "finding", prediction);
    }
}

void check_compare_orders(struct check *check)
{
    for (uint32_t i = 0; i < check->options.subject_count; i++) {
        struct orders orders = { .check = check };
        struct tree *trees[SIDES] = { &check->trees.base, &check->trees.patched };
        for (enum side side = SIDES; side-- > 0;) {
            orders.graphs[side] = check->graphs[side][i];
            if (orders.graphs[side] == NULL)
                continue;
            take_predictions(check, side, orders.graphs[side]);
            learn(&orders.seen[side], orders.graphs[side]);
            read_golden(trees[side], &orders.golden[side], &orders.golden_there[side]);
        }
        if (orders.graphs[SIDE_BASE] != NULL && orders.graphs[SIDE_PATCHED] != NULL) {
            find_added(&orders);
            find_removed(&orders);
        }
        for (enum side side = 0; side < SIDES; side++) {
            order_free(&orders.seen[side]);
            order_free(&orders.golden[side]);
        }
    }
}

/* --- places --- */

bool check_site_changed(const struct check *check, const json_t *site)
{
    json_int_t line = json_integer_value(json_object_get(site, "line"));
    return line > 0 && trees_changed(&check->trees, check_text(site, "file"), (uint32_t)line);
}

const json_t *check_place(const struct check *check, const struct check_finding *finding,
                          bool *changed)
{
    const json_t *first = NULL, *sites[CHECK_SITES_MAX];
    size_t i;
    json_t *edge;
    *changed = false;
    json_array_foreach(check_cycle(finding), i, edge)
        for (uint32_t j = 0, count = check_sites(edge, sites); j < count; j++) {
            first = first == NULL ? sites[j] : first;
            *changed = check_site_changed(check, sites[j]);
            if (*changed)
                return sites[j];
        }
    if (first != NULL)
        return first;
    const json_t *site = json_object_get(json_object_get(finding->story, "finding"), "site");
    *changed = check_site_changed(check, site);
    return json_is_object(site) ? site : NULL;
}
