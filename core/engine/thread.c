/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads of the subject: names, starting, ending, being made runnable. */
#include <stdlib.h>

#include "core/base/check.h"
#include "core/engine/internal.h"

void engine_agent_name(const struct hook_task *task, uint32_t thread, char *name, size_t size)
{
    if (task == NULL)
        snprintf(name, size, "%s%u", engine.threads[thread].name, thread);
    else if (task->number == 0)
        snprintf(name, size, "%s", task->name);
    else
        snprintf(name, size, "%s%u", task->name, task->number);
}

void engine_wake(uint32_t thread)
{
    check(engine.threads[thread].state == THREAD_BLOCKED);
    engine.threads[thread].state = THREAD_RUNNABLE;
    bit_set(&engine.runnable, thread);
    bit_clear(&engine.sleeping, thread);
    bit_clear(&hook_step.spinning, thread);
    if (!engine.strategy->asks_on_wake || hook_step.left <= 1 || engine.options.check_each_step)
        return;
    engine.segment.steps -= (uint32_t)(hook_step.left - 1);
    hook_step.left = 1;
}

static void thread_first_code(void *argument)
{
    struct thread *thread = argument;
    thread->entry(thread->argument);
    static const struct hook_site site = { .function = "thread", .object = "return",
                                           .file = __FILE__, .line = __LINE__,
                                           .kind = HOOK_THREAD };
    hook_sim_thread_exit(&site);
}

uint32_t thread_add(hook_entry *entry, void *argument, const char *name)
{
    if (engine.thread_count == ENGINE_THREADS_MAX)
        engine_fail(VERDICT_BUDGET, NULL, "more threads than the engine can run");
    uint32_t index = engine.thread_count++;
    struct thread *thread = &engine.threads[index];
    thread->fiber = &thread->own;
    thread->own.user = NULL;
    thread->task = NULL;
    thread->wait_site = NULL;
    thread->deadline_ns = HOOK_FOREVER;
    thread->wait_token_count = 0;
    thread->state = THREAD_RUNNABLE;
    thread->context_count = 0;
    thread->name = name;
    thread->entry = entry;
    thread->argument = argument;
    fiber_init(&thread->own, fiber_stack_take(), FIBER_STACK_SIZE, thread_first_code, thread);
    bit_set(&engine.runnable, index);
    return index;
}

void hook_sim_thread_start(const struct hook_site *site, hook_entry *entry, void *argument,
                           const char *name)
{
    hook_sim_before(site, NULL);
    hook_step.event->value = thread_add(entry, argument, name);
}

_Noreturn void hook_sim_thread_exit(const struct hook_site *site)
{
    hook_sim_before(site, NULL);
    struct thread *thread = thread_current();
    for (uint32_t i = 0; i < engine.hold_count; i++)
        if (engine.holds[i].task == NULL && engine.holds[i].thread == engine.current)
            engine_fail(VERDICT_MISUSE, engine.holds[i].site, "a thread ends while it holds a lock");
    thread->state = THREAD_DONE;
    bit_clear(&engine.runnable, engine.current);
    engine_hand_over();
    check(!"a thread that ended was chosen");
    abort();
}
