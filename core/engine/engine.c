/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/race.h"
#include "core/engine/site.h"
#include "core/engine/told.h"

/* Kept out of the way of a step. */
#define ENGINE_SELDOM __attribute__((cold, noinline))

struct engine engine;
struct hook_step hook_step = { .left = 1, .event = &engine.trace_scratch,
                               .scratch = &engine.trace_scratch };

/* --- the end of a run --- */

_Noreturn void engine_finish(void)
{
    check(engine.live);
    engine.live = false;
    race_watch_all();
    record_end();
    hook_step.trace_limit = hook_step.trace_next; /* what hooks do from here on is not part of the run */
    fiber_switch_thread(engine.home);
    check(!"a finished run went on");
    abort();
}

static uint64_t close_segment(void);
static void record_segment(void);

_Noreturn void engine_fail(enum verdict verdict, const struct hook_site *site, const char *what)
{
    struct outcome *outcome = engine.outcome;
    race_look_away();
    if (engine.segment_open)
        close_segment();
    record_segment(); /* the steps up to here belong to the schedule */
    outcome->verdict = verdict;
    outcome->site = site;
    engine_agent_name(thread_current()->task, engine.current, outcome->agent,
                      sizeof outcome->agent);
    snprintf(outcome->message, sizeof outcome->message, "%s", what);
    if (verdict == VERDICT_LATE_WAKEUP)
        waitgraph_describe();
    char text[ENGINE_TEXT_MAX];
    snprintf(text, sizeof text, "%s%s%s", what, site != NULL ? " in " : "",
             site != NULL ? site->function : "");
    signature_of_text(outcome, text);
    engine_finish();
}

static void finish_ok(void)
{
    const char *broken = engine.subject->check != NULL ? (engine.subject->check)(true) : NULL;
    if (broken != NULL)
        engine_fail(VERDICT_INVARIANT, NULL, broken);
    engine.outcome->verdict = VERDICT_OK;
    static const char completed[] = "completed";
    memcpy(engine.outcome->message, completed, sizeof completed);
    engine_finish();
}

/* Half of the budget went by in fair turns; whether any of it was good for something decides. */
static _Noreturn void finish_budget(void)
{
    if (engine.progress_step > engine.fair_step)
        engine_fail(VERDICT_BUDGET, NULL, "too many steps");
    char functions[ENGINE_TEXT_MAX] = "no progress under fair scheduling:";
    for (uint32_t i = 0; i < engine.thread_count; i++) {
        const struct thread *thread = &engine.threads[i];
        if (!thread_set_has(&engine.runnable, i) || thread->wait_site == NULL ||
            strstr(functions, thread->wait_site->function) != NULL)
            continue;
        size_t length = strlen(functions);
        snprintf(functions + length, sizeof functions - length, " %s", thread->wait_site->function);
    }
    engine_fail(VERDICT_LIVELOCK, NULL, functions);
}

static ENGINE_SELDOM _Noreturn void engine_diverged(uint32_t segment, const char *why)
{
    engine.outcome->diverged_segment = segment;
    engine_fail(VERDICT_DIVERGED, thread_current()->wait_site, why);
}

/* --- segments: who runs, for how long --- */

/* A thread that goes on by choice is in one segment of the schedule; one that blocked and goes on
 * begins another, for there a replay has to choose again. */
static void record_segment(void)
{
    uint32_t steps = (uint32_t)engine.turn_steps;
    engine.turn_steps = 0;
    if (engine.fair || steps == 0)
        return;
    if (engine.segment_count == PLAN_SEGMENTS_MAX) {
        engine.record_lost = true;
        return;
    }
    engine.segments[engine.segment_count++] =
        (struct plan_segment){ .thread = (uint16_t)engine.current, .steps = steps };
}

/* Counts the steps that the current segment made before it was cut short: those let through, and
 * the one that was pending when it began. Returns how many. */
