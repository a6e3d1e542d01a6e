/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a run teaches the lock-order graph anything. Each wait that a thread enters, and each
 * place where a context may interrupt it, has a key: what it does to which class, at which site, as
 * which thread, in which context, and what it holds since which sites. A run all of whose keys are
 * known is like those that were learned from (the chain cache of Linux lockdep,
 * Documentation/locking/lockdep-design.rst, with sites and threads). So a run costs a look-up per
 * acquisition, and only one with news is made again, with a log.
 *
 * The deadlock may need two keys that no learned run had both of. Keys that lie on a cycle of
 * classes are marked hot: a combination of hot keys that is new is news, too, some times over.
 */
#ifndef CORE_ENGINE_NOVELTY_H
#define CORE_ENGINE_NOVELTY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine/record.h"

enum {
    NOVELTY_NEW_MAX = 256, /* keys that are kept from one run; with more, it is still news */
    NOVELTY_HOT_MAX = 64,
};

/* The kinds of record that have keys, a bit each. Waits for events matter even to those who hold
 * nothing and are in no context; the others do not. */
#define NOVELTY_IF_HELD (1u << RECORD_LOCK | 1u << RECORD_AWAITS | 1u << RECORD_UNMASK)
#define NOVELTY_ALWAYS                                                                    \
    (1u << RECORD_WAIT | 1u << RECORD_POST | 1u << RECORD_CONDITION_WAIT | 1u << RECORD_SIGNAL | \
     1u << RECORD_BROADCAST | 1u << RECORD_JOIN)

struct novelty {
    uint64_t *keys; /* a set: open addressing, 0 is free; the lowest bit says hot */
    uint32_t capacity, count;
    uint32_t new_count, hot_count; /* of this run */
    uint64_t new_keys[NOVELTY_NEW_MAX], hot_keys[NOVELTY_HOT_MAX];
};

/* Empty; with room for keys. False: no memory. */
bool novelty_init(struct novelty *novelty);
void novelty_free(struct novelty *novelty);

/* A run begins. */
void novelty_begin(struct novelty *novelty);
/* The current thread is about to do this; returns its key, or 0 if nothing can follow from it. */
uint64_t novelty_note(struct novelty *novelty, enum record_kind kind, const struct hook_site *site,
                      const volatile void *object, const char *object_class);
/* After the run: whether it had anything new, hot combinations included. */
bool novelty_is_news(struct novelty *novelty);
/* It was learned from: what was new is known. False: no memory, and it stays news. */
bool novelty_learned(struct novelty *novelty);
/* Nothing is known any more. */
void novelty_forget(struct novelty *novelty);
/* That key, which is known, lies on a cycle of classes. */
void novelty_heat(struct novelty *novelty, uint64_t key);

#endif
