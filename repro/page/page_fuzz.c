/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a text of a page: they come back as they were, never as part of the document. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/output.h"
#include "repro/page/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint32_t count(const char *html, const char *text)
{
    uint32_t found = 0;
    for (const char *at = html; (at = strstr(at, text)) != NULL; at++)
        found++;
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    check(text != NULL);
    memcpy(text, bytes, size);
    text[size] = '\0';
    size_t length = 0;
    json_t *data = json_object();
    json_t *string = output_text(text);
    json_object_set_new(data, output_utf8(text), string);
    char *html = page_html(data, &length);
    check(strlen(html) == length);
    check(count(html, "<script") == 2);
    check(count(html, "</script") == 2);
    check(count(html, "<!--") == 0);
    const char *begin = strstr(html, "id=\"data\">") + strlen("id=\"data\">");
    json_t *read = json_loadb(begin, (size_t)(strstr(begin, "</script>") - begin), 0, NULL);
    check(json_equal(read, data));
    check(strlen(output_utf8(text)) == strlen(text));
    json_decref(read);
    json_decref(data);
    free(html);
    free(text);
    return 0;
}
