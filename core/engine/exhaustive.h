/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All schedules of one program with at most so many preemptions, one run for each that matters:
 * depth first, from the start each time (stateless model checking: Godefroid, "Model checking for
 * programming languages using VeriSoft", POPL 1997).
 *
 * A preemption is a switch away from a thread that could go on (context bounding: Musuvathi,
 * Qadeer, "Iterative context bounding for systematic testing of multithreaded programs", PLDI
 * 2007), or an injected fault without a size: each point where one could happen is a choice. Time
 * passes only when nothing can run: a sleeper is never woken early.
 *
 * A thread that goes on for 400 steps in one go while others could run is put aside, and that costs
 * nothing: it goes round and round, and no kernel lets others wait for ever (fair schedules:
 * Musuvathi, Qadeer, "Fair stateless model checking", PLDI 2008). What it would do if it went on is
 * not explored; such schedules are counted.
 *
 * What is left out with `reduce`, and why nothing is lost. Two schedules are the same if they
 * differ in the order of steps only that do not depend on each other (causality.h). For every
 * schedule within the bound one that is the same, and within the bound, is made. Plain dynamic
 * partial-order reduction does not have that property under a bound, for the schedule that stands
 * for others may have more preemptions than they have (Coons, Musuvathi, McKinley, "Bounded
 * partial-order reduction", OOPSLA 2013). These two rules have it:
 *
 *   1. States are remembered by class (Musuvathi, Qadeer, "Partial-order reduction for
 *      context-bounded state exploration", MSR-TR-2007-12). A run is cut short where all that can
 *      follow is known: the same class was there before with no more preemptions, and the same
 *      thread could go on for free, or there was one preemption less, which makes up for another
 *      thread.
 *   2. A thread that is preempted sleeps until something is done on which its next step depends
 *      (sleep sets: Godefroid, "Partial-order methods", 1996). Who sleeps is not chosen: the
 *      schedule would be the same as the one in which that step comes before the preemption, and
 *      that one has no more preemptions: its preemption comes a step later, or is none, if the step
 *      makes the thread wait. It comes first in the order of the search, so it was made, or it is
 *      again the same as an earlier one. Sleep sets in general do not have that: who waits because
 *      another was explored first may have to be preempted for it. So only the preempted sleep.
 *
 *   The two go together: of a state that is remembered, what its sleepers could do next is known,
 *   too, by rule 2, if not from that state.
 *
 * It rests on the footprints of causality.h being complete, and on two classes not to meet in one
 * hash. A failing run says nothing of what would have come after it, so that all were explored is a
 * claim about programs without a finding.
 */
#ifndef CORE_ENGINE_EXHAUSTIVE_H
#define CORE_ENGINE_EXHAUSTIVE_H

#include "core/engine/engine.h"

#define EXHAUSTIVE_UNBOUNDED UINT32_MAX
#define EXHAUSTIVE_NAME "exhaustive"
#define EXHAUSTIVE_ABOUT "every schedule of small programs, up to a number of preemptions"

struct exhaustive_options {
    uint32_t preemptions_max; /* or EXHAUSTIVE_UNBOUNDED */
    bool reduce;              /* false: every single schedule, for comparison */
};

struct exhaustive_counts {
    uint64_t runs;      /* of the engine, those that were cut short included */
    uint64_t schedules; /* that came to their end; since the search last began (again) */
    uint64_t cut_off;   /* of these, after too many steps: what follows was not explored */
    uint64_t put_aside; /* of these, with a thread that went on for too long while others could */
    uint64_t steps;
    bool bounded;       /* with more preemptions there would be more schedules */
};

struct exhaustive;

/* NULL: no memory. */
struct exhaustive *exhaustive_new(void);
void exhaustive_free(struct exhaustive *search);

/* Begins with another program. */
void exhaustive_program(struct exhaustive *search);
/* Begins the search, of the same program as before or another one, within that bound. */
void exhaustive_begin(struct exhaustive *search, const struct exhaustive_options *options);

/* Makes the next run to the end of a schedule, and those before it that are cut short. False: there
 * is none left, and *outcome is of no use. The engine's options say which faults may be injected,
 * and how many steps are too many. */
bool exhaustive_next(struct exhaustive *search, const struct wedge_subject *subject,
                     const struct plan *plan, const struct engine_options *engine_options,
                     struct outcome *outcome);

const struct exhaustive_counts *exhaustive_counts(const struct exhaustive *search);
/* The class of the schedule that was made last. */
uint64_t exhaustive_class(const struct exhaustive *search);

#endif
