/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of threads, by number: a list in no order, and where in it each is (Briggs, Torczon, "An
 * efficient representation for sparse sets", 1993). Adding, removing, asking and taking the n-th
 * cost the same for 2 threads and for 256; making it empty is `count = 0`. All zero: empty.
 */
#ifndef CORE_ENGINE_THREAD_SET_H
#define CORE_ENGINE_THREAD_SET_H

#include <stdbool.h>
#include <stdint.h>

enum { ENGINE_THREADS_MAX = 256 /* at a time */ };

struct thread_set {
    uint32_t count;
    uint16_t members[ENGINE_THREADS_MAX]; /* the first `count`; the order changes when one leaves */
    uint16_t places[ENGINE_THREADS_MAX];  /* of a member; else left from before */
};

/* Of any number at all. */
static inline bool thread_set_has(const struct thread_set *set, uint32_t thread)
{
    if (thread >= ENGINE_THREADS_MAX)
        return false;
    uint32_t place = set->places[thread];
    return place < set->count && set->members[place] == thread;
}

/* Each does nothing if it is so already. */
static inline void thread_set_add(struct thread_set *set, uint32_t thread)
{
    if (thread_set_has(set, thread))
        return;
    set->places[thread] = (uint16_t)set->count;
    set->members[set->count++] = (uint16_t)thread;
}

static inline void thread_set_remove(struct thread_set *set, uint32_t thread)
{
    if (!thread_set_has(set, thread))
        return;
    uint32_t place = set->places[thread], last = set->members[--set->count];
    set->members[place] = (uint16_t)last;
    set->places[last] = (uint16_t)place;
}

/* The member with the lowest number that is at least `from`; ENGINE_THREADS_MAX if there is none.
 * Looks at every member. */
static inline uint32_t thread_set_lowest(const struct thread_set *set, uint32_t from)
{
    uint32_t lowest = ENGINE_THREADS_MAX;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->members[i] >= from && set->members[i] < lowest)
            lowest = set->members[i];
    return lowest;
}

#endif
