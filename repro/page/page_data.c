/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the page tells. Events and spans may be tens of thousands: they are columns of numbers,
 * which point into lists of sites and of texts.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/observer.h"
#include "core/engine/site.h"
#include "repro/base/output.h"
#include "repro/finding/edge.h"
#include "repro/finding/picture.h"
#include "repro/finding/span.h"
#include "repro/finding/story.h"
#include "repro/finding/symbol.h"
#include "repro/order/graph.h"
#include "repro/order/order.h"
#include "repro/page/page.h"
#include "repro/page/page_source.h"

struct tables {
    ARRAY(const struct hook_site *) sites;
    json_t *texts, *text_rows; /* rows: by text */
    struct page_source *source;
};

static void add_number(json_t *column, int64_t number)
{
    check(json_array_append_new(column, json_integer((json_int_t)number)) == 0);
}

/* -1: NULL. */
static int64_t text_row(struct tables *tables, const char *text)
{
    if (text == NULL)
        return -1;
    const char *key = output_utf8(text);
    const json_t *known = json_object_get(tables->text_rows, key);
    if (known != NULL)
        return json_integer_value(known);
    int64_t row = (int64_t)json_array_size(tables->texts);
    json_object_set_new(tables->text_rows, key, json_integer((json_int_t)row));
    json_array_append_new(tables->texts, json_string(key));
    return row;
}

static int64_t site_row(struct tables *tables, const struct hook_site *site)
{
    if (site == NULL)
        return -1;
    for (uint32_t i = 0; i < tables->sites.count; i++)
        if (tables->sites.items[i] == site)
            return i;
    check(ARRAY_ROOM(&tables->sites, 1));
    tables->sites.items[tables->sites.count] = site;
    page_source_want_site(tables->source, site);
    return tables->sites.count++;
}

static json_t *sites_json(const struct tables *tables)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < tables->sites.count; i++) {
        json_t *site = edge_site_json(tables->sites.items[i]);
        const char *kind = site_kind_name((enum hook_kind)tables->sites.items[i]->kind);
        output_add(site, json_pack("{s:s}", "operation", kind));
        json_array_append_new(list, site);
    }
    return list;
}

/* --- the run --- */

/* What the operation came to, or NULL. */
static const char *value_of(const struct trace_event *event, char text[64])
{
    FILE *out = fmemopen(text, 64, "w");
    check(out != NULL);
    engine_trace_print_value(out, event);
    fclose(out);
    text[63] = '\0';
    return text[0] == ' ' ? text + 1 : NULL;
}

static json_t *events_json(struct tables *tables)
{
    enum { TIME, THREAD, TASK, SITE, OBJECT, VALUE, FAULT, WAITS, COLUMNS };
    static const char *const names[COLUMNS] = { "time_ns", "thread", "task",  "site",
                                                "object",  "value",  "fault", "waits" };
    uint32_t count;
    const struct trace_event *events = engine_trace(&count);
    json_t *columns[COLUMNS], *object = json_object();
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = json_array();
        json_object_set_new(object, names[i], columns[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct trace_event *event = &events[i];
        char text[64];
        add_number(columns[TIME], event->now_ns);
        add_number(columns[THREAD], event->thread);
        add_number(columns[TASK], event->task - 1);
        add_number(columns[SITE], site_row(tables, event->site));
        engine_name_object(event->site, event->object, text, sizeof text);
        add_number(columns[OBJECT], text_row(tables, text));
        add_number(columns[VALUE], text_row(tables, value_of(event, text)));
        add_number(columns[FAULT], text_row(tables, event->fault == 0 ? NULL
                                                    : fault_name(event->fault - 1u)));
        add_number(columns[WAITS], event->waits);
    }
    return object;
}

/* Which edge waits there, or for that; or -1. Of the cycle; or of all, where there is none. */
static int64_t edge_of_span(const struct outcome *outcome, const struct span *span,
                            const char *object)
{
    uint32_t count = outcome->cycle_count > 0 ? outcome->cycle_count : outcome->edge_count;
    for (uint32_t i = 0; i < count && span->to == SPAN_OPEN; i++) {
        const struct edge *edge = &outcome->edges[i];
        if (span->kind == SPAN_READY && span_is_of(span, edge->from))
            return i;
        if (span->kind == SPAN_WAITS && span->site == edge->waits_at &&
            span_is_of(span, edge->from))
            return i;
        if (span->kind <= SPAN_TOKEN && span_is_of(span, edge->to) &&
            strncmp(object, edge->object, sizeof edge->object - 1) == 0)
            return i;
    }
    return -1;
}

static json_t *spans_json(struct tables *tables, const struct spans *spans,
                          const struct outcome *outcome)
{
    enum { KIND, THREAD, TASK, OBJECT, TEXT, SITE, FROM, TO, READS, EDGE, COLUMNS };
    static const char *const names[COLUMNS] = { "kind", "thread", "task", "object", "text",
                                                "site", "from",   "to",   "reads",  "edge" };
    json_t *columns[COLUMNS], *object = json_object();
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = json_array();
        json_object_set_new(object, names[i], columns[i]);
    }
    for (uint32_t i = 0; i < spans->spans.count; i++) {
        const struct span *span = &spans->spans.items[i];
        char name[64];
        span_object(span, name, sizeof name);
        add_number(columns[KIND], text_row(tables, span_kind_name((enum span_kind)span->kind)));
        add_number(columns[THREAD], span->thread);
        add_number(columns[TASK], span->task);
        add_number(columns[OBJECT], text_row(tables, name));
        add_number(columns[TEXT], text_row(tables, span->text));
        add_number(columns[SITE], site_row(tables, span->site));
        add_number(columns[FROM], span->from);
        add_number(columns[TO], span->to);
        add_number(columns[READS], span->reads);
        add_number(columns[EDGE], edge_of_span(outcome, span, name));
    }
    return object;
}

