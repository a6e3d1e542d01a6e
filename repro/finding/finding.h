/* SPDX-License-Identifier: BSD-3-Clause */
/* A finding on its way from a run to a file: recorded, shrunk, verified, written, reported. */
#ifndef REPRO_FINDING_H
#define REPRO_FINDING_H

#include <limits.h>

#include "repro/finding/report.h"
#include "repro/reproducer/reproducer.h"

struct finding {
    struct reproducer reproducer;
    struct outcome outcome; /* of the last run, with call chains */
    uint32_t shown, tries;  /* strict replays */
    bool minimal;
    char note[160];         /* how a prediction came to it; or "" */
    char path[PATH_MAX];    /* "": not written */
};

/* Takes what the last run recorded. False: the run was longer than a plan. */
bool finding_take(struct finding *finding, const struct wedge_subject *subject,
                  const struct outcome *outcome);

/* The same of that plan, whatever was run since. */
void finding_take_plan(struct finding *finding, const struct wedge_subject *subject,
                       const struct plan *plan, const struct outcome *outcome);
/* It was predicted, by the run of that number (from 1); `tries`: how many schedules were steered to
 * it before one showed it, 0: none of tries_max did. */
void finding_predicted(struct finding *finding, const struct outcome *predicted, uint64_t schedule,
                       uint32_t tries, uint32_t tries_max);

/* Shrinks it with at most that many runs and no other kinds of faults (shrink()), replays it, and
 * runs it once more for the call chains. */
void finding_settle(struct finding *finding, uint32_t shrink_runs_max, uint32_t faults);

/* Runs it again, strictly, and leaves the outcome with call chains in *finding. */
void finding_replay(struct finding *finding);

/* Writes FOLDER/VERDICT-HASH.repro. False: errno says why. */
bool finding_write(struct finding *finding, const char *folder);

/* What a report says of it; points into *finding. */
struct report finding_report(const struct finding *finding);

#endif
