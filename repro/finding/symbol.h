/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses in this program to functions and places, from its own debug information. */
#ifndef REPRO_SYMBOL_H
#define REPRO_SYMBOL_H

#include <stdint.h>

#include "core/engine/race.h"

enum { SYMBOL_FRAMES_MAX = 64 };

/* What is not known is "?" and 0. */
struct frame {
    const char *function; /* lives as long as the program */
    const char *file;     /* relative to the source tree; lives as long as the program */
    uint32_t line;
};

/* The frames of a call chain, innermost first, inlined calls among them, without those of the
 * hooks, the engine and the fibers. Returns how many. */
uint32_t symbol_frames(const struct chain *chain, struct frame frames[SYMBOL_FRAMES_MAX]);

/* The folder in which this program was compiled; NULL: its debug information does not say. */
const char *symbol_folder(void);

/* The innermost of them whose place is known, for race_name_by(). */
struct race_place symbol_place(const struct chain *chain);

#endif
