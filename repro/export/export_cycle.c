/* SPDX-License-Identifier: BSD-3-Clause */
/* Who waits for whom at the end, as steps: what each took and still has, and its last wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/export/export_scene.h"

/* --- who waits --- */

static bool is_wait(const struct edge *edge)
{
    return edge->kind != EDGE_RUNS && edge->kind != EDGE_SLEEP && edge->kind != EDGE_READY;
}

/* A task's events end where it gave up its thread; what follows under its name is its thread's. */
static void end_task(struct scene *scene, struct actor *actor)
{
    uint32_t index = (uint32_t)(actor - scene->actors);
    uint32_t left = scene_last_event_at(scene, index, actor->waits->waits_at);
    for (uint32_t i = scene->event_count; left == SCENE_NONE && i-- > 0;)
        if (scene_actor_of(scene, i) == index)
            left = i;
    actor->last = left != SCENE_NONE ? left : 0;
}

static void note_task(const struct scene *scene, struct actor *actor)
{
    for (uint32_t i = scene->event_count; !actor->is_task && i-- > actor->first;) {
        const struct trace_event *event = &scene->events[i];
        if (event->thread != actor->number)
            continue;
        if (event->task != 0)
            snprintf(actor->runs, sizeof actor->runs, "%s", engine_task_name(event->task - 1u));
        return;
    }
}

static bool add_waiter(struct scene *scene, const struct edge *edge)
{
    uint32_t from = scene_actor_named(scene, edge->from);
    if (from == SCENE_NONE)
        return false;
    struct actor *actor = &scene->actors[from];
    if (actor->waits != NULL)
        return true; /* of the tokens that a task may have, one is enough to say so */
    actor->waits = edge;
    if (actor->is_task)
        end_task(scene, actor);
    return true;
}

static bool add_actors(struct scene *scene)
{
    const struct outcome *outcome = scene->outcome;
    for (uint32_t i = 0; i < outcome->edge_count; i++)
        if (is_wait(&outcome->edges[i]) && !add_waiter(scene, &outcome->edges[i]))
            return false;
    for (uint32_t i = 0; i < outcome->edge_count; i++)
        if (outcome->edges[i].to[0] != '\0' &&
            scene_actor_named(scene, outcome->edges[i].to) == SCENE_NONE)
            return false;
    for (uint32_t i = 0; i < scene->actor_count; i++)
        note_task(scene, &scene->actors[i]);
    return scene->actor_count > 0;
}

/* --- the last waits --- */

static uint64_t end_order(const struct scene *scene, uint32_t event)
{
    return scene_order(scene->event_count) + scene_order(event);
}

static struct step *add_last(struct scene *scene, enum step_kind kind, uint32_t actor,
                             uint32_t thing, uint32_t event)
{
    struct step *step = scene_add_step(scene, kind, actor, thing, end_order(scene, event));
    step->site = scene->actors[actor].waits->waits_at;
    step->last = true;
    return step;
}

static void add_spin(struct scene *scene, uint32_t actor, uint32_t event)
{
    const struct trace_event *what = &scene->events[event];
    uint32_t thing = scene_thing(scene, THING_WORD, what->site, what->object);
    struct step *step = add_last(scene, STEP_SPIN, actor, thing, event);
    scene_value_before(scene, event, &step->to);
}

/* The last event at the place of such a wait is that its mutex is given back. */
static bool add_condition_wait(struct scene *scene, uint32_t actor, uint32_t event)
{
    const struct hook_site *site = scene->events[event].site;
    const struct record *record = scene_last_record(scene, RECORD_CONDITION_WAIT, NULL, site);
    if (record == NULL || record->other == NULL)
        return false;
    uint32_t thing = scene_thing(scene, THING_CONDITION, site, record->object);
    uint32_t mutex = scene_lock(scene, site, record->other);
    struct step *step = add_last(scene, STEP_AWAIT, actor, thing, event);
    step->from = mutex;
    return scene->things[mutex].kind == THING_MUTEX;
}

static bool add_event_wait(struct scene *scene, uint32_t actor, uint32_t event)
{
    const struct trace_event *what = &scene->events[event];
    enum thing_kind kind = scene_kind_of(scene, what);
    if (kind == THING_KINDS)
        return add_condition_wait(scene, actor, event);
    if (kind != THING_NOTE && kind != THING_SEMAPHORE)
        return false;
    uint32_t thing = scene_thing(scene, kind, what->site, what->object);
    add_last(scene, kind == THING_NOTE ? STEP_PARK : STEP_WAIT, actor, thing, event);
    return true;
}

