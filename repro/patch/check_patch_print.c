/* SPDX-License-Identifier: BSD-3-Clause */
/* What a check has found, as text and as JSON lines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/output.h"
#include "repro/patch/check_patch.h"

enum { SENTENCE_MAX = 2048, WHOLE_MAX = 4, LISTED_MAX = 16 };

/* --- text --- */

static void print_head(const struct check *check, FILE *out)
{
    const struct trees *trees = &check->trees;
    const struct check_options *options = &check->options;
    fprintf(out, "%s on %.60s%s%s: %" PRIu32 " file%s, +%" PRIu32 " -%" PRIu32 "\n",
            options->since != NULL ? options->since : options->trees.patch->name,
            options->trees.base, options->trees.over != NULL ? " with " : "",
            options->trees.over != NULL ? options->trees.over : "", trees->files,
            trees->files == 1 ? "" : "s", trees->added, trees->removed);
    fprintf(out, "both sides: %" PRIu32 " stored reproducers, %" PRIu64 " runs watched, hunts of "
            "%.1f s with seed %" PRIu64 " (schedules: base %" PRIu64 ", patched %" PRIu64 ")\n\n",
            check->replayed[SIDE_BASE], options->graph_runs, options->seconds, options->seed,
            check->schedules[SIDE_BASE], check->schedules[SIDE_PATCHED]);
}

/* The edges of the cycle, those on a line of the patch first. */
static void print_cycle(const struct check *check, const struct check_finding *finding, FILE *out)
{
    const json_t *cycle = check_cycle(finding), *sites[CHECK_SITES_MAX];
    for (int turn = 0; turn < 2; turn++) {
        size_t i;
        json_t *edge;
        json_array_foreach(cycle, i, edge) {
            char text[SENTENCE_MAX];
            bool changed = false;
            const char *words = json_string_value(json_object_get(edge, "text"));
            for (uint32_t j = 0, count = check_sites(edge, sites); j < count; j++)
                changed = changed || check_site_changed(check, sites[j]);
            if (changed != (turn == 0) || words == NULL)
                continue;
            snprintf(text, sizeof text, "%s", words);
            check_clean(text);
            fprintf(out, "  %s%s\n", changed ? "at a line of the patch: " : "", text);
        }
    }
}

static void print_finding(const struct check *check, const struct check_finding *finding,
                          bool whole, FILE *out)
{
    char title[SENTENCE_MAX], seen[80];
    check_title(finding, title, sizeof title);
    check_seen_text(finding, seen);
    fprintf(out, "%s\n  %s%s%s%s\n", title, seen, finding->label[0] != '\0' ? "; " : "",
            finding->label,
            finding->must_fix ? check_counts_against(finding)
                                    ? "; must be fixed, and is not" : "; must be fixed, and is"
            : finding->kin    ? "; of the same locks or states as what must be fixed" : "");
    if (finding->must_fix && !finding->seen[SIDE_BASE].seen)
        fputs("  the base does not show it, so nobody can say that it is fixed\n", out);
    if (whole && check_counts_against(finding))
        print_cycle(check, finding, out);
    if (finding->kept[0] == '\0')
        return;
    fputs("  reproduce with: ", out);
    output_shell_word(out, check_program(check, finding));
    fputs(" replay ", out);
    output_shell_word(out, finding->kept);
    fputc('\n', out);
}

static void print_findings(const struct check *check, FILE *out)
{
    uint32_t listed = 0, left = 0;
    for (uint32_t i = 0; i < check->findings.count; i++) {
        const struct check_finding *finding = &check->findings.items[i];
        if (finding->change == CHANGE_NONE && !finding->must_fix)
            continue;
        if (listed++ < LISTED_MAX)
            print_finding(check, finding, i < WHOLE_MAX, out);
        else
            left++;
    }
    if (left > 0)
        fprintf(out, "... and %" PRIu32 " more; --json lists all\n", left);
    if (listed > 0)
        fputc('\n', out);
}

static void print_edges(const struct check *check, FILE *out)
{
    char text[SENTENCE_MAX];
    for (uint32_t i = 0; i < check->edges.count && i < LISTED_MAX; i++) {
        check_edge_sentence(check, &check->edges.items[i], text, sizeof text);
        fprintf(out, "%s\n", text);
    }
    if (check->unlisted > 0) {
        char command[256];
        check_golden_command(check, command);
        fprintf(out, "corpus/lock-order.txt lacks %" PRIu32 " of them; if that order is meant, add "
                "this to the patch:\n  %s\n", check->unlisted, command);
    }
    if (check->edges.count > 0)
        fputc('\n', out);
}

