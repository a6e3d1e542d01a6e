/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files in, whole files out. */
#ifndef REPRO_FILE_H
#define REPRO_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The content of a regular file of at most size_max bytes, to be freed; *size: how many. NULL:
 * errno says why (EFBIG: larger). */
char *file_read(const char *path, size_t size_max, size_t *size);

/* Puts the file there whole or not at all, whatever happens meanwhile: a temporary file in its
 * folder (hidden: no command reads it), fsync, rename. What a writer that was killed has left there
 * goes. What is no regular file is written to as it is. False: errno says why, and what was there
 * is as it was. */
bool file_write(const char *path, const char *text, size_t size);

/* --- for those who write otherwise --- */

/* Writes a new file, as it comes: for a folder that nobody looks into. False: errno says why. */
bool file_write_new(const char *path, const char *text, size_t size);

/* The template of a temporary name in that file's folder (mkstemp(), mkdtemp()). False: too
 * long. */
bool file_temporary(char *text, size_t size, const char *path);

/* What is temporary in the folder of that file is safe between these two; what others have left
 * behind there goes. -1, which is fine: the folder cannot be locked. `written`: a rename is to last.
 * errno stays. */
int file_enter_folder(const char *path);
void file_leave_folder(int folder, bool written);

/* A file or a folder with all that is in it. */
void file_remove_tree(const char *path);

#endif
