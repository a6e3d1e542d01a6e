/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is stuck in a state of a rerun, and why: the largest set of strands each of which waits for
 * others of the set alone. A wait for a lock needs one holder in the set; a wait for an event, that
 * everybody who could still post is in it or has ended.
 */
#ifndef CORE_ENGINE_STUCK_H
#define CORE_ENGINE_STUCK_H

#include "core/engine/dependency.h"
#include "core/engine/prediction.h"
#include "core/engine/rerun.h"

enum stuck_answer { STUCK_NO, STUCK_YES, STUCK_NO_MEMORY };

/* `final`: the state is the run's own end, and the run says who was blocked. STUCK_NO: nobody is,
 * or only by a thread that ended with a lock. Fills kind and edges. */
enum stuck_answer stuck_explain(const struct rerun *rerun,
                                const struct dependencies *dependencies, bool final,
                                struct prediction *prediction);

#endif
