/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a litmus case. The first thread starts those that nobody forks, each when its turn comes. A
 * handler runs when its own turn comes, on its thread, which has then done all that it had to do,
 * or not begun: whether it can interrupt is the lock-order graph's to say, not this run's to show.
 * Only if its thread waits for somebody at that time it runs on a thread of its own, for it may be
 * the one that is waited for.
 */
#include "fuzz/litmus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/check.h"

static struct litmus_case *litmus_now;
static uint32_t list_to_start; /* the first thread's turn */
static uint32_t alive;         /* threads that were started and have not ended */
static _Atomic uint32_t turns; /* read where the turn changes, written where a thread begins */

static struct litmus_list *list_at(uint32_t list)
{
    return &litmus_now->lists.items[list];
}

static struct litmus_object *object_at(uint32_t object)
{
    return &litmus_now->objects.items[object];
}

/* --- operations --- */

static void init_lock(const struct hook_site *site, struct litmus_object *object)
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
           object->lock.owner == list_at(self->host)->thread.index + 1;
}

static void lock(struct litmus_list *self, const struct hook_site *site,
                 struct litmus_object *object)
{
    self->held++;
    if (has_it_below(self, object))
        object->below++;
    else if (object->kind == LITMUS_BINSEM)
        hook_semaphore_wait_from(site, &object->semaphore);
    else
        hook_lock_from(site, &object->lock);
}

static bool try_lock(struct litmus_list *self, const struct hook_site *site,
                     struct litmus_object *object)
{
    if (has_it_below(self, object)) {
        lock(self, site, object);
        return true;
    }
    bool done = object->kind == LITMUS_BINSEM
                    ? hook_semaphore_trywait_from(site, &object->semaphore)
                    : hook_trylock_from(site, &object->lock);
    self->held += done;
    return done;
}

static void unlock(struct litmus_list *self, const struct hook_site *site,
                   struct litmus_object *object)
{
    self->held -= self->held > 0;
    if (self->host != LITMUS_NONE && object->below > 0)
        object->below--;
    else if (object->kind == LITMUS_BINSEM)
        hook_semaphore_post_from(site, &object->semaphore);
    else
        hook_unlock_from(site, &object->lock);
}

static void nested_lock(struct litmus_list *self, const struct litmus_operation *operation)
{
    if (operation->other != LITMUS_NONE)
        hook_nested_under(&object_at(operation->other)->lock);
    else if (operation->in_order)
        hook_nested_in_order();
    else
        hook_nested((uint8_t)operation->number);
    lock(self, &operation->site, object_at(operation->object));
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

static bool is_signal(const char *name)
{
    return strncasecmp(name, "sig", 3) == 0;
}

static bool means(const char *word, const char *handler)
{
    size_t length = strcspn(handler, "@");
    if (strlen(word) == length && strncasecmp(word, handler, length) == 0)
        return true;
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) { /* it is another one's name */
        const char *name = list_at(i)->name;
        if (list_at(i)->host != LITMUS_NONE && strcspn(name, "@") == strlen(word) &&
            strncasecmp(word, name, strlen(word)) == 0)
            return false;
    }
    return is_signal(word) == is_signal(handler);
}

static void mask(uint32_t thread, const char *word, bool masked)
{
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) {
        if (list_at(i)->host != thread || !means(word, list_at(i)->name))
            continue;
        list_at(i)->masked = masked;
        if (masked)
            hook_mask(list_at(i)->name);
        else
            hook_unmask(list_at(i)->name);
    }
}

static void thread_code(void *argument);
static void handler_code(void *argument);

/* The engine runs so many at a time, and some more that are about to end: others wait for an end. */
enum { CROWD = ENGINE_THREADS_MAX - 8 };

static void start(const struct hook_site *site, uint32_t list)
{
    struct litmus_list *other = list_at(list);
    while (alive >= CROWD)
        hook_spin(&turns);
    alive++;
    hook_entry *code = other->host == LITMUS_NONE ? thread_code : handler_code;
    hook_thread_create_from(site, &other->thread, code, other, other->name);
    other->started = true;
    hook_store(&turns, list);
}

static void join(const struct hook_site *site, uint32_t list)
{
    struct litmus_list *other = list_at(list);
    while (!other->started)
        hook_spin(&turns);
    hook_thread_join_from(site, &other->thread);
}

static void run_handlers(uint32_t thread, uint32_t after);

