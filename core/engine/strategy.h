/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A strategy picks who runs next and for how many steps, and where faults go. The engine decides
 * what can run and what a deadlock is: a strategy is never asked without a choice.
 */
#ifndef CORE_ENGINE_STRATEGY_H
#define CORE_ENGINE_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/prng.h"
#include "core/engine/plan.h"
#include "core/engine/thread_set.h"

struct choice {
    const struct thread_set *runnable; /* never empty */
    const struct thread_set *sleeping; /* they wait for the clock only: picking one moves it */
    uint32_t current;  /* who ran last */
    uint64_t step;     /* how many steps the run has made */
};

struct strategy {
    const char *name, *about;
    /* True: ask again as soon as a thread wakes up, not only when the segment ends. */
    bool asks_on_wake;
    /* With fault_gap, too, the plan's faults are injected by name. */
    bool takes_plan_faults;
    /* Those of fault_gap do not come yet, and points are not counted. */
    bool draws_no_faults;
    /* It makes a run that has been made: what is found there must not depend on the runs before. */
    bool replays;
    /* A run begins; draws from the seed of strategy_seed(), if it draws. */
    void (*begin)(struct strategy *strategy, const struct plan *plan);
    /* Picks one of choice->runnable and choice->sleeping, and for how many steps (>= 1). False: the
     * plan asks for what is not there (the run diverged). */
    bool (*next)(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment);
    /* The run is over. May be NULL. */
    void (*end)(struct strategy *strategy);
    /* How many points that are open to this fault to let pass before the next is injected;
     * UINT32_MAX: no more. *value: as in struct plan_fault. NULL: the plan's faults are injected,
     * by name, and no others. */
    uint32_t (*fault_gap)(struct strategy *strategy, enum fault_kind kind, int64_t *value);
    /* Whether this fault, which has no size, is to be injected at this very point, besides those of
     * fault_gap. May be NULL. */
    bool (*fault_here)(struct strategy *strategy, enum fault_kind kind);
};

/* Strategies by row: the portfolio, "random", "pct", ... Not those that need input: strategy_replay,
 * strategy_follow, strategy_bytes, strategy_steer. */
uint32_t strategy_count(void);
struct strategy *strategy_at(uint32_t index);
/* NULL if there is none of that name. */
struct strategy *strategy_find(const char *name);

struct portfolio_pair {
    const char *walk, *pause; /* names; pause NULL: nobody is kept back */
    uint32_t permille;        /* how many of 1,000 runs it would get next */
};
/* False: the portfolio has not so many. */
bool portfolio_pair(uint32_t index, struct portfolio_pair *pair);

struct prediction;
/* Towards what was predicted; it must outlive the runs. */
struct strategy *strategy_steer(const struct prediction *prediction);

/* The seed of the next run, for strategies that draw: call before engine_run(). */
void strategy_seed(uint64_t seed);

/* Some learn from the runs before: from here on they know of none, as in a new process. */
void strategy_forget(void);

/* By how much the clock jumps or a wake-up is late, after what time a wait ends: a plan_fault's value. */
int64_t faults_draw_size(enum fault_kind kind, struct prng *prng);

/* Follows plan->segments and plan->faults exactly; what cannot be followed is VERDICT_DIVERGED. */
struct strategy *strategy_replay(void);
/* As strategy_replay(), but skips what cannot be followed: for shrinking. */
struct strategy *strategy_replay_lenient(void);
/* As strategy_replay(), and writes into to->segments, which are not those of the plan, a
 * schedule that makes the same run in as few segments as can be: where the fixed order does it,
 * they flow. */
struct strategy *strategy_condense(struct plan *to);
/* Follows plan->segments as far as it can, with plan->faults; then decides as `after` does, which draws
 * by the seed. */
struct strategy *strategy_follow(struct strategy *after);
/* Decisions from the bytes, and after their end a random walk by the seed. The bytes must outlive the
 * run. Any bytes will do. */
struct strategy *strategy_bytes(const uint8_t *bytes, size_t size);

#endif
