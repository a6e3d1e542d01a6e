/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Few sets with the same union. Not the fewest, which is hard to find, but none can be left out, so
 * covering the result again changes nothing. For each element, rare ones first, the first set that
 * has it is taken; then sets are dropped, from the last, that the others cover.
 */
#ifndef REPRO_CORPUS_COVER_H
#define REPRO_CORPUS_COVER_H

#include <stdbool.h>
#include <stdint.h>

enum { COVER_ELEMENTS = 1 << 16 }; /* they are smaller than that */

struct cover_set {
    const uint16_t *elements; /* each once */
    uint32_t count;
    bool is_forced; /* is kept whatever it has */
    bool is_kept;   /* the answer */
};

/* The sets that are liked best come first. Returns how many elements their union has. */
uint32_t cover(struct cover_set *sets, uint32_t count);

#endif
