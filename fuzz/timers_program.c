/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the program of a plan on the timer runtime. Any plan will do: an operation that makes no
 * sense at its time is skipped or takes the nearest meaning that does.
 *
 * Every program ends by itself on correct code:
 *   - a goroutine that waits for a descriptor may wait for what never comes; once all others have
 *     ended or wait like that, the first goroutine closes every descriptor;
 *   - a callback goes through its operations a few times only, and a periodic timer is stopped by
 *     its own callback after a few rounds;
 *   - the first goroutine then waits until each timer has run, stops those that would run long
 *     after, and ends. It keeps its P, so nobody may be left in a queue by then.
 *
 * Between two hook points nobody else runs, so the program's own state needs no locks. Where who
 * calls the runtime relies on that state, ThreadSanitizer is told of the order, as a real program
 * would make one.
 */
#include "fuzz/timers_program.h"

#include <string.h>

#include "core/base/tsan.h"
#include "core/engine/engine.h"
#include "core/runtime/invariant.h"
#include "core/runtime/oversight.h"
#include "core/runtime/scavenge.h"

enum {
    SCAVENGER_ROUNDS_MAX = 4,
    FAR_NS = 50000000, /* timers further away than this are stopped in the end, not waited for */
    POLL_NS = 1000,
    NEGLECTED_NS = -1,      /* when it is due: like no time of the model */
    THEFTS_NS = 20000,      /* naps of a thief (runnext) after its look at the clock */
    SLICE_NS = 12000000,    /* after this a goroutine that is busy has been asked to stop */
};

struct timers_program timers_program;
static struct timers_program *const program = &timers_program;

/* --- the first goroutine waits --- */

static uint32_t endless_waits(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < TIMERS_DESCRIPTORS; i++)
        for (uint32_t j = 0; j < SIDE_COUNT; j++)
            count += model_wait_is_endless(&program->model.descriptors[i].sides[j]);
    return count;
}

static bool all_timers_ran(void)
{
    for (uint32_t i = 0; i < program->model.timer_count; i++)
        if (model_outstanding(&program->model.timers[i]) != 0)
            return false;
    return true;
}

static bool phase_is_over(void)
{
    switch (program->phase) {
    case PHASE_SETTLED: /* sticks: an event may come after all, but no descriptor is reopened */
        program->closing |= program->goroutines == endless_waits();
        return program->closing;
    case PHASE_ENDED:
        return program->goroutines == 0;
    case PHASE_QUIET:
        return program->callbacks == 0;
    case PHASE_RUN:
        return all_timers_ran();
    }
    return true;
}

void timers_touch(void)
{
    hook_touch(program);
}

void timers_settle(void)
{
    timers_touch();
    program->activity++;
    hook_progress();
    if (program->main == NULL || !phase_is_over())
        return;
    struct g *gp = program->main;
    program->main = NULL;
    tsan_acquire(&program->main);
    goready(gp);
}

static bool main_parks(struct g *gp, void *unused)
{
    (void)unused;
    timers_touch();
    if (phase_is_over())
        return false;
    program->main = gp;
    tsan_release(&program->main);
    return true;
}

static void wait_for(enum timers_phase phase)
{
    timers_touch();
    program->phase = phase;
    if (!phase_is_over())
        gopark(main_parks, NULL, "wait for the program");
}

static void open_descriptors(void)
{
    const struct plan *plan = program->plan;
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        enum timers_verb verb = (enum timers_verb)plan->operations[i].verb;
        bool names_one = (verb >= VERB_DEADLINE && verb <= VERB_OPEN);
        uint32_t descriptor = (uint32_t)plan->operations[i].arguments[0];
        if (!names_one || program->model.descriptors[descriptor].open)
            continue;
        pollOpen(&program->descriptors[descriptor]);
        program->model.descriptors[descriptor].open = true;
    }
}

static bool has_operations(char actor_kind, uint32_t actor)
{
    const struct plan *plan = program->plan;
    for (uint32_t i = 0; i < plan->operation_count; i++)
        if (plan->operations[i].actor_kind == actor_kind && plan->operations[i].actor == actor)
            return true;
    return false;
}

static void start_peers(void)
{
    for (uint32_t i = 1; i <= TIMERS_PEERS; i++)
        if (has_operations('x', i))
            hook_thread_start(timers_peer, (void *)(uintptr_t)i, "x");
}

static void start_goroutines(void)
{
    for (uint32_t i = 1; i <= TIMERS_GOROUTINES; i++) {
        if (!has_operations('g', i))
            continue;
        program->goroutines++;
        program->gs[i] = newproc(timers_goroutine, &program->gs[i], "g", i);
    }
}

/* --- the end --- */

/* Stops what would run for ever or too late to wait for. */
static void stop_timers(void)
{
    for (uint32_t i = 0; i < program->model.timer_count; i++) {
        const struct model_timer *model = &program->model.timers[i];
        bool is_far = model_outstanding(model) > 0 && model->latest > engine_now() + FAR_NS;
        if (model->loose || is_far)
            timers_change(MODEL_STOP, i, 0);
    }
}

static bool is_queued(const struct g *gp)
{
    return gp != NULL && hook_peek(&gp->atomicstatus) == _Grunnable;
}

