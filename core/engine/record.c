/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/engine/internal.h"
#include "core/engine/novelty.h"

bool hook_sim_watched;
uint32_t record_kinds, record_kinds_if_held;
struct record record_waste;
static struct record_log *current;
static struct novelty *novelty_current;

bool record_log_reserve(struct record_log *log, uint32_t capacity, uint32_t threads)
{
    if (threads > log->blocked_capacity) {
        uint64_t *blocked = calloc(threads / 64 + 1, sizeof *blocked);
        if (blocked == NULL)
            return false;
        free(log->blocked);
        log->blocked = blocked;
        log->blocked_capacity = threads;
    }
    if (capacity > log->capacity) {
        struct record *records = malloc(capacity * sizeof *records);
        if (records == NULL)
            return false;
        free(log->records);
        free(log->chains);
        log->chains = NULL;
        log->records = records;
        log->capacity = capacity;
        log->count = 0;
    }
    return true;
}

bool record_log_reserve_chains(struct record_log *log)
{
    if (log->chains == NULL)
        log->chains = malloc((log->capacity + 1) * sizeof *log->chains);
    return log->chains != NULL;
}

void record_log_free(struct record_log *log)
{
    free(log->records);
    free(log->chains);
    free(log->blocked);
    *log = (struct record_log){ .records = NULL };
}

static void record_chain(struct record_log *log, struct record *record)
{
    if (log->chains != NULL && engine.options.record_chains && engine.live)
        chain_record(&log->chains[record - log->records]);
}

static struct record *record_write(struct record_log *log, enum record_kind kind,
                                   const struct hook_site *site, const volatile void *object,
                                   const char *text)
{
    uint64_t key = engine.live ? novelty_note(novelty_current, kind, site, object, text) : 0;
    if (log->count == log->capacity) {
        log->lost++;
        return &record_waste;
    }
    struct record *record = &log->records[log->count++];
    *record = (struct record){ .site = site, .object = object, .text = text, .key = key,
                               .kind = (uint8_t)kind,
                               .event = (uint32_t)(hook_step.trace_next - engine.trace) };
    if (engine.live) {
        record->thread = thread_current()->serial;
        record->slot = (uint16_t)engine.current;
    }
    if (engine.live && thread_current()->task != NULL)
        record->task = (uint16_t)(thread_current()->task->index + 1);
    record_chain(log, record);
    return record;
}

struct record *record_add_slow(enum record_kind kind, const struct hook_site *site,
                               const volatile void *object, const char *text)
{
    if (current != NULL)
        return record_write(current, kind, site, object, text);
    if (engine.live)
        novelty_note(novelty_current, kind, site, object, text);
    return &record_waste;
}

static void tell_kinds(uint32_t always, uint32_t if_held)
{
    record_kinds = always | if_held;
    record_kinds_if_held = if_held;
    hook_sim_watched = record_kinds != 0;
}

void record_begin(struct record_log *log, struct novelty *novelty)
{
    current = log;
    novelty_current = novelty;
    tell_kinds(0, 0);
    if (log != NULL)
        tell_kinds(log->with_tasks ? UINT32_MAX : (1u << RECORD_TASK_RUN) - 1, 0);
    else if (novelty != NULL)
        tell_kinds(NOVELTY_ALWAYS, NOVELTY_IF_HELD);
    if (novelty != NULL)
        novelty_begin(novelty);
    if (log == NULL)
        return;
    log->count = 0;
    log->lost = 0;
    log->thread_count = 0;
}

/* Waits of other kinds are not in the log. */
static bool waits_in_log(const struct thread *thread)
{
    return thread->state == THREAD_BLOCKED &&
           (thread->wait_kind == EDGE_LOCK || thread->wait_kind == EDGE_JOIN ||
            (thread->wait_kind == EDGE_SPIN && thread->wait_object == thread->awaited) ||
            (thread->wait_kind == EDGE_EVENT && thread->wait_site->kind == HOOK_WAIT));
}

/* A thread that had no room for its bit was left at work, as far as the reader knows. */
void record_end(void)
{
    struct record_log *log = current;
    current = NULL;
    novelty_current = NULL;
    tell_kinds(0, 0);
    if (log == NULL)
        return;
    uint32_t most = engine.serial_count;
    log->thread_count = most < log->blocked_capacity ? most : log->blocked_capacity;
    memset(log->blocked, 0, (log->blocked_capacity / 64 + 1) * sizeof *log->blocked);
    for (uint32_t i = 0; i < engine.thread_count; i++) {
        const struct thread *thread = &engine.threads[i];
        if (waits_in_log(thread) && thread->serial < log->thread_count)
            log->blocked[thread->serial / 64] |= (uint64_t)1 << thread->serial % 64;
    }
}
