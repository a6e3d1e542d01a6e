/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of the `threads` back-end: what may fail for no reason does, and nothing else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/check.h"
#include "core/base/fiber.h"
#include "core/hook/hook.h"

enum { TRIES = 3000 };

static uint64_t draw(uint64_t seed)
{
    hook_threads_seed(seed);
    uint64_t bits = 0;
    for (int i = 0; i < 640; i++)
        bits = (bits << 1 | bits >> 63) ^ hook_threads_perhaps();
    return bits;
}

static void the_seed_decides_what_fails(void **state)
{
    (void)state;
    uint64_t first = draw(1);
    assert_true(draw(1) == first);
    assert_true(draw(2) != first);
}

static void a_weak_cas_fails_for_no_reason_now_and_then(void **state)
{
    (void)state;
    _Atomic uint32_t word = 0;
    uint32_t failures = 0;
    for (uint32_t i = 0; i < TRIES; i++) {
        uint32_t want = i - failures;
        if (!hook_cas_weak(&word, &want, want + 1)) {
            assert_int_equal(want, i - failures);
            failures++;
        }
        assert_int_equal(hook_load(&word), i + 1 - failures);
    }
    assert_in_range(failures, TRIES / 100, TRIES / 10);
}

static void a_weak_cas_that_fails_tells_the_value(void **state)
{
    (void)state;
    _Atomic uint32_t word = 5;
    for (uint32_t i = 0; i < TRIES; i++) {
        uint32_t want = 4;
        assert_false(hook_cas_weak(&word, &want, 6u));
        assert_int_equal(want, 5);
    }
}

static void an_own_cas_fails_only_if_another_has_changed_the_word(void **state)
{
    (void)state;
    _Atomic uint32_t word = 5;
    for (uint32_t i = 5; i < TRIES; i++) {
        uint32_t want = i + 2;
        assert_false(hook_cas_own(&word, &want, 0u));
        assert_int_equal(want, i);
        assert_true(hook_cas_own(&word, &want, i + 1));
    }
    assert_int_equal(hook_load(&word), TRIES);
}

static void a_weak_wait_returns_early_now_and_then(void **state)
{
    (void)state;
    static struct hook_note note;
    uint32_t early = 0;
    for (uint32_t i = 0; i < TRIES; i++) {
        hook_unpark(&note);
        if (!hook_park_weak(&note, HOOK_FOREVER)) {
            early++;
            assert_true(hook_park(&note, HOOK_FOREVER)); /* still set; and this never is early */
        }
    }
    assert_in_range(early, TRIES / 100, TRIES / 10);
    assert_false(hook_park(&note, hook_clock() + 1000));
}

static void a_preemption_is_honoured_if_asked_and_now_and_then(void **state)
{
    (void)state;
    uint32_t unasked = 0;
    for (uint32_t i = 0; i < TRIES; i++) {
        assert_true(hook_preemption_point(true));
        unasked += hook_preemption_point(false);
    }
    assert_in_range(unasked, TRIES / 100, TRIES / 10);
}

/* --- locks --- */

static struct fiber home, other;
static struct hook_mutex mutex;
static int guarded;

static void unlocks(void *unused)
{
    (void)unused;
    guarded++;
    hook_unlock(&mutex);
    fiber_switch(&home);
    check(!"not reached");
}

static void locks(void *argument)
{
    hook_lock(&mutex);
    guarded++;
    hook_unlock(&mutex);
    hook_unpark(argument);
    hook_thread_exit();
}

/* As goparkunlock() does; and what was done under the lock comes before the next who has it. */
static void a_lock_may_be_released_on_another_fiber(void **state)
{
    (void)state;
    static struct hook_note done;
    hook_mutex_init(&mutex, "test");
    fiber_adopt(&home);
    hook_lock(&mutex);
    assert_false(hook_trylock(&mutex));
    hook_assert_held(&mutex);
    hook_thread_start(locks, &done, "m");
    fiber_init(&other, fiber_stack_take(), FIBER_STACK_SIZE, unlocks, NULL);
    fiber_switch(&other);
    assert_true(hook_park(&done, HOOK_FOREVER));
    assert_int_equal(guarded, 2);
}

