/* SPDX-License-Identifier: BSD-3-Clause */
/* What the workloads share. Private to the workload*.c files. */
#ifndef FUZZ_WORKLOAD_H
#define FUZZ_WORKLOAD_H

#include "core/engine/engine.h"
#include "core/engine/subject.h"
#include "core/hook/hook.h"

/* At a time; the one that starts them is there, too. */
enum { WORKLOAD_THREADS_MAX = ENGINE_THREADS_MAX - 1 };

/* Starts threads that run `entry`, with 0, 1, ... as argument, and ends the calling one. */
_Noreturn void workload_start(uint32_t thread_count, hook_entry *entry);

static inline uint32_t workload_number(const void *argument)
{
    return (uint32_t)(uintptr_t)argument;
}

extern const struct wedge_subject workload_counter;
extern const struct wedge_subject workload_mutexes, workload_mutexes_crossed;
extern const struct wedge_subject workload_queue;
extern const struct wedge_subject workload_stack, workload_stack_kept;
extern const struct wedge_subject workload_reorder, workload_reorder_locked;
extern const struct wedge_subject workload_laggard, workload_laggard_awaited;

#endif
