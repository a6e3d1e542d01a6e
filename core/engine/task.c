/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hooks of tasks, tokens and contexts: what the code under test tells of its own scheduling. None
 * of them is a step; they keep what the wait-for graph and the trace need.
 */
#include "core/base/check.h"
#include "core/engine/internal.h"
#include "core/engine/told.h"

/* The current task, or the thread outside any. */
static bool holds_anything(void)
{
    const struct hook_task *task = thread_current()->task;
    for (uint32_t i = 0; i < engine.hold_count; i++)
        if (hold_is_of(&engine.holds[i], task, engine.current))
            return true;
    return false;
}

/* Whoever is preempted here goes on only when it has a token again. */
static void told_may_wait(void)
{
#ifdef TSAN_TOLD
    for (uint32_t i = 0; told_wanted() && i < engine.token_count; i++)
        if (engine.tokens[i]->holder == engine.current + 1)
            told_waits(engine.tokens[i], engine.tokens[i]->name);
#endif
}

bool hook_sim_preemption_point(const struct hook_site *site, bool asked)
{
    if (!engine.live)
        return asked;
    if (hook_sim_watched && holds_anything()) {
        record_add(RECORD_UNMASK, site, NULL, HOOK_SCHEDULER);
        record_add(RECORD_MASK, site, NULL, HOOK_SCHEDULER);
    }
    told_may_wait();
    int64_t value;
    bool injected = engine.fault_open[FAULT_PREEMPT] && fault_at(FAULT_PREEMPT, site, &value);
    if (!injected && !asked)
        return false;
    hook_sim_event(site, NULL)->fault = injected ? FAULT_PREEMPT + 1 : 0;
    struct hook_task *task = thread_current()->task;
    if (task == NULL)
        return true;
    task->site = site;
    if (engine.options.record_chains)
        chain_record(&engine.task_chains[task->index]);
    return true;
}

void hook_sim_enter(const struct hook_site *site, const char *context)
{
    struct thread *thread = thread_current();
    if (!engine.live)
        return;
    check(thread->context_count < CONTEXTS_MAX);
    thread->contexts[thread->context_count++] = context;
    record_add(RECORD_ENTER, site, NULL, context);
}

void hook_sim_mask(const struct hook_site *site, const char *context, bool masked)
{
    if (engine.live)
        record_add(masked ? RECORD_MASK : RECORD_UNMASK, site, NULL, context);
}

void hook_sim_leave(const struct hook_site *site)
{
    struct thread *thread = thread_current();
    if (!engine.live)
        return;
    if (thread->context_count == 0)
        engine_fail(VERDICT_MISUSE, site, "a context is left that was not entered");
    thread->context_count--;
    record_add(RECORD_LEAVE, site, NULL, NULL);
}

_Noreturn void hook_sim_fail(const struct hook_site *site, const char *message)
{
    if (!engine.live)
        check_failed(message, site->function, site->file, (int)site->line);
    hook_sim_event(site, NULL);
    engine_fail(VERDICT_CRASH, site, message);
}

_Noreturn void hook_sim_give_up(const struct hook_site *site, const char *message)
{
    if (!engine.live)
        check_failed(message, site->function, site->file, (int)site->line);
    engine_fail(VERDICT_BUDGET, site, message);
}

void hook_sim_progress(void)
{
    engine.progress_step = engine.steps;
}

/* --- tasks --- */

void hook_sim_task_init(struct hook_task *task, const char *name, uint32_t number)
{
    if (engine.task_count == TASKS_MAX)
        engine_fail(VERDICT_BUDGET, NULL, "more tasks than the engine can follow");
    *task = (struct hook_task){ .name = name, .number = (uint16_t)number,
                                .index = (uint16_t)engine.task_count, .state = TASK_WAITING };
    engine.task_names[engine.task_count] = agent_name_of(task, 0);
    engine.tasks[engine.task_count++] = task;
}

void hook_sim_task_run(const struct hook_site *site, struct hook_task *task)
{
    thread_current()->task = task;
    who_update();
    record_add(RECORD_TASK_RUN, site, NULL, NULL)->value = task != NULL ? task->index + 1u : 0;
    if (task == NULL)
        return;
    task->state = TASK_RUNNING;
    task->thread = (uint8_t)engine.current;
    task->site = NULL;
    task->queue = NULL;
}

/* The task no longer runs, if it did. */
static void task_stops(struct hook_task *task, const struct hook_site *site)
{
    if (task->state == TASK_RUNNING && engine.threads[task->thread].task == task)
        engine.threads[task->thread].task = NULL;
    who_update();
    if (task->site == NULL)
        task->site = site; /* unless it was preempted: then that place is known */
}

void hook_sim_task_ready(const struct hook_site *site, struct hook_task *task, const char *queue)
{
    task_stops(task, site);
    task->state = TASK_READY;
    task->queue = queue;
    record_add(RECORD_TASK_READY, site, NULL, queue)->value = task->index + 1u;
}

void hook_sim_task_wait(const struct hook_site *site, struct hook_task *task)
{
    task_stops(task, site);
    task->state = TASK_WAITING;
    record_add(RECORD_TASK_WAIT, site, NULL, NULL)->value = task->index + 1u;
}

/* --- tokens and the gate --- */

void hook_sim_token_init(struct hook_token *token, const char *name, uint32_t number)
{
    *token = (struct hook_token){ .name = name, .number = (uint16_t)number };
    for (uint32_t i = 0; i < engine.token_count; i++)
        if (engine.tokens[i] == token)
            return;
    if (engine.token_count == TOKENS_MAX)
        engine_fail(VERDICT_BUDGET, NULL, "more tokens than the engine can follow");
    engine.tokens[engine.token_count++] = token;
}

void hook_sim_token_retire(struct hook_token *token)
{
    for (uint32_t i = 0; i < engine.token_count; i++) {
        if (engine.tokens[i] == token) {
            engine.tokens[i] = engine.tokens[--engine.token_count];
            return;
        }
    }
}

void hook_sim_token_take(const struct hook_site *site, struct hook_token *token)
{
    told_takes_as(&thread_current()->own, token, token->name);
    token->holder = (uint16_t)(engine.current + 1);
    token->site = site;
    record_add(RECORD_TOKEN_TAKE, site, token, token->name);
}

void hook_sim_token_give(const struct hook_site *site, struct hook_token *token)
{
    told_gives(token);
    token->holder = 0;
    token->site = site;
    record_add(RECORD_TOKEN_GIVE, site, token, token->name);
}

void hook_sim_gate_close(const struct hook_site *site)
{
    engine.gate = engine.current + 1;
    engine.gate_site = site;
}

void hook_sim_gate_open(const struct hook_site *site)
{
    engine.gate = 0;
    engine.gate_site = site;
}
