/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One pass over the trace. For each object there is a cell with its last write;
 * cells and the marks of features belong to a run by its number, so nothing is cleared between runs.
 */
#include "core/engine/coverage.h"

#include <string.h>

#include "core/engine/internal.h"
#include "core/engine/site.h"

enum {
    CELLS_BITS = 10,
    CELLS = 1 << CELLS_BITS, /* objects of a run, at most half as many; the others are left out */
    HELD_MAX = 8,            /* locks of a thread */
    STATES = 32,             /* values below are states, larger ones are times or addresses */
};

enum feature {
    FEATURE_READ,
    FEATURE_STATE,
    FEATURE_VALUE,
    FEATURE_ORDER,
    FEATURE_SWITCH,
    FEATURE_FAULT,
};

/* An object's last write: by which thread (number + 1; 0: by none), at which group of hook points. */
struct cell {
    const volatile void *object;
    uint8_t run;
    uint16_t writer, write;
};

struct held {
    const volatile void *object;
    uint16_t group;
};

static struct {
    struct coverage *out;
    uint32_t used;
    uint8_t run;                  /* small, so that all this stays in the cache */
    uint8_t marks[COVERAGE_SIZE]; /* the run that has this feature */
    struct cell cells[CELLS];
    struct held held[ENGINE_THREADS_MAX][HELD_MAX];
    uint8_t held_count[ENGINE_THREADS_MAX];
} pass;

static void add(enum feature feature, uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t key = (uint64_t)feature << 48 | (uint64_t)a << 32 | b << 16 | c;
    key = (key + 1) * 0x9e3779b97f4a7c15u;
    uint32_t number = (uint32_t)((key ^ key >> 32) * 0x9e3779b97f4a7c15u >> (64 - COVERAGE_BITS));
    if (pass.marks[number] == pass.run || pass.out->count == COVERAGE_RUN_MAX)
        return;
    pass.marks[number] = pass.run;
    pass.out->features[pass.out->count++] = (uint16_t)number;
}

/* --- objects --- */

/* NULL: there are too many. */
static struct cell *cell_of(const volatile void *object)
{
    uint64_t hash = (uint64_t)(uintptr_t)object * 0x9e3779b97f4a7c15u;
    for (uint32_t i = (uint32_t)(hash >> (64 - CELLS_BITS));; i = (i + 1) % CELLS) {
        struct cell *cell = &pass.cells[i];
        if (cell->run == pass.run && cell->object == object)
            return cell;
        if (cell->run == pass.run)
            continue;
        if (pass.used == CELLS / 2)
            return NULL;
        pass.used++;
        *cell = (struct cell){ .object = object, .run = pass.run };
        return cell;
    }
}

/* What an operation does to its object. What may come to nothing writes only if it is done. */
enum access { READS = 1, WRITES = 2, WRITES_IF_DONE = 4, HAS_STATE = 8 };
static const uint8_t accesses[HOOK_KIND_COUNT] = {
    [HOOK_LOAD] = READS | HAS_STATE,
    [HOOK_STORE] = WRITES,
    [HOOK_EXCHANGE] = READS | WRITES | HAS_STATE,
    [HOOK_ADD] = READS | WRITES | HAS_STATE,
    [HOOK_CAS] = READS | WRITES_IF_DONE,
    [HOOK_CAS_WEAK] = READS | WRITES_IF_DONE,
    [HOOK_LOCK] = READS | WRITES,
    [HOOK_TRYLOCK] = READS | WRITES_IF_DONE,
    [HOOK_UNLOCK] = WRITES,
    [HOOK_PARK] = READS | WRITES_IF_DONE,
    [HOOK_PARK_WEAK] = READS | WRITES_IF_DONE,
    [HOOK_UNPARK] = WRITES,
    [HOOK_UNPARK_LATE] = WRITES,
    [HOOK_WAIT] = READS | WRITES,
    [HOOK_POST] = WRITES,
};

