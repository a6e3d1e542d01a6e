/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state is an array of words. Per strand: its position (ops done), whether it began, the strand
 * that it interrupts (handlers), the strand on top of its stack (threads), whether it was signalled.
 * Per object: who has it alone, how often or how much, how many read it. Every change goes through
 * set(), which keeps the hash and what it takes to go back.
 */
#include "core/engine/rerun.h"

#include <string.h>

#include "core/base/check.h"

enum { POSITION, BEGUN, BELOW, TOP, SIGNALLED, STRAND_WORDS };
enum { OWNER, AMOUNT, READERS, OBJECT_WORDS };

static uint32_t strand_word(const struct rerun *rerun, uint32_t strand, uint32_t what)
{
    (void)rerun;
    return strand * STRAND_WORDS + what;
}

static uint32_t object_word(const struct rerun *rerun, uint32_t object, uint32_t what)
{
    return rerun->strand_count * STRAND_WORDS + object * OBJECT_WORDS + what;
}

static uint32_t of_strand(const struct rerun *rerun, uint32_t strand, uint32_t what)
{
    return rerun->words[strand_word(rerun, strand, what)];
}

static uint32_t of_object(const struct rerun *rerun, uint32_t object, uint32_t what)
{
    return rerun->words[object_word(rerun, object, what)];
}

static uint64_t mix(uint32_t word, uint32_t value)
{
    uint64_t bits = ((uint64_t)word << 32 | value) + 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

static void set(struct rerun *rerun, uint32_t word, uint32_t value)
{
    uint32_t before = rerun->words[word];
    if (before == value)
        return;
    if (!ARRAY_ROOM(&rerun->trail, 1)) {
        rerun->short_of_memory = true;
        return;
    }
    rerun->trail.items[rerun->trail.count++] = (struct rerun_change){ word, before };
    rerun->hash ^= mix(word, before) ^ mix(word, value);
    rerun->words[word] = value;
}

static void set_strand(struct rerun *rerun, uint32_t strand, uint32_t what, uint32_t value)
{
    set(rerun, strand_word(rerun, strand, what), value);
}

static void set_object(struct rerun *rerun, uint32_t object, uint32_t what, uint32_t value)
{
    set(rerun, object_word(rerun, object, what), value);
}

static void go_back(struct rerun *rerun, uint32_t mark)
{
    while (rerun->trail.count > mark) {
        struct rerun_change change = rerun->trail.items[--rerun->trail.count];
        rerun->hash ^= mix(change.word, rerun->words[change.word]) ^
                       mix(change.word, change.before);
        rerun->words[change.word] = change.before;
    }
}

static const struct strand *strand_at(const struct rerun *rerun, uint32_t strand)
{
    return &rerun->strands->strands.items[strand];
}

/* --- the beginning --- */

static void begin(struct rerun *rerun)
{
    memset(rerun->words, 0, rerun->word_count * sizeof *rerun->words);
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        rerun->words[strand_word(rerun, i, BEGUN)] = i == 0;
        rerun->words[strand_word(rerun, i, BELOW)] = STRAND_NONE;
        rerun->words[strand_word(rerun, i, TOP)] = i;
    }
    for (uint32_t i = 0; i < rerun->object_count; i++) {
        rerun->words[object_word(rerun, i, OWNER)] = STRAND_NONE;
        rerun->words[object_word(rerun, i, AMOUNT)] = rerun->strands->objects.items[i].initial;
    }
    for (uint32_t i = 0; i < rerun->object_count; i++)
        if (rerun->strands->objects.items[i].kind != OBJECT_EVENT)
            rerun->words[object_word(rerun, i, AMOUNT)] = 0;
    rerun->trail.count = 0;
    rerun->hash = 0;
}

bool rerun_prepare(struct rerun *rerun, const struct strands *strands)
{
    rerun->strands = strands;
    rerun->strand_count = strands->strands.count;
    rerun->object_count = strands->objects.count;
    rerun->word_count =
        rerun->strand_count * STRAND_WORDS + rerun->object_count * OBJECT_WORDS;
    rerun->short_of_memory = false;
    bool done = array_reserve((void **)&rerun->words, &rerun->word_capacity, rerun->word_count,
                              sizeof *rerun->words) &&
                array_reserve((void **)&rerun->limits, &rerun->limit_capacity,
                              rerun->strand_count, sizeof *rerun->limits) &&
                array_reserve((void **)&rerun->order, &rerun->order_capacity,
                              rerun->strand_count, sizeof *rerun->order);
    if (done)
        begin(rerun);
    return done;
}