static json_t *agents_json(uint32_t count, const char *(*name)(uint32_t index))
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, output_text(name(i)));
    return list;
}

static uint32_t task_count(const struct spans *spans)
{
    int32_t count = 0;
    for (uint32_t i = 0; i < spans->spans.count; i++)
        if (spans->spans.items[i].task >= count)
            count = spans->spans.items[i].task + 1;
    return (uint32_t)count;
}

/* --- the cycle --- */

static void want_chain(struct tables *tables, const struct chain *chain)
{
    struct frame frames[SYMBOL_FRAMES_MAX];
    uint32_t count = symbol_frames(chain, frames);
    for (uint32_t i = 0; i < count; i++)
        page_source_want(tables->source, frames[i].file, frames[i].line);
}

/* For each edge where it begins in the run; notes what source lines it needs. */
static json_t *edge_steps_json(struct tables *tables, const struct outcome *outcome,
                               const struct spans *spans)
{
    struct story_steps steps[ENGINE_EDGES_MAX];
    json_t *list = json_array();
    story_edge_steps(outcome, spans, steps);
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        const struct edge *edge = &outcome->edges[i];
        json_t *item = json_object();
        json_object_set_new(item, "waits", steps[i].waits == STORY_NONE
                                               ? json_null() : json_integer(steps[i].waits));
        json_object_set_new(item, "holds", steps[i].holds == STORY_NONE
                                               ? json_null() : json_integer(steps[i].holds));
        json_array_append_new(list, item);
        site_row(tables, edge->waits_at);
        site_row(tables, edge->holds_since);
        site_row(tables, edge->comes_at);
        want_chain(tables, &edge->wait_chain);
        want_chain(tables, &edge->hold_chain);
    }
    return list;
}

/* --- the lock order of this run --- */

static json_t *order_json(const struct reproducer *reproducer)
{
    static struct outcome outcome;
    struct engine_options options = { 0 };
    struct order order = { .header = NULL };
    json_t *classes = json_array(), *links = json_array();
    order_learn(&order, observer_learn(reproducer->subject, &reproducer->plan, strategy_replay(),
                                       &options, &outcome));
    order_arrange(&order);
    for (uint32_t i = 0; i < order.classes.count; i++) {
        const struct order_class *class = &order.classes.items[i];
        json_array_append_new(classes, json_pack("{s:o, s:b, s:i}", "name",
                                                 output_text(class->name), "state",
                                                 (int)class->is_state, "layer",
                                                 (int)class->layer));
    }
    for (uint32_t i = 0; i < order.links.count; i++) {
        const struct order_link *link = &order.links.items[i];
        json_t *object = graph_link_json(&order, link);
        output_add(object, json_pack("{s:b}", "implied",
                                     (int)(!link->on_cycle && order_implied(&order, link))));
        json_array_append_new(links, object);
    }
    order_free(&order);
    return json_pack("{s:o, s:o}", "classes", classes, "links", links);
}

