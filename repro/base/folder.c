/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/folder.h"

#include <fts.h>
#include <string.h>

bool folder_is_visible(const char *name)
{
    return name[0] != '.';
}

bool folder_is_reproducer(const char *name)
{
    size_t length = strlen(name), suffix = strlen(".repro");
    return folder_is_visible(name) && length > suffix &&
           strcmp(name + length - suffix, ".repro") == 0;
}

/* "a/b/" -> 2 */
static uint32_t last_name(const char *path)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    while (end > 0 && path[end - 1] != '/')
        end--;
    return (uint32_t)end;
}

static bool add(struct folder_files *files, const char *path, bool named, uint32_t root)
{
    char *copy = strdup(path);
    if (copy == NULL || !ARRAY_ROOM(&files->list, 1)) {
        free(copy);
        return false;
    }
    files->list.items[files->list.count++] = (struct folder_file){ copy, named, root };
    return true;
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

bool folder_add(struct folder_files *files, const char *path, folder_filter *is_wanted)
{
    char *root = strdup(path);
    char *paths[] = { root, NULL };
    FTS *tree = root != NULL ? fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, compare_names) : NULL;
    bool done = tree != NULL || (root != NULL && add(files, path, true, 0));
    for (FTSENT *entry; tree != NULL && done && (entry = fts_read(tree)) != NULL;) {
        bool is_folder = entry->fts_info == FTS_D || entry->fts_info == FTS_DP ||
                         entry->fts_info == FTS_DC;
        bool named = entry->fts_level == 0 || entry->fts_info == FTS_DNR;
        if (entry->fts_info == FTS_D && !named && !folder_is_visible(entry->fts_name))
            fts_set(tree, entry, FTS_SKIP);
        if (!is_folder && (named || is_wanted(entry->fts_name)))
            done = add(files, entry->fts_path, named, named ? 0 : last_name(path));
    }
    if (tree != NULL)
        fts_close(tree);
    free(root);
    return done;
}

void folder_free(struct folder_files *files)
{
    for (uint32_t i = 0; i < files->list.count; i++)
        free(files->list.items[i].path);
    free(files->list.items);
    *files = (struct folder_files){ .list = { .items = NULL } };
}