void rerun_free(struct rerun *rerun)
{
    free(rerun->words);
    free(rerun->trail.items);
    free(rerun->met.items);
    free(rerun->frames.items);
    free(rerun->limits);
    free(rerun->order);
    *rerun = (struct rerun){ .strands = NULL };
}

/* --- what can be done --- */

uint32_t rerun_position(const struct rerun *rerun, uint32_t strand)
{
    return of_strand(rerun, strand, POSITION);
}

bool rerun_is_alive(const struct rerun *rerun, uint32_t strand)
{
    const struct strand *what = strand_at(rerun, strand);
    return of_strand(rerun, strand, BEGUN) != 0 &&
           (rerun_position(rerun, strand) < what->op_count || !what->ended);
}

uint32_t rerun_host(const struct rerun *rerun, uint32_t strand)
{
    while (of_strand(rerun, strand, BELOW) != STRAND_NONE)
        strand = of_strand(rerun, strand, BELOW);
    return strand;
}

bool rerun_is_at_work(const struct rerun *rerun, uint32_t strand)
{
    return rerun_is_alive(rerun, strand) &&
           of_strand(rerun, rerun_host(rerun, strand), TOP) == strand;
}

uint32_t rerun_interrupted_by(const struct rerun *rerun, uint32_t strand)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++)
        if (strand_at(rerun, i)->context != STRAND_NONE && rerun_is_alive(rerun, i) &&
            of_strand(rerun, i, BELOW) == strand)
            return i;
    return STRAND_NONE;
}

/* Past its last op without an end: nobody knows what it does. */
static bool is_beyond(const struct rerun *rerun, uint32_t strand)
{
    return rerun_position(rerun, strand) >= strand_at(rerun, strand)->op_count;
}

static bool has_ended(const struct rerun *rerun, uint32_t strand)
{
    return of_strand(rerun, strand, BEGUN) != 0 && is_beyond(rerun, strand) &&
           strand_at(rerun, strand)->ended;
}

static bool is_free(const struct rerun *rerun, uint32_t strand, const struct op *op)
{
    uint32_t owner = of_object(rerun, op->object, OWNER);
    if (op->mode == HOOK_READ)
        return owner == STRAND_NONE;
    if (owner == strand &&
        rerun->strands->objects.items[op->object].lock_kind == HOOK_LOCK_RECURSIVE)
        return true;
    return owner == STRAND_NONE && of_object(rerun, op->object, READERS) == 0;
}

/* A handler re-enters the recursive locks of the thread that it is on. */
static uint32_t holder_name(const struct rerun *rerun, uint32_t strand)
{
    return rerun_host(rerun, strand);
}

static bool is_possible(const struct rerun *rerun, uint32_t strand)
{
    const struct op *op = &strand_at(rerun, strand)->ops[rerun_position(rerun, strand)];
    switch ((enum op_kind)op->kind) {
    case OP_ACQUIRE:
    case OP_TRY:
    case OP_AWAIT:
        return is_free(rerun, holder_name(rerun, strand), op);
    case OP_WAIT:
    case OP_TRYWAIT:
        return of_object(rerun, op->object, AMOUNT) > 0;
    case OP_WAKE:
        return of_strand(rerun, strand, SIGNALLED) != 0;
    case OP_JOIN:
        return op->object < rerun->strand_count && has_ended(rerun, op->object);
    default:
        return true;
    }
}

bool rerun_can_move(const struct rerun *rerun, uint32_t strand)
{
    if (!rerun_is_at_work(rerun, strand))
        return false;
    if (is_beyond(rerun, strand))
        return true;
    const struct op *op = &strand_at(rerun, strand)->ops[rerun_position(rerun, strand)];
    return op->kind == OP_TRY || op->kind == OP_TRYWAIT || is_possible(rerun, strand);
}

/* --- doing it --- */

