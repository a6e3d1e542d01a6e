/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/check.h"

void output_json(json_t *object)
{
    check(object != NULL);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    fflush(stdout); /* what comes next may never come to its end */
    json_decref(object);
}

json_t *output_schema(const char *kind)
{
    char schema[64];
    snprintf(schema, sizeof schema, "wedge.%s/1", kind);
    return json_pack("{s:s}", "schema", schema);
}

void output_add(json_t *object, json_t *more)
{
    check(more != NULL); /* a format string of ours that does not fit its arguments */
    check(json_object_update(object, more) == 0);
    json_decref(more);
}

/* How many bytes the character takes; 0: it is none. */
static size_t character_length(const char *text)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80)
        return 1;
    size_t length = bytes[0] >= 0xf0 && bytes[0] < 0xf8   ? 4
                    : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3
                    : bytes[0] >= 0xc0 && bytes[0] < 0xe0 ? 2
                                                          : 0;
    uint32_t code = length == 0 ? 0 : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return length == 0 || code < least[length] || code > 0x10ffff || surrogate ? 0 : length;
}

const char *output_utf8(const char *text)
{
    static char *copy;
    free(copy);
    copy = strdup(text);
    check(copy != NULL);
    for (char *at = copy; *at != '\0';) {
        size_t length = character_length(at);
        if (length == 0)
            *at = '?';
        at += length == 0 ? 1 : length;
    }
    return copy;
}

json_t *output_text(const char *text)
{
    json_t *string = text != NULL ? json_string(output_utf8(text)) : json_null();
    check(string != NULL);
    return string;
}

uint32_t output_width(FILE *out)
{
    enum { WIDTH_MIN = 40, WIDTH_STANDARD = 100, WIDTH_MAX = 1000 };
    const char *columns = getenv("COLUMNS");
    long width = columns != NULL ? strtol(columns, NULL, 10) : 0;
    struct winsize size;
    if (width <= 0 && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = WIDTH_STANDARD;
    return (uint32_t)(width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width);
}

bool output_colour(FILE *out)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return (none == NULL || none[0] == '\0') && terminal != NULL && strcmp(terminal, "dumb") != 0 &&
           isatty(fileno(out));
}

const char *output_amount(double amount, char text[16])
{
    static const char units[] = " kMGT";
    uint32_t unit = 0;
    while (amount >= 1000 && unit + 2 < sizeof units) {
        amount /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(text, 16, "%.0f", amount);
    else
        snprintf(text, 16, amount < 10 ? "%.1f%c" : "%.0f%c", amount, units[unit]);
    return text;
}

void output_shell_word(FILE *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=:,./@%";
    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text != '\0'; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    fputc('\'', out);
}

static const char *program;

void output_set_program(const char *name)
{
    program = name;
}

const char *output_program(void)
{
    static char path[PATH_MAX];
    if (program != NULL)
        return program;
    const char *name = program_invocation_name;
    const char *slash = strrchr(name, '/');
    snprintf(path, sizeof path, "%.*swedge", slash == NULL ? 0 : (int)(slash + 1 - name), name);
    return path;
}

void output_bad_input(const char *path, uint32_t line, const char *text)
{
    fprintf(stderr, "%s:%u: %s\n", path, line, text);
}
