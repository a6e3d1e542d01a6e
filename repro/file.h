/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files in, whole files out. */
#ifndef REPRO_FILE_H
#define REPRO_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The content of a regular file of at most size_max bytes, to be freed; *size: how many. NULL:
 * errno says why (EFBIG: larger). */
char *file_read(const char *path, size_t size_max, size_t *size);

/* Puts the file there whole or not at all: a temporary file beside it, fsync, rename. False: errno
 * says why. */
bool file_write(const char *path, const char *text, size_t size);

#endif
