/* SPDX-License-Identifier: BSD-3-Clause */
/* What the operations of litmus cases do to locks, states, events and conditions. */
#include "fuzz/litmus_internal.h"

void litmus_init_lock(const struct hook_site *site, struct litmus_object *object)
{
    static const enum hook_lock_kind kinds[] = {
        [LITMUS_MUTEX] = HOOK_LOCK_MUTEX, [LITMUS_SPIN] = HOOK_LOCK_SPIN,
        [LITMUS_RECURSIVE] = HOOK_LOCK_RECURSIVE, [LITMUS_RW] = HOOK_LOCK_RW,
        [LITMUS_RWQ] = HOOK_LOCK_RW_FAIR,
    };
    if (object->kind == LITMUS_BINSEM)
        hook_semaphore_init_from(site, &object->semaphore, object->class_name, 1);
    else
        hook_sim_lock_init(site, &object->lock, kinds[object->kind], object->class_name);
}

/* A handler runs on a thread of its own, but should be on one that has the recursive lock. */
static bool has_it_below(const struct litmus_list *self, const struct litmus_object *object)
{
    return self->host != LITMUS_NONE && object->kind == LITMUS_RECURSIVE &&
           object->lock.owner == litmus_list_at(self->host)->thread.index + 1;
}

static void lock(struct litmus_list *self, const struct hook_site *site,
                 struct litmus_object *object)
{
    if (object->kind == LITMUS_BINSEM) { /* nobody holds it: it may end without it */
        hook_semaphore_wait_from(site, &object->semaphore);
        return;
    }
    self->held++;
    if (has_it_below(self, object))
        object->below++;
    else
        hook_lock_from(site, &object->lock);
}

static bool try_lock(struct litmus_list *self, const struct hook_site *site,
                     struct litmus_object *object)
{
    if (object->kind == LITMUS_BINSEM)
        return hook_semaphore_trywait_from(site, &object->semaphore);
    if (has_it_below(self, object)) {
        lock(self, site, object);
        return true;
    }
    bool done = hook_trylock_from(site, &object->lock);
    self->held += done;
    return done;
}

static void unlock(struct litmus_list *self, const struct hook_site *site,
                   struct litmus_object *object)
{
    if (object->kind == LITMUS_BINSEM) {
        if (object->semaphore.count == 0) /* it is binary */
            hook_semaphore_post_from(site, &object->semaphore);
        return;
    }
    self->held -= self->held > 0;
    if (self->host != LITMUS_NONE && object->below > 0)
        object->below--;
    else
        hook_unlock_from(site, &object->lock);
}

static bool is_read_write(const struct litmus_object *object)
{
    return object->kind == LITMUS_RW || object->kind == LITMUS_RWQ;
}

/* To read what only one can have is to lock it. */
static void read_lock(struct litmus_list *self, const struct hook_site *site,
                      struct litmus_object *object)
{
    if (!is_read_write(object)) {
        lock(self, site, object);
        return;
    }
    self->held++;
    hook_sim_read_lock(site, &object->lock);
}

static void read_unlock(struct litmus_list *self, const struct hook_site *site,
                        struct litmus_object *object)
{
    if (!is_read_write(object)) {
        unlock(self, site, object);
        return;
    }
    self->held -= self->held > 0;
    hook_sim_read_unlock(site, &object->lock);
}

static void nested_lock(struct litmus_list *self, const struct litmus_operation *operation)
{
    const struct hook_mutex *under =
        operation->other != LITMUS_NONE ? &litmus_object_at(operation->other)->lock : NULL;
    hook_sim_nested((uint8_t)operation->number, under, operation->in_order);
    lock(self, &operation->site, litmus_object_at(operation->object));
}

static void enter(struct litmus_list *self, const struct hook_site *site,
                  struct litmus_object *object)
{
    hook_awaits_from(site, &object->word, object->class_name);
    for (uint32_t want = 0; !hook_cas(&object->word, &want, 1u); want = 0)
        hook_spin_from(site, &object->word);
    hook_hold_from(site, &object->word, object->class_name);
    self->held++;
}

static void leave(struct litmus_list *self, const struct hook_site *site,
                  struct litmus_object *object)
{
    hook_release_from(site, &object->word);
    hook_store(&object->word, 0u);
    self->held -= self->held > 0;
}

static void await(const struct hook_site *site, struct litmus_object *object)
{
    hook_awaits_from(site, &object->word, object->class_name);
    while (hook_load(&object->word) != 0)
        hook_spin_from(site, &object->word);
}

/* Operations on locks. False: it was another one. */
static bool operate_lock(struct litmus_list *self, const struct litmus_operation *operation,
                         uint32_t *next)
{
    const struct hook_site *site = &operation->site;
    struct litmus_object *object = litmus_object_at(operation->object);
    switch (operation->verb) {
    case LITMUS_LOCK:
    case LITMUS_WLOCK:
        lock(self, site, object);
        return true;
    case LITMUS_UNLOCK:
        if (is_read_write(object) && object->lock.readers > 0)
            read_unlock(self, site, object);
        else
            unlock(self, site, object);
        return true;
    case LITMUS_WUNLOCK:
        unlock(self, site, object);
        return true;
    case LITMUS_RLOCK:
        read_lock(self, site, object);
        return true;
    case LITMUS_RUNLOCK:
        read_unlock(self, site, object);
        return true;
    case LITMUS_TRY:
        if (!try_lock(self, site, object))
            *next += operation->number;
        return true;
    case LITMUS_NLOCK:
        nested_lock(self, operation);
        return true;
    case LITMUS_INIT:
        litmus_init_lock(site, object);
        return true;
    case LITMUS_DESTROY:
        if (object->kind != LITMUS_BINSEM)
            hook_mutex_destroy_from(site, &object->lock);
        return true;
    case LITMUS_ASSERT:
        if (object->kind != LITMUS_BINSEM)
            hook_assert_held_from(site, &object->lock);
        return true;
    default:
        return false;
    }
}

/* Operations on states, events and conditions. False: it was another one. */
static bool operate_event(struct litmus_list *self, const struct litmus_operation *operation)
{
    const struct hook_site *site = &operation->site;
    struct litmus_object *object = litmus_object_at(operation->object);
    switch (operation->verb) {
    case LITMUS_ENTER:
        enter(self, site, object);
        return true;
    case LITMUS_LEAVE:
        leave(self, site, object);
        return true;
    case LITMUS_AWAIT:
        await(site, object);
        return true;
    case LITMUS_POST:
        hook_semaphore_post_from(site, &object->semaphore);
        return true;
    case LITMUS_WAITEV:
        hook_semaphore_wait_from(site, &object->semaphore);
        return true;
    case LITMUS_CWAIT:
        hook_condition_wait_from(site, &object->condition,
                                 &litmus_object_at(operation->other)->lock);
        return true;
    case LITMUS_SIGNAL:
        hook_condition_signal_from(site, &object->condition);
        return true;
    default:
        return false;
    }
}

bool litmus_operate(struct litmus_list *self, const struct litmus_operation *operation,
                    uint32_t *next)
{
    return operate_lock(self, operation, next) || operate_event(self, operation);
}
