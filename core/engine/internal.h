/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the engine share. There is one engine, `engine`; a run is `live` from
 * engine_run()'s first switch to a thread until finish().
 *
 * Invariants while a run is live:
 *   - exactly one thread runs: engine.current; it is in engine.runnable;
 *   - a thread is in exactly one of runnable, blocked, done; `sleeping` has the blocked threads
 *     whose wait ends with the clock, `spinning` those that look at a word again when it is written;
 *   - a blocked thread's wait_kind, wait_object and wait_site say what it waits for, and they were
 *     set before it stopped running (an edge is entered before the wait); of a runnable thread that
 *     is not running, wait_site and wait_object are the hook point that it stands before (NULL: its
 *     first code);
 *   - hook_step.left counts down the hook points that `current` may still pass. Whatever needs the
 *     slow path soon (a wake-up that the strategy wants to see) sets it to 1.
 */
#ifndef CORE_ENGINE_INTERNAL_H
#define CORE_ENGINE_INTERNAL_H

#include "core/base/fiber.h"
#include "core/engine/engine.h"
#include "core/engine/record.h"
#include "core/engine/switches.h"

enum {
    HOLDS_STANDARD = 512, /* they grow between runs */
    TASKS_MAX = 128,
    TOKENS_MAX = 64,
    ORDINAL_GROUPS_MAX = 512, /* groups of sites where a fault can be injected */
    AGENTS_MAX = ENGINE_THREADS_MAX + TASKS_MAX,
    TRACE_MAX = 1 << 16,
    CONTEXTS_MAX = 8,
};

enum thread_state { THREAD_RUNNABLE, THREAD_BLOCKED, THREAD_DONE };
enum task_state { TASK_WAITING, TASK_READY, TASK_RUNNING };

/* What was said of the next acquisition. */
struct nesting {
    const struct hook_mutex *under;
    uint8_t level;
    bool in_order;
};

struct thread {
    struct fiber *fiber; /* where it goes on: its own, or one that its code switched to */
    struct hook_task *task;
    const volatile void *wait_object;
    const struct hook_site *wait_site;
    int64_t deadline_ns;
    struct hook_token *const *wait_tokens;
    uint32_t wait_token_count;
    uint8_t state;     /* enum thread_state */
    uint8_t wait_kind; /* enum edge_kind */
    uint8_t context_count;
    bool wait_reads; /* EDGE_LOCK: it waits to read */
    uint32_t serial;      /* of all threads that the run had: more than slots for those alive */
    uint32_t spin_locks;  /* held */
    uint32_t wait_thread; /* EDGE_JOIN: whose end it waits for */
    uint64_t wait_ticket; /* who waits for a condition longest has the least */
    struct nesting nesting;
    const volatile void *awaited; /* what hook_awaits() was last told of */
    const char *contexts[CONTEXTS_MAX];

    const char *name;
    hook_entry *entry;
    void *argument;
    struct fiber own;
    struct chain wait_chain;
};

/* "g" and 1. By itself, for an object may be used for another task of another name later in the
 * run. */
struct agent_name {
    const char *name;
    uint32_t number;
    bool alone; /* without the number */
};

/* A lock, a transitional state or a token that an agent holds. */
struct hold {
    const volatile void *object;
    const char *hold_class;
    const struct hook_site *site;
    struct hook_task *task; /* the holder, or else `thread` */
    uint16_t thread;
    uint8_t mode; /* enum hook_lock_mode */
};

/* A fault that happened; its agent's name is written out only when somebody asks. */
struct injected_fault {
    struct agent_name agent;
    struct plan_fault fault;
};

struct engine {
    struct thread_set runnable, blocked, sleeping, spinning;
    uint32_t current;
    bool live;
    uint64_t runs; /* that have begun */
    /* How much of hook_step.now_ns passed while threads could run, or while the one that was to run
     * had not been told: no design can help it. */
    int64_t busy_ns;

    struct thread threads[ENGINE_THREADS_MAX];
    uint32_t thread_count;
    uint32_t serial_count;
    uint64_t wait_tickets;
    struct hold *holds;
    uint32_t hold_count, hold_capacity;
    bool holds_short; /* the run ended for want of room: there is more before the next */
    struct hook_task *tasks[TASKS_MAX];
    struct agent_name task_names[TASKS_MAX];
    uint32_t task_count;
    struct hook_token *tokens[TOKENS_MAX];
    uint32_t token_count;
    uint32_t gate; /* thread number + 1 of who stopped the world; 0: open */
    const struct hook_site *gate_site;

