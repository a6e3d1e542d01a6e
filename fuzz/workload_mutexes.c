/* SPDX-License-Identifier: BSD-3-Clause */
/* Two threads and two locks: both take them in the same order, or one the other way round. */
#include <stdio.h>

#include "fuzz/workload.h"

static struct {
    struct hook_mutex a, b;
    uint32_t count; /* under both */
    bool crossed;
} mutexes;

static void count_under(struct hook_mutex *first, struct hook_mutex *second)
{
    hook_lock(first);
    hook_lock(second);
    mutexes.count++;
    hook_unlock(second);
    hook_unlock(first);
}

static void take_both(void *number)
{
    if (mutexes.crossed && workload_number(number) == 1)
        count_under(&mutexes.b, &mutexes.a);
    else
        count_under(&mutexes.a, &mutexes.b);
    hook_thread_exit();
}

static void start(bool crossed)
{
    hook_mutex_init(&mutexes.a, "a");
    hook_mutex_init(&mutexes.b, "b");
    mutexes.crossed = crossed;
    workload_start(2, take_both);
}

static void run(const struct plan *plan)
{
    (void)plan;
    start(false);
}

static void run_crossed(const struct plan *plan)
{
    (void)plan;
    start(true);
}

static void reset(void)
{
    mutexes.count = 0;
}

static const char *check_count(bool idle)
{
    if (idle && mutexes.count != 2)
        return "W2 the count differs from how often it was counted";
    return NULL;
}

static bool name_object(const volatile void *object, char *name, size_t size)
{
    const char *text = object == &mutexes.a ? "a" : object == &mutexes.b ? "b" : NULL;
    if (text != NULL)
        snprintf(name, size, "%s", text);
    return text != NULL;
}

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)plan;
    (void)prng;
    (void)faults;
}

#define MUTEXES(subject_name, text, run_it)                                                     \
    {                                                                                           \
        .name = subject_name, .about = "workload: " text, .generate = generate, .reset = reset, \
        .run = run_it, .check = check_count, .name_object = name_object                         \
    }

const struct wedge_subject workload_mutexes =
    MUTEXES("mutexes", "two threads take two locks in the same order", run);
const struct wedge_subject workload_mutexes_crossed =
    MUTEXES("mutexes-crossed", "mutexes, one the other way round", run_crossed);
