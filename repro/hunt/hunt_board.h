/* SPDX-License-Identifier: BSD-3-Clause */
/* What the processes of a hunt share, and what they have done together. */
#ifndef REPRO_HUNT_BOARD_H
#define REPRO_HUNT_BOARD_H

#include "repro/hunt/hunt_result.h"

struct board {
    _Atomic uint64_t stop_at; /* no run after this one is needed */
    _Atomic bool stop;
    struct hunt_job jobs[]; /* options.jobs of them */
};

/* Of that many jobs, which have done nothing. NULL: errno says why. */
struct board *board_new(uint32_t jobs);

struct totals {
    uint64_t runs, steps, budget, findings, kinds;
    uint32_t switches; /* of the job that has seen the most */
    double news;       /* the part of the runs after which the last new one was seen */
};

struct totals board_totals(const struct board *board, uint32_t jobs);

/* Prints what a hunt has done and found in so many seconds. */
void board_sum(const struct board *board, const struct results *results, double seconds);

#endif
