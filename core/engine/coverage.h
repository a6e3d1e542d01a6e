/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Schedule coverage: what the threads of a run did to each other, as a set of features. Taken from
 * the trace after the run, so that a step costs nothing; and of names and kinds only, never of
 * addresses, so that a feature is the same one in every process of a build.
 *
 *   read-from   who reads a word that another thread wrote: the writing place and the reading place
 *               (Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox fuzzing for concurrency testing",
 *               ASPLOS 2024)
 *   state       which write follows which on a word, lock or note, and by the same thread or not
 *   value       which small number was read where: the states that a place has met
 *   order       what is taken while what is held: the places of both
 *   switch      where a thread was stopped that could go on, and where another went on with the same
 *               object
 *   fault       what was injected where
 */
#ifndef CORE_ENGINE_COVERAGE_H
#define CORE_ENGINE_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    COVERAGE_BITS = 15,
    COVERAGE_SIZE = 1 << COVERAGE_BITS, /* features are below; two may share a number */
    COVERAGE_RUN_MAX = 1 << 13,         /* of one run; what is beyond is left out */
};

/* The features of one run, each once, in the order in which they came up. */
struct coverage {
    uint32_t count;
    uint16_t features[COVERAGE_RUN_MAX];
};

/* Of the engine's last run. */
void coverage_of_run(struct coverage *coverage);

/* All features that some runs have had. All zero: none. */
struct coverage_seen {
    uint32_t count;
    uint64_t bits[COVERAGE_SIZE / 64];
};

/* Adds those of a run; returns how many are new. */
uint32_t coverage_add(struct coverage_seen *seen, const struct coverage *coverage);

#endif
