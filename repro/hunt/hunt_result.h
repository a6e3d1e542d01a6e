/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a sighting: the run is made again, shrunk, written and reported. */
#ifndef REPRO_HUNT_RESULT_H
#define REPRO_HUNT_RESULT_H

#include <jansson.h>
#include <limits.h>

#include "repro/base/progress.h"
#include "repro/hunt/hunt.h"

/* A sighting that has been dealt with. */
struct result {
    const struct sighting *sighting; /* on the board */
    enum verdict verdict; /* what it turned out to be: not what was predicted, but what is */
    char hash[9];
    char signature[ENGINE_TEXT_MAX * 2];
    char path[PATH_MAX]; /* "": not written */
};

struct results {
    const struct hunt_options *options;
    struct progress *progress;
    uint32_t count;
    struct result items[HUNT_SIGHTINGS_MAX];
    bool late;      /* the time is up: no more effort than need be */
    bool unwritten; /* a reproducer could not be written */
};

/* Whether that is what was sighted, or what it turned out to be. */
bool result_is(const struct result *result, enum verdict verdict, const char *hash);

/* As part of the sum: what it is, and how many runs showed it. */
json_t *result_json(const struct result *result, uint64_t count);
/* Its path, or null. */
json_t *result_path_json(const struct result *result);

/* Unless it is among the results, or turns out to be: writes a reproducer and prints a report. */
void results_settle(struct results *results, const struct sighting *sighting);

#endif