static void see_read(const struct cell *cell, const struct trace_event *event)
{
    uint16_t group = event->site->group;
    if (cell->writer != 0 && cell->writer != event->thread + 1)
        add(FEATURE_READ, cell->write, group, 0);
    if ((accesses[event->site->kind] & HAS_STATE) != 0 && event->value < STATES)
        add(FEATURE_VALUE, group, (uint32_t)event->value, 0);
}

static void see_write(struct cell *cell, const struct trace_event *event)
{
    uint16_t group = event->site->group, thread = (uint16_t)(event->thread + 1);
    bool same = cell->writer == thread;
    add(FEATURE_STATE, cell->writer != 0 ? cell->write : SITE_GROUP_NONE, group, same);
    cell->writer = thread;
    cell->write = group;
}

static void see_access(const struct trace_event *event)
{
    uint32_t access = accesses[event->site->kind];
    if (access == 0)
        return;
    struct cell *cell = cell_of(event->object);
    if (cell == NULL)
        return;
    if ((access & READS) != 0)
        see_read(cell, event);
    if ((access & WRITES) != 0 || ((access & WRITES_IF_DONE) != 0 && event->value != 0))
        see_write(cell, event);
}

/* --- locks --- */

static void see_taken(const struct trace_event *event)
{
    struct held *held = pass.held[event->thread];
    uint8_t *count = &pass.held_count[event->thread];
    for (uint32_t i = 0; i < *count; i++)
        add(FEATURE_ORDER, held[i].group, event->site->group, 0);
    if (*count < HELD_MAX)
        held[(*count)++] = (struct held){ event->object, event->site->group };
}

static void see_given_back(const struct trace_event *event)
{
    struct held *held = pass.held[event->thread];
    uint8_t *count = &pass.held_count[event->thread];
    for (uint32_t i = *count; i-- > 0;) {
        if (held[i].object == event->object) {
            memmove(&held[i], &held[i + 1], (*count - i - 1u) * sizeof *held);
            (*count)--;
            return;
        }
    }
}

static void see_lock(const struct trace_event *event)
{
    uint16_t kind = event->site->kind;
    if (kind == HOOK_LOCK || (kind == HOOK_TRYLOCK && event->value != 0))
        see_taken(event);
    else if (kind == HOOK_UNLOCK)
        see_given_back(event);
}

/* --- the pass --- */

static void see_switch(const struct trace_event *before, const struct trace_event *event)
{
    if (before->thread != event->thread && !before->waits && before->object == event->object &&
        event->object != NULL)
        add(FEATURE_SWITCH, before->site->group, event->site->group, 0);
}

static void see(const struct trace_event *event)
{
    if (event->fault != 0)
        add(FEATURE_FAULT, event->fault, event->site->group, 0);
    if (event->object == NULL || event->waits)
        return; /* what is waited for has not happened yet */
    see_access(event);
    see_lock(event);
}

static void begin(struct coverage *coverage)
{
    coverage->count = 0;
    pass.out = coverage;
    pass.used = 0;
    memset(pass.held_count, 0, sizeof pass.held_count);
    if (++pass.run == 0) { /* old marks would look new */
        memset(pass.marks, 0, sizeof pass.marks);
        memset(pass.cells, 0, sizeof pass.cells);
        pass.run = 1;
    }
}

void coverage_of_run(struct coverage *coverage)
{
    uint32_t count;
    const struct trace_event *events = engine_trace(&count);
    begin(coverage);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            see_switch(&events[i - 1], &events[i]);
        see(&events[i]);
    }
}

uint32_t coverage_add(struct coverage_seen *seen, const struct coverage *coverage)
{
    uint32_t before = seen->count;
    for (uint32_t i = 0; i < coverage->count; i++) {
        uint32_t feature = coverage->features[i];
        uint64_t bit = (uint64_t)1 << feature % 64;
        seen->count += (seen->bits[feature / 64] & bit) == 0;
        seen->bits[feature / 64] |= bit;
    }
    return seen->count - before;
}
