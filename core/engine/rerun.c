/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state is an array of words. Per strand: its position (ops done), whether it began, the strand
 * that it interrupts (handlers), the strand on top of its stack (threads), whether it was
 * signalled, or stands in the queue of a fair lock to write it. Per object: who has it alone, how
 * often or how much, how many read it, how many are queued to write it. Every change goes through
 * set(), which keeps the hash and what it takes to go back.
 */
#include "core/engine/rerun_internal.h"

#include <string.h>

#include "core/base/check.h"

enum { POSITION, BEGUN, BELOW, TOP, SIGNALLED, QUEUED, STRAND_WORDS };
enum { OWNER, AMOUNT, READERS, WRITERS, OBJECT_WORDS };

static uint32_t strand_word(const struct rerun *rerun, uint32_t strand, uint32_t what)
{
    (void)rerun;
    return strand * STRAND_WORDS + what;
}

static uint32_t object_word(const struct rerun *rerun, uint32_t object, uint32_t what)
{
    return rerun->strand_count * STRAND_WORDS + object * OBJECT_WORDS + what;
}

/* A bit per context: whether it is unmasked on that thread. */
static uint32_t open_word(const struct rerun *rerun, uint32_t host, uint32_t context)
{
    uint32_t first = object_word(rerun, rerun->object_count, 0);
    return first + host * rerun->open_words + context / 32;
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

void rerun_go_back(struct rerun *rerun, uint32_t mark)
{
    while (rerun->trail.count > mark) {
        struct rerun_change change = rerun->trail.items[--rerun->trail.count];
        rerun->hash ^= mix(change.word, rerun->words[change.word]) ^
                       mix(change.word, change.before);
        rerun->words[change.word] = change.before;
    }
}

const struct strand *rerun_strand(const struct rerun *rerun, uint32_t strand)
{
    return &rerun->strands->strands.items[strand];
}

/* --- the beginning --- */

void rerun_begin(struct rerun *rerun)
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

static bool list_handlers(struct rerun *rerun)
{
    rerun->handlers.count = rerun->hosts.count = 0;
    if (!ARRAY_ROOM(&rerun->handlers, rerun->strand_count) ||
        !ARRAY_ROOM(&rerun->hosts, rerun->strand_count))
        return false;
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        if (rerun_strand(rerun, i)->context != STRAND_NONE)
            rerun->handlers.items[rerun->handlers.count++] = i;
        else if (rerun_strand(rerun, i)->lets_in)
            rerun->hosts.items[rerun->hosts.count++] = i;
    }
    return true;
}

bool rerun_prepare(struct rerun *rerun, const struct strands *strands)
{
    rerun->strands = strands;
    rerun->strand_count = strands->strands.count;
    rerun->object_count = strands->objects.count;
    rerun->open_words = strands->handler_count > 0 ? strands->contexts.count / 32 + 1 : 0;
    rerun->word_count = object_word(rerun, rerun->object_count, 0) +
                        rerun->strand_count * rerun->open_words;
    rerun->short_of_memory = false;
    bool done = array_reserve((void **)&rerun->words, &rerun->word_capacity, rerun->word_count,
                              sizeof *rerun->words) &&
                array_reserve((void **)&rerun->limits, &rerun->limit_capacity,
                              rerun->strand_count, sizeof *rerun->limits) &&
                array_reserve((void **)&rerun->order, &rerun->order_capacity,
                              rerun->strand_count, sizeof *rerun->order);
    done = done && list_handlers(rerun);
    if (done)
        rerun_begin(rerun);
    return done;
}

void rerun_free(struct rerun *rerun)
{
    free(rerun->words);
    free(rerun->trail.items);
    free(rerun->met.items);
    free(rerun->frames.items);
    free(rerun->limits);
    free(rerun->handlers.items);
    free(rerun->hosts.items);
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
    const struct strand *what = rerun_strand(rerun, strand);
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
        if (rerun_strand(rerun, i)->context != STRAND_NONE && rerun_is_alive(rerun, i) &&
            of_strand(rerun, i, BELOW) == strand)
            return i;
    return STRAND_NONE;
}

/* Past its last op without an end: nobody knows what it does. */
bool rerun_is_beyond(const struct rerun *rerun, uint32_t strand)
{
    return rerun_position(rerun, strand) >= rerun_strand(rerun, strand)->op_count;
}

static bool has_ended(const struct rerun *rerun, uint32_t strand)
{
    return of_strand(rerun, strand, BEGUN) != 0 && rerun_is_beyond(rerun, strand) &&
           rerun_strand(rerun, strand)->ended;
}

