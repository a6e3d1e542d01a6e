/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of the subject "timers": calls the runtime and tells the model. Any operation is
 * safe at any time: one that would be wrong use of the runtime is skipped, or takes the nearest
 * meaning that is not. Callbacks do only what cannot block, and only a few times.
 */
#include "core/base/check.h"
#include "core/base/tsan.h"
#include "core/engine/engine.h"
#include "core/runtime/scavenge.h"
#include "fuzz/timers_program.h"

enum {
    CALLBACK_ROUNDS_MAX = 3,
    PERIODIC_RUNS_MAX = 4,
    COMPUTE_MAX_NS = 10000000, /* as long as it lasts, who stops the world asks again and again */
    BUSY_SLICE_NS = 1000000,
    BUSY_SLICES_MAX = 40,
};

static struct timers_program *const program = &timers_program;

static void judge(const char *wrong)
{
    if (wrong != NULL)
        hook_fail(wrong);
}

/* --- operations on timers --- */

static timer_func callback;
static gofunc callback_goroutine;

/* period_ns: as in modtimer(); NULL: the timer keeps its own. */
static bool make_change(enum model_kind kind, struct timer *t, int64_t when_ns,
                        const int64_t *period_ns)
{
    if (period_ns != NULL)
        return modtimer(t, when_ns, *period_ns, t->f, t->arg, 0);
    if (kind == MODEL_STOP)
        return stopTimer(t);
    if (kind == MODEL_RESET)
        return resetTimer(t, when_ns);
    t->when = when_ns;
    startTimer(t);
    return false;
}

/* Others may use the timer, and do so after it was started. */
static void added(uint32_t timer)
{
    program->adding[timer] = false;
    tsan_release(&program->adding[timer]);
}

/* when_ns, *period_ns: whatever the runtime takes. */
static void change_to(enum model_kind kind, uint32_t timer, int64_t when_ns,
                      const int64_t *period_ns)
{
    struct timer *t = &program->timers[timer];
    if (kind == MODEL_ADD && program->model.timers[timer].changes > 0)
        kind = MODEL_RESET;
    struct model_change change;
    if (program->adding[timer])
        return;
    tsan_acquire(&program->adding[timer]);
    if (!model_change_begin(&program->model, kind, timer, model_when(when_ns), &change))
        return;
    if (change.changes == 1) {
        struct gocall *call = &program->calls[timer];
        t->f = call->fn != NULL ? goFunc : callback;
        t->arg = call->fn != NULL ? (void *)call : t;
        program->adding[timer] = kind == MODEL_ADD;
    }
    bool pending = make_change(kind, t, when_ns, period_ns);
    if (program->adding[timer])
        added(timer);
    judge(model_change_end(&program->model, &change, pending, engine_now()));
}

void timers_change(enum model_kind kind, uint32_t timer, int64_t duration_ns)
{
    int64_t when_ns = kind != MODEL_STOP ? when_after(duration_ns) : 0;
    change_to(kind, timer, when_ns, kind == MODEL_PERIODIC ? &duration_ns : NULL);
}

/* As given; but what is beyond the half of all times is never: the clock does not get that far. */
static int64_t raw_time(int64_t ns)
{
    return ns > INT64_MAX / 2 ? INT64_MAX : ns;
}

/* Runs the timer now, and then every period_ns: once if that is not positive. */
static void run_every(uint32_t timer, int64_t duration_ns)
{
    int64_t period_ns = raw_time(duration_ns);
    change_to(period_ns > 0 ? MODEL_PERIODIC : MODEL_RESET, timer, when_after(0), &period_ns);
}

/* Starts the timer; as one whose callback is a goroutine of its own, if it is new. */
static void start_after(uint32_t timer, int64_t duration_ns)
{
    if (program->model.timers[timer].changes == 0) {
        program->calls[timer].fn = callback_goroutine;
        program->calls[timer].argument = &program->timers[timer];
    }
    timers_change(MODEL_ADD, timer, duration_ns);
}

/* --- operations on descriptors --- */

/* Each use comes after the opening, and before one that opens it again; not before other uses. */
static void use_begin(uint32_t descriptor)
{
    program->users[descriptor]++;
    tsan_acquire(&program->descriptors[descriptor]);
}

static void use_end(uint32_t descriptor)
{
    program->users[descriptor]--;
    tsan_release(&program->users[descriptor]);
}

static const int side_modes[SIDE_COUNT] = { [SIDE_READ] = 'r', [SIDE_WRITE] = 'w' };

/* mode: 'r', 'w' or 'r'+'w'; the rest as in pollSetDeadline(). */
static void set_deadline(uint32_t descriptor, int mode, int64_t duration_ns)
{
    struct model_descriptor *model = &program->model.descriptors[descriptor];
    if (model->closed)
        return;
    struct model_setting settings[SIDE_COUNT];
    for (uint32_t i = 0; i < SIDE_COUNT; i++)
        if (mode != side_modes[1 - i])
            settings[i] = model_deadline_begin(&model->sides[i], engine_now(), duration_ns);
    use_begin(descriptor);
    pollSetDeadline(&program->descriptors[descriptor], duration_ns, mode);
    use_end(descriptor);
    for (uint32_t i = 0; i < SIDE_COUNT; i++)
        if (mode != side_modes[1 - i])
            model_deadline_end(&model->sides[i], settings[i], engine_now());
}