/* --- the reproducer --- */

static json_t *reproducer_text(const struct finding *finding)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    check(out != NULL);
    reproducer_print(out, &finding->reproducer, finding->outcome.signature);
    check(fclose(out) == 0);
    json_t *string = output_text(text);
    free(text);
    return string;
}

static json_t *command_json(const struct finding *finding, const char *command, const char *about)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    check(out != NULL);
    output_shell_word(out, output_program());
    fprintf(out, " %s ", command);
    output_shell_word(out, finding->path);
    check(fclose(out) == 0);
    json_t *object = json_pack("{s:o, s:s}", "command", output_text(text), "about", about);
    free(text);
    return object;
}

static json_t *commands_json(const struct finding *finding)
{
    json_t *list = json_pack(
        "[o, o, o]", command_json(finding, "replay", "runs it 20 times: it shows in each"),
        command_json(finding, "show --full", "the same story on a terminal, step by step"),
        command_json(finding, "replay --trace", "every step of the run as text"));
    enum verdict verdict = finding->outcome.verdict;
    if (verdict == VERDICT_DEADLOCK || verdict == VERDICT_SELF_DEADLOCK)
        json_array_append_new(list, command_json(finding, "export-c",
                                                 "a C program that hangs in the same way, with "
                                                 "nothing but threads"));
    return list;
}

static json_t *subject_json(const struct reproducer *reproducer)
{
    const struct wedge_subject *subject = reproducer->subject;
    json_t *settings = json_array(), *actors = json_array();
    for (uint32_t i = 0; i < subject->setting_count; i++)
        json_array_append_new(settings,
                              json_pack("{s:s, s:I, s:s}", "name", subject->settings[i].name,
                                        "value", (json_int_t)reproducer->plan.settings[i], "about",
                                        subject->settings[i].about));
    for (uint32_t i = 0; i < subject->actor_count; i++) {
        char kind[2] = { subject->actors[i].kind, '\0' };
        json_array_append_new(actors, json_pack("{s:s, s:s}", "kind", kind, "about",
                                                subject->actors[i].about));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "name", output_text(subject->name), "about",
                     output_text(subject->about != NULL ? subject->about : ""), "settings",
                     settings, "actors", actors);
}

static json_t *finding_json(const struct finding *finding)
{
    struct report report = finding_report(finding);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", output_utf8(finding->path));
    report.reproducer = path;
    return report_json(&report);
}

json_t *page_data(const struct finding *finding, const char *source)
{
    struct tables tables = { .texts = json_array(), .text_rows = json_object(),
                             .source = page_source_new(source) };
    const struct outcome *outcome = &finding->outcome;
    struct spans spans = { .open = { NULL, 0, 0 } };
    json_t *order = order_json(&finding->reproducer);
    spans_run(&spans, &finding->reproducer);
    json_t *page = output_schema("page");
    output_add(page, json_pack("{s:o, s:o, s:o, s:b, s:s, s:o}", "file",
                               output_text(finding->path), "subject",
                               subject_json(&finding->reproducer), "finding",
                               finding_json(finding), "reproduced",
                               (int)reproducer_matches(&finding->reproducer, outcome),
                               "verdict_about", verdict_about(outcome->verdict), "picture",
                               picture_json(outcome)));
    output_add(page, json_pack("{s:o, s:o, s:o, s:o}", "threads",
                               agents_json(engine_thread_count(), engine_thread_name), "tasks",
                               agents_json(task_count(&spans), engine_task_name), "order", order,
                               "edge_steps", edge_steps_json(&tables, outcome, &spans)));
    output_add(page, json_pack("{s:o, s:o}", "events", events_json(&tables), "spans",
                               spans_json(&tables, &spans, outcome)));
    output_add(page, json_pack("{s:o, s:o, s:o, s:o}", "sites", sites_json(&tables), "texts",
                               tables.texts, "reproducer", reproducer_text(finding), "commands",
                               commands_json(finding)));
    output_add(page, json_pack("{s:o}", "sources", page_source_json(tables.source)));
    json_decref(tables.text_rows);
    free(tables.sites.items);
    spans_free(&spans);
    return page;
}
