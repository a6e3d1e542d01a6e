/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A patch as it comes: text from anybody. Read, and looked at before any tool gets it: what it
 * names has to be files of the code under test, by plain names.
 */
#ifndef REPRO_PATCH_H
#define REPRO_PATCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATCH_SIZE_MAX = 16 << 20 };

struct patch {
    char name[PATH_MAX]; /* for messages: the file, or "standard input" */
    char *text;
    size_t size;
};

struct patch_error {
    uint32_t line; /* of the patch; 0: of all of it */
    char text[400];
};

/* Reads a file; "-": standard input. False: *error says why. */
bool patch_read(struct patch *patch, const char *path, struct patch_error *error);

/* Whether it may be applied at all: names within the tree, no binary content, no symbolic links and
 * no submodules; and, unless `anything`, only what patch_may_change() says. False: *error says
 * which line is why. */
bool patch_check(const struct patch *patch, bool anything, struct patch_error *error);

/* C files of the runtime under test, the corpus, and text for people. Everything else decides what
 * is built and how it is judged. */
bool patch_may_change(const char *path);

/* Whether it is a file by which the code under test, or what is known of it, changes. */
bool patch_changes_test(const char *path);

/* The beginning is that of a mail or mailbox, not of a diff. */
bool patch_is_mail(const struct patch *patch);

void patch_free(struct patch *patch);

#endif
