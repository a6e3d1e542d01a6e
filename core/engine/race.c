/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ThreadSanitizer tells of a race from within the access that it found, with its locks held: there
 * only addresses are copied. They are named when the run has ended.
 */
#include "core/engine/race.h"

#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "core/base/tsan.h"
#include "core/engine/internal.h"
#include "core/engine/told.h"

static race_namer *namer;

void race_name_by(race_namer *wanted)
{
    namer = wanted;
}

#ifdef TSAN_TOLD
enum { FIBERS_MAX = 4096, TRACE_DEPTH = 64, SITES_MAX = 1024 };
enum { WATCHED_ODDS = 8 }; /* one in so many runs is watched in full, and each replay */

struct access {
    bool writes, atomic;
    uint32_t size;
    void *address;
    uint64_t who; /* as in a trace_event */
    struct chain chain;
};

static struct {
    bool seen;
    uint32_t ignored;
    char kind[32]; /* "data-race" */
    struct access accesses[2];
    uint64_t who[FIBERS_MAX]; /* by a fiber's number: who ran there when it was last left */
    uint32_t fiber_count; /* the highest such number */
} race;

/* --- the report, as ThreadSanitizer gives it --- */

/* Its interface for debuggers. */
int __tsan_get_report_data(void *report, const char **description, int *count, int *stack_count,
                           int *mop_count, int *loc_count, int *mutex_count, int *thread_count,
                           int *unique_tid_count, void **sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void *report, unsigned long index, int *tid, void **address, int *size,
                          int *write, int *atomic, void **trace, unsigned long trace_size);
int __tsan_get_report_thread(void *report, unsigned long index, int *tid, uint64_t *os_id,
                             int *running, const char **name, int *parent_tid, void **trace,
                             unsigned long trace_size);
/* __tsan::OnReport(const ReportDesc *, bool): meant to be defined by who wants to have the reports
 * for itself; true: it is not to be printed. */
bool race_on_report(void *report, bool suppressed)
    __asm__("_ZN6__tsan8OnReportEPKNS_10ReportDescEb");
const char *__tsan_default_options(void);
void __tsan_flush_memory(void); /* forgets all accesses: takes as long as a few runs */

/* Every run is to see its race, whatever earlier ones saw. Names are found by our own means. */
const char *__tsan_default_options(void)
{
    return "suppress_equal_stacks=0:suppress_equal_addresses=0:symbolize=0:report_signal_unsafe=0:"
           "report_thread_leaks=0:second_deadlock_stack=1:report_mutex_bugs=0:exitcode=0:"
           "atexit_sleep_ms=0:history_size=2:abort_on_error=0";
}

/* On which fiber: its number, 0 if it is none of ours. */
static uint32_t fiber_number(void *report, int thread_count, int tid)
{
    for (int i = 0; i < thread_count; i++) {
        int found = 0, running, parent;
        uint64_t os_id;
        const char *name = NULL;
        void *trace[1];
        __tsan_get_report_thread(report, (unsigned long)i, &found, &os_id, &running, &name, &parent,
                                 trace, 1);
        unsigned number = 0;
        for (; found == tid && name != NULL && *name >= '0' && *name <= '9'; name++)
            number = number * 10 + (unsigned)(*name - '0');
        if (number > 0)
            return number;
    }
    return 0;
}

/* A thread's own fiber is its own. Another one is that of whom it was left by. */
static uint64_t who_of(uint32_t number)
{
    struct trace_event event = { .who = 0 };
    for (uint32_t i = 0; i < engine.thread_count; i++) {
        event.thread = (uint16_t)i;
        if (engine.threads[i].own.sanitizer.number == number)
            return event.who;
    }
    return fiber_current()->sanitizer.number == number || number >= FIBERS_MAX ? hook_step.who
                                                                     : race.who[number];
}

static void copy_access(void *report, int thread_count, int index)
{
    struct access *access = &race.accesses[index];
    int tid = 0, size = 0, writes = 0, atomic = 0;
    void *trace[TRACE_DEPTH] = { NULL };
    __tsan_get_report_mop(report, (unsigned long)index, &tid, &access->address, &size, &writes,
                          &atomic, trace, TRACE_DEPTH);
    access->writes = writes != 0;
    access->atomic = atomic != 0;
    access->size = (uint32_t)size;
    access->who = who_of(fiber_number(report, thread_count, tid));
    access->chain.count = 0;
    while (access->chain.count < ENGINE_CHAIN_MAX && trace[access->chain.count] != NULL) {
        access->chain.pc[access->chain.count] = (char *)trace[access->chain.count] + 1;
        access->chain.count++;
    }
}

/* Of its own deadlock detector, for comparison: one is printed as it is. */
static bool is_first_inversion(const char *kind)
{
    static bool printed;
    if (!told_wanted() || printed || strcmp(kind, "lock-order-inversion") != 0)
        return false;
    return printed = true;
}

/* What other reports would say (a leaked thread, a mutex misused) the engine says itself. */
bool race_on_report(void *report, bool suppressed)
{
    const char *kind = "";
    int count, stacks, mops = 0, locations, mutexes, threads = 0, tids;
    void *sleep[1];
    if (suppressed || !engine.live || race.seen)
        return true;
    __tsan_get_report_data(report, &kind, &count, &stacks, &mops, &locations, &mutexes, &threads,
                           &tids, sleep, 1);
    if (mops < 2)
        return !is_first_inversion(kind);
    race.seen = true;
    snprintf(race.kind, sizeof race.kind, "%s", kind);
    for (int i = 0; i < 2; i++)
        copy_access(report, threads, i);
    engine_stop_soon();
    return true;
}

