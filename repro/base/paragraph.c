/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/paragraph.h"

#include <string.h>

#include "core/engine/engine.h"

void paragraph_word(struct paragraph *paragraph, const char *word)
{
    uint32_t length = (uint32_t)strlen(word);
    if (paragraph->column > paragraph->indent &&
        paragraph->column + 1 + length > PARAGRAPH_WIDTH) {
        fprintf(paragraph->out, "\n%*s", (int)paragraph->indent, "");
        paragraph->column = paragraph->indent;
    } else if (paragraph->column > paragraph->indent) {
        fputc(' ', paragraph->out);
        paragraph->column++;
    }
    fputs(word, paragraph->out);
    paragraph->column += length;
}

void paragraph_text(struct paragraph *paragraph, const char *text)
{
    while (*text != '\0') {
        char word[ENGINE_TEXT_MAX];
        size_t length = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        paragraph_word(paragraph, word);
        text += length + strspn(text + length, " ");
    }
}

void paragraph_line(FILE *out, uint32_t indent, const char *text)
{
    fprintf(out, "%*s", (int)indent, "");
    struct paragraph paragraph = { out, indent + 2, indent + 2 }; /* as if it stood there */
    paragraph_text(&paragraph, text);
    fputc('\n', out);
}
