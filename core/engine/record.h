/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the threads of a run did to each other: locks, states, events, contexts, in the order in
 * which it happened. An acquisition is written down before the wait, so what never came to an end
 * is in it, too. Written by the hooks if a run has a log (engine_options.graph); read between runs.
 *
 * A step costs one record at most and asks for no memory: a log that is full counts what it loses
 * and grows before the next run.
 */
#ifndef CORE_ENGINE_RECORD_H
#define CORE_ENGINE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/hook/hook.h"

struct chain;
struct novelty;

enum record_kind {
    RECORD_INIT,      /* a lock; `lock_kind`, `text`: its class */
    RECORD_SEMAPHORE, /* a semaphore is initialised; `value`: its count, `text`: its class */
    RECORD_LOCK,      /* `mode`, `level`, `other` (nested under), `in_order` */
    RECORD_TRY,       /* succeeded */
    RECORD_UNLOCK,
    RECORD_AWAITS, /* `text`: class of the state */
    RECORD_HOLD,
    RECORD_RELEASE,
    RECORD_WAIT, /* for a semaphore */
    RECORD_TRYWAIT,
    RECORD_POST,
    RECORD_CONDITION_WAIT, /* `other`: the mutex; its RECORD_LOCK follows when it was woken */
    RECORD_SIGNAL,
    RECORD_BROADCAST,
    RECORD_START, /* `value`: the new thread's serial number, `text`: its name */
    RECORD_JOIN,  /* `value`: whose end */
    RECORD_EXIT,
    RECORD_ENTER, /* `text`: the context */
    RECORD_LEAVE,
    RECORD_MASK,
    RECORD_UNMASK,
    /* Only in a log with_tasks; nothing is learned from these: */
    RECORD_TASK_RUN,   /* `value`: the task's index + 1; 0: none */
    RECORD_TASK_READY, /* `value`; `text`: the queue */
    RECORD_TASK_WAIT,  /* `value` */
    RECORD_TOKEN_TAKE, /* `object`: a struct hook_token */
    RECORD_TOKEN_GIVE,
};

struct record {
    const struct hook_site *site;
    const volatile void *object, *other;
    const char *text;
    uint64_t key;    /* novelty.h: what can follow from it; 0: nothing */
    uint32_t thread; /* serial number: threads by their order of birth */
    uint32_t value;
    uint32_t event; /* how many events the trace had */
    uint16_t slot;  /* the thread's place: the number that events have */
    uint16_t task;  /* that it runs: index + 1; 0: none */
    uint8_t kind; /* enum record_kind */
    uint8_t lock_kind, mode, level;
    bool in_order;
};

struct record_log {
    struct record *records;
    struct chain *chains; /* one each, with engine_options.record_chains; or NULL */
    uint32_t count, capacity;
    uint64_t lost;     /* for want of room, in this run */
    uint64_t *blocked; /* a bit per serial number: how the run left that thread */
    uint32_t blocked_capacity, thread_count;
    bool with_tasks; /* what tasks and tokens do is wanted, too */
};

/* Room for at least `capacity` records and threads; what is in it is lost. False: no memory, and the
 * log has the room that it had. */
bool record_log_reserve(struct record_log *log, uint32_t capacity, uint32_t threads);
void record_log_free(struct record_log *log);

/* Room for their call chains, too. False: no memory. */
bool record_log_reserve_chains(struct record_log *log);

/* The run begins, and ends. Both may be NULL. */
void record_begin(struct record_log *log, struct novelty *novelty);
void record_end(void);

static inline bool record_is_blocked(const struct record_log *log, uint32_t thread)
{
    return thread < log->thread_count && (log->blocked[thread / 64] >> thread % 64 & 1) != 0;
}

#endif
