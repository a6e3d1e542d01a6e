/* SPDX-License-Identifier: BSD-3-Clause */
/* The passes of shrinking, and what they work on. */
#ifndef REPRO_SHRINK_PASS_H
#define REPRO_SHRINK_PASS_H

#include "repro/reproducer/cost.h"
#include "repro/reproducer/reproducer.h"

struct shrink {
    struct reproducer *reproducer;
    struct plan *best;
    struct plan candidate, recorded;
    struct cost cost; /* of best */
    struct outcome outcome;
    uint32_t runs, runs_max;
    uint32_t faults; /* mask of the kinds that a search may inject */
    uint64_t seed;
    bool minimal;     /* best is what shrink_passes() ended with, with runs left */
    uint64_t steps;   /* of the run of best */
    uint32_t threads; /* that it had */
    uint32_t tries;   /* how many schedules to draw for a program that `best` does not fit */
};

/* Runs that plan once. True: it shows the finding. */
bool shrink_shows(struct shrink *shrink, const struct plan *plan, struct strategy *strategy);
/* The last run showed the finding: fills `recorded` with what it did, in as few segments as can
 * be. */
bool shrink_record(struct shrink *shrink);
/* A plan of that cost is smaller than `best`. */
bool shrink_is_less(const struct shrink *shrink, const struct cost *cost);
/* `recorded` is `best` from here on, smaller or not; it was run last. */
void shrink_take(struct shrink *shrink);
/* The last run showed the finding: if it is smaller, it is `best` from here on. */
bool shrink_keep(struct shrink *shrink);
/* Runs the candidate. True: it shows the finding and is smaller, so it is `best` from here on. */
bool shrink_try(struct shrink *shrink);
/* The same, and if the schedule does not fit it, looks for one that does. */
bool shrink_try_program(struct shrink *shrink);
/* Schedules of a few segments for the candidate's program and faults, by chance. */
bool shrink_try_few(struct shrink *shrink, uint32_t tries);
/* `best` is worth another search. */
bool shrink_is_large(const struct shrink *shrink);
/* All passes but shrink_anew(), again and again until none of them helps. */
void shrink_passes(struct shrink *shrink);
bool shrink_exhausted(const struct shrink *shrink);

/* Passes: true if `best` got smaller. */
bool shrink_actors(struct shrink *shrink);     /* leaves out an actor with all it does */
bool shrink_operations(struct shrink *shrink); /* leaves out operations */
bool shrink_owners(struct shrink *shrink);     /* gives operations to other actors */
bool shrink_settings(struct shrink *shrink);   /* moves settings to their standard */
bool shrink_faults(struct shrink *shrink);     /* leaves out faults, makes jumps shorter */
bool shrink_segments(struct shrink *shrink);   /* leaves out segments */
bool shrink_switches(struct shrink *shrink);   /* lets the fixed order go on where one switches */
bool shrink_merge(struct shrink *shrink);      /* lets a thread do in one go what it does in two */
bool shrink_arguments(struct shrink *shrink);  /* makes arguments simpler */
bool shrink_rename(struct shrink *shrink);     /* numbers actors and objects from the first */
bool shrink_search(struct shrink *shrink);     /* looks for a smaller schedule */
bool shrink_restart(struct shrink *shrink);    /* shrinks another schedule, not smaller yet */
bool shrink_anew(struct shrink *shrink);       /* while it is large: shrinks other finds */
bool shrink_vary(struct shrink *shrink);       /* fewer operations, and others among them */
bool shrink_steps(struct shrink *shrink);      /* makes segments shorter */

#endif
