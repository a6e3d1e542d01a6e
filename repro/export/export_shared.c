/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where somebody waits for a word, a note or a semaphore, and nobody is left who could help: what
 * those who wait and those who might have helped did to what they share.
 */
#include "core/base/check.h"
#include "repro/export/export_scene.h"

enum {
    PARTNERS_MAX = 3,
    SHARED_MAX = 32, /* steps, the last ones */
};

static bool is_about_shared(const struct scene *scene, uint32_t event)
{
    return scene_kind_of(scene, &scene->events[event]) != THING_KINDS;
}

/* Whether one of the first `actors` does something to that object, other than `but`. */
static bool touches(const struct scene *scene, const volatile void *object, uint32_t actors,
                    uint32_t but)
{
    for (uint32_t i = 0; i < scene->event_count; i++) {
        uint32_t actor = scene_actor_of(scene, i);
        if (scene->events[i].object == object && actor < actors && actor != but &&
            is_about_shared(scene, i))
            return true;
    }
    return false;
}

static void add_partners(struct scene *scene)
{
    uint32_t waiters = scene->actor_count, limit = waiters + PARTNERS_MAX;
    for (uint32_t i = scene->event_count; i-- > 0 && scene->actor_count < limit;)
        if (scene_actor_of(scene, i) == SCENE_NONE && is_about_shared(scene, i) &&
            touches(scene, scene->events[i].object, waiters, SCENE_NONE))
            scene_add_thread(scene, scene->events[i].thread);
}

void scene_add_shared(struct scene *scene)
{
    uint32_t kept = 0;
    add_partners(scene);
    for (uint32_t i = scene->event_count; i-- > 0 && kept < SHARED_MAX;) {
        uint32_t actor = scene_actor_of(scene, i);
        if (actor != SCENE_NONE && is_about_shared(scene, i) &&
            touches(scene, scene->events[i].object, scene->actor_count, actor))
            kept += scene_add_event(scene, i) != NULL;
    }
}
