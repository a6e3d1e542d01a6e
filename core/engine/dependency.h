/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lock dependencies of a run: a strand wants a lock while it holds others (the lock graph of
 * GoodLock: Havelund, "Using runtime analysis to guide model checking of Java programs", SPIN 2000,
 * in the form of iGoodLock: Joshi, Park, Sen, Naik, "A randomized dynamic program analysis
 * technique for detecting real deadlocks", PLDI 2009). An acquisition without a wait (trylock) is
 * held later, and wants nothing. A wait for a state to be left wants, and holds nothing later.
 */
#ifndef CORE_ENGINE_DEPENDENCY_H
#define CORE_ENGINE_DEPENDENCY_H

#include "core/engine/strand.h"

/* A class at a level of nesting: class * DEPENDENCY_LEVELS + level. */
enum { DEPENDENCY_LEVELS = 256 };

/* One stay of a strand in a lock. */
struct acquisition {
    uint32_t strand, op;
    uint32_t release; /* the op that gave it back; the number of ops, if none did */
    uint32_t object, class; /* class: at the level of its nesting */
    uint32_t same_object, same_class; /* the next one, or STRAND_NONE */
    uint32_t other_object; /* the next one of the class of another lock, or STRAND_NONE */
    uint8_t mode;
};

/* What a strand holds at some place: a list, last taken first. Lists share their tails. */
struct held {
    uint32_t acquisition, next; /* next: a held, or STRAND_NONE */
};

struct dependency {
    uint32_t strand, op;
    uint32_t object, class;
    uint32_t held; /* or STRAND_NONE */
    uint8_t mode;
    bool licensed;
};

struct dependencies {
    const struct strands *strands;
    ARRAY(struct acquisition) acquisitions;
    ARRAY(struct held) helds;
    ARRAY(struct dependency) wants;
    ARRAY(uint32_t) held_before; /* per strand one more than ops: what it holds before each */
    ARRAY(uint32_t) first_of_object, first_of_class;
    ARRAY(uint32_t) later; /* taken after what is released: scratch */
    bool recursive; /* somebody took again what it had, as it may; that wants nothing */
    ARRAY(uint32_t) strand_wants; /* the first want of each strand, and one more at the end */
};

/* False: no memory. */
bool dependencies_build(struct dependencies *dependencies, const struct strands *strands);
void dependencies_free(struct dependencies *dependencies);

/* What the strand holds before that op (its number of ops: at its end). */
uint32_t held_before(const struct dependencies *dependencies, uint32_t strand, uint32_t op);

/* The classes of that list, first taken first, each once: "a, b". */
void held_text(const struct dependencies *dependencies, uint32_t held, char *text, size_t size);

/* Whether who wants a lock so has to wait for who holds it so. Two readers: only where a writer may
 * stand between them, and one may stand in any queue that is fair. */
bool modes_conflict(uint8_t lock_kind, uint8_t wanted, uint8_t held);

#endif
