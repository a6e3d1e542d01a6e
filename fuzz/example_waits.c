/* SPDX-License-Identifier: BSD-3-Clause */
/* Examples of threads that wait: for locks, notes, words, the clock. */
#include "fuzz/example.h"

enum { ALARM_NS = 1000, NAP_NS = 50000, STALE_NS = 1000 };

/* --- deadlock --- */

static void a_then_b(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    hook_lock(&example.b);
    hook_unlock(&example.b);
    hook_unlock(&example.a);
    example_end();
}

static void b_then_a(void *unused)
{
    (void)unused;
    hook_lock(&example.b);
    hook_lock(&example.a);
    hook_unlock(&example.a);
    hook_unlock(&example.b);
    example_end();
}

void example_abba(const struct plan *plan)
{
    (void)plan;
    example_start(a_then_b, b_then_a);
}

void example_ordered(const struct plan *plan)
{
    (void)plan;
    example_start(a_then_b, a_then_b);
}

/* The waiter says that it waits only after it has looked: the waker may pass in between. */
static void look_then_wait(void *unused)
{
    (void)unused;
    if (hook_load(&example.left) == 0) {
        hook_store(&example.right, 1u);
        hook_park(&example.note, HOOK_FOREVER);
    }
    example_end();
}

static void say_then_look_then_wait(void *unused)
{
    (void)unused;
    hook_store(&example.right, 1u);
    if (hook_load(&example.left) == 0)
        hook_park(&example.note, HOOK_FOREVER);
    example_end();
}

static void wake_who_waits(void *unused)
{
    (void)unused;
    hook_store(&example.left, 1u);
    if (hook_load(&example.right) != 0)
        hook_unpark(&example.note);
    example_end();
}

void example_lost_wakeup(const struct plan *plan)
{
    (void)plan;
    example_start(look_then_wait, wake_who_waits);
}

void example_kept_wakeup(const struct plan *plan)
{
    (void)plan;
    example_start(say_then_look_then_wait, wake_who_waits);
}

/* --- waits that end early or late --- */

static void raise_left_and_wake(void *unused)
{
    (void)unused;
    hook_store(&example.left, 1u);
    hook_unpark(&example.note);
    example_end();
}

/* Takes the end of the wait for what it waited for. */
static void wait_once(void *unused)
{
    (void)unused;
    if (hook_load(&example.left) == 0)
        hook_park_weak(&example.note, HOOK_FOREVER);
    if (hook_load(&example.left) == 0)
        hook_fail("woken before left was raised");
    example_end();
}

static void wait_in_a_loop(void *unused)
{
    (void)unused;
    while (hook_load(&example.left) == 0)
        hook_park_weak(&example.note, HOOK_FOREVER);
    example_end();
}

void example_early_return(const struct plan *plan)
{
    (void)plan;
    example_start(wait_once, raise_left_and_wake);
}

void example_early_return_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(wait_in_a_loop, raise_left_and_wake);
}

static void send(void *unused)
{
    (void)unused;
    example.sent_ns = hook_clock();
    hook_unpark_late(&example.note);
    example_end();
}

/* Throws away what was sent a while ago, and nobody sends it again. */
static void receive_what_is_fresh(void *unused)
{
    (void)unused;
    hook_park(&example.note, HOOK_FOREVER);
    if (hook_clock() - example.sent_ns < STALE_NS)
        hook_store(&example.left, 1u);
    example_end();
}

static void receive_anything(void *unused)
{
    (void)unused;
    hook_park(&example.note, HOOK_FOREVER);
    hook_store(&example.left, 1u);
    example_end();
}

void example_stale(const struct plan *plan)
{
    (void)plan;
    example_start(receive_what_is_fresh, send);
}

void example_stale_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(receive_anything, send);
}

/* --- self-deadlock --- */

static void lock_again_if_late(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    if (hook_load(&example.left) != 0)
        hook_lock(&example.a);
    hook_unlock(&example.a);
    example_end();
}

static void unlock_and_lock_again(void *unused)
{
    (void)unused;
    hook_lock(&example.a);
    if (hook_load(&example.left) != 0) {
        hook_unlock(&example.a);
        hook_lock(&example.a);
    }
    hook_unlock(&example.a);
    example_end();
}

void example_relock(const struct plan *plan)
{
    (void)plan;
    example_start(lock_again_if_late, example_raise_left);
}

void example_relock_fixed(const struct plan *plan)
{
    (void)plan;
    example_start(unlock_and_lock_again, example_raise_left);
}

/* --- livelock --- */

static void spin_until(_Atomic uint32_t *word)
{
    while (hook_load(word) == 0)
        hook_spin(word);
}

static void wait_left_then_raise_right(void *unused)
{
    (void)unused;
    spin_until(&example.left);
    hook_store(&example.right, 1u);
    example_end();
}

static void wait_right_then_raise_left(void *unused)
{
    (void)unused;
    spin_until(&example.right);
    hook_store(&example.left, 1u);
    example_end();
}

static void raise_right_then_wait_left(void *unused)
{
    (void)unused;
    hook_store(&example.right, 1u);
    spin_until(&example.left);
    example_end();
}

void example_spin(const struct plan *plan)
{
    (void)plan;
    example_start(wait_left_then_raise_right, wait_right_then_raise_left);
}

void example_handshake(const struct plan *plan)
{
    (void)plan;
    example_start(raise_right_then_wait_left, wait_right_then_raise_left);
}

/* --- late-wakeup --- */

int64_t example_due(void)
{
    return example.alarm_ns != 0 ? example.alarm_ns : HOOK_FOREVER;
}

static void set_alarm(void *unused)
{
    (void)unused;
    example.alarm_ns = hook_clock() + ALARM_NS;
    hook_unpark(&example.note);
    example_end();
}

/* Sleeps its nap to the end even if the alarm is set meanwhile. */
static void serve_after_nap(void *unused)
{
    (void)unused;
    hook_sleep(NAP_NS);
    example.alarm_ns = 0;
    example_end();
}

static void serve_when_told(void *unused)
{
    (void)unused;
    int64_t now_ns = hook_clock();
    if (hook_park(&example.note, now_ns + NAP_NS) && example.alarm_ns > now_ns)
        hook_sleep(example.alarm_ns - now_ns);
    example.alarm_ns = 0;
    example_end();
}

void example_late(const struct plan *plan)
{
    (void)plan;
    example_start(set_alarm, serve_after_nap);
}

void example_on_time(const struct plan *plan)
{
    (void)plan;
    example_start(set_alarm, serve_when_told);
}
