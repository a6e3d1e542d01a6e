/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each thread has a hash of its past: of its own steps, and of the pasts of the writes that it saw.
 * Each object has the past of its last write, and the sum of those of the reads since, whose order
 * does not matter. The sum over all threads is the class. Every change of these numbers is written
 * down, so that it can be taken back.
 */
#include "core/engine/causality.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/check.h"
#include "core/engine/internal.h"

enum {
    OBJECTS_MAX = 4096, /* what comes after shares the last one: it is taken for one object */
    SLOTS = 4 * OBJECTS_MAX,
    CHANGES_MAX = 1 << 20,
    TOUCHES_MAX = 1 << 16, /* in one segment */
};

struct object {
    uint64_t write, reads; /* pasts */
};

struct change {
    uint64_t *where, before;
};

struct touch {
    const volatile void *object;
    const struct trace_event *next; /* it came before that event */
    bool writes;
};

struct causality {
    uint64_t sum;  /* of threads */
    uint64_t past; /* of the thread whose step it is; comes into threads[] when the step is over */
    struct footprint footprint; /* of that step */
    uint64_t threads[ENGINE_THREADS_MAX];
    uint64_t going[ENGINE_THREADS_MAX]; /* 1: it has made a step since it last had to wait */
    uint32_t object_count;
    bool lost;
    struct object objects[OBJECTS_MAX];
    const volatile void *addresses[SLOTS]; /* open addressing */
    uint16_t numbers[SLOTS];
    uint32_t change_count;
    struct change changes[CHANGES_MAX];
};

bool hook_sim_traced;
static struct touch touches[TOUCHES_MAX];
static uint32_t touch_count;

void hook_sim_touch(const volatile void *object, bool writes)
{
    if (!engine.live || thread_current()->state != THREAD_RUNNABLE)
        return; /* the engine looks at the subject while nothing runs */
    if (touch_count < TOUCHES_MAX)
        touches[touch_count] = (struct touch){ object, hook_step.trace_next, writes };
    touch_count++;
}

struct causality *causality_new(void)
{
    return malloc(sizeof(struct causality));
}

void causality_free(struct causality *causality)
{
    free(causality);
}

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[4] = { a, b, c, d };
    return XXH3_64bits(words, sizeof words);
}

static void set(struct causality *causality, uint64_t *where, uint64_t value)
{
    if (causality->change_count == CHANGES_MAX) {
        causality->lost = true;
        return;
    }
    causality->changes[causality->change_count++] = (struct change){ where, *where };
    *where = value;
}

static void set_thread(struct causality *causality, uint32_t thread, uint64_t past)
{
    uint64_t *where = &causality->threads[thread];
    set(causality, &causality->sum, causality->sum - *where + past);
    set(causality, where, past);
}

/* --- objects --- */

