/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection. Points where a fault could happen are counted per agent and name of the point,
 * so that an injected fault can be written down as "preempt g1 at modtimer:entry#2" and found again.
 */
#include <string.h>

#include "core/base/check.h"
#include "core/engine/internal.h"
#include "core/engine/site.h"

static uint32_t row_of_agent(void)
{
    const struct hook_task *task = thread_current()->task;
    return task != NULL ? ENGINE_THREADS_MAX + task->index : engine.current;
}

/* Rows of agents that the last run had. */
static void clear_ordinals(void)
{
    uint32_t groups = site_fault_group_count();
    check(groups <= ORDINAL_GROUPS_MAX);
    for (uint32_t i = 0; i < engine.ordinal_threads; i++)
        memset(engine.ordinals[i], 0, groups * sizeof engine.ordinals[i][0]);
    for (uint32_t i = 0; i < engine.ordinal_tasks; i++)
        memset(engine.ordinals[ENGINE_THREADS_MAX + i], 0,
               groups * sizeof engine.ordinals[i][0]);
    engine.ordinal_threads = engine.ordinal_tasks = 0;
}

/* The strategy is asked at each point, too. */
static bool asks_here(enum fault_kind kind)
{
    return engine.strategy->fault_here != NULL && !fault_is_sized(kind);
}

static bool takes_plan_faults(void)
{
    return engine.strategy->fault_gap == NULL || engine.strategy->takes_plan_faults;
}

static bool plan_has_kind(enum fault_kind kind)
{
    for (uint32_t i = 0; i < engine.plan->fault_count; i++)
        if (engine.plan->faults[i].kind == kind)
            return true;
    return false;
}

/* Asks the strategy when the next fault of this kind comes. */
static void draw_gap(enum fault_kind kind)
{
    engine.fault_gap[kind] =
        engine.strategy->fault_gap(engine.strategy, kind, &engine.fault_value[kind]);
    engine.fault_open[kind] = engine.fault_gap[kind] != UINT32_MAX || asks_here(kind) ||
                              (engine.strategy->takes_plan_faults && plan_has_kind(kind));
}

void fault_begin(void)
{
    clear_ordinals();
    for (int kind = 0; kind < FAULT_INJECTED_COUNT; kind++) {
        bool may_draw = engine.strategy->fault_gap != NULL &&
                        (engine.options.faults >> kind & 1) != 0;
        engine.fault_gap[kind] = UINT32_MAX;
        engine.fault_open[kind] = takes_plan_faults() && plan_has_kind((enum fault_kind)kind);
        if (may_draw)
            draw_gap((enum fault_kind)kind);
    }
}

static bool plan_has(enum fault_kind kind, const struct hook_site *site, uint32_t ordinal,
                     int64_t *value)
{
    const struct plan *plan = engine.plan;
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        const struct plan_fault *fault = &plan->faults[i];
        if (fault->kind != kind || fault->group != site->group || fault->ordinal != ordinal)
            continue;
        char agent[PLAN_AGENT_MAX];
        engine_agent_name(thread_current()->task, engine.current, agent, sizeof agent);
        if (strcmp(agent, fault->agent) == 0) {
            *value = fault->value;
            return true;
        }
    }
    return false;
}

static bool gap_is_over(enum fault_kind kind, int64_t *value)
{
    if (engine.strategy->draws_no_faults)
        return false;
    if (asks_here(kind) && engine.strategy->fault_here(engine.strategy, kind))
        return true;
    if (engine.fault_gap[kind] == UINT32_MAX || engine.fault_gap[kind]-- > 0)
        return false;
    *value = engine.fault_value[kind];
    draw_gap(kind);
    return true;
}

static void record(enum fault_kind kind, const struct hook_site *site, uint32_t ordinal,
                   int64_t value)
{
    if (engine.fault_count == PLAN_FAULTS_MAX) {
        engine.record_lost = true;
        return;
    }
    engine.faults[engine.fault_count++] = (struct injected_fault){
        .agent = agent_name_of(thread_current()->task, engine.current),
        .fault = { .kind = (uint8_t)kind, .group = site->group, .ordinal = ordinal, .value = value },
    };
}

void fault_recorded(struct plan *plan)
{
    plan->fault_count = engine.fault_count;
    for (uint32_t i = 0; i < engine.fault_count; i++) {
        const struct injected_fault *injected = &engine.faults[i];
        plan->faults[i] = injected->fault;
        agent_name_print(injected->agent, plan->faults[i].agent, sizeof plan->faults[i].agent);
    }
}

bool fault_at(enum fault_kind kind, const struct hook_site *site, int64_t *value)
{
    uint32_t row = row_of_agent();
    check(site->group < site_fault_group_count());
    uint32_t ordinal = ++engine.ordinals[row][site->group];
    if (row < ENGINE_THREADS_MAX && row >= engine.ordinal_threads)
        engine.ordinal_threads = row + 1;
    if (row >= ENGINE_THREADS_MAX && row - ENGINE_THREADS_MAX >= engine.ordinal_tasks)
        engine.ordinal_tasks = row - ENGINE_THREADS_MAX + 1;

    bool now = takes_plan_faults() && plan_has(kind, site, ordinal, value);
    if (!now && engine.strategy->fault_gap != NULL)
        now = gap_is_over(kind, value);
    if (now)
        record(kind, site, ordinal, *value);
    return now;
}