    const struct wedge_subject *subject;
    const struct plan *plan;
    struct strategy *strategy;
    struct engine_options options;
    struct outcome *outcome;

    struct plan_segment segment;  /* what the strategy asked for */
    uint64_t steps;               /* in segments that have ended */
    uint64_t turn_steps;          /* of `current` since it was chosen, not recorded yet */
    uint64_t fair_step;           /* from which on threads take turns: half of the budget */
    uint64_t progress_step;       /* when hook_progress() was last called */
    uint32_t switches;
    bool fair; /* the second half of the budget: threads take turns */
    uint32_t check_left;          /* check_each_step: what is left of the real segment */

    bool fault_open[FAULT_INJECTED_COUNT]; /* one of this kind may still come */
    uint32_t fault_gap[FAULT_INJECTED_COUNT];
    int64_t fault_value[FAULT_INJECTED_COUNT];
    uint32_t ordinal_threads, ordinal_tasks; /* how many rows of each may be non-zero */
    uint16_t ordinals[AGENTS_MAX][ORDINAL_GROUPS_MAX];

    struct plan_segment segments[PLAN_SEGMENTS_MAX]; /* what was followed */
    uint32_t segment_count;
    struct injected_fault faults[PLAN_FAULTS_MAX];
    uint32_t fault_count;
    bool record_lost; /* more than a plan can hold */

    struct switches switches_seen;
    bool segment_open;    /* `segment` has not been recorded */

    struct trace_event *trace, trace_scratch;
    uint32_t events_before; /* in the trace when the run begins: those of the run before */
    struct chain *chains;      /* of holds, by index; with record_chains */
    struct chain *task_chains; /* of tasks, by index: where each was last preempted */
    struct fiber host, *home; /* home: who called engine_run() */
};
extern struct engine engine;

/* engine.c */
/* Stops the current thread, whose wait is described by its fields, until it is made runnable. */
void engine_block(void);
/* The current thread can do no more: others run. Returns when it is chosen again, if ever. */
void engine_hand_over(void);
/* Ends the run; does not return to the subject. The outcome's verdict is set by the caller. */
_Noreturn void engine_finish(void);
/* The running thread comes to the slow path at its next hook point. */
void engine_stop_soon(void);
/* Ends the run with a verdict that has a message and no cycle. `what` enters the signature. */
_Noreturn void engine_fail(enum verdict verdict, const struct hook_site *site, const char *what);

/* thread.c */
uint32_t thread_add(hook_entry *entry, void *argument, const char *name);
void engine_wake(uint32_t thread);
/* All that wait for that object, in that way. */
void engine_wake_waiters(enum edge_kind kind, const volatile void *object);
void engine_agent_name(const struct hook_task *task, uint32_t thread, char *name, size_t size);
struct agent_name agent_name_of(const struct hook_task *task, uint32_t thread);
void agent_name_print(struct agent_name agent, char *name, size_t size);

/* clock.c */
/* Moves the clock forward to now_ns, while threads can run, and wakes who waited for that. */
void engine_clock_to(int64_t now_ns);
/* The same, over time in which nothing could run. */
void clock_set(int64_t now_ns);
/* When the first of the sleeping threads wakes up, HOOK_FOREVER if none sleeps. */
int64_t clock_next(void);
bool clock_is_late(int64_t next_ns);

/* fault.c */
void fault_begin(void);
/* Whether a fault of this kind happens at this site now; *value: its size. To be asked only while
 * engine.fault_open[kind]: what is counted is of no use when no fault can come any more. */
bool fault_at(enum fault_kind kind, const struct hook_site *site, int64_t *value);
/* The same, to be asked at any time. */
static inline bool fault_comes(enum fault_kind kind, const struct hook_site *site, int64_t *value)
{
    return engine.fault_open[kind] && engine.live && fault_at(kind, site, value);
}

/* Fills plan->faults with what was injected. */
void fault_recorded(struct plan *plan);

