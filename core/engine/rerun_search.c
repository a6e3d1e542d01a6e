/* SPDX-License-Identifier: BSD-3-Clause */
/* Reruns: the search over states, depth first, each state once. */
#include <string.h>

#include "core/engine/rerun_internal.h"

/* --- choices: a number each ---
 * [0, n): the strand `order[choice]` moves. Then: a handler begins on a thread. Then: a strand's
 * signal wakes a certain other one. */

static uint64_t choice_count(const struct rerun *rerun)
{
    uint64_t n = rerun->strand_count;
    return n + (uint64_t)rerun->handlers.count * rerun->hosts.count +
           (rerun->strands->has_conditions ? n * n : 0);
}

static bool may_go(const struct rerun *rerun, uint32_t strand)
{
    return rerun_position(rerun, strand) + 1 < rerun->limits[strand] &&
           rerun_is_at_work(rerun, strand) && !rerun_is_beyond(rerun, strand);
}

static bool has_waiter(const struct rerun *rerun, uint32_t condition)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++)
        if (rerun_is_queued(rerun, i, condition))
            return true;
    return false;
}

/* After what the strand did under the lock that it would not have got. */
static uint32_t after_failed_try(const struct rerun *rerun, uint32_t strand)
{
    const struct strand *what = rerun_strand(rerun, strand);
    uint32_t position = rerun_position(rerun, strand), depth = 0;
    for (uint32_t i = position; i < what->op_count; i++) {
        const struct op *op = &what->ops[i];
        if (op->object != what->ops[position].object || op->kind > OP_RELEASE)
            continue;
        if (op->kind == OP_RELEASE && --depth == 0)
            return i + 1;
        depth += op->kind == OP_ACQUIRE || op->kind == OP_TRY;
    }
    return STRAND_NONE;
}

static bool try_to_fail(struct rerun *rerun, uint32_t strand)
{
    const struct strand *what = rerun_strand(rerun, strand);
    if (what->ops[rerun_position(rerun, strand)].kind != OP_TRY)
        return false;
    uint32_t after = after_failed_try(rerun, strand);
    if (after >= rerun->limits[strand])
        return false;
    rerun_set_position(rerun, strand, after);
    if (after == what->op_count && what->ended)
        rerun_end(rerun, strand);
    return true;
}

/* A signal with somebody to choose from is not a plain move. */
static bool try_move(struct rerun *rerun, uint32_t strand)
{
    if (!may_go(rerun, strand))
        return false;
    if (!rerun_is_possible(rerun, strand))
        return rerun_queue(rerun, strand) || try_to_fail(rerun, strand);
    const struct op *op = &rerun_strand(rerun, strand)->ops[rerun_position(rerun, strand)];
    if (op->kind == OP_SIGNAL && has_waiter(rerun, op->object))
        return false;
    rerun_move(rerun, strand);
    return true;
}

static bool try_signal(struct rerun *rerun, uint32_t strand, uint32_t waiter)
{
    if (!may_go(rerun, strand))
        return false;
    const struct op *op = &rerun_strand(rerun, strand)->ops[rerun_position(rerun, strand)];
    if (op->kind != OP_SIGNAL || !rerun_is_queued(rerun, waiter, op->object))
        return false;
    rerun_set_signalled(rerun, waiter);
    rerun_move(rerun, strand);
    return true;
}

static bool try_choice(struct rerun *rerun, uint64_t choice)
{
    uint64_t n = rerun->strand_count;
    if (choice < n)
        return try_move(rerun, rerun->order[choice]);
    choice -= n;
    uint64_t hosts = rerun->hosts.count;
    if (choice < rerun->handlers.count * hosts) {
        uint32_t handler = rerun->handlers.items[choice / hosts];
        uint32_t host = rerun->hosts.items[choice % hosts];
        if (rerun->limits[handler] == 0 || !rerun_can_begin(rerun, handler, host))
            return false;
        rerun_begin_handler(rerun, handler, host);
        return true;
    }
    choice -= rerun->handlers.count * hosts;
    return try_signal(rerun, (uint32_t)(choice / n), (uint32_t)(choice % n));
}

