/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reruns: other orders in which the strands of a run could have gone, without running anything.
 * Each strand does what it did, in its order; between strands only the rules of locks, events,
 * starting and joining hold; a handler begins on any thread that is open to it. That is predictive
 * analysis by explicit search over the recorded run (the maximal causal model, less values: Huang,
 * Meredith, Rosu, "Maximal sound predictive race detection", PLDI 2014), with the usual reduction:
 * an op that only gives something back, and that nothing can interrupt, goes first (singleton
 * persistent sets, Godefroid 1996).
 *
 * A trylock that succeeded in the run and fails in another order is taken to leave out what was
 * done under that lock, and no more: `if (trylock) { ... unlock }`. What a strand would have done
 * after a trylock that was never released, or after the place where the run left it, nobody knows.
 * Such a strand is taken to go its way: it is never stuck.
 */
#ifndef CORE_ENGINE_RERUN_H
#define CORE_ENGINE_RERUN_H

#include "core/engine/strand.h"

struct rerun_change {
    uint32_t word, before;
};

struct rerun {
    const struct strands *strands;
    uint32_t strand_count, object_count;
    uint32_t *words; /* the state: see rerun.c */
    uint32_t word_count, word_capacity, open_words;
    uint64_t hash;
    ARRAY(struct rerun_change) trail;
    ARRAY(uint64_t) met; /* hashes of states, as a set */
    uint32_t met_count;
    ARRAY(uint64_t) frames;
    uint32_t *limits, *order; /* per strand: how far it may go; who is tried first */
    uint32_t limit_capacity, order_capacity;
    ARRAY(uint32_t) handlers, hosts; /* strands that interrupt, and threads that let any in */
    bool short_of_memory;
};

/* Where a strand is to be: before its op number `op`; a handler on thread `host`, which is at
 * `host_op`. */
struct rerun_goal {
    uint32_t strand, op;
    uint32_t host, host_op; /* STRAND_NONE: any, or it is a thread */
    bool waits;             /* and cannot do that op there */
    bool before;            /* anywhere before that op, or at it */
};

enum rerun_answer { RERUN_YES, RERUN_NO, RERUN_UNKNOWN };

/* False: no memory. */
bool rerun_prepare(struct rerun *rerun, const struct strands *strands);
void rerun_free(struct rerun *rerun);

/* Whether all goals can be reached at once, looking at `states` states at most. */
enum rerun_answer rerun_reach(struct rerun *rerun, const struct rerun_goal *goals, uint32_t count,
                              uint32_t states);

/* Looks at every state from which no strand can go on. RERUN_UNKNOWN: there were more than `states`
 * on the way. */
enum rerun_answer rerun_explore(struct rerun *rerun, uint32_t states,
                                void (*found)(void *argument, struct rerun *rerun),
                                void *argument);

/* Puts the strands where the run left them. */
void rerun_finish(struct rerun *rerun);

/* --- the state that it is in --- */

uint32_t rerun_position(const struct rerun *rerun, uint32_t strand);
/* It began, and did not end, and is not interrupted: its next op is what it is at. */
bool rerun_is_at_work(const struct rerun *rerun, uint32_t strand);
/* It began and has not ended. */
bool rerun_is_alive(const struct rerun *rerun, uint32_t strand);
/* The thread on whose stack it is: itself, if a thread. */
uint32_t rerun_host(const struct rerun *rerun, uint32_t strand);
/* The handler on top of that strand, if it is interrupted; else STRAND_NONE. */
uint32_t rerun_interrupted_by(const struct rerun *rerun, uint32_t strand);
/* The handler has not begun, and could, on that thread. */
bool rerun_can_begin(const struct rerun *rerun, uint32_t handler, uint32_t host);
/* Its next op can be done now, or nobody knows what it does. */
bool rerun_can_move(const struct rerun *rerun, uint32_t strand);

#endif
