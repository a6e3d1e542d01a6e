/* SPDX-License-Identifier: BSD-3-Clause */
/* What a check has found, for services that run it: JUnit XML, and GitHub's annotations and
 * summary. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/patch/check_patch.h"

enum { SENTENCE_MAX = 2048, ANNOTATIONS_MAX = 10 /* of one kind that GitHub shows */ };

/* --- JUnit --- */

static void put_xml(const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '<': fputs("&lt;", stdout); break;
        case '>': fputs("&gt;", stdout); break;
        case '&': fputs("&amp;", stdout); break;
        case '"': fputs("&quot;", stdout); break;
        default:  putchar((unsigned char)*text < ' ' ? ' ' : *text); break;
        }
}

static void print_failure(const char *type, const char *message, const char *detail)
{
    fputs("><failure type=\"", stdout);
    put_xml(type);
    fputs("\" message=\"", stdout);
    put_xml(message);
    fputs("\">", stdout);
    put_xml(detail);
    puts("</failure></testcase>");
}

static void print_case(const char *name)
{
    fputs("    <testcase classname=\"wedge.check-patch\" name=\"", stdout);
    put_xml(name);
    putchar('"');
}

static void print_finding_case(const struct check_finding *finding)
{
    char title[SENTENCE_MAX], seen[80];
    check_title(finding, title, sizeof title);
    check_seen_text(finding, seen);
    print_case(finding->label[0] != '\0' ? finding->label : title);
    if (check_counts_against(finding))
        print_failure(finding->hash, title, seen);
    else if (finding->change == CHANGE_NOT_REPRODUCIBLE)
        puts("><skipped/></testcase>");
    else
        puts("/>");
}

static const struct check_finding *finding_of(const struct check *check, const char *label)
{
    for (uint32_t i = 0; i < check->findings.count; i++)
        if (strcmp(check->findings.items[i].label, label) == 0)
            return &check->findings.items[i];
    return NULL;
}

static bool is_failure(const struct check_edge *edge)
{
    return edge->added && (edge->unlisted || json_array_size(edge->cycle) > 0);
}

/* A case per stored reproducer, per other finding and per new edge. */
static uint32_t count_cases(const struct check *check, uint32_t *failures)
{
    uint32_t count = check->files.count;
    *failures = 0;
    for (uint32_t i = 0; i < check->findings.count; i++) {
        const struct check_finding *finding = &check->findings.items[i];
        bool told = finding->change != CHANGE_NONE || finding->must_fix;
        count += told && finding->label[0] == '\0';
        *failures += told && check_counts_against(finding);
    }
    for (uint32_t i = 0; i < check->edges.count; i++) {
        count += check->edges.items[i].added;
        *failures += is_failure(&check->edges.items[i]);
    }
    return count;
}

void check_print_junit(const struct check *check)
{
    uint32_t failures, count = count_cases(check, &failures);
    puts("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>");
    printf("  <testsuite name=\"wedge check-patch\" tests=\"%" PRIu32 "\" failures=\"%" PRIu32
           "\" time=\"%.3f\">\n", count, failures, check->seconds);
    for (uint32_t i = 0; i < check->files.count; i++) {
        const struct check_finding *finding = finding_of(check, check->files.items[i].label);
        if (finding != NULL) {
            print_finding_case(finding);
            continue;
        }
        print_case(check->files.items[i].label);
        puts("/>");
    }
    for (uint32_t i = 0; i < check->findings.count; i++) {
        const struct check_finding *finding = &check->findings.items[i];
        if (finding->change != CHANGE_NONE && finding->label[0] == '\0')
            print_finding_case(finding);
    }
    for (uint32_t i = 0; i < check->edges.count; i++) {
        char text[SENTENCE_MAX];
        const struct check_edge *edge = &check->edges.items[i];
        if (!edge->added)
            continue;
        check_edge_sentence(check, edge, text, sizeof text);
        print_case(text);
        if (is_failure(edge))
            print_failure("lock-order-edge", text, text);
        else
            puts("/>");
    }
    puts("  </testsuite>\n</testsuites>");
}

/* --- GitHub --- */

/* `property`: of an annotation, where , and : mean something. */
static void put_github(const char *text, bool property)
{
    for (; *text != '\0'; text++)
        if (*text == '%' || *text == '\n' || *text == '\r' ||
            (property && (*text == ',' || *text == ':')))
            printf("%%%02X", (unsigned)(unsigned char)*text);
        else
            putchar(*text);
}

static void annotate(const char *level, const json_t *site, const char *title, const char *text)
{
    const char *file = json_string_value(json_object_get(site, "file"));
    printf("::%s ", level);
    if (file != NULL) {
        fputs("file=", stdout);
        put_github(file, true);
        printf(",line=%" JSON_INTEGER_FORMAT ",",
               json_integer_value(json_object_get(site, "line")));
    }
    fputs("title=", stdout);
    put_github(title, true);
    fputs("::", stdout);
    put_github(text, false);
    putchar('\n');
}

static void annotate_finding(const struct check *check, const struct check_finding *finding)
{
    char title[SENTENCE_MAX], seen[80], text[SENTENCE_MAX + 200], head[96];
    bool changed;
    const json_t *place = check_place(check, finding, &changed);
    check_title(finding, title, sizeof title);
    check_seen_text(finding, seen);
    snprintf(head, sizeof head, "%s: %s %s", change_name(finding->change), finding->verdict,
             finding->hash);
    snprintf(text, sizeof text, "%s (%s)", title, seen);
    annotate(check_counts_against(finding) ? "error" : "notice", place, head, text);
}

static void print_summary(const struct check *check)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (path == NULL || path[0] == '\0')
        return;
    FILE *out = fopen(path, "a");
    if (out == NULL) {
        fprintf(stderr, "wedge: cannot write the job summary %s: %s\n", path, strerror(errno));
        return;
    }
    fputs("### wedge check-patch\n\n```\n", out);
    check_print_text(check, out);
    fputs("```\n", out);
    if (fclose(out) != 0)
        fprintf(stderr, "wedge: cannot write the job summary %s: %s\n", path, strerror(errno));
}

void check_print_github(const struct check *check)
{
    char text[SENTENCE_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < check->findings.count && count < ANNOTATIONS_MAX; i++) {
        const struct check_finding *finding = &check->findings.items[i];
        if (finding->change == CHANGE_NONE && !finding->must_fix)
            continue;
        annotate_finding(check, finding);
        count++;
    }
    for (uint32_t i = 0; i < check->edges.count && i < ANNOTATIONS_MAX; i++) {
        const struct check_edge *edge = &check->edges.items[i];
        if (!edge->added)
            continue;
        check_edge_sentence(check, edge, text, sizeof text);
        annotate(json_array_size(edge->cycle) > 0 ? "error" : "warning",
                 json_object_get(edge->edge, "wanted_at"), "new pair in the lock order", text);
    }
    check_sum_text(check, text);
    printf("::notice title=wedge check-patch::%s\n", text);
    print_summary(check);
}
