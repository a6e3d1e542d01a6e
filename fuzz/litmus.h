/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Litmus cases of lock order: small concurrent programs over named locks, states and events, each
 * run as a subject. A program is lists of operations, one list per thread, and per handler: "H@T1"
 * may run once on T1's stack wherever T1 has it unmasked. The operations:
 *
 *   lock A  unlock A  rlock A  runlock A  wlock A  wunlock A  (unlock: also what is read)
 *   try A else N             N operations are skipped if it fails
 *   nlock A sub=K | under=G | ord=addr   (or several of them)
 *   fork T  join T           who is forked does not begin by itself
 *   enter S  leave S  await S
 *   post E  waitev E         E counts
 *   cwait C M  signal C
 *   mask X  unmask X         handlers on this thread: those called X, or all (signals, SIG..., only
 *                            by a word that begins so; and such a word only them; "all": both)
 *   init A  destroy A  assert A  exit  sleep  nop
 */
#ifndef FUZZ_LITMUS_H
#define FUZZ_LITMUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/array.h"
#include "core/engine/engine.h"

enum litmus_verb {
    LITMUS_LOCK,
    LITMUS_UNLOCK,
    LITMUS_RLOCK,
    LITMUS_RUNLOCK,
    LITMUS_WLOCK,
    LITMUS_WUNLOCK,
    LITMUS_TRY,
    LITMUS_NLOCK,
    LITMUS_FORK,
    LITMUS_JOIN,
    LITMUS_ENTER,
    LITMUS_LEAVE,
    LITMUS_AWAIT,
    LITMUS_POST,
    LITMUS_WAITEV,
    LITMUS_CWAIT,
    LITMUS_SIGNAL,
    LITMUS_MASK,
    LITMUS_UNMASK,
    LITMUS_INIT,
    LITMUS_DESTROY,
    LITMUS_ASSERT,
    LITMUS_EXIT,
    LITMUS_SLEEP,
    LITMUS_NOP,
    LITMUS_VERB_COUNT
};

enum litmus_role {
    LITMUS_IS_LOCK,
    LITMUS_IS_STATE,
    LITMUS_IS_EVENT,
    LITMUS_IS_CONDITION,
    LITMUS_ROLE_COUNT
};

enum litmus_kind {
    LITMUS_MUTEX,
    LITMUS_SPIN,
    LITMUS_RECURSIVE,
    LITMUS_RW,
    LITMUS_RWQ,
    LITMUS_BINSEM,
    LITMUS_KIND_COUNT
};

struct litmus_object {
    char *name, *class_name;
    enum litmus_role role;
    enum litmus_kind kind; /* of a lock */
    bool kind_given, read; /* read: some operation reads it */
    uint32_t below; /* how often a handler has it because its thread does */
    union {
        struct hook_mutex lock; /* of any kind that has an owner */
        struct hook_semaphore semaphore;
        struct hook_condition condition;
        _Atomic uint32_t word;
    };
};

struct litmus_operation {
    enum litmus_verb verb;
    uint32_t object, other; /* of the case's objects; fork, join: `other` is a list */
    uint32_t number;        /* try: how many to skip; nlock: the level */
    bool in_order;
    char *word; /* mask, unmask */
    struct hook_site site;
    char *text;
};

/* A thread's or a handler's operations. */
struct litmus_list {
    char *name;
    uint32_t host;  /* handler: the list of its thread; else LITMUS_NONE */
    uint32_t first_turn; /* its own, or that of a handler of its that is listed before it */
    bool is_forked; /* by an operation */
    ARRAY(struct litmus_operation) operations;

    /* while it runs */
    struct hook_thread thread;
    bool started, done;
    bool masked;    /* handler: on its thread, now */
    uint32_t turn;  /* thread: the list that it is at, of those that run on it */
    uint32_t held;  /* how much it has taken and not given back */
};
#define LITMUS_NONE UINT32_MAX

struct litmus_case {
    char *name;
    const char *file;
    uint32_t line;
    ARRAY(struct litmus_object) objects;
    ARRAY(uint32_t) map; /* objects by role and name */
    ARRAY(struct litmus_list) lists;
};

void litmus_free(struct litmus_case *litmus);

/* Adds lists and objects; the texts are copied. False: no memory. */
bool litmus_add_list(struct litmus_case *litmus, const char *name);
/* The object of that name in that role, a new one if need be. LITMUS_NONE: no memory. */
uint32_t litmus_object(struct litmus_case *litmus, const char *name, enum litmus_role role);
/* LITMUS_NONE: there is none. */
uint32_t litmus_find(struct litmus_case *litmus, const char *name, enum litmus_role role);
/* False: there is no such kind. */
bool litmus_kind_find(const char *name, enum litmus_kind *kind);
/* Reads one operation of that list, after all lists were added. NULL: done; else what was expected. */
const char *litmus_add_operation(struct litmus_case *litmus, uint32_t list, const char *text);
/* After all operations: finds hosts and forks, and checks them. NULL: done; else what was expected. */
const char *litmus_complete(struct litmus_case *litmus);

/* Runs it once, one thread after another in the order of the lists: a thread goes on until it blocks
 * or ends; then the first that can. */
void litmus_run(struct litmus_case *litmus, struct record_log *log, struct outcome *outcome);

#endif
