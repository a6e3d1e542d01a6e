/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/junit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

struct counts {
    uint32_t results[JUNIT_SKIPPED + 1];
};

/* As the value of an attribute. Bytes that XML cannot have become '?'. */
static void print_escaped(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        switch (text[i]) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?', out);
        }
}

static void print_attribute(FILE *out, const char *name, const char *text, size_t length)
{
    fprintf(out, " %s=\"", name);
    print_escaped(out, text, length);
    fputc('"', out);
}

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path);
}

static bool is_same_folder(const char *a, const char *b)
{
    return folder_length(a) == folder_length(b) && strncmp(a, b, folder_length(a)) == 0;
}

static void print_counts(FILE *out, const struct junit_case *cases, uint32_t count)
{
    struct counts counts = { { 0 } };
    for (uint32_t i = 0; i < count; i++)
        counts.results[cases[i].result]++;
    fprintf(out, " tests=\"%" PRIu32 "\" failures=\"%" PRIu32 "\" errors=\"%" PRIu32 "\" "
                 "skipped=\"%" PRIu32 "\">\n", count, counts.results[JUNIT_FAILED],
            counts.results[JUNIT_ERROR], counts.results[JUNIT_SKIPPED]);
}

static void print_case(FILE *out, const struct junit_case *one)
{
    static const char *const elements[] = { NULL, "failure", "error", "skipped" };
    const char *slash = strrchr(one->path, '/'), *name = slash == NULL ? one->path : slash + 1;
    fputs("    <testcase", out);
    print_attribute(out, "classname", one->class_name, strlen(one->class_name));
    print_attribute(out, "name", name, strlen(name));
    if (one->result == JUNIT_PASSED) {
        fputs("/>\n", out);
        return;
    }
    fprintf(out, ">\n      <%s", elements[one->result]);
    if (one->result != JUNIT_SKIPPED)
        print_attribute(out, "type", one->type, strlen(one->type));
    print_attribute(out, "message", one->message, strlen(one->message));
    fputs("/>\n    </testcase>\n", out);
}

void junit_print(FILE *out, const char *name, const struct junit_case *cases, uint32_t count)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
    print_attribute(out, "name", name, strlen(name));
    print_counts(out, cases, count);
    for (uint32_t first = 0, after; first < count; first = after) {
        const char *path = cases[first].path;
        for (after = first; after < count && is_same_folder(path, cases[after].path);)
            after++;
        size_t length = folder_length(path);
        fputs("  <testsuite", out);
        print_attribute(out, "name", length > 0 ? path : ".", length > 0 ? length : 1);
        print_counts(out, cases + first, after - first);
        for (uint32_t i = first; i < after; i++)
            print_case(out, &cases[i]);
        fputs("  </testsuite>\n", out);
    }
    fputs("</testsuites>\n", out);
}
