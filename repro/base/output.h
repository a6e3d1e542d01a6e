/* SPDX-License-Identifier: BSD-3-Clause */
/* What all subcommands share when they print. */
#ifndef REPRO_OUTPUT_H
#define REPRO_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Prints the object as one line on standard output, and frees it. */
void output_json(json_t *object);

/* An object with the key `schema`: "wedge.KIND/1". */
json_t *output_schema(const char *kind);
/* Adds the keys of `more`, and frees that. */
void output_add(json_t *object, json_t *more);

/* The text with a question mark for each byte that is not part of UTF-8: JSON cannot hold others,
 * and paths and source files may. Stands until the next call. */
const char *output_utf8(const char *text);
/* The same as a JSON string; NULL: null. */
json_t *output_text(const char *text);

/* Columns of the terminal that out is, or COLUMNS, or 100. */
uint32_t output_width(FILE *out);

/* Whether to use colour: a terminal, and neither NO_COLOR nor TERM=dumb says no. */
bool output_colour(FILE *out);

/* "1234567" as "1.2M": four characters or so. */
const char *output_amount(double amount, char text[16]);

/* Prints the text as one word of a shell command, quoted if it must be. */
void output_shell_word(FILE *out, const char *text);

/* The `wedge` to name in commands to type next: what main() set, or else the `wedge` beside this
 * program. */
void output_set_program(const char *name);
const char *output_program(void);

/* "FILE:LINE: text" on standard error. */
void output_bad_input(const char *path, uint32_t line, const char *text);

#endif
