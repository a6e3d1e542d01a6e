/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A livelock in which threads run: time goes by, they wake each other, and come to nothing. What
 * they do between the last two times that the clock went on is one round. Each thread goes round
 * for as long as it finds what it found then; what nobody looks at is left out.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/export/export_scene.h"

static bool is_sleep(const struct trace_event *event)
{
    return event->site->kind == HOOK_SLEEP && !event->waits;
}

/* The last event before `end` in which a thread has slept. */
static uint32_t sleep_before(const struct scene *scene, uint32_t end)
{
    for (uint32_t i = end; i-- > 0;)
        if (is_sleep(&scene->events[i]))
            return i;
    return SCENE_NONE;
}

/* The thread and place of event `at`, before. */
static uint32_t same_before(const struct scene *scene, uint32_t at)
{
    for (uint32_t i = at; i-- > 0;)
        if (scene->events[i].site == scene->events[at].site &&
            scene->events[i].thread == scene->events[at].thread && is_sleep(&scene->events[i]))
            return i;
    return SCENE_NONE;
}

static void add_threads(struct scene *scene, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++)
        if (scene_actor_of(scene, i) == SCENE_NONE)
            scene_add_thread(scene, scene->events[i].thread);
}

/* The thread found the same value there before in this round, and nobody wrote since. */
static bool is_repeated(const struct scene *scene, uint32_t begin, uint32_t event)
{
    const struct trace_event *what = &scene->events[event];
    for (uint32_t i = event; what->site->kind == HOOK_LOAD && i-- > begin;) {
        const struct trace_event *other = &scene->events[i];
        if (other->object != what->object)
            continue;
        if (scene_writes(other))
            return false;
        if (other->thread == what->thread && other->site->kind == HOOK_LOAD)
            return other->value == what->value;
    }
    return false;
}

/* Each thread begins its round with a wait: for time to pass, or to be woken. */
static bool add_events(struct scene *scene, uint32_t begin, uint32_t end)
{
    bool begun[SCENE_ACTORS_MAX] = { false };
    for (uint32_t i = begin; i < end; i++) {
        const struct trace_event *event = &scene->events[i];
        uint32_t actor = scene_actor_of(scene, i);
        if (event->waits || is_repeated(scene, begin, i))
            continue;
        struct step *step = is_sleep(event)
            ? scene_add_step(scene, STEP_SLEEP, actor, SCENE_NONE, scene_order(i))
            : scene_add_event(scene, i);
        if (step == NULL)
            continue;
        step->site = event->site;
        if (!begun[actor] && step->kind != STEP_SLEEP && step->kind != STEP_PARK)
            return false;
        begun[actor] = true;
    }
    return true;
}

static bool writes_between(const struct scene *scene, uint32_t actor, uint32_t begin, uint32_t end)
{
    for (uint32_t i = 0; i < scene->step_count; i++) {
        const struct step *step = &scene->steps[i];
        if (step->actor == actor && step->order > scene_order(begin) &&
            step->order < scene_order(end) &&
            (step->kind == STEP_SET || step->kind == STEP_ADD || step->kind == STEP_SWAP))
            return true;
    }
    return false;
}

/* Locks under which something is written. */
static void add_locks(struct scene *scene, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        const struct trace_event *taken = &scene->events[i];
        uint32_t given = i + 1, actor = scene_actor_of(scene, i);
        if (!scene_takes(taken))
            continue;
        while (given < end && (scene->events[given].object != taken->object ||
                               scene->events[given].thread != taken->thread ||
                               !scene_gives(&scene->events[given])))
            given++;
        if (given == end || !writes_between(scene, actor, i, given))
            continue;
        scene_add_lock_step(scene, actor, i, false);
        scene_add_lock_step(scene, actor, given, false);
    }
}

bool scene_fill_round(struct scene *scene, char *wrong, size_t size)
{
    snprintf(wrong, size, "its threads go round without ever waiting for time to pass: when each "
                          "goes on cannot be forced on real threads");
    uint32_t end = sleep_before(scene, scene->event_count);
    end = end != SCENE_NONE ? same_before(scene, end) : SCENE_NONE; /* one that has a next one */
    uint32_t begin = end != SCENE_NONE ? same_before(scene, end) : SCENE_NONE;
    if (begin == SCENE_NONE)
        return false;
    add_threads(scene, begin, end);
    if (!add_events(scene, begin, end))
        return false;
    add_locks(scene, begin, end);
    return true;
}
