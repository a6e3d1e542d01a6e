/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One file of a corpus, run once: a reproducer, or an input of a fuzzer. What it does is a set of
 * features (core/engine/coverage.h), or a finding. Depends on the file alone, not on what was run
 * before it.
 */
#ifndef REPRO_CORPUS_ITEM_H
#define REPRO_CORPUS_ITEM_H

#include "repro/reproducer/reproducer.h"

enum {
    CORPUS_SIGNATURES_MAX = 8, /* of one run: predictions can be several; more are left out */
    CORPUS_NOTE_MAX = 400,
};

enum corpus_form {
    CORPUS_NEITHER, /* `note` says why */
    CORPUS_TEXT,    /* a reproducer */
    CORPUS_BYTES,   /* a fuzzer's input */
};

struct corpus_signature {
    enum verdict verdict;
    char hash[9];
};

/* Holds no pointers but to what is there from the start: a child process may fill it. */
struct corpus_item {
    enum corpus_form form;
    const struct wedge_subject *subject;
    uint64_t size, content;  /* content: a hash of the bytes */
    bool is_whole;           /* it could be read; otherwise neither of these is known */
    uint32_t lines;          /* of program, faults and schedule: how long it is to a reader */
    bool is_promised;        /* a reproducer of a finding; of this one: */
    struct corpus_signature promised;
    uint32_t signature_count; /* what shows now, or is predicted; 0: nothing */
    struct corpus_signature signatures[CORPUS_SIGNATURES_MAX];
    uint64_t features;       /* the first of its features in struct corpus_features */
    uint32_t feature_count;  /* of a run that shows nothing */
    char note[CORPUS_NOTE_MAX];
};

/* The features of all items. Shared by those who fill it. */
struct corpus_features {
    _Atomic uint64_t used;
    uint16_t all[];
};

/* How large that must be for so many items; what is not touched costs nothing. */
size_t corpus_features_size(uint32_t items);

/* What the file is and does. `subject`: whose input it is, should it be one; NULL: nobody knows. */
void corpus_item_fill(struct corpus_item *item, const char *path,
                      const struct wedge_subject *subject, struct corpus_features *features);

/* A reproducer of what that file shows (`bytes`: its content), checked by a replay; `note`: the text
 * of the signature. False: there is none; the run is too long to be written down. */
bool corpus_item_reproducer(const struct corpus_item *item,
                            const struct corpus_signature *signature, const char *bytes,
                            struct reproducer *reproducer, char note[CORPUS_NOTE_MAX]);

/* Whether it is a reproducer that says of itself what it shows. */
bool corpus_item_is_true(const struct corpus_item *item, const struct corpus_signature *signature);

bool corpus_signature_is(const struct corpus_signature *a, const struct corpus_signature *b);

#endif
