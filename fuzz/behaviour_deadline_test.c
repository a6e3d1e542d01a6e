/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What deadlines of descriptors promise. The names in the comments are those of Go's tests of the
 * same promise, in net/timeout_test.go unless said otherwise.
 */
#include "fuzz/behaviour.h"

static struct semaphore done;

static void begin(void)
{
    semaphore_init(&done);
}

/* The count of those who wait is behind by those who are just being woken. */
static void expect_nobody_waits(void)
{
    while (netpollWaiting()) {
        expect(!behaviour.punctual, "somebody is counted as waiting though nobody does");
        timeSleep(MILLISECOND);
    }
}

/* --- one deadline --- */

static void expect_time_out_at(struct pollDesc *pd, int mode, int64_t when)
{
    expect(transfer(pd, mode) == pollErrTimeout, "a deadline was no time-out");
    expect(nanotime() >= when, "a deadline came too early");
    expect_by(when, "a deadline came too late");
    expect(transfer(pd, mode) == pollErrTimeout, "a deadline that has passed came to an end");
}

/* TestReadTimeout, TestWriteTimeout, TestReadTimeoutFluctuation, TestWriteTimeoutFluctuation. */
static void deadlines_of_many_lengths(void *unused)
{
    (void)unused;
    static const int64_t lengths[] = { -HOUR,       -NANOSECOND,      NANOSECOND, 5 * MICROSECOND,
                                       MILLISECOND, 50 * MILLISECOND, SECOND,     3 * SECOND };
    struct pollDesc *pd = descriptor_open();
    for (size_t i = 0; i < count_of(lengths); i++) {
        static const int modes[] = { 'r', 'w' };
        for (size_t j = 0; j < count_of(modes); j++) {
            int64_t when = when_after(lengths[i]);
            pollSetDeadline(pd, lengths[i], modes[j]);
            expect_time_out_at(pd, modes[j], when);
        }
    }
    expect_nobody_waits();
}

static void writer_of_both(void *pd)
{
    expect(transfer(pd, 'w') == pollErrTimeout, "a deadline was no time-out");
    semaphore_signal(&done);
}

static void reader_of_both(void *pd)
{
    expect(transfer(pd, 'r') == pollErrTimeout, "a deadline was no time-out");
    semaphore_signal(&done);
}

/* One deadline for both directions, moved apart and together again. */
static void both_directions(void *unused)
{
    (void)unused;
    begin();
    struct pollDesc *pd = descriptor_open();
    for (int i = 0; i < 4; i++) {
        int64_t when = when_after(MILLISECOND);
        pollSetDeadline(pd, i == 1 ? HOUR : MILLISECOND, 'r' + 'w');
        if (i == 2)
            pollSetDeadline(pd, 2 * MILLISECOND, 'w');
        if (i == 1)
            pollSetDeadline(pd, MILLISECOND, 'r' + 'w');
        go(writer_of_both, pd);
        expect_time_out_at(pd, 'r', when);
        semaphore_wait(&done);
        expect_by(when + (i == 2) * MILLISECOND, "a deadline came too late");
    }
}

/* TestReadTimeout, TestWriteTimeout: a time that has passed already, while somebody waits. */
static void past_while_waiting(void *unused)
{
    (void)unused;
    begin();
    struct pollDesc *pd = descriptor_open();
    for (int i = 0; i < 4; i++) {
        pollSetDeadline(pd, i == 3 ? 2 * HOUR : 0, 'r' + 'w');
        go(i % 2 == 0 ? reader_of_both : writer_of_both, pd);
        timeSleep(MILLISECOND);
        int64_t start = nanotime();
        pollSetDeadline(pd, -1, i == 0 ? 'r' : i == 1 ? 'w' : 'r' + 'w');
        semaphore_wait(&done);
        expect_by(start, "who waited was not woken by a deadline in the past");
    }
    expect_nobody_waits();
}

/* --- deadlines that must not come --- */

static _Atomic uint32_t returned;
static _Atomic uint32_t result;

static void reader(void *pd)
{
    enum poll_result r = transfer(pd, 'r');
    hook_store(&result, (uint32_t)r);
    hook_store(&returned, 1u);
    semaphore_signal(&done);
}

/* Sets a deadline, has somebody read, and then takes it back by a deadline of `ns` (0: none). The
 * reader must go on waiting, and end well when there is something to read. */
