/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step of the `sim` back-end: all that happens at a hook point where nothing happens. Included by
 * hook_sim.h only.
 */
#ifndef CORE_HOOK_HOOK_STEP_H
#define CORE_HOOK_HOOK_STEP_H

#include <stddef.h>

/* What is done for the engine is not the doing of the code under test, and ThreadSanitizer must not
 * take it for that. -DTSAN_CALLS_ONLY: nor what this file does. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(TSAN_CALLS_ONLY)
#define HOOK_TELL_ORDERS 1
#endif
#endif
#ifdef HOOK_TELL_ORDERS
#define HOOK_SIM_STEP \
    static inline __attribute__((noinline, unused, disable_sanitizer_instrumentation))
#define HOOK_SIM_PART static inline __attribute__((always_inline))
#else
#define HOOK_SIM_STEP static inline
#define HOOK_SIM_PART static inline
#endif

/* One event of a run's trace. */
struct trace_event {
    const struct hook_site *site;
    const volatile void *object;
    uint64_t value; /* the outcome of the operation */
    int64_t now_ns;
    union {
        struct {
            uint16_t thread;
            uint16_t task; /* index + 1; 0: none */
            uint8_t fault; /* enum fault_kind + 1: was injected here; 0: none */
            uint8_t waits; /* the thread waits here, and the operation has not happened yet */
        };
        uint64_t who; /* the same at once */
    };
};

/* What a step touches: one cache line. The engine owns it. */
struct hook_step {
    uint64_t left;             /* hook points that the running thread may still pass */
    struct trace_event *event; /* the last one: an operation's outcome goes there */
    struct trace_event *trace_next, *trace_limit;
    int64_t now_ns;
    uint64_t who;      /* the running thread and its task, as in an event */
    uint64_t spinning; /* how many threads wait for somebody to write what they spin on */
    struct trace_event *scratch; /* for events that are not kept */
} __attribute__((aligned(64)));
extern struct hook_step hook_step;

/* What the engine provides: the slow path of a hook point; threads that spin on the object look
 * again; whether a weak CAS is to fail for no reason. */
void hook_sim_point(const struct hook_site *site, const volatile void *object);
void hook_sim_wrote(const volatile void *object);
bool hook_sim_fails(const struct hook_site *site);

/* Appends an event, and makes it the one whose outcome is told next. */
HOOK_SIM_PART struct trace_event *hook_part_event(const struct hook_site *site,
                                                 const volatile void *object)
{
    struct trace_event *event = hook_step.trace_next;
    if (event == hook_step.trace_limit)
        event = hook_step.scratch;
    else
        hook_step.trace_next = event + 1;
    event->site = site;
    event->object = object;
    event->value = 0;
    event->now_ns = hook_step.now_ns;
    event->who = hook_step.who;
    hook_step.event = event;
    return event;
}

HOOK_SIM_STEP struct trace_event *hook_sim_event(const struct hook_site *site,
                                                const volatile void *object)
{
    return hook_part_event(site, object);
}

/* Before an operation on `object`: a step. May switch threads. */
HOOK_SIM_PART void hook_part_before(const struct hook_site *site, const volatile void *object)
{
    if (--hook_step.left == 0)
        hook_sim_point(site, object);
    hook_part_event(site, object);
}

HOOK_SIM_STEP void hook_sim_before(const struct hook_site *site, const volatile void *object)
{
    hook_part_before(site, object);
}

/* The same where *object is read or written next. With ThreadSanitizer, whose atomics take locks of
 * its own, a pointer that is none must come to light before: a crash would leave them locked. */
HOOK_SIM_STEP void hook_sim_before_word(const struct hook_site *site, const volatile void *object)
{
    hook_part_before(site, object);
#ifdef HOOK_TELL_ORDERS
    (void)*(const volatile char *)object;
#endif
}

/* The same for a weak CAS. True: it must fail, for no reason. */
HOOK_SIM_STEP bool hook_sim_before_weak(const struct hook_site *site, const volatile void *object)
{
    hook_sim_before_word(site, object);
    return hook_sim_fails(site);
}

/* The same for a strong CAS, which never fails for no reason. */
HOOK_SIM_STEP bool hook_sim_before_strong(const struct hook_site *site, const volatile void *object)
{
    hook_sim_before_word(site, object);
    return false;
}

/* The outcome. `wrote`: the object was changed. */
HOOK_SIM_STEP void hook_sim_after(const volatile void *object, uint64_t value, bool wrote)
{
    hook_step.event->value = value;
    if (wrote && hook_step.spinning != 0)
        hook_sim_wrote(object);
}

#endif
