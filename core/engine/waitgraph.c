/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wait-for graph. Nodes are agents: threads, and tasks that threads run. What an agent waits
 * for is read from the state of the run when a thread is about to block; nothing is kept between.
 *
 * An agent is stuck when
 *   - it is a thread that waits for a mutex or a transitional state whose holder is stuck;
 *   - it is a thread that waits for the end of a thread that is stuck;
 *   - it is a thread that waits until tokens are given up, and one holder is stuck;
 *   - it is a task that runs on a stuck thread;
 *   - it is a task that is ready, needs a token, and every token's holder is stuck; or the world is
 *     stopped by a stuck thread.
 * Stuck agents are the greatest set that fits: an agent met again on the way is taken to be stuck.
 * That is sound: whenever the search answers yes, everything on its way depends only on itself. An
 * agent that waits for an event or for the clock is not stuck, for anybody could wake it.
 *
 * Threads block often and are seldom stuck: so the search is made without a word, and again to tell
 * of its edges if the answer is yes.
 */
#include <string.h>

#include "core/base/check.h"
#include "core/engine/internal.h"
#include "core/engine/race.h"

struct search {
    uint64_t number;         /* what this search has met has this number */
    struct outcome *outcome; /* where edges are told; NULL: they are not */
    uint32_t edge_count;
};
static uint64_t search_number, thread_met[ENGINE_THREADS_MAX], task_met[TASKS_MAX];

static bool thread_is_stuck(struct search *search, uint32_t thread);
static bool task_is_stuck(struct search *search, struct hook_task *task);

static bool holder_is_stuck(struct search *search, struct hook_task *task, uint32_t thread)
{
    return task != NULL ? task_is_stuck(search, task) : thread_is_stuck(search, thread);
}

static struct search search_begin(struct outcome *outcome)
{
    return (struct search){ ++search_number, outcome, 0 };
}

/* Appends an edge; the rest of its fields are the caller's. With no room, in place of the last. */
static struct edge *edge_add(struct search *search, enum edge_kind kind)
{
    struct outcome *outcome = search->outcome;
    if (search->edge_count == ENGINE_EDGES_MAX)
        return &outcome->edges[ENGINE_EDGES_MAX - 1];
    struct edge *edge = &outcome->edges[search->edge_count++];
    memset(edge, 0, offsetof(struct edge, wait_chain));
    edge->wait_chain.count = edge->hold_chain.count = 0;
    edge->kind = kind;
    return edge;
}

/* The classes of what the thread and its task hold, first taken first, each once; for reports, as call
 * chains are. `thread` UINT32_MAX: the task is on none. */
static void edge_holding(struct edge *edge, const struct hook_task *task, uint32_t thread)
{
    size_t length = 0, size = engine.options.record_chains ? sizeof edge->holding : 0;
    for (uint32_t i = 0; i < engine.hold_count && length < size; i++) {
        const struct hold *hold = &engine.holds[i];
        bool told = hold->hold_class == NULL || !hold_is_of(hold, task, thread);
        for (uint32_t j = 0; !told && j < i; j++)
            told = engine.holds[j].hold_class == hold->hold_class &&
                   hold_is_of(&engine.holds[j], task, thread);
        if (!told)
            length += (size_t)snprintf(edge->holding + length, size - length, "%s%s",
                                       length > 0 ? ", " : "", hold->hold_class);
    }
}

static void edge_wait(struct edge *edge, uint32_t thread)
{
    const struct thread *waiter = &engine.threads[thread];
    edge->wants_to_read = waiter->wait_reads;
    engine_agent_name(NULL, thread, edge->from, sizeof edge->from);
    edge->waits_at = waiter->wait_site;
    if (engine.options.record_chains)
        edge->wait_chain = waiter->wait_chain;
    edge_holding(edge, waiter->task, thread);
}

static void edge_hold(struct edge *edge, const struct hold *hold)
{
    engine_agent_name(hold->task, hold->thread, edge->to, sizeof edge->to);
    edge->object_class = hold->hold_class;
    edge->holds_since = hold->site;
    edge->holds_to_read = hold->mode == HOOK_READ;
    engine_name_object(hold->site, hold->object, edge->object, sizeof edge->object);
    if (engine.options.record_chains)
        edge->hold_chain = engine.chains[hold - engine.holds];
}

