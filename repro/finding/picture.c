/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members of a cycle are numbered by the order of its edges: member m wants what edge m says, and
 * holds what the edge before says. A member that interrupts a thread has that thread's column and
 * name. The one with the least name is first. In each row one column says something.
 */
#include "repro/finding/picture.h"

#include <stdarg.h>
#include <string.h>

#include "repro/base/paragraph.h"

enum {
    TEXT_MAX = 192,
    ROWS_MAX = ENGINE_EDGES_MAX * 5,
    COLUMN_MIN = 32, /* if that many go */
    INDENT = 4,
    GAP = 3,
};

struct row {
    uint32_t column;
    char text[TEXT_MAX];
    char why[TEXT_MAX]; /* it goes no further; or "" */
};

struct picture {
    const struct outcome *outcome;
    uint32_t first, count; /* members */
    uint32_t row_count;
    char names[ENGINE_EDGES_MAX][32];
    struct row rows[ROWS_MAX];
};

static const struct edge *edge_of(const struct picture *picture, uint32_t member)
{
    return &picture->outcome->edges[(picture->first + member) % picture->count];
}

static uint32_t before(const struct picture *picture, uint32_t member)
{
    return (member + picture->count - 1) % picture->count;
}

static uint32_t after(const struct picture *picture, uint32_t member)
{
    return (member + 1) % picture->count;
}

static bool interrupts(const struct picture *picture, uint32_t member)
{
    const struct edge *last = edge_of(picture, before(picture, member));
    return last->interrupted || (last->to[0] != '\0' &&
                                strcmp(last->to, edge_of(picture, member)->from) != 0);
}

/* --- rows --- */

static void begin(struct picture *picture, uint32_t column)
{
    picture->rows[picture->row_count++] = (struct row){ .column = column };
}

/* To the row that was begun last. */
__attribute__((format(printf, 2, 3))) static void add(struct picture *picture, const char *format,
                                                      ...)
{
    struct row *row = &picture->rows[picture->row_count - 1];
    size_t length = strlen(row->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->text + length, sizeof row->text - length, format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void say_why(struct picture *picture,
                                                          const char *format, ...)
{
    struct row *row = &picture->rows[picture->row_count - 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->why, sizeof row->why, format, arguments);
    va_end(arguments);
}

static void add_function(struct picture *picture, const struct hook_site *site)
{
    if (site != NULL)
        add(picture, " (%s)", site->function);
}

/* What the member took, that the one before it wants. */
static void say_taken(struct picture *picture, uint32_t member)
{
    const struct edge *edge = edge_of(picture, before(picture, member));
    const char *what = edge->held[0] != '\0' ? edge->held : edge->object;
    if (edge->kind == EDGE_JOIN || edge->kind == EDGE_EVENT || edge->kind == EDGE_RUNS)
        return;
    begin(picture, member);
    if (edge->kind == EDGE_GATE)
        add(picture, "stops the world");
    else if (edge->kind == EDGE_STATE && edge->object_class != NULL)
        add(picture, "sets %s to %s", what, edge->object_class);
    else
        add(picture, "takes %s%s", what, edge->holds_to_read ? " to read" : "");
    add_function(picture, edge->holds_since);
}

static void say_wanted(struct picture *picture, uint32_t member)
{
    static const char *const verbs[] = {
        [EDGE_LOCK] = "wants",     [EDGE_STATE] = "spins on",   [EDGE_STOP] = "waits for",
        [EDGE_RUNS] = "runs on",   [EDGE_JOIN] = "waits for",   [EDGE_EVENT] = "waits for",
        [EDGE_TOKEN] = "needs",    [EDGE_GATE] = "waits for",
    };
    const struct edge *edge = edge_of(picture, member);
    bool is_task = edge->kind == EDGE_TOKEN || edge->kind == EDGE_GATE;
    begin(picture, member);
    if (is_task && edge->waits_at != NULL) {
        bool preempted = edge->waits_at->kind == HOOK_PREEMPTION;
        add(picture, preempted ? "is preempted" : "stops");
        add_function(picture, edge->waits_at);
        begin(picture, member);
    }
    add(picture, "%s %s%s", verbs[edge->kind],
        edge->kind == EDGE_RUNS ? edge->to : edge->object, edge->wants_to_read ? " to read" : "");
    if (!is_task)
        add_function(picture, edge->waits_at);
}

/* Why the member does not get it. */
static void say_obstacle(struct picture *picture, uint32_t member)
{
    const struct edge *edge = edge_of(picture, member);
    const char *holder = picture->names[after(picture, member)];
    bool itself = picture->count == 1;
    if (edge->kind == EDGE_EVENT && edge->to[0] == '\0')
        say_why(picture, "nobody is left to post it");
    else if (edge->kind == EDGE_EVENT)
        say_why(picture, "%s is to post it", holder);
    else if (edge->kind == EDGE_JOIN || edge->kind == EDGE_RUNS)
        say_why(picture, "%s is stuck", holder);
    else if (edge->held[0] != '\0' && edge->kind == EDGE_STATE)
        say_why(picture, "if it is the one that %s has set", holder);
    else if (edge->held[0] != '\0')
        say_why(picture, "if it is the %s that %s holds",
                edge->object_class != NULL ? edge->object_class : "one", holder);
    else if (edge->wants_to_read && edge->holds_to_read)
        say_why(picture, "behind a writer, who waits for %s", holder);
    else if (!itself)
        say_why(picture, "held by %s", holder);
    else
        say_why(picture, "held by %s%s", holder,
                edge->interrupted ? ", which does not go on before this ends" : " itself");
}

static void say_post(struct picture *picture, uint32_t member)
{
    const struct edge *edge = edge_of(picture, member);
    if (edge->kind != EDGE_EVENT || edge->comes_at == NULL || edge->to[0] == '\0')
        return;
    begin(picture, after(picture, member));
    add(picture, "posts %s", edge->object);
    add_function(picture, edge->comes_at);
    say_why(picture, "never comes to it");
}

static void say_interruption(struct picture *picture, uint32_t member)
{
    if (!interrupts(picture, member))
        return;
    begin(picture, member);
    add(picture, "-- %s comes in --", edge_of(picture, member)->from);
}

static void say_all(struct picture *picture)
{
    for (uint32_t i = 0; i < picture->count; i++)
        say_taken(picture, i);
    for (uint32_t i = 0; i < picture->count; i++) {
        say_interruption(picture, i);
        say_wanted(picture, i);
        say_obstacle(picture, i);
    }
    for (uint32_t i = 0; i < picture->count; i++)
        say_post(picture, i);
}

static void say_place(struct picture *picture, uint32_t column, const char *verb,
                      const char *what, const struct hook_site *site)
{
    begin(picture, column);
    add(picture, "%s %s", verb, what);
    add_function(picture, site);
}

/* A lock of a class is wanted under another one: two threads may do that crosswise. */
static void say_crosswise(struct picture *picture)
{
    const struct edge *edge = edge_of(picture, 0);
    snprintf(picture->names[1], sizeof picture->names[1], "another thread");
    say_place(picture, 0, "takes", edge->held, edge->holds_since);
    say_place(picture, 1, "takes", edge->object, edge->holds_since);
    say_place(picture, 0, "wants", edge->object, edge->waits_at);
    say_why(picture, "held by the other");
    say_place(picture, 1, "wants", edge->held, edge->waits_at);
    say_why(picture, "held by %s", picture->names[0]);
}

/* --- printing --- */

static uint32_t columns(const struct picture *picture)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < picture->row_count; i++)
        if (picture->rows[i].column >= count)
            count = picture->rows[i].column + 1;
    return count;
}

