/* SPDX-License-Identifier: BSD-3-Clause */
/* Files as constants. build.ninja's rules make the hashes, and know that this depends on them. */
        .section .rodata

        .macro asset name, file
        .globl \name
\name:
        .incbin "\file"
        .byte 0
        .endm

        asset page_asset_html, "repro/page/page.html"
        asset page_asset_css, "repro/page/page.css"
        asset page_asset_js, "page.js"
        asset page_asset_css_hash, "page.css.hash"
        asset page_asset_js_hash, "page.js.hash"

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
