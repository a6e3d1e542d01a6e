/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building the two trees. A tree that is not built yet begins as a copy of one that is (files,
 * objects and all), in which Git writes only the files that differ: so the project's own build
 * makes only what depends on them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/patch/patch_git.h"

enum { TREES_KEPT = 12, BUILD_SECONDS = 1800, COMPILE_SECONDS = 120, BUILT_SIZE_MAX = 4096 };
static const uint64_t build_memory = (uint64_t)4 << 30, build_writes = (uint64_t)2 << 30;

static void place(const struct trees *trees, char *path, const char *name, const char *suffix)
{
    if ((size_t)snprintf(path, PATH_MAX, "%s/trees/%s%s", trees->cache, name, suffix) >= PATH_MAX)
        path[0] = '\0';
}

/* --- what is there --- */

static bool is_built(const struct trees *trees, const char *name)
{
    char path[PATH_MAX];
    size_t size;
    place(trees, path, name, ".built");
    char *text = file_read(path, BUILT_SIZE_MAX, &size);
    bool same = text != NULL && size == strlen(trees->build) &&
                memcmp(text, trees->build, size) == 0;
    free(text);
    return same;
}

static void mark_built(const struct trees *trees, const char *name)
{
    char path[PATH_MAX];
    place(trees, path, name, ".built");
    (void)file_write(path, trees->build, strlen(trees->build)); /* if not: built again next time */
}

static void drop(const struct trees *trees, const char *name)
{
    static const char *const suffixes[] = { ".built", ".index", ".log", "" };
    char path[PATH_MAX];
    for (uint32_t i = 0; i < count_of(suffixes); i++) {
        place(trees, path, name, suffixes[i]);
        file_remove_tree(path);
    }
}

/* The tree whose mark is the newest or the oldest; "" if there is none. Returns how many. */
static uint32_t find_built(const struct trees *trees, bool newest, char name[TREE_NAME_MAX])
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct timespec best = { 0 };
    uint32_t count = 0;
    name[0] = '\0';
    place(trees, folder, "", "");
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        struct stat status;
        char *suffix = strstr(entry->d_name, ".built");
        place(trees, path, entry->d_name, "");
        if (suffix == NULL || suffix[6] != '\0' || suffix - entry->d_name >= TREE_NAME_MAX ||
            stat(path, &status) != 0)
            continue;
        bool later = status.st_mtim.tv_sec > best.tv_sec ||
                     (status.st_mtim.tv_sec == best.tv_sec &&
                      status.st_mtim.tv_nsec > best.tv_nsec);
        if (count++ > 0 && later != newest)
            continue;
        best = status.st_mtim;
        snprintf(name, TREE_NAME_MAX, "%.*s", (int)(suffix - entry->d_name), entry->d_name);
    }
    if (entries != NULL)
        closedir(entries);
    return count;
}

static void drop_old(const struct trees *trees)
{
    char name[TREE_NAME_MAX];
    while (find_built(trees, false, name) > TREES_KEPT && strcmp(name, trees->base.name) != 0 &&
           strcmp(name, trees->patched.name) != 0)
        drop(trees, name);
}

/* --- making it --- */

static bool copy_seed(struct trees *trees, const char *seed, const struct tree *tree)
{
    char from[PATH_MAX], from_index[PATH_MAX], index[PATH_MAX];
    place(trees, from, seed, "");
    place(trees, from_index, seed, ".index");
    place(trees, index, tree->name, ".index");
    return tool_run(trees, NULL, NULL, NULL,
                    (const char *const[]){ "cp", "-a", "--reflink=auto", "--", from, tree->folder,
                                           NULL }) &&
           tool_run(trees, NULL, NULL, NULL,
                    (const char *const[]){ "cp", "--", from_index, index, NULL }) &&
           git(trees, index, tree->folder, NULL, NULL, "update-index", "-q", "--refresh");
}

/* What Git writes gets the time of now, and what it leaves alone keeps its own: Ninja builds what
 * is newer than its object. */
