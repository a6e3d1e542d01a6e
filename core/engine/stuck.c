/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/stuck.h"

#include <string.h>

enum link {
    LINK_NONE,
    LINK_LOCK,
    LINK_INTERRUPTED,
    LINK_EVENT,
    LINK_GUESS, /* an event that it might have posted, had it gone on: nobody knows what it does */
};

/* The links of a cycle. */
enum { LOCKS = 1 << LINK_LOCK | 1 << LINK_INTERRUPTED, EVENTS = LOCKS | 1 << LINK_EVENT,
       GUESSES = 1 << LINK_LOCK | 1 << LINK_EVENT | 1 << LINK_GUESS };

struct stuck {
    const struct rerun *rerun;
    const struct strands *strands;
    const struct dependencies *dependencies;
    bool final, short_of_memory;
    uint32_t count;
    uint8_t *is_stuck;
    uint32_t *came_from, *queue, *distance; /* of the search for a cycle */
};

static const struct strand *strand_at(const struct stuck *stuck, uint32_t strand)
{
    return &stuck->strands->strands.items[strand];
}

static const struct op *next_op(const struct stuck *stuck, uint32_t strand)
{
    uint32_t position = rerun_position(stuck->rerun, strand);
    const struct strand *what = strand_at(stuck, strand);
    return position < what->op_count ? &what->ops[position] : NULL;
}

static bool waits_for_lock(const struct op *op)
{
    return op->kind == OP_ACQUIRE || op->kind == OP_AWAIT;
}

/* The strand's stay in what `op` of the strand `waiter` waits for, or NULL. */
static const struct acquisition *holds(const struct stuck *stuck, uint32_t strand,
                                       uint32_t waiter, const struct op *op)
{
    uint8_t kind = stuck->strands->objects.items[op->object].lock_kind;
    if (kind == HOOK_LOCK_RECURSIVE &&
        rerun_host(stuck->rerun, strand) == rerun_host(stuck->rerun, waiter))
        return NULL; /* on one stack: they have it together */
    uint32_t held = held_before(stuck->dependencies, strand, rerun_position(stuck->rerun, strand));
    for (; held != STRAND_NONE; held = stuck->dependencies->helds.items[held].next) {
        const struct acquisition *acquisition =
            &stuck->dependencies->acquisitions
                 .items[stuck->dependencies->helds.items[held].acquisition];
        if (acquisition->object == op->object &&
            modes_conflict(kind, op->mode, acquisition->mode))
            return acquisition;
    }
    return NULL;
}

/* What the strand is still to do that lets `op` go on, or NULL. */
static const struct op *post_to_come(const struct stuck *stuck, uint32_t strand,
                                     const struct op *op)
{
    const struct strand *what = strand_at(stuck, strand);
    for (uint32_t i = rerun_position(stuck->rerun, strand); i < what->op_count; i++) {
        uint8_t kind = what->ops[i].kind;
        bool right = op->kind == OP_WAIT ? kind == OP_POST
                                         : kind == OP_SIGNAL || kind == OP_BROADCAST;
        if (right && what->ops[i].object == op->object)
            return &what->ops[i];
    }
    return NULL;
}

static bool is_to_post(const struct stuck *stuck, uint32_t strand, const struct op *op)
{
    return post_to_come(stuck, strand, op) != NULL;
}

static bool is_to_start(const struct stuck *stuck, uint32_t strand, uint32_t child)
{
    const struct strand *what = strand_at(stuck, strand);
    for (uint32_t i = rerun_position(stuck->rerun, strand); i < what->op_count; i++)
        if (what->ops[i].kind == OP_START && what->ops[i].object == child)
            return true;
    return false;
}

static bool has_begun(const struct stuck *stuck, uint32_t strand)
{
    return rerun_is_alive(stuck->rerun, strand) ||
           rerun_position(stuck->rerun, strand) > 0;
}

