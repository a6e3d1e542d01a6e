/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which files of a corpus are worth keeping, and as what. Decided by what the files are and do;
 * their names and order count only among files of the same content. Choosing among what was chosen
 * gives the same again.
 *
 *   inputs/SUBJECT/NAME                   fuzzers' inputs that cover what all of them cover
 *   runs/SUBJECT/NAME                     reproducers that show nothing, the same
 *   findings/SUBJECT/VERDICT-HASH.repro   the smallest of each finding that shows or is predicted
 *   quiet/SUBJECT/VERDICT-HASH.repro      ... that is promised and that no file shows any more
 *   aside/NAME                            what is neither, once
 */
#ifndef REPRO_CORPUS_CHOICE_H
#define REPRO_CORPUS_CHOICE_H

#include <limits.h>

#include "core/base/array.h"
#include "repro/corpus/corpus_item.h"

enum corpus_place {
    CORPUS_INPUTS,
    CORPUS_RUNS,
    CORPUS_FINDINGS,
    CORPUS_QUIET,
    CORPUS_ASIDE,
    CORPUS_PLACES,
};

/* "inputs" */
const char *corpus_place_name(enum corpus_place place);

struct corpus_kept {
    uint32_t item;
    enum corpus_place place;
    struct corpus_signature signature; /* CORPUS_FINDINGS, CORPUS_QUIET */
    uint32_t shown_by;                 /* CORPUS_FINDINGS: how many items */
    char name[NAME_MAX + 1];           /* without folder */
};

struct corpus_choice {
    const struct corpus_item *items;
    const char *const *paths;
    const struct corpus_features *features;
    uint32_t count;
    uint32_t *order; /* items: by subject, form, size; the same ones together */
    ARRAY(struct corpus_kept) kept;
    uint32_t seen[CORPUS_PLACES];    /* how many items each place was chosen from, same ones once */
    uint32_t feature_count[CORPUS_PLACES]; /* of inputs and of runs: their union */
};

/* Fills `kept` and all after it; what comes before is given. False: no memory. */
bool corpus_choose(struct corpus_choice *choice);
void corpus_choice_free(struct corpus_choice *choice);

#endif