static inline uint64_t close_segment(void)
{
    uint64_t left = engine.options.check_each_step ? engine.check_left : hook_step.left;
    uint64_t steps = engine.segment.steps - left + (left > 0 ? 1 : 0);
    engine.segment_open = false;
    engine.steps += steps;
    engine.turn_steps += steps;
    return steps;
}

/* The thread can do no more. */
static void close_turn(void)
{
    bool short_of = close_segment() < engine.segment.steps;
    record_segment();
    if (short_of && engine.segment.strict && engine.live)
        engine_diverged(engine.segment_count - 1, "the thread stops before its segment ends");
}

/* What was chosen. */
static inline void begin_segment(void)
{
    engine.segment_open = true;
    hook_step.left = engine.segment.steps;
    if (engine.options.check_each_step) {
        engine.check_left = engine.segment.steps;
        hook_step.left = 1;
    }
}

/* Time takes its turn after the last thread: who sleeps must not be starved by who is busy. Turns
 * differ in length, or a loop of the right length could hold a lock at the end of each. */
static ENGINE_SELDOM void take_turns(struct plan_segment *segment)
{
    if (engine.steps >= engine.options.steps_max)
        finish_budget();
    record_segment();
    engine.fair = true;
    uint32_t next = thread_set_lowest(&engine.runnable, engine.current + 1);
    if (next == ENGINE_THREADS_MAX) {
        if (engine.sleeping.count > 0)
            engine_clock_to(clock_next());
        next = thread_set_lowest(&engine.runnable, 0);
    }
    uint32_t steps = 32 + (uint32_t)(engine.steps * 0x9e3779b97f4a7c15u >> 58);
    *segment = (struct plan_segment){ .thread = (uint16_t)next, .steps = steps };
}

/* Fills in the next segment; its thread is runnable. In place: to copy what has just been written
 * in pieces is slow. */
static void choose(struct plan_segment *segment)
{
    if (engine.steps >= engine.fair_step) {
        take_turns(segment);
        return;
    }
    struct choice choice = { &engine.runnable, &engine.sleeping, engine.current, engine.steps };
    segment->strict = false;
    hook_step.left = 1; /* whom a move of the clock wakes cannot cut it short */
    if (!engine.strategy->next(engine.strategy, &choice, segment))
        engine_diverged(engine.segment_count + (engine.turn_steps > 0),
                        "the schedule names a thread that cannot run");
    check(segment->steps > 0);
    if (!thread_set_has(&engine.runnable, segment->thread)) {
        check(thread_set_has(&engine.sleeping, segment->thread));
        engine_clock_to(engine.threads[segment->thread].deadline_ns);
    }
    uint64_t until_fair = engine.fair_step - engine.steps;
    if (segment->steps > until_fair) {
        segment->steps = (uint32_t)until_fair;
        segment->strict = false;
    }
}

/* Lets whom it chooses run; returns when this thread is chosen again. */
static void run_next(void)
{
    struct plan_segment *segment = &engine.segment;
    choose(segment);
    if (segment->thread == engine.current) {
        begin_segment();
        return;
    }
    record_segment();
    begin_segment();
    engine.switches++;
    race_note_who();
    if (engine.switches_seen.wanted)
        switches_note(&engine.switches_seen, thread_current()->wait_site,
                      engine.threads[segment->thread].wait_site);
    thread_current()->fiber = fiber_current();
    engine.current = segment->thread;
    who_update();
    fiber_switch_thread(thread_current()->fiber);
}

void engine_stop_soon(void)
{
    if (hook_step.left <= 1 || engine.options.check_each_step)
        return;
    engine.segment.steps -= (uint32_t)(hook_step.left - 1);
    hook_step.left = 1;
}

static void check_step(void)
{
    if (engine.hold_count > 0 || engine.subject->check == NULL)
        return;
    race_look_away();
    const char *broken = (engine.subject->check)(false);
    if (broken != NULL)
        engine_fail(VERDICT_INVARIANT, NULL, broken);
    race_watch();
}

static void check_idle(void)
{
    const char *broken = engine.subject->check_idle != NULL ? engine.subject->check_idle() : NULL;
    if (broken != NULL)
        engine_fail(VERDICT_INVARIANT, NULL, broken);
}

