/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/patch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/file.h"

/* --- reading --- */

static char *read_standard_input(size_t *size)
{
    char *text = NULL;
    *size = 0;
    FILE *to = open_memstream(&text, size);
    check(to != NULL);
    char part[4096];
    for (size_t got, all = 0; all <= PATCH_SIZE_MAX &&
                              (got = fread(part, 1, sizeof part, stdin)) > 0; all += got)
        fwrite(part, 1, got, to);
    check(fclose(to) == 0);
    if (ferror(stdin) == 0 && *size <= PATCH_SIZE_MAX)
        return text;
    errno = ferror(stdin) ? EIO : EFBIG;
    free(text);
    return NULL;
}

bool patch_read(struct patch *patch, const char *path, struct patch_error *error)
{
    bool from_input = strcmp(path, "-") == 0;
    *patch = (struct patch){ .text = NULL };
    snprintf(patch->name, sizeof patch->name, "%s", from_input ? "standard input" : path);
    patch->text = from_input ? read_standard_input(&patch->size)
                             : file_read(path, PATCH_SIZE_MAX, &patch->size);
    if (patch->text != NULL)
        return true;
    error->line = 0;
    snprintf(error->text, sizeof error->text, "expected a readable patch, found an error: %s",
             strerror(errno));
    return false;
}

void patch_free(struct patch *patch)
{
    free(patch->text);
    patch->text = NULL;
}

/* --- names --- */

#define RUNTIME "core/runtime/"
#define CORPUS "corpus/"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), suffix = strlen(with);
    return length > suffix && strcmp(text + length - suffix, with) == 0;
}

bool patch_may_change(const char *path)
{
    if (begins(path, RUNTIME))
        return ends(path, ".c") || ends(path, ".h") || ends(path, ".md");
    return begins(path, CORPUS) || ends(path, ".md");
}

bool patch_changes_test(const char *path)
{
    return !ends(path, ".md");
}

/* --- lines --- */

