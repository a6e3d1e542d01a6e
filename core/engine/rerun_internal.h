/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of rerun.h share: rerun.c has the state, rerun_search.c the search. */
#ifndef CORE_ENGINE_RERUN_INTERNAL_H
#define CORE_ENGINE_RERUN_INTERNAL_H

#include "core/engine/rerun.h"

/* Everything back to the beginning. */
void rerun_begin(struct rerun *rerun);
/* Back to where the trail had that length. */
void rerun_go_back(struct rerun *rerun, uint32_t mark);
const struct strand *rerun_strand(const struct rerun *rerun, uint32_t strand);

/* Past its last op: it has ended, or nobody knows what it does. */
bool rerun_is_beyond(const struct rerun *rerun, uint32_t strand);
/* Whether its next op can be done; and does it. */
bool rerun_is_possible(const struct rerun *rerun, uint32_t strand);
void rerun_move(struct rerun *rerun, uint32_t strand);
/* What it cannot do is to write a fair lock: it waits in the queue from now on, and keeps new
 * readers out. False: no, or it does so already. */
bool rerun_queue(struct rerun *rerun, uint32_t strand);
/* It waits for that condition, and was not signalled. */
bool rerun_is_queued(const struct rerun *rerun, uint32_t strand, uint32_t condition);
void rerun_set_signalled(struct rerun *rerun, uint32_t strand);
void rerun_set_position(struct rerun *rerun, uint32_t strand, uint32_t position);
void rerun_begin_handler(struct rerun *rerun, uint32_t handler, uint32_t host);
/* It is at its end: what it interrupted goes on. */
void rerun_end(struct rerun *rerun, uint32_t strand);

#endif
