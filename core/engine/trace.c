/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/base/check.h"
#include "core/engine/internal.h"
#include "core/engine/site.h"

const struct trace_event *engine_trace(uint32_t *count)
{
    *count = (uint32_t)(hook_step.trace_next - engine.trace);
    return engine.trace;
}

const char *engine_task_name(uint32_t index)
{
    static char name[PLAN_AGENT_MAX];
    check(index < engine.task_count);
    agent_name_print(engine.task_names[index], name, sizeof name);
    return name;
}

void engine_name_object(const struct hook_site *site, const volatile void *object, char *name,
                        size_t size)
{
    if (engine.subject->name_object != NULL && object != NULL &&
        engine.subject->name_object(object, name, size))
        return;
    snprintf(name, size, "%s", site != NULL ? site->object : "?");
}

void engine_trace_print_value(FILE *out, const struct trace_event *event)
{
    char text[32];
    bool done = event->value != 0;
    switch (event->site->kind) {
    case HOOK_CAS:
    case HOOK_CAS_WEAK:
        fputs(done ? " done" : " failed", out);
        return;
    case HOOK_TRYLOCK:
        fputs(done ? " taken" : " busy", out);
        return;
    case HOOK_LOAD:
    case HOOK_STORE:
    case HOOK_EXCHANGE:
    case HOOK_ADD:
        if (engine.subject->name_value != NULL &&
            engine.subject->name_value(event->object, event->value, text, sizeof text))
            fprintf(out, " %s", text);
        else if (event->value < 1 << 16) /* larger ones may be addresses */
            fprintf(out, " %llu", (unsigned long long)event->value);
        return;
    default:
        return;
    }
}

void engine_trace_print(FILE *out, uint32_t index)
{
    check(engine.trace + index < hook_step.trace_next);
    const struct trace_event *event = &engine.trace[index];
    char thread[PLAN_AGENT_MAX], task[PLAN_AGENT_MAX] = "-", object[64];
    engine_agent_name(NULL, event->thread, thread, sizeof thread);
    if (event->task != 0)
        agent_name_print(engine.task_names[event->task - 1], task, sizeof task);
    engine_name_object(event->site, event->object, object, sizeof object);
    fprintf(out, "%u %lld %s %s %s:%s %s %s", index, (long long)event->now_ns, thread, task,
            event->site->function, event->site->object,
            site_kind_name((enum hook_kind)event->site->kind), object);
    engine_trace_print_value(out, event);
    if (event->waits)
        fputs(" waits", out);
    if (event->fault != 0)
        fprintf(out, " fault=%s", fault_name((enum fault_kind)(event->fault - 1)));
    fputc('\n', out);
}
