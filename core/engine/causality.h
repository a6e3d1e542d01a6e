/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which steps of a run depend on each other, and from that, when two runs so far are the same but
 * for the order of steps that do not (Mazurkiewicz, "Trace theory", 1987): then they are in the
 * same state, and whatever can follow one can follow the other.
 *
 * The footprint of a step is all that it touches: the object of its operation, those of what is
 * told until the thread's next hook point (unlock, unpark, release...), and what it says that it
 * touches without a hook (hook_peek, hook_poke, hook_touch). Two steps depend on each other if they
 * are of one thread, or if one of them writes what the other touches. Plain data counts by what
 * guards it: it is free of data races, which is for ThreadSanitizer to say.
 *
 *   - Anything that makes another thread runnable, or stops one, is a write: locks, also attempts
 *     in vain; notes, semaphores, conditions. A spin is a read, and who ends it has to write.
 *   - Threads are numbered by their start, so starts depend on each other, and on who joins. The
 *     first step of a thread comes after its start. Ends depend on starts and joins only.
 *   - Time moves when nothing can run. So two steps with the clock between them are in that order
 *     in every run of the class, and the time of each step is part of what it is.
 *
 * A class is a hash over what each thread did and which writes it saw (64 bits, XXH3): two classes
 * that meet in one hash would be taken for one. Addresses only tell objects apart; they are
 * numbered as they come.
 */
#ifndef CORE_ENGINE_CAUSALITY_H
#define CORE_ENGINE_CAUSALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/hook/hook.h"

/* All that is known of one subject's objects, and the run so far. NULL: no memory. */
struct causality *causality_new(void);
void causality_free(struct causality *causality);

/* Nothing has run, and nothing is known: what a new program begins with. */
void causality_clear(struct causality *causality);

/* A place in the run so far, and the way back there, as if nothing had been since. */
uint32_t causality_mark(const struct causality *causality);
void causality_return(struct causality *causality, uint32_t mark);

/* From here on what is touched without an event is kept for the next causality_add(); or not. */
void causality_listen(void);
void causality_stop(void);

/* What a step touches: a bit per object; objects share bits when there are many of them. */
enum { FOOTPRINT_WORDS = 4 };
struct footprint {
    uint64_t reads[FOOTPRINT_WORDS], writes[FOOTPRINT_WORDS];
};

static inline void footprint_add(struct footprint *to, const struct footprint *footprint)
{
    for (uint32_t i = 0; i < FOOTPRINT_WORDS; i++) {
        to->reads[i] |= footprint->reads[i];
        to->writes[i] |= footprint->writes[i];
    }
}

/* Whether one depends on the other. May be yes though it does not. */
static inline bool footprints_meet(const struct footprint *one, const struct footprint *other)
{
    uint64_t common = 0;
    for (uint32_t i = 0; i < FOOTPRINT_WORDS; i++)
        common |= (one->writes[i] & (other->reads[i] | other->writes[i])) |
                  (one->reads[i] & other->writes[i]);
    return common != 0;
}

/* Steps of that thread, one or more without a choice in between, and their events; what was touched
 * meanwhile is added. `choices`: a number for what was chosen within the step (faults), 0 for
 * nothing. *footprint: of all of them. */
void causality_add(struct causality *causality, uint32_t thread, uint64_t choices,
                   const struct trace_event *events, uint32_t count, struct footprint *footprint);

/* The class of the run so far; never 0. */
uint64_t causality_class(const struct causality *causality);

/* There was more than there is room for: the run cannot be relied on. Until the next return. */
bool causality_is_lost(const struct causality *causality);

#endif
