/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows that are kept when folding: where a thread begins and ends its turn, waits, locks, unlocks
 * and faults, and what belongs to the cycle. What lies between is one row that counts it.
 *
 * The first character of a thread's cell is how many locks it holds after that row.
 */
#include "repro/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"

enum {
    CELL_MAX = 200,
    COLUMN_MIN = 24,
    MARGIN = 19,       /* mark, step, time */
    FOLD_MIN = 3,      /* fewer are not worth a row of their own */
    LAST_ROWS = 4,     /* of the run, always shown */
};

struct row {
    bool keep;
    uint8_t cycle; /* edge of the cycle + 1 that waits or holds since here; 0: none */
};

struct story {
    const struct trace_event *events;
    uint32_t count;
    struct row *rows;
    uint8_t held[ENGINE_THREADS_MAX]; /* locks, while printing */
    uint64_t used;                    /* threads that have events */
    uint32_t column;                  /* width of one */
    bool columns;                     /* there is room for them */
};

/* --- which rows --- */

static bool is_agent(const struct trace_event *event, const char *name)
{
    return strcmp(engine_thread_name(event->thread), name) == 0 ||
           (event->task != 0 && strcmp(engine_task_name(event->task - 1u), name) == 0);
}

/* The last event of that agent at that place; or in that function, for what is not an event of its
 * own (a transitional state is held from the event before on). */
static void mark_last(struct story *story, const struct hook_site *site, const char *agent,
                      uint32_t edge)
{
    if (site == NULL)
        return;
    for (int exact = 1; exact >= 0; exact--) {
        for (uint32_t i = story->count; i-- > 0;) {
            const struct trace_event *event = &story->events[i];
            bool here = exact ? event->site == site
                              : strcmp(event->site->function, site->function) == 0;
            if (here && is_agent(event, agent)) {
                story->rows[i].cycle = (uint8_t)(edge + 1);
                story->rows[i].keep = true;
                return;
            }
        }
    }
}

static bool is_telling(const struct trace_event *event)
{
    switch (event->site->kind) {
    case HOOK_LOCK:
    case HOOK_TRYLOCK:
    case HOOK_UNLOCK:
    case HOOK_PARK:
    case HOOK_PARK_WEAK:
    case HOOK_UNPARK:
    case HOOK_UNPARK_LATE:
    case HOOK_SLEEP:
    case HOOK_SPIN:
    case HOOK_CALLBACK:
    case HOOK_FAIL:
    case HOOK_THREAD:
        return true;
    default:
        return event->fault != 0 || event->waits;
    }
}

static void choose_rows(struct story *story, const struct outcome *outcome, bool full)
{
    for (uint32_t i = 0; i < story->count; i++) {
        const struct trace_event *event = &story->events[i];
        bool turn = i == 0 || i + 1 == story->count || event[-1].thread != event->thread ||
                    event[1].thread != event->thread;
        story->rows[i].keep = full || turn || is_telling(event) || i + LAST_ROWS >= story->count;
        story->used |= (uint64_t)1 << event->thread;
    }
    for (uint32_t i = 0; i < outcome->cycle_count; i++) {
        mark_last(story, outcome->edges[i].holds_since, outcome->edges[i].to, i);
        mark_last(story, outcome->edges[i].waits_at, outcome->edges[i].from, i);
    }
}

static bool story_begin(struct story *story, const struct outcome *outcome, bool full)
{
    *story = (struct story){ 0 };
    story->events = engine_trace(&story->count);
    story->rows = calloc(story->count + 1, sizeof *story->rows);
    check(story->rows != NULL);
    choose_rows(story, outcome, full);
    return story->count > 0;
}

/* --- cells --- */

static void write_cell(const struct trace_event *event, char cell[CELL_MAX])
{
    char object[64];
    FILE *out = fmemopen(cell, CELL_MAX, "w");
    check(out != NULL);
    engine_name_object(event->site, event->object, object, sizeof object);
    if (event->fault != 0)
        fprintf(out, "FAULT %s ", fault_name(event->fault - 1u));
    if (event->task != 0)
        fprintf(out, "%s ", engine_task_name(event->task - 1u));
    fprintf(out, "%s: %s %s", event->site->function,
            site_kind_name((enum hook_kind)event->site->kind), object);
    engine_trace_print_value(out, event);
    if (event->waits)
        fputs(" WAITS", out);
    fclose(out);
    cell[CELL_MAX - 1] = '\0';
}

static void count_locks(struct story *story, const struct trace_event *event)
{
    uint8_t *held = &story->held[event->thread];
    if (event->site->kind == HOOK_LOCK && !event->waits)
        ++*held;
    if (event->site->kind == HOOK_TRYLOCK && event->value != 0)
        ++*held;
    if (event->site->kind == HOOK_UNLOCK && *held > 0)
        --*held;
}

static char gutter(const struct story *story, uint32_t thread)
{
    uint8_t held = story->held[thread];
    return held == 0 ? '|' : held > 9 ? '9' : (char)('0' + held);
}

