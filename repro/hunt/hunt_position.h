/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far hunts with a corpus have come, one small file for each: hunts of the same subject, strategy,
 * seed, faults, settings and program are one hunt that goes on. In the folder `.hunt` of the corpus.
 */
#ifndef REPRO_HUNT_POSITION_H
#define REPRO_HUNT_POSITION_H

#include "repro/hunt/hunt.h"

/* Where this hunt is to go on: the number of a run, 0 if it is new. False: the file says something
 * else, which has been said on standard error. */
bool position_read(const struct hunt_options *options, uint64_t *next);

/* It has come so far. False: errno says why. */
bool position_write(const struct hunt_options *options, uint64_t next);

#endif
