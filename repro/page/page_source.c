/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that is not there, or not the one that was compiled, is said to be so: no lines are better
 * than wrong ones. A line that a site names stands in the site's function.
 */
#include "repro/page/page_source.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/check.h"
#include "repro/base/file.h"
#include "repro/base/output.h"
#include "repro/finding/symbol.h"

enum { FILE_SIZE_MAX = 8 << 20, LINE_MAX_SHOWN = 240, FOLDERS_MAX = 4 };

struct source_file {
    const char *name;
    char *text; /* NULL: it is not there; each line ends in a zero */
    ARRAY(const char *) lines;
    ARRAY(uint8_t) wanted; /* per line */
    bool differs;
};

struct page_source {
    char folders[FOLDERS_MAX][PATH_MAX];
    uint32_t folder_count;
    ARRAY(struct source_file) files;
};

static void add_folder(struct page_source *source, const char *folder)
{
    snprintf(source->folders[source->folder_count++], PATH_MAX, "%s", folder);
}

/* "out/bugs/X/source" of the program "out/bugs/X/wedge". */
static void add_program_folder(struct page_source *source)
{
    char path[PATH_MAX], folder[PATH_MAX + 16];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    snprintf(folder, sizeof folder, "%s/source", path);
    add_folder(source, folder);
}

struct page_source *page_source_new(const char *folder)
{
    struct page_source *source = calloc(1, sizeof *source);
    check(source != NULL);
    if (folder != NULL)
        add_folder(source, folder);
    add_program_folder(source);
    add_folder(source, ".");
    if (symbol_folder() != NULL)
        add_folder(source, symbol_folder());
    return source;
}

/* --- a file --- */

static void split(struct source_file *file, size_t size)
{
    char *end = file->text + size;
    for (char *at = file->text; at < end;) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        check(ARRAY_ROOM(&file->lines, 1));
        check(ARRAY_ROOM(&file->wanted, 1));
        file->lines.items[file->lines.count++] = at;
        file->wanted.items[file->wanted.count++] = 0;
        if (newline == NULL)
            break;
        *newline = '\0';
        at = newline + 1;
    }
}

static void load(const struct page_source *source, struct source_file *file)
{
    size_t size = 0;
    for (uint32_t i = 0; i < source->folder_count && file->text == NULL; i++) {
        char path[2 * PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", source->folders[i], file->name);
        file->text = file_read(path, FILE_SIZE_MAX, &size);
    }
    if (file->text == NULL && file->name[0] == '/')
        file->text = file_read(file->name, FILE_SIZE_MAX, &size);
    if (file->text != NULL)
        split(file, size);
}

static struct source_file *find(struct page_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->files.count; i++)
        if (strcmp(source->files.items[i].name, name) == 0)
            return &source->files.items[i];
    check(ARRAY_ROOM(&source->files, 1));
    struct source_file *file = &source->files.items[source->files.count++];
    *file = (struct source_file){ .name = name };
    load(source, file);
    return file;
}

static void want(struct source_file *file, uint32_t line)
{
    if (line == 0 || line > file->lines.count) {
        file->differs |= file->text != NULL && line != 0;
        return;
    }
    uint32_t first = line > PAGE_SOURCE_CONTEXT ? line - PAGE_SOURCE_CONTEXT : 1;
    for (uint32_t i = first; i <= line + PAGE_SOURCE_CONTEXT && i <= file->lines.count; i++)
        file->wanted.items[i - 1] = 1;
}

void page_source_want(struct page_source *source, const char *file, uint32_t line)
{
    if (file[0] != '\0' && strcmp(file, "?") != 0)
        want(find(source, file), line);
}

/* Whether the line stands below the head of that function: a head is what begins at the left
 * margin, but for braces, labels and what the preprocessor reads. */
static bool is_in_function(const struct source_file *file, const struct hook_site *site)
{
    for (uint32_t i = site->line; i > 0; i--) {
        const char *line = file->lines.items[i - 1];
        size_t length = strlen(line);
        bool is_head = isalpha((unsigned char)line[0]) || line[0] == '_';
        if (is_head && line[length - 1] != ':')
            return strstr(line, site->function) != NULL;
    }
    return false;
}

void page_source_want_site(struct page_source *source, const struct hook_site *site)
{
    struct source_file *file = find(source, site->file);
    want(file, site->line);
    if (site->line <= file->lines.count && !is_in_function(file, site))
        file->differs = true;
}

/* --- JSON --- */

static json_t *lines_json(const struct source_file *file)
{
    json_t *lines = json_object();
    for (uint32_t i = 0; i < file->lines.count; i++) {
        char key[16], text[LINE_MAX_SHOWN + 1];
        if (!file->wanted.items[i])
            continue;
        snprintf(key, sizeof key, "%u", i + 1);
        snprintf(text, sizeof text, "%s", file->lines.items[i]);
        json_object_set_new(lines, key, output_text(text));
    }
    return json_pack("{s:o}", "lines", lines);
}

json_t *page_source_json(struct page_source *source)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < source->files.count; i++) {
        struct source_file *file = &source->files.items[i];
        json_t *value = NULL;
        if (file->text == NULL)
            value = json_pack("{s:s}", "missing", "the file is not here");
        else if (file->differs)
            value = json_pack("{s:s}", "missing", "the file here is not the one that was built");
        else
            value = lines_json(file);
        json_object_set_new(object, output_utf8(file->name), value);
        free(file->text);
        free(file->lines.items);
        free(file->wanted.items);
    }
    free(source->files.items);
    free(source);
    return object;
}
