/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run of the exhaustive search: it follows the stacks, and where they end it goes on by itself.
 * The current thread goes on while it can, then the lowest that can; no faults. What else could be
 * chosen goes onto the stacks. It ends where all that can follow is known.
 */
#include "core/engine/exhaustive_internal.h"
#include "core/engine/internal.h"

static struct exhaustive *running; /* whose run it is */

/* --- states --- */

static uint32_t *least_cost(struct exhaustive *search, uint64_t key)
{
    return map_at(&search->states, key != 0 ? key : 1);
}

/* A state has two keys: the class, where whoever is next goes on for free; and the class with the
 * thread that goes on for free where others cost. Who gets there by the one with a preemption more
 * can do all that can be done by the other. False: what can follow is known. */
static bool enter_state(struct exhaustive *search, uint32_t current, bool is_free)
{
    uint64_t anybody = causality_class(search->causality);
    uint64_t only = anybody + (1 + current) * 0x9e3779b97f4a7c15u;
    uint32_t cost = search->cost, more = is_free ? 0 : price(search);
    if (*least_cost(search, anybody) <= cost)
        return false;
    if (more > 0) {
        if (*least_cost(search, only) <= cost)
            return false;
        *least_cost(search, only) = cost;
    }
    uint32_t *least = least_cost(search, anybody);
    if (*least > cost + more)
        *least = cost + more;
    return true;
}

/* --- steps --- */

/* Which of the points in the last step had a fault. */
static uint64_t faults_of_step(const struct exhaustive *search)
{
    uint32_t first = search->fault_count;
    while (first > 0 && search->faults[first - 1].step_count == search->step_count)
        first--;
    uint64_t choices = 0;
    for (uint32_t i = first; i < search->fault_count; i++)
        if (search->faults[i].taken)
            choices = choices * FAULTS_MAX + i - first + 1;
    return choices;
}

static bool is_asleep(const struct exhaustive *search, uint32_t thread)
{
    for (uint32_t i = 0; i < search->sleepers.count; i++)
        if (search->sleepers.items[i].thread == thread)
            return true;
    return false;
}

static void wake_sleepers(struct exhaustive *search, const struct footprint *footprint)
{
    struct sleepers *sleepers = &search->sleepers;
    for (uint32_t i = sleepers->count; i-- > 0;)
        if (footprints_meet(&search->steps[sleepers->items[i].step].footprint, footprint))
            sleepers->items[i] = sleepers->items[--sleepers->count];
}

/* Those from before that choice, and who is preempted by it. */
void exhaustive_set_sleepers(struct exhaustive *search, const struct step *step)
{
    struct sleepers *sleepers = &search->sleepers;
    *sleepers = step->sleepers;
    if (!search->options.reduce || step->is_free || step->option == 0 ||
        sleepers->count == SLEEPERS_MAX)
        return;
    sleepers->items[sleepers->count].thread = search->threads[step->options];
    sleepers->items[sleepers->count++].step = (uint16_t)(search->step_count - 1);
}

void exhaustive_end_step(struct exhaustive *search)
{
    struct step *step = &search->steps[search->step_count - 1];
    uint32_t count;
    const struct trace_event *trace = engine_trace(&count);
    search->lost |= count == TRACE_MAX;
    struct footprint footprint;
    causality_add(search->causality, step->thread, faults_of_step(search),
                  trace + search->event_mark, count - search->event_mark, &footprint);
    if (step->option == 0)
        footprint_add(&step->footprint, &footprint);
    wake_sleepers(search, &footprint);
    search->event_mark = count;
}

static void begin_step(struct exhaustive *search)
{
    engine_trace(&search->event_mark);
    causality_listen();
}

/* Of the thread that made the last step. */
enum turn {
    TURN_STOPPED, /* it waits, or has ended; who waited for the clock may be back */
    TURN_IS_OVER, /* it has gone on for too long while others could */
    TURN_GOES_ON,
};

static enum turn turn_of(const struct exhaustive *search, const struct choice *choice)
{
    uint32_t count;
    const struct trace_event *trace = engine_trace(&count);
    if (search->step_count == 0 || !thread_set_has(choice->runnable, choice->current) ||
        (count > search->event_mark && trace[count - 1].waits))
        return TURN_STOPPED;
    uint64_t slice = choice->step - search->steps[search->step_count - 1].slice;
    return slice >= SLICE_MAX && choice->runnable->count > 1 ? TURN_IS_OVER : TURN_GOES_ON;
}

/* Who can be next, the one first who is if nobody decides otherwise. Returns how many. */
static uint32_t list_options(const struct exhaustive *search, const struct choice *choice,
                             enum turn turn, bool is_last, uint16_t *threads)
{
    uint32_t count = 0;
    if (turn == TURN_GOES_ON)
        threads[count++] = (uint16_t)choice->current;
    if (turn == TURN_GOES_ON && is_last)
        return count;
    uint32_t thread = thread_set_lowest(choice->runnable, 0);
    for (; thread < ENGINE_THREADS_MAX; thread = thread_set_lowest(choice->runnable, thread + 1))
        if ((turn == TURN_STOPPED || thread != choice->current) && !is_asleep(search, thread))
            threads[count++] = (uint16_t)thread;
    return count;
}