/* --- the C library, for the engine --- */

/* ThreadSanitizer takes what memcpy() and its like do for the doing of the thread that runs; the
 * flavour has the engine's calls of them renamed to these. */
void *engine_memcpy(void *to, const void *from, size_t size);
void *engine_memmove(void *to, const void *from, size_t size);
void *engine_memset(void *to, int value, size_t size);

__attribute__((no_builtin)) void *engine_memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

__attribute__((no_builtin)) void *engine_memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to <= (uintptr_t)from)
        return engine_memcpy(to, from, size);
    while (size-- > 0)
        ((char *)to)[size] = ((const char *)from)[size];
    return to;
}

__attribute__((no_builtin)) void *engine_memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((char *)to)[i] = (char)value;
    return to;
}

/* --- while a run goes on --- */

/* ThreadSanitizer no longer looks at memory of which it has told a race. And which accesses it
 * still knows depends on all that it has seen, unless it begins anew. */
void race_begin(bool anew)
{
    tsan_spares = !anew && engine.runs % WATCHED_ODDS != 0;
    if (race.seen || anew)
        __tsan_flush_memory();
    race.seen = false;
    hook_sim_watched |= told_wanted();
    memset(race.who, 0, (race.fiber_count + 1) * sizeof *race.who);
    race.fiber_count = 0;
}

bool race_seen(void)
{
    return race.seen;
}

void race_note_who(void)
{
    uint32_t number = fiber_current()->sanitizer.number;
    if (number >= FIBERS_MAX)
        return;
    race.who[number] = hook_step.who;
    if (number > race.fiber_count)
        race.fiber_count = number;
}

void race_look_away(void)
{
    if (race.ignored++ == 0)
        fiber_look_away();
}

void race_watch(void)
{
    check(race.ignored > 0);
    if (--race.ignored == 0)
        fiber_watch();
}

void race_watch_all(void)
{
    while (race.ignored > 0)
        race_watch();
}

/* --- what it is called --- */

/* The place as a hook point, which lives as long as the program. */
static const struct hook_site *site_of(struct race_place place)
{
    static struct hook_site sites[SITES_MAX];
    static uint32_t count;
    for (uint32_t i = 0; i < count; i++)
        if (sites[i].line == place.line && strcmp(sites[i].function, place.function) == 0 &&
            strcmp(sites[i].file, place.file) == 0)
            return &sites[i];
    uint32_t index = count < SITES_MAX ? count++ : SITES_MAX - 1;
    sites[index] = (struct hook_site){ place.function, "memory", place.file, place.line,
                                       HOOK_FAIL, 0 };
    return &sites[index];
}

static void fill_edge(struct edge *edge, const struct access *access)
{
    *edge = (struct edge){ .kind = EDGE_ACCESS, .until_ns = HOOK_FOREVER };
    struct trace_event event = { .who = access->who };
    engine_agent_name(event.task != 0 ? engine.tasks[event.task - 1] : NULL, event.thread,
                      edge->from, sizeof edge->from);
    edge->wait_chain = access->chain;
    edge->object_class = access->atomic ? access->writes ? "atomic write" : "atomic read"
                         : access->writes ? "write" : "read";
    struct race_place place = { "?", "?", 0 };
    if (namer != NULL)
        place = namer(&access->chain);
    edge->waits_at = site_of(place);
    engine_name_object(edge->waits_at, access->address, edge->object, sizeof edge->object);
}

static void describe(struct outcome *outcome)
{
    char texts[2][ENGINE_TEXT_MAX / 2 - 8], text[ENGINE_TEXT_MAX];
    outcome->verdict = VERDICT_RACE;
    outcome->edge_count = 2;
    outcome->cycle_count = 0;
    outcome->basis = NULL;
    outcome->site = NULL;
    for (uint32_t i = 0; i < 2; i++) {
        fill_edge(&outcome->edges[i], &race.accesses[i]);
        snprintf(texts[i], sizeof texts[i], "%s in %s", outcome->edges[i].object_class,
                 outcome->edges[i].waits_at->function);
    }
    bool turn = strcmp(texts[0], texts[1]) > 0; /* whichever came first */
    snprintf(text, sizeof text, "%s and %s", texts[turn], texts[!turn]);
    snprintf(outcome->message, sizeof outcome->message,
             "%s and %s use the same memory, and nothing keeps them in order",
             outcome->edges[1].from, outcome->edges[0].from);
    signature_of_text(outcome, text);
}

/* A run that began with what earlier ones left behind is made again without: there the first race
 * may be another one, and that is the one that shows each time. */
void race_outcome(struct outcome *outcome)
{
    static struct plan plan;
    static struct outcome again;
    static bool nested;
    struct engine_options options = engine.options;
    describe(outcome);
    if (engine.strategy->replays || nested || !engine_recorded(&plan))
        return;
    nested = true;
    options.log = NULL;
    options.novelty = NULL;
    engine_run(engine.subject, &plan, strategy_replay(), &options, &again);
    nested = false;
    if (again.verdict == VERDICT_RACE)
        *outcome = again;
}
#endif
