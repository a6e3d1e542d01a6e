/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests and fuzz targets: bytes -> plan -> run -> text -> plan -> bytes -> plan -> run. Nothing
 * may be lost on the way, and the second run is the first one, event by event.
 */
#ifndef REPRO_ROUND_TRIP_H
#define REPRO_ROUND_TRIP_H

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "fuzz/decode.h"
#include "fuzz/draft.h"
#include "repro/reproducer/reproducer.h"

enum {
    ROUND_TRIP_BYTES_MAX = 1 << 18, /* more than any draft takes */
    ROUND_TRIP_EVENTS_MAX = 1 << 16,
};

struct round_trip {
    struct reproducer made, read, decoded;
    struct draft draft;
    struct outcome first, second;
    struct trace_event trace[ROUND_TRIP_EVENTS_MAX];
    uint32_t event_count;
    uint8_t bytes[ROUND_TRIP_BYTES_MAX];
};

/* The strategy that makes the run of these bytes, as a libFuzzer target does. */
static inline struct strategy *round_trip_decode(struct round_trip *trip, const uint8_t *bytes,
                                                 size_t size)
{
    const struct wedge_subject *subject = trip->made.subject;
    if (draft_is_one(bytes, size)) {
        draft_decode(subject, bytes, size, &trip->draft);
        return draft_strategy(&trip->draft);
    }
    strategy_forget();
    size_t used = decode_plan(subject, bytes, size, &trip->draft.plan);
    trip->draft.seed = trip->draft.strategy = 0;
    return strategy_bytes(bytes + used, size - used);
}

static inline void round_trip_text(struct round_trip *trip)
{
    struct reproducer_error error;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    check(out != NULL);
    reproducer_print(out, &trip->made, trip->first.signature);
    check(fclose(out) == 0);
    if (size <= REPRODUCER_SIZE_MAX) { /* what a file may hold */
        check(reproducer_parse(&trip->read, text, size, &error));
        check(reproducer_same(&trip->made, &trip->read));
    }
    free(text);
}

static inline void round_trip_bytes(struct round_trip *trip)
{
    const struct wedge_subject *subject = trip->made.subject;
    plan_copy(&trip->draft.plan, &trip->read.plan);
    size_t size = draft_encode(subject, &trip->draft, trip->bytes, sizeof trip->bytes);
    draft_decode(subject, trip->bytes, size, &trip->draft);
    trip->decoded = (struct reproducer){ .subject = subject, .verdict = trip->made.verdict };
    memcpy(trip->decoded.hash, trip->made.hash, sizeof trip->made.hash);
    plan_copy(&trip->decoded.plan, &trip->draft.plan);
    check(reproducer_same(&trip->made, &trip->decoded));
}

static inline void round_trip_run(struct round_trip *trip, const struct engine_options *options)
{
    uint32_t count;
    engine_run(trip->made.subject, &trip->decoded.plan, strategy_replay(), options, &trip->second);
    check(trip->second.verdict == trip->first.verdict);
    check(strcmp(trip->second.signature_hash, trip->first.signature_hash) == 0);
    check(trip->second.steps == trip->first.steps);
    const struct trace_event *trace = engine_trace(&count);
    check(count >= trip->event_count);
    check(memcmp(trace, trip->trace, trip->event_count * sizeof *trace) == 0);
}

/* Aborts where something differs. False: the run was too long for a plan, and nothing was
 * compared. */
static inline bool round_trip(struct round_trip *trip, const struct wedge_subject *subject,
                              const uint8_t *bytes, size_t size, uint32_t steps_max)
{
    struct engine_options options = { .steps_max = steps_max, .faults = subject->faults };
    uint32_t count;
    trip->made.subject = subject;
    struct strategy *strategy = round_trip_decode(trip, bytes, size);
    engine_run(subject, &trip->draft.plan, strategy, &options, &trip->first);
    if (!engine_recorded(&trip->made.plan))
        return false;
    bool found = verdict_is_finding(trip->first.verdict);
    trip->made.verdict = found ? trip->first.verdict : VERDICT_OK;
    memset(trip->made.hash, 0, sizeof trip->made.hash);
    if (found)
        memcpy(trip->made.hash, trip->first.signature_hash, sizeof trip->made.hash);
    const struct trace_event *trace = engine_trace(&count);
    trip->event_count = count < ROUND_TRIP_EVENTS_MAX ? count : ROUND_TRIP_EVENTS_MAX;
    memcpy(trip->trace, trace, trip->event_count * sizeof *trace);
    round_trip_text(trip);
    round_trip_bytes(trip);
    round_trip_run(trip, &options);
    return true;
}

#endif