static uint32_t row_length(const struct row *row)
{
    size_t arrow = row->why[0] != '\0' ? strlen("  <- ") : 0;
    return (uint32_t)(strlen(row->text) + arrow + strlen(row->why));
}

/* The reason goes to the next line if there is no room for it. */
static void print_row(FILE *out, const struct row *row, uint32_t indent, const char *text)
{
    bool fits = indent + strlen(text) + strlen("  <- ") + strlen(row->why) <= PARAGRAPH_WIDTH;
    if (row->why[0] != '\0' && fits) {
        fprintf(out, "%*s%s  <- %s\n", (int)indent, "", text, row->why);
        return;
    }
    char why[TEXT_MAX + 4];
    snprintf(why, sizeof why, "<- %s", row->why);
    paragraph_line(out, indent, text);
    if (row->why[0] != '\0')
        paragraph_line(out, indent + 2, why);
}

/* As narrow as goes, so that what belongs together stands together; narrower where the last column
 * needs the room: the others may go on below it. */
static uint32_t width_of(const struct picture *picture, uint32_t count)
{
    uint32_t most = (PARAGRAPH_WIDTH - INDENT) / count, last = 0;
    uint32_t least = COLUMN_MIN < most ? COLUMN_MIN : most, width = least;
    for (uint32_t i = 0; i < picture->row_count; i++) {
        const struct row *row = &picture->rows[i];
        uint32_t *longest = row->column + 1 < count ? &width : &last;
        uint32_t length = row_length(row) + (row->column + 1 < count ? GAP : 0);
        *longest = length > *longest ? length : *longest;
    }
    if (count == 1)
        return width;
    uint32_t room = last + INDENT < PARAGRAPH_WIDTH ? PARAGRAPH_WIDTH - INDENT - last : 0;
    for (uint32_t i = 0; i + 1 < count; i++)
        if (strlen(picture->names[i]) + GAP > least)
            least = (uint32_t)strlen(picture->names[i]) + GAP;
    most = room / (count - 1) < most ? room / (count - 1) : most;
    width = width < most ? width : most;
    return width > least ? width : least;
}

