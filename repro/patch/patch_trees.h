/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two trees that a patch check compares, base and patched: made by Git beside the user's tree,
 * of which nothing is touched, in a cache, where they are built once each.
 *
 *     CACHE/trees/TREE/        the files of that tree, and what was built of them in out/
 *     CACHE/trees/TREE.built   they are built, by the command that is written in it
 *     CACHE/trees/TREE.log     what the build said
 *     CACHE/objects/           Git objects that the repository has no use for
 *     CACHE/scratch/           of the check that is running
 */
#ifndef REPRO_PATCH_TREES_H
#define REPRO_PATCH_TREES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "repro/patch/patch.h"
#include "repro/patch/sandbox.h"

enum { TREE_NAME_MAX = 72, TREE_FILES_MAX = 4096 };

struct tree {
    char name[TREE_NAME_MAX]; /* Git's name of it */
    char folder[PATH_MAX];
    char program[PATH_MAX];   /* the `wedge` that is built of it */
    double seconds;           /* that the build took; 0: it was there */
    bool built;
};

/* What a line of the patched tree is to the patch. */
struct tree_change {
    char path[256];
    uint32_t first, count; /* lines of the patched file that are not in the base; count may be 0 */
};

struct trees {
    char repository[PATH_MAX], git_folder[PATH_MAX], objects[PATH_MAX];
    char cache[PATH_MAX], scratch[PATH_MAX];
    const char *build; /* the command, for a shell */
    struct tree base, patched;
    struct tree_change *changes;
    uint32_t change_count, files, added, removed; /* files: that differ */
    bool tested;       /* some file differs by which the code under test, or the corpus, changes */
    int lock;
    char error[800]; /* what is wrong, for people */
};

/* What the two trees are. All of it belongs to the caller. */
struct trees_wanted {
    const char *cache;    /* NULL: $XDG_CACHE_HOME/wedge/check-patch */
    const char *build;
    const char *base;     /* a revision or tree */
    const char *over;     /* a patch that the base has, too; or NULL */
    struct patch *patch;  /* or NULL: */
    const char *tip;      /* a revision */
    bool reverse, anything;
};

/* Opens the repository that the current folder is in, and its cache. These return an exit code, of
 * which anything but EXIT_CLEAN comes with trees->error. */
int trees_open(struct trees *trees, const struct trees_wanted *wanted);

/* Finds or makes both trees, and refuses a patch that patch_check() or Git refuses. */
int trees_make(struct trees *trees, const struct trees_wanted *wanted);

/* Builds both, unless they are built. */
int trees_build(struct trees *trees);

/* Whether that line of the patched tree is of the patch. */
bool trees_changed(const struct trees *trees, const char *path, uint32_t line);

void trees_close(struct trees *trees);

#endif