static bool add_thread_wait(struct scene *scene, uint32_t actor)
{
    const struct edge *edge = scene->actors[actor].waits;
    uint32_t event = scene_last_event_at(scene, actor, edge->waits_at);
    if (event == SCENE_NONE)
        return false;
    const struct trace_event *what = &scene->events[event];
    switch (edge->kind) {
    case EDGE_LOCK:
        add_last(scene, edge->wants_to_read ? STEP_READ_LOCK : STEP_LOCK, actor,
                 scene_lock(scene, what->site, what->object), event);
        return true;
    case EDGE_STATE:
    case EDGE_SPIN:
        add_spin(scene, actor, event);
        return true;
    case EDGE_STOP:
        add_last(scene, STEP_TAKE, actor, scene_token(scene, edge->object, edge->object_class),
                 event);
        return true;
    case EDGE_JOIN:
        add_last(scene, STEP_JOIN, actor, scene_actor_named(scene, edge->to), event);
        return true;
    default:
        return add_event_wait(scene, actor, event);
    }
}

static void add_task_wait(struct scene *scene, uint32_t task)
{
    const struct actor *actor = &scene->actors[task];
    uint32_t token = scene_token(scene, actor->waits->object, actor->waits->object_class);
    struct step *step = add_last(scene, STEP_TAKE, task, token, actor->last);
    const struct edge *first = scene_next_choice(scene, actor, NULL);
    step->any = first != NULL && scene_next_choice(scene, actor, first) != NULL;
}

/* Who wants to write what is read: behind it a reader waits, too. */
static void add_queued_writer(struct scene *scene, const struct edge *reader,
                              const volatile void *object)
{
    for (uint32_t i = scene->event_count; i-- > 0;) {
        const struct trace_event *event = &scene->events[i];
        if (event->object != object || !event->waits || scene_reads(scene, event->site) ||
            scene_actor_of(scene, i) != SCENE_NONE)
            continue;
        uint32_t actor = scene_add_thread(scene, event->thread);
        scene->queued = (struct edge){ .kind = EDGE_LOCK, .waits_at = event->site,
                                       .holds_since = reader->holds_since };
        memcpy(scene->queued.from, scene->actors[actor].name, sizeof scene->queued.from);
        memcpy(scene->queued.to, reader->to, sizeof scene->queued.to);
        scene->actors[actor].waits = &scene->queued;
        return;
    }
}

static void add_writers(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->outcome->edge_count; i++) {
        const struct edge *edge = &scene->outcome->edges[i];
        if (edge->kind != EDGE_LOCK || !edge->wants_to_read || !edge->holds_to_read)
            continue;
        uint32_t event = scene_last_event_at(scene, scene_actor_named(scene, edge->from),
                                       edge->waits_at);
        if (event != SCENE_NONE && scene->queued.from[0] == '\0')
            add_queued_writer(scene, edge, scene->events[event].object);
    }
}

static bool add_last_waits(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        const struct actor *actor = &scene->actors[i];
        if (actor->waits == NULL)
            continue;
        if (actor->is_task)
            add_task_wait(scene, i);
        else if (!add_thread_wait(scene, i))
            return false;
    }
    return true;
}

/* --- all of it --- */

static int by_order(const void *left, const void *right)
{
    const struct step *a = left, *b = right;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->actor < b->actor ? -1 : a->actor > b->actor;
}

static uint64_t semaphore_start(const struct scene *scene, uint32_t thing)
{
    int64_t waits = 0;
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (scene->steps[i].thing == thing && !scene->steps[i].last)
            waits += (scene->steps[i].kind == STEP_WAIT) - (scene->steps[i].kind == STEP_POST);
    return waits > 0 ? (uint64_t)waits : 0; /* at the end there is none left */
}

static uint64_t start_of(const struct scene *scene, uint32_t thing)
{
    if (scene->things[thing].kind == THING_SEMAPHORE)
        return semaphore_start(scene, thing);
    for (uint32_t i = 0; i < scene->step_count; i++) {
        const struct step *step = &scene->steps[i];
        if (step->kind == STEP_JOIN || step->thing != thing)
            continue;
        if (step->kind == STEP_PARK)
            return !step->last && !scene->goes_round;
        return step->kind == STEP_FIND || step->kind == STEP_SPIN ? step->to : step->from;
    }
    return 0;
}

static bool is_in_cycle(const struct scene *scene, const struct edge *edge)
{
    for (uint32_t i = 0; i < scene->outcome->cycle_count; i++)
        if (edge == &scene->outcome->edges[i])
            return true;
    return false;
}

/* In a cycle the last wait closes it; else each wait for nobody is one. */
static void mark_closing(struct scene *scene)
{
    struct step *last = NULL;
    for (uint32_t i = 0; i < scene->step_count; i++) {
        struct step *step = &scene->steps[i];
        const struct edge *edge = scene->actors[step->actor].waits;
        if (!step->last || edge == NULL)
            continue;
        if (scene->outcome->cycle_count == 0)
            step->closing = edge->to[0] == '\0';
        else if (is_in_cycle(scene, edge))
            last = step;
    }
    if (last != NULL)
        last->closing = true;
}

