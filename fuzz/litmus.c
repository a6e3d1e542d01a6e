/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a litmus case. The first thread starts those that nobody forks, each when its turn comes. A
 * handler runs when its own turn comes, on its thread, which has then done all that it had to do,
 * or not begun: whether it can interrupt is the lock-order graph's to say, not this run's to show.
 * Only if its thread waits for somebody at that time it runs on a thread of its own, for it may be
 * the one that is waited for. Then its thread may go on before it, which no real run would show:
 * but what each of the two does is as real as ever, and more of it is seen.
 */
#include "fuzz/litmus_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/check.h"

struct litmus_case *litmus_now;
static uint32_t list_to_start; /* the first thread's turn */
static uint32_t alive;         /* threads that were started and have not ended */
static _Atomic uint32_t turns; /* read where the turn changes, written where a thread begins */

/* --- operations on threads and handlers --- */

static bool is_signal(const char *name)
{
    return strncasecmp(name, "sig", 3) == 0;
}

static bool means(const char *word, const char *handler)
{
    size_t length = strcspn(handler, "@");
    if (strcmp(word, "all") == 0)
        return true;
    if (strlen(word) == length && strncasecmp(word, handler, length) == 0)
        return true;
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) { /* it is another one's name */
        const char *name = litmus_list_at(i)->name;
        if (litmus_list_at(i)->host != LITMUS_NONE && strcspn(name, "@") == strlen(word) &&
            strncasecmp(word, name, strlen(word)) == 0)
            return false;
    }
    return is_signal(word) == is_signal(handler);
}

static void mask(uint32_t thread, const char *word, bool masked)
{
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) {
        if (litmus_list_at(i)->host != thread || !means(word, litmus_list_at(i)->name))
            continue;
        litmus_list_at(i)->masked = masked;
        if (masked)
            hook_mask(litmus_list_at(i)->name);
        else
            hook_unmask(litmus_list_at(i)->name);
    }
}

static void thread_code(void *argument);
static void handler_code(void *argument);

/* So many run at a time, and some more that are about to end: who starts another one waits. */
enum { CROWD = ENGINE_THREADS_MAX - 8 };

static void start(const struct hook_site *site, uint32_t list)
{
    struct litmus_list *other = litmus_list_at(list);
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
    struct litmus_list *other = litmus_list_at(list);
    while (!other->started)
        hook_spin(&turns);
    hook_thread_join_from(site, &other->thread);
}

static void run_handlers(uint32_t thread, uint32_t after);

static void end_thread(uint32_t thread)
{
    litmus_list_at(thread)->done = true;
    if (alive-- >= CROWD)
        hook_store(&turns, thread);
    hook_thread_exit();
}

static void exit_thread(uint32_t thread)
{
    if (litmus_list_at(thread)->held == 0 && litmus_list_at(thread)->host == LITMUS_NONE)
        run_handlers(thread, thread);
    end_thread(thread);
}

static void operate_thread(uint32_t thread, const struct litmus_operation *operation)
{
    const struct hook_site *site = &operation->site;
    uint32_t host = litmus_list_at(thread)->host;
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
    const struct litmus_operation *operation = &litmus_list_at(list)->operations.items[*next];
    ++*next;
    if (operation->object == LITMUS_NONE)
        operate_thread(thread, operation);
    else
        check(litmus_operate(litmus_list_at(thread), operation, next));
}

/* --- threads --- */

static void run_list(uint32_t thread, uint32_t list)
{
    for (uint32_t next = 0; next < litmus_list_at(list)->operations.count;)
        operate(thread, list, &next);
}

static void take_turn(uint32_t thread, uint32_t list)
{
    litmus_list_at(thread)->turn = list;
    (void)hook_load(&turns);
}

static void run_handler(uint32_t thread, uint32_t list)
{
    if (litmus_list_at(list)->done)
        return;
    litmus_list_at(list)->done = true;
    take_turn(thread, list);
    hook_enter_from(HOOK_SITE(HOOK_CONTEXT, "handler"), litmus_list_at(list)->name);
    run_list(thread, list);
    hook_leave();
}

/* Those of the thread that are listed after `after`. */
static void run_handlers(uint32_t thread, uint32_t after)
{
    for (uint32_t i = after + 1; i < litmus_now->lists.count; i++)
        if (litmus_list_at(i)->host == thread)
            run_handler(thread, i);
}

static void thread_code(void *argument)
{
    struct litmus_list *self = argument;
    uint32_t thread = (uint32_t)(self - litmus_now->lists.items);
    for (uint32_t i = 0; i < litmus_now->lists.count; i++)
        if (litmus_list_at(i)->host == thread)
            hook_unmask(litmus_list_at(i)->name);
    for (uint32_t i = 0; i < thread; i++)
        if (litmus_list_at(i)->host == thread)
            run_handler(thread, i);
    take_turn(thread, thread);
    run_list(thread, thread);
    if (self->held == 0)
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
        const struct litmus_list *list = litmus_list_at(i);
        bool waits = list->host != LITMUS_NONE && !list->done && !list->masked &&
                     litmus_list_at(list->host)->started && !litmus_list_at(list->host)->done;
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
        if (litmus_list_at(list_to_start)->host == LITMUS_NONE)
            litmus_list_at(list_to_start)->turn = litmus_list_at(list_to_start)->first_turn;
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
        struct litmus_object *object = litmus_object_at(i);
        object->word = object->below = 0;
        if (object->role == LITMUS_IS_LOCK)
            litmus_init_lock(&site, object);
        else if (object->role == LITMUS_IS_EVENT)
            hook_semaphore_init_from(&site, &object->semaphore, object->class_name, 0);
        else if (object->role == LITMUS_IS_CONDITION)
            hook_condition_init(&object->condition);
    }
    for (uint32_t i = 0; i < litmus_now->lists.count; i++) {
        struct litmus_list *list = litmus_list_at(i);
        list->started = list->done = list->masked = false;
        list->held = 0;
        list->turn = i;
    }
}

static bool name_object(const volatile void *address, char *name, size_t size)
{
    for (uint32_t i = 0; i < litmus_now->objects.count; i++) {
        if (address != (const volatile void *)&litmus_object_at(i)->lock)
            continue;
        snprintf(name, size, "%s", litmus_object_at(i)->name);
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
        const struct litmus_list *list = litmus_list_at(i);
        bool can = list->started && thread_set_has(choice->runnable, list->thread.index) &&
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
    bool first = thread_set_has(choice->runnable, 0) && engine_thread_serial(0) == 0;
    if (best == LITMUS_NONE && !first) /* somebody sleeps */
        best_thread = thread_set_lowest(choice->runnable, 0);
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
