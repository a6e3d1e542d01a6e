/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What those who are stuck have, as steps: locks, transitional states, tokens. A lock is held since
 * it was taken and not given back; a state since the last write to its word; a token from when the
 * task that had it left its thread.
 */
#include <stdio.h>
#include <string.h>

#include "repro/export/export_scene.h"

enum {
    PAIRS_MAX = 2,   /* times that a thread takes a lock and gives it back, of those kept */
    PAIR_ROWS = 64,
};

/* --- locks --- */

struct open {
    uint32_t event, closed; /* the one that gave it back, or SCENE_NONE */
};

static uint32_t last_wait_of(const struct scene *scene, uint32_t actor)
{
    const struct edge *edge = scene->actors[actor].waits;
    uint32_t event = edge != NULL ? scene_last_event_at(scene, actor, edge->waits_at) : SCENE_NONE;
    return event != SCENE_NONE ? event : scene->event_count;
}

static void close_open(const struct scene *scene, struct open *open, uint32_t count, uint32_t event)
{
    for (uint32_t i = count; i-- > 0;) {
        if (open[i].closed == SCENE_NONE &&
            scene->events[open[i].event].object == scene->events[event].object) {
            open[i].closed = event;
            return;
        }
    }
}

/* All acquisitions of that actor before its last wait; the number of them, `room` at most: then the
 * oldest that were given back make room. */
static uint32_t acquisitions(const struct scene *scene, uint32_t actor, struct open *open,
                             uint32_t room)
{
    uint32_t count = 0, end = last_wait_of(scene, actor);
    for (uint32_t i = scene->actors[actor].first; i < end; i++) {
        const struct trace_event *event = &scene->events[i];
        if ((!scene_takes(event) && !scene_gives(event)) || scene_actor_of(scene, i) != actor)
            continue;
        if (scene_gives(event)) {
            close_open(scene, open, count, i);
            continue;
        }
        uint32_t drop = 0;
        while (count == room && drop < count && open[drop].closed == SCENE_NONE)
            drop++;
        if (drop == room)
            return count;
        if (count == room)
            memmove(open + drop, open + drop + 1, (--count - drop) * sizeof *open);
        open[count++] = (struct open){ i, SCENE_NONE };
    }
    return count;
}

void scene_add_lock_step(struct scene *scene, uint32_t actor, uint32_t event, bool holds)
{
    const struct trace_event *what = &scene->events[event];
    bool reads = scene_reads(scene, what->site);
    enum step_kind kind = scene_gives(what) ? (reads ? STEP_READ_UNLOCK : STEP_UNLOCK)
                                            : (reads ? STEP_READ_LOCK : STEP_LOCK);
    struct step *step = scene_add_step(scene, kind, actor,
                                       scene_lock(scene, what->site, what->object),
                                       scene_order(event));
    step->site = what->site;
    step->holds = holds;
}

static void add_held(struct scene *scene, uint32_t actor)
{
    struct open open[PAIR_ROWS];
    uint32_t count = acquisitions(scene, actor, open, PAIR_ROWS);
    for (uint32_t i = 0; i < count; i++)
        if (open[i].closed == SCENE_NONE && !scene->actors[actor].is_task)
            scene_add_lock_step(scene, actor, open[i].event, true);
}

/* From where on what the actor does is told: the first lock or state that it took and still has. */
static uint64_t window_of(const struct scene *scene, uint32_t actor)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (scene->steps[i].actor == actor && scene->steps[i].holds &&
            scene->steps[i].kind != STEP_TAKE && scene->steps[i].order < first)
            first = scene->steps[i].order;
    return first;
}

static bool is_shared(const struct scene *scene, uint32_t actor, const volatile void *object)
{
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (scene->steps[i].actor != actor && scene->steps[i].kind != STEP_JOIN &&
            scene->things[scene->steps[i].thing].object == object)
            return true;
    return false;
}

/* What it took for a while meanwhile, of what others of them take. */
static void add_pairs(struct scene *scene, uint32_t actor)
{
    struct open open[PAIR_ROWS];
    uint32_t count = acquisitions(scene, actor, open, PAIR_ROWS), kept = 0;
    uint64_t window = window_of(scene, actor);
    for (uint32_t i = count; i-- > 0 && kept < PAIRS_MAX;) {
        if (open[i].closed == SCENE_NONE || scene_order(open[i].event) < window ||
            !is_shared(scene, actor, scene->events[open[i].event].object))
            continue;
        scene_add_lock_step(scene, actor, open[i].event, false);
        scene_add_lock_step(scene, actor, open[i].closed, false);
        kept++;
    }
}

/* --- states --- */

static uint32_t last_write(const struct scene *scene, const volatile void *object)
{
    for (uint32_t i = scene->event_count; i-- > 0;)
        if (scene->events[i].object == object && scene_writes(&scene->events[i]))
            return i;
    return SCENE_NONE;
}

static bool is_taken(const struct scene *scene, uint32_t thing)
{
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (scene->steps[i].thing == thing && scene->steps[i].kind == STEP_SWAP)
            return true;
    return false;
}

