/* SPDX-License-Identifier: BSD-3-Clause */
/* Examples of locks taken in an order that other runs, or other programs, may deadlock over. */
#include "fuzz/example.h"

/* --- two locks of a class --- */

static void lock_both(void *unused)
{
    (void)unused;
    hook_lock(&example.nodes[0]);
    hook_lock(&example.nodes[1]);
    hook_unlock(&example.nodes[1]);
    hook_unlock(&example.nodes[0]);
    example_end();
}

static void lock_both_in_order(void *unused)
{
    (void)unused;
    hook_lock(&example.nodes[0]);
    hook_nested_in_order();
    hook_lock(&example.nodes[1]);
    hook_unlock(&example.nodes[1]);
    hook_unlock(&example.nodes[0]);
    example_end();
}

static void start_with_nodes(hook_entry *entry)
{
    hook_mutex_init(&example.nodes[0], "node");
    hook_mutex_init(&example.nodes[1], "node");
    example_start(entry, NULL);
}

/* Nobody takes them the other way round here; but nothing says that nobody does. */
void example_siblings(const struct plan *plan)
{
    (void)plan;
    start_with_nodes(lock_both);
}

void example_siblings_in_order(const struct plan *plan)
{
    (void)plan;
    start_with_nodes(lock_both_in_order);
}

/* --- a context that interrupts --- */

static void lock_a(void *unused)
{
    (void)unused;
    hook_unmask("signal");
    hook_lock(&example.a);
    hook_unlock(&example.a);
    example_end();
}

static void lock_a_without_signals(void *unused)
{
    (void)unused;
    hook_unmask("signal");
    hook_mask("signal");
    hook_lock(&example.a);
    hook_unlock(&example.a);
    hook_unmask("signal");
    example_end();
}

static void handle_signal(void)
{
    hook_enter("signal");
    hook_lock(&example.a);
    hook_unlock(&example.a);
    hook_leave();
}

static void get_a_signal(void *unused)
{
    (void)unused;
    hook_unmask("signal");
    handle_signal();
    example_end();
}

/* The signal comes to the thread that has no lock; it might have come to the other. */
void example_signalled(const struct plan *plan)
{
    (void)plan;
    example_start(lock_a, get_a_signal);
}

void example_signalled_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(lock_a_without_signals, get_a_signal);
}

/* --- an event --- */

static void await_under_a(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    hook_semaphore_wait(&example.done);
    hook_unlock(&example.a);
    example_end();
}

static void await_then_lock_a(void *unused)
{
    (void)unused;
    hook_semaphore_wait(&example.done);
    hook_lock(&example.a);
    hook_unlock(&example.a);
    example_end();
}

static void post_under_a(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    hook_semaphore_post(&example.done);
    hook_unlock(&example.a);
    example_end();
}

void example_await_under_lock(const struct plan *plan)
{
    (void)plan;
    hook_semaphore_init(&example.done, "done", 0);
    example_start(await_under_a, post_under_a);
}

void example_await_before_lock(const struct plan *plan)
{
    (void)plan;
    hook_semaphore_init(&example.done, "done", 0);
    example_start(await_then_lock_a, post_under_a);
}

/* --- a reader that reads again --- */

static void read_twice(void *unused)
{
    (void)unused;
    hook_read_lock(&example.table);
    hook_read_lock(&example.table);
    hook_read_unlock(&example.table);
    hook_read_unlock(&example.table);
    example_end();
}

static void write_once(void *unused)
{
    (void)unused;
    hook_write_lock(&example.table);
    hook_write_unlock(&example.table);
    example_end();
}

/* A writer that comes between stands in the queue before the second read. */
void example_read_twice(const struct plan *plan)
{
    (void)plan;
    hook_rwlock_init_fair(&example.table, "table");
    example_start(read_twice, write_once);
}

/* Readers pass writers that wait. */
void example_read_twice_fixed(const struct plan *plan)
{
    (void)plan;
    hook_rwlock_init(&example.table, "table");
    example_start(read_twice, write_once);
}
