/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A page is filled from the top: verdict, how it was found, cycle with call chains, picture,
 * commands. If it gets longer than a page, the chains are cut shorter, outermost frames first, and
 * what stands outside the cycle goes; of a cycle of many then the picture, and at last edges.
 */
#include "repro/finding/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/output.h"
#include "repro/base/paragraph.h"
#include "repro/finding/edge.h"
#include "repro/finding/picture.h"
#include "repro/finding/symbol.h"
#include "repro/reproducer/cost.h"

static void print_chain(FILE *out, const char *title, const struct chain *chain, uint32_t depth)
{
    struct frame frames[SYMBOL_FRAMES_MAX];
    uint32_t count = chain->count > 0 ? symbol_frames(chain, frames) : 0;
    if (count == 0 || depth == 0)
        return;
    uint32_t shown = count < depth ? count : depth;
    struct paragraph paragraph = { out, 13, 13 };
    fprintf(out, "      %-7s", title);
    for (uint32_t i = 0; i < shown; i++) {
        char word[512], line[16] = "";
        if (frames[i].line != 0) /* a call that the compiler made of several has none */
            snprintf(line, sizeof line, ":%" PRIu32, frames[i].line);
        snprintf(word, sizeof word, "%s (%s%s)%s", frames[i].function, frames[i].file, line,
                 i + 1 < shown ? " <-" : shown < count ? " <- ..." : "");
        paragraph_word(&paragraph, word);
    }
    fputc('\n', out);
}

static void print_edge(FILE *out, const struct edge *edge, uint32_t depth)
{
    char text[EDGE_TEXT_MAX];
    edge_sentence(edge, text);
    paragraph_line(out, 2, text);
    bool task = edge->kind == EDGE_TOKEN || edge->kind == EDGE_GATE || edge->kind == EDGE_READY;
    const char *waits = edge->kind == EDGE_ACCESS ? "calls:" : "waits:";
    print_chain(out, task ? "left:" : waits, &edge->wait_chain, depth);
    print_chain(out, "holds:", &edge->hold_chain, depth);
}

static void print_edges(FILE *out, const struct outcome *outcome, uint32_t depth, uint32_t limit)
{
    uint32_t count = outcome->cycle_count;
    for (uint32_t i = 0; i < count && i < limit; i++)
        print_edge(out, &outcome->edges[i], depth);
    if (count > limit)
        fprintf(out, "  ... and %" PRIu32 " more\n", count - limit);
    if (count > 1)
        fprintf(out, "  which closes the cycle at %s.\n", outcome->edges[0].from);
}

void report_edges(FILE *out, const struct outcome *outcome, uint32_t depth)
{
    print_edges(out, outcome, depth, ENGINE_EDGES_MAX);
}

void report_others(FILE *out, const struct outcome *outcome, uint32_t depth, uint32_t limit)
{
    uint32_t count = outcome->edge_count - outcome->cycle_count;
    if (count > 0 && outcome->cycle_count > 0)
        fputs("and caught by it:\n", out);
    for (uint32_t i = 0; i < count && i < limit; i++)
        print_edge(out, &outcome->edges[outcome->cycle_count + i], depth);
    if (count > limit)
        fprintf(out, "  ... and %" PRIu32 " more\n", count - limit);
}

static void print_place(FILE *out, const struct outcome *outcome)
{
    if (outcome->edge_count > 0 || outcome->site == NULL)
        return;
    fprintf(out, "  by %s in %s at %s:%" PRIu32 "\n", outcome->agent, outcome->site->function,
            outcome->site->file, outcome->site->line);
}

static void print_count(FILE *out, uint32_t count, const char *noun)
{
    if (count > 0)
        fprintf(out, "%" PRIu32 " %s%s, ", count, noun, count == 1 ? "" : "s");
}

static void print_size(FILE *out, const struct report *report)
{
    const struct plan *plan = report->plan;
    fputs("reproducer: ", out);
    print_count(out, cost_actors(plan), "actor");
    print_count(out, plan->operation_count, "operation");
    print_count(out, plan->fault_count, "fault");
    uint32_t switches = cost_switches(plan);
    fprintf(out, "%" PRIu32 " context switch%s", switches, switches == 1 ? "" : "es");
    if (report->minimal)
        fputs(" (1-minimal)", out);
    else if (report->tries > 0 && plan->operation_count + plan->fault_count + switches > 0)
        fputs(" (not 1-minimal: shrinking was cut short)", out);
    if (report->tries > 0)
        fprintf(out, "; shown in %" PRIu32 " of %" PRIu32 " replays", report->shown,
                report->tries);
    fputc('\n', out);
}

