/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/export/export_name.h"

#include <ctype.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/paragraph.h"

/* --- identifiers --- */

/* Words of C, of its library as far as a program uses it, and of the helpers. */
static const char taken[] =
    " auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while bool true false NULL main run errno stdin stdout stderr "
    "threads books changed changes open_books close_books wants wants_word goes_on "
    "has gives holder_of waits_in_vain turn turns_done done lock unlock await announce "
    "make_recursive lock_spinning unlock_spinning read_lock write_lock unlock_rw make_fair "
    "await_writer enter leave spin_while finds swaps park unpark make_semaphore wait_for "
    "post take take_any tokens_left any mine give join sleep_ms all_others_wait "
    "let_time_pass next_round tell tell_holder "
    "next_of tell_cycle tell_all is_stuck look self it value from to function verb name code id "
    "printf puts abort exit free malloc calloc realloc atoi abs labs div rand srand system getenv "
    "remove rename signal raise time clock index rindex read write open close link pipe wait sleep "
    "pause alarm nice access select poll send recv bind listen accept socket connect stat kill "
    "gets fork exec exp log sin cos tan pow y0 y1 yn j0 j1 jn gamma round sync dup sem_t asm unix "
    "timezone daylight tzname strftime difftime mktime gmtime localtime asctime ctime "
    "linux i386 PATIENCE_MS ROUNDS VERDICT HELD_MAX THREADS EOF BUFSIZ ";

static bool is_taken(const struct export_names *names, const char *name)
{
    char word[EXPORT_NAME_SIZE + 2];
    snprintf(word, sizeof word, " %s ", name);
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0)
            return true;
    return strstr(taken, word) != NULL || strncmp(name, "pthread", 7) == 0 ||
           strncmp(name, "atomic", 6) == 0 || strncmp(name, "sem_", 4) == 0;
}

/* Letters, digits and single underscores, a letter first; "P0.timersLock": P0_timersLock. */
static void resemble(const char *name, char *identifier, size_t size)
{
    size_t length = 0;
    for (; *name != '\0' && length + 1 < size; name++) {
        bool plain = isalnum((unsigned char)*name) && (unsigned char)*name < 128;
        if (!plain && (length == 0 || identifier[length - 1] == '_'))
            continue;
        if (length == 0 && isdigit((unsigned char)*name))
            identifier[length++] = 'n';
        identifier[length++] = plain ? *name : '_';
    }
    while (length > 0 && identifier[length - 1] == '_')
        length--;
    if (length == 0)
        identifier[length++] = 'x';
    identifier[length] = '\0';
}

const char *export_identifier(struct export_names *names, const char *name)
{
    char begin[EXPORT_NAME_SIZE - 8], identifier[EXPORT_NAME_SIZE];
    resemble(name, begin, sizeof begin);
    snprintf(identifier, sizeof identifier, "%s", begin);
    for (uint32_t i = 2; is_taken(names, identifier); i++)
        snprintf(identifier, sizeof identifier, "%s_%u", begin, i % 100000);
    check(names->count < EXPORT_NAMES_MAX);
    char *kept = names->names[names->count++];
    memcpy(kept, identifier, EXPORT_NAME_SIZE);
    return kept;
}

/* --- text --- */

void export_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c == '?') /* two of the last begin a trigraph */
            fprintf(out, "\\%c", c);
        else if (c >= ' ' && c < 127)
            fputc(c, out);
        else
            fprintf(out, "\\%03o", c);
    }
    fputc('"', out);
}

/* Neither ends the comment nor begins another, nor joins its line with the next one. */
static void put_comment_text(FILE *out, const char *text, size_t length)
{
    char before = ' ';
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c < ' ' || c > '~' || c == '\\')
            c = '_';
        if ((before == '*' && c == '/') || (before == '/' && c == '*') ||
            (before == '?' && c == '?'))
            fputc(' ', out);
        fputc(c, out);
        before = c;
    }
}

/* Breaks one line of text at spaces; if it begins with spaces, its rest stands 4 to the right. */
static void put_wrapped(FILE *out, uint32_t indent, const char *line, size_t length)
{
    size_t inner = 0, width = PARAGRAPH_WIDTH - 3 - indent;
    while (inner < length && line[inner] == ' ')
        inner++;
    for (bool first = true; first || length > 0; first = false) {
        size_t lead = first ? 0 : inner == 0 ? 0 : inner + 4, take = length;
        if (lead + length > width) {
            take = width - lead;
            while (take > (first ? inner : 0) && line[take] != ' ')
                take--;
            if (take <= (first ? inner : 0))
                take = length; /* one long word */
        }
        fprintf(out, "%*s *%s%*s", (int)indent, "", length > 0 ? " " : "", (int)lead, "");
        put_comment_text(out, line, take);
        fputc('\n', out);
        while (take < length && line[take] == ' ')
            take++;
        line += take;
        length -= take;
    }
}

void export_comment(FILE *out, uint32_t indent, const char *text)
{
    size_t length = strlen(text);
    if (strchr(text, '\n') == NULL && indent + length + 6 <= PARAGRAPH_WIDTH) {
        fprintf(out, "%*s/* ", (int)indent, "");
        put_comment_text(out, text, length);
        fputs(" */\n", out);
        return;
    }
    fprintf(out, "%*s/*\n", (int)indent, "");
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        put_wrapped(out, indent, text, line);
        text += line + (text[line] == '\n');
    }
    fprintf(out, "%*s */\n", (int)indent, "");
}
