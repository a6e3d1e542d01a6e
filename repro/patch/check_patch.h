/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge check-patch`: what it was asked, what both sides have shown, and what that means. The
 * sides are the base and the patched tree, each run by the `wedge` built of it, in a sandbox, with
 * the same seeds and budgets; what they print as JSON is all that is believed of them.
 */
#ifndef REPRO_CHECK_PATCH_H
#define REPRO_CHECK_PATCH_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/array.h"
#include "repro/base/progress.h"
#include "repro/order/order.h"
#include "repro/patch/patch_trees.h"
#include "repro/patch/sandbox.h"

enum side { SIDE_BASE, SIDE_PATCHED, SIDES };
enum {
    CHECK_ARGUMENTS_MAX = 1200,
    CHECK_FILES_MAX = 1000,
    CHECK_FINDINGS_MAX = 256,
    CHECK_SUBJECTS_MAX = 4,
    CHECK_MUST_FIX_MAX = 16,
    CHECK_TEXT_MAX = 512,
    CHECK_SITES_MAX = 3,
};

enum check_format { CHECK_TEXT, CHECK_JSON, CHECK_SARIF, CHECK_JUNIT, CHECK_GITHUB };

struct check_options {
    struct trees_wanted trees;
    const char *patch, *since;
    const char *folder; /* where reproducers of what counts against the patch go; NULL: the cache */
    const char *must_fix[CHECK_MUST_FIX_MAX];
    uint32_t must_fix_count;
    const char *subjects[CHECK_SUBJECTS_MAX];
    uint32_t subject_count;
    enum check_format format;
    double seconds;  /* of each hunt */
    uint64_t runs;   /* the same in schedules; 0: seconds alone */
    uint64_t graph_runs, seed;
    uint32_t tries;
};

/* A reproducer that is stored in one of the trees, or that the user names. */
struct check_file {
    char path[PATH_MAX], label[256];
    bool must_fix;
};

enum check_change {
    CHANGE_NONE, /* neither side shows it */
    CHANGE_NEW,
    CHANGE_FLAKY,
    CHANGE_STILL_THERE,
    CHANGE_FIXED,
    CHANGE_NOT_REPRODUCIBLE,
    CHANGE_COUNT
};

/* What a side has shown of a finding. */
struct check_seen {
    bool seen;
    uint32_t shown, tries;     /* strict replays; the best that any reproducer of it did */
    char reproducer[PATH_MAX]; /* "": none */
};

struct check_finding {
    char hash[9], verdict[24], signature[CHECK_TEXT_MAX];
    char label[256];   /* of the stored reproducer that expects it; or "" */
    struct check_seen seen[SIDES];
    bool must_fix, kin; /* kin: not what must be fixed, but of the same locks or states */
    enum check_change change;
    char kept[PATH_MAX]; /* a copy of its reproducer that lasts; or "" */
    json_t *story;     /* what `wedge show --json` says of it, from the side that it is told of */
};

/* A pair of classes of the lock order that only one side has. */
struct check_edge {
    bool added, unlisted; /* unlisted: the patched golden order lacks it */
    const json_t *edge;   /* in the graph of its side */
    json_t *cycle;        /* the other edges of a cycle that it closes; empty: none */
};

/* How a side fell silent: its program hung, died or said nothing that can be read. */
struct check_silence {
    bool silent;
    char during[64], how[160];
};

struct check {
    struct check_options options;
    struct trees trees;
    ARRAY(struct check_file) files;
    ARRAY(struct check_finding) findings;
    ARRAY(struct check_edge) edges;
    json_t *graphs[SIDES][CHECK_SUBJECTS_MAX]; /* NULL: none */
    uint64_t schedules[SIDES];
    struct check_silence silence[SIDES];
    uint32_t replayed[SIDES], unreadable;
    uint32_t unlisted;   /* pairs that the golden order lacks */
    uint32_t counts[CHANGE_COUNT];
    double seconds;
    struct progress progress;
    bool failed_must_fix;
};

/* --- check_patch_run.c --- */

/* The same command for both sides; after "wedge". */
struct check_step {
    const char *name;
    const char *arguments[SIDES][CHECK_ARGUMENTS_MAX];
    uint32_t count[SIDES]; /* 0: this side has nothing to do */
    double seconds;        /* of computing, at most */
    json_t *rows[SIDES];   /* JSON lines that came of it */
};

void step_begin(struct check_step *step, const char *name, double seconds);
/* Adds words for both sides; the last one is NULL. They must stay where they are. */
void step_add(struct check_step *step, const char *word, ...) __attribute__((sentinel));
void step_add_one(struct check_step *step, enum side side, const char *word);
/* Runs it on both sides at the same time. A side that is silent has no rows and does nothing. */
void step_run(struct check *check, struct check_step *step);
/* A side that ended well, but without what its program always says, is silent, too. */
void step_must_answer(struct check *check, struct check_step *step, enum side side, bool answered);
void step_end(struct check_step *step);

/* The folder in which a side may write. */
void check_folder(const struct check *check, enum side side, char path[PATH_MAX]);
const char *side_name(enum side side);

/* --- check_patch_stages.c --- */

/* All that both sides are asked, in order. Returns an exit code. */
int check_stages(struct check *check);

/* --- check_patch_find.c --- */

struct check_finding *check_finding_add(struct check *check, const char *hash,
                                        const char *verdict);
/* A side has shown it so often, with that reproducer. */
void check_finding_seen(struct check_finding *finding, enum side side, uint32_t shown,
                        uint32_t tries, const char *reproducer);
/* Takes what `replay --json` and `hunt --json` have said. */
void check_take_replay(struct check *check, enum side side, json_t *rows, bool stored);
/* False: the hunt has no sum. */
bool check_take_hunt(struct check *check, enum side side, json_t *rows);
/* What each finding means; exit code. */
int check_judge(struct check *check);
const char *change_name(enum check_change change);
/* Whether it stands against the patch. */
bool check_counts_against(const struct check_finding *finding);

/* --- check_patch_order.c --- */

void check_compare_orders(struct check *check);
/* The one edge of the finding's cycle, or site of it, to point to: on a line of the patch if there
 * is one. NULL: no place is known. */
const json_t *check_place(const struct check *check, const struct check_finding *finding,
                          bool *changed);
bool check_site_changed(const struct check *check, const json_t *site);

/* --- printing: check_patch_print.c, check_patch_format.c --- */

void check_print_text(const struct check *check, FILE *out);
void check_print_json(const struct check *check);
void check_print_junit(const struct check *check);
void check_print_github(const struct check *check);
/* "new edge a -> b (F FILE:LINE, under a held since G FILE:LINE) closes a cycle with ..." */
void check_edge_sentence(const struct check *check, const struct check_edge *edge, char *text,
                         size_t size);
/* The text of that key; "": it has none. */
const char *check_text(const json_t *object, const char *key);
/* The places that an edge of a cycle names; where it waits first. Returns how many. */
uint32_t check_sites(const json_t *edge, const json_t *sites[CHECK_SITES_MAX]);
/* The edges of the cycle that the finding's story ends in; NULL: none are known. */
const json_t *check_cycle(const struct check_finding *finding);
/* "base 0/20, patched 20/20" */
void check_seen_text(const struct check_finding *finding, char text[80]);
/* The `wedge` that shows it. */
const char *check_program(const struct check *check, const struct check_finding *finding);
/* "new deadlock afb75c33: signature" */
void check_title(const struct check_finding *finding, char *text, size_t size);
/* What the runs of the patched side said, with everything but plain text taken out. */
void check_clean(char *text);
/* What both sides were asked, and the sum: "1 new, 0 fixed". */
void check_sum_text(const struct check *check, char text[160]);
/* How to accept pairs that the golden order lacks. */
void check_golden_command(const struct check *check, char text[256]);

#endif
