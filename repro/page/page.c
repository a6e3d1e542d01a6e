/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scripts and styles are allowed by their hashes, and nothing else is, whatever the data holds. In
 * the data < is written as an escape of JSON: no end tag and no comment can be in it.
 */
#include "repro/page/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/page/page_asset.h"

static void write_json(FILE *out, const json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII);
    check(text != NULL);
    for (const char *at = text; *at != '\0';) {
        size_t plain = strcspn(at, "<>&");
        fwrite(at, 1, plain, out);
        at += plain;
        if (*at != '\0')
            fprintf(out, "\\u%04x", (unsigned)*at++);
    }
    free(text);
}

static void write_head(FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
    fprintf(out,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; "
            "form-action 'none'\">\n",
            page_asset_js_hash, page_asset_css_hash);
    fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"referrer\" content=\"no-referrer\">\n"
          "<title>wedge</title>\n<style>", out);
    fputs(page_asset_css, out);
    fputs("</style>\n</head>\n", out);
}

char *page_html(const json_t *data, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    check(out != NULL);
    write_head(out);
    fputs(page_asset_html, out);
    fputs("<script type=\"application/json\" id=\"data\">", out);
    write_json(out, data);
    fputs("</script>\n<script>", out);
    fputs(page_asset_js, out);
    fputs("</script>\n</body>\n</html>\n", out);
    check(fclose(out) == 0);
    return text;
}
