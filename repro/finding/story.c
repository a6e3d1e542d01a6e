/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows that are kept when folding: where a thread begins and ends its turn, waits, locks, unlocks
 * and faults, as many of them as a few screens hold, counted from the end; and always faults, the
 * last rows, and what belongs to the cycle. What lies between is one row that counts it.
 *
 * The first character of a thread's cell is how much it holds after that row.
 */
#include "repro/finding/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"

enum {
    CELL_MAX = 256,
    COLUMN_MIN = 8,
    LAST_MIN = 34,     /* for the text of the last column, which cannot go on to the right */
    MARGIN = 19,       /* mark, step, time */
    LIST_MARGIN = 8,   /* thread, and how much it holds: where there is no room for columns */
    FOLD_MIN = 3,      /* fewer are not worth a row of their own */
    LAST_ROWS = 4,     /* of the run, always shown */
    ROWS_MAX = 80,     /* of those that are not always shown */
};

struct row {
    bool keep, always;
    uint8_t cycle; /* edge of the cycle + 1 that waits or holds since here; 0: none */
    bool waits;    /* it is the one that waits */
};

struct story {
    const struct outcome *outcome;
    const struct spans *spans;
    const struct trace_event *events;
    uint32_t count;
    struct row *rows;
    uint32_t closing; /* the row that closes the cycle, or STORY_NONE */
    uint64_t used[ENGINE_THREADS_MAX / 64 + 1]; /* threads that have events */
    uint32_t used_count;
    uint32_t column; /* width of one */
    bool columns;    /* there is room for them */
    /* while printing: */
    uint32_t next_span;
    ARRAY(uint32_t) held; /* spans that have begun and not ended */
    uint16_t tasks[ENGINE_THREADS_MAX]; /* index + 1 */
};

/* --- the steps of an edge --- */

static bool is_agent(const struct trace_event *event, const char *name)
{
    return strcmp(engine_thread_name(event->thread), name) == 0 ||
           (event->task != 0 && strcmp(engine_task_name(event->task - 1u), name) == 0);
}

/* The last event of that agent at that place; or in that function, for what is not an event of its
 * own (a transitional state is held from the event before on). */
static uint32_t last_event(const struct hook_site *site, const char *agent)
{
    uint32_t count;
    const struct trace_event *events = engine_trace(&count);
    for (int exact = 1; site != NULL && exact >= 0; exact--) {
        for (uint32_t i = count; i-- > 0;) {
            bool here = exact ? events[i].site == site
                              : strcmp(events[i].site->function, site->function) == 0;
            if (here && is_agent(&events[i], agent))
                return i;
        }
    }
    return STORY_NONE;
}

static bool is_held_by(const struct span *span, const struct edge *edge)
{
    char name[sizeof edge->object];
    if (span->to != SPAN_OPEN || span->kind > SPAN_TOKEN || !span_is_of(span, edge->to))
        return false;
    span_object(span, name, sizeof name);
    return strcmp(name, edge->object) == 0;
}

/* What `to` still holds tells best since when. */
static uint32_t held_since(const struct spans *spans, const struct edge *edge)
{
    for (uint32_t i = spans->spans.count; i-- > 0;)
        if (is_held_by(&spans->spans.items[i], edge))
            return (uint32_t)spans->spans.items[i].from;
    return last_event(edge->holds_since, edge->to);
}

/* So does what it waits for now: a thread that was woken in vain waits since before. */
static uint32_t waits_since(const struct spans *spans, const struct edge *edge)
{
    for (uint32_t i = spans->spans.count; i-- > 0;) {
        const struct span *span = &spans->spans.items[i];
        if (span->kind == SPAN_WAITS && span->to == SPAN_OPEN && span->site == edge->waits_at &&
            span_is_of(span, edge->from))
            return (uint32_t)span->from;
    }
    return last_event(edge->waits_at, edge->from);
}

void story_edge_steps(const struct outcome *outcome, const struct spans *spans,
                      struct story_steps steps[ENGINE_EDGES_MAX])
{
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        steps[i].waits = waits_since(spans, &outcome->edges[i]);
        steps[i].holds = held_since(spans, &outcome->edges[i]);
    }
}

