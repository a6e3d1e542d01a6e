/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log tells what was wanted before the wait, and the trace when the wait was over: a lock is
 * held from the thread's first event on it that does not wait.
 */
#include "repro/finding/span.h"

#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/record.h"

/* What is being read. */
static struct reader {
    struct spans *spans;
    const struct trace_event *events;
    uint32_t event_count;
} reader;

/* The event that it belongs to: the last one; the next one, if the thread has just come to run. */
static int32_t event_of(const struct record *record)
{
    bool follows = record->event > 0 && reader.events[record->event - 1].thread == record->slot;
    return (int32_t)(follows || record->event >= reader.event_count ? record->event - 1
                                                                    : record->event);
}

static void span_begin(struct spans *spans, struct span span)
{
    check(ARRAY_ROOM(&spans->spans, 1));
    check(ARRAY_ROOM(&spans->open, 1));
    span.to = SPAN_OPEN;
    spans->open.items[spans->open.count++] = spans->spans.count;
    spans->spans.items[spans->spans.count++] = span;
}

static bool is_same(const struct span *span, const struct span *like)
{
    return span->kind == like->kind && span->object == like->object &&
           span->thread == like->thread && span->task == like->task;
}

/* Ends the last span like that one, if there is one. */
static void span_end(struct spans *spans, const struct span *like, int32_t to)
{
    for (uint32_t i = spans->open.count; i-- > 0;) {
        struct span *span = &spans->spans.items[spans->open.items[i]];
        if (!is_same(span, like))
            continue;
        span->to = to > span->from ? to : span->from;
        spans->open.count--;
        memmove(&spans->open.items[i], &spans->open.items[i + 1],
                (spans->open.count - i) * sizeof *spans->open.items);
        return;
    }
}

static struct span span_of(const struct record *record, enum span_kind kind)
{
    return (struct span){ .site = record->site, .object = record->object, .text = record->text,
                          .thread = record->slot, .task = SPAN_NOBODY, .from = event_of(record),
                          .to = SPAN_OPEN, .kind = (uint8_t)kind,
                          .reads = record->mode == HOOK_READ };
}

/* A state belongs to the task, if one runs. */
static struct span state_of(const struct record *record)
{
    struct span span = span_of(record, SPAN_STATE);
    if (record->task != 0) {
        span.thread = SPAN_NOBODY;
        span.task = record->task - 1;
    }
    return span;
}

/* --- records --- */

static void read_lock(const struct record *record)
{
    struct span span = span_of(record, SPAN_LOCK);
    for (uint32_t i = (uint32_t)span.from; i < reader.event_count; i++) {
        const struct trace_event *event = &reader.events[i];
        if (event->thread != record->slot || event->object != record->object || event->waits)
            continue;
        span.from = (int32_t)i;
        span_begin(reader.spans, span);
        return;
    }
}

static void read_unlock(const struct record *record, const volatile void *object)
{
    struct span like = span_of(record, SPAN_LOCK);
    like.object = object;
    span_end(reader.spans, &like, like.from);
}

static void read_task(const struct record *record)
{
    struct span span = span_of(record, SPAN_RUNS);
    span.task = (int32_t)record->value - 1;
    span.object = NULL;
    for (uint32_t i = reader.spans->open.count; i-- > 0;) {
        struct span like = reader.spans->spans.items[reader.spans->open.items[i]];
        bool same = like.kind == SPAN_READY ? like.task == span.task
                    : record->kind == RECORD_TASK_RUN ? like.thread == span.thread
                                                      : like.task == span.task;
        if ((like.kind == SPAN_RUNS || like.kind == SPAN_READY) && same)
            span_end(reader.spans, &like, span.from);
    }
    if (record->kind == RECORD_TASK_READY) {
        span.kind = SPAN_READY;
        span.thread = SPAN_NOBODY;
    }
    if (record->kind == RECORD_TASK_READY || (record->kind == RECORD_TASK_RUN && span.task >= 0))
        span_begin(reader.spans, span);
}

/* Whoever has it: a token may be given by another thread than took it. */
static void end_token(struct spans *spans, const struct record *record)
{
    for (uint32_t i = spans->open.count; i-- > 0;) {
        struct span like = spans->spans.items[spans->open.items[i]];
        if (like.kind == SPAN_TOKEN && like.object == record->object)
            span_end(spans, &like, event_of(record));
    }
}

static void read_state(const struct record *record)
{
    struct span span = state_of(record);
    span_end(reader.spans, &span, span.from); /* it went on to a state of another class */
    if (record->kind == RECORD_HOLD)
        span_begin(reader.spans, span);
}

