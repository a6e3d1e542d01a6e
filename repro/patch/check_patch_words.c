/* SPDX-License-Identifier: BSD-3-Clause */
/* What a check has found, in words that all formats share. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/patch/check_patch.h"

const char *check_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

uint32_t check_sites(const json_t *edge, const json_t *sites[CHECK_SITES_MAX])
{
    static const char *const keys[CHECK_SITES_MAX] = { "waits_at", "holds_since", "comes_at" };
    uint32_t count = 0;
    for (uint32_t i = 0; i < count_of(keys); i++) {
        sites[count] = json_object_get(edge, keys[i]);
        count += json_is_object(sites[count]);
    }
    return count;
}

const json_t *check_cycle(const struct check_finding *finding)
{
    return json_object_get(json_object_get(finding->story, "finding"), "cycle");
}

void check_clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

void check_seen_text(const struct check_finding *finding, char text[80])
{
    const struct check_seen *base = &finding->seen[SIDE_BASE];
    const struct check_seen *patched = &finding->seen[SIDE_PATCHED];
    uint32_t tries = base->tries > patched->tries ? base->tries : patched->tries;
    snprintf(text, 80, "base %" PRIu32 "/%" PRIu32 ", patched %" PRIu32 "/%" PRIu32, base->shown,
             base->tries > 0 ? base->tries : tries, patched->shown,
             patched->tries > 0 ? patched->tries : tries);
}

const char *check_program(const struct check *check, const struct check_finding *finding)
{
    return finding->seen[SIDE_PATCHED].seen ? check->trees.patched.program
                                            : check->trees.base.program;
}

void check_title(const struct check_finding *finding, char *text, size_t size)
{
    const char *signature = finding->signature;
    size_t verdict = strlen(finding->verdict);
    if (strncmp(signature, finding->verdict, verdict) == 0 &&
        strncmp(signature + verdict, ": ", 2) == 0)
        signature += verdict + 2;
    char change[48];
    snprintf(change, sizeof change, "%s", change_name(finding->change));
    if (finding->change == CHANGE_FLAKY)
        snprintf(change, sizeof change, "flaky %" PRIu32 "/%" PRIu32,
                 finding->seen[SIDE_PATCHED].shown, finding->seen[SIDE_PATCHED].tries);
    snprintf(text, size, "%s: %s %s%s%s", change, finding->verdict, finding->hash,
             signature[0] != '\0' ? ": " : "", signature);
    check_clean(text);
}

/* "F FILE:LINE" */
static void add_site(FILE *out, const struct check *check, const json_t *site)
{
    fprintf(out, "%s %s:%" JSON_INTEGER_FORMAT "%s", check_text(site, "function"),
            check_text(site, "file"), json_integer_value(json_object_get(site, "line")),
            check_site_changed(check, site) ? " (a line of the patch)" : "");
}

static void add_pair(FILE *out, const struct check *check, const json_t *edge)
{
    fprintf(out, "%s%s -> %s (", json_is_true(json_object_get(edge, "reads")) ? "read " : "",
            check_text(edge, "from"), check_text(edge, "to"));
    add_site(out, check, json_object_get(edge, "wanted_at"));
    fprintf(out, ", called under %s in ", check_text(edge, "from"));
    add_site(out, check, json_object_get(edge, "held_since"));
    fputc(')', out);
}

void check_edge_sentence(const struct check *check, const struct check_edge *edge, char *text,
                         size_t size)
{
    size_t i;
    json_t *other;
    FILE *out = fmemopen(text, size, "w");
    check(out != NULL);
    fputs(edge->added ? "new edge " : "removed edge ", out);
    add_pair(out, check, edge->edge);
    json_array_foreach(edge->cycle, i, other) {
        fputs(i == 0 ? " closes a cycle with " : ", ", out);
        add_pair(out, check, other);
    }
    (void)fclose(out); /* what does not fit is left out */
    text[size - 1] = '\0';
    check_clean(text);
}

void check_sum_text(const struct check *check, char text[160])
{
    uint32_t edges = 0;
    for (uint32_t i = 0; i < check->edges.count; i++)
        edges += check->edges.items[i].added;
    int length = snprintf(text, 160, "%" PRIu32 " new, %" PRIu32 " fixed, %" PRIu32 " still there",
                          check->counts[CHANGE_NEW], check->counts[CHANGE_FIXED],
                          check->counts[CHANGE_STILL_THERE]);
    if (check->counts[CHANGE_FLAKY] > 0)
        length += snprintf(text + length, 160 - (size_t)length, ", %" PRIu32 " flaky",
                           check->counts[CHANGE_FLAKY]);
    if (check->counts[CHANGE_NOT_REPRODUCIBLE] > 0)
        length += snprintf(text + length, 160 - (size_t)length, ", %" PRIu32 " not reproducible",
                           check->counts[CHANGE_NOT_REPRODUCIBLE]);
    if (edges > 0)
        length += snprintf(text + length, 160 - (size_t)length, ", %" PRIu32 " new edge%s", edges,
                           edges == 1 ? "" : "s");
    if (check->failed_must_fix)
        snprintf(text + length, 160 - (size_t)length, "; what must be fixed is not");
}

void check_golden_command(const struct check *check, char text[256])
{
    int length = snprintf(text, 256, "out/wedge graph");
    for (uint32_t i = 0; i < check->options.subject_count; i++)
        length += snprintf(text + length, 256 - (size_t)length, " %s", check->options.subjects[i]);
    snprintf(text + length, 256 - (size_t)length, " --time 60 --update corpus/lock-order.txt");
}
