/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kept of each thread that is stuck: how it took what it still has, what else it did to these
 * locks since, and the wait that never ends. A task that is stuck without a thread becomes a thread
 * of its own, which goes on only with the token that it needs.
 */
#include "repro/export/export_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"

/* --- who --- */

uint32_t scene_actor_of(const struct scene *scene, uint32_t event)
{
    const struct trace_event *what = &scene->events[event];
    uint32_t thread = SCENE_NONE;
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        const struct actor *actor = &scene->actors[i];
        if (event < actor->first || event > actor->last)
            continue;
        if (actor->is_task && what->task == actor->number + 1u)
            return i;
        if (!actor->is_task && what->thread == actor->number)
            thread = i;
    }
    return thread;
}

uint32_t scene_last_event_at(const struct scene *scene, uint32_t actor,
                              const struct hook_site *site)
{
    for (uint32_t i = scene->event_count; i-- > 0;)
        if (scene->events[i].site == site && scene_actor_of(scene, i) == actor)
            return i;
    return SCENE_NONE;
}

/* Since when that place has the thread that it has at the end. */
static uint32_t birth_of(const struct scene *scene, uint32_t thread)
{
    for (uint32_t i = scene->event_count; i-- > 0;) {
        const struct trace_event *event = &scene->events[i];
        if (event->site->kind == HOOK_THREAD && strcmp(event->site->object, "start") == 0 &&
            event->value == thread)
            return i + 1;
    }
    return 0;
}

static struct actor *add_actor(struct scene *scene, const char *name)
{
    if (scene->actor_count == SCENE_ACTORS_MAX) {
        scene->full = true;
        scene->actor_count--;
    }
    struct actor *actor = &scene->actors[scene->actor_count++];
    *actor = (struct actor){ .last = UINT32_MAX };
    snprintf(actor->name, sizeof actor->name, "%s", name);
    return actor;
}

uint32_t scene_add_thread(struct scene *scene, uint32_t thread)
{
    struct actor *actor = add_actor(scene, engine_thread_name(thread));
    actor->number = (uint16_t)thread;
    actor->first = birth_of(scene, thread);
    return scene->actor_count - 1;
}

static uint32_t add_task(struct scene *scene, const char *name)
{
    for (uint32_t i = scene->event_count; i-- > 0;) {
        uint16_t task = scene->events[i].task;
        if (task == 0 || strcmp(engine_task_name(task - 1u), name) != 0)
            continue;
        struct actor *actor = add_actor(scene, name);
        actor->is_task = true;
        actor->number = (uint16_t)(task - 1);
        return scene->actor_count - 1;
    }
    return SCENE_NONE;
}

/* The thread that the task runs on, as an edge tells; or NULL. */
static const char *host_of(const struct scene *scene, const char *name)
{
    for (uint32_t i = 0; i < scene->outcome->edge_count; i++) {
        const struct edge *edge = &scene->outcome->edges[i];
        if (edge->kind == EDGE_RUNS && strcmp(edge->from, name) == 0)
            return edge->to;
    }
    return NULL;
}

uint32_t scene_actor_named(struct scene *scene, const char *name)
{
    const char *host = host_of(scene, name);
    if (host != NULL)
        name = host;
    for (uint32_t i = 0; i < scene->actor_count; i++)
        if (strcmp(scene->actors[i].name, name) == 0)
            return i;
    for (uint32_t i = engine_thread_count(); i-- > 0;)
        if (strcmp(engine_thread_name(i), name) == 0)
            return scene_add_thread(scene, i);
    return add_task(scene, name);
}

const struct edge *scene_next_choice(const struct scene *scene, const struct actor *task,
                                     const struct edge *edge)
{
    const struct outcome *outcome = scene->outcome;
    uint32_t i = edge != NULL ? (uint32_t)(edge - outcome->edges) + 1 : 0;
    for (; i < outcome->edge_count; i++)
        if (outcome->edges[i].kind == EDGE_TOKEN &&
            strcmp(outcome->edges[i].from, task->name) == 0)
            return &outcome->edges[i];
    return NULL;
}

/* --- what --- */

static struct thing *add_thing(struct scene *scene, enum thing_kind kind)
{
    if (scene->thing_count == SCENE_THINGS_MAX) {
        scene->full = true;
        scene->thing_count--;
    }
    struct thing *thing = &scene->things[scene->thing_count++];
    *thing = (struct thing){ .kind = kind };
    return thing;
}

uint32_t scene_thing(struct scene *scene, enum thing_kind kind, const struct hook_site *site,
                     const volatile void *object)
{
    for (uint32_t i = 0; i < scene->thing_count; i++)
        if (scene->things[i].object == object && scene->things[i].kind == kind)
            return i;
    struct thing *thing = add_thing(scene, kind);
    thing->object = object;
    engine_name_object(site, object, thing->name, sizeof thing->name);
    return scene->thing_count - 1;
}