static void edge_token(struct edge *edge, const struct hook_token *token)
{
    engine_agent_name(NULL, token->holder - 1u, edge->to, sizeof edge->to);
    edge->object_class = token->name;
    edge->holds_since = token->site;
    snprintf(edge->object, sizeof edge->object, "%s%u", token->name, token->number);
}

/* --- threads --- */

static void tell_hold(struct search *search, uint32_t thread, enum edge_kind kind,
                      const struct hold *hold)
{
    if (search->outcome == NULL)
        return;
    struct edge *edge = edge_add(search, kind);
    edge_wait(edge, thread);
    edge_hold(edge, hold);
}

/* Of several who share it, one that never gives it back is enough. */
static bool waits_for_hold(struct search *search, uint32_t thread, enum edge_kind kind)
{
    for (uint32_t i = engine.hold_count; i-- > 0;) {
        const struct hold *hold = &engine.holds[i];
        if (hold->object != engine.threads[thread].wait_object)
            continue;
        uint32_t mark = search->edge_count;
        tell_hold(search, thread, kind, hold);
        if (holder_is_stuck(search, hold->task, hold->thread))
            return true;
        search->edge_count = mark;
    }
    return false;
}

static void tell_end(struct search *search, uint32_t thread, uint32_t other)
{
    if (search->outcome == NULL)
        return;
    struct edge *edge = edge_add(search, EDGE_JOIN);
    edge_wait(edge, thread);
    engine_agent_name(NULL, other, edge->to, sizeof edge->to);
    edge->object_class = "thread";
    snprintf(edge->object, sizeof edge->object, "the end of %s", edge->to);
}

static bool waits_for_end(struct search *search, uint32_t thread)
{
    uint32_t other = engine.threads[thread].wait_thread, mark = search->edge_count;
    tell_end(search, thread, other);
    if (thread_is_stuck(search, other))
        return true;
    search->edge_count = mark;
    return false;
}

static void tell_stop(struct search *search, uint32_t thread, const struct hook_token *token)
{
    if (search->outcome == NULL)
        return;
    struct edge *edge = edge_add(search, EDGE_STOP);
    edge_wait(edge, thread);
    edge_token(edge, token);
}

static bool waits_for_tokens(struct search *search, uint32_t thread)
{
    const struct thread *waiter = &engine.threads[thread];
    for (uint32_t i = 0; i < waiter->wait_token_count; i++) {
        const struct hook_token *token = waiter->wait_tokens[i];
        if (token->holder == 0)
            continue;
        uint32_t mark = search->edge_count;
        tell_stop(search, thread, token);
        if (thread_is_stuck(search, token->holder - 1u))
            return true;
        search->edge_count = mark;
    }
    return false;
}

static bool thread_is_stuck(struct search *search, uint32_t thread)
{
    const struct thread *waiter = &engine.threads[thread];
    if (waiter->state == THREAD_DONE)
        return true; /* it ended with what others wait for */
    if (waiter->state == THREAD_RUNNABLE)
        return false;
    if (thread_met[thread] == search->number)
        return true;
    thread_met[thread] = search->number;
    bool stuck = false;
    if (waiter->wait_kind == EDGE_LOCK)
        stuck = waits_for_hold(search, thread, EDGE_LOCK);
    else if (waiter->wait_kind == EDGE_SPIN)
        stuck = waits_for_hold(search, thread, EDGE_STATE);
    else if (waiter->wait_kind == EDGE_JOIN)
        stuck = waits_for_end(search, thread);
    else if (waiter->wait_token_count > 0)
        stuck = waits_for_tokens(search, thread);
    if (!stuck)
        thread_met[thread] = 0;
    return stuck;
}

/* --- tasks --- */

static void edge_task(struct edge *edge, const struct hook_task *task)
{
    engine_agent_name(task, 0, edge->from, sizeof edge->from);
    edge->waits_at = task->site;
    edge->queue = task->queue;
    if (engine.options.record_chains && task->site != NULL && task->site->kind == HOOK_PREEMPTION)
        edge->wait_chain = engine.task_chains[task->index];
    edge_holding(edge, task, UINT32_MAX);
}

