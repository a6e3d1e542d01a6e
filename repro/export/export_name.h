/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of a run in C text: whatever is in them, they stay within their comment or string. */
#ifndef REPRO_EXPORT_NAME_H
#define REPRO_EXPORT_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    EXPORT_NAMES_MAX = 256,
    EXPORT_NAME_SIZE = 40,
};

/* Identifiers in use. */
struct export_names {
    uint32_t count;
    char names[EXPORT_NAMES_MAX][EXPORT_NAME_SIZE];
};

/* An identifier that resembles the name, and that nothing else in the program has: no keyword, no
 * other name of it, no function of its helpers. Lives as long as *names. */
const char *export_identifier(struct export_names *names, const char *name);

/* "text", escaped, with its quotes. */
void export_string(FILE *out, const char *text);

/* A comment of one or more lines, `indent` spaces to the right, broken before column 100. Newlines
 * in the text begin a line; spaces after them stay. */
void export_comment(FILE *out, uint32_t indent, const char *text);

#endif
