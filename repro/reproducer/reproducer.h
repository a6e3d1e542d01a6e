/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reproducer text: a plan as lines that people read, compare and shorten by deleting some.
 *
 *     wedge 1                                      version
 *     subject timers
 *     expect self-deadlock 3f9a1c7e                verdict and hash of the signature; or: expect ok
 *     config procs=1                               settings that differ from their standard value
 *     program                                      actor, verb, arguments: the subject's own words
 *       g1 reset t0 +0
 *     faults                                       optional
 *       preempt g1 at wakeNetPoller:entry#1        kind, agent, function:object#ordinal
 *       clock m0 at checkTimers:clock#1 +1000000   and by how many ns: clock, wait, wake
 *     schedule                                     thread, steps
 *       m0 37
 *       m1 80 in all                               m1, and when it can do no more others in the
 *                                                  fixed order, until they have made 80 steps
 *
 * Every section once and in this order. Two spaces before a line of a section, one between words.
 * Lines end in LF, the last one too. Empty lines and lines that begin with # say nothing.
 */
#ifndef REPRO_REPRODUCER_H
#define REPRO_REPRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/engine/engine.h"

enum {
    REPRODUCER_SIZE_MAX = 1 << 20,
    REPRODUCER_LINE_MAX = 400,
    REPRODUCER_STAND_INS_MAX = 8,
};

/* A jump of the clock or a delay, in ns: a plan full of them still does not overflow. */
#define REPRODUCER_JUMP_MAX ((int64_t)1 << 54)

/* A fault whose hook point this build does not have: the code was changed. Another one of that
 * function where such a fault can happen stands in for it; if there is none, the fault is left
 * out. */
struct reproducer_stand_in {
    uint32_t line;
    uint8_t kind;    /* enum fault_kind */
    bool left_out;
    uint32_t fault;  /* of the plan, that has the stand-in */
    char point[96];  /* "function:object", as the file has it */
};

struct reproducer {
    const struct wedge_subject *subject;
    enum verdict verdict; /* VERDICT_OK or a finding */
    char hash[9];         /* "" with VERDICT_OK */
    struct plan plan;
    uint32_t stand_in_count; /* from the text; the plan is already one of this build */
    struct reproducer_stand_in stand_ins[REPRODUCER_STAND_INS_MAX];
};

struct reproducer_error {
    uint32_t line;
    char text[320]; /* "expected ..., found ..." */
};

/* Any bytes will do. False: *error says where and why, and *reproducer is not to be used. */
bool reproducer_parse(struct reproducer *reproducer, const char *text, size_t size,
                      struct reproducer_error *error);

/* The same from a file. A file that cannot be read is an error in its line 1. */
bool reproducer_read(struct reproducer *reproducer, const char *path,
                     struct reproducer_error *error);

/* Prints it so that parsing gives the same again. note: a comment of one line, or NULL. */
void reproducer_print(FILE *out, const struct reproducer *reproducer, const char *note);

/* One line of it, as printed but without indent and newline; for messages. */
void reproducer_print_operation(FILE *out, const struct wedge_subject *subject,
                                const struct plan_operation *operation);
void reproducer_print_fault(FILE *out, const struct plan_fault *fault);
/* A thread goes by its name in the last run, if it had it: only the number counts. */
void reproducer_print_segment(FILE *out, const struct plan_segment *segment);

/* A line for each fault whose hook point this build does not have: what was made of it. */
void reproducer_print_stand_ins(FILE *out, const struct reproducer *reproducer, const char *path);

/* Writes the file whole or not at all. False: errno says why. */
bool reproducer_write(const struct reproducer *reproducer, const char *path, const char *note);

bool reproducer_same(const struct reproducer *a, const struct reproducer *b);

/* Runs that plan of the reproducer's subject. If a prediction is expected, the run is learned from,
 * and *outcome is what it predicts (observer_predict()). */
void reproducer_run(const struct reproducer *reproducer, const struct plan *plan,
                    struct strategy *strategy, const struct engine_options *options,
                    struct outcome *outcome);

/* Replays the plan strictly and rewrites its schedule: the same run, in as few segments as can
 * be. False: it does not show what the reproducer promises; the plan stays as it was. */
bool reproducer_condense(const struct reproducer *reproducer, struct plan *plan);

/* Does this outcome show what the reproducer promises? */
bool reproducer_matches(const struct reproducer *reproducer, const struct outcome *outcome);

#endif