/* Operations on locks. False: it was another one. */
static bool operate_lock(struct litmus_list *self, const struct litmus_operation *operation,
                         uint32_t *next)
{
    const struct hook_site *site = &operation->site;
    struct litmus_object *object = object_at(operation->object);
    switch (operation->verb) {
    case LITMUS_LOCK:
    case LITMUS_WLOCK:
        lock(self, site, object);
        return true;
    case LITMUS_UNLOCK:
    case LITMUS_WUNLOCK:
        unlock(self, site, object);
        return true;
    case LITMUS_RLOCK:
        self->held++;
        hook_sim_read_lock(site, &object->lock);
        return true;
    case LITMUS_RUNLOCK:
        self->held -= self->held > 0;
        hook_sim_read_unlock(site, &object->lock);
        return true;
    case LITMUS_TRY:
        if (!try_lock(self, site, object))
            *next += operation->number;
        return true;
    case LITMUS_NLOCK:
        nested_lock(self, operation);
        return true;
    case LITMUS_INIT:
        init_lock(site, object);
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
    struct litmus_object *object = object_at(operation->object);
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
        hook_condition_wait_from(site, &object->condition, &object_at(operation->other)->lock);
        return true;
    case LITMUS_SIGNAL:
        hook_condition_signal_from(site, &object->condition);
        return true;
    default:
        return false;
    }
}

static void end_thread(uint32_t thread)
{
    list_at(thread)->done = true;
    if (alive-- >= CROWD)
        hook_store(&turns, thread);
    hook_thread_exit();
}

static void exit_thread(uint32_t thread)
{
    if (list_at(thread)->held == 0 && list_at(thread)->host == LITMUS_NONE)
        run_handlers(thread, thread);
    end_thread(thread);
}

static void operate_thread(uint32_t thread, const struct litmus_operation *operation)
{
    const struct hook_site *site = &operation->site;
    uint32_t host = list_at(thread)->host;
    switch (operation->verb) {
    case LITMUS_FORK:
        start(site, operation->other);
        return;
    case LITMUS_JOIN:
        join(site, operation->other);
        return;
    case LITMUS_MASK:
    case LITMUS_UNMASK:
        mask(host != LITMUS_NONE ? host : thread, operation->word,
             operation->verb == LITMUS_MASK);
        return;
    case LITMUS_EXIT:
        exit_thread(thread);
        return;
    case LITMUS_SLEEP:
        hook_sleep_from(site, 1000);
        return;
    default:
        return;
    }
}

/* Does operation `*next` of the list, which runs on that thread, and moves *next on. */
static void operate(uint32_t thread, uint32_t list, uint32_t *next)
{
    const struct litmus_operation *operation = &list_at(list)->operations.items[*next];
    ++*next;
    if (operation->object == LITMUS_NONE)
        operate_thread(thread, operation);
    else if (!operate_lock(list_at(thread), operation, next))
        check(operate_event(list_at(thread), operation));
}

/* --- threads --- */

static void run_list(uint32_t thread, uint32_t list)
{
    for (uint32_t next = 0; next < list_at(list)->operations.count;)
        operate(thread, list, &next);
}

static void take_turn(uint32_t thread, uint32_t list)
{
    list_at(thread)->turn = list;
    (void)hook_load(&turns);
}

static void run_handler(uint32_t thread, uint32_t list)
{
    if (list_at(list)->done)
        return;
    list_at(list)->done = true;
    take_turn(thread, list);
    hook_enter_from(HOOK_SITE(HOOK_CONTEXT, "handler"), list_at(list)->name);
    run_list(thread, list);
    hook_leave();
}

/* Those of the thread that are listed after `after`. */
static void run_handlers(uint32_t thread, uint32_t after)
{
    for (uint32_t i = after + 1; i < litmus_now->lists.count; i++)
        if (list_at(i)->host == thread)
            run_handler(thread, i);
}

static void thread_code(void *argument)
{
    struct litmus_list *self = argument;
    uint32_t thread = (uint32_t)(self - litmus_now->lists.items);
    for (uint32_t i = 0; i < litmus_now->lists.count; i++)
        if (list_at(i)->host == thread)
            hook_unmask(list_at(i)->name);
    for (uint32_t i = 0; i < thread; i++)
        if (list_at(i)->host == thread)
            run_handler(thread, i);
    take_turn(thread, thread);
    run_list(thread, thread);
    run_handlers(thread, thread);
    end_thread(thread);
}

