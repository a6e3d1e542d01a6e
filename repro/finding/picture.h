/* SPDX-License-Identifier: BSD-3-Clause */
/* A picture of how a cycle of waits comes about: a column for each thread, time downwards. */
#ifndef REPRO_PICTURE_H
#define REPRO_PICTURE_H

#include <jansson.h>
#include <stdio.h>

#include "core/engine/engine.h"

enum { PICTURE_COLUMNS_MAX = 4 }; /* of more threads, or where there is no room, it is a list */

/* Each thread takes what it holds, then wants what the next one holds. Nothing is printed where no
 * cycle is told, or none that can be drawn. */
void picture_print(FILE *out, const struct outcome *outcome);

/* The same as { title, names, rows: [{ column, text, why }] }; null where nothing would be printed. */
json_t *picture_json(const struct outcome *outcome);

#endif
