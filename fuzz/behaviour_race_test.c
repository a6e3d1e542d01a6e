/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge of the other behaviours on real threads, ThreadSanitizer, judged: it reports races that
 * are planted between goroutines, callbacks and threads, wherever they run; and nothing where the
 * runtime's own means keep order.
 */
#include "fuzz/behaviour.h"

enum { COUNTERS = 4, COUNTS = 200 };

static struct semaphore done;
static struct mutex counter_lock;
static int counter; /* not atomic */

static void begin(void)
{
    semaphore_init(&done);
    mutex_init(&counter_lock, "counter");
    counter = 0;
}

static void counts(void *with_lock)
{
    for (int i = 0; i < COUNTS; i++) {
        if (with_lock != NULL)
            lock(&counter_lock);
        counter++;
        if (with_lock != NULL)
            unlock(&counter_lock);
        Gosched();
    }
    semaphore_signal(&done);
}

static void count_together(void *with_lock)
{
    begin();
    for (int i = 0; i < COUNTERS; i++)
        go(counts, with_lock);
    semaphore_wait_times(&done, COUNTERS);
    expect(counter == COUNTERS * COUNTS || with_lock == NULL, "a lock was held by two");
}

static void with_a_lock(void *unused)
{
    (void)unused;
    count_together(&counter_lock);
}

static void without_a_lock(void *unused)
{
    (void)unused;
    count_together(NULL);
}

static void called(void *unlocked, uintptr_t seq)
{
    (void)unlocked;
    (void)seq;
    counter++;
    semaphore_signal(&done);
}

/* The timer runs while its starter goes on; or, `ordered`, is waited for. */
static void count_in_a_callback(bool ordered)
{
    begin();
    for (int i = 0; i < COUNTS; i++) {
        struct timer *t = &behaviour.timers[0];
        t->f = called;
        resetTimer(t, nanotime());
        if (ordered)
            semaphore_wait(&done);
        counter++;
        if (!ordered)
            semaphore_wait(&done);
    }
}

static void a_callback_in_order(void *unused)
{
    (void)unused;
    count_in_a_callback(true);
}

static void a_callback_beside_its_starter(void *unused)
{
    (void)unused;
    count_in_a_callback(false);
}

/* A goroutine alone, which goes from one thread to the next. */
static void one_goroutine_on_many_threads(void *unused)
{
    (void)unused;
    begin();
    int local = 0;
    for (int i = 0; i < COUNTS; i++) {
        counter++;
        local++;
        if (i % 3 == 0)
            timeSleep(MICROSECOND);
        else if (i % 3 == 1)
            system_call(MICROSECOND);
        else
            Gosched();
    }
    expect(counter == local, "a goroutine lost its variables");
}

int main(void)
{
    static const char race[] = "ThreadSanitizer: data race";
    static const struct behaviour behaviours[] = {
        { "goroutines_that_count_under_a_lock_do_not_race", with_a_lock, 3, NULL },
        { "a_callback_that_is_waited_for_does_not_race", a_callback_in_order, 3, NULL },
        { "a_goroutine_does_not_race_with_itself", one_goroutine_on_many_threads, 3, NULL },
        { "a_race_of_goroutines_is_reported", without_a_lock, 3, race },
        { "a_race_of_a_callback_is_reported", a_callback_beside_its_starter, 3, race },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
