/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small changes of a draft (draft.h), and children of two. A mutation changes what its name says and
 * keeps the rest: a run is sensitive to its schedule, and only what is nearly the same run can go
 * nearly as far. Every draft that comes out is in the range of the subject's tables.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "fuzz/draft.h"

/* One change of each of these kinds can be asked for. */
enum mutation {
    MUTATE_SWITCH_MOVE,      /* a context switch comes earlier or later */
    MUTATE_SWITCH_INSERT,    /* somebody else runs for a while in the middle of a segment */
    MUTATE_SEGMENT_REMOVE,
    MUTATE_SEGMENT_MOVE,     /* to another place in the schedule */
    MUTATE_SEGMENT_LENGTH,
    MUTATE_SEGMENT_THREAD,
    MUTATE_SCHEDULE_CUT,     /* from somewhere on it is left to chance, with a new seed */
    MUTATE_FAULT_ADD,
    MUTATE_FAULT_REMOVE,
    MUTATE_FAULT_MOVE,       /* to another time, or another agent, at the same point */
    MUTATE_FAULT_SIZE,
    MUTATE_OPERATION_ADD,    /* as the generator draws it, or any */
    MUTATE_OPERATION_REMOVE,
    MUTATE_OPERATION_REPEAT,
    MUTATE_OPERATION_SWAP,   /* with the next one of the same actor */
    MUTATE_OPERATION_ACTOR,
    MUTATE_OPERATION_VERB,
    MUTATE_OPERATION_ARGUMENT,
    MUTATE_SETTING,
    MUTATE_SEED,             /* and strategy, of what draws the rest */
    MUTATION_COUNT
};

/* False: there is nothing that could be changed so, and the draft is as it was. */
bool mutate_so(const struct wedge_subject *subject, enum mutation mutation, struct draft *draft,
               struct prng *prng);

/* One to a few changes of kinds that are drawn. */
void mutate(const struct wedge_subject *subject, struct draft *draft, struct prng *prng);

/* A child: the first one's program with the second one's schedule, or the beginning of one schedule
 * and the end of the other, or some actors' operations from each. *child is neither of them. */
void mutate_cross(const struct draft *first, const struct draft *second, struct prng *prng,
                  struct draft *child);

#endif