static void take_back(int64_t ns)
{
    begin();
    hook_store(&returned, 0u);
    struct pollDesc *pd = descriptor_open();
    int64_t first = when_after(HOUR);
    pollSetDeadline(pd, HOUR, 'r' + 'w');
    go(reader, pd);
    timeSleep(HOUR / 2);
    int64_t second = ns == 0 ? INT64_MAX : when_after(ns);
    pollSetDeadline(pd, ns, 'r');
    bool in_time = nanotime() < first;
    timeSleep(HOUR);
    bool came = hook_load(&returned) != 0;
    bool holds = in_time && nanotime() < second;
    expect(!holds || !came, "a deadline came though it was taken back");
    arrive(pd, 'r');
    semaphore_wait(&done);
    expect(!holds || nanotime() >= second || hook_load(&result) == pollNoError,
           "a read did not end well though its deadline was taken back");
    expect(hook_load(&result) != pollErrClosing, "a read was closed though nobody did that");
}

/* TestReadTimeoutMustNotReturn, TestWriteTimeoutMustNotReturn. */
static void cleared(void *unused)
{
    (void)unused;
    take_back(0);
}

static void extended(void *unused)
{
    (void)unused;
    take_back(5 * HOUR);
}

static void feeder(void *pd)
{
    for (int i = 0; i < 8; i++) {
        timeSleep(MILLISECOND);
        arrive(pd, 'r' + 'w');
        semaphore_wait(&done);
    }
}

/* TestReadWriteProlongedTimeout: renewed round each read and write. */
static void renewed(void *unused)
{
    (void)unused;
    begin();
    struct pollDesc *pd = descriptor_open();
    go(feeder, pd);
    for (int i = 0; i < 8; i++) {
        int64_t start = nanotime();
        pollSetDeadline(pd, HOUR, 'r' + 'w');
        enum poll_result r = transfer(pd, i % 2 == 0 ? 'r' : 'w');
        bool late = nanotime() >= start + HOUR;
        expect(r == pollNoError || late, "a deadline came though it was renewed");
        semaphore_signal(&done);
        pollSetDeadline(pd, 0, 'r' + 'w');
    }
}

/* --- many --- */

enum { CONNECTIONS = 8 };

static void waits_with_deadlines(void *argument)
{
    static const int64_t lengths[] = { NANOSECOND, 2 * MICROSECOND, 200 * MICROSECOND, MILLISECOND,
                                       700 * MILLISECOND, 3 * SECOND };
    struct pollDesc *pd = argument;
    for (size_t i = 0; i < count_of(lengths); i++) {
        int64_t when = when_after(lengths[i]);
        pollSetDeadline(pd, lengths[i], i % 2 == 0 ? 'r' : 'r' + 'w');
        expect_time_out_at(pd, 'r', when);
    }
    semaphore_signal(&done);
}

/* TestVariousDeadlines, TestVariousDeadlines1Proc, TestVariousDeadlines4Proc. */
static void various(void *unused)
{
    (void)unused;
    begin();
    for (int i = 0; i < CONNECTIONS; i++)
        go(waits_with_deadlines, descriptor_open());
    semaphore_wait_times(&done, CONNECTIONS);
    /* runtime's TestNetpollWaiters. */
    expect_nobody_waits();
}

static struct pollDesc *connections[CONNECTIONS];

static void moves_earlier(void *argument)
{
    int64_t offset = *(const uint8_t *)argument;
    for (int64_t i = 0; i < 6; i++)
        for (int j = 0; j < CONNECTIONS; j++)
            pollSetDeadline(connections[j], 4 * HOUR - i * SECOND - offset * MICROSECOND,
                            'r' + 'w');
    semaphore_signal(&done);
}

/* TestConcurrentSetDeadline: all of them set earlier and earlier deadlines on all connections. */
static void earlier_and_earlier(void *unused)
{
    (void)unused;
    static const uint8_t offsets[4] = { 0, 1, 2, 3 };
    begin();
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i] = descriptor_open();
    for (size_t i = 0; i < count_of(offsets); i++)
        go(moves_earlier, (void *)(uintptr_t)&offsets[i]);
    semaphore_wait_times(&done, count_of(offsets));
    for (int i = 0; i < CONNECTIONS; i++) {
        int64_t when = when_after(MILLISECOND);
        pollSetDeadline(connections[i], MILLISECOND, 'r' + 'w');
        expect_time_out_at(connections[i], 'r', when);
    }
}

/* --- races --- */

static void transfers(struct pollDesc *pd, int mode)
{
    for (;;) {
        enum poll_result r = transfer(pd, mode);
        if (r == pollErrClosing)
            break;
        if (r == pollErrTimeout)
            timeSleep(MICROSECOND);
    }
    semaphore_signal(&done);
}

static void reads(void *pd)
{
    transfers(pd, 'r');
}

static void writes(void *pd)
{
    transfers(pd, 'w');
}

