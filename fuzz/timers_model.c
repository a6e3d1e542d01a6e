/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/timers_model.h"

#include <stddef.h>
#include <string.h>

#include "core/base/check.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void model_reset(struct timers_model *model)
{
    memset(model, 0, sizeof *model);
    for (uint32_t i = 0; i < MODEL_TIMERS; i++)
        model->timers[i].earliest = INT64_MAX;
}

/* --- timers --- */

int64_t model_when(int64_t when_ns)
{
    if (when_ns < 0)
        return INT64_MAX;
    return when_ns == 0 ? 1 : when_ns;
}

uint32_t model_outstanding(const struct model_timer *timer)
{
    return timer->loose ? 0 : timer->started - timer->reported - timer->ran;
}

/* Narrows the bounds where the counts leave one possibility. If a single start is outstanding, its
 * callback begins no earlier than the newest start: it is that one, or else that one has run. */
static void narrow(struct model_timer *timer)
{
    if (timer->loose)
        return;
    uint32_t outstanding = model_outstanding(timer);
    if (outstanding == 0) {
        timer->earliest = INT64_MAX;
        timer->latest = 0;
    } else if (outstanding == 1 && timer->changing == 0 && timer->newest != 0) {
        timer->earliest = timer->latest = timer->newest;
    }
}

bool model_change_begin(struct timers_model *model, enum model_kind kind, uint32_t timer,
                        int64_t when_ns, struct model_change *change)
{
    struct model_timer *t = &model->timers[timer];
    if (t->adding)
        return false;
    if (timer >= model->timer_count)
        model->timer_count = timer + 1;
    *change = (struct model_change){ .kind = kind,
                                     .timer = timer,
                                     .when_ns = when_ns,
                                     .alone = t->changing == 0,
                                     .changes = ++t->changes,
                                     .outstanding = model_outstanding(t),
                                     .ran = t->ran,
                                     .earliest = t->earliest };
    t->changing++;
    t->newest = 0;
    t->stopped = false;
    if (kind == MODEL_PERIODIC)
        t->loose = true;
    if (kind == MODEL_ADD)
        t->adding = true;
    if (kind != MODEL_STOP) {
        t->started++;
        t->earliest = least(t->earliest, when_ns);
        t->latest = greatest(t->latest, when_ns);
    }
    return true;
}

/* What a change that overlapped with no other may have reported. */
static const char *judge_report(const struct model_timer *timer, const struct model_change *change,
                                bool pending, int64_t now_ns)
{
    if (pending && change->outstanding == 0 && timer->ran == change->ran)
        return "M3 a change reported a timer as pending that was not";
    if (!pending && change->outstanding > 0 && now_ns < change->earliest)
        return "M4 a change reported a pending timer as not pending";
    return NULL;
}

const char *model_change_end(struct timers_model *model, const struct model_change *change,
                             bool pending, int64_t now_ns)
{
    struct model_timer *timer = &model->timers[change->timer];
    check(timer->changing > 0);
    timer->changing--;
    if (change->kind == MODEL_ADD)
        timer->adding = false;
    bool alone = change->alone && timer->changes == change->changes;
    const char *wrong = NULL;
    if (!timer->loose && alone)
        wrong = judge_report(timer, change, pending, now_ns);
    if (!timer->loose && pending && model_outstanding(timer) == 0)
        wrong = "M3 a change reported a timer as pending that was not";
    if (wrong != NULL)
        return wrong;
    if (pending)
        timer->reported++;
    if (alone) {
        timer->stopped = change->kind == MODEL_STOP;
        timer->newest = change->kind == MODEL_STOP ? 0 : change->when_ns;
    }
    narrow(timer);
    return NULL;
}

const char *model_ran(struct timers_model *model, uint32_t timer, int64_t now_ns)
{
    struct model_timer *t = &model->timers[timer];
    if (t->started == 0)
        return "M2 a timer ran that was never started";
    if (!t->loose && model_outstanding(t) == 0)
        return t->stopped ? "M2 a timer ran although it was stopped"
                          : "M2 a timer ran more often than it was started";
    if (now_ns < t->earliest)
        return "M1 a timer ran before its time";
    t->ran++;
    narrow(t);
    return NULL;
}

/* --- sleeps --- */

void model_sleep_begin(struct timers_model *model, uint32_t sleeper, int64_t now_ns,
                       int64_t duration_ns)
{
    check(sleeper < MODEL_SLEEPERS);
    model->sleeps[sleeper] = (struct model_sleep){ true, now_ns + duration_ns, duration_ns, 0 };
}

const char *model_sleep_end(struct timers_model *model, uint32_t sleeper, int64_t now_ns)
{
    struct model_sleep *sleep = &model->sleeps[sleeper];
    check(sleep->sleeps);
    sleep->sleeps = false;
    return now_ns < sleep->until_ns ? "M5 a sleep ended before its time" : NULL;
}

void model_sleep_put_off(struct timers_model *model, uint32_t sleeper)
{
    model->sleeps[sleeper].latest_ns = 0;
}

/* The sleeper looks at the clock itself, some time after model_sleep_begin(): at the latest when
 * nothing runs for the first time, or if it waits for a P then, once it has got one. */
