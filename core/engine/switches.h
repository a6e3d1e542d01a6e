/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which context switches runs have shown: pairs of hook points, where one thread stopped and where
 * another went on. What no run has shown before is new behaviour, at a cost of a bit test a switch.
 */
#ifndef CORE_ENGINE_SWITCHES_H
#define CORE_ENGINE_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/hook/hook.h"

enum { SWITCH_PAIRS = 1 << 18 /* of more, some share a bit */ };

struct switches {
    bool wanted;   /* by somebody who learns from them */
    uint32_t news;  /* pairs that this run was the first to show */
    uint32_t count; /* that were seen */
    uint64_t seen[SWITCH_PAIRS / 64];
};

static inline void switches_forget(struct switches *switches)
{
    memset(switches, 0, sizeof *switches);
}

/* From one hook point to another; NULL: a thread's first code. */
static inline void switches_note(struct switches *switches, const struct hook_site *from,
                                 const struct hook_site *to)
{
    uint32_t key = (from != NULL ? from->group : UINT16_MAX) * 0x9e3779b9u;
    key = (key ^ (to != NULL ? to->group : UINT16_MAX)) * 0x85ebca6bu >> 14;
    uint64_t *word = &switches->seen[key / 64], bit = (uint64_t)1 << key % 64;
    bool is_new = (*word & bit) == 0;
    switches->news += is_new;
    switches->count += is_new;
    *word |= bit;
}

#endif