/* An op that only gives back, of a thread that nothing more can interrupt: nothing is lost if it
 * goes first. */
static bool goes_first(const struct rerun *rerun, uint32_t strand)
{
    if (!may_go(rerun, strand))
        return false;
    const struct strand *what = rerun_strand(rerun, strand);
    uint8_t kind = what->ops[rerun_position(rerun, strand)].kind;
    if (kind != OP_RELEASE && kind != OP_POST && kind != OP_START && kind != OP_EXIT)
        return false;
    return !rerun_strand(rerun, rerun_host(rerun, strand))->lets_in;
}

static bool try_first(struct rerun *rerun)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        if (goes_first(rerun, i)) {
            rerun_move(rerun, i);
            return true;
        }
    }
    return false;
}

/* --- search --- */

static bool met_grow(struct rerun *rerun)
{
    uint32_t capacity = rerun->met.capacity < 1024 ? 1024 : rerun->met.capacity * 2;
    uint64_t *items = calloc(capacity, sizeof *items), *old = rerun->met.items;
    if (items == NULL)
        return false;
    for (uint32_t i = 0; i < rerun->met.capacity; i++) {
        if (old[i] == 0)
            continue;
        uint32_t slot = (uint32_t)old[i] & (capacity - 1);
        while (items[slot] != 0)
            slot = (slot + 1) & (capacity - 1);
        items[slot] = old[i];
    }
    free(old);
    rerun->met.items = items;
    rerun->met.capacity = capacity;
    return true;
}

/* Whether this state is new; it no longer is. */
static bool is_new(struct rerun *rerun)
{
    if (rerun->met_count * 2 >= rerun->met.capacity && !met_grow(rerun)) {
        rerun->short_of_memory = true;
        return false;
    }
    uint64_t hash = rerun->hash | 1;
    uint32_t mask = rerun->met.capacity - 1, slot = (uint32_t)hash & mask;
    while (rerun->met.items[slot] != 0) {
        if (rerun->met.items[slot] == hash)
            return false;
        slot = (slot + 1) & mask;
    }
    rerun->met.items[slot] = hash;
    rerun->met_count++;
    return true;
}

struct visit {
    /* True: this is what was looked for. */
    bool (*see)(void *argument, struct rerun *rerun);
    void *argument;
};

static bool push_frame(struct rerun *rerun)
{
    if (!ARRAY_ROOM(&rerun->frames, 2)) {
        rerun->short_of_memory = true;
        return false;
    }
    rerun->frames.items[rerun->frames.count++] = rerun->trail.count;
    rerun->frames.items[rerun->frames.count++] = 0; /* the next choice */
    return true;
}

/* Depth first, from the state that it is in. A frame is a mark of the trail and the next choice. */
static enum rerun_answer search(struct rerun *rerun, const struct visit *visit, uint32_t states)
{
    uint64_t choices = choice_count(rerun);
    if (rerun->met.items != NULL)
        memset(rerun->met.items, 0, rerun->met.capacity * sizeof *rerun->met.items);
    rerun->met_count = 0;
    rerun->frames.count = 0;
    if (!is_new(rerun) || !push_frame(rerun))
        return RERUN_UNKNOWN;
    if (visit->see(visit->argument, rerun))
        return RERUN_YES;
    while (rerun->frames.count > 0) {
        uint64_t *frame = &rerun->frames.items[rerun->frames.count - 2];
        rerun_go_back(rerun, (uint32_t)frame[0]);
        bool moved = frame[1] == 0 && try_first(rerun);
        if (moved)
            frame[1] = choices;
        while (!moved && frame[1] < choices)
            moved = try_choice(rerun, frame[1]++);
        if (!moved) {
            rerun->frames.count -= 2;
            continue;
        }
        if (!is_new(rerun))
            continue;
        if (visit->see(visit->argument, rerun))
            return RERUN_YES;
        if (rerun->met_count >= states || rerun->short_of_memory || !push_frame(rerun))
            return RERUN_UNKNOWN;
    }
    return rerun->short_of_memory ? RERUN_UNKNOWN : RERUN_NO;
}