/* A state is held since the last write to its word. */
static bool add_state(struct scene *scene, uint32_t waiter, const struct edge *edge)
{
    uint32_t spin = scene_last_event_at(scene, waiter, edge->waits_at);
    if (spin == SCENE_NONE)
        return false;
    const struct trace_event *what = &scene->events[spin];
    uint32_t thing = scene_thing(scene, THING_WORD, what->site, what->object);
    uint32_t write = last_write(scene, what->object);
    uint32_t holder = scene_actor_named(scene, edge->to);
    snprintf(scene->things[thing].class_name, SCENE_NAME_MAX, "%s",
             edge->object_class != NULL ? edge->object_class : "");
    if (write == SCENE_NONE || holder == SCENE_NONE)
        return false;
    if (is_taken(scene, thing))
        return true;
    struct step *step = scene_add_step(scene, STEP_SWAP, holder, thing, scene_order(write));
    const struct hook_site *site = scene->events[write].site;
    bool here = edge->holds_since == NULL ||
                strcmp(site->function, edge->holds_since->function) == 0;
    step->site = here ? site : edge->holds_since;
    step->holds = true;
    bool to = scene_value_after(scene, write, &step->to);
    bool from = scene_value_before(scene, write, &step->from);
    if (!to)
        step->to = 1;
    if (!from)
        step->from = step->to == 0;
    return true;
}

static bool add_states(struct scene *scene)
{
    const struct outcome *outcome = scene->outcome;
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        const struct edge *edge = &outcome->edges[i];
        if (edge->kind == EDGE_STATE && edge->to[0] != '\0' &&
            !add_state(scene, scene_actor_named(scene, edge->from), edge))
            return false;
    }
    return true;
}

/* A spinner looks at the value that the state's owner gave it. */
static void settle_spins(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->step_count; i++) {
        struct step *spin = &scene->steps[i];
        for (uint32_t j = 0; spin->kind == STEP_SPIN && j < scene->step_count; j++)
            if (scene->steps[j].kind == STEP_SWAP && scene->steps[j].thing == spin->thing &&
                scene->steps[j].holds)
                spin->to = scene->steps[j].to;
    }
}

/* --- tokens --- */

/* A task runs with the token until it leaves its thread; the thread has the token from then on. */
static void add_task_token(struct scene *scene, uint32_t task, uint32_t token, uint32_t holder)
{
    const struct actor *actor = &scene->actors[task];
    uint64_t first = window_of(scene, task), left = scene_order(actor->last);
    uint64_t begin = first != UINT64_MAX && first < left ? first : left;
    struct step *step = scene_add_step(scene, STEP_TAKE, task, token, begin - 2);
    step = scene_add_step(scene, STEP_GIVE, task, token, left + 1);
    step->site = actor->waits->waits_at;
    step = scene_add_step(scene, STEP_TAKE, holder, token, left + 2);
    step->site = actor->waits->holds_since;
    step->holds = true;
}

static bool token_is_taken(const struct scene *scene, uint32_t token)
{
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (scene->steps[i].kind == STEP_TAKE && scene->steps[i].thing == token &&
            !scene->steps[i].last)
            return true;
    return false;
}

/* Where the holder stopped the world: by what else it did there; a token it has from the start. */
static uint64_t taken_at(const struct scene *scene, uint32_t holder, const struct edge *edge)
{
    for (uint32_t i = scene->event_count; edge->kind == EDGE_GATE && i-- > 0;)
        if (edge->holds_since != NULL && scene_actor_of(scene, i) == holder &&
            strcmp(scene->events[i].site->function, edge->holds_since->function) == 0)
            return scene_order(i) + 1;
    return 0;
}

static void add_token(struct scene *scene, const struct edge *edge)
{
    uint32_t token = scene_token(scene, edge->object, edge->object_class);
    uint32_t waiter = scene_actor_named(scene, edge->from);
    uint32_t holder = scene_actor_named(scene, edge->to);
    if (token_is_taken(scene, token))
        return;
    if (edge->kind == EDGE_TOKEN && edge == scene->actors[waiter].waits) {
        add_task_token(scene, waiter, token, holder);
        return;
    }
    struct step *step =
        scene_add_step(scene, STEP_TAKE, holder, token, taken_at(scene, holder, edge));
    step->site = edge->holds_since;
    step->holds = true;
}

static void add_tokens(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->outcome->edge_count; i++) {
        const struct edge *edge = &scene->outcome->edges[i];
        if (edge->kind == EDGE_TOKEN || edge->kind == EDGE_GATE || edge->kind == EDGE_STOP)
            add_token(scene, edge);
    }
}

bool scene_add_holds(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->actor_count; i++)
        add_held(scene, i);
    if (!add_states(scene))
        return false;
    settle_spins(scene);
    add_tokens(scene);
    for (uint32_t i = 0; i < scene->actor_count; i++)
        add_pairs(scene, i);
    return true;
}
