/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a finding: one page that names everything in the cycle. */
#ifndef REPRO_REPORT_H
#define REPRO_REPORT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "core/engine/engine.h"

enum {
    REPORT_LINES_MAX = 40,
};

struct report {
    const struct wedge_subject *subject;
    const struct outcome *outcome; /* of a run with record_chains, the last one */
    const struct plan *plan;       /* of that run */
    const char *reproducer;        /* its file; NULL: it was not written */
    uint32_t shown, tries;         /* how often it was run again, and showed the same */
    bool minimal;
    const char *note;              /* a line more; "" or NULL: none */
};

/* Prints at most REPORT_LINES_MAX lines, commands to type next at the end. */
void report_print(FILE *out, const struct report *report);

/* The same as an object with the keys schema, subject, verdict, signature, cycle and so on. */
json_t *report_json(const struct report *report);

/* The edges of the cycle as sentences with both call chains, at most `depth` frames each. */
void report_edges(FILE *out, const struct outcome *outcome, uint32_t depth);
/* Who waits, too: what the cycle has caught, or everybody if there is no cycle; `limit` of them. */
void report_others(FILE *out, const struct outcome *outcome, uint32_t depth, uint32_t limit);

#endif
