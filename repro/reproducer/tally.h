/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a reproducer that is run again: how often it shows what it promises, and what it
 * shows instead. */
#ifndef REPRO_TALLY_H
#define REPRO_TALLY_H

#include <jansson.h>
#include <stdio.h>

#include "repro/reproducer/refit.h"
#include "repro/reproducer/reproducer.h"

/* How a run ended. */
struct tally_end {
    enum verdict verdict;
    char hash[9];
    char message[ENGINE_TEXT_MAX];
    uint64_t steps;
};

/* Holds no pointers but to what is there from the start: a child process may fill it. */
struct tally {
    const struct wedge_subject *subject; /* what it promises, and of what */
    enum verdict verdict;
    char hash[9];
    uint32_t tries, shown;     /* strict replays; those that matched */
    struct tally_end strict;   /* the first of them */
    bool loosely;              /* it diverged, and was run again skipping what does not fit ... */
    bool loosely_shown;        /* ... and then matched */
    struct tally_end loose;
    uint32_t diverged_segment, segments; /* where it diverged, from 1; of how many */
    char diverged_at[32];      /* that segment: "m0 37"; or "" */
    bool refitted;             /* it was never shown, and other readings of it were tried */
    struct refit_result refit;
    uint32_t stand_ins;        /* faults of hook points that this build does not have */
};

/* Runs it the first time. What engine_trace() tells then is that run. */
void tally_begin(struct tally *tally, const struct reproducer *reproducer);
/* Runs it until it was run so often, and once more if it diverged. */
void tally_finish(struct tally *tally, const struct reproducer *reproducer, uint32_t tries);

/* If it was never shown, looks for a reading of it that fits this build (refit.h): the
 * reproducer's plan is that one from here on. */
void tally_refit(struct tally *tally, struct reproducer *reproducer);

/* Each time. */
bool tally_is_shown(const struct tally *tally);
/* It ended in a finding, the one that was promised or another one. */
bool tally_is_finding(const struct tally *tally);
/* It promises a race, and this build sees none: that nothing was shown says nothing. */
bool tally_is_untested(const struct tally *tally);
/* How it ended: when what does not fit is skipped, if it diverged. */
const struct tally_end *tally_end(const struct tally *tally);

/* "20/20 deadlock 3f9a1c7e", and what it did instead; no newline. */
void tally_print(FILE *out, const struct tally *tally);
/* Only what it did instead: "not reproduced: completed". */
void tally_print_instead(FILE *out, const struct tally *tally);

/* As an object of that schema (output_schema()). */
json_t *tally_json(const struct tally *tally, const char *schema, const char *path);

#endif