static bool anybody_is_queued(void)
{
    for (uint32_t i = 1; i <= TIMERS_GOROUTINES; i++)
        if (is_queued(program->gs[i]))
            return true;
    return is_queued(scavenge.g);
}

static void first_goroutine(void *unused)
{
    (void)unused;
    const int64_t *settings = program->plan->settings;
    open_descriptors();
    if (settings[SETTING_SCAVENGER] > 0)
        gcenable(settings[SETTING_SCAVENGER]);
    start_peers();
    start_goroutines();

    wait_for(PHASE_SETTLED);
    for (uint32_t i = 0; i < TIMERS_DESCRIPTORS; i++)
        timers_close(i);
    wait_for(PHASE_ENDED);
    program->draining = true;
    wait_for(PHASE_QUIET);
    stop_timers();
    wait_for(PHASE_RUN);
    if (settings[SETTING_SCAVENGER] > 0) {
        scavenge.stop = true;
        wakeScavenger();
    }
    while (anybody_is_queued())
        timeSleep(POLL_NS);
    program->ended = true;
    hook_park(&program->exit, HOOK_FOREVER);
    hook_fail("the program went on after its end");
}

/* By design it is sysmon that notices two kinds of timers: one that another P adds while an M looks
 * for work, and one that a callback moves to an earlier time while its M runs timers. */
static bool needs_sysmon(const struct plan *plan)
{
    if (plan->settings[SETTING_SYSMON] != 0 || plan->settings[SETTING_PROCS] > 1)
        return true;
    for (uint32_t i = 0; i < plan->operation_count; i++)
        if (plan->operations[i].verb == VERB_RESIZE || plan->operations[i].actor_kind == 'f')
            return true;
    return false;
}

void timers_run(const struct plan *plan)
{
    program->plan = plan;
    program->has_sysmon = needs_sysmon(plan);
    runtime_start((int32_t)plan->settings[SETTING_PROCS], program->has_sysmon, first_goroutine,
                  NULL);
}

void timers_reset(void)
{
    runtime_reset();
    for (uint32_t i = 0; i < program->model.timer_count; i++)
        if (program->model.timers[i].changes > 0)
            memset(&program->timers[i], 0, sizeof program->timers[i]);
    for (uint32_t i = 0; i < TIMERS_DESCRIPTORS; i++)
        if (program->model.descriptors[i].open)
            memset(&program->descriptors[i], 0, sizeof program->descriptors[i]);
    memset(program, 0, offsetof(struct timers_program, timers));
    model_reset(&program->model);
}

/* --- what the engine asks --- */

bool timers_finished(void)
{
    /* The scavenger would go on for as long as somebody sleeps. */
    if (scavenge.rounds >= SCAVENGER_ROUNDS_MAX)
        scavenge.stop = true;
    return program->ended;
}

const char *timers_check(bool idle)
{
    static struct timer *timers[TIMERS_COUNT + 2 * TIMERS_DESCRIPTORS + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->model.timer_count; i++)
        timers[count++] = &program->timers[i];
    for (uint32_t i = 0; i < TIMERS_DESCRIPTORS; i++) {
        timers[count++] = &program->descriptors[i].rt_timer;
        timers[count++] = &program->descriptors[i].wt_timer;
    }
    if (scavenge.timer != NULL)
        timers[count++] = scavenge.timer;
    const char *broken = runtime_check(timers, count, idle);
    if (broken == NULL && idle && program->ended)
        broken = model_check_end(&program->model);
    return broken;
}

/* Every P is idle, and sysmon, if there is one, sleeps until it is called or until the first timer
 * that it has seen: no nap of it will mend that whoever is to serve a timer sleeps too long. */
static bool no_nap_helps(void)
{
    return atomic_load_explicit(&sched.npidle, memory_order_relaxed) == (uint32_t)rt.gomaxprocs &&
           (!program->has_sysmon ||
            atomic_load_explicit(&sched.sysmonwait, memory_order_relaxed) != 0);
}

/* Goroutines compute, and no P is left to do anything else. */
static bool every_p_is_kept(void)
{
    return program->computing > 0 && sched.pidle == NULL;
}

const char *timers_overlooked(void)
{
    return runtime_overlooked(engine_now());
}

/* Who is preempted at the start of its sleep, behind others that compute, sleeps from later on. */
static void put_off_sleeps(void)
{
    for (uint32_t i = 1; i <= TIMERS_GOROUTINES; i++)
        if (is_queued(program->gs[i]))
            model_sleep_put_off(&program->model, i);
}

int64_t timers_due(void)
{
    int64_t now_ns = engine_now();
    put_off_sleeps();
    int64_t heaps_ns = runtime_due(), model_ns = model_due(&program->model, now_ns);
    int64_t due_ns = heaps_ns < model_ns ? heaps_ns : model_ns;
    if (runtime_neglected() != NULL)
        due_ns = NEGLECTED_NS;
    if (every_p_is_kept())
        due_ns = HOOK_FOREVER;
    int64_t since_ns = overdue_since(&program->overdue, due_ns, program->activity, now_ns);
    if (due_ns == HOOK_FOREVER)
        return HOOK_FOREVER;
    /* Takes back the slack that sysmon's naps are allowed. */
    if (heaps_ns == due_ns && no_nap_helps())
        since_ns -= MODEL_SLACK_NS - THEFTS_NS;
    if (program->busy > 0)
        since_ns += SLICE_NS;
    return since_ns;
}
