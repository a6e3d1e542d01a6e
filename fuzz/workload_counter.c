/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that add to one counter: nothing but steps, as many and of as many threads as wanted. */
#include "core/base/check.h"
#include "fuzz/workload.h"

enum { SETTING_THREADS, SETTING_ADDITIONS };

static struct {
    _Atomic uint32_t count;
    uint32_t threads, additions;
} counter;

static void add(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < counter.additions; i++)
        hook_fetch_add(&counter.count, 1u);
    hook_thread_exit();
}

static void run(const struct plan *plan)
{
    counter.threads = (uint32_t)plan->settings[SETTING_THREADS];
    counter.additions = (uint32_t)plan->settings[SETTING_ADDITIONS];
    workload_start(counter.threads, add);
}

static void reset(void)
{
    atomic_init(&counter.count, 0);
}

static const char *check_count(bool idle)
{
    if (idle && atomic_load(&counter.count) != counter.threads * counter.additions)
        return "W1 the counter differs from how often it was added to";
    return NULL;
}

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)prng;
    (void)faults;
    subject_standard_settings(&workload_counter, plan);
}

static const struct subject_setting settings[] = {
    [SETTING_THREADS] = { "threads", "how many threads add", 1, WORKLOAD_THREADS_MAX, 2 },
    [SETTING_ADDITIONS] = { "additions", "how often each of them does", 0, 10000, 10 },
};

const struct wedge_subject workload_counter = {
    .name = "counter",
    .about = "workload: threads add to one counter",
    .settings = settings,
    .setting_count = count_of(settings),
    .generate = generate,
    .reset = reset,
    .run = run,
    .check = check_count,
};