static bool check_out(struct trees *trees, const struct tree *tree)
{
    char index[PATH_MAX], seed[TREE_NAME_MAX];
    drop(trees, tree->name);
    place(trees, index, tree->name, ".index");
    snprintf(seed, sizeof seed, "%s", trees->base.name);
    if (!is_built(trees, seed))
        find_built(trees, true, seed);
    bool seeded = seed[0] != '\0' && copy_seed(trees, seed, tree);
    if (!seeded) {
        file_remove_tree(tree->folder);
        unlink(index);
        if (mkdir(tree->folder, 0777) != 0)
            return false;
    }
    return git(trees, index, tree->folder, NULL, NULL, "read-tree", "--reset", "-u", tree->name);
}

/* What a compiler says of a patch has pieces of the patch in it. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\n') || *text == 0x7f)
            *text = ' ';
}

static void take_log(struct trees *trees, const char *which, const char *log,
                     const struct sandbox *sandbox)
{
    enum { LOG_MAX = 64 << 20, TAIL = 480 };
    char how[160];
    size_t size = 0;
    char *text = file_read(log, LOG_MAX, &size);
    const char *failed = text != NULL ? strstr(text, "FAILED:") : NULL;
    const char *wrong = text != NULL ? strstr(text, "error: ") : NULL;
    while (wrong != NULL && wrong > text && wrong[-1] != '\n')
        wrong--;
    const char *from = wrong != NULL ? wrong : failed != NULL ? failed : text;
    sandbox_describe(sandbox, how);
    snprintf(trees->error, sizeof trees->error, "%s: could not build: `%.80s` %s; see %.200s\n%.*s",
             which, trees->build, how, log, TAIL, from != NULL ? from : "");
    clean(trees->error);
    free(text);
}

static bool build(struct trees *trees, const char *which, struct tree *tree)
{
    char log[PATH_MAX], temporary[PATH_MAX + 16];
    struct sandbox sandbox;
    place(trees, log, tree->name, ".log");
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", tree->folder);
    const struct sandbox_command command = {
        .arguments = (const char *const[]){ "sh", "-c", trees->build, NULL },
        .environment = (const char *const[]){ temporary, "NINJA_STATUS=[%f/%t] ", NULL },
        .folder = tree->folder,
        .output = log,
        .errors = log,
        .forks = true,
        .writes = tree->folder,
        .cpu_seconds = COMPILE_SECONDS,
        .wall_seconds = BUILD_SECONDS,
        .memory_max = build_memory,
        .writes_max = build_writes,
    };
    sandbox_run(&sandbox, &command);
    tree->seconds = sandbox.seconds;
    tree->built = sandbox.end == SANDBOX_EXITED && sandbox.code == 0 &&
                  access(tree->program, X_OK) == 0;
    if (!tree->built) {
        take_log(trees, which, log, &sandbox);
        return false;
    }
    mark_built(trees, tree->name);
    return true;
}

static bool make(struct trees *trees, const char *which, struct tree *tree)
{
    place(trees, tree->folder, tree->name, "");
    snprintf(tree->program, sizeof tree->program, "%.4000s/out/wedge", tree->folder);
    tree->built = is_built(trees, tree->name) && access(tree->program, X_OK) == 0;
    if (tree->built) {
        mark_built(trees, tree->name); /* used last */
        return true;
    }
    fprintf(stderr, "wedge: building %s\n", which);
    if (!check_out(trees, tree)) {
        char why[400];
        snprintf(why, sizeof why, "%s", trees->error[0] != '\0' ? trees->error : strerror(errno));
        snprintf(trees->error, sizeof trees->error, "%s: no files: %s", which, why);
        return false;
    }
    return build(trees, which, tree);
}

int trees_build(struct trees *trees)
{
    trees->error[0] = '\0';
    if (!make(trees, "base", &trees->base) || !make(trees, "patched", &trees->patched))
        return EXIT_BROKEN;
    drop_old(trees);
    return EXIT_CLEAN;
}
