/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The story of a run as one HTML page that needs nothing else: `wedge show --html`.
 *
 * The page is a fixed document (page.html, page.css, page_*.js, linked into the program) and one
 * block of JSON. Nothing from the run is ever HTML: scripts put it in as text.
 */
#ifndef REPRO_PAGE_H
#define REPRO_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "repro/finding/finding.h"

/* What the page tells, as an object with the schema "wedge.page/1". `finding` has been replayed; it
 * is run twice more here. source: the folder to look for source files in first, or NULL. */
json_t *page_data(const struct finding *finding, const char *source);

/* The page with that data, to be freed; *size: its length. Leaves `data` as it is. */
char *page_html(const json_t *data, size_t *size);

#endif