/* --- which rows --- */

static void mark(struct story *story, uint32_t step, uint32_t edge, bool waits)
{
    if (step != STORY_NONE)
        story->rows[step] = (struct row){ true, true, (uint8_t)(edge + 1), waits };
}

static void mark_cycle(struct story *story)
{
    struct story_steps steps[ENGINE_EDGES_MAX];
    story_edge_steps(story->outcome, story->spans, steps);
    for (uint32_t i = 0; i < story->outcome->cycle_count; i++)
        mark(story, steps[i].holds, i, false);
    for (uint32_t i = 0; i < story->outcome->cycle_count; i++) {
        mark(story, steps[i].waits, i, true);
        if (steps[i].waits != STORY_NONE && !story->outcome->edges[i].predicted &&
            (story->closing == STORY_NONE || steps[i].waits > story->closing))
            story->closing = steps[i].waits;
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
        return event->waits;
    }
}

static void choose_rows(struct story *story, bool full)
{
    uint32_t left = ROWS_MAX;
    for (uint32_t i = story->count; i-- > 0;) {
        const struct trace_event *event = &story->events[i];
        struct row *row = &story->rows[i];
        bool turn = i == 0 || i + 1 == story->count || event[-1].thread != event->thread ||
                    event[1].thread != event->thread;
        row->always |= full || event->fault != 0 || i + LAST_ROWS >= story->count;
        bool keep = turn || is_telling(event);
        row->keep = row->always || (keep && left > 0);
        left -= keep && !row->always && left > 0;
        story->used[event->thread / 64] |= (uint64_t)1 << event->thread % 64;
    }
    for (uint32_t i = 0; i <= ENGINE_THREADS_MAX / 64; i++)
        story->used_count += (uint32_t)__builtin_popcountll(story->used[i]);
}

static bool is_used(const struct story *story, uint32_t thread)
{
    return (story->used[thread / 64] >> thread % 64 & 1) != 0;
}

static bool story_begin(struct story *story, const struct outcome *outcome,
                        const struct spans *spans, bool full)
{
    *story = (struct story){ .outcome = outcome, .spans = spans, .closing = STORY_NONE };
    story->events = engine_trace(&story->count);
    story->rows = calloc(story->count + 1, sizeof *story->rows);
    check(story->rows != NULL);
    mark_cycle(story);
    choose_rows(story, full);
    return story->count > 0;
}

static void story_end(struct story *story)
{
    free(story->rows);
    free(story->held.items);
}

/* --- cells --- */

void story_event(const struct trace_event *event, char *text, size_t size)
{
    char object[64];
    FILE *out = fmemopen(text, size, "w");
    check(out != NULL);
    engine_name_object(event->site, event->object, object, sizeof object);
    fprintf(out, "%s: %s %s", event->site->function,
            site_kind_name((enum hook_kind)event->site->kind), object);
    engine_trace_print_value(out, event);
    fclose(out);
    text[size - 1] = '\0';
}

__attribute__((format(printf, 2, 3))) static void add(char cell[CELL_MAX], const char *format, ...)
{
    size_t length = strlen(cell);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell + length, CELL_MAX - length, format, arguments);
    va_end(arguments);
}

/* What lasts from here on, where the event itself does not say so. */
static void add_spans(const struct story *story, uint32_t index, char cell[CELL_MAX])
{
    char name[64];
    for (uint32_t i = story->next_span; i < story->spans->spans.count; i++) {
        const struct span *span = &story->spans->spans.items[i];
        if (span->from > (int32_t)index)
            break;
        if (span->from != (int32_t)index)
            continue;
        span_object(span, name, sizeof name);
        if (span->kind == SPAN_STATE)
            add(cell, ", %s is in %s", name, span->text);
        if (span->kind == SPAN_TOKEN)
            add(cell, ", takes %s", name);
    }
}

