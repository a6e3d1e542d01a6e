/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the measurements of timers have in common, whoever's timers they are: the sizes, the numbers
 * drawn and the clock. ci/bench_parts/timers_go.go says the same in its own language.
 *
 * The operations, on timers that are far from due:
 *
 *     create+stop   starts a new timer and stops it
 *     reset         moves a timer that waits to a later time
 *     stop+reset    stops a timer and starts it again by a reset
 *     churn         of 1,024 timers that wait as long each, stops the oldest and starts another
 *     churn-any     of 1,024 timers that wait for times drawn at random, stops one drawn at random
 *                   and starts another
 *
 * Every YIELD_EVERY churns the program gives the scheduler or the loop its turn: the last moment for
 * timers that were stopped to leave a heap that has kept them.
 *
 * The time is that of the CPU and of the whole process, with whatever threads help it.
 */
#ifndef CORE_RUNTIME_TIMER_BENCH_H
#define CORE_RUNTIME_TIMER_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    WAITING = 1024,
    POOL = 4 * WAITING, /* those that wait, those that were stopped and have not left the heap yet */
    YIELD_EVERY = WAITING,
    HOUR_MS = 3600 * 1000,
};

static inline double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Below bound; the same in every run. */
static inline uint32_t draw(uint32_t bound)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state * bound) >> 32);
}

/* Measures operation(count), after a tenth of it to warm up, and prints its name and ns apiece. */
static inline void measure(const char *name, void operation(uint32_t count), uint32_t count)
{
    operation(count / 10);
    double begin_ns = cpu_ns();
    operation(count);
    printf("%s %.2f\n", name, (cpu_ns() - begin_ns) / count);
}

/* The one argument of such a program: how often each operation is done. */
static inline uint32_t operation_count(int argc, char **argv)
{
    uint32_t count = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (count > 0)
        return count;
    fprintf(stderr, "usage: %s COUNT\n", argv[0]);
    exit(2);
}

#endif
