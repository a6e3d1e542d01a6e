/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Treiber's stack without hazard pointers: each thread pushes a value and pops one. A node is freed
 * as soon as it is popped, while others may be about to read its `next`; and if it is used again
 * before they compare it with the top, they take it for what it was (ABA), and what they make the
 * top is on the stack no more. The twin frees nothing during the run.
 *
 * On the engine, nodes come from a pool that hands out first what was freed last, as malloc() does,
 * and knows what is free. So a read of freed memory is told in every build.
 */
#include "core/base/check.h"
#include "fuzz/workload.h"

enum { SETTING_THREADS, THREADS_MAX = 32 };

struct node {
    struct node *_Atomic next;
    uint32_t value;
};

static struct {
    struct node *_Atomic top;
    uint32_t threads;
    bool keeps;
} stack;

#if HOOK_BACKEND == HOOK_SIM
static struct {
    struct node nodes[THREADS_MAX];
    struct node *free[THREADS_MAX];
    bool is_free[THREADS_MAX];
    uint32_t used, free_count;
} pool;

static void pool_reset(void)
{
    pool.used = pool.free_count = 0;
}

static struct node *node_new(void)
{
    struct node *node = pool.free_count > 0 ? pool.free[--pool.free_count]
                                            : &pool.nodes[pool.used++];
    pool.is_free[node - pool.nodes] = false;
    return node;
}

static void node_free(struct node *node)
{
    if (pool.is_free[node - pool.nodes])
        hook_fail("W4 a node is popped twice, and freed twice");
    pool.is_free[node - pool.nodes] = true;
    pool.free[pool.free_count++] = node;
}

static void check_live(const struct node *node)
{
    if (pool.is_free[node - pool.nodes])
        hook_fail("W4 a thread reads a node that was freed");
}
#else
#include <stdlib.h>

static void pool_reset(void)
{
}

static struct node *node_new(void)
{
    return malloc(sizeof(struct node));
}

static void node_free(struct node *node)
{
    free(node);
}

static void check_live(const struct node *node)
{
    (void)node;
}
#endif

static void push(uint32_t value)
{
    struct node *node = node_new();
    node->value = value;
    struct node *next = hook_load_explicit(&stack.top, memory_order_relaxed);
    do
        hook_store_explicit(&node->next, next, memory_order_relaxed);
    while (!hook_cas_weak(&stack.top, &next, node));
}

/* 0: it is empty. */
static uint32_t pop(void)
{
    struct node *node = hook_load_explicit(&stack.top, memory_order_relaxed);
    while (node != NULL) {
        struct node *next = hook_load_explicit(&node->next, memory_order_relaxed);
        check_live(node);
        if (!hook_cas_weak(&stack.top, &node, next))
            continue;
        uint32_t value = node->value;
        if (!stack.keeps)
            node_free(node);
        return value;
    }
    return 0;
}

static void push_and_pop(void *number)
{
    push(workload_number(number) + 1);
    if (pop() == 0)
        hook_fail("W4 the stack is empty before each has popped what it pushed");
    hook_thread_exit();
}

static void run(const struct plan *plan)
{
    stack.threads = (uint32_t)plan->settings[SETTING_THREADS];
    stack.keeps = false;
    workload_start(stack.threads, push_and_pop);
}

static void run_kept(const struct plan *plan)
{
    stack.threads = (uint32_t)plan->settings[SETTING_THREADS];
    stack.keeps = true;
    workload_start(stack.threads, push_and_pop);
}

static void reset(void)
{
    atomic_init(&stack.top, NULL);
    pool_reset();
}

static const char *check_top(bool idle)
{
    if (idle && atomic_load(&stack.top) != NULL)
        return "W4 each has popped, and there is something left";
    return NULL;
}

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)prng;
    (void)faults;
    subject_standard_settings(&workload_stack, plan);
}

static const struct subject_setting settings[] = {
    [SETTING_THREADS] = { "threads", "how many push and pop", 1, THREADS_MAX, 4 },
};

#define STACK(subject_name, text, run_it)                                                       \
    {                                                                                           \
        .name = subject_name, .about = "workload: " text, .settings = settings,                 \
        .setting_count = count_of(settings), .generate = generate, .reset = reset,              \
        .run = run_it, .check = check_top                                                       \
    }

const struct wedge_subject workload_stack =
    STACK("stack", "a lock-free stack whose nodes are freed at once", run);
const struct wedge_subject workload_stack_kept =
    STACK("stack-kept", "stack, its nodes freed later", run_kept);
