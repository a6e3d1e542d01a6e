/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines and words of reproducer text: what its parser is made of. One line at a time; `cursor` runs
 * over its words. What returns false has written the error. */
#ifndef REPRO_REPRODUCER_WORDS_H
#define REPRO_REPRODUCER_WORDS_H

#include "repro/reproducer/reproducer.h"

enum { WORD_MAX = 64 };

struct parser {
    const char *at, *end; /* what has not been read yet */
    struct reproducer *reproducer;
    struct reproducer_error *error;
    uint32_t line;
    bool at_end;  /* no line is left */
    char *cursor; /* in text */
    char text[REPRODUCER_LINE_MAX + 1];
};

/* An error of this line: "expected FORMAT, found FOUND"; false. fail() quotes the rest of the line
 * from `found` on, fail_on() has it in words. */
__attribute__((format(printf, 3, 4))) bool fail(struct parser *parser, const char *found,
                                                const char *format, ...);
__attribute__((format(printf, 3, 4))) bool fail_on(struct parser *parser, const char *found,
                                                   const char *format, ...);

/* Reads the next line that says something; at the end of the file, an empty one. */
bool line_next(struct parser *parser);
bool line_end(struct parser *parser);

/* Takes the text up to the next space or the end; returns where it began. */
const char *word_take(struct parser *parser, char word[WORD_MAX]);
/* One space, and something after it: what, in words. */
bool space_take(struct parser *parser, const char *expected);
/* prefix and number, up to the next space. */
bool numbered_take(struct parser *parser, const char *prefix, int64_t minimum, int64_t maximum,
                   int64_t *value);

#endif