/* --- reaching goals --- */

struct reach {
    const struct rerun_goal *goals;
    uint32_t count;
};

static bool is_at_goal(const struct rerun *rerun, const struct rerun_goal *goal)
{
    if (goal->before)
        return true; /* its limit sees to that */
    if (!rerun_is_alive(rerun, goal->strand) || rerun_position(rerun, goal->strand) != goal->op ||
        (goal->waits && rerun_is_possible(rerun, goal->strand)))
        return false;
    return goal->host == STRAND_NONE || (rerun_host(rerun, goal->strand) == goal->host &&
                                         rerun_position(rerun, goal->host) == goal->host_op);
}

static bool is_reached(void *argument, struct rerun *rerun)
{
    const struct reach *reach = argument;
    for (uint32_t i = 0; i < reach->count; i++)
        if (!is_at_goal(rerun, &reach->goals[i]))
            return false;
    return true;
}

/* Lets `strand` go to that position, if it may not go so far already. True: that is news. */
static bool widen(struct rerun *rerun, uint32_t strand, uint32_t position)
{
    if (rerun->limits[strand] > position)
        return false;
    rerun->limits[strand] = position + 1;
    return true;
}

/* The first place from there on where the strand has given back what it took. */
static uint32_t calm_after(const struct rerun *rerun, uint32_t strand, uint32_t position)
{
    const struct strand *what = rerun_strand(rerun, strand);
    uint32_t held = 0;
    for (uint32_t i = 0; i < what->op_count; i++) {
        uint8_t kind = what->ops[i].kind;
        if (i >= position && held == 0)
            return i;
        if (kind == OP_ACQUIRE || kind == OP_TRY)
            held++;
        else if ((kind == OP_RELEASE || kind == OP_QUEUE) && held > 0)
            held--;
    }
    return what->op_count;
}

/* So far, and on until it keeps nobody out. */
static bool widen_to_calm(struct rerun *rerun, uint32_t strand, uint32_t position)
{
    return rerun->limits[strand] <= position &&
           widen(rerun, strand, calm_after(rerun, strand, position));
}

/* Who is needed so that `op` can be done: who posts, signals, begins or ends. */
static bool widen_for(struct rerun *rerun, const struct op *op)
{
    bool news = false;
    bool waits = op->kind == OP_WAIT || op->kind == OP_WAKE || op->kind == OP_TRYWAIT;
    if (op->kind == OP_JOIN && op->object < rerun->strand_count)
        return widen(rerun, op->object, rerun_strand(rerun, op->object)->op_count);
    for (uint32_t i = 0; waits && i < rerun->strand_count; i++) {
        const struct strand *other = rerun_strand(rerun, i);
        for (uint32_t j = other->op_count; j-- > 0;) {
            uint8_t kind = other->ops[j].kind;
            if (other->ops[j].object == op->object &&
                (kind == OP_POST || kind == OP_SIGNAL || kind == OP_BROADCAST)) {
                news = widen_to_calm(rerun, i, j + 1) || news;
                break;
            }
        }
    }
    return news;
}

/* The threads that a handler may interrupt, up to their ends. */
static bool widen_for_hosts(struct rerun *rerun, uint32_t handler)
{
    bool news = false;
    uint32_t context = rerun_strand(rerun, handler)->context;
    for (uint32_t i = 0; context != STRAND_NONE && i < rerun->strand_count; i++)
        if (strand_opens(rerun->strands, i, context))
            news = widen(rerun, i, rerun_strand(rerun, i)->op_count - 1) || news;
    return news;
}

static bool widen_for_start(struct rerun *rerun, uint32_t strand)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        const struct strand *other = rerun_strand(rerun, i);
        for (uint32_t j = 0; j < other->op_count; j++)
            if (other->ops[j].kind == OP_START && other->ops[j].object == strand)
                return widen_to_calm(rerun, i, j + 1);
    }
    return false;
}