static enum model_result model_result_of(enum poll_result result)
{
    if (result == pollNoError)
        return RESULT_READY;
    return result == pollErrClosing ? RESULT_CLOSED : RESULT_TIMEOUT;
}

/* One goroutine at a time may wait for a direction of a descriptor, and reset it. */
static void wait_for_descriptor(uint32_t descriptor, uint32_t side_index)
{
    struct model_descriptor *model = &program->model.descriptors[descriptor];
    struct model_side *side = &model->sides[side_index];
    struct pollDesc *pd = &program->descriptors[descriptor];
    int mode = side_modes[side_index];
    if (side->busy)
        return;
    side->busy = true;
    use_begin(descriptor);
    struct model_wait wait = model_wait_begin(side);
    enum poll_result result = pollReset(pd, mode);
    if (result == pollNoError) {
        model_wait_arm(side);
        timers_settle();
        result = pollWait(pd, mode);
    }
    judge(model_wait_end(model, side, wait, model_result_of(result), engine_now()));
    side->busy = false;
    use_end(descriptor);
}

static void report_event(uint32_t descriptor)
{
    struct model_descriptor *model = &program->model.descriptors[descriptor];
    if (model->closed)
        return;
    uint32_t armed[SIDE_COUNT];
    model_event_begin(model, armed);
    use_begin(descriptor);
    netpoll_event(&program->descriptors[descriptor], 'r' + 'w');
    use_end(descriptor);
    model_event_end(model, armed);
}

void timers_close(uint32_t descriptor)
{
    struct model_descriptor *model = &program->model.descriptors[descriptor];
    if (!model->open || model->closed)
        return;
    model->closed = true;
    use_begin(descriptor);
    pollUnblock(&program->descriptors[descriptor]);
    use_end(descriptor);
}

/* Opens it again once nobody uses it any more. Events from before may still come through. */
static void open_again(uint32_t descriptor)
{
    struct model_descriptor *model = &program->model.descriptors[descriptor];
    if (!model->closed || program->users[descriptor] > 0 || program->closing)
        return;
    tsan_acquire(&program->users[descriptor]);
    program->users[descriptor]++;
    pollOpen(&program->descriptors[descriptor]);
    program->users[descriptor]--;
    tsan_release(&program->descriptors[descriptor]);
    for (uint32_t i = 0; i < SIDE_COUNT; i++)
        model->sides[i].deadline = DEADLINE_NONE;
    model->closed = false;
}

/* --- other operations --- */

static void sleep_for(uint32_t goroutine, int64_t duration_ns)
{
    model_sleep_begin(&program->model, goroutine, engine_now(), duration_ns);
    timeSleep(duration_ns);
    program->sleep_timers[goroutine] = getg()->timer;
    judge(model_sleep_end(&program->model, goroutine, engine_now()));
}

/* Without sysmon nobody takes the P of a thread that stays in a system call; with it, others wait
 * for two naps of it from here on. */
static void make_system_call(int64_t duration_ns)
{
    entersyscall();
    program->activity++;
    if (program->has_sysmon && duration_ns > 0)
        hook_sleep(duration_ns);
    exitsyscall();
}

/* A system call that surely blocks. */
static void make_blocking_call(int64_t duration_ns)
{
    entersyscallblock();
    if (duration_ns > 0)
        hook_sleep(duration_ns);
    exitsyscall();
}

/* Keeps the P for so long, and heeds nobody: a loop without function calls. Without sysmon nobody
 * would look after what waits for that P. */
static void compute(int64_t duration_ns)
{
    if (!program->has_sysmon || duration_ns == 0)
        return;
    if (duration_ns > COMPUTE_MAX_NS)
        duration_ns = COMPUTE_MAX_NS;
    program->computing++;
    hook_sleep(duration_ns);
    program->computing--;
}

/* Returns after `ns` in which the goroutine ran. True: it had to let others run first. */
static bool run_slice(int64_t ns)
{
    struct p *pp = getg()->m->p;
    uint32_t tick = hook_peek(&pp->schedtick);
    prologue();
    bool preempted = getg()->m->p != pp || hook_peek(&pp->schedtick) != tick;
    hook_sleep(ns);
    return preempted;
}

/* As compute(), but with function calls: in each it can be asked to let others run. */
static void be_busy(int64_t duration_ns)
{
    if (!program->has_sysmon)
        return;
    program->busy++;
    for (uint32_t i = 0; i < BUSY_SLICES_MAX && duration_ns > 0; i++) {
        int64_t slice_ns = duration_ns < BUSY_SLICE_NS ? duration_ns : BUSY_SLICE_NS;
        if (run_slice(slice_ns))
            program->activity++;
        hook_progress();
        duration_ns -= slice_ns;
    }
    program->busy--;
}

