/* SPDX-License-Identifier: BSD-3-Clause */
/* The last run as a table: one row per event, one column per thread. */
#ifndef REPRO_STORY_H
#define REPRO_STORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/engine/engine.h"

struct story_look {
    uint32_t width;   /* columns of the page */
    bool full;        /* do not fold away what is not about the end */
    bool colour;
};

void story_print(FILE *out, const struct outcome *outcome, const struct story_look *look);

/* The events as a list of objects. */
json_t *story_json(const struct outcome *outcome);

#endif
