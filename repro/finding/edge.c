/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/finding/edge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/output.h"
#include "repro/finding/symbol.h"

static const char *const kind_names[] = {
    [EDGE_LOCK] = "lock",   [EDGE_STATE] = "state", [EDGE_SPIN] = "spin", [EDGE_TOKEN] = "token",
    [EDGE_GATE] = "gate",   [EDGE_STOP] = "stop",   [EDGE_RUNS] = "runs",   [EDGE_JOIN] = "join",
    [EDGE_EVENT] = "event", [EDGE_SLEEP] = "sleep", [EDGE_READY] = "ready",
    [EDGE_ACCESS] = "access",
};

struct text {
    char *to;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(text->to + text->length, EDGE_TEXT_MAX - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
    if (text->length >= EDGE_TEXT_MAX)
        text->length = EDGE_TEXT_MAX - 1;
}

static void add_at(struct text *text, const struct hook_site *site)
{
    if (site != NULL)
        add(text, " in %s at %s:%" PRIu32, site->function, site->file, site->line);
}

static void add_since(struct text *text, const char *words, const struct hook_site *site)
{
    if (site != NULL)
        add(text, " %s %s (%s:%" PRIu32 ")", words, site->function, site->file, site->line);
}

/* " to read since G (FILE:LINE), and a writer is in the queue" */
static void add_reading(struct text *text, const struct edge *edge)
{
    if (edge->holds_to_read)
        add(text, " to read");
    add_since(text, "since", edge->holds_since);
    if (edge->wants_to_read && edge->holds_to_read)
        add(text, ", and a writer stands in the queue");
}

static void add_class(struct text *text, const struct edge *edge)
{
    if (edge->object_class != NULL && strcmp(edge->object_class, edge->object) != 0)
        add(text, " (%s)", edge->object_class);
}

static void add_waiter(struct text *text, const struct edge *edge)
{
    add(text, "%s", edge->from);
    if (edge->holding[0] != '\0')
        add(text, ", holding %s,", edge->holding);
}

/* "; t2 would hold it since G (FILE:LINE)" */
static void describe_holder(struct text *text, const struct edge *edge)
{
    bool other = edge->held[0] != '\0';
    if (other)
        add(text, "; if that were %s, ", edge->held);
    else
        add(text, "; ");
    if (strcmp(edge->from, edge->to) == 0 && !edge->interrupted)
        add(text, "%s itself would hold it", edge->to);
    else
        add(text, "%s%s would hold it", edge->to, edge->interrupted ? ", interrupted," : "");
    add_reading(text, edge);
}

/* "; t2 would not come to post it in G (FILE:LINE)" */
static void describe_event(struct text *text, const struct edge *edge)
{
    if (edge->to[0] == '\0') {
        add(text, "; nobody would be left to post it");
        return;
    }
    add(text, "; %s is to %s", edge->to, edge->kind == EDGE_JOIN ? "end" : "post it");
    add_since(text, "in", edge->comes_at);
    add(text, ", and would not come to that");
}

/* "t1, holding a, would wait for lock b (class) in F at FILE:LINE; t2 would hold it since ..." */
static void describe_prediction(struct text *text, const struct edge *edge)
{
    bool event = edge->kind == EDGE_EVENT || edge->kind == EDGE_JOIN;
    add_waiter(text, edge);
    add(text, " would %s %s", edge->kind == EDGE_STATE ? "spin on"
                              : event                  ? "wait for"
                                                       : "wait for lock", edge->object);
    add_class(text, edge);
    if (edge->wants_to_read)
        add(text, " to read");
    add_at(text, edge->waits_at);
    if (event)
        describe_event(text, edge);
    else
        describe_holder(text, edge);
    if (edge->runs > 0)
        add(text, "; seen so in %" PRIu64 " of %" PRIu64 " run%s", edge->runs, edge->runs_watched,
            edge->runs_watched == 1 ? "" : "s");
}

/* "m0 waits for lock P0.timersLock (timers) in F at FILE:LINE; held by g1 since G (FILE:LINE)" */
static void describe_wait(struct text *text, const struct edge *edge, const char *verb)
{
    add_waiter(text, edge);
    add(text, " %s %s", verb, edge->object);
    add_class(text, edge);
    if (edge->wants_to_read)
        add(text, " to read");
    add_at(text, edge->waits_at);
    if (edge->to[0] == '\0') {
        add(text, "; %s", edge->kind == EDGE_EVENT ? "nobody is left to wake it"
                                                   : "nobody is left who could change it");
        return;
    }
    if (strcmp(edge->from, edge->to) == 0)
        add(text, "; held by %s itself", edge->to);
    else
        add(text, "; held by %s", edge->to);
    add_reading(text, edge);
}

/* How a task that is ready came to give up its thread. */
static void describe_ready(struct text *text, const struct edge *edge)
{
    const struct hook_site *site = edge->waits_at;
    add_waiter(text, edge);
    add(text, " ");
    if (site != NULL && site->kind == HOOK_PREEMPTION)
        add(text, "was preempted in %s:%s (%s:%" PRIu32 "), ", site->function, site->object,
            site->file, site->line);
    else if (site != NULL)
        add(text, "stopped in %s (%s:%" PRIu32 "), ", site->function, site->file,
            site->line);
    if (edge->queue != NULL)
        add(text, "is in the %s", edge->queue);
    else
        add(text, "is ready");
}

/* "m0 sleeps in F at FILE:LINE until 1000.020us" */
static void describe_sleep(struct text *text, const struct edge *edge)
{
    add(text, edge->object[0] != '\0' ? "%s is parked on %s" : "%s sleeps", edge->from,
        edge->object);
    add_at(text, edge->waits_at);
    if (edge->until_ns != HOOK_FOREVER)
        add(text, " until %" PRId64 ".%03" PRId64 "us", edge->until_ns / 1000,
            edge->until_ns % 1000);
}

/* "m0: write of t0 in F at FILE:LINE" */
static void describe_access(struct text *text, const struct edge *edge)
{
    const struct hook_site *site = edge->waits_at;
    add(text, "%s: %s of %s in %s at %s", edge->from, edge->object_class, edge->object,
        site->function, site->file);
    if (site->line != 0) /* what the compiler made of several places has none */
        add(text, ":%" PRIu32, site->line);
}

void edge_sentence(const struct edge *edge, char buffer[EDGE_TEXT_MAX])
{
    struct text text = { buffer, 0 };
    buffer[0] = '\0';
    if (edge->predicted) {
        describe_prediction(&text, edge);
        return;
    }
    switch (edge->kind) {
    case EDGE_LOCK:
        describe_wait(&text, edge, "waits for lock");
        break;
    case EDGE_STATE:
    case EDGE_SPIN:
        describe_wait(&text, edge, "spins on");
        break;
    case EDGE_JOIN:
        add(&text, "%s waits for %s", edge->from, edge->object);
        add_at(&text, edge->waits_at);
        break;
    case EDGE_EVENT:
        describe_wait(&text, edge, "is parked on");
        break;
    case EDGE_TOKEN:
        describe_ready(&text, edge);
        add(&text, " and needs %s; %s is held by %s", edge->object, edge->object, edge->to);
        add_since(&text, "since", edge->holds_since);
        break;
    case EDGE_GATE:
        describe_ready(&text, edge);
        add(&text, ", and the world was stopped by %s", edge->to);
        add_since(&text, "in", edge->holds_since);
        break;
    case EDGE_STOP:
        add(&text, "%s waits", edge->from);
        add_at(&text, edge->waits_at);
        add(&text, " until %s is given up; held by %s", edge->object, edge->to);
        add_since(&text, "since", edge->holds_since);
        break;
    case EDGE_SLEEP:
        describe_sleep(&text, edge);
        break;
    case EDGE_READY:
        describe_ready(&text, edge);
        if (edge->object[0] != '\0')
            add(&text, "; %s is idle", edge->object);
        break;
    case EDGE_ACCESS:
        describe_access(&text, edge);
        break;
    case EDGE_RUNS:
        add(&text, "%s runs on %s", edge->from, edge->to);
        break;
    }
}

/* --- JSON --- */

json_t *edge_site_json(const struct hook_site *site)
{
    if (site == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:I}", "function", site->function, "object", site->object,
                     "file", site->file, "line", (json_int_t)site->line);
}