uint32_t scene_token(struct scene *scene, const char *name, const char *class_name)
{
    for (uint32_t i = 0; i < scene->thing_count; i++)
        if (scene->things[i].kind == THING_TOKEN && strcmp(scene->things[i].name, name) == 0)
            return i;
    struct thing *thing = add_thing(scene, THING_TOKEN);
    snprintf(thing->name, sizeof thing->name, "%s", name);
    snprintf(thing->class_name, sizeof thing->class_name, "%s",
             class_name != NULL ? class_name : "");
    return scene->thing_count - 1;
}

const struct record *scene_last_record(const struct scene *scene, enum record_kind kind,
                                       const volatile void *object, const struct hook_site *site)
{
    for (uint32_t i = scene->log->count; i-- > 0;) {
        const struct record *record = &scene->log->records[i];
        if (record->kind == kind && (object == NULL || record->object == object) &&
            (site == NULL || record->site == site))
            return record;
    }
    return NULL;
}

/* A lock that was never initialised is a mutex. */
uint32_t scene_lock(struct scene *scene, const struct hook_site *site, const volatile void *object)
{
    static const enum thing_kind kinds[] = {
        [HOOK_LOCK_MUTEX] = THING_MUTEX,     [HOOK_LOCK_RECURSIVE] = THING_RECURSIVE,
        [HOOK_LOCK_SPIN] = THING_SPINLOCK,   [HOOK_LOCK_RW] = THING_RWLOCK,
        [HOOK_LOCK_RW_FAIR] = THING_RWLOCK_FAIR,
    };
    const struct record *made = scene_last_record(scene, RECORD_INIT, object, NULL);
    uint8_t kind = made != NULL ? made->lock_kind : HOOK_LOCK_MUTEX;
    uint32_t index = scene_thing(scene, kinds[kind], site, object);
    if (made != NULL && made->text != NULL)
        snprintf(scene->things[index].class_name, SCENE_NAME_MAX, "%s", made->text);
    return index;
}

bool scene_reads(const struct scene *scene, const struct hook_site *site)
{
    for (uint32_t i = 0; i < scene->log->count; i++) {
        const struct record *record = &scene->log->records[i];
        if (record->site == site && (record->kind == RECORD_LOCK || record->kind == RECORD_TRY ||
                                     record->kind == RECORD_UNLOCK))
            return record->mode == HOOK_READ;
    }
    return false;
}

bool scene_takes(const struct trace_event *event)
{
    return (event->site->kind == HOOK_LOCK && !event->waits) ||
           (event->site->kind == HOOK_TRYLOCK && event->value != 0);
}

bool scene_gives(const struct trace_event *event)
{
    return event->site->kind == HOOK_UNLOCK;
}

bool scene_writes(const struct trace_event *event)
{
    switch (event->site->kind) {
    case HOOK_STORE:
    case HOOK_EXCHANGE:
    case HOOK_ADD:
        return true;
    case HOOK_CAS:
    case HOOK_CAS_WEAK:
        return event->value != 0;
    default:
        return false;
    }
}

static bool has_record(const struct scene *scene, enum record_kind kind,
                       const volatile void *object)
{
    return scene_last_record(scene, kind, object, NULL) != NULL;
}

/* A condition's mutex has events at the place of the wait, too: it is none of these. */
static enum thing_kind event_kind(const struct scene *scene, const volatile void *object)
{
    if (has_record(scene, RECORD_SEMAPHORE, object))
        return THING_SEMAPHORE;
    bool condition = has_record(scene, RECORD_CONDITION_WAIT, object) ||
                     has_record(scene, RECORD_SIGNAL, object) ||
                     has_record(scene, RECORD_BROADCAST, object);
    return condition ? THING_CONDITION : THING_KINDS;
}

enum thing_kind scene_kind_of(const struct scene *scene, const struct trace_event *event)
{
    switch (event->site->kind) {
    case HOOK_LOAD:
    case HOOK_STORE:
    case HOOK_EXCHANGE:
    case HOOK_ADD:
    case HOOK_CAS:
    case HOOK_CAS_WEAK:
    case HOOK_SPIN:
        return THING_WORD;
    case HOOK_PARK:
    case HOOK_PARK_WEAK:
    case HOOK_UNPARK:
    case HOOK_UNPARK_LATE:
        return THING_NOTE;
    case HOOK_WAIT:
    case HOOK_POST:
        return event_kind(scene, event->object);
    default:
        return THING_KINDS;
    }
}

/* --- values of words --- */