/* Who stands in the way. */
static void add_cycle(const struct story *story, uint32_t index, char cell[CELL_MAX])
{
    const struct row *row = &story->rows[index];
    if (row->cycle == 0)
        return;
    const struct edge *edge = &story->outcome->edges[row->cycle - 1];
    bool is_task = edge->kind == EDGE_TOKEN || edge->kind == EDGE_GATE;
    if (row->waits && is_task && !edge->predicted)
        add(cell, ", NEEDS %s", edge->object);
    if (row->waits && edge->to[0] != '\0' && !edge->predicted)
        add(cell, " <- %s%s", is_task || edge->kind == EDGE_LOCK || edge->kind == EDGE_STATE
                                  ? "held by " : "is for ", edge->to);
    if (index == story->closing && story->outcome->cycle_count > 1)
        add(cell, ": the cycle is closed");
}

static void write_cell(const struct story *story, uint32_t index, char cell[CELL_MAX])
{
    char text[CELL_MAX];
    const struct trace_event *event = &story->events[index];
    cell[0] = '\0';
    if (event->fault != 0)
        add(cell, "FAULT %s ", fault_name(event->fault - 1u));
    if (event->task != 0)
        add(cell, "%s ", engine_task_name(event->task - 1u));
    story_event(event, text, sizeof text);
    add(cell, "%s%s", text, event->waits ? " WAITS" : "");
    add_spans(story, index, cell);
    add_cycle(story, index, cell);
}

/* --- what is held --- */

/* Takes in what begins and ends at that event. */
static void follow(struct story *story, uint32_t index)
{
    const struct span *spans = story->spans->spans.items;
    story->tasks[story->events[index].thread] = story->events[index].task;
    for (uint32_t i = story->held.count; i-- > 0;)
        if (spans[story->held.items[i]].to == (int32_t)index)
            story->held.items[i] = story->held.items[--story->held.count];
    for (; story->next_span < story->spans->spans.count &&
           spans[story->next_span].from <= (int32_t)index; story->next_span++) {
        const struct span *span = &spans[story->next_span];
        if ((span->kind != SPAN_LOCK && span->kind != SPAN_STATE) || span->to == span->from)
            continue;
        check(ARRAY_ROOM(&story->held, 1));
        story->held.items[story->held.count++] = story->next_span;
    }
}

/* '|', or how many locks and states the thread and its task hold. */
static char gutter(const struct story *story, uint32_t thread)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < story->held.count; i++) {
        const struct span *span = &story->spans->spans.items[story->held.items[i]];
        held += span->thread == (int32_t)thread ||
                (story->tasks[thread] != 0 && span->thread == SPAN_NOBODY &&
                 span->task == story->tasks[thread] - 1);
    }
    return held == 0 ? '|' : held > 9 ? '9' : (char)('0' + held);
}

/* --- rows --- */

/* How much of the text goes into so many columns: whole words, if there is more than one. */
static uint32_t fitting(const char *text, uint32_t width)
{
    uint32_t length = (uint32_t)strlen(text), end = width;
    if (length <= width)
        return length;
    while (end > 0 && text[end] != ' ')
        end--;
    return end > 0 ? end : width;
}

/* The line of all gutters, with so much of the text in the column of `thread`. It may go on over
 * the columns to the right: they have nothing to say there. */
static void print_columns(FILE *out, const struct story *story, uint32_t thread, const char *text,
                          uint32_t length, uint32_t indent)
{
    uint32_t place = 0, at = 0; /* where a column begins, where the line ends */
    for (uint32_t i = 0; i < engine_thread_count(); i++) {
        if (!is_used(story, i))
            continue;
        if (place == 0 || place > at) {
            fprintf(out, "%*s%c", (int)(place - at), "", gutter(story, i));
            at = place + 1;
        }
        if (i == thread)
            at += (uint32_t)fprintf(out, " %*s%.*s", (int)indent, "", (int)length, text);
        place += story->column;
    }
}

/* How wide the text of that thread may get. */
static uint32_t room_of(const struct story *story, uint32_t thread, uint32_t width)
{
    uint32_t before = 0;
    if (!story->columns)
        return width - MARGIN - LIST_MARGIN;
    for (uint32_t i = 0; i < thread; i++)
        before += is_used(story, i);
    return width - MARGIN - before * story->column - 2;
}