static void tell_gate(struct search *search, const struct hook_task *task)
{
    if (search->outcome == NULL)
        return;
    struct edge *edge = edge_add(search, EDGE_GATE);
    edge_task(edge, task);
    engine_agent_name(NULL, engine.gate - 1, edge->to, sizeof edge->to);
    edge->object_class = "world";
    edge->holds_since = engine.gate_site;
    snprintf(edge->object, sizeof edge->object, "the world");
}

static bool gate_is_stuck(struct search *search, struct hook_task *task)
{
    uint32_t mark = search->edge_count;
    tell_gate(search, task);
    if (thread_is_stuck(search, engine.gate - 1))
        return true;
    search->edge_count = mark;
    return false;
}

static void tell_token(struct search *search, const struct hook_task *task,
                       const struct hook_token *token)
{
    if (search->outcome == NULL)
        return;
    struct edge *edge = edge_add(search, EDGE_TOKEN);
    edge_task(edge, task);
    edge_token(edge, token);
}

static bool tokens_are_stuck(struct search *search, struct hook_task *task)
{
    uint32_t mark = search->edge_count;
    for (uint32_t i = 0; i < engine.token_count; i++) {
        const struct hook_token *token = engine.tokens[i];
        if (token->holder != 0)
            tell_token(search, task, token);
        if (token->holder == 0 || !thread_is_stuck(search, token->holder - 1u)) {
            search->edge_count = mark;
            return false;
        }
    }
    return engine.token_count > 0;
}

static void tell_runs(struct search *search, const struct hook_task *task)
{
    if (search->outcome == NULL)
        return;
    struct edge *edge = edge_add(search, EDGE_RUNS);
    edge_task(edge, task);
    engine_agent_name(NULL, task->thread, edge->to, sizeof edge->to);
}

static bool task_is_stuck(struct search *search, struct hook_task *task)
{
    if (task_met[task->index] == search->number)
        return true;
    task_met[task->index] = search->number;
    bool stuck = false;
    if (task->state == TASK_RUNNING) {
        uint32_t mark = search->edge_count;
        tell_runs(search, task);
        stuck = thread_is_stuck(search, task->thread);
        if (!stuck)
            search->edge_count = mark;
    } else if (task->state == TASK_READY) {
        stuck = (engine.gate != 0 && gate_is_stuck(search, task)) || tokens_are_stuck(search, task);
    }
    if (!stuck)
        task_met[task->index] = 0;
    return stuck;
}

/* --- the cycle --- */

static const struct edge *first_edge_from(const struct outcome *outcome, const char *agent)
{
    for (uint32_t i = 0; i < outcome->edge_count; i++)
        if (strcmp(outcome->edges[i].from, agent) == 0)
            return &outcome->edges[i];
    return NULL;
}

/* Puts the edges of one closed cycle first, in order; the others follow. */
static void order_edges(struct outcome *outcome)
{
    static struct edge ordered[ENGINE_EDGES_MAX];
    uint64_t used = 0;
    const struct edge *edge = &outcome->edges[0];
    for (uint32_t i = 0; i < outcome->edge_count; i++) { /* now surely on the cycle, if there is one */
        const struct edge *next = first_edge_from(outcome, edge->to);
        if (next == NULL)
            return; /* it ends at a thread that is done: a chain, not a cycle */
        edge = next;
    }
    while ((used >> (edge - outcome->edges) & 1) == 0) {
        used |= (uint64_t)1 << (edge - outcome->edges);
        ordered[outcome->cycle_count++] = *edge;
        edge = first_edge_from(outcome, edge->to);
        check(edge != NULL);
    }
    uint32_t count = outcome->cycle_count;
    for (uint32_t i = 0; i < outcome->edge_count; i++)
        if ((used >> i & 1) == 0)
            ordered[count++] = outcome->edges[i];
    memcpy(outcome->edges, ordered, count * sizeof *ordered);
}