enum { IDLE, OWNED };
static _Atomic uint32_t owned = IDLE;

static void owns_now_and_then(void *unused)
{
    (void)unused;
    for (int i = 0; i < TRIES; i++) {
        while (!hook_cas_weak(&owned, &(uint32_t){ IDLE }, (uint32_t)OWNED))
            hook_spin(&owned);
        guarded++;
        check(hook_cas_own(&owned, &(uint32_t){ OWNED }, (uint32_t)IDLE));
    }
    hook_thread_exit();
}

/* To be seen under ThreadSanitizer: the one's accesses to guarded come before the other's. */
static void who_gets_a_word_sees_what_its_owner_did_before_its_own_cas(void **state)
{
    (void)state;
    struct hook_thread threads[2];
    guarded = 0;
    for (int i = 0; i < 2; i++)
        hook_thread_create(&threads[i], owns_now_and_then, NULL, "m");
    for (int i = 0; i < 2; i++)
        hook_thread_join(&threads[i]);
    assert_int_equal(guarded, 2 * TRIES);
}

static void a_lock_that_nobody_has_is_not_held(void **state)
{
    (void)state;
    hook_mutex_init(&mutex, "test");
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        close(STDERR_FILENO);
        hook_assert_held(&mutex);
        _exit(0);
    }
    int status = 0;
    assert_true(waitpid(process, &status, 0) == process);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* --- deadlocks --- */

static struct hook_mutex abba[2];
static struct hook_note met[2];

/* Each has one lock before it wants the other's. */
static void locks_both(void *first)
{
    uintptr_t i = (uintptr_t)first;
    hook_lock(&abba[i]);
    hook_unpark(&met[i]);
    hook_park(&met[1 - i], HOOK_FOREVER);
    hook_lock(&abba[1 - i]);
    hook_thread_exit();
}

static _Noreturn void deadlocks(void)
{
    struct hook_thread threads[2];
    hook_threads_seed(1);
    hook_threads_watch(300000000, NULL);
    for (uintptr_t i = 0; i < 2; i++)
        hook_mutex_init(&abba[i], "abba");
    for (uintptr_t i = 0; i < 2; i++)
        hook_thread_create(&threads[i], locks_both, (void *)i, "m");
    hook_thread_join(&threads[0]);
    _exit(0);
}

/* Its threads wait where ThreadSanitizer keeps signals back. */
static void a_deadlock_ends_with_a_report_of_all_threads(void **state)
{
    (void)state;
    int ends[2], status = 0;
    char text[1024];
    assert_int_equal(pipe(ends), 0);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        dup2(ends[1], STDERR_FILENO);
        deadlocks();
    }
    close(ends[1]);
    assert_true(waitpid(process, &status, 0) == process);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGALRM);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    assert_true(size > 0);
    text[size] = '\0';
    uint32_t count = 0;
    for (const char *at = text; (at = strstr(at, "in locks_both at ")) != NULL; at++)
        count++;
    assert_int_equal(count, 2);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_decides_what_fails),
        cmocka_unit_test(a_weak_cas_fails_for_no_reason_now_and_then),
        cmocka_unit_test(a_weak_cas_that_fails_tells_the_value),
        cmocka_unit_test(an_own_cas_fails_only_if_another_has_changed_the_word),
        cmocka_unit_test(a_weak_wait_returns_early_now_and_then),
        cmocka_unit_test(a_preemption_is_honoured_if_asked_and_now_and_then),
        cmocka_unit_test(a_lock_that_nobody_has_is_not_held),
        cmocka_unit_test(a_deadlock_ends_with_a_report_of_all_threads),
        cmocka_unit_test(a_lock_may_be_released_on_another_fiber),
        cmocka_unit_test(who_gets_a_word_sees_what_its_owner_did_before_its_own_cas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