static void read_record(const struct record *record)
{
    switch ((enum record_kind)record->kind) {
    case RECORD_LOCK:
    case RECORD_TRY:
        read_lock(record);
        break;
    case RECORD_UNLOCK:
        read_unlock(record, record->object);
        break;
    case RECORD_CONDITION_WAIT:
        read_unlock(record, record->other);
        break;
    case RECORD_HOLD:
    case RECORD_RELEASE:
        read_state(record);
        break;
    case RECORD_TASK_RUN:
    case RECORD_TASK_READY:
    case RECORD_TASK_WAIT:
        read_task(record);
        break;
    case RECORD_TOKEN_TAKE:
        end_token(reader.spans, record);
        span_begin(reader.spans, span_of(record, SPAN_TOKEN));
        break;
    case RECORD_TOKEN_GIVE:
        end_token(reader.spans, record);
        break;
    default:
        break;
    }
}

/* A thread waits from an event that says so to its next one; again on the same is the same wait. */
static void read_waits(void)
{
    int32_t waiting[ENGINE_THREADS_MAX];
    for (uint32_t i = 0; i < ENGINE_THREADS_MAX; i++)
        waiting[i] = -1;
    for (uint32_t i = 0; i < reader.event_count; i++) {
        const struct trace_event *event = &reader.events[i];
        int32_t *span = &waiting[event->thread];
        struct span *last = *span < 0 ? NULL : &reader.spans->spans.items[*span];
        if (last != NULL && event->waits && last->object == event->object)
            continue;
        if (last != NULL)
            last->to = (int32_t)i;
        *span = -1;
        if (!event->waits)
            continue;
        *span = (int32_t)reader.spans->spans.count;
        span_begin(reader.spans,
                  (struct span){ .site = event->site, .object = event->object,
                                     .thread = event->thread, .task = event->task - 1,
                                     .from = (int32_t)i, .kind = SPAN_WAITS });
    }
}

static int compare(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    int order = (a->from > b->from) - (a->from < b->from);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    if (order == 0)
        order = (a->thread > b->thread) - (a->thread < b->thread);
    if (order == 0)
        order = (a->task > b->task) - (a->task < b->task);
    if (order == 0)
        order = (a->to > b->to) - (a->to < b->to);
    return order;
}

void spans_run(struct spans *spans, const struct reproducer *reproducer)
{
    enum { RECORDS_MAX = 1 << 18 }; /* several for each event of a trace */
    static struct outcome outcome;
    struct record_log log = { .with_tasks = true };
    struct engine_options options = { .log = &log };
    reader = (struct reader){ .spans = spans };
    check(record_log_reserve(&log, RECORDS_MAX, ENGINE_THREADS_MAX));
    engine_run(reproducer->subject, &reproducer->plan, strategy_replay(), &options, &outcome);
    reader.events = engine_trace(&reader.event_count);
    for (uint32_t i = 0; i < log.count && reader.event_count > 0; i++)
        read_record(&log.records[i]);
    read_waits();
    qsort(spans->spans.items, spans->spans.count, sizeof *spans->spans.items, compare);
    record_log_free(&log);
}

void spans_free(struct spans *spans)
{
    free(spans->spans.items);
    free(spans->open.items);
    *spans = (struct spans){ .spans = { NULL, 0, 0 } };
}

/* --- names --- */

const char *span_kind_name(enum span_kind kind)
{
    static const char *const names[SPAN_KINDS] = {
        [SPAN_LOCK] = "lock", [SPAN_STATE] = "state", [SPAN_TOKEN] = "token",
        [SPAN_RUNS] = "runs", [SPAN_READY] = "ready", [SPAN_WAITS] = "waits",
    };
    check(kind < SPAN_KINDS);
    return names[kind];
}

bool span_is_of(const struct span *span, const char *agent)
{
    return (span->thread != SPAN_NOBODY &&
            strcmp(engine_thread_name((uint32_t)span->thread), agent) == 0) ||
           (span->task != SPAN_NOBODY &&
            strcmp(engine_task_name((uint32_t)span->task), agent) == 0);
}

void span_object(const struct span *span, char *name, size_t size)
{
    const struct hook_token *token = (const struct hook_token *)(uintptr_t)span->object;
    if (span->kind == SPAN_TOKEN)
        snprintf(name, size, "%s%u", token->name, token->number);
    else if (span->object == NULL)
        snprintf(name, size, "%s", span->kind == SPAN_WAITS && span->site != NULL
                                       ? span->site->object : "");
    else
        engine_name_object(span->site, span->object, name, size);
}
