/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop whose cost is measured: a lock is taken and given back by a thread that holds two
 * others. One source for the engine and for threads of the system. The clock is that of the CPU, so
 * what else the machine does counts for little.
 */
#ifndef CORE_ENGINE_LOOP_BENCH_H
#define CORE_ENGINE_LOOP_BENCH_H

#include <time.h>

#include "core/hook/hook.h"

static struct hook_mutex loop_outer, loop_middle, loop_inner;
static uint32_t loop_pairs;
static double loop_ns; /* spent since it was last set to zero */

static inline double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline void loop_reset(void)
{
    hook_mutex_init(&loop_outer, "outer");
    hook_mutex_init(&loop_middle, "middle");
    hook_mutex_init(&loop_inner, "inner");
}

static inline void loop_run(void *unused)
{
    (void)unused;
    hook_lock(&loop_outer);
    hook_lock(&loop_middle);
    double begin_ns = cpu_ns();
    for (uint32_t i = 0; i < loop_pairs; i++) {
        hook_lock(&loop_inner);
        hook_unlock(&loop_inner);
    }
    loop_ns += cpu_ns() - begin_ns;
    hook_unlock(&loop_middle);
    hook_unlock(&loop_outer);
}

#endif
