/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the exhaustive search share. The choices of the current run are two stacks: of
 * who made each step, and of the faults, each of which knows within which step it is.
 *
 * Invariants between runs:
 *   - steps[i].mark is the place in `causality` before step i;
 *   - `cost` is what the choices on the stacks cost together;
 *   - the options of a step are those from its place in `threads`, `option_count` of them.
 */
#ifndef CORE_ENGINE_EXHAUSTIVE_INTERNAL_H
#define CORE_ENGINE_EXHAUSTIVE_INTERNAL_H

#include "core/base/map.h"
#include "core/engine/causality.h"
#include "core/engine/exhaustive.h"

enum {
    STEPS_MAX = 1 << 14,
    OPTIONS_MAX = 1 << 16,
    FAULTS_MAX = 1 << 14,
    STATES_MAX = 1 << 25, /* then all are forgotten */
    SLICE_MAX = 400,      /* steps */
    SLEEPERS_MAX = 6,     /* others are awake */
};

/* Threads that were preempted, and since then nothing has been done on which their next step
 * depends: to choose one would be no more than to preempt it a step later. */
struct sleepers {
    uint32_t count;
    struct {
        uint16_t thread;
        uint16_t step; /* the choice at which it was preempted */
    } items[SLEEPERS_MAX];
};

struct step {
    uint32_t cost;   /* before this choice */
    uint32_t number; /* of steps before it */
    uint32_t slice;  /* the number of steps before those that its thread has made in one go */
    uint32_t length; /* how many steps it stands for */
    uint32_t mark;
    uint32_t options;
    uint16_t option_count, option;
    uint16_t thread;
    bool is_free; /* whoever is chosen: the one before could not go on */
    struct sleepers sleepers;   /* before this choice */
    struct footprint footprint; /* of the first option */
};

struct fault {
    uint32_t cost;
    uint32_t step_count; /* it is within the last of so many steps */
    bool taken;
};

struct exhaustive {
    struct exhaustive_options options;
    struct exhaustive_counts counts;
    struct causality *causality;
    struct map states; /* class, and who goes on, to the least cost */
    bool begun, over;

    uint32_t cost;
    struct sleepers sleepers; /* now */
    uint32_t step_count, fault_count, option_count;
    uint32_t step_cursor, fault_cursor; /* how far the run has followed the stacks */
    uint32_t event_mark;                /* where the events of the current step begin */
    bool known;                         /* the run ends where another one went on */
    bool put_aside;                     /* somebody was, in this run */
    bool lost;                          /* the run is too long */
    struct step steps[STEPS_MAX];
    struct fault faults[FAULTS_MAX];
    uint16_t threads[OPTIONS_MAX];
};

/* Of a preemption, or of a fault. */
static inline uint32_t price(const struct exhaustive *search)
{
    return search->options.preemptions_max == EXHAUSTIVE_UNBOUNDED ? 0 : 1;
}

static inline bool is_affordable(const struct exhaustive *search, uint32_t cost)
{
    return price(search) == 0 || cost < search->options.preemptions_max;
}

/* exhaustive_run.c */
/* Follows the choices on the stacks, and then goes on by itself, putting its own on top. */
struct strategy *exhaustive_strategy(struct exhaustive *search);
/* Takes in the step that has just been made. */
void exhaustive_end_step(struct exhaustive *search);
/* Who sleeps after the choice of that step, which is the last. */
void exhaustive_set_sleepers(struct exhaustive *search, const struct step *step);

#endif
