/* SPDX-License-Identifier: BSD-3-Clause */
/* What lasts, of the last run: locks and states held, waits, who runs what. Bars of a timeline. */
#ifndef REPRO_SPAN_H
#define REPRO_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/array.h"
#include "core/engine/engine.h"
#include "repro/reproducer/reproducer.h"

enum span_kind {
    SPAN_LOCK,  /* a thread holds it */
    SPAN_STATE, /* a task, or else a thread, holds it */
    SPAN_TOKEN, /* a thread has it */
    SPAN_RUNS,  /* a task runs on a thread */
    SPAN_READY, /* a task stands in a queue */
    SPAN_WAITS, /* a thread waits */
    SPAN_KINDS
};
enum { SPAN_NOBODY = -1, SPAN_OPEN = -1 };

struct span {
    const struct hook_site *site; /* since here; may be NULL */
    const volatile void *object;  /* SPAN_TOKEN: a struct hook_token */
    const char *text;             /* class; SPAN_READY: the queue; may be NULL */
    int32_t thread, task;         /* slot, index; or SPAN_NOBODY */
    int32_t from, to;             /* events; to: SPAN_OPEN if it lasts to the end */
    uint8_t kind;                 /* enum span_kind */
    bool reads;                   /* shared with other readers */
};

struct spans {
    ARRAY(struct span) spans;
    ARRAY(uint32_t) open; /* while the log is read: those that have no end yet */
};

/* Runs the reproducer's plan, strictly, and fills empty spans with what lasted in that run, sorted
 * by `from`. It is the last run then. */
void spans_run(struct spans *spans, const struct reproducer *reproducer);
void spans_free(struct spans *spans);

/* "lock", "state", "token", "runs", "ready", "waits" */
const char *span_kind_name(enum span_kind kind);

/* Whether that agent ("m0", "g1") is who the span is of. */
bool span_is_of(const struct span *span, const char *agent);
/* "P0", or what the subject calls the object. */
void span_object(const struct span *span, char *name, size_t size);

#endif
