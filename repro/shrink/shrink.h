/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shrinking: the same finding from a smaller plan.
 *
 * What is kept has the same signature, always: a deadlock that turned into another deadlock is
 * another bug. A candidate is run leniently; what is kept is what that run recorded, cut where the
 * fixed order goes on by itself, and it is kept only if a strict replay shows it again. If the
 * schedule no longer fits a smaller program, others are drawn for it, a bounded number.
 *
 * Other schedules and programs are tried as well, by chance, so the result depends little on the
 * find that it began with; operations may be in it that the find did not have. While it is large
 * after a third of the runs, the rest goes to finding the same anew and shrinking that.
 *
 * Small is what has few lines of program, faults and schedule; of those, fewer actors and
 * operations. 1-minimal: leaving out any one actor, operation, fault or segment, or putting a
 * setting at its standard value, no longer shows the finding, or takes more lines. Not the smallest
 * there is.
 */
#ifndef REPRO_SHRINK_H
#define REPRO_SHRINK_H

#include "repro/reproducer/reproducer.h"

enum {
    SHRINK_RUNS_STANDARD = 150000,
    SHRINK_VERIFY_RUNS = 20,
};

struct shrink_result {
    uint32_t runs;     /* how many it took */
    uint32_t shown;    /* of SHRINK_VERIFY_RUNS strict replays of the plan as it is now */
    bool minimal;      /* 1-minimal; false: runs_max or shrink_stop() came first */
    bool stopped;
};

/* Shrinks the plan in place; it is left as it was if what came of it does not show in each of
 * SHRINK_VERIFY_RUNS replays. `faults`, a mask: kinds that it may come to have besides its own.
 * False: it does not show what it promises; it is left as it was. */
bool shrink(struct reproducer *reproducer, uint32_t runs_max, uint32_t faults,
            struct shrink_result *result);

/* From a signal handler: the shrinking that is under way, if any, ends with the best so far,
 * which is replayed as always. */
void shrink_stop(void);

#endif