/* Whether what the step takes is somebody's already: then the program would hang too early. */
static bool comes_too_early(const struct scene *scene, uint32_t step)
{
    const struct step *wanted = &scene->steps[step];
    int taken = 0;
    for (uint32_t i = 0; i < step; i++) {
        const struct step *before = &scene->steps[i];
        if (before->kind == STEP_JOIN || before->kind == STEP_SLEEP ||
            before->thing != wanted->thing)
            continue;
        bool shares = before->kind == STEP_READ_LOCK && wanted->kind == STEP_READ_LOCK;
        bool itself = before->actor == wanted->actor &&
                      scene->things[wanted->thing].kind == THING_RECURSIVE;
        taken += (before->kind == STEP_LOCK || before->kind == STEP_READ_LOCK ||
                  before->kind == STEP_TAKE) && !shares && !itself;
        taken -= before->kind == STEP_UNLOCK || before->kind == STEP_GIVE ||
                 (before->kind == STEP_READ_UNLOCK && wanted->kind != STEP_READ_LOCK);
    }
    return taken > 0;
}

/* Who takes any token must not take the stopped world for one. */
static bool mixes_tokens(const struct scene *scene)
{
    bool any = false, gate = false;
    for (uint32_t i = 0; i < scene->step_count; i++)
        any = any || scene->steps[i].any;
    for (uint32_t i = 0; i < scene->outcome->edge_count; i++)
        gate = gate || scene->outcome->edges[i].kind == EDGE_GATE;
    return any && gate;
}

static bool is_possible(const struct scene *scene)
{
    if (mixes_tokens(scene))
        return false;
    for (uint32_t i = 0; i < scene->step_count; i++) {
        enum step_kind kind = scene->steps[i].kind;
        bool takes = kind == STEP_LOCK || kind == STEP_READ_LOCK || kind == STEP_TAKE;
        if (takes && !scene->steps[i].last && comes_too_early(scene, i))
            return false;
    }
    return true;
}

/* Who has the first step comes first. */
static void order_actors(struct scene *scene)
{
    static struct actor actors[SCENE_ACTORS_MAX];
    uint32_t place[SCENE_ACTORS_MAX], count = 0;
    memset(place, 0xff, sizeof place);
    for (uint32_t i = 0; i < scene->step_count + scene->actor_count; i++) {
        uint32_t actor = i < scene->step_count ? scene->steps[i].actor : i - scene->step_count;
        if (place[actor] != SCENE_NONE)
            continue;
        actors[count] = scene->actors[actor];
        place[actor] = count++;
    }
    check(count == scene->actor_count);
    memcpy(scene->actors, actors, count * sizeof *actors);
    for (uint32_t i = 0; i < scene->step_count; i++) {
        struct step *step = &scene->steps[i];
        step->actor = place[step->actor];
        if (step->kind == STEP_JOIN)
            step->thing = place[step->thing];
    }
}

static void finish(struct scene *scene)
{
    qsort(scene->steps, scene->step_count, sizeof *scene->steps, by_order);
    order_actors(scene);
    mark_closing(scene);
    for (uint32_t i = 0; i < scene->thing_count; i++)
        scene->things[i].initial = start_of(scene, i);
}

static bool fill_waits(struct scene *scene)
{
    if (!add_actors(scene))
        return false;
    add_writers(scene);
    if (!add_last_waits(scene))
        return false;
    if (!scene_add_holds(scene))
        return false;
    if (scene->outcome->cycle_count == 0)
        scene_add_shared(scene);
    return true;
}

bool scene_fill(struct scene *scene, const struct wedge_subject *subject,
                const struct outcome *outcome, const struct record_log *log, char *wrong,
                size_t size)
{
    *scene = (struct scene){ .subject = subject, .outcome = outcome, .log = log };
    scene->events = engine_trace(&scene->event_count);
    scene->goes_round = outcome->edge_count == 0;
    snprintf(wrong, size, "what it waits for cannot be made of pthreads by this version");
    if (scene->goes_round ? !scene_fill_round(scene, wrong, size) : !fill_waits(scene))
        return false;
    finish(scene);
    if (!is_possible(scene)) {
        snprintf(wrong, size, "what is taken goes from hand to hand in it in a way that this "
                              "version cannot tell");
        return false;
    }
    snprintf(wrong, size, "it takes more than %d steps, or more than %d threads",
             SCENE_STEPS_MAX, SCENE_ACTORS_MAX);
    return !scene->full;
}
