/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/examples.h"

#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "fuzz/example.h"

enum { SLACK_NS = 2000 };

struct example example;

static void reset(void)
{
    memset(&example, 0, sizeof example);
}

static bool finished(void)
{
    return atomic_load_explicit(&example.running, memory_order_relaxed) == 0;
}

_Noreturn void example_start(hook_entry *first, hook_entry *second)
{
    hook_mutex_init(&example.a, "a");
    hook_mutex_init(&example.b, "b");
    atomic_store_explicit(&example.running, second != NULL ? 2u : 1u, memory_order_relaxed);
    hook_thread_start(first, NULL, "t");
    if (second != NULL)
        hook_thread_start(second, NULL, "t");
    hook_thread_exit();
}

/* Relaxed: it must not keep in order what nothing else does. */
_Noreturn void example_end(void)
{
    atomic_fetch_sub_explicit(&example.running, 1u, memory_order_relaxed);
    hook_thread_exit();
}

void example_raise_left(void *unused)
{
    (void)unused;
    hook_store(&example.left, 1u);
    example_end();
}

/* --- the table --- */

static void generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    (void)plan;
    (void)prng;
    (void)faults;
}

static bool name_object(const volatile void *object, char *name, size_t size)
{
    const char *text = object == &example.a          ? "a"
                       : object == &example.b        ? "b"
                       : object == &example.nodes[0] ? "node0"
                       : object == &example.nodes[1] ? "node1"
                       : object == &example.table    ? "table"
                       : object == &example.done     ? "done"
                       : object == &example.left     ? "left"
                       : object == &example.right    ? "right"
                       : object == &example.note     ? "note"
                       : object == &example.number   ? "number"
                                                     : NULL;
    if (text != NULL)
        snprintf(name, size, "%s", text);
    return text != NULL;
}

#define EXAMPLE(verdict, predicted, example_name, text, ...)                                  \
    {                                                                                         \
        verdict, predicted,                                                                   \
        {                                                                                     \
            .name = example_name, .about = "example: " text, .generate = generate,            \
            .reset = reset, .finished = finished, .name_object = name_object, __VA_ARGS__     \
        }                                                                                     \
    }