/* The event tells what the word was before it. */
static bool tells_before(const struct trace_event *event)
{
    uint16_t kind = event->site->kind;
    return kind == HOOK_LOAD || kind == HOOK_EXCHANGE || kind == HOOK_ADD;
}

static bool known(uint64_t *value)
{
    if (*value > SCENE_LARGE)
        *value = SCENE_LARGE;
    return true;
}

bool scene_value_before(const struct scene *scene, uint32_t event, uint64_t *value)
{
    const volatile void *object = scene->events[event].object;
    *value = scene->events[event].value;
    if (tells_before(&scene->events[event]))
        return known(value);
    for (uint32_t i = event; i-- > 0;) {
        const struct trace_event *what = &scene->events[i];
        if (what->object != object)
            continue;
        *value = what->value;
        if (what->site->kind == HOOK_LOAD || what->site->kind == HOOK_STORE)
            return known(value);
        if (scene_writes(what))
            return false;
    }
    return false;
}

bool scene_value_after(const struct scene *scene, uint32_t event, uint64_t *value)
{
    const struct trace_event *what = &scene->events[event];
    *value = what->value;
    if (what->site->kind == HOOK_STORE || what->site->kind == HOOK_LOAD)
        return known(value);
    for (uint32_t i = event + 1; i < scene->event_count; i++) {
        const struct trace_event *next = &scene->events[i];
        if (next->object != what->object)
            continue;
        *value = next->value;
        if (tells_before(next))
            return known(value);
        if (scene_writes(next))
            return false;
    }
    return false;
}

/* --- steps --- */

struct step *scene_add_step(struct scene *scene, enum step_kind kind, uint32_t actor,
                            uint32_t thing, uint64_t order)
{
    if (scene->step_count == SCENE_STEPS_MAX) {
        scene->full = true;
        scene->step_count--;
    }
    struct step *step = &scene->steps[scene->step_count++];
    *step = (struct step){ .kind = kind, .actor = actor, .thing = thing, .order = order };
    return step;
}

static bool step_of_event(const struct trace_event *event, enum step_kind *kind)
{
    static const struct {
        uint16_t hook;
        enum step_kind step;
    } rows[] = {
        { HOOK_LOAD, STEP_FIND },     { HOOK_STORE, STEP_SET },   { HOOK_EXCHANGE, STEP_SET },
        { HOOK_ADD, STEP_ADD },       { HOOK_CAS, STEP_SWAP },    { HOOK_CAS_WEAK, STEP_SWAP },
        { HOOK_PARK, STEP_PARK },     { HOOK_PARK_WEAK, STEP_PARK }, { HOOK_UNPARK, STEP_UNPARK },
        { HOOK_UNPARK_LATE, STEP_UNPARK }, { HOOK_WAIT, STEP_WAIT }, { HOOK_POST, STEP_POST },
    };
    for (uint32_t i = 0; i < count_of(rows); i++) {
        if (rows[i].hook != event->site->kind)
            continue;
        *kind = rows[i].step;
        return true;
    }
    return false;
}

/* What has no effect that anybody could tell: a CAS that failed, a wait before it came to its end,
 * a park that nobody ended, a value that may be an address. */
static bool has_effect(const struct scene *scene, struct step *step, uint32_t event)
{
    const struct trace_event *what = &scene->events[event];
    bool before = scene_value_before(scene, event, &step->from);
    bool after = scene_value_after(scene, event, &step->to);
    switch (step->kind) {
    case STEP_FIND:
    case STEP_SET:
        return after;
    case STEP_ADD:
        return before && after && step->from < SCENE_LARGE && step->to < SCENE_LARGE;
    case STEP_SWAP:
        return what->value != 0 && before && after;
    case STEP_PARK:
        return !what->waits && what->value != 0;
    default:
        return !what->waits;
    }
}

struct step *scene_add_event(struct scene *scene, uint32_t event)
{
    const struct trace_event *what = &scene->events[event];
    enum thing_kind thing = scene_kind_of(scene, what);
    enum step_kind kind;
    if (thing == THING_KINDS || !step_of_event(what, &kind))
        return NULL;
    struct step step = { .kind = kind };
    if (thing == THING_CONDITION && kind == STEP_WAIT)
        return NULL; /* it came to its end: its mutex is what is left of it */
    if (thing == THING_CONDITION)
        step.kind = STEP_SIGNAL;
    if (!has_effect(scene, &step, event))
        return NULL;
    uint32_t index = scene_thing(scene, thing, what->site, what->object);
    struct step *added =
        scene_add_step(scene, step.kind, scene_actor_of(scene, event), index, scene_order(event));
    added->site = what->site;
    added->from = step.from;
    added->to = step.to;
    return added;
}