static bool is_free(const struct rerun *rerun, uint32_t strand, const struct op *op)
{
    uint32_t owner = of_object(rerun, op->object, OWNER);
    if (op->mode == HOOK_READ)
        return owner == STRAND_NONE && of_object(rerun, op->object, WRITERS) == 0;
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

bool rerun_is_possible(const struct rerun *rerun, uint32_t strand)
{
    const struct op *op = &rerun_strand(rerun, strand)->ops[rerun_position(rerun, strand)];
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
    if (rerun_is_beyond(rerun, strand))
        return true;
    const struct op *op = &rerun_strand(rerun, strand)->ops[rerun_position(rerun, strand)];
    return op->kind == OP_TRY || op->kind == OP_TRYWAIT || rerun_is_possible(rerun, strand);
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

bool rerun_is_queued(const struct rerun *rerun, uint32_t strand, uint32_t condition)
{
    if (!rerun_is_alive(rerun, strand) || rerun_is_beyond(rerun, strand))
        return false;
    const struct op *op = &rerun_strand(rerun, strand)->ops[rerun_position(rerun, strand)];
    return op->kind == OP_WAKE && op->object == condition &&
           of_strand(rerun, strand, SIGNALLED) == 0;
}

static bool is_open(const struct rerun *rerun, uint32_t host, uint32_t context)
{
    return (rerun->words[open_word(rerun, host, context)] >> context % 32 & 1) != 0;
}

static void set_open(struct rerun *rerun, uint32_t strand, uint32_t context, bool open)
{
    if (rerun->open_words == 0)
        return;
    uint32_t word = open_word(rerun, rerun_host(rerun, strand), context);
    uint32_t bit = UINT32_C(1) << context % 32;
    set(rerun, word, open ? rerun->words[word] | bit : rerun->words[word] & ~bit);
}

static void signal_all(struct rerun *rerun, uint32_t condition)
{
    for (uint32_t i = 0; i < rerun->strand_count; i++)
        if (rerun_is_queued(rerun, i, condition))
            set_strand(rerun, i, SIGNALLED, 1);
}

void rerun_end(struct rerun *rerun, uint32_t strand)
{
    uint32_t below = of_strand(rerun, strand, BELOW);
    if (below != STRAND_NONE) {
        set_strand(rerun, rerun_host(rerun, strand), TOP, below);
        set_strand(rerun, strand, BELOW, STRAND_NONE);
    }
}

static void leave_queue(struct rerun *rerun, uint32_t strand, uint32_t object)
{
    if (of_strand(rerun, strand, QUEUED) == 0)
        return;
    set_strand(rerun, strand, QUEUED, 0);
    set_object(rerun, object, WRITERS, of_object(rerun, object, WRITERS) - 1);
}

bool rerun_queue(struct rerun *rerun, uint32_t strand)
{
    const struct op *op = &rerun_strand(rerun, strand)->ops[rerun_position(rerun, strand)];
    if (op->kind != OP_ACQUIRE || op->mode == HOOK_READ || of_strand(rerun, strand, QUEUED) != 0 ||
        rerun->strands->objects.items[op->object].lock_kind != HOOK_LOCK_RW_FAIR)
        return false;
    set_strand(rerun, strand, QUEUED, 1);
    set_object(rerun, op->object, WRITERS, of_object(rerun, op->object, WRITERS) + 1);
    return true;
}

/* Does the strand's next op, which is possible. */
void rerun_move(struct rerun *rerun, uint32_t strand)
{
    uint32_t position = rerun_position(rerun, strand);
    const struct op *op = &rerun_strand(rerun, strand)->ops[position];
    uint32_t amount = op->object < rerun->object_count && op->kind <= OP_POST
                          ? of_object(rerun, op->object, AMOUNT) : 0;
    switch ((enum op_kind)op->kind) {
    case OP_ACQUIRE:
    case OP_TRY:
        leave_queue(rerun, strand, op->object);
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
    case OP_MASK:
    case OP_UNMASK:
        set_open(rerun, strand, op->object, op->kind == OP_UNMASK);
        break;
    case OP_START:
        if (op->object < rerun->strand_count)
            set_strand(rerun, op->object, BEGUN, 1);
        break;
    default:
        break;
    }
    set_strand(rerun, strand, POSITION, position + 1);
    if (position + 1 == rerun_strand(rerun, strand)->op_count && rerun_strand(rerun, strand)->ended)
        rerun_end(rerun, strand);
}

/* A context does not interrupt itself. */
static bool is_in_context(const struct rerun *rerun, uint32_t host, uint32_t context)
{
    uint32_t i = of_strand(rerun, host, TOP);
    for (; i != STRAND_NONE; i = of_strand(rerun, i, BELOW))
        if (rerun_strand(rerun, i)->context == context)
            return true;
    return false;
}

bool rerun_can_begin(const struct rerun *rerun, uint32_t handler, uint32_t host)
{
    const struct strand *what = rerun_strand(rerun, handler);
    return what->context != STRAND_NONE && of_strand(rerun, handler, BEGUN) == 0 &&
           rerun_strand(rerun, host)->context == STRAND_NONE && rerun_is_alive(rerun, host) &&
           rerun_position(rerun, host) < rerun_strand(rerun, host)->op_count &&
           !is_in_context(rerun, host, what->context) &&
           is_open(rerun, host, what->context);
}

void rerun_begin_handler(struct rerun *rerun, uint32_t handler, uint32_t host)
{
    set_strand(rerun, handler, BEGUN, 1);
    if (rerun_strand(rerun, handler)->op_count == 0)
        return;
    set_strand(rerun, handler, BELOW, of_strand(rerun, host, TOP));
    set_strand(rerun, host, TOP, handler);
}

/* --- where the run left them --- */

/* Of each strand the net effect of what it did: no order between strands is needed. */
static void apply(struct rerun *rerun, uint32_t strand, const struct op *op)
{
    uint32_t holder = rerun_strand(rerun, strand)->thread;
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
    rerun_begin(rerun);
    for (uint32_t i = 0; i < rerun->strand_count; i++) {
        const struct strand *what = rerun_strand(rerun, i);
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

/* --- what a search decides --- */

void rerun_set_position(struct rerun *rerun, uint32_t strand, uint32_t position)
{
    set_strand(rerun, strand, POSITION, position);
}

void rerun_set_signalled(struct rerun *rerun, uint32_t strand)
{
    set_strand(rerun, strand, SIGNALLED, 1);
}