/* Could come by yet: it runs on and posts, or nobody knows what it does. */
static bool may_help(const struct stuck *stuck, uint32_t strand, const struct op *op)
{
    if (stuck->is_stuck[strand])
        return false;
    if (!has_begun(stuck, strand) && strand_at(stuck, strand)->context != STRAND_NONE) {
        for (uint32_t i = 0; i < stuck->count; i++)
            if (rerun_can_begin(stuck->rerun, strand, i))
                return is_to_post(stuck, strand, op) || !strand_at(stuck, strand)->ended;
        return false;
    }
    return is_to_post(stuck, strand, op) ||
           (rerun_is_alive(stuck->rerun, strand) && !strand_at(stuck, strand)->ended);
}

static bool stays_stuck_at(const struct stuck *stuck, uint32_t strand, const struct op *op)
{
    if (op->kind == OP_JOIN)
        return op->object < stuck->count && stuck->is_stuck[op->object];
    if (waits_for_lock(op)) {
        for (uint32_t i = 0; i < stuck->count; i++)
            if ((stuck->is_stuck[i] || !rerun_is_alive(stuck->rerun, i)) &&
                holds(stuck, i, strand, op) != NULL)
                return true;
        return false;
    }
    for (uint32_t i = 0; i < stuck->count; i++)
        if (may_help(stuck, i, op))
            return false;
    return true;
}

/* Whether it waits at its next op: it has come there. That it is interrupted in its wait is not the
 * only reason then. */
static bool waits_itself(const struct stuck *stuck, uint32_t strand)
{
    return rerun_interrupted_by(stuck->rerun, strand) == STRAND_NONE ||
           (stuck->final && strand_at(stuck, strand)->blocked);
}

static bool stays_stuck(const struct stuck *stuck, uint32_t strand)
{
    if (!has_begun(stuck, strand)) {
        for (uint32_t i = 0; i < stuck->count; i++)
            if (!stuck->is_stuck[i] && is_to_start(stuck, i, strand))
                return false;
        return true;
    }
    uint32_t handler = rerun_interrupted_by(stuck->rerun, strand);
    if (handler != STRAND_NONE && (stuck->is_stuck[handler] || !waits_itself(stuck, strand)))
        return stuck->is_stuck[handler];
    const struct op *op = next_op(stuck, strand);
    return op != NULL && stays_stuck_at(stuck, strand, op);
}

static bool may_be_stuck(const struct stuck *stuck, uint32_t strand)
{
    const struct strand *what = strand_at(stuck, strand);
    if (!has_begun(stuck, strand))
        return what->context == STRAND_NONE;
    if (!rerun_is_alive(stuck->rerun, strand))
        return false;
    if (!rerun_is_at_work(stuck->rerun, strand))
        return true;
    return stuck->final ? what->blocked : !rerun_can_move(stuck->rerun, strand);
}

static bool find_stuck(struct stuck *stuck)
{
    bool any = false;
    for (uint32_t i = 0; i < stuck->count; i++)
        stuck->is_stuck[i] = may_be_stuck(stuck, i);
    for (bool news = true; news;) {
        news = false;
        for (uint32_t i = 0; i < stuck->count; i++) {
            if (stuck->is_stuck[i] && !stays_stuck(stuck, i)) {
                stuck->is_stuck[i] = 0;
                news = true;
            }
        }
    }
    for (uint32_t i = 0; i < stuck->count; i++)
        any = any || (stuck->is_stuck[i] && has_begun(stuck, i));
    return any;
}

/* --- the cycle --- */

/* Why `from` waits for `to`. */
static enum link link_of(const struct stuck *stuck, uint32_t from, uint32_t to)
{
    if (!stuck->is_stuck[from] || !stuck->is_stuck[to] || !has_begun(stuck, from))
        return LINK_NONE;
    if (rerun_interrupted_by(stuck->rerun, from) == to)
        return LINK_INTERRUPTED;
    const struct op *op = next_op(stuck, from);
    if (op == NULL || !waits_itself(stuck, from))
        return LINK_NONE;
    if (waits_for_lock(op))
        return holds(stuck, to, from, op) != NULL ? LINK_LOCK : LINK_NONE;
    if (op->kind == OP_JOIN)
        return op->object == to ? LINK_EVENT : LINK_NONE;
    if (to == from) /* what it posts later does not help it now */
        return LINK_NONE;
    return is_to_post(stuck, to, op)        ? LINK_EVENT
           : !strand_at(stuck, to)->ended ? LINK_GUESS
                                            : LINK_NONE;
}

