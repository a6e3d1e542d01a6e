/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/sarif.h"

#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/verdict.h"

enum { SENTENCE_MAX = 2048, FLOW_LOCATIONS_MAX = 1000, THREADS_MAX = 64 };
#define RULE_OF_EDGES "lock-order-edge"

static json_t *message(const char *words)
{
    char text[SENTENCE_MAX];
    snprintf(text, sizeof text, "%s", words);
    check_clean(text);
    return json_pack("{s:s}", "text", text[0] != '\0' ? text : "-");
}

/* A site, with words or without. */
static json_t *location(const json_t *site, const char *words)
{
    json_int_t line = json_integer_value(json_object_get(site, "line"));
    json_t *object = json_pack("{s:{s:{s:s, s:s}, s:{s:I}}}", "physicalLocation",
                               "artifactLocation", "uri", check_text(site, "file"), "uriBaseId",
                               "SRCROOT", "region", "startLine", line > 0 ? line : (json_int_t)1);
    check(object != NULL);
    if (check_text(site, "function")[0] != '\0')
        json_object_set_new(object, "logicalLocations",
                            json_pack("[{s:s, s:s}]", "name", check_text(site, "function"), "kind",
                                      "function"));
    if (words != NULL)
        json_object_set_new(object, "message", message(words));
    return object;
}

/* --- threads --- */

struct flows {
    const char *threads[THREADS_MAX];
    json_t *locations[THREADS_MAX];
    uint32_t count;
    json_int_t order; /* of execution, over all threads */
};

static json_t *flow_of(struct flows *flows, const char *thread)
{
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->threads[i], thread) == 0)
            return flows->locations[i];
    if (flows->count == THREADS_MAX)
        return flows->locations[0];
    flows->threads[flows->count] = thread;
    flows->locations[flows->count] = json_array();
    return flows->locations[flows->count++];
}

static void add_step(struct flows *flows, const char *thread, const json_t *site,
                     const char *words, int nesting, const char *kind)
{
    json_t *steps = flow_of(flows, thread);
    if (json_array_size(steps) >= FLOW_LOCATIONS_MAX)
        return;
    json_array_append_new(steps, json_pack("{s:o, s:I, s:i, s:[s], s:s}", "location",
                                           location(site, words), "executionOrder",
                                           ++flows->order, "nestingLevel", nesting, "kinds", kind,
                                           "importance", nesting == 0 ? "essential" : "important"));
}

/* Of a schedule: the steps that are about the cycle, as they came. */
static void add_events(struct flows *flows, const json_t *story)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(story, "events"), i, event) {
        bool waits = json_is_true(json_object_get(event, "waits"));
        bool fault = json_is_string(json_object_get(event, "fault"));
        if (json_integer_value(json_object_get(event, "edge")) > 0 || fault)
            add_step(flows, check_text(event, "thread"), event, check_text(event, "text"),
                     waits ? 0 : 1, waits ? "waits" : "step");
    }
}

/* Of a prediction there is no schedule: first everybody holds, then everybody waits. */
static void add_edges(struct flows *flows, const json_t *cycle)
{
    size_t i;
    json_t *edge;
    json_array_foreach(cycle, i, edge)
        if (json_is_object(json_object_get(edge, "holds_since")))
            add_step(flows, check_text(edge, "to"), json_object_get(edge, "holds_since"),
                     check_text(edge, "object"), 1, "holds");
    json_array_foreach(cycle, i, edge)
        if (json_is_object(json_object_get(edge, "waits_at")))
            add_step(flows, check_text(edge, "from"), json_object_get(edge, "waits_at"),
                     check_text(edge, "text"), 0, "waits");
}

static json_t *code_flows(const struct check_finding *finding)
{
    struct flows flows = { .count = 0 };
    json_t *threads = json_array();
    add_events(&flows, finding->story);
    if (flows.count == 0)
        add_edges(&flows, check_cycle(finding));
    for (uint32_t i = 0; i < flows.count; i++)
        json_array_append_new(threads, json_pack("{s:s, s:o}", "id", flows.threads[i], "locations",
                                                 flows.locations[i]));
    if (flows.count > 0)
        return json_pack("[{s:o}]", "threadFlows", threads);
    json_decref(threads);
    return json_array();
}

/* Where what is held was taken, and what else the report names. */
static json_t *related(const struct check_finding *finding)
{
    const json_t *sites[CHECK_SITES_MAX];
    size_t i;
    json_t *edge, *list = json_array();
    json_array_foreach(check_cycle(finding), i, edge)
        for (uint32_t j = 0, count = check_sites(edge, sites); j < count; j++) {
            json_t *one = location(sites[j], check_text(edge, "text"));
            json_object_set_new(one, "id", json_integer((json_int_t)json_array_size(list) + 1));
            json_array_append_new(list, one);
        }
    return list;
}

/* --- results --- */

