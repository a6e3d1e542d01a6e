/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fibers: stacks that one OS thread switches between by hand. The switch saves the callee-saved
 * registers only (x86-64 and aarch64 in assembly, ucontext elsewhere) and tells AddressSanitizer
 * and ThreadSanitizer where it goes.
 *
 * Invariants: exactly one fiber of an OS thread runs, fiber_current(); a fiber's entry never
 * returns; a fiber that is not running may be forgotten at any time (fiber_init again, or never).
 */
#ifndef CORE_BASE_FIBER_H
#define CORE_BASE_FIBER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/check.h"
#include "core/base/tsan.h"

struct fiber_sanitizer {
    void *handle;    /* ASan: saved fake stack. TSan: its fiber */
    uint32_t depth;  /* TSan, while it does not run: calls that have not returned */
    uint32_t number; /* TSan: the name of its fiber, from 1; 0: it has none */
};

struct fiber {
    void *sp;          /* saved stack pointer (or ucontext) while not running */
    void *stack_low;   /* lowest address of the stack */
    size_t stack_size; /* bytes */
    void *user;        /* the owner's: what runs on this stack */
    struct fiber_sanitizer sanitizer; /* outlives what the fiber runs: see fiber_init() */
};

typedef void fiber_entry(void *argument);

/* Each return after a switch is one that the CPU foresees wrongly: its stack of return addresses is
 * that of another fiber. So there is one less where nobody has to be told of the switch. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FIBER_TELLS 1
#endif
#endif
#ifdef TSAN_TOLD
#define FIBER_TELLS 1
#endif
#if defined(FIBER_ONE_THREAD) && !defined(FIBER_TELLS)
#define FIBER_INLINE 1
#endif

/* The fiber that runs now. NULL in an OS thread that has not called fiber_adopt(). After a switch
 * the caller may be on another OS thread, where a thread-local's address that the compiler kept
 * would be wrong: so it is read by an instruction that the compiler cannot split, or else by a
 * call. With FIBER_ONE_THREAD (fibers in one OS thread only) it is no thread-local. */
#ifdef FIBER_ONE_THREAD
extern struct fiber *fiber_running;
static inline struct fiber *fiber_current(void)
{
#ifdef TSAN_UNSEEN
    return tsan_unseen_pointer((void *const *)(void *)&fiber_running);
#else
    return fiber_running;
#endif
}
#elif defined(__x86_64__)
extern _Thread_local struct fiber *fiber_running;
static inline struct fiber *fiber_current(void)
{
    struct fiber *fiber;
    __asm__ volatile("movq fiber_running@gottpoff(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(fiber));
    return fiber;
}
#else
struct fiber *fiber_current(void);
#endif

/* What the owner of the current fiber has put there. */
static inline void *fiber_user(void)
{
    return tsan_unseen_pointer(&fiber_current()->user);
}

/* Makes the calling OS thread's own stack a fiber, the current one. Call once a thread. */
void fiber_adopt(struct fiber *fiber);

/* Prepares `fiber` to run entry(argument) on [stack_low, stack_low + stack_size); entry must not
 * return. `user` is kept as it is. Whatever the fiber ran before is forgotten. */
void fiber_init(struct fiber *fiber, void *stack_low, size_t stack_size, fiber_entry *entry,
                void *argument);

/* Stops the current fiber here and goes on with `to`, which is not the current one. Returns when
 * somebody switches back. */
#ifdef FIBER_INLINE
/* Of fiber.c: saves what a call must keep, takes over the other stack. */
void fiber_swap(void **save, void *load);
static inline void fiber_switch(struct fiber *to)
{
    struct fiber *from = fiber_running;
    check(from != NULL);
    check(to != from);
    fiber_running = to;
    fiber_swap(&from->sp, to->sp);
}
#else
void fiber_switch(struct fiber *to);
#endif

/* The same, for who makes fibers stand for threads: to ThreadSanitizer nothing is ordered by this
 * switch. What an OS thread does on one fiber comes before what it does on the next. */
#ifdef FIBER_INLINE
#define fiber_switch_thread(to) fiber_switch((to))
#else
void fiber_switch_thread(struct fiber *to);
#endif

#if defined(TSAN_TOLD) && defined(FIBER_ONE_THREAD)
/* To ThreadSanitizer, what is done from here on is nobody's doing, until fiber_watch(). May not
 * nest; no switches in between. */
void fiber_look_away(void);
void fiber_watch(void);
#endif

/* A pool of equal stacks, each above a guard page. Taken in a fixed order, all given back at once,
 * so a reset costs nothing. Not for several OS threads at a time. */
enum { FIBER_STACK_SIZE = 128 * 1024 };

/* The lowest address of a free stack of FIBER_STACK_SIZE bytes. Aborts if the system has no memory
 * for a new one. */
void *fiber_stack_take(void);

/* Gives every stack back. No fiber on one of them may run again without fiber_init(). */
void fiber_stack_reset(void);

#endif