static void release(struct rerun *rerun, uint32_t object, uint8_t mode)
{
    uint32_t depth = of_object(rerun, object, AMOUNT), readers = of_object(rerun, object, READERS);
    if (mode == HOOK_READ)
        set_object(rerun, object, READERS, readers > 0 ? readers - 1 : 0);
    else if (depth > 0)
        set_object(rerun, object, AMOUNT, depth - 1);
    else
        set_object(rerun, object, OWNER, STRAND_NONE);
}

static void take(struct rerun *rerun, uint32_t holder, const struct op *op)
{
    if (op->mode == HOOK_READ)
        set_object(rerun, op->object, READERS, of_object(rerun, op->object, READERS) + 1);
    else if (of_object(rerun, op->object, OWNER) == holder)
        set_object(rerun, op->object, AMOUNT, of_object(rerun, op->object, AMOUNT) + 1);
    else
        set_object(rerun, op->object, OWNER, holder);
}

static bool is_queued(const struct rerun *rerun, uint32_t strand, uint32_t condition)
{
    if (!rerun_is_alive(rerun, strand) || is_beyond(rerun, strand))
        return false;
    const struct op *op = &strand_at(rerun, strand)->ops[rerun_position(rerun, strand)];
    return op->kind == OP_WAKE && op->object == condition &&
           of_strand(rerun, strand, SIGNALLED) == 0;
}

static void signal_all(struct rerun *rerun, uint32_t condition)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++)
        if (is_queued(rerun, i, condition))
            set_strand(rerun, i, SIGNALLED, 1);
}

static void end(struct rerun *rerun, uint32_t strand)
{
    uint32_t below = of_strand(rerun, strand, BELOW);
    if (below != STRAND_NONE) {
        set_strand(rerun, rerun_host(rerun, strand), TOP, below);
        set_strand(rerun, strand, BELOW, STRAND_NONE);
    }
}

/* Does the strand's next op, which is possible. */
static void move(struct rerun *rerun, uint32_t strand)
{
    uint32_t position = rerun_position(rerun, strand);
    const struct op *op = &strand_at(rerun, strand)->ops[position];
    uint32_t amount = op->object < rerun->object_count && op->kind <= OP_POST
                          ? of_object(rerun, op->object, AMOUNT) : 0;
    switch ((enum op_kind)op->kind) {
    case OP_ACQUIRE:
    case OP_TRY:
        take(rerun, holder_name(rerun, strand), op);
        break;
    case OP_RELEASE:
        release(rerun, op->object, op->mode);
        break;
    case OP_WAIT:
    case OP_TRYWAIT:
        set_object(rerun, op->object, AMOUNT, amount - 1);
        break;
    case OP_POST:
        set_object(rerun, op->object, AMOUNT, amount + 1);
        break;
    case OP_QUEUE:
        release(rerun, op->other, HOOK_EXCLUSIVE);
        break;
    case OP_WAKE:
        set_strand(rerun, strand, SIGNALLED, 0);
        break;
    case OP_BROADCAST:
        signal_all(rerun, op->object);
        break;
    case OP_START:
        if (op->object < rerun->strand_count)
            set_strand(rerun, op->object, BEGUN, 1);
        break;
    default:
        break;
    }
    set_strand(rerun, strand, POSITION, position + 1);
    if (position + 1 == strand_at(rerun, strand)->op_count && strand_at(rerun, strand)->ended)
        end(rerun, strand);
}

bool rerun_can_begin(const struct rerun *rerun, uint32_t handler, uint32_t host)
{
    const struct strand *what = strand_at(rerun, handler);
    return what->context != STRAND_NONE && of_strand(rerun, handler, BEGUN) == 0 &&
           strand_at(rerun, host)->context == STRAND_NONE && rerun_is_alive(rerun, host) &&
           rerun_position(rerun, host) < strand_at(rerun, host)->op_count &&
           strand_is_open(rerun->strands, host, rerun_position(rerun, host), what->context);
}

static void begin_handler(struct rerun *rerun, uint32_t handler, uint32_t host)
{
    set_strand(rerun, handler, BEGUN, 1);
    if (strand_at(rerun, handler)->op_count == 0)
        return;
    set_strand(rerun, handler, BELOW, of_strand(rerun, host, TOP));
    set_strand(rerun, host, TOP, handler);
}

/* --- choices: a number each ---
 * [0, n): the strand `order[choice]` moves. Then: a handler begins on a thread. Then: a strand's
 * signal wakes a certain other one. */

