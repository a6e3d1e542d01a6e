/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads of the subject: names, starting, ending, being made runnable. */
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/base/tsan.h"
#include "core/engine/internal.h"

struct agent_name agent_name_of(const struct hook_task *task, uint32_t thread)
{
    if (task != NULL)
        return (struct agent_name){ task->name, task->number, task->number == 0 };
    const char *name = engine.threads[thread].name;
    size_t length = strlen(name);
    bool numbered = length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9';
    return (struct agent_name){ name, thread, numbered /* by the subject */ };
}

void agent_name_print(struct agent_name agent, char *name, size_t size)
{
    if (agent.alone)
        snprintf(name, size, "%s", agent.name);
    else
        snprintf(name, size, "%s%u", agent.name, agent.number);
}

void engine_agent_name(const struct hook_task *task, uint32_t thread, char *name, size_t size)
{
    agent_name_print(agent_name_of(task, thread), name, size);
}

void engine_wake(uint32_t thread)
{
    check(engine.threads[thread].state == THREAD_BLOCKED);
    engine.threads[thread].state = THREAD_RUNNABLE;
    thread_set_add(&engine.runnable, thread);
    thread_set_remove(&engine.blocked, thread);
    thread_set_remove(&engine.sleeping, thread);
    thread_set_remove(&engine.spinning, thread);
    hook_step.spinning = engine.spinning.count;
    bool asks = engine.strategy->asks_on_wake && !engine.fair; /* turns are as long for everybody */
    if (asks)
        engine_stop_soon();
}

void engine_wake_waiters(enum edge_kind kind, const volatile void *object)
{
    for (uint32_t i = engine.blocked.count; i-- > 0;) {
        uint32_t thread = engine.blocked.members[i];
        if (engine.threads[thread].wait_kind == kind && engine.threads[thread].wait_object == object)
            engine_wake(thread);
    }
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

/* The next one; when there is none, that of a thread that has ended. */
static uint32_t free_slot(void)
{
    if (engine.thread_count < ENGINE_THREADS_MAX)
        return engine.thread_count;
    for (uint32_t i = 0; i < ENGINE_THREADS_MAX; i++)
        if (engine.threads[i].state == THREAD_DONE && i != engine.current)
            return i;
    engine_fail(VERDICT_BUDGET, NULL, "more threads at a time than the engine can run");
}

uint32_t thread_add(hook_entry *entry, void *argument, const char *name)
{
    uint32_t index = free_slot();
    struct thread *thread = &engine.threads[index];
    bool again = index < engine.thread_count;
    engine.thread_count += !again;
    thread->fiber = &thread->own;
    thread->own.user = NULL;
    thread->task = NULL;
    thread->wait_site = NULL;
    thread->wait_object = NULL;
    thread->deadline_ns = HOOK_FOREVER;
    thread->wait_token_count = 0;
    thread->state = THREAD_RUNNABLE;
    thread->context_count = 0;
    thread->wait_reads = false;
    thread->serial = engine.serial_count++;
    thread->spin_locks = 0;
    thread->awaited = NULL;
    thread->nesting = (struct nesting){ NULL, 0, false };
    thread->name = name;
    thread->entry = entry;
    thread->argument = argument;
    void *stack = again ? thread->own.stack_low : fiber_stack_take();
    fiber_init(&thread->own, stack, FIBER_STACK_SIZE, thread_first_code, thread);
    thread_set_add(&engine.runnable, index);
    return index;
}

void hook_sim_thread_create(const struct hook_site *site, struct hook_thread *thread,
                            hook_entry *entry, void *argument, const char *name)
{
    hook_sim_before(site, NULL);
    struct record *record = record_add(RECORD_START, site, NULL, name);
    uint32_t index = thread_add(entry, argument, name);
    hook_step.event->value = index;
    *thread = (struct hook_thread){ index, engine.threads[index].serial };
    record->value = thread->serial;
    record->level = (uint8_t)index;
}

void hook_sim_thread_start(const struct hook_site *site, hook_entry *entry, void *argument,
                           const char *name)
{
    struct hook_thread unused;
    hook_sim_thread_create(site, &unused, entry, argument, name);
}

void hook_sim_thread_join(const struct hook_site *site, struct hook_thread *thread)
{
    hook_sim_before(site, NULL);
    if (!engine.live)
        return;
    record_add(RECORD_JOIN, site, NULL, NULL)->value = thread->serial;
    check_may_block(site);
    const struct thread *other = &engine.threads[thread->index];
    if (other->serial == thread->serial && other->state != THREAD_DONE) {
        thread_current()->wait_thread = thread->index;
        wait_for(EDGE_JOIN, site, NULL, HOOK_FOREVER);
        hook_sim_event(site, NULL);
    }
    tsan_acquire(other);
}

_Noreturn void hook_sim_thread_exit(const struct hook_site *site)
{
    hook_sim_before(site, NULL);
    struct thread *thread = thread_current();
    for (uint32_t i = 0; i < engine.hold_count; i++)
        if (engine.holds[i].task == NULL && engine.holds[i].thread == engine.current)
            engine_fail(VERDICT_MISUSE, engine.holds[i].site, "a thread ends while it holds a lock");
    record_add(RECORD_EXIT, site, NULL, NULL);
    thread->state = THREAD_DONE;
    tsan_release(thread);
    for (uint32_t i = engine.blocked.count; i-- > 0;) {
        uint32_t other = engine.blocked.members[i];
        if (engine.threads[other].wait_kind == EDGE_JOIN &&
            engine.threads[other].wait_thread == engine.current)
            engine_wake(other);
    }
    thread_set_remove(&engine.runnable, engine.current);
    engine_hand_over();
    check(!"a thread that ended was chosen");
    abort();
}