static int64_t sleep_due(struct model_sleep *sleep, int64_t now_ns)
{
    if (!sleep->sleeps)
        return INT64_MAX;
    if (sleep->latest_ns == 0)
        sleep->latest_ns = now_ns + MODEL_SLACK_NS + sleep->duration_ns;
    return sleep->latest_ns;
}

/* --- descriptors --- */

struct model_setting model_deadline_begin(struct model_side *side, int64_t now_ns,
                                          int64_t duration_ns)
{
    bool alone = side->setting == 0;
    side->setting++;
    side->sets++;
    side->deadline = DEADLINE_UNKNOWN;
    return (struct model_setting){ side->sets, alone, now_ns, duration_ns };
}

/* The runtime looks at the clock between the two times. */
void model_deadline_end(struct model_side *side, struct model_setting setting, int64_t now_ns)
{
    check(side->setting > 0);
    side->setting--;
    if (!setting.alone || side->sets != setting.sets)
        return;
    if (setting.duration_ns > 0) {
        side->deadline = DEADLINE_AT;
        side->earliest = setting.begin_ns + setting.duration_ns;
        side->latest = now_ns + setting.duration_ns;
    } else {
        side->deadline = setting.duration_ns == 0 ? DEADLINE_NONE : DEADLINE_PASSED;
    }
}

struct model_wait model_wait_begin(struct model_side *side)
{
    check(side->busy);
    side->waiting = true;
    return (struct model_wait){ side->sets, side->setting == 0 };
}

/* A time-out is judged only if nobody has touched the deadline since the wait began. */
static const char *judge_timeout(const struct model_side *side, struct model_wait wait,
                                 int64_t now_ns)
{
    if (!wait.settled || side->sets != wait.sets)
        return NULL;
    if (side->deadline == DEADLINE_NONE)
        return "M6 a wait timed out that has no deadline";
    if (side->deadline == DEADLINE_AT && now_ns < side->earliest)
        return "M6 a wait timed out before its deadline";
    return NULL;
}

const char *model_wait_end(struct model_descriptor *descriptor, struct model_side *side,
                           struct model_wait wait, enum model_result result, int64_t now_ns)
{
    side->waiting = false;
    side->armed += side->armed % 2;
    side->signalled = false;
    switch (result) {
    case RESULT_READY:
        return side->event ? NULL : "M7 a wait succeeded though nothing had happened";
    case RESULT_CLOSED:
        return descriptor->closed ? NULL : "M7 a wait failed as closed on an open descriptor";
    case RESULT_TIMEOUT:
        return judge_timeout(side, wait, now_ns);
    }
    return NULL;
}

void model_wait_arm(struct model_side *side)
{
    check(side->armed % 2 == 0);
    side->armed++;
}

void model_event_begin(struct model_descriptor *descriptor, uint32_t armed[SIDE_COUNT])
{
    for (uint32_t i = 0; i < SIDE_COUNT; i++) {
        descriptor->sides[i].event = true;
        armed[i] = descriptor->sides[i].armed;
    }
}

void model_event_end(struct model_descriptor *descriptor, const uint32_t armed[SIDE_COUNT])
{
    for (uint32_t i = 0; i < SIDE_COUNT; i++)
        if (armed[i] % 2 != 0 && armed[i] == descriptor->sides[i].armed)
            descriptor->sides[i].signalled = true;
}

bool model_wait_is_endless(const struct model_side *side)
{
    return side->waiting && !side->signalled && side->setting == 0 && side->deadline != DEADLINE_AT &&
           side->deadline != DEADLINE_PASSED;
}

/* --- the whole --- */

static int64_t side_due(const struct model_descriptor *descriptor, const struct model_side *side)
{
    if (!side->waiting)
        return INT64_MAX;
    if (side->signalled)
        return 0;
    if (side->setting > 0)
        return INT64_MAX;
    if (descriptor->closed || side->deadline == DEADLINE_PASSED)
        return 0;
    return side->deadline == DEADLINE_AT ? side->latest : INT64_MAX;
}

int64_t model_due(struct timers_model *model, int64_t now_ns)
{
    int64_t due_ns = INT64_MAX;
    for (uint32_t i = 0; i < model->timer_count; i++) {
        const struct model_timer *timer = &model->timers[i];
        if (timer->changing == 0 && model_outstanding(timer) > 0)
            due_ns = least(due_ns, timer->latest);
    }
    for (uint32_t i = 0; i < MODEL_DESCRIPTORS; i++)
        for (uint32_t j = 0; j < SIDE_COUNT; j++)
            due_ns = least(due_ns, side_due(&model->descriptors[i],
                                            &model->descriptors[i].sides[j]));
    for (uint32_t i = 0; i < MODEL_SLEEPERS; i++)
        due_ns = least(due_ns, sleep_due(&model->sleeps[i], now_ns));
    return due_ns;
}

const char *model_check_end(const struct timers_model *model)
{
    for (uint32_t i = 0; i < model->timer_count; i++)
        if (model_outstanding(&model->timers[i]) != 0)
            return "M2 a timer was started and neither ran nor was stopped";
    return NULL;
}