/* One line: what `text` says in the column of `thread`, the others' gutters beside it. */
static void print_columns(FILE *out, const struct story *story, uint32_t thread, const char *text)
{
    uint32_t width = story->column - 2, owed = 0;
    for (uint32_t i = 0; i < engine_thread_count(); i++) {
        if ((story->used >> i & 1) == 0)
            continue;
        fprintf(out, "%*s%c", (int)owed, "", gutter(story, i));
        owed = story->column - 1;
        if (i != thread)
            continue;
        int length = (int)strlen(text);
        if (length > (int)width)
            length = fprintf(out, " %.*s..", (int)width - 3, text);
        else
            length = fprintf(out, " %s", text);
        owed -= (uint32_t)length;
    }
}

static void print_cell(FILE *out, const struct story *story, uint32_t thread, const char *text)
{
    if (story->columns)
        print_columns(out, story, thread, text);
    else
        fprintf(out, "%-4s %c %s", engine_thread_name(thread), gutter(story, thread), text);
}

/* "12.345us": three digits after the point, so that every ns shows up to 1 ms. */
static void print_time(FILE *out, int64_t now_ns)
{
    if (now_ns < 10000000)
        fprintf(out, "%9.3fus", (double)now_ns / 1e3);
    else if (now_ns < INT64_C(10000000000))
        fprintf(out, "%9.3fms", (double)now_ns / 1e6);
    else
        fprintf(out, "%10.3fs", (double)now_ns / 1e9);
}

static void print_row(FILE *out, struct story *story, uint32_t index, bool colour)
{
    char cell[CELL_MAX];
    const struct trace_event *event = &story->events[index];
    const struct row *row = &story->rows[index];
    write_cell(event, cell);
    count_locks(story, event);
    const char *paint = row->cycle != 0 ? "\033[1;31m" : event->fault != 0 ? "\033[33m" : "";
    fputs(colour ? paint : "", out);
    fprintf(out, "%c%5" PRIu32 " ", row->cycle != 0 ? '*' : ' ', index);
    print_time(out, event->now_ns);
    fputc(' ', out);
    print_cell(out, story, event->thread, cell);
    fputs(colour && paint[0] != '\0' ? "\033[0m\n" : "\n", out);
}

static void print_fold(FILE *out, const struct story *story, uint32_t thread, uint32_t count)
{
    char text[64];
    snprintf(text, sizeof text, "... %" PRIu32 " steps", count);
    fprintf(out, "%*s", MARGIN, "");
    print_cell(out, story, thread, text);
    fputc('\n', out);
}

/* --- the page --- */

static void print_head(FILE *out, struct story *story, uint32_t width)
{
    uint32_t threads = (uint32_t)__builtin_popcountll(story->used);
    story->column = threads == 0 ? width : (width - MARGIN) / threads;
    story->columns = story->column >= COLUMN_MIN;
    fprintf(out, "  step      time  ");
    int owed = 1;
    for (uint32_t i = 0; i < engine_thread_count() && story->columns; i++)
        if (story->used >> i & 1)
            owed += (int)story->column - fprintf(out, "%*s%s", owed, "", engine_thread_name(i));
    fputc('\n', out);
}

void story_print(FILE *out, const struct outcome *outcome, const struct story_look *look)
{
    struct story story;
    if (!story_begin(&story, outcome, look->full)) {
        free(story.rows);
        return;
    }
    print_head(out, &story, look->width);
    for (uint32_t i = 0; i < story.count;) {
        uint32_t next = i;
        while (next < story.count && !story.rows[next].keep)
            next++;
        if (next - i >= FOLD_MIN) {
            print_fold(out, &story, story.events[i].thread, next - i);
            i = next;
        } else {
            print_row(out, &story, i++, look->colour);
        }
    }
    free(story.rows);
}

json_t *story_json(const struct outcome *outcome)
{
    struct story story;
    story_begin(&story, outcome, true);
    json_t *list = json_array();
    for (uint32_t i = 0; i < story.count; i++) {
        const struct trace_event *event = &story.events[i];
        char cell[CELL_MAX], object[64];
        write_cell(event, cell);
        engine_name_object(event->site, event->object, object, sizeof object);
        json_t *item = json_pack(
            "{s:i, s:I, s:s, s:s?, s:s, s:s, s:s, s:s, s:i, s:b, s:s?, s:i, s:s}", "step", (int)i,
            "time_ns", (json_int_t)event->now_ns, "thread", engine_thread_name(event->thread),
            "task", event->task != 0 ? engine_task_name(event->task - 1u) : NULL, "function",
            event->site->function, "operation", site_kind_name((enum hook_kind)event->site->kind),
            "object", object, "file", event->site->file, "line", (int)event->site->line, "waits",
            (int)event->waits, "fault", event->fault != 0 ? fault_name(event->fault - 1u) : NULL,
            "edge", (int)story.rows[i].cycle, "text", cell);
        check(item != NULL);
        json_array_append_new(list, item);
    }
    free(story.rows);
    return list;
}
