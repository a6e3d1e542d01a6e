/* SPDX-License-Identifier: BSD-3-Clause */
/* A folder that is there whole or not at all: filled beside its place, under another name, and then
 * renamed. */
#ifndef REPRO_WHOLE_FOLDER_H
#define REPRO_WHOLE_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct whole_folder {
    char path[PATH_MAX];      /* where it is to be */
    char temporary[PATH_MAX]; /* where it is filled */
    int lock;
};

/* Nothing is there, or an empty folder. */
bool whole_folder_is_free(const char *path);

/* False: errno says why. What a process that was killed has left beside it goes. */
bool whole_folder_begin(struct whole_folder *folder, const char *path);

/* Writes a file into it, for a name such as "findings/timers/x.repro"; makes the folders on the
 * way. False: errno says why. */
bool whole_folder_write(struct whole_folder *folder, const char *name, const char *text,
                        size_t size);

/* Puts it in its place. False: errno says why (ENOTEMPTY: something is there by now), and it is
 * gone. */
bool whole_folder_end(struct whole_folder *folder);
/* Takes it away. */
void whole_folder_abandon(struct whole_folder *folder);

#endif