/* Whether each word has room in its column. */
static bool is_wide_enough(const struct picture *picture, uint32_t width)
{
    for (uint32_t i = 0; i < picture->row_count; i++) {
        const char *at = picture->rows[i].text;
        while (*at != '\0') {
            size_t length = strcspn(at, " ");
            if (INDENT + 2 + picture->rows[i].column * width + length > PARAGRAPH_WIDTH)
                return false;
            at += length + strspn(at + length, " ");
        }
    }
    return true;
}

static void print_columns(FILE *out, const struct picture *picture, uint32_t count,
                          uint32_t width)
{
    for (uint32_t i = 0; i < count; i++)
        if (i == 0)
            fprintf(out, "%*s%s", INDENT, "", picture->names[i]);
        else
            fprintf(out, "%*s%s", (int)(width - strlen(picture->names[i - 1])), "",
                    picture->names[i]);
    fputc('\n', out);
    for (uint32_t i = 0; i < picture->row_count; i++)
        print_row(out, &picture->rows[i], INDENT + picture->rows[i].column * width,
                  picture->rows[i].text);
}

static void print_list(FILE *out, const struct picture *picture)
{
    for (uint32_t i = 0; i < picture->row_count; i++) {
        char text[TEXT_MAX + 40];
        snprintf(text, sizeof text, "%s: %s", picture->names[picture->rows[i].column],
                 picture->rows[i].text);
        print_row(out, &picture->rows[i], INDENT, text);
    }
}

/* Each edge leads on to the next one, and the last one to the first: none was left out. Who waits
 * for an event may be interrupted meanwhile, or wait for nobody. */
static bool can_be_drawn(const struct outcome *outcome)
{
    uint32_t count = outcome->cycle_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct edge *edge = &outcome->edges[i], *next = &outcome->edges[(i + 1) % count];
        bool leads_on = edge->interrupted || strcmp(edge->to, next->from) == 0 ||
                        (edge->predicted && edge->kind == EDGE_EVENT);
        if (!leads_on || edge->kind == EDGE_SLEEP || edge->kind == EDGE_READY ||
            edge->kind == EDGE_SPIN)
            return false;
    }
    return count > 0;
}

static const char *name_of(const struct picture *picture, uint32_t member)
{
    return interrupts(picture, member) ? edge_of(picture, before(picture, member))->to
                                       : edge_of(picture, member)->from;
}

static void find_first(struct picture *picture)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < picture->count; i++)
        if (strcmp(name_of(picture, i), name_of(picture, first)) < 0)
            first = i;
    picture->first = first;
    for (uint32_t i = 0; i < picture->count; i++)
        snprintf(picture->names[i], sizeof picture->names[i], "%s", name_of(picture, i));
}

static bool is_crosswise(const struct picture *picture)
{
    const struct edge *edge = edge_of(picture, 0);
    return picture->count == 1 && edge->held[0] != '\0' && !edge->interrupted;
}

static void write_title(const struct picture *picture, char title[TEXT_MAX])
{
    bool by_class = false;
    for (uint32_t i = 0; i < picture->count; i++)
        by_class = by_class || edge_of(picture, i)->held[0] != '\0';
    snprintf(title, TEXT_MAX, "how it %s%s",
             edge_of(picture, 0)->predicted ? "would deadlock" : "deadlocks",
             is_crosswise(picture) ? ", if another thread took them the other way round"
             : by_class            ? ", with other locks of these classes"
                                   : "");
}

/* NULL: there is nothing to draw. */
static struct picture *picture_of(const struct outcome *outcome)
{
    static struct picture picture;
    if (!can_be_drawn(outcome))
        return NULL;
    picture = (struct picture){ .outcome = outcome, .count = outcome->cycle_count };
    find_first(&picture);
    if (is_crosswise(&picture))
        say_crosswise(&picture);
    else
        say_all(&picture);
    return &picture;
}

void picture_print(FILE *out, const struct outcome *outcome)
{
    char title[TEXT_MAX];
    const struct picture *picture = picture_of(outcome);
    if (picture == NULL)
        return;
    write_title(picture, title);
    fprintf(out, "%s:\n", title);
    uint32_t count = columns(picture), width = width_of(picture, count);
    if (count <= PICTURE_COLUMNS_MAX && is_wide_enough(picture, width))
        print_columns(out, picture, count, width);
    else
        print_list(out, picture);
}

json_t *picture_json(const struct outcome *outcome)
{
    char title[TEXT_MAX];
    const struct picture *picture = picture_of(outcome);
    if (picture == NULL)
        return json_null();
    json_t *names = json_array(), *rows = json_array();
    write_title(picture, title);
    for (uint32_t i = 0; i < columns(picture); i++)
        json_array_append_new(names, json_string(picture->names[i]));
    for (uint32_t i = 0; i < picture->row_count; i++)
        json_array_append_new(rows, json_pack("{s:i, s:s, s:s}", "column",
                                              (int)picture->rows[i].column, "text",
                                              picture->rows[i].text, "why", picture->rows[i].why));
    return json_pack("{s:s, s:o, s:o}", "title", title, "names", names, "rows", rows);
}
