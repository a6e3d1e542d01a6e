/* SPDX-License-Identifier: BSD-3-Clause */
/* A deadlock that a run has shown to be possible, or that it has ended in. */
#ifndef CORE_ENGINE_PREDICTION_H
#define CORE_ENGINE_PREDICTION_H

#include <stdio.h>

#include "core/engine/engine.h"
#include "core/engine/strand.h"

enum prediction_kind {
    PREDICTION_CYCLE,
    PREDICTION_SELF_DEADLOCK,     /* of one thread, or over one lock */
    PREDICTION_CONTEXT_INVERSION, /* a context interrupts who holds what it waits for */
    PREDICTION_EVENT_CYCLE,       /* who is to post, signal or end cannot */
    PREDICTION_KIND_COUNT
};

/* How sure it is, surest first. */
enum prediction_basis {
    BASIS_SEEN,     /* the run ended so */
    BASIS_ORDER,    /* another order of what the run did ends so */
    BASIS_UNPROVED, /* as far as we looked */
    BASIS_WRITER,   /* another order does, with a writer in a fair queue that the run did not have */
    BASIS_CLASS,    /* not these locks, but others of their classes */
    BASIS_DECLARED, /* against an order that was declared */
    BASIS_COUNT
};

enum prediction_why { WHY_HELD, WHY_INTERRUPTED, WHY_EVENT, WHY_DECLARED };

/* "T1 wants B (class) at SITE, which T2 holds since SITE" */
struct prediction_edge {
    enum prediction_why why;
    char agent[STRAND_NAME_MAX], wanted[STRAND_NAME_MAX];
    const char *wanted_class;
    const struct hook_site *wanted_at;
    char holder[STRAND_NAME_MAX]; /* of the next edge's agent, or the thread that it interrupts */
    char held[STRAND_NAME_MAX]; /* another lock of the class, if need be */
    const struct hook_site *held_since;
    uint8_t wanted_mode, held_mode; /* enum hook_lock_mode */
    char holding[ENGINE_HOLDING_MAX];  /* classes of all that the agent holds: "a, b"; or "" */
    const struct hook_site *comes_at;  /* WHY_EVENT: where the holder would post it; may be NULL */
    uint32_t wanted_record, held_record; /* in the log of the run, or STRAND_NONE */
    struct chain wait_chain, hold_chain; /* if the log has them */
};

struct prediction {
    enum prediction_kind kind;
    enum prediction_basis basis;
    uint64_t count; /* runs that it was made from */
    uint64_t run;   /* number of the last one */
    ARRAY(struct prediction_edge) edges;
    uint64_t signature;
};

/* "context-inversion"; what it rests on, in words. */
const char *prediction_kind_name(enum prediction_kind kind);
const char *prediction_basis_text(enum prediction_basis basis);

/* Kind, and for each edge classes and functions: no names, no lines, no addresses; whoever began. */
void prediction_sign(struct prediction *prediction);

/* The prediction as what a run ended in: verdict, message, edges, signature. Past ENGINE_EDGES_MAX
 * edges the rest is left out. */
void prediction_outcome(const struct prediction *prediction, struct outcome *outcome);

/* Some lines of text. */
void prediction_print(FILE *out, const struct prediction *prediction);

#endif
