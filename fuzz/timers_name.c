/* SPDX-License-Identifier: BSD-3-Clause */
/* Names for the objects and values of the timer runtime, for reports. */
#include <stdio.h>

#include "core/base/check.h"
#include "core/runtime/scavenge.h"
#include "fuzz/timers_program.h"

/* A part of a struct. name "": it goes by the name of the whole. */
struct field {
    const char *name;
    size_t offset, size;
};
#define FIELD_AS(type, member, text) { text, offsetof(type, member), sizeof(((type *)0)->member) }
#define FIELD(type, member) FIELD_AS(type, member, #member)

static const struct field p_fields[] = {
    FIELD(struct p, status),       FIELD(struct p, syscalltick),   FIELD_AS(struct p, token, ""),
    FIELD(struct p, runqhead),     FIELD(struct p, runqtail),      FIELD(struct p, runq),
    FIELD(struct p, runnext),      FIELD(struct p, timersLock),    FIELD(struct p, timer0When),
    FIELD(struct p, numTimers),    FIELD(struct p, adjustTimers),  FIELD(struct p, deletedTimers),
    FIELD(struct p, timers),       FIELD(struct p, timers_count),  FIELD(struct p, timers_capacity),
    FIELD(struct p, link),         FIELD(struct p, m),             FIELD(struct p, sysmontick),
};
static const struct field m_fields[] = {
    FIELD(struct m, park),  FIELD(struct m, curg),     FIELD(struct m, p),
    FIELD(struct m, nextp), FIELD(struct m, oldp),     FIELD(struct m, spinning),
    FIELD(struct m, mcallg), FIELD(struct m, schedlink),
};
static const struct field g_fields[] = {
    FIELD_AS(struct g, atomicstatus, "status"),
    FIELD_AS(struct g, task, ""),
    FIELD(struct g, m),
    FIELD(struct g, schedlink),
    FIELD(struct g, startfn),
    FIELD(struct g, startarg),
    FIELD(struct g, param),
    FIELD(struct g, waitreason),
};
/* What else there is of a timer goes by its name. */
static const struct field timer_fields[] = {
    FIELD(struct timer, when), FIELD(struct timer, period), FIELD(struct timer, f),
    FIELD(struct timer, arg),  FIELD(struct timer, seq),    FIELD(struct timer, nextwhen),
};
static const struct field descriptor_fields[] = {
    FIELD(struct pollDesc, lock),
    FIELD(struct pollDesc, rg),
    FIELD(struct pollDesc, wg),
    FIELD_AS(struct pollDesc, rt_timer, "rt"),
    FIELD_AS(struct pollDesc, wt_timer, "wt"),
};
static const struct field sched_fields[] = {
    FIELD(struct schedt, lock),       FIELD(struct schedt, npidle),
    FIELD(struct schedt, nmspinning), FIELD(struct schedt, gcwaiting),
    FIELD(struct schedt, stopnote),   FIELD(struct schedt, sysmonwait),
    FIELD(struct schedt, sysmonnote), FIELD(struct schedt, lastpoll),
    FIELD(struct schedt, pollUntil),  FIELD(struct schedt, midle),
    FIELD(struct schedt, pidle),      FIELD(struct schedt, runq),
    FIELD(struct schedt, gfree),      FIELD(struct schedt, stopwait),
};
static const struct field runtime_fields[] = {
    FIELD_AS(struct runtime, heapLock, "mheap.lock"),
    FIELD(struct runtime, allpLock),
    FIELD_AS(struct runtime, worldsema_lock, "worldsema"),
};
static const struct field scavenge_fields[] = {
    FIELD(struct scavenge, lock),
    FIELD(struct scavenge, sysmonWake),
    FIELD_AS(struct scavenge, timer_storage, "timer"),
};

/* Whether object lies in array[0, count) of such elements, and in which. */
static bool is_in(const volatile void *object, const void *array, size_t size, uint32_t count,
                  uint32_t *index)
{
    uintptr_t at = (uintptr_t)object, first = (uintptr_t)array;
    if (at < first || at >= first + size * count)
        return false;
    *index = (uint32_t)((at - first) / size);
    return true;
}

static const struct field *field_at(const volatile void *object, const void *whole,
                                    const struct field *fields, uint32_t count)
{
    size_t offset = (size_t)((uintptr_t)object - (uintptr_t)whole);
    for (uint32_t i = 0; i < count; i++)
        if (offset >= fields[i].offset && offset < fields[i].offset + fields[i].size)
            return &fields[i];
    return NULL;
}

/* "P0" and "timersLock" make "P0.timersLock". */
static bool put_name(char *name, size_t size, const char *whole, const struct field *field)
{
    if (field == NULL)
        return false;
    snprintf(name, size, "%s%s%s", whole, field->name[0] != '\0' ? "." : "", field->name);
    return true;
}

static void put_g_name(char *name, size_t size, const struct g *gp)
{
    const char *task = gp->task.name != NULL ? gp->task.name : "g";
    if (gp->task.number == 0)
        snprintf(name, size, "%s", task);
    else
        snprintf(name, size, "%s%u", task, gp->task.number);
}

static bool name_program(const volatile void *object, char *name, size_t size)
{
    uint32_t i;
    char whole[16];
    if (is_in(object, timers_program.timers, sizeof(struct timer), TIMERS_COUNT, &i)) {
        snprintf(whole, sizeof whole, "t%u", i);
        if (!put_name(name, size, whole, field_at(object, &timers_program.timers[i], timer_fields,
                                                  count_of(timer_fields))))
            snprintf(name, size, "%s", whole);
        return true;
    }
    if (is_in(object, timers_program.descriptors, sizeof(struct pollDesc), TIMERS_DESCRIPTORS,
              &i)) {
        snprintf(whole, sizeof whole, "d%u", i);
        return put_name(name, size, whole,
                        field_at(object, &timers_program.descriptors[i], descriptor_fields,
                                 count_of(descriptor_fields)));
    }
    return false;
}