/* The way from `start` back to it over links of the set `links`. Returns its length, 0 if there is
 * none; came_from[] leads back from `start`. */
static uint32_t shortest_cycle(struct stuck *stuck, uint32_t start, unsigned links)
{
    uint32_t read = 0, written = 0;
    memset(stuck->distance, 0xff, stuck->count * sizeof *stuck->distance);
    stuck->queue[written++] = start;
    while (read < written) {
        uint32_t from = stuck->queue[read++];
        uint32_t so_far = from == start && read == 1 ? 0 : stuck->distance[from];
        for (uint32_t to = 0; to < stuck->count; to++) {
            enum link link = link_of(stuck, from, to);
            if (link == LINK_NONE || (links >> link & 1) == 0 ||
                stuck->distance[to] != UINT32_MAX)
                continue;
            stuck->distance[to] = so_far + 1;
            stuck->came_from[to] = from;
            if (to == start)
                return so_far + 1;
            stuck->queue[written++] = to;
        }
    }
    return 0;
}

static bool find_cycle(struct stuck *stuck, unsigned links, uint32_t *start, uint32_t *length)
{
    *length = 0;
    for (uint32_t i = 0; i < stuck->count; i++) {
        uint32_t cycle = shortest_cycle(stuck, i, links);
        if (cycle > 0 && (*length == 0 || cycle < *length)) {
            *start = i;
            *length = cycle;
        }
    }
    return *length > 0 && shortest_cycle(stuck, *start, links) > 0;
}

/* --- in words --- */

static bool add_edge(struct stuck *stuck, struct prediction *prediction, uint32_t from,
                     uint32_t to, enum link link)
{
    const struct op *op = next_op(stuck, from);
    if (link == LINK_INTERRUPTED)
        return true; /* said with the edge before */
    stuck->short_of_memory = !ARRAY_ROOM(&prediction->edges, 1);
    if (stuck->short_of_memory)
        return false;
    struct prediction_edge *edge = &prediction->edges.items[prediction->edges.count++];
    *edge = (struct prediction_edge){ .why = link == LINK_LOCK ? WHY_HELD : WHY_EVENT,
                                      .wanted_at = op_record(stuck->strands, op)->site,
                                      .wanted_mode = op->mode,
                                      .wanted_record = op->record,
                                      .held_record = STRAND_NONE };
    strand_name(stuck->strands, from, edge->agent);
    op_object_name(stuck->strands, op, edge->wanted);
    if (op->kind != OP_JOIN)
        edge->wanted_class = op_class(stuck->strands, op);
    held_text(stuck->dependencies,
              held_before(stuck->dependencies, from, rerun_position(stuck->rerun, from)),
              edge->holding, sizeof edge->holding);
    if (to == STRAND_NONE)
        return true;
    const struct op *post = op->kind != OP_JOIN ? post_to_come(stuck, to, op) : NULL;
    if (link == LINK_EVENT && post != NULL)
        edge->comes_at = op_record(stuck->strands, post)->site;
    strand_name(stuck->strands, to, edge->holder);
    if (rerun_interrupted_by(stuck->rerun, to) != STRAND_NONE && link == LINK_LOCK)
        edge->why = WHY_INTERRUPTED;
    const struct acquisition *acquisition = link == LINK_LOCK ? holds(stuck, to, from, op) : NULL;
    if (acquisition == NULL)
        return true;
    const struct op *taken = &strand_at(stuck, to)->ops[acquisition->op];
    edge->held_since = op_record(stuck->strands, taken)->site;
    edge->held_mode = acquisition->mode;
    edge->held_record = taken->record;
    op_object_name(stuck->strands, taken, edge->held);
    return true;
}