struct reader {
    const struct patch *patch;
    bool anything;
    size_t at;                        /* where the next line begins */
    uint32_t line;
    bool in_header;                   /* below "diff --git" */
    uint32_t hunk_old, hunk_new;      /* lines that are left of a hunk */
    uint32_t files;
    struct patch_error *error;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *reader,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    reader->error->line = reader->line;
    vsnprintf(reader->error->text, sizeof reader->error->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool has_component(const char *path, const char *component)
{
    size_t length = strlen(component);
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += at[0] == '/';
        if (strncmp(at, component, length) == 0 && (at[length] == '/' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* `path` without the a/ or b/ in front. */
static bool check_place(struct reader *reader, const char *path)
{
    if (path[0] == '/')
        return refuse(reader, "refused: %s is an absolute path; expected one within the tree",
                      path);
    if (has_component(path, "..") || has_component(path, ".") || has_component(path, ".git"))
        return refuse(reader, "refused: %s leaves the tree", path);
    if (strpbrk(path, "\"\\") != NULL)
        return refuse(reader, "refused: %s: expected a plain file name, without quotes", path);
    if (!reader->anything && !patch_may_change(path))
        return refuse(reader, "refused: %s is not code under test, but decides what is built or "
                              "how it is judged; --allow-build-changes takes it all the same, "
                              "and runs what it says", path);
    return true;
}

/* A name from a header line, with the a/ or b/ in front that patches have. */
static bool check_name(struct reader *reader, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(name, "\t"), name);
    if (strcmp(path, "/dev/null") == 0)
        return true;
    if (path[0] == '/' || strpbrk(path, "\"\\") != NULL)
        return check_place(reader, path);
    const char *slash = strchr(path, '/');
    if (slash == NULL)
        return refuse(reader, "expected a/PATH or b/PATH, found \"%s\"", path);
    if (begins(path, "../"))
        return refuse(reader, "refused: %s leaves the tree", path);
    return check_place(reader, slash + 1);
}

static bool check_mode(struct reader *reader, const char *mode)
{
    if (begins(mode, "120000"))
        return refuse(reader, "refused: it makes a symbolic link");
    if (begins(mode, "160000"))
        return refuse(reader, "refused: it changes a submodule");
    if (!begins(mode, "100644") && !reader->anything)
        return refuse(reader, "refused: file mode %.6s; expected 100644, an ordinary file", mode);
    return true;
}

static bool check_header_line(struct reader *reader, const char *line)
{
    static const char *const modes[] = { "new file mode ", "new mode ", "old mode ",
                                         "deleted file mode " };
    static const char *const names[] = { "rename from ", "rename to ", "copy from ", "copy to " };
    for (uint32_t i = 0; i < count_of(modes); i++)
        if (begins(line, modes[i]))
            return check_mode(reader, line + strlen(modes[i]));
    for (uint32_t i = 0; i < count_of(names); i++)
        if (begins(line, names[i]))
            return check_place(reader, line + strlen(names[i]));
    if (begins(line, "GIT binary patch") || begins(line, "Binary files "))
        return refuse(reader, "refused: binary content, which nobody can review");
    if (begins(line, "index ") && ends(line, " 120000"))
        return refuse(reader, "refused: it changes a symbolic link");
    return true;
}

static bool check_hunk(struct reader *reader, const char *line)
{
    unsigned old_count = 1, new_count = 1;
    const char *plus = strstr(line, " +");
    if (plus == NULL || strstr(plus, " @@") == NULL)
        return refuse(reader, "expected @@ -LINE,COUNT +LINE,COUNT @@, found \"%.60s\"", line);
    (void)sscanf(line, "@@ -%*u,%u", &old_count);
    (void)sscanf(plus, " +%*u,%u", &new_count);
    if (old_count > PATCH_SIZE_MAX || new_count > PATCH_SIZE_MAX)
        return refuse(reader, "expected the line counts of a hunk, found \"%.60s\"", line);
    reader->hunk_old = old_count;
    reader->hunk_new = new_count;
    return true;
}

static bool check_outside(struct reader *reader, const char *line, const char *next)
{
    if (begins(line, "diff --git ")) {
        reader->in_header = true;
        reader->files++;
        return true;
    }
    if (begins(line, "--- ") && begins(next, "+++ ")) {
        reader->files += !reader->in_header;
        reader->in_header = false;
        return check_name(reader, line + 4);
    }
    if (begins(line, "+++ "))
        return reader->files == 0 || check_name(reader, line + 4);
    if (reader->files > 0 && begins(line, "@@ -"))
        return check_hunk(reader, line);
    return !reader->in_header || check_header_line(reader, line);
}

static void take_hunk_line(struct reader *reader, char sign)
{
    if (sign != '+' && sign != '\\' && reader->hunk_old > 0)
        reader->hunk_old--;
    if (sign != '-' && sign != '\\' && reader->hunk_new > 0)
        reader->hunk_new--;
}

/* The line at `at` as a string, cut where it is longer than any name. */
static void copy_line(const struct patch *patch, size_t at, char *line, size_t size)
{
    const char *from = patch->text + at;
    const char *end = memchr(from, '\n', patch->size - at);
    size_t length = end != NULL ? (size_t)(end - from) : patch->size - at;
    if (length > 0 && from[length - 1] == '\r')
        length--;
    snprintf(line, size, "%.*s", (int)(length < size ? length : size - 1), from);
}

static size_t next_line(const struct patch *patch, size_t at)
{
    const char *end = memchr(patch->text + at, '\n', patch->size - at);
    return end != NULL ? (size_t)(end - patch->text) + 1 : patch->size;
}

static bool check_line(struct reader *reader)
{
    char line[PATH_MAX + 64], next[8];
    size_t after = next_line(reader->patch, reader->at);
    copy_line(reader->patch, reader->at, line, sizeof line);
    copy_line(reader->patch, after, next, sizeof next);
    reader->at = after;
    reader->line++;
    if (reader->hunk_old > 0 || reader->hunk_new > 0) {
        take_hunk_line(reader, line[0]);
        return true;
    }
    return check_outside(reader, line, next);
}

bool patch_check(const struct patch *patch, bool anything, struct patch_error *error)
{
    struct reader reader = { .patch = patch, .anything = anything, .error = error };
    while (reader.at < patch->size)
        if (!check_line(&reader))
            return false;
    if (reader.files > 0)
        return true;
    reader.line = 1;
    return refuse(&reader, "expected a patch, found no line \"--- a/PATH\" or \"diff --git\"");
}

bool patch_is_mail(const struct patch *patch)
{
    char line[80];
    copy_line(patch, 0, line, sizeof line);
    return begins(line, "From ") || begins(line, "From:") || begins(line, "Return-Path:") ||
           begins(line, "Received:") || begins(line, "Date:") || begins(line, "Subject:");
}