/* The slow path of a hook point: the segment is over, or something wants to be looked at. */
void hook_sim_point(const struct hook_site *site, const volatile void *object)
{
    if (!engine.live) {
        hook_step.left = 1;
        return;
    }
    thread_current()->wait_site = site;
    thread_current()->wait_object = object;
    if (race_seen())
        engine_fail(VERDICT_RACE, site, "race");
    if (engine.options.check_each_step) {
        check_step();
        if (--engine.check_left > 0) {
            hook_step.left = 1;
            return;
        }
    }
    close_segment();
    run_next();
}

/* --- hook points --- */

bool hook_sim_fails(const struct hook_site *site)
{
    int64_t value;
    if (!fault_comes(FAULT_CAS, site, &value))
        return false;
    hook_step.event->fault = FAULT_CAS + 1;
    return true;
}

void hook_sim_wrote(const volatile void *object)
{
    for (uint32_t i = engine.spinning.count; i-- > 0;) {
        uint32_t thread = engine.spinning.members[i];
        if (engine.threads[thread].wait_object == object)
            engine_wake(thread);
    }
}

/* --- blocking and waking --- */

/* Nothing can run at this time: the run is over, or the clock moves to the next deadline. */
static void idle(void)
{
    const struct wedge_subject *subject = engine.subject;
    race_look_away();
    bool all_done = engine.blocked.count == 0;
    if (all_done || (subject->finished != NULL && subject->finished())) {
        check_idle();
        finish_ok();
    }
    check_step();
    check_idle();
    if (engine.sleeping.count == 0) {
        waitgraph_idle();
        engine_finish();
    }
    const char *overlooked = subject->overlooked != NULL ? subject->overlooked() : NULL;
    if (overlooked != NULL)
        engine_fail(VERDICT_LATE_WAKEUP, NULL, overlooked);
    int64_t next_ns = clock_next();
    if (subject->due != NULL && clock_is_late(next_ns))
        engine_fail(VERDICT_LATE_WAKEUP, NULL,
                    "the clock passes a deadline and nobody is there to serve it");
    clock_set(next_ns);
    race_watch();
}

/* Hands over to somebody else; returns when this thread is chosen again (if ever). */
void engine_hand_over(void)
{
    close_turn();
    if (engine.runnable.count == 0) {
        idle();
        check(engine.runnable.count > 0);
    }
    run_next();
}

void engine_block(void)
{
    uint32_t self = engine.current;
    struct thread *thread = thread_current();
    check(thread->state == THREAD_RUNNABLE);
    thread->state = THREAD_BLOCKED;
    thread_set_remove(&engine.runnable, self);
    thread_set_add(&engine.blocked, self);
    if (thread->deadline_ns != HOOK_FOREVER)
        thread_set_add(&engine.sleeping, self);
    if (thread->wait_kind == EDGE_SPIN) {
        thread_set_add(&engine.spinning, self);
        hook_step.spinning++;
    }
    hook_step.event->waits = true;
    if (engine.options.record_chains)
        chain_record(&thread->wait_chain);
    if (waitgraph_stuck(self)) {
        engine.segment.strict = false;
        close_turn();
        engine_finish();
    }
    engine_hand_over();
    check(engine.current == self);
}

/* --- runs --- */

static void start_program(void *argument)
{
    (void)argument;
    choose(&engine.segment);
    begin_segment();
    engine.subject->run(engine.plan);
}

static void engine_prepare(void)
{
    static bool ready;
    if (ready)
        return;
    ready = true;
    site_group_count();
    engine.trace = calloc(TRACE_MAX + 1, sizeof *engine.trace);
    check(engine.trace != NULL);
    hook_step.trace_next = engine.trace;
    if (fiber_current() == NULL)
        fiber_adopt(&engine.host);
    engine_catch_signals();
}