/* bats types these: cli_test.bats, "the commands at the end of a report work". */
static void print_next(FILE *out, const struct report *report)
{
    static const char *const commands[] = { "replay", "show" };
    if (report->reproducer == NULL)
        return;
    fputs("next:\n", out);
    for (uint32_t i = 0; i < count_of(commands); i++) {
        fputs("  ", out);
        output_shell_word(out, output_program());
        fprintf(out, " %s ", commands[i]);
        output_shell_word(out, report->reproducer);
        fputc('\n', out);
    }
}

/* What a page has room for. */
struct room {
    uint32_t depth, others, edges;
    bool picture;
};

/* What, and how it was found. */
static void print_head(FILE *out, const struct report *report)
{
    const struct outcome *outcome = report->outcome;
    char text[ENGINE_TEXT_MAX * 2];
    snprintf(text, sizeof text, "%s %s in %s: %s", verdict_name(outcome->verdict),
             outcome->signature_hash, report->subject->name, outcome->message);
    paragraph_line(out, 0, text);
    if (report->note != NULL && report->note[0] != '\0')
        paragraph_line(out, 2, report->note);
    if (outcome->basis != NULL)
        fprintf(out, "  how sure: %s\n", outcome->basis);
}

static void print_page(FILE *out, const struct report *report, struct room room)
{
    const struct outcome *outcome = report->outcome;
    print_head(out, report);
    print_place(out, outcome);
    print_edges(out, outcome, room.depth, room.edges);
    if (room.picture)
        picture_print(out, outcome);
    report_others(out, outcome, outcome->cycle_count > 0 ? 0 : room.depth, room.others);
    fputs("signature:\n", out);
    paragraph_line(out, 2, outcome->signature);
    print_size(out, report);
    print_next(out, report);
}

static uint32_t count_lines(const char *text)
{
    uint32_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static char *page(const struct report *report, struct room room)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    check(out != NULL);
    print_page(out, report, room);
    check(fclose(out) == 0);
    return text;
}

/* False: there is nothing left to do without. */
static bool make_room(struct room *room)
{
    if (room->depth > 2 || (room->depth > 0 && room->others == 0))
        room->depth--;
    else if (room->others > 0)
        room->others /= 2;
    else if (room->picture)
        room->picture = false;
    else if (room->edges > 1)
        room->edges--;
    else
        return false;
    return true;
}

void report_print(FILE *out, const struct report *report)
{
    struct room room = { ENGINE_CHAIN_MAX, ENGINE_EDGES_MAX, ENGINE_EDGES_MAX, true };
    char *text = page(report, room);
    while (count_lines(text) > REPORT_LINES_MAX && make_room(&room)) {
        free(text);
        text = page(report, room);
    }
    fputs(text, out);
    fflush(out); /* an abort may come next */
    free(text);
}

/* --- the same as JSON --- */

static json_t *json_commands(const struct report *report)
{
    json_t *list = json_array();
    if (report->reproducer == NULL)
        return list;
    json_array_append_new(list, json_pack("[oso]", output_text(output_program()), "replay",
                                          output_text(report->reproducer)));
    json_array_append_new(list, json_pack("[oso]", output_text(output_program()), "show",
                                          output_text(report->reproducer)));
    return list;
}

json_t *report_json(const struct report *report)
{
    const struct outcome *outcome = report->outcome;
    json_t *object = output_schema("finding");
    json_t *edges = json_array(), *others = json_array();
    for (uint32_t i = 0; i < outcome->edge_count; i++)
        json_array_append_new(i < outcome->cycle_count ? edges : others,
                              edge_json(&outcome->edges[i]));
    json_t *rest = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:s*, s:o*, s:o, s:o, s:I, s:I, s:o, s:o}",
        "subject", report->subject->name, "verdict", verdict_name(outcome->verdict), "signature",
        outcome->signature_hash, "signature_text", outcome->signature, "message", outcome->message,
        "predicted", (int)verdict_is_predicted(outcome->verdict), "basis", outcome->basis,
        "agent", outcome->agent[0] != '\0' ? outcome->agent : NULL, "site",
        outcome->site != NULL ? edge_site_json(outcome->site) : NULL, "cycle", edges, "others",
        others, "steps", (json_int_t)outcome->steps, "switches", (json_int_t)outcome->switches,
        "reproducer", output_text(report->reproducer), "next", json_commands(report));
    output_add(object, rest);
    if (report->plan != NULL) {
        json_t *size = json_pack(
            "{s:i, s:i, s:i, s:i, s:b, s:i, s:i}", "actors", (int)cost_actors(report->plan),
            "operations", (int)report->plan->operation_count, "faults",
            (int)report->plan->fault_count, "segments", (int)report->plan->segment_count,
            "minimal", (int)report->minimal, "shown", (int)report->shown, "tries",
            (int)report->tries);
        output_add(object, size);
    }
    return object;
}
