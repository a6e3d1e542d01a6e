/* SPDX-License-Identifier: BSD-3-Clause */
/* An edge of the wait-for graph in words and as JSON. */
#ifndef REPRO_EDGE_H
#define REPRO_EDGE_H

#include <jansson.h>

#include "core/engine/engine.h"

enum { EDGE_TEXT_MAX = 512 };

/* "m0 spins on t0 (timerModifying) in runtimer at core/runtime/timerrun.c:210; ..." */
void edge_sentence(const struct edge *edge, char text[EDGE_TEXT_MAX]);

json_t *edge_json(const struct edge *edge);
json_t *edge_site_json(const struct hook_site *site);

#endif