static void begin_run(void)
{
    engine.home = fiber_current();
    engine.runs++;
    engine.events_before = (uint32_t)(hook_step.trace_next - engine.trace);
    hook_step.trace_next = engine.trace;
    hook_step.trace_limit = engine.trace + TRACE_MAX;
    engine.runnable.count = engine.blocked.count = 0;
    engine.sleeping.count = engine.spinning.count = 0;
    hook_step.spinning = 0;
    engine.current = 0;
    hook_step.who = 0;
    engine.busy_ns = 0;
    hook_step.now_ns = 1000000; /* not 0: the runtime takes 0 for "no time" */
    engine.thread_count = engine.serial_count = engine.hold_count = 0;
    engine.task_count = engine.token_count = 0;
    engine.gate = 0;
    engine.steps = engine.turn_steps = engine.progress_step = 0;
    engine.switches = 0;
    engine.switches_seen.news = 0;
    engine.fair = false;
    engine.segment_count = engine.fault_count = 0;
    engine.record_lost = false;
    told_begin();
    fiber_stack_reset();
}

static void outcome_clear(struct outcome *outcome)
{
    outcome->verdict = VERDICT_COUNT;
    outcome->message[0] = outcome->signature[0] = outcome->signature_hash[0] = '\0';
    outcome->agent[0] = '\0';
    outcome->edge_count = outcome->cycle_count = 0;
    outcome->basis = NULL;
    outcome->site = NULL;
    outcome->diverged_segment = 0;
}

void engine_run(const struct wedge_subject *subject, const struct plan *plan,
                struct strategy *strategy, const struct engine_options *options,
                struct outcome *outcome)
{
    check(!engine.live);
    engine_prepare();
    begin_run();
    outcome_clear(outcome);
    engine.subject = subject;
    engine.plan = plan;
    engine.strategy = strategy;
    engine.options = *options;
    engine.switches_seen.wanted = options->count_switches;
    engine.outcome = outcome;
    if (engine.options.steps_max == 0)
        engine.options.steps_max = ENGINE_STEPS_STANDARD;
    engine.fair_step = engine.options.steps_max / 2;
    hold_prepare(engine.options.record_chains);
    if (engine.options.record_chains && engine.task_chains == NULL) {
        engine.task_chains = calloc(TASKS_MAX, sizeof *engine.task_chains);
        check(engine.task_chains != NULL);
    }
    record_begin(engine.options.log, engine.options.novelty);
    race_begin(strategy->replays);

    hook_step.left = 1;
    race_look_away(); /* all of it comes before the run */
    subject->reset();
    race_watch();
    strategy->begin(strategy, plan);
    engine.live = true;
    thread_add(start_program, NULL, "m");
    fault_begin();
    fiber_switch_thread(thread_current()->fiber);

    check(!engine.live);
    check(outcome->verdict != VERDICT_COUNT);
    if (strategy->end != NULL)
        strategy->end(strategy);
    outcome->steps = engine.steps;
    outcome->switches = engine.switches;
    outcome->now_ns = hook_step.now_ns;
    hook_step.left = 1;
    if (race_seen())
        race_outcome(outcome);
}

uint32_t engine_switches_seen(void)
{
    return engine.switches_seen.count;
}

int64_t engine_now(void)
{
    return hook_step.now_ns;
}

bool engine_recorded(struct plan *plan)
{
    memcpy(plan->settings, engine.plan->settings, sizeof plan->settings);
    plan->operation_count = engine.plan->operation_count;
    memcpy(plan->operations, engine.plan->operations,
           plan->operation_count * sizeof *plan->operations);
    fault_recorded(plan);
    plan->segment_count = engine.segment_count;
    memcpy(plan->segments, engine.segments, plan->segment_count * sizeof *plan->segments);
    return !engine.record_lost;
}

uint32_t engine_thread_count(void)
{
    return engine.thread_count;
}

const char *engine_thread_name(uint32_t thread)
{
    static char name[16];
    check(thread < engine.thread_count);
    engine_agent_name(NULL, thread, name, sizeof name);
    return name;
}

uint32_t engine_thread_serial(uint32_t thread)
{
    check(thread < engine.thread_count);
    return engine.threads[thread].serial;
}