static void ask_sysmon_to_scavenge(void)
{
    if (program->has_sysmon)
        hook_store(&scavenge.sysmonWake, 1u);
}

/* What both goroutines and callbacks may do; false: none of that. */
static bool perform_at_once(const struct plan_operation *operation)
{
    uint32_t object = (uint32_t)operation->arguments[0];
    int64_t duration_ns = operation->arguments[1];
    switch ((enum timers_verb)operation->verb) {
    case VERB_ADD: timers_change(MODEL_ADD, object, duration_ns); return true;
    case VERB_AFTER: start_after(object, duration_ns); return true;
    case VERB_STOP: timers_change(MODEL_STOP, object, 0); return true;
    case VERB_RESET: timers_change(MODEL_RESET, object, duration_ns); return true;
    case VERB_PERIODIC: timers_change(MODEL_PERIODIC, object, duration_ns); return true;
    case VERB_AT: change_to(MODEL_ADD, object, raw_time(duration_ns), NULL); return true;
    case VERB_EVERY: run_every(object, duration_ns); return true;
    case VERB_IO: report_event(object); return true;
    case VERB_SCAVENGE: wakeScavenger(); return true;
    case VERB_SYSMON_SCAVENGE: ask_sysmon_to_scavenge(); return true;
    default: return false;
    }
}

static void perform(uint32_t goroutine, const struct plan_operation *operation)
{
    uint32_t object = (uint32_t)operation->arguments[0];
    int64_t duration_ns = operation->arguments[1];
    switch ((enum timers_verb)operation->verb) {
    case VERB_SLEEP: sleep_for(goroutine, operation->arguments[0]); break;
    case VERB_YIELD: Gosched(); break;
    case VERB_DEADLINE: set_deadline(object, 'r' + 'w', duration_ns); break;
    case VERB_RDEADLINE: set_deadline(object, 'r', duration_ns); break;
    case VERB_WDEADLINE: set_deadline(object, 'w', duration_ns); break;
    case VERB_CLEAR: set_deadline(object, 'r' + 'w', 0); break;
    case VERB_EXPIRE: set_deadline(object, 'r' + 'w', -1); break;
    case VERB_READ: wait_for_descriptor(object, SIDE_READ); break;
    case VERB_WRITE: wait_for_descriptor(object, SIDE_WRITE); break;
    case VERB_CLOSE: timers_close(object); break;
    case VERB_OPEN: open_again(object); break;
    case VERB_SYSCALL: make_system_call(operation->arguments[0]); break;
    case VERB_BLOCK: make_blocking_call(operation->arguments[0]); break;
    case VERB_COMPUTE: compute(operation->arguments[0]); break;
    case VERB_BUSY: be_busy(operation->arguments[0]); break;
    case VERB_WAIT: hook_sleep(operation->arguments[0]); break;
    case VERB_RESIZE: GOMAXPROCS((int32_t)operation->arguments[0]); break;
    case VERB_GC:
        stopTheWorld("gc");
        shrinkstacks();
        startTheWorld();
        gcPaceScavenger();
        break;
    default: check(!"a verb that nobody performs");
    }
}

static void perform_all(char actor_kind, uint32_t actor)
{
    const struct plan *plan = program->plan;
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        if (operation->actor_kind != actor_kind || operation->actor != actor)
            continue;
        if (actor_kind == 'f' && program->draining)
            return;
        timers_touch();
        program->activity++; /* it has a P, and others have to wait their turn */
        if (!perform_at_once(operation) && actor_kind != 'f')
            perform(actor, operation);
        if (actor_kind != 'x') /* has no M to do it on */
            timers_settle();
    }
}

/* --- callbacks and goroutines --- */

static void callback(void *argument, uintptr_t seq)
{
    (void)seq;
    uint32_t timer = (uint32_t)((struct timer *)argument - program->timers);
    const struct model_timer *model = &program->model.timers[timer];
    timers_touch();
    if (program->adding[timer])
        added(timer);
    judge(model_ran(&program->model, timer, engine_now()));
    program->callbacks++;
    if (program->rounds[timer]++ < CALLBACK_ROUNDS_MAX)
        perform_all('f', timer);
    if (model->loose && model->ran >= PERIODIC_RUNS_MAX)
        timers_change(MODEL_STOP, timer, 0);
    program->callbacks--;
    timers_settle();
}

static void callback_goroutine(void *argument)
{
    callback(argument, 0);
}

void timers_peer(void *argument)
{
    perform_all('x', (uint32_t)(uintptr_t)argument);
    hook_thread_exit();
}

void timers_goroutine(void *argument)
{
    uint32_t number = (uint32_t)((struct g **)argument - program->gs);
    perform_all('g', number);
    timers_touch();
    program->goroutines--;
    timers_settle();
}