/* A handler whose thread is in a wait. */
static void handler_code(void *argument)
{
    struct litmus_list *handler = argument;
    if (!handler->done) {
        handler->done = true;
        hook_enter_from(HOOK_SITE(HOOK_CONTEXT, "handler"), handler->name);
        uint32_t list = (uint32_t)(handler - litmus_now->lists.items);
        run_list(list, list);
        hook_leave();
    }
    end_thread((uint32_t)(handler - litmus_now->lists.items));
}

static uint32_t next_to_start(void)
{
    uint32_t next = LITMUS_NONE, turn = LITMUS_NONE;
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) {
        const struct litmus_list *list = list_at(i);
        bool waits = list->host != LITMUS_NONE && !list->done && !list->masked &&
                     list_at(list->host)->started && !list_at(list->host)->done;
        bool is_root = list->host == LITMUS_NONE && !list->is_forked;
        if ((!is_root && !waits) || list->started || list->first_turn >= turn)
            continue;
        next = i;
        turn = list->first_turn;
    }
    return next;
}

static void run(const struct plan *plan)
{
    (void)plan;
    while ((list_to_start = next_to_start()) != LITMUS_NONE) {
        (void)hook_load(&turns); /* others may come first, and change what is next */
        if (next_to_start() != list_to_start)
            continue;
        if (list_at(list_to_start)->host == LITMUS_NONE)
            list_at(list_to_start)->turn = list_at(list_to_start)->first_turn;
        start(HOOK_SITE(HOOK_THREAD, "start"), list_to_start);
    }
    hook_thread_exit();
}

static void reset(void)
{
    static const struct hook_site site = { .function = "reset", .object = "init",
                                           .file = __FILE__, .line = __LINE__,
                                           .kind = HOOK_LOCK };
    for (uint32_t i = 0; i < litmus_now->objects.count; i++) {
        struct litmus_object *object = object_at(i);
        object->word = object->below = 0;
        if (object->role == LITMUS_IS_LOCK)
            init_lock(&site, object);
        else if (object->role == LITMUS_IS_EVENT)
            hook_semaphore_init_from(&site, &object->semaphore, object->class_name, 0);
        else if (object->role == LITMUS_IS_CONDITION)
            hook_condition_init(&object->condition);
    }
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) {
        struct litmus_list *list = list_at(i);
        list->started = list->done = list->masked = false;
        list->held = 0;
        list->turn = i;
    }
}

static bool name_object(const volatile void *address, char *name, size_t size)
{
    for (uint32_t i = 0; i < litmus_now->objects.count; i++) {
        if (address != (const volatile void *)&object_at(i)->lock)
            continue;
        snprintf(name, size, "%s", object_at(i)->name);
        return true;
    }
    return false;
}

/* --- the order --- */

static uint32_t last_turn;

static void begin_order(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    (void)plan;
    last_turn = LITMUS_NONE;
}

/* Whose turn is the first of those who can run; the first thread's is that of whom it starts. */
static bool next_in_order(struct strategy *strategy, const struct choice *choice,
                          struct plan_segment *segment)
{
    (void)strategy;
    uint32_t best = LITMUS_NONE, best_thread = 0;
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) {
        const struct litmus_list *list = list_at(i);
        bool can = list->started && (choice->runnable >> list->thread.index & 1) != 0 &&
                   list->thread.serial == engine_thread_serial(list->thread.index);
        if (can && list->thread.index == choice->current && list->turn == last_turn) {
            best = list->turn; /* goes on */
            best_thread = list->thread.index;
            break;
        }
        if (can && list->turn < best) {
            best = list->turn;
            best_thread = list->thread.index;
        }
    }
    bool first = (choice->runnable & 1) != 0 && engine_thread_serial(0) == 0;
    if (best == LITMUS_NONE && !first) /* somebody sleeps */
        best_thread = (uint32_t)__builtin_ctzll(choice->runnable);
    if (first && best != last_turn && list_to_start < best)
        best_thread = 0;
    last_turn = best;
    segment->thread = (uint16_t)best_thread;
    segment->steps = 1;
    segment->strict = false;
    return true;
}

void litmus_run(struct litmus_case *litmus, struct record_log *log, struct outcome *outcome)
{
    static struct strategy order = { .name = "listed", .about = "threads in the order of a list",
                                     .begin = begin_order, .next = next_in_order };
    static struct plan plan;
    static struct wedge_subject subject = { .name = "litmus", .about = "a case of lock order",
                                            .reset = reset, .run = run,
                                            .name_object = name_object };
    struct engine_options options = { .steps_max = 1u << 30, .log = log };
    litmus_now = litmus;
    list_to_start = alive = 0;
    engine_run(&subject, &plan, &order, &options, outcome);
}