void check_print_text(const struct check *check, FILE *out)
{
    char sum[160];
    print_head(check, out);
    print_findings(check, out);
    print_edges(check, out);
    for (enum side side = 0; side < SIDES; side++)
        if (check->silence[side].silent)
            fprintf(out, "%s: `wedge %s` %s; nothing was asked of it after that\n",
                    side_name(side), check->silence[side].during, check->silence[side].how);
    check_sum_text(check, sum);
    fprintf(out, "%s (%.1f s; builds: base %.1f s, patched %.1f s)\n", sum, check->seconds,
            check->trees.base.seconds, check->trees.patched.seconds);
}

/* --- JSON --- */

static json_t *seen_json(const struct check_seen *seen)
{
    return json_pack("{s:b, s:I, s:I}", "seen", (int)seen->seen, "shown", (json_int_t)seen->shown,
                     "tries", (json_int_t)seen->tries);
}

static void print_finding_json(const struct check *check, const struct check_finding *finding)
{
    bool changed;
    const json_t *place = check_place(check, finding, &changed);
    json_t *object = output_schema("check-patch-finding");
    output_add(object, json_pack(
        "{s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:b, s:b, s:b, s:O?, s:b, s:s?, s:O?}", "change",
        change_name(finding->change), "verdict", finding->verdict, "signature", finding->hash,
        "signature_text", finding->signature, "stored",
        finding->label[0] != '\0' ? finding->label : NULL, "base",
        seen_json(&finding->seen[SIDE_BASE]), "patched", seen_json(&finding->seen[SIDE_PATCHED]),
        "must_fix", (int)finding->must_fix, "kin", (int)finding->kin, "against",
        (int)check_counts_against(finding), "place", place, "in_patch", (int)changed,
        "reproducer", finding->kept[0] != '\0' ? finding->kept : NULL, "cycle",
        check_cycle(finding)));
    output_json(object);
}

static void print_edge_json(const struct check *check, const struct check_edge *edge)
{
    char text[SENTENCE_MAX];
    check_edge_sentence(check, edge, text, sizeof text);
    json_t *object = output_schema("check-patch-edge");
    output_add(object, json_pack("{s:s, s:O, s:O, s:b, s:s}", "change",
                                 edge->added ? "new" : "removed", "edge", edge->edge, "cycle",
                                 edge->cycle, "unlisted", (int)edge->unlisted, "text", text));
    output_json(object);
}

void check_print_json(const struct check *check)
{
    char sum[160], key[32];
    for (uint32_t i = 0; i < check->findings.count; i++)
        if (check->findings.items[i].change != CHANGE_NONE || check->findings.items[i].must_fix)
            print_finding_json(check, &check->findings.items[i]);
    for (uint32_t i = 0; i < check->edges.count; i++)
        print_edge_json(check, &check->edges.items[i]);
    json_t *object = output_schema("check-patch");
    check_sum_text(check, sum);
    output_add(object, json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:f, s:f, s:f, s:s}", "base",
        check->trees.base.name, "patched", check->trees.patched.name, "files",
        (json_int_t)check->trees.files, "replayed", (json_int_t)check->replayed[SIDE_BASE],
        "runs_watched", (json_int_t)check->options.graph_runs, "schedules_base",
        (json_int_t)check->schedules[SIDE_BASE], "schedules_patched",
        (json_int_t)check->schedules[SIDE_PATCHED], "unlisted_edges", (json_int_t)check->unlisted,
        "must_fix_failed", (int)check->failed_must_fix, "seconds", check->seconds,
        "build_seconds_base", check->trees.base.seconds, "build_seconds_patched",
        check->trees.patched.seconds, "sum", sum));
    for (enum check_change change = CHANGE_NEW; change < CHANGE_COUNT; change++) {
        snprintf(key, sizeof key, "%s", change_name(change));
        for (char *at = key; *at != '\0'; at++)
            *at = *at == ' ' ? '_' : *at;
        json_object_set_new(object, key, json_integer((json_int_t)check->counts[change]));
    }
    for (enum side side = 0; side < SIDES; side++)
        if (check->silence[side].silent)
            json_object_set_new(object, side == SIDE_BASE ? "base_silent" : "patched_silent",
                                json_pack("{s:s, s:s}", "during", check->silence[side].during,
                                          "how", check->silence[side].how));
    output_json(object);
}
