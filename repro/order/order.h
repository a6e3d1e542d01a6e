/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock order: which class may be taken while which other one is held. Learned from runs
 * (lockgraph.h), or read from a file in which people have agreed on it (order_file.h).
 */
#ifndef REPRO_ORDER_H
#define REPRO_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/array.h"
#include "core/engine/lockgraph.h"

#define ORDER_NONE UINT32_MAX

struct order_class {
    const char *name;
    bool is_state; /* a transitional state, not a lock */
    /* of order_arrange(): */
    uint32_t layer;     /* 0: outermost; the longest way to it, cycles counted as one class */
    uint32_t component; /* classes on one cycle have the same */
    /* of a file: */
    const char *comment; /* whole lines above it, or NULL */
    uint32_t line;
};

/* `to` is taken while `from` is held. */
struct order_link {
    uint32_t from, to;        /* rows of classes */
    const char *held, *taken; /* an example of it: "schedinit:&sched.lock" */
    bool reads;               /* only ever taken to read */
    bool on_cycle;            /* of order_arrange() */
    const struct order_edge *seen; /* in runs; or NULL */
    const char *comment;           /* of a file, as above */
    uint32_t line;
};

struct order {
    ARRAY(struct order_class) classes;
    ARRAY(struct order_link) links;
    const char *header, *footer; /* comments of a file, or NULL */
    ARRAY(char *) texts;         /* that all the above is written in */
};

/* All of these end the program if memory runs out. */

/* Ends the program if there is none. */
void order_need_memory(bool there_is);
/* Zeroed memory, to be freed. */
void *order_room(uint32_t count, size_t size);
/* Keeps a copy of the text as long as the order lasts. */
const char *order_text(struct order *order, const char *text, size_t length);

/* The row of the class of that name, or ORDER_NONE. */
uint32_t order_class_find(const struct order *order, const char *name);
/* The same; adds it if there is none. */
uint32_t order_class_add(struct order *order, const char *name, bool is_state);
/* NULL if there is none. */
struct order_link *order_link_find(const struct order *order, uint32_t from, uint32_t to);
/* There must be none. */
struct order_link *order_link_add(struct order *order, uint32_t from, uint32_t to);
/* The link of `other` between the same classes as this one of `order`, by name; or NULL. */
struct order_link *order_link_same(const struct order *other, const struct order *order,
                                   const struct order_link *link);

/* Fills an empty order with what runs have shown. Points into the graph. */
void order_learn(struct order *order, const struct lockgraph *graph);
/* Whether `other` has no such link, or knows it only to read, and this one is more. */
bool order_lacks(const struct order *other, const struct order *order,
                 const struct order_link *link);
/* Adds what `more` has; an example that the order has stays, unless it lacked the link. */
void order_merge(struct order *order, const struct order *more);
/* Drops links that were not seen, and classes without links or a comment. Returns how many links.
 * To be arranged afterwards. */
uint32_t order_prune(struct order *order);

/* Finds layers and cycles, and sorts: classes by layer, then name; links by the class that is
 * taken, then the name of the one that is held. */
void order_arrange(struct order *order);

/* The shortest way from a class to another one (or back to itself): writes its links (rows), in
 * order, to a list of at least as many as there are classes. Returns how many; 0: there is none. */
uint32_t order_path(const struct order *order, uint32_t from, uint32_t to, uint32_t *path);
/* Whether the link, of an arranged order, can be left out and there is still a way; but none round
 * a cycle that it begins or ends in. */
bool order_implied(const struct order *order, const struct order_link *link);

void order_free(struct order *order);

#endif
