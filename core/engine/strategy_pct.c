/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCT, probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010):
 * threads have random priorities, the highest that can run runs, and at d - 1 random steps the
 * running thread drops below all others. d and the expected length of the run are drawn per run.
 * Finds a bug of depth d in a run of k steps and n threads with probability >= 1 / (n k^(d-1)).
 */
#include "core/engine/strategy_internal.h"

#include "core/engine/engine.h"

enum { CHANGES_MAX = 4 };

static uint32_t priorities[ENGINE_THREADS_MAX]; /* 0: not drawn yet */
static uint64_t change_steps[CHANGES_MAX];
static uint32_t change_count, changes_done;
static uint32_t lowest; /* below every drawn priority; shrinks at each change */

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    for (int i = 0; i < ENGINE_THREADS_MAX; i++)
        priorities[i] = 0;
    uint32_t length = 32u << prng_below(&strategy_prng, 6);
    change_count = prng_below(&strategy_prng, CHANGES_MAX + 1);
    for (uint32_t i = 0; i < change_count; i++)
        change_steps[i] = prng_below(&strategy_prng, length);
    for (uint32_t i = 1; i < change_count; i++)
        for (uint32_t j = i; j > 0 && change_steps[j - 1] > change_steps[j]; j--) {
            uint64_t swap = change_steps[j];
            change_steps[j] = change_steps[j - 1];
            change_steps[j - 1] = swap;
        }
    changes_done = 0;
    lowest = 1u << 16;
    faults_draw_odds();
}

static uint32_t highest(const struct thread_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (priorities[set->members[i]] == 0)
            priorities[set->members[i]] =
                (1u << 16) + 1 + prng_below(&strategy_prng, 1u << 30);
    return highest_of(set, priorities);
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    while (changes_done < change_count && change_steps[changes_done] <= choice->step) {
        changes_done++;
        priorities[choice->current] = --lowest;
    }
    segment->thread = (uint16_t)highest(choice->runnable);
    segment->steps = UINT32_MAX;
    if (changes_done < change_count)
        segment->steps = (uint32_t)(change_steps[changes_done] - choice->step);
    return true;
}

struct strategy strategy_pct = {
    .name = "pct",
    .about = "random priorities with a few random changes (PCT)",
    .asks_on_wake = true,
    .begin = begin,
    .next = next,
    .fault_gap = faults_draw_gap,
};
