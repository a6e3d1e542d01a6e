/* SPDX-License-Identifier: BSD-3-Clause */
/* A scene as a C program. */
#ifndef REPRO_EXPORT_WRITE_H
#define REPRO_EXPORT_WRITE_H

#include <stdio.h>

#include "repro/export/export_scene.h"

/* Writes the program, C11 and pthreads. `origin`: the file that it is exported from; `name`: what
 * the program is to be called in the command that builds it, without ".c". */
void export_write(FILE *out, const struct scene *scene, const char *origin, const char *name);

#endif
