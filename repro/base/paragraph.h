/* SPDX-License-Identifier: BSD-3-Clause */
/* Words with a hanging indent, broken before PARAGRAPH_WIDTH. */
#ifndef REPRO_PARAGRAPH_H
#define REPRO_PARAGRAPH_H

#include <stdint.h>
#include <stdio.h>

enum { PARAGRAPH_WIDTH = 100 };

struct paragraph {
    FILE *out;
    uint32_t column; /* where it is, from 0 */
    uint32_t indent; /* of the lines that follow, and of this one if nothing stands there yet */
};

/* A word may contain spaces, which are kept. */
void paragraph_word(struct paragraph *paragraph, const char *word);
/* Words with a space between them. */
void paragraph_text(struct paragraph *paragraph, const char *text);
/* `indent` spaces, the text, a newline; its further lines stand 2 to the right of that. */
void paragraph_line(FILE *out, uint32_t indent, const char *text);

#endif