static uint64_t choice_count(const struct rerun *rerun)
{
    uint64_t n = rerun->strand_count;
    return n + (rerun->strands->handler_count > 0 ? n * n : 0) +
           (rerun->strands->has_conditions ? n * n : 0);
}

static bool may_go(const struct rerun *rerun, uint32_t strand)
{
    return rerun_position(rerun, strand) + 1 < rerun->limits[strand] &&
           rerun_is_at_work(rerun, strand) && !is_beyond(rerun, strand);
}

static bool has_waiter(const struct rerun *rerun, uint32_t condition)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++)
        if (is_queued(rerun, i, condition))
            return true;
    return false;
}

/* After what the strand did under the lock that it would not have got. */
static uint32_t after_failed_try(const struct rerun *rerun, uint32_t strand)
{
    const struct strand *what = strand_at(rerun, strand);
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
    const struct strand *what = strand_at(rerun, strand);
    if (what->ops[rerun_position(rerun, strand)].kind != OP_TRY)
        return false;
    uint32_t after = after_failed_try(rerun, strand);
    if (after >= rerun->limits[strand])
        return false;
    set_strand(rerun, strand, POSITION, after);
    if (after == what->op_count && what->ended)
        end(rerun, strand);
    return true;
}

/* A signal with somebody to choose from is not a plain move. */
static bool try_move(struct rerun *rerun, uint32_t strand)
{
    if (!may_go(rerun, strand))
        return false;
    if (!is_possible(rerun, strand))
        return try_to_fail(rerun, strand);
    const struct op *op = &strand_at(rerun, strand)->ops[rerun_position(rerun, strand)];
    if (op->kind == OP_SIGNAL && has_waiter(rerun, op->object))
        return false;
    move(rerun, strand);
    return true;
}

static bool try_signal(struct rerun *rerun, uint32_t strand, uint32_t waiter)
{
    if (!may_go(rerun, strand))
        return false;
    const struct op *op = &strand_at(rerun, strand)->ops[rerun_position(rerun, strand)];
    if (op->kind != OP_SIGNAL || !is_queued(rerun, waiter, op->object))
        return false;
    set_strand(rerun, waiter, SIGNALLED, 1);
    move(rerun, strand);
    return true;
}

static bool try_choice(struct rerun *rerun, uint64_t choice)
{
    uint64_t n = rerun->strand_count;
    if (choice < n)
        return try_move(rerun, rerun->order[choice]);
    choice -= n;
    if (rerun->strands->handler_count > 0) {
        if (choice < n * n) {
            uint32_t handler = (uint32_t)(choice / n), host = (uint32_t)(choice % n);
            if (rerun->limits[handler] == 0 || !rerun_can_begin(rerun, handler, host))
                return false;
            begin_handler(rerun, handler, host);
            return true;
        }
        choice -= n * n;
    }
    return try_signal(rerun, (uint32_t)(choice / n), (uint32_t)(choice % n));
}

/* An op that only gives back, of a thread that nothing more can interrupt: nothing is lost if it
 * goes first. */
static bool goes_first(const struct rerun *rerun, uint32_t strand)
{
    if (!may_go(rerun, strand))
        return false;
    const struct strand *what = strand_at(rerun, strand);
    uint8_t kind = what->ops[rerun_position(rerun, strand)].kind;
    if (kind != OP_RELEASE && kind != OP_POST && kind != OP_START && kind != OP_EXIT)
        return false;
    for (uint32_t i = 0; i < rerun->strands->contexts.count; i++)
        if (strand_opens(rerun->strands, rerun_host(rerun, strand), i))
            return false;
    return true;
}

