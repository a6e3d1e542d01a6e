/* SPDX-License-Identifier: BSD-3-Clause */
/* One line of a file of lock-order cases: JSON, keys as in corpus/lock-order/README.md. */
#ifndef REPRO_JUDGE_CASE_H
#define REPRO_JUDGE_CASE_H

#include "core/engine/lockgraph.h"
#include "fuzz/litmus.h"

enum judge_verdict {
    JUDGE_CYCLE,
    JUDGE_SELF_DEADLOCK,
    JUDGE_CONTEXT_INVERSION,
    JUDGE_EVENT_CYCLE,
    JUDGE_MISUSE,
    JUDGE_OK, /* from here on: silent, and why */
    JUDGE_GUARDED_OK,
    JUDGE_HB_OK,
    JUDGE_READ_OK,
    JUDGE_RECURSION_OK,
    JUDGE_COUNT
};

const char *judge_verdict_name(enum judge_verdict verdict);

struct judge_case {
    struct litmus_case litmus;
    enum judge_verdict expect;
    ARRAY(struct judge_rank {
        char *name; /* of a lock or a class */
        uint32_t order; /* only those of one order are compared */
        double rank;
    }) ranks;
};

/* Reads the line (file: for the sites of its operations, and kept). NULL: done; else what was
 * expected, and *litmus is to be freed all the same. */
const char *judge_case_read(struct judge_case *to, const char *file, uint32_t line,
                            const char *text, size_t size);
void judge_case_free(struct judge_case *to);

#endif