static json_t *chain_json(const struct chain *chain)
{
    struct frame frames[SYMBOL_FRAMES_MAX];
    uint32_t count = symbol_frames(chain, frames);
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "function", frames[i].function,
                                              "file", frames[i].file, "line",
                                              (json_int_t)frames[i].line));
    return list;
}

json_t *edge_json(const struct edge *edge)
{
    char text[EDGE_TEXT_MAX];
    edge_sentence(edge, text);
    json_t *object = json_pack(
        "{s:s, s:s, s:s?, s:s, s:s?, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:s}", "kind",
        kind_names[edge->kind], "from", edge->from, "to", edge->to[0] != '\0' ? edge->to : NULL,
        "object", edge->object, "class", edge->object_class, "holding", edge->holding, "queue",
        edge->queue, "waits_at", edge_site_json(edge->waits_at), "holds_since",
        edge_site_json(edge->holds_since), "comes_at", edge_site_json(edge->comes_at),
        "wait_chain", chain_json(&edge->wait_chain), "hold_chain", chain_json(&edge->hold_chain),
        "text", text);
    output_add(object, json_pack("{s:b, s:b, s:b, s:b, s:s?}", "predicted", (int)edge->predicted,
                                 "interrupted", (int)edge->interrupted, "wants_to_read",
                                 (int)edge->wants_to_read, "holds_to_read",
                                 (int)edge->holds_to_read, "held",
                                 edge->held[0] != '\0' ? edge->held : NULL));
    if (edge->runs > 0)
        json_object_set_new(object, "runs", json_integer((json_int_t)edge->runs));
    return object;
}
