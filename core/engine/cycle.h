/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles over the lock dependencies of a run: each member wants what the next one holds. Members
 * are of distinct threads. One of the members may be a handler that interrupts a thread which holds
 * what the member before it wants: a context inversion (as Linux lockdep's irq inversions, but of
 * instances, and of any context).
 *
 * A cycle counts if all members can be at their places at once, by some other order of what the run
 * did (rerun.h). So it is silent on gate locks (Havelund), on what starting, joining and events put
 * in order, and on what counting events keep out, without a rule for each. Cycles over instances
 * are looked for first, shortest first; then cycles where a lock stands for its class (Linux
 * lockdep, Documentation/locking/lockdep-design.rst, also for nesting levels). A longer cycle over
 * the classes of one that was reported is not told.
 *
 * A writer may stand in every queue that is fair: two readers of such a lock are a link.
 */
#ifndef CORE_ENGINE_CYCLE_H
#define CORE_ENGINE_CYCLE_H

#include "core/engine/cycle_filter.h"
#include "core/engine/dependency.h"
#include "core/engine/prediction.h"
#include "core/engine/rerun.h"

/* Why cycles, or second acquisitions, were not reported: how many of each. */
enum silence {
    SILENCE_RECURSION, /* allowed: recursive locks, readers, declared nesting */
    SILENCE_READ,      /* two readers would have to shut each other out */
    SILENCE_GUARD,     /* a lock that two of them hold keeps them apart, or what works as one */
    SILENCE_ORDER,     /* two of them never come to their places at a time */
    SILENCE_COUNT_OF_EVENTS, /* any two of them do, but not all */
    SILENCE_STACK, /* they run on one thread, and the one never interrupts the other there */
    SILENCE_KINDS
};

struct cycle_member {
    uint32_t want;          /* of dependencies.wants */
    uint32_t host, host_op; /* the thread that it interrupts, and where; or STRAND_NONE */
    uint32_t stay;          /* the acquisition of the next member that it waits for */
    bool by_class, shared;
};

struct cycles {
    const struct strands *strands;
    const struct dependencies *dependencies;
    struct rerun *rerun;
    uint64_t steps_left; /* of the search */
    uint32_t states;     /* to be looked at for one cycle, at most */
    uint64_t silences[SILENCE_KINDS];
    bool short_of_memory, gave_up;
    /* What is reported. The prediction is the callee's to copy. */
    void (*found)(void *argument, const struct prediction *prediction);
    void *argument;

    bool with_classes; /* the second pass */
    struct cycle_filter filter;
    uint32_t length;   /* of the cycles that are looked for now */
    ARRAY(struct cycle_member) members;
    ARRAY(uint8_t) used;      /* per strand */
    ARRAY(uint32_t) reported; /* classes of reported cycles: a count, and so many */
    struct prediction prediction;
};

void cycles_find(struct cycles *cycles);
void cycles_free(struct cycles *cycles);

#endif
