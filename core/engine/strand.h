/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strands: a run's log, sorted by who did it. A strand is what one thread did, or what it did
 * inside one visit of a context that can interrupt threads (one that some thread has unmasked):
 * that might have happened on the stack of any thread at any point where it has that context
 * unmasked.
 *
 * Objects are numbered in the order in which the log meets them, never by address. A lock that is
 * initialised again is a new object. A transitional state is a lock. A semaphore that begins with
 * one, and that is posted only by who has taken it, is a lock, too; any other is an event.
 */
#ifndef CORE_ENGINE_STRAND_H
#define CORE_ENGINE_STRAND_H

#include "core/base/array.h"
#include "core/engine/record.h"

#define STRAND_NONE UINT32_MAX

enum op_kind {
    OP_ACQUIRE, /* waits for a lock and takes it */
    OP_TRY,     /* took it without having waited */
    OP_AWAIT,   /* waits until it is free, does not take it */
    OP_RELEASE,
    OP_WAIT, /* for an event; takes one of its count */
    OP_TRYWAIT,
    OP_POST,
    OP_QUEUE, /* of a condition: releases the lock `other`, and queues up */
    OP_WAKE,  /* goes on when it was signalled */
    OP_SIGNAL,
    OP_BROADCAST,
    OP_START, /* object: the strand that begins */
    OP_JOIN,  /* object: the strand whose end it waits for */
    OP_EXIT,
    OP_MASK, /* object: number of the context */
    OP_UNMASK,
    OP_CHANGE, /* of a state that it holds: it is in a state of another class now */
};

enum object_kind { OBJECT_LOCK, OBJECT_STATE, OBJECT_EVENT, OBJECT_CONDITION };

struct order_object {
    const volatile void *address;
    uint32_t class; /* number: objects of equal class have it equal */
    uint32_t initial; /* OBJECT_EVENT: its count */
    uint8_t kind;     /* enum object_kind */
    uint8_t lock_kind;
    bool semaphore; /* OBJECT_LOCK: that is what it is */
    uint32_t holder; /* OBJECT_STATE: the strand that is in it, while the log is read */
};

struct op {
    uint32_t object; /* or STRAND_NONE */
    uint32_t other;  /* OP_QUEUE: the lock */
    uint32_t class;  /* of a lock or a state: one word may be in states of several classes */
    uint32_t record; /* in the log */
    uint32_t masks;  /* the strand's last OP_MASK or OP_UNMASK before it, or STRAND_NONE */
    uint8_t kind, mode;
    uint8_t level;
    bool licensed; /* nested under a lock that is held, or in order */
};

struct strand {
    struct op *ops; /* of strands.ops */
    uint32_t op_count;
    uint32_t context;  /* number; STRAND_NONE: a thread */
    uint32_t thread;   /* the strand of the thread that it ran on; itself, if a thread */
    const char *name;  /* of the thread */
    uint32_t slot;     /* engine thread, for its name */
    bool blocked;      /* the run left it at its last op, which has not happened */
    bool ended;        /* its last op is its end */
    bool lets_in;      /* it unmasks some context */
    uint32_t masks;    /* its last OP_MASK or OP_UNMASK, or STRAND_NONE */
};

struct strands {
    const struct record_log *log;
    ARRAY(struct strand) strands; /* threads first, by birth */
    ARRAY(struct op) ops;
    ARRAY(struct order_object) objects;
    ARRAY(const char *) classes; /* by number */
    ARRAY(const char *) contexts; /* that interrupt, by number */
    ARRAY(uint32_t) map, class_map; /* from addresses, and from texts */
    uint32_t handler_count; /* strands with a context */
    bool has_events, has_conditions;
};

/* False: no memory. */
bool strands_build(struct strands *strands, const struct record_log *log);
void strands_free(struct strands *strands);

/* Whether the context can interrupt the thread right before that op (or at its end). */
bool strand_is_open(const struct strands *strands, uint32_t strand, uint32_t op, uint32_t context);
/* Whether the thread ever lets that context in. */
bool strand_opens(const struct strands *strands, uint32_t strand, uint32_t context);

/* "T1", or the context of a handler. */
enum { STRAND_NAME_MAX = 32 };
void strand_name(const struct strands *strands, uint32_t strand, char name[STRAND_NAME_MAX]);
/* The class of what the op is about; may be NULL. */
const char *op_class(const struct strands *strands, const struct op *op);
/* What the subject calls the object, or else how it is written where the op is. */
void op_object_name(const struct strands *strands, const struct op *op, char name[STRAND_NAME_MAX]);
const struct record *op_record(const struct strands *strands, const struct op *op);

#endif
