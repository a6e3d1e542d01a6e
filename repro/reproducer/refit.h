/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reproducer that was made with other code: the same program and faults, with a schedule that
 * fits the code as it is. Hook points that were added or are gone shift where segments end; a
 * renamed expression leaves more than one point that a fault could mean. So other readings of the
 * file are tried, nearest first, a bounded number, always the same ones.
 */
#ifndef REPRO_REFIT_H
#define REPRO_REFIT_H

#include "repro/reproducer/reproducer.h"

enum { REFIT_RUNS_STANDARD = 4000 };

enum refit_how {
    REFIT_NOT,      /* nothing that was tried shows it */
    REFIT_POINTS,   /* another stand-in for a hook point that this build does not have */
    REFIT_SKIPPED,  /* what does not fit was skipped */
    REFIT_STEPS,    /* segments that end earlier or later */
    REFIT_SCHEDULE, /* another schedule from some point on */
};

struct refit_result {
    enum refit_how how;
    uint32_t runs;
    bool same_shape;       /* the segments are of the same threads in the same order */
    uint32_t segments;     /* of the schedule that was found */
    uint64_t steps_differ; /* if so: how many steps they are longer or shorter, in sum */
};

/* False: it was not shown in runs_max runs; the plan is as it was. True: the plan is one whose
 * strict replay shows what is expected. To be called when the plan as it is does not. */
bool refit(struct reproducer *reproducer, uint32_t runs_max, struct refit_result *result);

/* "steps" */
const char *refit_name(enum refit_how how);
/* "reproduced after refitting the schedule: 3 steps differ" */
void refit_print(FILE *out, const struct refit_result *result);

#endif