static uint32_t threads_in(const struct outcome *outcome)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        enum edge_kind kind = outcome->edges[i].kind;
        if (kind == EDGE_TOKEN || kind == EDGE_GATE || kind == EDGE_RUNS)
            continue; /* from a task */
        bool seen = false;
        for (uint32_t j = 0; j < i; j++)
            seen = seen || strcmp(outcome->edges[i].from, outcome->edges[j].from) == 0;
        count += !seen;
    }
    return count;
}

bool waitgraph_stuck(uint32_t thread)
{
    enum edge_kind kind = (enum edge_kind)engine.threads[thread].wait_kind;
    if (kind == EDGE_EVENT && engine.threads[thread].wait_token_count == 0)
        return false;
    struct search search = search_begin(NULL);
    if (!thread_is_stuck(&search, thread))
        return false;
    race_look_away();
    struct outcome *outcome = engine.outcome;
    search = search_begin(outcome);
    check(thread_is_stuck(&search, thread));
    outcome->edge_count = search.edge_count;
    order_edges(outcome);
    outcome->site = engine.threads[thread].wait_site;
    engine_agent_name(NULL, thread, outcome->agent, sizeof outcome->agent);
    bool alone = threads_in(outcome) == 1;
    outcome->verdict = alone ? VERDICT_SELF_DEADLOCK : VERDICT_DEADLOCK;
    snprintf(outcome->message, sizeof outcome->message, "%s",
             alone ? "one thread waits for itself" : "threads wait for each other");
    signature_of_cycle(outcome);
    return true;
}

/* An edge to nobody, for each thread that will wait for ever. */
static void edge_to_nobody(struct search *search, uint32_t thread)
{
    const struct thread *waiter = &engine.threads[thread];
    enum edge_kind kind = (enum edge_kind)waiter->wait_kind;
    struct edge *edge = edge_add(search, kind);
    edge_wait(edge, thread);
    const struct hold *hold = hold_find(waiter->wait_object);
    if (hold != NULL)
        edge_hold(edge, hold);
    else
        engine_name_object(waiter->wait_site, waiter->wait_object, edge->object,
                           sizeof edge->object);
}

void waitgraph_idle(void)
{
    struct outcome *outcome = engine.outcome;
    struct search search = search_begin(outcome);
    for (uint32_t i = 0; i < engine.thread_count; i++)
        if (engine.threads[i].state == THREAD_BLOCKED)
            edge_to_nobody(&search, i);
    outcome->edge_count = search.edge_count;
    outcome->verdict = hook_step.spinning != 0 ? VERDICT_LIVELOCK : VERDICT_DEADLOCK;
    snprintf(outcome->message, sizeof outcome->message, "%s",
             hook_step.spinning != 0 ? "threads spin and nobody is left who could change what they see"
                                  : "every thread waits and nobody is left to wake one");
    signature_of_cycle(outcome);
}

/* --- who waits for what, when somebody is late --- */

static void describe_sleeper(struct search *search, uint32_t thread)
{
    const struct thread *waiter = &engine.threads[thread];
    struct edge *edge = edge_add(search, EDGE_SLEEP);
    edge_wait(edge, thread);
    engine_agent_name(waiter->task, thread, edge->from, sizeof edge->from);
    edge->until_ns = waiter->deadline_ns;
    if (waiter->wait_object != NULL)
        engine_name_object(waiter->wait_site, waiter->wait_object, edge->object,
                           sizeof edge->object);
}

static void describe_ready(struct search *search, const struct hook_task *task)
{
    struct edge *edge = edge_add(search, EDGE_READY);
    edge_task(edge, task);
    for (uint32_t i = 0; i < engine.token_count && edge->object[0] == '\0'; i++)
        if (engine.tokens[i]->holder == 0)
            snprintf(edge->object, sizeof edge->object, "%s%u", engine.tokens[i]->name,
                     engine.tokens[i]->number);
}

void waitgraph_describe(void)
{
    struct search search = search_begin(engine.outcome);
    for (uint32_t i = 0; i < engine.task_count; i++)
        if (engine.tasks[i]->index == i && engine.tasks[i]->state == TASK_READY)
            describe_ready(&search, engine.tasks[i]);
    for (uint32_t i = 0; i < engine.thread_count; i++)
        if (engine.threads[i].state == THREAD_BLOCKED)
            describe_sleeper(&search, i);
    engine.outcome->edge_count = search.edge_count;
}
