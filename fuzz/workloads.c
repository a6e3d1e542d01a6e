/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/workloads.h"

#include "core/base/check.h"
#include "fuzz/workload.h"

_Noreturn void workload_start(uint32_t thread_count, hook_entry *entry)
{
    for (uint32_t i = 0; i < thread_count; i++)
        hook_thread_start(entry, (void *)(uintptr_t)i, "t");
    hook_thread_exit();
}

static const struct {
    const struct wedge_subject *subject;
    enum verdict expects;
} workloads[] = {
    { &workload_counter, VERDICT_OK },
    { &workload_mutexes, VERDICT_OK },
    { &workload_mutexes_crossed, VERDICT_DEADLOCK },
    { &workload_queue, VERDICT_OK },
    { &workload_stack, VERDICT_CRASH },
    { &workload_stack_kept, VERDICT_OK },
    { &workload_reorder, VERDICT_CRASH },
    { &workload_reorder_locked, VERDICT_OK },
    { &workload_laggard, VERDICT_CRASH },
    { &workload_laggard_awaited, VERDICT_OK },
};

uint32_t workload_count(void)
{
    return count_of(workloads);
}

const struct wedge_subject *workload_at(uint32_t index)
{
    check(index < count_of(workloads));
    return workloads[index].subject;
}

enum verdict workload_expects(uint32_t index)
{
    check(index < count_of(workloads));
    return workloads[index].expects;
}
