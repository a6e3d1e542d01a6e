/* SPDX-License-Identifier: BSD-3-Clause */
/* A hunt in this process, or in several: time, progress, interrupts, and jobs that die. */
#ifndef REPRO_HUNT_PROCESS_H
#define REPRO_HUNT_PROCESS_H

#include <signal.h>

#include "repro/hunt/hunt_board.h"

struct hunt {
    struct hunt_options options;
    struct board *board;
    struct progress progress;
    struct results results;
    uint32_t job;   /* in a job: its number */
    double seconds; /* of searching, up to the first finding unless told to keep going */
    double save_at; /* when to write down how far it has come */
    bool broken;    /* jobs died, or the corpus cannot be written to; that has been said */
};

/* Set by SIGINT and SIGTERM once hunt_search_all() has begun. */
extern volatile sig_atomic_t hunt_interrupted;
void hunt_take_signals(void);

/* Searches as options say, and settles what is found. */
void hunt_search_all(struct hunt *hunt);

#endif
