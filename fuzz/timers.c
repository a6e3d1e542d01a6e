/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/timers.h"

#include "core/base/check.h"
#include "core/runtime/schedinvariant.h"
#include "fuzz/timers_program.h"

static const struct subject_setting settings[] = {
    [SETTING_PROCS] = { "procs", "how many Ps there are at first", 1, TIMERS_PROCS_MAX, 1 },
    [SETTING_SYSMON] = { "sysmon", "whether sysmon runs though nothing needs it", 0, 1, 1 },
    [SETTING_SCAVENGER] = { "scavenger", "ns that the scavenger sleeps, 0: there is none", 0,
                            50000000, 0 },
};

static const struct subject_actor actors[] = {
    { 'g', 1, TIMERS_GOROUTINES, "a goroutine" },
    { 'f', 0, TIMERS_COUNT - 1, "what the callback of the timer with that number does" },
    { 'x', 1, TIMERS_PEERS, "another side of the network, a thread that is not the runtime's" },
};

#define TIMER { "t", 0, TIMERS_COUNT - 1 }
#define DESCRIPTOR { "d", 0, TIMERS_DESCRIPTORS - 1 }
#define AFTER { "+", 0, TIMERS_DURATION_MAX }
#define LATER { "+", 1, TIMERS_DURATION_MAX }
#define RAW { "@", -1, INT64_MAX } /* passed on as it is, not counted from now */

static const struct subject_verb verbs[] = {
    [VERB_ADD] = { "add", "gf", 2, { TIMER, AFTER } },
    [VERB_STOP] = { "stop", "gf", 1, { TIMER } },
    [VERB_RESET] = { "reset", "gf", 2, { TIMER, AFTER } },
    [VERB_PERIODIC] = { "periodic", "gf", 2, { TIMER, LATER } },
    [VERB_SLEEP] = { "sleep", "g", 1, { AFTER } },
    [VERB_YIELD] = { "yield", "g", 0, { { 0 } } },
    [VERB_DEADLINE] = { "deadline", "g", 2, { DESCRIPTOR, LATER } },
    [VERB_RDEADLINE] = { "rdeadline", "g", 2, { DESCRIPTOR, LATER } },
    [VERB_WDEADLINE] = { "wdeadline", "g", 2, { DESCRIPTOR, LATER } },
    [VERB_CLEAR] = { "clear", "g", 1, { DESCRIPTOR } },
    [VERB_EXPIRE] = { "expire", "g", 1, { DESCRIPTOR } },
    [VERB_READ] = { "read", "g", 1, { DESCRIPTOR } },
    [VERB_WRITE] = { "write", "g", 1, { DESCRIPTOR } },
    [VERB_IO] = { "io", "gfx", 1, { DESCRIPTOR } },
    [VERB_CLOSE] = { "close", "g", 1, { DESCRIPTOR } },
    [VERB_OPEN] = { "open", "g", 1, { DESCRIPTOR } },
    [VERB_SYSCALL] = { "syscall", "g", 1, { AFTER } },
    [VERB_RESIZE] = { "resize", "g", 1, { { "", 1, TIMERS_PROCS_MAX } } },
    [VERB_GC] = { "gc", "g", 0, { { 0 } } },
    [VERB_SCAVENGE] = { "scavenge", "gf", 0, { { 0 } } },
    [VERB_SYSMON_SCAVENGE] = { "sysmon-scavenge", "gf", 0, { { 0 } } },
    [VERB_AFTER] = { "after", "gf", 2, { TIMER, AFTER } },
    [VERB_BLOCK] = { "block", "g", 1, { AFTER } },
    [VERB_COMPUTE] = { "compute", "g", 1, { AFTER } },
    [VERB_BUSY] = { "busy", "g", 1, { AFTER } },
    [VERB_WAIT] = { "wait", "x", 1, { AFTER } },
    [VERB_AT] = { "at", "gf", 2, { TIMER, RAW } },
    [VERB_EVERY] = { "every", "gf", 2, { TIMER, RAW } },
};
_Static_assert(count_of(settings) == TIMERS_SETTINGS, "a setting lacks its row");
_Static_assert(count_of(verbs) == TIMERS_VERBS, "a verb lacks its row");

const struct wedge_subject timers_subject = {
    .name = "timers",
    .about = "the timers and the scheduler of the Go 1.14/1.15 runtime",
    .settings = settings,
    .setting_count = count_of(settings),
    .actors = actors,
    .actor_count = count_of(actors),
    .verbs = verbs,
    .verb_count = count_of(verbs),
    .faults = FAULTS_ALL,
    .generate = timers_generate,
    .enumerate = timers_enumerate,
    .enumerated = "two goroutines on one or two Ps, with one or two timers",
    .reset = timers_reset,
    .run = timers_run,
    .finished = timers_finished,
    .check = timers_check,
    .check_idle = sched_check,
    .overlooked = timers_overlooked,
    .due = timers_due,
    /* A P in a system call is taken from it after two naps of sysmon, each up to 10 ms, and its
     * timers are looked at after one. */
    .due_slack_ns = MODEL_SLACK_NS,
    .name_object = timers_name_object,
    .name_value = timers_name_value,
};
