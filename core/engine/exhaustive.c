/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between two runs the deepest choice that has an option left is changed; what lies above it is
 * forgotten.
 */
#include "core/engine/exhaustive.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/exhaustive_internal.h"
#include "core/engine/internal.h"

static void forget_states(struct exhaustive *search)
{
    struct map *states = &search->states;
    if (states->count > 0)
        memset(states->entries, 0, states->capacity * sizeof *states->entries);
    states->count = 0;
}

/* Between runs, for there is to be no allocation within. False: no memory. */
static bool make_room(struct exhaustive *search)
{
    struct map *states = &search->states;
    if (states->count > STATES_MAX)
        forget_states(search);
    uint32_t capacity = states->capacity < 1 << 12 ? 1 << 12 : states->capacity;
    while (((uint64_t)states->count + 2 * STEPS_MAX) * 2 > capacity)
        capacity *= 2;
    return capacity == states->capacity || map_resize(states, capacity);
}

/* False: no option is left. */
static bool change_step(struct exhaustive *search, struct step *step)
{
    if (step->option + 1 == step->option_count)
        return false;
    step->option++;
    step->thread = search->threads[step->options + step->option];
    step->slice = step->number;
    exhaustive_set_sleepers(search, step);
    search->cost = step->cost + (step->is_free ? 0 : price(search));
    return true;
}

/* Goes back to the deepest choice that has an option left, and takes it. False: there is none. */
static bool change_deepest(struct exhaustive *search)
{
    while (search->step_count > 0) {
        struct step *step = &search->steps[search->step_count - 1];
        struct fault *fault = search->fault_count > 0 ? &search->faults[search->fault_count - 1]
                                                      : NULL;
        if (fault != NULL && fault->step_count == search->step_count) {
            if (!fault->taken) {
                fault->taken = true;
                exhaustive_set_sleepers(search, step);
                search->cost = fault->cost + price(search);
                return true;
            }
            search->fault_count--;
        } else if (change_step(search, step)) {
            return true;
        } else {
            search->step_count--;
            search->option_count = step->options;
        }
    }
    return false;
}

static void restart(struct exhaustive *search)
{
    forget_states(search);
    search->begun = search->over = false;
    search->cost = 0;
    search->sleepers.count = 0;
    search->step_count = search->fault_count = search->option_count = 0;
    search->counts.schedules = search->counts.cut_off = search->counts.put_aside = 0;
    causality_return(search->causality, 0);
}

/* The choices of the next run. False: all have been made. */
static bool advance(struct exhaustive *search)
{
    if (!search->begun) {
        search->begun = true;
        return true;
    }
    if (!change_deepest(search))
        return false;
    causality_return(search->causality, search->steps[search->step_count - 1].mark);
    return true;
}

bool exhaustive_next(struct exhaustive *search, const struct wedge_subject *subject,
                     const struct plan *plan, const struct engine_options *engine_options,
                     struct outcome *outcome)
{
    struct strategy *strategy = exhaustive_strategy(search);
    while (!search->over) {
        if (!advance(search) || !make_room(search)) {
            search->over = true;
            break;
        }
        engine_run(subject, plan, strategy, engine_options, outcome);
        bool lost = search->lost || causality_is_lost(search->causality);
        if (!search->known && !lost && !engine.fair)
            exhaustive_end_step(search);
        causality_stop();
        search->counts.runs++;
        search->counts.steps += outcome->steps;
        if (search->known && !lost)
            continue;
        search->counts.schedules++;
        search->counts.put_aside += search->put_aside;
        search->counts.cut_off += lost || outcome->verdict == VERDICT_BUDGET;
        return true;
    }
    return false;
}

struct exhaustive *exhaustive_new(void)
{
    struct exhaustive *search = calloc(1, sizeof *search);
    if (search == NULL)
        return NULL;
    search->causality = causality_new();
    if (search->causality == NULL) {
        free(search);
        return NULL;
    }
    exhaustive_program(search);
    return search;
}

void exhaustive_free(struct exhaustive *search)
{
    if (search == NULL)
        return;
    causality_free(search->causality);
    map_free(&search->states);
    free(search);
}

void exhaustive_program(struct exhaustive *search)
{
    causality_clear(search->causality);
    search->counts = (struct exhaustive_counts){ 0 };
}

void exhaustive_begin(struct exhaustive *search, const struct exhaustive_options *options)
{
    search->options = *options;
    restart(search);
    search->counts = (struct exhaustive_counts){ 0 };
}

const struct exhaustive_counts *exhaustive_counts(const struct exhaustive *search)
{
    return &search->counts;
}

uint64_t exhaustive_class(const struct exhaustive *search)
{
    return causality_class(search->causality);
}
