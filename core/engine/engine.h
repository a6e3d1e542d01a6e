/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine runs a subject: one OS thread, one fiber per thread of the subject, virtual time, one
 * step at a time. Deterministic: the same subject, plan and strategy give the same trace, byte for
 * byte. There is one engine in a process, because the hooks of the code under test lead to it.
 */
#ifndef CORE_ENGINE_ENGINE_H
#define CORE_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/engine/plan.h"
#include "core/engine/strategy.h"
#include "core/engine/subject.h"
#include "core/engine/verdict.h"
#include "core/hook/hook.h"

enum {
    ENGINE_EDGES_MAX = 32,
    ENGINE_CHAIN_MAX = 24,
    ENGINE_TEXT_MAX = 256,
    ENGINE_HOLDING_MAX = 160,
};

struct record_log;
struct novelty;

struct engine_options {
    uint32_t steps_max;   /* budget; 0: ENGINE_STEPS_STANDARD */
    uint32_t faults;      /* mask of the kinds that a strategy may inject */
    bool check_each_step; /* call subject->check(false) after each step that leaves all locks free */
    struct record_log *log; /* where what the lock-order graph learns from is written; may be NULL */
    struct novelty *novelty; /* who is to say whether it has anything to learn; may be NULL */
    bool count_switches;  /* see engine_switches_seen() */
    bool record_chains;   /* keep the call chain of each wait and of each lock held: slow */
};
enum { ENGINE_STEPS_STANDARD = 20000 };

/* Return addresses, innermost first, to be symbolised by the caller. */
struct chain {
    uint32_t count;
    void *pc[ENGINE_CHAIN_MAX];
};

enum edge_kind {
    EDGE_LOCK,   /* a thread waits for a mutex that an agent holds */
    EDGE_STATE,  /* a thread spins on a transitional state that an agent holds */
    EDGE_SPIN,   /* a thread spins on a word that nobody left can write */
    EDGE_TOKEN,  /* a task is ready and needs a token (a P) that a thread holds */
    EDGE_GATE,   /* a task is ready and the world is stopped by a thread */
    EDGE_STOP,   /* a thread waits until a token is given up */
    EDGE_RUNS,   /* a task runs on a thread */
    EDGE_JOIN,   /* a thread waits until another one ends */
    EDGE_EVENT,  /* a thread is parked and nobody is left to wake it */
    EDGE_SLEEP,  /* a thread is parked or sleeps; late-wakeup only */
    EDGE_ACCESS, /* a thread reads or writes memory; race only */
    EDGE_READY,  /* a task is ready, and so may a token be; late-wakeup only */
};

/* "m0 spins on t0 (timerModifying), held by g1": one edge of the wait-for graph. */
struct edge {
    enum edge_kind kind;
    char from[16], to[16];              /* agents: "m0", "g1"; to: "" if nobody */
    char object[32];                    /* "t0", "P0.timersLock" */
    const char *object_class;           /* "timerModifying", "timers" */
    const struct hook_site *waits_at;   /* where `from` waits; EDGE_TOKEN: where it gave up its thread */
    const struct hook_site *holds_since; /* where `to` took it; may be NULL */
    char holding[ENGINE_HOLDING_MAX];   /* with record_chains: classes of all that `from` holds */
    char held[32];                      /* what `to` holds: another one of the class; "": `object` */
    bool wants_to_read, holds_to_read;
    bool predicted;                     /* nobody waits: somebody may */
    bool interrupted;                   /* `to` is, by the context that the next edge is from */
    uint64_t runs, runs_watched;        /* that did so, of how many; 0: not counted */
    const struct hook_site *comes_at;   /* EDGE_EVENT: where `to` would bring it about; may be NULL */
    const char *queue;                  /* EDGE_TOKEN, EDGE_READY: the queue that `from` is in */
    int64_t until_ns;                   /* EDGE_SLEEP: its deadline, or HOOK_FOREVER */
    struct chain wait_chain, hold_chain; /* with record_chains */
};

struct outcome {
    enum verdict verdict;
    char message[ENGINE_TEXT_MAX];   /* one line: what happened */
    char signature[ENGINE_TEXT_MAX * 2]; /* verdict, classes and functions: no numbers, no lines */
    char signature_hash[9];          /* the first 32 bits of XXH3-64 over `signature`, in hex */
    uint32_t edge_count;             /* of the cycle, in order; edges past the first cycle follow */
    uint32_t cycle_count;            /* how many of them are the cycle */
    struct edge edges[ENGINE_EDGES_MAX];
    const char *basis;               /* of a prediction: how sure it is, in words; or else NULL */
    const struct hook_site *site;    /* where it ended, may be NULL */
    char agent[16];                  /* who was there */
    uint64_t steps;
    uint32_t switches;
    int64_t now_ns;
    uint32_t diverged_segment;       /* VERDICT_DIVERGED: which segment or fault could not be followed */
};

/* Runs the plan's program once under that strategy, and fills *outcome. The state of the subject
 * stays as it ended until the next run, so that it can be named and printed. */
void engine_run(const struct wedge_subject *subject, const struct plan *plan,
                struct strategy *strategy, const struct engine_options *options,
                struct outcome *outcome);

/* How many different context switches (where one thread stopped, where another went on) the runs have
 * shown since strategy_forget(), of those that count them; the portfolio does, too. */
uint32_t engine_switches_seen(void);

/* The virtual time of the run, without a step: for what watches a subject from within. */
int64_t engine_now(void);

/* Copies what the last run did (settings, program, the faults that were injected and the schedule
 * that was followed) to *plan: replaying it gives the same run. False: too long for a plan. */
bool engine_recorded(struct plan *plan);

/* The events of the last run. */
const struct trace_event *engine_trace(uint32_t *count);

/* Writes event `index` of the last run as one line of text (names, no addresses), with newline. */
void engine_trace_print(FILE *out, uint32_t index);
/* Writes the outcome of the event's operation alone, after a space; nothing if it has none. */
void engine_trace_print_value(FILE *out, const struct trace_event *event);

/* Takes the fatal signals (SIGSEGV and its like) and the watchdog's, so that a crash of the code under
 * test is a verdict. The first engine_run() does it; to be called again where a library, such as a
 * test runner, has taken them since. */
void engine_catch_signals(void);

/* How many threads the last run had; the name of one ("m0"). */
uint32_t engine_thread_count(void);
const char *engine_thread_name(uint32_t thread);
/* Which thread has that place now, or had it last: threads by their order of birth. */
uint32_t engine_thread_serial(uint32_t thread);
/* The name of the task of an event (`task` - 1): "g1". */
const char *engine_task_name(uint32_t index);

/* Writes the name of an object of the last run: the subject's, or else the expression at `site`. */
void engine_name_object(const struct hook_site *site, const volatile void *object, char *name,
                        size_t size);

#endif