/* TestReadWriteDeadlineRace. */
static void set_while_used(void *unused)
{
    (void)unused;
    begin();
    struct pollDesc *pd = descriptor_open();
    go(reads, pd);
    go(writes, pd);
    for (int i = 0; i < 30; i++) {
        pollSetDeadline(pd, 2 * MICROSECOND, i % 3 == 0 ? 'r' : i % 3 == 1 ? 'w' : 'r' + 'w');
        if (i % 4 == 0)
            timeSleep(2 * MICROSECOND);
        if (i % 5 == 0)
            arrive(pd, 'r' + 'w');
    }
    pollUnblock(pd);
    semaphore_wait_times(&done, 2);
}

static _Atomic int64_t earliest;

static void reads_once(void *pd)
{
    enum poll_result r = transfer(pd, 'r');
    expect(r == pollNoError || (r == pollErrTimeout && nanotime() >= hook_load(&earliest)),
           "a read ended without a reason");
    semaphore_signal(&done);
}

/* A deadline is set anew at the very time at which it passes, while others look for timers to steal
 * (golang/go#35532). */
static void set_as_it_passes(void *unused)
{
    (void)unused;
    begin();
    for (int i = 0; i < 6; i++) {
        struct pollDesc *pd = descriptor_open();
        hook_store(&earliest, when_after(10 * MICROSECOND));
        go(reads_once, pd);
        pollSetDeadline(pd, HOUR, 'r' + 'w');
        pollSetDeadline(pd, 10 * MICROSECOND, 'r' + 'w');
        if (i % 2 == 0)
            timeSleep(10 * MICROSECOND);
        else
            compute(10 * MICROSECOND);
        pollSetDeadline(pd, i % 3 * MICROSECOND, 'r' + 'w');
        arrive(pd, 'r');
        semaphore_wait(&done);
    }
    expect_nobody_waits();
}

/* --- other ends of a wait --- */

static void closed_while_waiting(void *unused)
{
    (void)unused;
    begin();
    struct pollDesc *pd = descriptor_open();
    pollSetDeadline(pd, HOUR, 'r' + 'w');
    go(reads, pd);
    go(writes, pd);
    timeSleep(MILLISECOND);
    int64_t start = nanotime();
    pollUnblock(pd);
    semaphore_wait_times(&done, 2);
    expect_by(start, "who waited was not woken by the close");
    timeSleep(2 * HOUR); /* past the deadline, which must have gone with the descriptor */
    expect_nobody_waits();
    pollOpen(pd);
    pollSetDeadline(pd, MILLISECOND, 'r');
    expect(transfer(pd, 'r') == pollErrTimeout, "a deadline was no time-out");
}

static void ready_in_time(void *unused)
{
    (void)unused;
    begin();
    hook_store(&returned, 0u);
    struct pollDesc *pd = descriptor_open();
    int64_t deadline = when_after(HOUR);
    pollSetDeadline(pd, HOUR, 'r');
    go(reader, pd);
    timeSleep(MILLISECOND);
    int64_t start = nanotime();
    arrive(pd, 'r');
    semaphore_wait(&done);
    expect_by(start, "who waited was not woken by the event");
    expect(!behaviour.punctual || hook_load(&result) == pollNoError, "an event was a time-out");
    expect_time_out_at(pd, 'r', deadline);
}

int main(void)
{
    static const struct behaviour behaviours[] = {
        { "a_deadline_ends_a_wait_at_its_time", deadlines_of_many_lengths, 2, NULL },
        { "a_deadline_may_be_for_both_directions", both_directions, 2, NULL },
        { "a_deadline_in_the_past_ends_a_wait_at_once", past_while_waiting, 2, NULL },
        { "a_cleared_deadline_never_comes", cleared, 2, NULL },
        { "an_extended_deadline_does_not_come_early", extended, 2, NULL },
        { "a_deadline_renewed_round_each_transfer_never_comes", renewed, 2, NULL },
        { "many_deadlines_come_at_their_times_on_one_p", various, 1, NULL },
        { "many_deadlines_come_at_their_times_on_two_ps", various, 2, NULL },
        { "many_deadlines_come_at_their_times_on_four_ps", various, 4, NULL },
        { "deadlines_may_be_moved_earlier_by_many", earlier_and_earlier, 4, NULL },
        { "deadlines_may_be_set_during_transfers", set_while_used, 3, NULL },
        { "a_deadline_may_be_set_as_it_passes", set_as_it_passes, 3, NULL },
        { "a_close_ends_waits_and_deadlines", closed_while_waiting, 2, NULL },
        { "an_event_ends_a_wait_before_its_deadline", ready_in_time, 2, NULL },
    };
    return behaviour_run_all(behaviours, count_of(behaviours));
}
