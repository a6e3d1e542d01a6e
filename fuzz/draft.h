/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A draft: a plan whose schedule may end before the run does, and what draws the rest. What a search
 * keeps, changes a little (mutate.h) and runs. As bytes, so that a fuzzer can keep it:
 *
 *     2 bytes   the tag, with the version of what follows
 *     4 bytes   the seed of what draws the rest
 *     1 byte    which strategy that is
 *     settings  each its distance from the standard value
 *     count     of operations; each: actor, verb, arguments
 *     count     of faults; each: kind, agent, point, ordinal, size
 *     segments  each: thread, plus ENGINE_THREADS_MAX if it flows; steps; up to the end
 *
 * Numbers are as long as they have to be (LEB128). Any bytes that begin with the tag are a draft:
 * what is missing reads as 0, and what is out of range is brought into it. The schedule comes last,
 * so bytes that are cut off leave the beginning of the run as it was. Points are written by a hash of
 * their names: a draft outlives edits of the code under test, as a reproducer does.
 */
#ifndef FUZZ_DRAFT_H
#define FUZZ_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine/engine.h"

struct draft {
    struct plan plan;
    uint32_t seed;
    uint32_t strategy; /* strategy_at() */
};

/* A program that the subject's generator draws, a seed and a strategy; no schedule and no faults. */
void draft_draw(const struct wedge_subject *subject, struct prng *prng, struct draft *draft);

/* One that a draft may name, as good searches have it: mostly the portfolio. */
uint32_t draft_draw_strategy(struct prng *prng);

/* Whether these bytes are a draft, and not a plan as decode.h has it. */
bool draft_is_one(const uint8_t *bytes, size_t size);

/* Fills *draft; the bytes begin with the tag. */
void draft_decode(const struct wedge_subject *subject, const uint8_t *bytes, size_t size,
                  struct draft *draft);

/* Writes it, and returns how many bytes that took. What has no room is left out from the end of the
 * schedule on. */
size_t draft_encode(const struct wedge_subject *subject, const struct draft *draft, uint8_t *bytes,
                    size_t size);

/* What follows the plan and draws the rest, seeded: for one run. */
struct strategy *draft_strategy(const struct draft *draft);

/* Fills *draft from any bytes: a draft, or else what decode.h reads. Returns the strategy that
 * makes its run, seeded: for one run, as long as the bytes are there. */
struct strategy *draft_read(const struct wedge_subject *subject, const uint8_t *bytes, size_t size,
                            struct draft *draft);

/* The plan becomes what the engine's last run did, which was one of this draft or of bytes that
 * decode.h reads. What did not fit into a plan is left to chance. */
void draft_settle(struct draft *draft);

#endif
