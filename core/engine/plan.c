/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/plan.h"

#include <string.h>

#include "core/base/check.h"

static const struct {
    const char *name, *about;
} faults[FAULT_COUNT] = {
    [FAULT_PREEMPT] = { "preempt", "a goroutine is preempted at a function's entry" },
    [FAULT_CAS] = { "cas", "a weak compare-and-swap fails for no reason" },
    [FAULT_CLOCK] = { "clock", "the clock jumps forward" },
    [FAULT_WAIT] = { "wait", "a wait that may end early for no reason does" },
    [FAULT_WAKE] = { "wake", "a wake-up by the kernel comes late (late, never lost)" },
    [FAULT_MEMORY] = { "memory", "there is no memory where the code can do without" },
    [FAULT_REENTER] = { "reenter", "callbacks start, stop and reset timers, their own included" },
    [FAULT_RESIZE] = { "resize", "the number of Ps changes" },
    [FAULT_STOP] = { "stop", "the world is stopped and started" },
};

const char *fault_name(enum fault_kind kind)
{
    check(kind < FAULT_COUNT);
    return faults[kind].name;
}

const char *fault_about(enum fault_kind kind)
{
    check(kind < FAULT_COUNT);
    return faults[kind].about;
}

bool fault_is_sized(enum fault_kind kind)
{
    return kind == FAULT_CLOCK || kind == FAULT_WAIT || kind == FAULT_WAKE;
}

bool fault_find(const char *name, enum fault_kind *kind)
{
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (strcmp(faults[i].name, name) == 0) {
            *kind = (enum fault_kind)i;
            return true;
        }
    }
    return false;
}

void plan_copy(struct plan *to, const struct plan *from)
{
    memcpy(to->settings, from->settings, sizeof to->settings);
    to->operation_count = from->operation_count;
    to->fault_count = from->fault_count;
    to->segment_count = from->segment_count;
    memcpy(to->operations, from->operations, from->operation_count * sizeof *to->operations);
    memcpy(to->faults, from->faults, from->fault_count * sizeof *to->faults);
    memcpy(to->segments, from->segments, from->segment_count * sizeof *to->segments);
}

void plan_clear(struct plan *plan)
{
    memset(plan->settings, 0, sizeof plan->settings);
    plan->operation_count = plan->fault_count = plan->segment_count = 0;
}

bool plan_add_operation(struct plan *plan, struct plan_operation operation)
{
    if (plan->operation_count == PLAN_OPERATIONS_MAX)
        return false;
    plan->operations[plan->operation_count++] = operation;
    return true;
}

bool plan_add_fault(struct plan *plan, struct plan_fault fault)
{
    if (plan->fault_count == PLAN_FAULTS_MAX)
        return false;
    plan->faults[plan->fault_count++] = fault;
    return true;
}

bool plan_add_segment(struct plan *plan, struct plan_segment segment)
{
    if (plan->segment_count == PLAN_SEGMENTS_MAX)
        return false;
    plan->segments[plan->segment_count++] = segment;
    return true;
}
