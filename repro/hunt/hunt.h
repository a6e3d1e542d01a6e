/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search behind `wedge hunt`. The program of run number n depends on the seed and n alone; its
 * schedule, where a strategy learns, also on the runs that the same job made before. Jobs (child
 * processes) make each a share of the runs and leave on a board, which the parent reads, what they
 * saw, with the plan that shows it. So the same seed and number of jobs find the same. With a corpus
 * (hunt_corpus.h) they also depend on what others put there.
 */
#ifndef REPRO_HUNT_H
#define REPRO_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine/confirm.h"
#include "core/engine/engine.h"
#include "repro/base/setting.h"

enum {
    HUNT_JOBS_MAX = 64,
    HUNT_SIGHTINGS_MAX = 256,
    HUNT_SHRINK_STANDARD = 60000, /* runs */
    HUNT_RUNS_PER_LOOK = 64, /* looking at the clock costs as much as several steps */
};

struct hunt_options {
    const struct wedge_subject *subject;
    const char *folder;
    const char *corpus; /* the folder for what is kept; NULL: none */
    struct strategy *strategy;
    uint64_t seed;
    uint64_t first; /* the number of the first run: where a hunt before this one has stopped */
    uint64_t runs_max; /* no run has this number or a higher one */
    double seconds_max;
    uint32_t faults, jobs;
    uint32_t shrink_runs; /* how many to spend on each finding */
    struct fixed_settings settings;
    bool keep_going, json;
    bool no_prediction; /* do not learn from runs that pass */
    bool exhaustive;    /* not a search by chance: hunt_exhaustive.h */
    uint32_t preemptions_max;
    const char *program_path;
    const struct plan *program; /* whose settings and operations every run has; NULL: it is drawn */
    struct record_log *log; /* where runs are written for the lock-order graph; may be NULL */
};

struct sighting {
    char hash[9];
    uint8_t verdict;
    bool confirmed; /* a prediction: a schedule was soon found that ends so; else true */
    bool recorded;  /* `plan` has all of it */
    uint64_t first; /* the number of the first run that showed it */
    uint64_t count;
    struct outcome outcome; /* of that run */
    struct plan plan;       /* what it did */
};

/* What one job has done so far. Written by it alone, read by the parent while it runs. */
struct hunt_job {
    _Atomic uint64_t next; /* the number of its next run, or of one not long before */
    _Atomic uint64_t runs, steps, budget; /* budget: runs that were cut off */
    _Atomic uint32_t switches; /* different ones that were seen: engine_switches_seen() */
    _Atomic uint64_t news_at;  /* after how many runs the last of them was new */
    _Atomic uint64_t steered; /* besides: schedules towards what was predicted */
    _Atomic uint32_t sighting_count;
    struct sighting sightings[HUNT_SIGHTINGS_MAX];
};

/* Whether this is what was sighted. */
bool sighting_is(const struct sighting *sighting, const struct outcome *outcome);
/* Makes it that of run number `first`, not counted yet: the last run, or else the one with the plan
 * `predicted_from`. */
void sighting_fill(struct sighting *sighting, const struct outcome *outcome, uint64_t first,
                   const struct plan *predicted_from, bool confirmed);

/* It has done nothing yet, and is to begin with that run. What it saw before is not touched, only
 * forgotten: a job is large. */
void hunt_job_begin(struct hunt_job *job, uint64_t first);

/* Makes run number `index`; its outcome is in *outcome. */
void hunt_run(const struct hunt_options *options, uint64_t index, struct outcome *outcome);

/* Steers towards what run number `index`, whose plan this is, predicted; `tries` schedules at most,
 * of which the first ones are always the same. Returns how many it took; the last one ended in
 * *outcome. 0: not confirmed. */
uint32_t hunt_confirm(const struct hunt_options *options, uint64_t index, const struct plan *plan,
                      const struct prediction *prediction, uint32_t tries, struct outcome *outcome);

struct hunt_watch {
    /* Called every now and then; false: stop. */
    bool (*go_on)(void *context);
    /* A signature was seen for the first time in this job. False: stop. */
    bool (*seen)(void *context, const struct sighting *sighting);
    void *context;
};

/* Makes runs job->next, job->next + stride, ... until runs_max or told to stop, and adds them to what
 * the job has done. False: the folder for what is kept cannot be written to; errno says why. */
bool hunt_search(const struct hunt_options *options, struct hunt_job *job, uint64_t stride,
                 const struct hunt_watch *watch);

#endif