/* sync.c */
/* The current thread waits; returns when it was woken. */
void wait_for(enum edge_kind kind, const struct hook_site *site, const volatile void *object,
              int64_t deadline_ns);
/* Ends the run if the current thread must not block. */
void check_may_block(const struct hook_site *site);

/* hold.c */
/* Between runs: room for more, if the last one was short of it. */
void hold_prepare(bool with_chains);
/* It is held by that task, or else by the current thread, from now on as one of this class. False:
 * it is not. */
bool hold_change(const struct hook_site *site, const volatile void *object,
                 const char *hold_class, const struct hook_task *task);
/* False: nobody holds it, or (_by) not that thread. */
bool hold_pop(const volatile void *object);
static inline bool hold_pop_by(const volatile void *object, uint32_t thread);
const struct hold *hold_find(const volatile void *object);
const struct hold *hold_find_by(const volatile void *object, uint32_t thread);
/* Whether that thread, or the task that it runs (NULL: none), has it. */
static inline bool hold_is_of(const struct hold *hold, const struct hook_task *task,
                              uint32_t thread)
{
    return hold->task != NULL ? hold->task == task : hold->thread == thread;
}
/* What the two short ways below leave out. */
_Noreturn void hold_is_short(const struct hook_site *site);
bool hold_pop_below(const volatile void *object, uint32_t thread);
/* The call chain of the caller's caller, from frame pointers; with record_chains only. */
void chain_record(struct chain *chain);

/* record.c */
struct record *record_add_slow(enum record_kind kind, const struct hook_site *site,
                               const volatile void *object, const char *text);
extern struct record record_waste;
/* What is to be told, a bit per kind; and what of it only while somebody holds something or the
 * current thread is in a context. hook_sim_watched: is there anything to be told? */
extern uint32_t record_kinds, record_kinds_if_held;

/* waitgraph.c */
/* After current has been marked blocked: if it now waits for ever, fills the outcome, looks away
 * (race.h) and returns true. */
bool waitgraph_stuck(uint32_t thread);
/* Nothing runs and the clock has nothing to wake: says why in the outcome. */
void waitgraph_idle(void);
/* Adds an edge for each task that is ready and each thread that is blocked: for a report. */
void waitgraph_describe(void);

/* signature.c */
void signature_of_cycle(struct outcome *outcome);
void signature_of_text(struct outcome *outcome, const char *text);

static inline struct thread *thread_current(void)
{
    return &engine.threads[engine.current];
}

/* A new record of the current thread, whose rest is zero or the caller's to fill; a waste one if the
 * run has no log. */
static inline struct record *record_add(enum record_kind kind, const struct hook_site *site,
                                        const volatile void *object, const char *text)
{
    if ((record_kinds >> kind & 1) == 0 ||
        ((record_kinds_if_held >> kind & 1) != 0 && engine.hold_count == 0 &&
         thread_current()->context_count == 0))
        return &record_waste;
    return record_add_slow(kind, site, object, text);
}

static inline void hold_push(const struct hook_site *site, const volatile void *object,
                             const char *hold_class, struct hook_task *task,
                             enum hook_lock_mode mode)
{
    if (engine.hold_count == engine.hold_capacity)
        hold_is_short(site);
    engine.holds[engine.hold_count++] =
        (struct hold){ .object = object, .hold_class = hold_class, .site = site, .task = task,
                       .thread = (uint16_t)engine.current, .mode = (uint8_t)mode };
    if (engine.options.record_chains)
        chain_record(&engine.chains[engine.hold_count - 1]);
}

/* Mostly it is what was taken last. */
static inline bool hold_pop_by(const volatile void *object, uint32_t thread)
{
    const struct hold *end = &engine.holds[engine.hold_count];
    if (engine.hold_count == 0 || end[-1].object != object || end[-1].thread != thread)
        return hold_pop_below(object, thread);
    engine.hold_count--;
    return true;
}

/* After a change of engine.current or of its task. */
static inline void who_update(void)
{
    const struct hook_task *task = thread_current()->task;
    struct trace_event event = { .who = 0 };
    event.thread = (uint16_t)engine.current;
    event.task = task != NULL ? (uint16_t)(task->index + 1) : 0;
    hook_step.who = event.who;
}

#endif