/* Only the strands that the goals depend on may move, and none goes beyond its goal. */
static void set_limits(struct rerun *rerun, const struct reach *reach)
{
    memset(rerun->limits, 0, rerun->strand_count * sizeof *rerun->limits);
    uint32_t first = 0;
    for (uint32_t i = 0; i < reach->count; i++) {
        const struct rerun_goal *goal = &reach->goals[i];
        if (goal->before)
            continue;
        widen(rerun, goal->strand, goal->op);
        if (goal->host != STRAND_NONE)
            widen(rerun, goal->host, goal->host_op);
    }
    for (bool news = true; news;) {
        news = false;
        for (uint32_t i = 0; i < rerun->strand_count; i++) {
            if (rerun->limits[i] == 0 && i > 0)
                continue;
            news = widen_for_start(rerun, i) || news;
            news = widen_for_hosts(rerun, i) || news;
            const struct strand *what = rerun_strand(rerun, i);
            for (uint32_t j = 0; j + 1 < rerun->limits[i] && j < what->op_count; j++)
                news = widen_for(rerun, &what->ops[j]) || news;
        }
    }
    for (uint32_t i = 0; i < reach->count; i++) {
        const struct rerun_goal *goal = &reach->goals[i];
        if (!goal->before || rerun->limits[goal->strand] > goal->op)
            rerun->limits[goal->strand] = goal->op + 1;
        rerun->order[first++] = goal->strand;
        if (goal->host != STRAND_NONE && !goal->before)
            rerun->limits[goal->host] = goal->host_op + 1;
    }
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        bool listed = false;
        for (uint32_t j = 0; j < reach->count; j++)
            listed = listed || reach->goals[j].strand == i;
        if (!listed)
            rerun->order[first++] = i;
    }
}

/* How much of an event the goals must have taken on balance, and how much others can post. */
static bool event_suffices(const struct rerun *rerun, const struct reach *reach, uint32_t object)
{
    int64_t left = rerun->strands->objects.items[object].initial;
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        const struct strand *what = rerun_strand(rerun, i);
        bool is_goal = false;
        for (uint32_t j = 0; j < reach->count; j++)
            is_goal = is_goal || (!reach->goals[j].before &&
                                  (reach->goals[j].strand == i || reach->goals[j].host == i));
        for (uint32_t j = 0; j + 1 < rerun->limits[i] && j < what->op_count; j++) {
            if (what->ops[j].object != object)
                continue;
            left += what->ops[j].kind == OP_POST;
            left -= is_goal && what->ops[j].kind == OP_WAIT;
        }
    }
    return left >= 0;
}

/* What can be seen without a search: a balance that does not come out. */
static bool events_suffice(const struct rerun *rerun, const struct reach *reach)
{
    for (uint32_t i = 0; i < rerun->object_count; i++)
        if (rerun->strands->objects.items[i].kind == OBJECT_EVENT &&
            !event_suffices(rerun, reach, i))
            return false;
    return true;
}

enum rerun_answer rerun_reach(struct rerun *rerun, const struct rerun_goal *goals, uint32_t count,
                              uint32_t states)
{
    struct reach reach = { goals, count };
    rerun_begin(rerun);
    set_limits(rerun, &reach);
    if (!events_suffice(rerun, &reach))
        return RERUN_NO;
    struct visit visit = { is_reached, &reach };
    return search(rerun, &visit, states);
}

/* --- exploring --- */

struct explore {
    void (*found)(void *argument, struct rerun *rerun);
    void *argument;
};

static bool look_for_rest(void *argument, struct rerun *rerun)
{
    const struct explore *explore = argument;
    for (uint32_t i = 0; i < rerun->strand_count; i++)
        if (may_go(rerun, i) && rerun_is_possible(rerun, i))
            return false;
    explore->found(explore->argument, rerun);
    return false;
}

enum rerun_answer rerun_explore(struct rerun *rerun, uint32_t states,
                                void (*found)(void *argument, struct rerun *rerun), void *argument)
{
    struct explore explore = { found, argument };
    rerun_begin(rerun);
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        rerun->limits[i] = UINT32_MAX;
        rerun->order[i] = i;
    }
    struct visit visit = { look_for_rest, &explore };
    return search(rerun, &visit, states);
}