/* One line, or as many as it takes. What stands left of it has been printed for the first. */
static void print_cell(FILE *out, const struct story *story, uint32_t thread, const char *text,
                       uint32_t width)
{
    uint32_t room = room_of(story, thread, width), indent = 0;
    do {
        uint32_t length = fitting(text, room - indent);
        if (indent > 0)
            fprintf(out, "\n%*s", MARGIN, "");
        if (story->columns)
            print_columns(out, story, thread, text, length, indent);
        else
            fprintf(out, "%-5s %c %*s%.*s", indent > 0 ? "" : engine_thread_name(thread),
                    gutter(story, thread), (int)indent, "", (int)length, text);
        text += length;
        text += strspn(text, " ");
        indent = 2;
    } while (*text != '\0');
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

static void print_row(FILE *out, struct story *story, uint32_t index,
                      const struct story_look *look)
{
    char cell[CELL_MAX];
    const struct trace_event *event = &story->events[index];
    const struct row *row = &story->rows[index];
    write_cell(story, index, cell);
    follow(story, index);
    const char *paint = row->cycle != 0 ? "\033[1;31m" : event->fault != 0 ? "\033[33m" : "";
    fputs(look->colour ? paint : "", out);
    fprintf(out, "%c%5" PRIu32 " ", row->cycle != 0 ? '*' : ' ', index);
    print_time(out, event->now_ns);
    fputc(' ', out);
    print_cell(out, story, event->thread, cell, look->width);
    fputs(look->colour && paint[0] != '\0' ? "\033[0m\n" : "\n", out);
}

/* The rows from `first` on, so many. */
static void print_fold(FILE *out, struct story *story, uint32_t first, uint32_t count,
                       const struct story_look *look)
{
    char text[96];
    uint32_t switches = 0;
    for (uint32_t i = first; i < first + count; i++) {
        switches += i > first && story->events[i].thread != story->events[i - 1].thread;
        follow(story, i);
    }
    int length = snprintf(text, sizeof text, "... %" PRIu32 " steps", count);
    if (switches > 0)
        snprintf(text + length, sizeof text - (size_t)length, ", %" PRIu32 " switch%s", switches,
                 switches == 1 ? "" : "es");
    fprintf(out, "%*s", MARGIN, "");
    print_cell(out, story, story->events[first].thread, text, look->width);
    fputc('\n', out);
}

/* --- the page --- */

static void print_head(FILE *out, struct story *story, uint32_t width)
{
    uint32_t room = width - MARGIN, count = story->used_count, most = room;
    if (count > 1)
        most = room > LAST_MIN ? (room - LAST_MIN) / (count - 1) : 0;
    story->column = count == 0 || room / count > most ? most : room / count;
    story->columns = story->column >= COLUMN_MIN;
    fprintf(out, "  step        time %s", story->columns ? "" : "thread");
    int owed = 1;
    for (uint32_t i = 0; i < engine_thread_count() && story->columns; i++)
        if (is_used(story, i))
            owed = (int)story->column - fprintf(out, "%*s%s", owed, "", engine_thread_name(i)) +
                   owed;
    fputc('\n', out);
}

void story_print(FILE *out, const struct outcome *outcome, const struct spans *spans,
                 const struct story_look *look)
{
    struct story story;
    if (story_begin(&story, outcome, spans, look->full))
        print_head(out, &story, look->width);
    for (uint32_t i = 0; i < story.count;) {
        uint32_t next = i;
        while (next < story.count && !story.rows[next].keep)
            next++;
        if (next - i >= FOLD_MIN) {
            print_fold(out, &story, i, next - i, look);
            i = next;
        } else {
            print_row(out, &story, i++, look);
        }
    }
    story_end(&story);
}

json_t *story_json(const struct outcome *outcome, const struct spans *spans)
{
    struct story story;
    story_begin(&story, outcome, spans, true);
    json_t *list = json_array();
    for (uint32_t i = 0; i < story.count; i++) {
        const struct trace_event *event = &story.events[i];
        char cell[CELL_MAX], object[64];
        write_cell(&story, i, cell);
        follow(&story, i);
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
    story_end(&story);
    return list;
}