static uint32_t slot_of(const struct causality *causality, const volatile void *address)
{
    uint32_t slot = (uint32_t)((uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
    while (causality->addresses[slot] != NULL && causality->addresses[slot] != address)
        slot = (slot + 1) % SLOTS;
    return slot;
}

static uint32_t object_of(struct causality *causality, const volatile void *address)
{
    uint32_t slot = slot_of(causality, address);
    if (causality->addresses[slot] == address)
        return causality->numbers[slot];
    if (causality->object_count == OBJECTS_MAX)
        return OBJECTS_MAX - 1;
    causality->addresses[slot] = address;
    causality->numbers[slot] = (uint16_t)causality->object_count;
    causality->objects[causality->object_count] = (struct object){ 0, 0 };
    return causality->object_count++;
}

static void touch(struct causality *causality, const volatile void *address, bool writes)
{
    uint32_t number = object_of(causality, address);
    struct object *object = &causality->objects[number];
    causality->past = mix(causality->past, (uint64_t)number << 1 | writes, object->write,
                          writes ? object->reads : 0);
    if (writes) {
        set(causality, &object->write, causality->past);
        set(causality, &object->reads, 0);
    } else {
        set(causality, &object->reads, object->reads + causality->past);
    }
    struct footprint *footprint = &causality->footprint;
    uint64_t *bits = writes ? footprint->writes : footprint->reads;
    bits[number / 64 % FOOTPRINT_WORDS] |= (uint64_t)1 << number % 64;
}

/* --- events --- */

enum access { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE };

static enum access access_of(const struct trace_event *event)
{
    switch ((enum hook_kind)event->site->kind) {
    case HOOK_LOAD:
    case HOOK_SPIN:
        return ACCESS_READ;
    case HOOK_CAS:
    case HOOK_CAS_WEAK:
    case HOOK_TRYLOCK:
        return event->value != 0 ? ACCESS_WRITE : ACCESS_READ; /* it was done, or failed */
    case HOOK_STORE:
    case HOOK_EXCHANGE:
    case HOOK_ADD:
    case HOOK_LOCK:
    case HOOK_UNLOCK:
    case HOOK_PARK:
    case HOOK_PARK_WEAK:
    case HOOK_UNPARK:
    case HOOK_UNPARK_LATE:
    case HOOK_WAIT:
    case HOOK_POST:
        return ACCESS_WRITE;
    default:
        return ACCESS_NONE;
    }
}

/* The threads as one object: who starts one or joins writes it, who ends reads it. A start tells
 * the number of the new thread, which is never that of the first. */
static void touch_threads(struct causality *causality, const struct trace_event *event)
{
    bool starts = event->site->kind == HOOK_THREAD && event->value != 0;
    bool writes = starts || event->site->kind == HOOK_JOIN;
    touch(causality, causality, writes);
    if (!starts)
        return;
    set(causality, &causality->going[event->value], 0);
    set_thread(causality, (uint32_t)event->value,
               mix(causality->past, event->value, causality->threads[event->value], 1));
}

static void add_event(struct causality *causality, const struct trace_event *event)
{
    uint64_t kind = (uint64_t)event->site->kind << 16 | (uint64_t)event->fault << 8 | event->waits;
    causality->past = mix(causality->past, kind, (uint64_t)event->now_ns, 2);
    if (event->site->kind == HOOK_THREAD || event->site->kind == HOOK_JOIN)
        touch_threads(causality, event);
    enum access access = access_of(event);
    if (access != ACCESS_NONE && event->object != NULL)
        touch(causality, event->object, access == ACCESS_WRITE);
}

/* --- runs --- */

static void forget_run(struct causality *causality)
{
    memset(causality->threads, 0, sizeof causality->threads);
    memset(causality->going, 0, sizeof causality->going);
    causality->sum = 0;
    for (uint32_t i = 0; i < causality->object_count; i++)
        causality->objects[i].write = causality->objects[i].reads = 0;
    causality->change_count = 0;
    causality->lost = false;
}

void causality_clear(struct causality *causality)
{
    memset(causality->addresses, 0, sizeof causality->addresses);
    causality->object_count = 0;
    forget_run(causality);
    object_of(causality, causality); /* the threads are number 0 */
}

uint32_t causality_mark(const struct causality *causality)
{
    return causality->change_count;
}

void causality_return(struct causality *causality, uint32_t mark)
{
    check(mark <= causality->change_count);
    while (causality->change_count > mark) {
        const struct change *change = &causality->changes[--causality->change_count];
        *change->where = change->before;
    }
    causality->lost = false;
}

void causality_listen(void)
{
    hook_sim_traced = true;
    touch_count = 0;
}

void causality_stop(void)
{
    hook_sim_traced = false;
    touch_count = 0;
}

/* What was touched before that event; NULL: all that is left. */
static void add_touches(struct causality *causality, uint32_t *done,
                        const struct trace_event *before)
{
    for (; *done < touch_count && *done < TOUCHES_MAX; ++*done) {
        const struct touch *touched = &touches[*done];
        if (before != NULL && touched->next > before)
            return;
        touch(causality, touched->object, touched->writes);
    }
}

void causality_add(struct causality *causality, uint32_t thread, uint64_t choices,
                   const struct trace_event *events, uint32_t count, struct footprint *footprint)
{
    check(thread < ENGINE_THREADS_MAX);
    uint32_t done = 0;
    causality->footprint = (struct footprint){ .reads = { 0 } };
    causality->past = causality->threads[thread];
    if (causality->going[thread] == 0 || choices != 0) {
        set(causality, &causality->going[thread], 1);
        causality->past = mix(causality->past, choices, 0, 3);
    }
    for (uint32_t i = 0; i < count; i++) {
        add_touches(causality, &done, &events[i]);
        add_event(causality, &events[i]);
    }
    add_touches(causality, &done, NULL);
    causality->lost |= touch_count > TOUCHES_MAX;
    touch_count = 0;
    if (count > 0 && events[count - 1].waits)
        set(causality, &causality->going[thread], 0);
    set_thread(causality, thread, causality->past);
    *footprint = causality->footprint;
}

uint64_t causality_class(const struct causality *causality)
{
    return causality->sum != 0 ? causality->sum : 1;
}

bool causality_is_lost(const struct causality *causality)
{
    return causality->lost;
}