static bool is_in_timer(const volatile void *object, const struct timer *timer)
{
    uint32_t unused;
    return timer != NULL && is_in(object, timer, sizeof *timer, 1, &unused);
}

/* The goroutine whose sleep timer this is part of, or NULL. */
static const struct g *sleeper_of(const volatile void *object)
{
    for (uint32_t i = 0; i < (uint32_t)rt.allg_count && i < G_MAX; i++)
        if (is_in_timer(object, rt.gs[i].timer))
            return &rt.gs[i];
    return NULL;
}

/* The same for those that have ended, by name. */
static bool has_slept(const volatile void *object, char *name, size_t size)
{
    for (uint32_t i = 1; i <= TIMERS_GOROUTINES; i++) {
        if (!is_in_timer(object, timers_program.sleep_timers[i]))
            continue;
        snprintf(name, size, "g%u", i);
        return true;
    }
    return false;
}

static bool name_goroutine(const volatile void *object, char *name, size_t size)
{
    uint32_t i;
    char whole[16];
    if (is_in(object, rt.gs, sizeof(struct g), G_MAX, &i)) {
        put_g_name(whole, sizeof whole, &rt.gs[i]);
        return put_name(name, size, whole,
                        field_at(object, &rt.gs[i], g_fields, count_of(g_fields)));
    }
    const struct g *gp = sleeper_of(object);
    if (gp != NULL)
        put_g_name(whole, sizeof whole, gp);
    else if (!has_slept(object, whole, sizeof whole))
        return false;
    snprintf(name, size, "%s.timer", whole);
    return true;
}

static bool name_runtime(const volatile void *object, char *name, size_t size)
{
    uint32_t i;
    char whole[16];
    if (is_in(object, rt.ps, sizeof(struct p), P_MAX, &i)) {
        snprintf(whole, sizeof whole, "P%u", i);
        return put_name(name, size, whole,
                        field_at(object, &rt.ps[i], p_fields, count_of(p_fields)));
    }
    if (is_in(object, rt.ms, sizeof(struct m), M_MAX, &i)) {
        snprintf(whole, sizeof whole, "m%u", i);
        return put_name(name, size, whole,
                        field_at(object, &rt.ms[i], m_fields, count_of(m_fields)));
    }
    if (is_in(object, &sched, sizeof sched, 1, &i))
        return put_name(name, size, "sched",
                        field_at(object, &sched, sched_fields, count_of(sched_fields)));
    if (is_in(object, &scavenge, sizeof scavenge, 1, &i))
        return put_name(name, size, "scavenge",
                        field_at(object, &scavenge, scavenge_fields, count_of(scavenge_fields)));
    if (is_in(object, &rt, sizeof rt, 1, &i)) {
        const struct field *field =
            field_at(object, &rt, runtime_fields, count_of(runtime_fields));
        if (field != NULL)
            snprintf(name, size, "%s", field->name);
        return field != NULL;
    }
    return false;
}

bool timers_name_object(const volatile void *object, char *name, size_t size)
{
    return name_program(object, name, size) || name_goroutine(object, name, size) ||
           name_runtime(object, name, size);
}

/* --- values --- */

static const char *const g_status_names[] = {
    [_Gidle] = "_Gidle",       [_Grunnable] = "_Grunnable", [_Grunning] = "_Grunning",
    [_Gsyscall] = "_Gsyscall", [_Gwaiting] = "_Gwaiting",   [_Gdead] = "_Gdead",
};
static const char *const p_status_names[] = {
    [_Pidle] = "_Pidle",     [_Prunning] = "_Prunning", [_Psyscall] = "_Psyscall",
    [_Pgcstop] = "_Pgcstop", [_Pdead] = "_Pdead",
};

static bool is_timer_status(const volatile void *object)
{
    uint32_t i;
    if (is_in(object, timers_program.timers, sizeof(struct timer), TIMERS_COUNT, &i))
        return object == &timers_program.timers[i].status;
    if (is_in(object, timers_program.descriptors, sizeof(struct pollDesc), TIMERS_DESCRIPTORS, &i))
        return object == &timers_program.descriptors[i].rt_timer.status ||
               object == &timers_program.descriptors[i].wt_timer.status;
    const struct g *gp = sleeper_of(object);
    if (gp != NULL)
        return object == &gp->timer->status;
    for (i = 1; i <= TIMERS_GOROUTINES; i++)
        if (is_in_timer(object, timers_program.sleep_timers[i]))
            return object == &timers_program.sleep_timers[i]->status;
    return object == &scavenge.timer_storage.status;
}

bool timers_name_value(const volatile void *object, uint64_t value, char *name, size_t size)
{
    const char *text = NULL;
    uint32_t i;
    if (is_timer_status(object) && value < TIMER_STATUS_COUNT)
        text = timer_status_name((uint32_t)value);
    else if (is_in(object, rt.gs, sizeof(struct g), G_MAX, &i) &&
             object == &rt.gs[i].atomicstatus && value < count_of(g_status_names))
        text = g_status_names[value];
    else if (is_in(object, rt.ps, sizeof(struct p), P_MAX, &i) && object == &rt.ps[i].status &&
             value < count_of(p_status_names))
        text = p_status_names[value];
    if (text == NULL)
        return false;
    snprintf(name, size, "%s", text);
    return true;
}
