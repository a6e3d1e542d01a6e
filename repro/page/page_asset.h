/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the page that are the same in each: page_asset.S. */
#ifndef REPRO_PAGE_ASSET_H
#define REPRO_PAGE_ASSET_H

/* page.html, page.css, the page_*.js one after the other; and the SHA-256 of the last two as a
 * Content-Security-Policy has it, in base64. Each ends in a zero. */
extern const char page_asset_html[], page_asset_css[], page_asset_js[];
extern const char page_asset_css_hash[], page_asset_js_hash[];

#endif