static bool describe(struct stuck *stuck, uint32_t start, uint32_t length,
                     struct prediction *prediction)
{
    bool interrupted = false, event = false, one_object = true;
    uint32_t object = STRAND_NONE, to = start;
    for (uint32_t i = 0; i < length; i++) { /* backwards; the edges are turned round below */
        uint32_t from = stuck->came_from[to];
        enum link link = link_of(stuck, from, to);
        const struct op *op = next_op(stuck, from);
        interrupted = interrupted || link == LINK_INTERRUPTED;
        event = event || link == LINK_EVENT || link == LINK_GUESS;
        if (link == LINK_LOCK) {
            one_object = one_object && (object == STRAND_NONE || object == op->object);
            object = op->object;
        }
        if (!add_edge(stuck, prediction, from, to, link))
            return false;
        to = from;
    }
    for (uint32_t i = 0, j = prediction->edges.count; i + 1 < j; i++) {
        struct prediction_edge edge = prediction->edges.items[i];
        prediction->edges.items[i] = prediction->edges.items[--j];
        prediction->edges.items[j] = edge;
    }
    prediction->kind = interrupted ? PREDICTION_CONTEXT_INVERSION
                       : event     ? PREDICTION_EVENT_CYCLE
                       : one_object ? PREDICTION_SELF_DEADLOCK
                                    : PREDICTION_CYCLE;
    return true;
}

static bool waits_for_event(const struct stuck *stuck, const struct op *op)
{
    return op->kind == OP_WAIT || op->kind == OP_WAKE ||
           (op->kind == OP_ACQUIRE && stuck->strands->objects.items[op->object].semaphore);
}

/* No cycle: somebody waits for an event that nobody is left to post. */
static bool describe_lost(struct stuck *stuck, struct prediction *prediction)
{
    for (uint32_t i = 0; i < stuck->count; i++) {
        const struct op *op = stuck->is_stuck[i] ? next_op(stuck, i) : NULL;
        if (op == NULL || !has_begun(stuck, i) || !waits_for_event(stuck, op) ||
            rerun_interrupted_by(stuck->rerun, i) != STRAND_NONE)
            continue;
        prediction->kind = PREDICTION_EVENT_CYCLE;
        return add_edge(stuck, prediction, i, STRAND_NONE, LINK_EVENT);
    }
    return false;
}

static bool explain(struct stuck *stuck, struct prediction *prediction)
{
    uint32_t start = 0, length = 0;
    if (!find_stuck(stuck))
        return false;
    if (find_cycle(stuck, LOCKS, &start, &length) || find_cycle(stuck, EVENTS, &start, &length) ||
        find_cycle(stuck, GUESSES, &start, &length))
        return describe(stuck, start, length, prediction);
    return describe_lost(stuck, prediction);
}

enum stuck_answer stuck_explain(const struct rerun *rerun,
                                const struct dependencies *dependencies, bool final,
                                struct prediction *prediction)
{
    struct stuck stuck = { .rerun = rerun, .strands = rerun->strands,
                           .dependencies = dependencies, .final = final,
                           .count = rerun->strand_count };
    uint32_t *words = malloc(stuck.count * 3 * sizeof *words);
    stuck.is_stuck = malloc(stuck.count);
    stuck.came_from = words;
    enum stuck_answer answer = STUCK_NO_MEMORY;
    if (words != NULL && stuck.is_stuck != NULL) {
        stuck.queue = words + stuck.count;
        stuck.distance = words + stuck.count * 2;
        bool done = explain(&stuck, prediction);
        answer = stuck.short_of_memory ? STUCK_NO_MEMORY : done ? STUCK_YES : STUCK_NO;
    }
    free(words);
    free(stuck.is_stuck);
    return answer;
}