static bool try_first(struct rerun *rerun)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        if (goes_first(rerun, i)) {
            move(rerun, i);
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
        go_back(rerun, (uint32_t)frame[0]);
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

/* --- where the run left them --- */

/* Of each strand the net effect of what it did: no order between strands is needed. */
static void apply(struct rerun *rerun, uint32_t strand, const struct op *op)
{
    uint32_t holder = strand_at(rerun, strand)->thread;
    uint32_t amount = object_word(rerun, op->object, AMOUNT);
    switch ((enum op_kind)op->kind) {
    case OP_ACQUIRE:
    case OP_TRY:
        take(rerun, holder, op);
        break;
    case OP_RELEASE:
        release(rerun, op->object, op->mode);
        break;
    case OP_WAIT:
    case OP_TRYWAIT:
        rerun->words[amount]--;
        break;
    case OP_POST:
        rerun->words[amount]++;
        break;
    case OP_QUEUE:
        release(rerun, op->other, HOOK_EXCLUSIVE);
        break;
    default:
        break;
    }
}

void rerun_finish(struct rerun *rerun)
{
    begin(rerun);
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        const struct strand *what = strand_at(rerun, i);
        uint32_t position = what->op_count - (what->blocked && what->op_count > 0);
        for (uint32_t j = 0; j < position; j++)
            apply(rerun, i, &what->ops[j]);
        set_strand(rerun, i, BEGUN, 1);
        set_strand(rerun, i, POSITION, position);
        if (what->context == STRAND_NONE || what->ended)
            continue;
        set_strand(rerun, i, BELOW, of_strand(rerun, what->thread, TOP));
        set_strand(rerun, what->thread, TOP, i);
    }
}

/* --- reaching goals --- */

struct reach {
    const struct rerun_goal *goals;
    uint32_t count;
};

static bool is_at_goal(const struct rerun *rerun, const struct rerun_goal *goal)
{
    if (!rerun_is_alive(rerun, goal->strand) || rerun_position(rerun, goal->strand) != goal->op ||
        (goal->waits && is_possible(rerun, goal->strand)))
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

/* Who is needed so that `op` can be done: who posts, signals, begins or ends. */
static bool widen_for(struct rerun *rerun, const struct op *op)
{
    bool news = false;
    bool waits = op->kind == OP_WAIT || op->kind == OP_WAKE || op->kind == OP_TRYWAIT;
    if (op->kind == OP_JOIN && op->object < rerun->strand_count)
        return widen(rerun, op->object, strand_at(rerun, op->object)->op_count);
    for (uint32_t i = 0; waits && i < rerun->strand_count; i++) {
        const struct strand *other = strand_at(rerun, i);
        for (uint32_t j = other->op_count; j-- > 0;) {
            uint8_t kind = other->ops[j].kind;
            if (other->ops[j].object == op->object &&
                (kind == OP_POST || kind == OP_SIGNAL || kind == OP_BROADCAST)) {
                news = widen(rerun, i, j + 1) || news;
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
    uint32_t context = strand_at(rerun, handler)->context;
    for (uint32_t i = 0; context != STRAND_NONE && i < rerun->strand_count; i++)
        if (strand_opens(rerun->strands, i, context))
            news = widen(rerun, i, strand_at(rerun, i)->op_count - 1) || news;
    return news;
}

static bool widen_for_start(struct rerun *rerun, uint32_t strand)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        const struct strand *other = strand_at(rerun, i);
        for (uint32_t j = 0; j < other->op_count; j++)
            if (other->ops[j].kind == OP_START && other->ops[j].object == strand)
                return widen(rerun, i, j + 1);
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
            for (uint32_t j = 0; j + 1 < rerun->limits[i] && j < strand_at(rerun, i)->op_count; j++)
                news = widen_for(rerun, &strand_at(rerun, i)->ops[j]) || news;
        }
    }
    for (uint32_t i = 0; i < reach->count; i++) {
        const struct rerun_goal *goal = &reach->goals[i];
        rerun->limits[goal->strand] = goal->op + 1;
        rerun->order[first++] = goal->strand;
        if (goal->host != STRAND_NONE)
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
        const struct strand *what = strand_at(rerun, i);
        bool is_goal = false;
        for (uint32_t j = 0; j < reach->count; j++)
            is_goal = is_goal || reach->goals[j].strand == i || reach->goals[j].host == i;
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
    begin(rerun);
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
        if (may_go(rerun, i) && is_possible(rerun, i))
            return false;
    explore->found(explore->argument, rerun);
    return false;
}

enum rerun_answer rerun_explore(struct rerun *rerun, uint32_t states,
                                void (*found)(void *argument, struct rerun *rerun), void *argument)
{
    struct explore explore = { found, argument };
    begin(rerun);
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        rerun->limits[i] = UINT32_MAX;
        rerun->order[i] = i;
    }
    struct visit visit = { look_for_rest, &explore };
    return search(rerun, &visit, states);
}
