/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/reproducer/reproducer_words.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail_with(struct parser *parser, const char *found, const char *format,
                      va_list arguments)
{
    struct reproducer_error *error = parser->error;
    char expected[200];
    vsnprintf(expected, sizeof expected, format, arguments);
    error->line = parser->line;
    snprintf(error->text, sizeof error->text, "expected %s, found %s", expected,
             parser->at_end ? "end of file" : found);
    return false;
}

bool fail_on(struct parser *parser, const char *found, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_with(parser, found, format, arguments);
    va_end(arguments);
    return false;
}

bool fail(struct parser *parser, const char *found, const char *format, ...)
{
    enum { QUOTED_MAX = 60 };
    char quoted[QUOTED_MAX + 8] = "end of line";
    if (*found != '\0')
        snprintf(quoted, sizeof quoted, "\"%.*s\"%s", QUOTED_MAX, found,
                 strlen(found) > QUOTED_MAX ? "..." : "");
    va_list arguments;
    va_start(arguments, format);
    fail_with(parser, quoted, format, arguments);
    va_end(arguments);
    return false;
}

/* --- lines --- */

static bool line_check(struct parser *parser, const char *line, size_t length)
{
    bool comment = length > 0 && line[0] == '#';
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        char found[48];
        if (byte == '\0')
            return fail_on(parser, "a NUL byte", "text");
        if (byte == '\r')
            return fail_on(parser, "a carriage return", "lines that end in LF alone");
        if (byte >= ' ' && byte <= '~')
            continue;
        if (comment && (byte == '\t' || byte >= 0x80))
            continue;
        snprintf(found, sizeof found, "byte 0x%02x in column %zu", byte, i + 1);
        return fail_on(parser, found, "printable ASCII");
    }
    return true;
}

bool line_next(struct parser *parser)
{
    for (;;) {
        parser->text[0] = '\0';
        parser->cursor = parser->text;
        parser->line++;
        if (parser->at == parser->end) {
            parser->at_end = true;
            return true;
        }
        size_t left = (size_t)(parser->end - parser->at);
        const char *newline = memchr(parser->at, '\n', left);
        size_t length = newline == NULL ? left : (size_t)(newline - parser->at);
        if (!line_check(parser, parser->at, length))
            return false;
        if (length > REPRODUCER_LINE_MAX)
            return fail_on(parser, "a longer one", "a line of at most %d bytes",
                           REPRODUCER_LINE_MAX);
        if (newline == NULL)
            return fail_on(parser, "end of file: is it cut short?",
                           "a newline at the end of the last line");
        memcpy(parser->text, parser->at, length);
        parser->text[length] = '\0';
        parser->at = newline + 1;
        if (length > 0 && parser->text[0] != '#')
            return true;
    }
}

/* --- words --- */

const char *word_take(struct parser *parser, char word[WORD_MAX])
{
    size_t length = strcspn(parser->cursor, " ");
    const char *start = parser->cursor;
    size_t copied = length < WORD_MAX - 1 ? length : WORD_MAX - 1;
    memcpy(word, start, copied);
    word[copied] = '\0';
    parser->cursor += length;
    return start;
}

bool space_take(struct parser *parser, const char *expected)
{
    if (parser->cursor[0] != ' ' || parser->cursor[1] == ' ' || parser->cursor[1] == '\0')
        return fail(parser, parser->cursor, "one space and %s", expected);
    parser->cursor++;
    return true;
}

bool line_end(struct parser *parser)
{
    return *parser->cursor == '\0' || fail(parser, parser->cursor, "end of line");
}

/* Decimal, in [minimum, maximum], up to `end`. Plain digits and a minus: "+5" and "0x5" are not
 * numbers here. */
static bool number_parse(const char *text, const char *end, int64_t minimum, int64_t maximum,
                         int64_t *value)
{
    const char *digits = *text == '-' ? text + 1 : text;
    if (digits == end)
        return false;
    for (const char *at = digits; at < end; at++)
        if (!isdigit((unsigned char)*at))
            return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0 && *value >= minimum && *value <= maximum;
}

bool numbered_take(struct parser *parser, const char *prefix, int64_t minimum,
                          int64_t maximum, int64_t *value)
{
    char word[WORD_MAX];
    const char *start = word_take(parser, word);
    size_t length = strlen(prefix);
    if (strncmp(start, prefix, length) == 0 &&
        number_parse(start + length, parser->cursor, minimum, maximum, value))
        return true;
    return fail(parser, start, "%s%" PRId64 " to %s%" PRId64, prefix, minimum, prefix, maximum);
}
