/* SPDX-License-Identifier: BSD-3-Clause */
/* Findings that show the same, put together: reproducers by what they promise. Nothing is run. */
#ifndef REPRO_TRIAGE_H
#define REPRO_TRIAGE_H

#include <stdint.h>
#include <time.h>

#include "core/base/array.h"
#include "repro/reproducer/heading.h"

struct triage_cluster {
    struct heading heading; /* of the smallest */
    const char *smallest;   /* path of the one with the fewest lines, then bytes; then the first */
    uint64_t size;
    uint32_t count;
    time_t first, last; /* when the oldest and the youngest file was written */
};

/* All zero: none. Sorted once triage_sort() was called. */
struct triage {
    ARRAY(struct triage_cluster) clusters;
};

struct triage_file {
    const char *path; /* must outlive the triage */
    uint64_t size;
    time_t written;
};

/* False: no memory. */
bool triage_add(struct triage *triage, const struct heading *heading,
                const struct triage_file *file);

/* Those that were seen most come first; then by subject, verdict and hash. */
void triage_sort(struct triage *triage);

#endif
