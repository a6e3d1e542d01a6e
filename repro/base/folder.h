/* SPDX-License-Identifier: BSD-3-Clause */
/* What lies in folders: the files below them, in the order of their names. */
#ifndef REPRO_FOLDER_H
#define REPRO_FOLDER_H

#include <stdbool.h>

#include "core/base/array.h"

struct folder_file {
    char *path;
    bool named;    /* by who asked, not come across in a folder */
    uint32_t root; /* where the name of the folder that was asked for begins in `path` */
};

/* All zero: none. */
struct folder_files {
    ARRAY(struct folder_file) list;
};

/* Whether a file of that name, in a folder, is one that is looked for. */
typedef bool folder_filter(const char *name);

/* It ends in .repro, and is not hidden, as what is not yet whole is. */
folder_filter folder_is_reproducer;
/* It is not hidden. */
folder_filter folder_is_visible;

/* Adds the file, or the files below the folder that are wanted. What cannot be read is added, too:
 * reading it tells why. False: no memory. */
bool folder_add(struct folder_files *files, const char *path, folder_filter *is_wanted);

void folder_free(struct folder_files *files);

#endif
