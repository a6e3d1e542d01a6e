/* SPDX-License-Identifier: BSD-3-Clause */
/* Git and other tools of the user's own, for the trees of a patch check. */
#ifndef REPRO_PATCH_GIT_H
#define REPRO_PATCH_GIT_H

#include "repro/patch/patch_trees.h"

enum { TOOL_OUTPUT_MAX = 64 << 20 };

/* Runs a tool in the repository (`folder` NULL) or a folder; what it prints is *output, to be
 * freed, if that is not NULL. False: trees->error is what it said. */
bool tool_run(struct trees *trees, const char *folder, const char *input, char **output,
              const char *const *arguments);

/* Runs `git ARGUMENTS...` with an index file and a work tree of its own, either may be NULL. New
 * objects go to the cache. */
bool git_run(struct trees *trees, const char *index, const char *work_tree, const char *input,
             char **output, const char *const *arguments);

#define git(trees, index, work_tree, input, output, ...) \
    git_run(trees, index, work_tree, input, output, (const char *const[]){ __VA_ARGS__, NULL })

/* The same; the first line of what it prints goes to `line`. */
bool git_line_run(struct trees *trees, const char *index, char *line, size_t size,
                  const char *const *arguments);

#define git_line(trees, index, line, size, ...) \
    git_line_run(trees, index, line, size, (const char *const[]){ __VA_ARGS__, NULL })

#endif