#define PREDICTED(verdict, predicted, name, text, ...) \
    EXAMPLE(VERDICT_##verdict, VERDICT_##predicted, name, text, __VA_ARGS__)
#define BUG(verdict, name, text, ...) PREDICTED(verdict, OK, name, text, __VA_ARGS__)
#define TWIN(name, text, ...) PREDICTED(OK, OK, name, text, __VA_ARGS__)

/* Only ThreadSanitizer sees what the hooks do not. */
#ifdef TSAN_TOLD
#define VERDICT_RACE_OR_OK VERDICT_RACE
#else
#define VERDICT_RACE_OR_OK VERDICT_OK
#endif

static const struct {
    enum verdict expects, predicts;
    struct wedge_subject subject;
} examples[] = {
    PREDICTED(DEADLOCK, LOCK_ORDER, "abba", "two threads take two locks in opposite order",
              .run = example_abba),
    TWIN("ordered", "abba, in the same order", .run = example_ordered),
    BUG(DEADLOCK, "lost-wakeup", "a thread parks after its waker has passed",
        .run = example_lost_wakeup),
    TWIN("kept-wakeup", "lost-wakeup, fixed", .run = example_kept_wakeup),
    BUG(CRASH, "early-return", "a wait that may end for no reason is not in a loop",
        .run = example_early_return, .faults = 1u << FAULT_WAIT),
    TWIN("early-return-fixed", "early-return, in a loop", .run = example_early_return_fixed,
         .faults = 1u << FAULT_WAIT),
    BUG(INVARIANT, "stale", "a message is dropped because the wake-up came late",
        .run = example_stale, .check = example_check_left, .faults = 1u << FAULT_WAKE),
    TWIN("stale-fixed", "stale, without an age limit", .run = example_stale_fixed,
         .check = example_check_left, .faults = 1u << FAULT_WAKE),
    BUG(SELF_DEADLOCK, "relock", "a thread takes a lock that it has", .run = example_relock),
    TWIN("relock-fixed", "relock, fixed", .run = example_relock_fixed),
    BUG(LIVELOCK, "spin", "two threads spin on what the other never writes", .run = example_spin),
    TWIN("handshake", "spin, with one who begins", .run = example_handshake),
    BUG(INVARIANT, "lost-count", "two threads count in two steps each", .run = example_lost_count,
        .check = example_check_count),
    TWIN("kept-count", "lost-count, with atomic additions", .run = example_kept_count,
         .check = example_check_count),
    BUG(INVARIANT, "weak-cas", "a weak compare-and-swap fails for no reason",
        .run = example_weak_cas, .check = example_check_left, .faults = 1u << FAULT_CAS),
    TWIN("weak-cas-fixed", "weak-cas, in a loop", .run = example_weak_cas_fixed,
         .check = example_check_left, .faults = 1u << FAULT_CAS),
    BUG(INVARIANT, "two-looks", "the rest of a time is worked out from a second look at the clock",
        .run = example_two_looks, .check = example_check_left, .faults = 1u << FAULT_CLOCK),
    TWIN("two-looks-fixed", "two-looks, from one", .run = example_two_looks_fixed,
         .check = example_check_left, .faults = 1u << FAULT_CLOCK),
    BUG(INVARIANT, "no-memory", "what there is no memory for is dropped",
        .run = example_no_memory, .check = example_check_count, .faults = 1u << FAULT_MEMORY),
    TWIN("no-memory-fixed", "no-memory, with a reserve", .run = example_no_memory_fixed,
         .check = example_check_count, .faults = 1u << FAULT_MEMORY),
    BUG(RACE_OR_OK, "two-locks", "each of two threads counts under a lock of its own",
        .run = example_two_locks),
    TWIN("one-lock", "two-locks, under the same one", .run = example_one_lock),
    BUG(CRASH, "null", "a pointer is read before it is published", .run = example_null),
    TWIN("null-fixed", "null, published in order", .run = example_null_fixed),
    BUG(CRASH, "fail", "code that finds itself broken", .run = example_fail),
    TWIN("fail-fixed", "fail, in the right order", .run = example_fail_fixed),
    BUG(LATE_WAKEUP, "late", "an alarm is set for a thread that naps on", .run = example_late,
        .due = example_due, .due_slack_ns = SLACK_NS),
    TWIN("on-time", "late, with a thread that can be woken", .run = example_on_time,
         .due = example_due, .due_slack_ns = SLACK_NS),
    BUG(MISUSE, "unlock", "a thread unlocks what it has not locked", .run = example_unlock),
    TWIN("unlock-fixed", "unlock, fixed", .run = example_unlock_fixed),
    BUG(BUDGET, "endless", "a thread that works for ever", .run = example_endless),
    TWIN("ending", "endless, with an end", .run = example_ending),
    PREDICTED(OK, LOCK_ORDER, "siblings", "two locks of one class, and no order between them",
              .run = example_siblings),
    TWIN("siblings-in-order", "siblings, in an order that is declared",
         .run = example_siblings_in_order),
    PREDICTED(OK, CONTEXT_INVERSION, "signalled", "a signal handler takes a lock that threads have",
              .run = example_signalled),
    TWIN("signalled-fixed", "signalled, with signals off", .run = example_signalled_fixed),
    PREDICTED(DEADLOCK, EVENT_CYCLE, "await-under-lock", "a thread waits with a lock for a post "
              "under that lock", .run = example_await_under_lock),
    TWIN("await-before-lock", "await-under-lock, without the lock",
         .run = example_await_before_lock),
    PREDICTED(SELF_DEADLOCK, LOCK_ORDER, "read-twice", "a reader reads again behind a writer",
              .run = example_read_twice),
    TWIN("read-twice-fixed", "read-twice, of a lock that lets readers pass",
         .run = example_read_twice_fixed),
};

uint32_t example_count(void)
{
    return count_of(examples);
}

const struct wedge_subject *example_at(uint32_t index)
{
    check(index < count_of(examples));
    return &examples[index].subject;
}

enum verdict example_expects(uint32_t index)
{
    check(index < count_of(examples));
    return examples[index].expects;
}

enum verdict example_predicts(uint32_t index)
{
    check(index < count_of(examples));
    return examples[index].predicts;
}