static const char *level_of(const struct check_finding *finding)
{
    return check_counts_against(finding)            ? "error"
           : finding->change == CHANGE_STILL_THERE         ? "warning"
           : finding->change == CHANGE_NOT_REPRODUCIBLE    ? "note"
                                                           : "none";
}

static const char *baseline_of(const struct check_finding *finding)
{
    return finding->change == CHANGE_FIXED         ? "absent"
           : finding->change == CHANGE_STILL_THERE ? "unchanged"
                                                   : "new";
}

static json_t *finding_result(const struct check *check, const struct check_finding *finding)
{
    char title[SENTENCE_MAX], seen[80];
    bool changed;
    const json_t *place = check_place(check, finding, &changed);
    check_title(finding, title, sizeof title);
    check_seen_text(finding, seen);
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:{s:s}, s:s, s:o, s:o, s:{s:s, s:b, s:I, s:I}}", "ruleId",
        finding->verdict, "level", level_of(finding), "kind",
        finding->change == CHANGE_FIXED ? "pass" : "fail", "message", message(title), "locations",
        place != NULL ? json_pack("[o]", location(place, NULL)) : json_array(),
        "partialFingerprints", "wedgeSignature/v1", finding->hash, "baselineState",
        baseline_of(finding), "codeFlows", code_flows(finding), "relatedLocations",
        related(finding), "properties", "change", change_name(finding->change), "inPatch",
        (int)changed, "shown", (json_int_t)finding->seen[SIDE_PATCHED].shown, "tries",
        (json_int_t)finding->seen[SIDE_PATCHED].tries);
    check(object != NULL);
    if (finding->change == CHANGE_FIXED)
        json_object_set_new(object, "level", json_string("none"));
    else if (strcmp(check_text(object, "level"), "none") == 0)
        json_object_set_new(object, "level", json_string("note"));
    return object;
}

static json_t *edge_result(const struct check *check, const struct check_edge *edge)
{
    char text[SENTENCE_MAX];
    bool cycle = json_array_size(edge->cycle) > 0;
    const json_t *wanted = json_object_get(edge->edge, "wanted_at");
    const json_t *held = json_object_get(edge->edge, "held_since");
    bool at_held = check_site_changed(check, held) && !check_site_changed(check, wanted);
    check_edge_sentence(check, edge, text, sizeof text);
    char pair[300];
    snprintf(pair, sizeof pair, "%s->%s", check_text(edge->edge, "from"),
             check_text(edge->edge, "to"));
    return json_pack("{s:s, s:s, s:o, s:[o], s:{s:s}, s:s}", "ruleId", RULE_OF_EDGES, "level",
                     cycle ? "error" : edge->unlisted ? "warning" : "note", "message",
                     message(text), "locations", location(at_held ? held : wanted, NULL),
                     "partialFingerprints", "wedgeEdge/v1", pair, "baselineState", "new");
}

static json_t *rules(void)
{
    json_t *list = json_array();
    for (int i = 0; i < VERDICT_COUNT; i++)
        if (verdict_is_finding((enum verdict)i))
            json_array_append_new(list, json_pack("{s:s, s:o}", "id",
                                                  verdict_name((enum verdict)i),
                                                  "shortDescription",
                                                  message(verdict_about((enum verdict)i))));
    json_array_append_new(list, json_pack("{s:s, s:o}", "id", "hang", "shortDescription",
                                          message("the program under test never came back")));
    json_array_append_new(list, json_pack("{s:s, s:o}", "id", "died", "shortDescription",
                                          message("the program under test ended itself")));
    json_array_append_new(list, json_pack("{s:s, s:o}", "id", RULE_OF_EDGES, "shortDescription",
                                          message("a lock is taken under another one for the "
                                                  "first time")));
    return list;
}

json_t *sarif_log(const struct check *check, int exit_code)
{
    json_t *results = json_array();
    for (uint32_t i = 0; i < check->findings.count; i++)
        if (check->findings.items[i].change != CHANGE_NONE)
            json_array_append_new(results, finding_result(check, &check->findings.items[i]));
    for (uint32_t i = 0; i < check->edges.count; i++)
        if (check->edges.items[i].added)
            json_array_append_new(results, edge_result(check, &check->edges.items[i]));
    char id[64];
    snprintf(id, sizeof id, "wedge-check-patch/%s/",
             check->options.subject_count > 0 ? check->options.subjects[0] : "-");
    json_t *log = json_pack(
        "{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o, s:{s:s}, s:[{s:b, s:i}], s:{s:{s:o}}, s:s}]}",
        "$schema", "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
        "tool", "driver", "name", "wedge", "informationUri", "https://sarifweb.azurewebsites.net",
        "rules", rules(), "results", results, "automationDetails", "id", id, "invocations",
        "executionSuccessful", (int)(exit_code <= 1), "exitCode", exit_code,
        "originalUriBaseIds", "SRCROOT", "description",
        message("the root of the source tree"), "columnKind", "utf16CodeUnits");
    check(log != NULL);
    return log;
}