/* False: all who could be next are asleep. With no preemption left a thread goes on until it has to
 * wait, or its time is up. */
static bool push_step(struct exhaustive *search, const struct choice *choice, enum turn turn)
{
    bool is_last = !is_affordable(search, search->cost);
    uint16_t *threads = &search->threads[search->option_count];
    uint32_t count = list_options(search, choice, turn, is_last, threads);
    if (count == 0)
        return false;
    uint32_t number = (uint32_t)choice->step, slice = number;
    if (turn == TURN_GOES_ON)
        slice = search->steps[search->step_count - 1].slice;
    search->steps[search->step_count++] =
        (struct step){ .cost = search->cost,
                       .number = number,
                       .slice = slice,
                       .length = is_last ? SLICE_MAX - (number - slice) % SLICE_MAX : 1,
                       .mark = causality_mark(search->causality),
                       .options = search->option_count,
                       .option_count = (uint16_t)count,
                       .thread = threads[0],
                       .is_free = turn != TURN_GOES_ON,
                       .sleepers = search->sleepers };
    search->option_count += count;
    search->counts.bounded |= is_last;
    search->step_cursor = search->step_count;
    begin_step(search);
    return true;
}

/* As many steps of those that are chosen as are one segment; the last choice by itself, for its
 * events have to be told from those before. */
static void follow(struct exhaustive *search, struct plan_segment *segment)
{
    uint32_t first = search->step_cursor, next = first + 1, last = search->step_count - 1;
    const struct step *steps = search->steps;
    uint32_t length = steps[first].length;
    if (length == 1)
        for (; next < last && !steps[next].is_free && steps[next].length == 1 &&
               steps[next].thread == steps[first].thread; next++)
            length++;
    *segment = (struct plan_segment){ .thread = steps[first].thread, .steps = length };
    search->step_cursor = next;
    if (first == last)
        begin_step(search);
}

/* Whether to look at the state here: where there is a choice. */
static bool state_counts(const struct exhaustive *search, const struct choice *choice,
                         enum turn turn)
{
    if (!search->options.reduce || choice->runnable->count == 1 ||
        causality_is_lost(search->causality))
        return false;
    return turn == TURN_STOPPED ||
           (turn == TURN_GOES_ON && is_affordable(search, search->cost));
}

/* --- what the engine asks --- */

static void strategy_begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    running->step_cursor = running->fault_cursor = 0;
    running->known = running->lost = running->put_aside = false;
}

static bool strategy_next(struct strategy *strategy, const struct choice *choice,
                          struct plan_segment *segment)
{
    (void)strategy;
    struct exhaustive *search = running;
    if (search->step_cursor < search->step_count) {
        follow(search, segment);
        return true;
    }
    enum turn turn = turn_of(search, choice);
    if (search->step_count > 0)
        exhaustive_end_step(search);
    if (search->step_count == STEPS_MAX ||
        search->option_count + ENGINE_THREADS_MAX > OPTIONS_MAX) {
        search->lost = true;
        return false;
    }
    search->put_aside |= turn == TURN_IS_OVER;
    if (state_counts(search, choice, turn))
        search->known = !enter_state(search, choice->current, turn == TURN_STOPPED);
    if (!search->known)
        search->known = !push_step(search, choice, turn);
    if (search->known)
        return false;
    const struct step *step = &search->steps[search->step_count - 1];
    *segment = (struct plan_segment){ .thread = step->thread, .steps = step->length };
    return true;
}

static uint32_t no_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value)
{
    (void)strategy;
    (void)kind;
    (void)value;
    return UINT32_MAX;
}

static bool strategy_fault_here(struct strategy *strategy, enum fault_kind kind)
{
    (void)strategy;
    (void)kind;
    struct exhaustive *search = running;
    if (search->fault_cursor < search->fault_count)
        return search->faults[search->fault_cursor++].taken;
    if (engine.fair)
        return false;
    if (!is_affordable(search, search->cost)) {
        search->counts.bounded = true;
        return false;
    }
    if (search->fault_count == FAULTS_MAX) {
        search->lost = true;
        return false;
    }
    search->faults[search->fault_count++] =
        (struct fault){ .cost = search->cost, .step_count = search->step_count };
    search->fault_cursor = search->fault_count;
    return false;
}

static struct strategy follower = {
    .name = EXHAUSTIVE_NAME,
    .about = EXHAUSTIVE_ABOUT,
    .begin = strategy_begin,
    .next = strategy_next,
    .fault_gap = no_gap,
    .fault_here = strategy_fault_here,
};

struct strategy *exhaustive_strategy(struct exhaustive *search)
{
    running = search;
    return &follower;
}
