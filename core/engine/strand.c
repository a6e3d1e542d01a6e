/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/engine/strand_internal.h"

/* --- strands --- */

static bool is_context(const struct strands *strands, const char *text, uint32_t *number)
{
    for (uint32_t i = 0; i < strands->contexts.count; i++) {
        *number = i;
        if (strands->contexts.items[i] == text || strcmp(strands->contexts.items[i], text) == 0)
            return true;
    }
    return false;
}

static bool find_contexts(struct strands *strands)
{
    const struct record_log *log = strands->log;
    for (uint32_t i = 0; i < log->count; i++) {
        uint32_t number;
        const struct record *record = &log->records[i];
        if (record->kind != RECORD_UNMASK || is_context(strands, record->text, &number))
            continue;
        if (!ARRAY_ROOM(&strands->contexts, 1))
            return false;
        strands->contexts.items[strands->contexts.count++] = record->text;
    }
    return true;
}

static bool add_threads(struct strands *strands)
{
    const struct record_log *log = strands->log;
    uint32_t count = log->thread_count > 0 ? log->thread_count : 1;
    if (!ARRAY_ROOM(&strands->strands, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        strands->strands.items[i] = (struct strand){ .context = STRAND_NONE, .thread = i,
                                                     .name = "m",
                                                     .blocked = record_is_blocked(log, i) };
    strands->strands.count = count;
    for (uint32_t i = 0; i < log->count; i++) {
        const struct record *record = &log->records[i];
        if (record->kind != RECORD_START || record->value >= count)
            continue;
        strands->strands.items[record->value].name = record->text;
        strands->strands.items[record->value].slot = record->level;
    }
    return true;
}

/* While the log is read: each thread's current strand, and how deep it is in contexts that do not
 * interrupt within it. */
struct reader {
    struct strands *strands;
    struct {
        uint32_t current, plain_contexts;
    } *threads;
    struct {
        uint32_t before;  /* handlers: the strand that they came in on */
        uint32_t last_op; /* so far, of all ops; or STRAND_NONE */
        uint32_t held;    /* how many locks and states it is in */
    } *strand;
    uint32_t strand_capacity;
    struct {
        uint32_t strand, before; /* before: the strand's op before it, or STRAND_NONE */
    } *op;
    uint32_t op_capacity;
};

static bool open_context(struct reader *reader, uint32_t thread, uint32_t context)
{
    struct strands *strands = reader->strands;
    uint32_t number = strands->strands.count;
    if (!ARRAY_ROOM(&strands->strands, 1) ||
        !array_reserve((void **)&reader->strand, &reader->strand_capacity, number + 1,
                       sizeof *reader->strand))
        return false;
    struct strand *host = &strands->strands.items[reader->threads[thread].current];
    strands->strands.items[number] = (struct strand){ .context = context, .thread = thread,
                                                      .name = host->name, .slot = host->slot,
                                                      .blocked = host->blocked };
    strands->strands.count++;
    strands->handler_count++;
    host->blocked = false;
    reader->strand[number].before = reader->threads[thread].current;
    reader->strand[number].last_op = STRAND_NONE;
    reader->strand[number].held = 0;
    reader->threads[thread].current = number;
    reader->threads[thread].plain_contexts = 0;
    return true;
}

static struct op *add_op(struct reader *reader, uint32_t strand, enum op_kind kind,
                         uint32_t object, uint32_t record)
{
    struct strands *strands = reader->strands;
    uint32_t number = strands->ops.count;
    if (!ARRAY_ROOM(&strands->ops, 1) ||
        !array_reserve((void **)&reader->op, &reader->op_capacity, number + 1,
                       sizeof *reader->op))
        return NULL;
    struct op *op = &strands->ops.items[number];
    *op = (struct op){ .object = object, .other = STRAND_NONE, .class = STRAND_NONE, .record = record,
                       .kind = (uint8_t)kind, .mode = strands->log->records[record].mode };
    reader->op[number].strand = strand;
    reader->op[number].before = reader->strand[strand].last_op;
    reader->strand[strand].last_op = number;
    strands->ops.count++;
    return op;
}

static void count_held(struct reader *reader, uint32_t strand, enum op_kind kind)
{
    uint32_t *held = &reader->strand[strand].held;
    if (kind == OP_ACQUIRE || kind == OP_TRY)
        ++*held;
    else if (kind == OP_RELEASE && *held > 0)
        --*held;
}

/* The state that the strand now holds is one of those that it awaited right before: it waited in
 * order to take it. */
static bool await_to_acquire(struct reader *reader, uint32_t strand, uint32_t object,
                             uint32_t class)
{
    struct op *ops = reader->strands->ops.items;
    uint32_t last = reader->strand[strand].last_op;
    uint32_t i = last;
    while (i != STRAND_NONE && ops[i].kind == OP_AWAIT && ops[i].object == object &&
           ops[i].class != class)
        i = reader->op[i].before;
    if (i == STRAND_NONE || ops[i].kind != OP_AWAIT || ops[i].object != object)
        return false;
    struct op acquire = ops[i];
    acquire.kind = OP_ACQUIRE;
    ops[i] = ops[last];
    ops[last] = acquire;
    count_held(reader, strand, OP_ACQUIRE);
    return true;
}

static bool read_change(struct reader *reader, uint32_t strand, uint32_t index, uint32_t object,
                        uint32_t class)
{
    struct op *op = add_op(reader, strand, OP_CHANGE, object, index);
    if (op != NULL)
        op->class = class;
    return op != NULL;
}

static bool read_lock_op(struct reader *reader, uint32_t strand, uint32_t index)
{
    struct strands *strands = reader->strands;
    const struct record *record = &strands->log->records[index];
    uint32_t object;
    bool state = record->kind >= RECORD_AWAITS;
    if (!strand_object_of(strands, record, record->object, state ? OBJECT_STATE : OBJECT_LOCK,
                          &object))
        return false;
    if (record->kind == RECORD_RELEASE && strands->objects.items[object].holder != STRAND_NONE)
        strand = strands->objects.items[object].holder; /* a task takes its states along */
    if (record->kind == RECORD_HOLD) {
        bool changes = strands->objects.items[object].holder == strand;
        strands->objects.items[object].holder = strand;
        uint32_t class;
        if (!strand_class_number(strands, record->text, &class))
            return false;
        if (!changes && await_to_acquire(reader, strand, object, class))
            return true;
        if (changes)
            return read_change(reader, strand, index, object, class);
    }
    if (record->kind == RECORD_RELEASE)
        strands->objects.items[object].holder = STRAND_NONE;
    static const uint8_t kinds[] = {
        [RECORD_LOCK] = OP_ACQUIRE,  [RECORD_TRY] = OP_TRY,   [RECORD_UNLOCK] = OP_RELEASE,
        [RECORD_AWAITS] = OP_AWAIT,  [RECORD_HOLD] = OP_TRY,  [RECORD_RELEASE] = OP_RELEASE,
    };
    struct op *op = add_op(reader, strand, (enum op_kind)kinds[record->kind], object, index);
    if (op == NULL)
        return false;
    count_held(reader, strand, (enum op_kind)op->kind);
    op->class = strands->objects.items[object].class;
    if (state && record->text != NULL && !strand_class_number(strands, record->text, &op->class))
        return false;
    op->level = record->level;
    op->licensed = record->other != NULL || record->in_order;
    return true;
}

static bool read_event_op(struct reader *reader, uint32_t strand, uint32_t index)
{
    struct strands *strands = reader->strands;
    const struct record *record = &strands->log->records[index];
    uint32_t object, mutex;
    bool condition = record->kind >= RECORD_CONDITION_WAIT;
    if (!strand_object_of(strands, record, record->object,
                          condition ? OBJECT_CONDITION : OBJECT_EVENT, &object))
        return false;
    static const uint8_t kinds[] = {
        [RECORD_WAIT] = OP_WAIT,     [RECORD_TRYWAIT] = OP_TRYWAIT,
        [RECORD_POST] = OP_POST,     [RECORD_CONDITION_WAIT] = OP_QUEUE,
        [RECORD_SIGNAL] = OP_SIGNAL, [RECORD_BROADCAST] = OP_BROADCAST,
    };
    struct op *op = add_op(reader, strand, (enum op_kind)kinds[record->kind], object, index);
    if (op == NULL)
        return false;
    op->class = strands->objects.items[object].class;
    strands->has_events = true;
    if (record->kind != RECORD_CONDITION_WAIT)
        return true;
    strands->has_conditions = true;
    if (!strand_object_of(strands, record, record->other, OBJECT_LOCK, &mutex))
        return false;
    strands->ops.items[strands->ops.count - 1].other = mutex;
    return add_op(reader, strand, OP_WAKE, object, index) != NULL;
}

static bool read_context(struct reader *reader, uint32_t thread, const struct record *record)
{
    uint32_t context, current = reader->threads[thread].current;
    if (record->kind == RECORD_ENTER) {
        if (is_context(reader->strands, record->text, &context))
            return open_context(reader, thread, context);
        reader->threads[thread].plain_contexts++;
    } else if (reader->threads[thread].plain_contexts > 0) {
        reader->threads[thread].plain_contexts--;
    } else if (current != thread) {
        struct strand *handler = &reader->strands->strands.items[current];
        uint32_t before = reader->strand[current].before;
        reader->strands->strands.items[before].blocked = handler->blocked;
        handler->blocked = false;
        handler->ended = true;
        reader->threads[thread].current = before;
    }
    return true;
}

static bool read_record(struct reader *reader, uint32_t index)
{
    struct strands *strands = reader->strands;
    const struct record *record = &strands->log->records[index];
    if (record->thread >= strands->log->thread_count && record->thread > 0)
        return true;
    uint32_t strand = reader->threads[record->thread].current, number;
    switch ((enum record_kind)record->kind) {
    case RECORD_INIT:
        return strand_object_new(strands, record, OBJECT_LOCK, &number);
    case RECORD_SEMAPHORE:
        if (!strand_object_new(strands, record, OBJECT_EVENT, &number))
            return false;
        strands->objects.items[number].initial = record->value;
        return true;
    case RECORD_LOCK:
    case RECORD_TRY:
    case RECORD_UNLOCK:
    case RECORD_AWAITS:
    case RECORD_HOLD:
    case RECORD_RELEASE:
        return read_lock_op(reader, strand, index);
    case RECORD_WAIT:
    case RECORD_TRYWAIT:
    case RECORD_POST:
    case RECORD_CONDITION_WAIT:
    case RECORD_SIGNAL:
    case RECORD_BROADCAST:
        return read_event_op(reader, strand, index);
    case RECORD_START:
        return add_op(reader, strand, OP_START, record->value, index) != NULL;
    case RECORD_JOIN: /* who joins with nothing held keeps nobody from anything */
        strands->has_events = strands->has_events || reader->strand[strand].held > 0;
        return add_op(reader, strand, OP_JOIN, record->value, index) != NULL;
    case RECORD_EXIT:
        strands->strands.items[strand].ended = true;
        return add_op(reader, strand, OP_EXIT, STRAND_NONE, index) != NULL;
    case RECORD_ENTER:
    case RECORD_LEAVE:
        return read_context(reader, record->thread, record);
    case RECORD_MASK:
    case RECORD_UNMASK:
        if (!is_context(strands, record->text, &number))
            return true;
        return add_op(reader, strand, record->kind == RECORD_MASK ? OP_MASK : OP_UNMASK, number,
                      index) != NULL;
    case RECORD_TASK_RUN:
    case RECORD_TASK_READY:
    case RECORD_TASK_WAIT:
    case RECORD_TOKEN_TAKE:
    case RECORD_TOKEN_GIVE:
        break;
    }
    return true;
}

/* --- semaphores that are locks --- */

static bool takes(const struct op *op)
{
    return op->kind == OP_WAIT || op->kind == OP_TRYWAIT;
}

/* Marks the semaphores that the strand posts without having taken them. `taken` is all zero, and is
 * so again. */
static void mark_events(const struct strands *strands, const struct strand *strand,
                        uint32_t *taken, uint8_t *is_event)
{
    for (uint32_t i = 0; i < strand->op_count; i++) {
        const struct op *op = &strand->ops[i];
        if (takes(op))
            taken[op->object]++;
        else if (op->kind == OP_POST && taken[op->object]-- == 0)
            is_event[op->object] = 1;
    }
    for (uint32_t i = 0; i < strand->op_count; i++)
        if (strand->ops[i].object < strands->objects.count)
            taken[strand->ops[i].object] = 0;
}

static void to_lock(struct strands *strands, struct op *op)
{
    bool waits = takes(op) || op->kind == OP_POST;
    if (!waits || strands->objects.items[op->object].kind != OBJECT_LOCK)
        return;
    op->kind = op->kind == OP_WAIT ? OP_ACQUIRE : op->kind == OP_TRYWAIT ? OP_TRY : OP_RELEASE;
}

/* False: no memory. */
static bool semaphores_to_locks(struct strands *strands)
{
    uint32_t count = strands->objects.count;
    uint32_t *taken = calloc((size_t)count + 1, sizeof *taken);
    uint8_t *is_event = calloc((size_t)count + 1, 1);
    bool done = taken != NULL && is_event != NULL;
    for (uint32_t i = 0; done && i < strands->strands.count; i++)
        mark_events(strands, &strands->strands.items[i], taken, is_event);
    for (uint32_t i = 0; done && i < count; i++) {
        struct order_object *object = &strands->objects.items[i];
        if (object->kind != OBJECT_EVENT || object->initial != 1 || is_event[i] != 0)
            continue;
        object->kind = OBJECT_LOCK;
        object->semaphore = true;
        object->lock_kind = HOOK_LOCK_MUTEX;
    }
    for (uint32_t i = 0; done && i < strands->ops.count; i++)
        to_lock(strands, &strands->ops.items[i]);
    free(taken);
    free(is_event);
    return done;
}

/* --- the whole --- */

static void append_op(struct strand *strand, const struct op *op)
{
    struct op *to = &strand->ops[strand->op_count++];
    *to = *op;
    to->masks = strand->masks;
    if (op->kind != OP_MASK && op->kind != OP_UNMASK)
        return;
    strand->masks = strand->op_count - 1;
    strand->lets_in = strand->lets_in || op->kind == OP_UNMASK;
}

/* Puts the ops of each strand together, in order: a counting sort. */
static bool sort_ops(const struct reader *reader)
{
    struct strands *strands = reader->strands;
    uint32_t count = strands->ops.count;
    struct op *sorted = malloc((count + 1) * sizeof *sorted);
    if (sorted == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        strands->strands.items[reader->op[i].strand].op_count++;
    struct op *next = sorted;
    for (uint32_t i = 0; i < strands->strands.count; i++) {
        strands->strands.items[i].ops = next;
        next += strands->strands.items[i].op_count;
        strands->strands.items[i].op_count = 0;
        strands->strands.items[i].masks = STRAND_NONE;
    }
    for (uint32_t i = 0; i < count; i++)
        append_op(&strands->strands.items[reader->op[i].strand], &strands->ops.items[i]);
    free(strands->ops.items);
    strands->ops.items = sorted;
    strands->ops.capacity = count + 1;
    return true;
}

static bool read_log(struct reader *reader)
{
    struct strands *strands = reader->strands;
    uint32_t threads = strands->strands.count;
    reader->threads = calloc(threads, sizeof *reader->threads);
    if (reader->threads == NULL ||
        !array_reserve((void **)&reader->strand, &reader->strand_capacity, threads,
                       sizeof *reader->strand))
        return false;
    for (uint32_t i = 0; i < threads; i++) {
        reader->threads[i].current = i;
        reader->strand[i].last_op = STRAND_NONE;
        reader->strand[i].held = 0;
    }
    for (uint32_t i = 0; i < strands->log->count; i++)
        if (!read_record(reader, i))
            return false;
    return sort_ops(reader);
}

static void clear(struct strands *strands, const struct record_log *log)
{
    strands->log = log;
    strands->strands.count = strands->ops.count = strands->objects.count = 0;
    strands->classes.count = strands->contexts.count = 0;
    strands->handler_count = 0;
    strands->has_events = strands->has_conditions = false;
    if (strands->map.items != NULL)
        memset(strands->map.items, 0, strands->map.capacity * sizeof *strands->map.items);
    if (strands->class_map.items != NULL)
        memset(strands->class_map.items, 0,
               strands->class_map.capacity * sizeof *strands->class_map.items);
}

/* Only at an op that waits. */
static void settle_blocked(struct strands *strands)
{
    for (uint32_t i = 0; i < strands->strands.count; i++) {
        struct strand *strand = &strands->strands.items[i];
        uint8_t kind = strand->op_count > 0 ? strand->ops[strand->op_count - 1].kind : OP_EXIT;
        strand->blocked = strand->blocked && (kind == OP_ACQUIRE || kind == OP_AWAIT ||
                                              kind == OP_WAIT || kind == OP_WAKE ||
                                              kind == OP_JOIN);
    }
}

/* A context that was shown on a thread of its own is that of the thread that lets it in. */
static void settle_hosts(struct strands *strands)
{
    for (uint32_t i = 0; i < strands->strands.count; i++) {
        struct strand *strand = &strands->strands.items[i];
        if (strand->context == STRAND_NONE || strand_opens(strands, strand->thread, strand->context))
            continue;
        strands->strands.items[strand->thread].ended = true; /* it is nothing of its own */
        for (uint32_t j = strands->strands.count; j-- > 0;)
            if (strand_opens(strands, j, strand->context))
                strand->thread = j;
    }
}

bool strands_build(struct strands *strands, const struct record_log *log)
{
    clear(strands, log);
    struct reader reader = { .strands = strands };
    bool done = find_contexts(strands) && add_threads(strands) && read_log(&reader) &&
                semaphores_to_locks(strands);
    if (done) {
        settle_blocked(strands);
        settle_hosts(strands);
    }
    free(reader.threads);
    free(reader.strand);
    free(reader.op);
    return done;
}

void strands_free(struct strands *strands)
{
    free(strands->strands.items);
    free(strands->ops.items);
    free(strands->objects.items);
    free(strands->classes.items);
    free(strands->contexts.items);
    free(strands->map.items);
    free(strands->class_map.items);
    *strands = (struct strands){ .log = NULL };
}
