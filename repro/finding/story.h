/* SPDX-License-Identifier: BSD-3-Clause */
/* The last run as a table: one row per event, one column per thread. */
#ifndef REPRO_STORY_H
#define REPRO_STORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/engine/engine.h"
#include "repro/finding/span.h"

#define STORY_NONE UINT32_MAX

struct story_look {
    uint32_t width;   /* columns of the page */
    bool full;        /* do not fold away what is not about the end */
    bool colour;
};

/* The events of an edge: where its waiter stands, and since which one `to` holds what it wants; or
 * STORY_NONE. */
struct story_steps {
    uint32_t waits, holds;
};

/* `outcome` is that of the last run, and so are the spans. */
void story_print(FILE *out, const struct outcome *outcome, const struct spans *spans,
                 const struct story_look *look);

void story_edge_steps(const struct outcome *outcome, const struct spans *spans,
                      struct story_steps steps[ENGINE_EDGES_MAX]);

/* "modtimer: cas t0 done": what the event did, in words; at most `size` - 1 bytes of it. */
void story_event(const struct trace_event *event, char *text, size_t size);

/* The events as a list of objects. */
json_t *story_json(const struct outcome *outcome, const struct spans *spans);

#endif
