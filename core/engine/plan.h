/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plan is all that decides a run: configuration, program, faults and schedule. It is drawn by a
 * subject's generator, decoded from fuzzer bytes, or read from a reproducer.
 *
 * The schedule is a list of segments: thread, steps. A segment ends early when its thread blocks,
 * unless it flows: then others make the rest of its steps, in the fixed order. That is: the running
 * thread goes on, and a thread that blocks hands over to the runnable thread with the lowest
 * number. After the last segment, too, threads run in the fixed order.
 */
#ifndef CORE_ENGINE_PLAN_H
#define CORE_ENGINE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PLAN_SETTINGS_MAX = 8,
    PLAN_ARGUMENTS_MAX = 2,
    PLAN_OPERATIONS_MAX = 128,
    PLAN_FAULTS_MAX = 256,
    PLAN_SEGMENTS_MAX = 16384,
    PLAN_AGENT_MAX = 14, /* with the final zero */
};

/* What the engine may inject. Each has a bit in a fault mask: 1u << kind. */
enum fault_kind {
    FAULT_PREEMPT, /* be preempted at a prologue that would honour it */
    FAULT_CAS,     /* a weak CAS fails for no reason */
    FAULT_CLOCK,   /* the clock jumps forward before it is read; value: by how many ns */
    FAULT_WAIT,    /* a weak park returns early for no reason; value: after how many ns, >= 0 */
    FAULT_WAKE,    /* a late unpark's sleeper wakes up late; value: by how many ns */
    FAULT_MEMORY,  /* an allocation fails that may */
    FAULT_INJECTED_COUNT,
    /* What a generator may put into a program: here so that `hunt --faults` can switch it. */
    FAULT_REENTER = FAULT_INJECTED_COUNT, /* callbacks start, stop and reset timers */
    FAULT_RESIZE,                         /* the number of Ps changes */
    FAULT_STOP,                           /* the world is stopped */
    FAULT_COUNT
};
#define FAULTS_ALL ((1u << FAULT_COUNT) - 1)

/* "preempt" */
const char *fault_name(enum fault_kind kind);
const char *fault_about(enum fault_kind kind);
bool fault_find(const char *name, enum fault_kind *kind);
/* It has a size: plan_fault.value, >= 1 unless the kind says otherwise. */
bool fault_is_sized(enum fault_kind kind);

/* One line of the program. Which actors, verbs and arguments there are, the subject says. */
struct plan_operation {
    char actor_kind; /* 'g': "g1" */
    uint8_t actor;
    uint8_t verb; /* index into the subject's verbs */
    int64_t arguments[PLAN_ARGUMENTS_MAX];
};

/* One injected fault: at the ordinal-th time (from 1) that this agent comes to this point. */
struct plan_fault {
    uint8_t kind;     /* enum fault_kind, below FAULT_INJECTED_COUNT */
    char agent[PLAN_AGENT_MAX]; /* the task that runs there, or else the thread: "g1", "m0", "main" */
    uint16_t group;   /* of hook sites: site_group_find() */
    uint32_t ordinal; /* >= 1 */
    int64_t value;    /* if fault_is_sized(): ns */
};

struct plan_segment {
    uint16_t thread;
    bool strict;    /* a strategy's demand: stopping earlier is a divergence. Not part of a plan */
    bool flows;     /* a thread that blocks hands over, and `steps` are those of all of them */
    uint32_t steps; /* >= 1 */
};

struct plan {
    int64_t settings[PLAN_SETTINGS_MAX];
    uint32_t operation_count, fault_count, segment_count;
    struct plan_operation operations[PLAN_OPERATIONS_MAX];
    struct plan_fault faults[PLAN_FAULTS_MAX];
    struct plan_segment segments[PLAN_SEGMENTS_MAX];
};

/* Copies what is in use: a plan is large, mostly empty. */
void plan_copy(struct plan *to, const struct plan *from);

/* Empties the plan: every count zero, every setting zero. */
void plan_clear(struct plan *plan);

/* Appends one. False if the plan is full. */
bool plan_add_operation(struct plan *plan, struct plan_operation operation);
bool plan_add_fault(struct plan *plan, struct plan_fault fault);
bool plan_add_segment(struct plan *plan, struct plan_segment segment);

#endif
