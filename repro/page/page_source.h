/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of source files round the places that a page names. */
#ifndef REPRO_PAGE_SOURCE_H
#define REPRO_PAGE_SOURCE_H

#include <jansson.h>
#include <stdint.h>

#include "core/hook/hook.h"

enum { PAGE_SOURCE_CONTEXT = 4 }; /* lines before and after a place */

struct page_source;

/* folder: where to look first, or NULL. Then: the folder `source` beside the program (where a bug's
 * patched files are), the current one, and the one in which the program was compiled. */
struct page_source *page_source_new(const char *folder);
/* Wants the lines round that one. */
void page_source_want(struct page_source *source, const char *file, uint32_t line);
/* The same; the file is not what was built if the line is not in the site's function. */
void page_source_want_site(struct page_source *source, const struct hook_site *site);
/* { FILE: { "lines": { "215": TEXT } } or { "missing": WHY } }; frees the source. */
json_t *page_source_json(struct page_source *source);

#endif
