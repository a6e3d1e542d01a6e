/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Orders of many threads. `reorder`: all but the last thread set two words, one after the other,
 * and the last one looks at both: it has to be started, and to look, while none of the others has
 * got past its first store but one has made that. `laggard`: the first thread has to wait until all
 * others have come to their end. Each needs a single order; only how many threads have to keep it
 * makes it rare.
 */
#include "core/base/check.h"
#include "fuzz/workload.h"

enum { SETTING_THREADS };

static struct {
    _Atomic int32_t a, b;      /* reorder */
    _Atomic uint32_t passed, ended, begun; /* laggard */
    struct hook_mutex lock;
    uint32_t threads;
    bool fixed;
} order;

/* --- reorder --- */

static void set(void)
{
    hook_store_explicit(&order.a, 1, memory_order_relaxed);
    hook_store_explicit(&order.b, -1, memory_order_relaxed);
}

static void look(void)
{
    int32_t a = hook_load_explicit(&order.a, memory_order_relaxed);
    int32_t b = hook_load_explicit(&order.b, memory_order_relaxed);
    if (!(a == 0 && b == 0) && !(a == 1 && b == -1))
        hook_fail("W5 one word was set and the other was not");
}

static void set_or_look(void *number)
{
    bool last = workload_number(number) == order.threads - 1;
    if (order.fixed)
        hook_lock(&order.lock);
    if (last)
        look();
    else
        set();
    if (order.fixed)
        hook_unlock(&order.lock);
    hook_thread_exit();
}

/* --- laggard --- */

static void begin(void)
{
    hook_store(&order.begun, 1u);
}

static void pass(void)
{
    while (order.fixed && hook_load(&order.begun) == 0)
        hook_spin(&order.begun);
    hook_fetch_add(&order.passed, 1u);
    if (hook_fetch_add(&order.ended, 1u) == order.threads - 2 && hook_load(&order.begun) == 0)
        hook_fail("W6 all others end before the first thread begins");
}

static void begin_or_pass(void *number)
{
    if (workload_number(number) == 0)
        begin();
    else
        pass();
    hook_thread_exit();
}

/* --- the subjects --- */

static void start(const struct plan *plan, hook_entry *entry, bool fixed)
{
    order.threads = (uint32_t)plan->settings[SETTING_THREADS];
    order.fixed = fixed;
    hook_mutex_init(&order.lock, "lock");
    workload_start(order.threads, entry);
}

static void run_reorder(const struct plan *plan)
{
    start(plan, set_or_look, false);
}

static void run_reorder_locked(const struct plan *plan)
{
    start(plan, set_or_look, true);
}

static void run_laggard(const struct plan *plan)
{
    start(plan, begin_or_pass, false);
}

static void run_laggard_awaited(const struct plan *plan)
{
    start(plan, begin_or_pass, true);
}

static void reset(void)
{
    atomic_init(&order.a, 0);
    atomic_init(&order.b, 0);
    atomic_init(&order.passed, 0);
    atomic_init(&order.ended, 0);
    atomic_init(&order.begun, 0);
}

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)prng;
    (void)faults;
    subject_standard_settings(&workload_reorder, plan);
}

static const struct subject_setting settings[] = {
    [SETTING_THREADS] = { "threads", "how many take part", 2, WORKLOAD_THREADS_MAX, 3 },
};

#define ORDER(subject_name, text, run_it)                                                       \
    {                                                                                           \
        .name = subject_name, .about = "workload: " text, .settings = settings,                 \
        .setting_count = count_of(settings), .generate = generate, .reset = reset,              \
        .run = run_it                                                                           \
    }

const struct wedge_subject workload_reorder =
    ORDER("reorder", "the last thread must look before the others are half-way", run_reorder);
const struct wedge_subject workload_reorder_locked =
    ORDER("reorder-locked", "reorder, under a lock", run_reorder_locked);
const struct wedge_subject workload_laggard =
    ORDER("laggard", "the first thread must begin after all others ended", run_laggard);
const struct wedge_subject workload_laggard_awaited =
    ORDER("laggard-awaited", "laggard, with others that wait for it", run_laggard_awaited);
