/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of a run a stand-alone program has to do again so that it ends in the same wait: who takes
 * part, what they share, and which of their steps matter, in order. All else of the run is left
 * out; words begin with the value that they had before the first step that is kept.
 */
#ifndef REPRO_EXPORT_SCENE_H
#define REPRO_EXPORT_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine/engine.h"
#include "core/engine/record.h"

enum {
    SCENE_ACTORS_MAX = 40,
    SCENE_THINGS_MAX = 96,
    SCENE_STEPS_MAX = 256,
    SCENE_NAME_MAX = 64,
    SCENE_LARGE = 1 << 16, /* stands for all values from here on: they may be addresses */
};

/* What threads have, want and look at. */
enum thing_kind {
    THING_MUTEX,
    THING_RECURSIVE,
    THING_SPINLOCK,
    THING_RWLOCK,
    THING_RWLOCK_FAIR,
    THING_WORD,
    THING_NOTE,
    THING_SEMAPHORE,
    THING_CONDITION,
    THING_TOKEN, /* what a task needs in order to run; the world, if somebody has stopped it */
    THING_KINDS
};

struct thing {
    enum thing_kind kind;
    const volatile void *object;   /* of the run; NULL: a token */
    char name[SCENE_NAME_MAX];     /* "P0.timersLock" */
    char class_name[SCENE_NAME_MAX]; /* "timers"; of a word: the state that somebody holds, or "" */
    uint64_t initial;              /* a word's value, a semaphore's count, whether a note is set */
};

/* Who takes part: a thread, or a task that has no thread at the end. */
struct actor {
    char name[16];
    char runs[16];       /* the task that the thread runs at the end, or "" */
    bool is_task;
    uint16_t number;     /* of the thread, or of the task */
    uint32_t first, last; /* its events: a place may have had another thread before */
    const struct edge *waits; /* for ever; NULL: it ends, or goes round */
};

enum step_kind {
    STEP_LOCK,
    STEP_READ_LOCK,
    STEP_UNLOCK,
    STEP_READ_UNLOCK,
    STEP_FIND,   /* looks at a word, finds `to`, and goes on because of that */
    STEP_SET,    /* stores `to` */
    STEP_ADD,    /* from `from` to `to`, by an atomic addition */
    STEP_SWAP,   /* from `from` to `to`, by a compare-and-swap */
    STEP_SPIN,   /* for as long as the word is `to` */
    STEP_PARK,
    STEP_UNPARK,
    STEP_WAIT,   /* for a semaphore */
    STEP_POST,
    STEP_AWAIT,  /* a condition; `from` is the thing that is its mutex */
    STEP_SIGNAL,
    STEP_TAKE,   /* a token */
    STEP_GIVE,
    STEP_JOIN,   /* `thing` is an actor */
    STEP_SLEEP,
};

struct step {
    enum step_kind kind;
    uint64_t order;  /* steps are sorted by it */
    uint64_t from, to;
    uint32_t actor, thing;
    const struct hook_site *site; /* may be NULL */
    bool any;        /* the token, or any other one that an edge from the actor names */
    bool holds;      /* what it takes it still has at the end */
    bool last;       /* it waits here for ever */
    bool closing;    /* without it, all threads would come to their end */
};

struct scene {
    const struct wedge_subject *subject;
    const struct outcome *outcome;
    const struct record_log *log;
    const struct trace_event *events;
    uint32_t event_count;
    bool goes_round; /* a livelock: each actor's steps are one round of it */
    uint32_t actor_count, thing_count, step_count;
    bool full;       /* it does not fit */
    struct edge queued; /* a writer's wait, behind which a reader waits; `from` "": there is none */
    struct actor actors[SCENE_ACTORS_MAX];
    struct thing things[SCENE_THINGS_MAX];
    struct step steps[SCENE_STEPS_MAX];
};

/* Fills *scene from the last run, which has this outcome and was logged. False: *wrong says in a
 * sentence why there is no such program. */
bool scene_fill(struct scene *scene, const struct wedge_subject *subject,
                const struct outcome *outcome, const struct record_log *log, char *wrong,
                size_t size);

/* --- between the export_scene*.c files --- */

#define SCENE_NONE UINT32_MAX

/* The actor of that event, or SCENE_NONE. */
uint32_t scene_actor_of(const struct scene *scene, uint32_t event);
/* The last event of that actor at that place, or SCENE_NONE. */
uint32_t scene_last_event_at(const struct scene *scene, uint32_t actor,
                             const struct hook_site *site);
/* The actor of that name; a task that runs on a thread is that thread. SCENE_NONE: no such one. */
uint32_t scene_actor_named(struct scene *scene, const char *name);
/* Adds the thread of that place. */
uint32_t scene_add_thread(struct scene *scene, uint32_t thread);
/* A task that is ready waits for any of the tokens that edges from it name: the first such edge, or
 * the one after `edge`; or NULL. */
const struct edge *scene_next_choice(const struct scene *scene, const struct actor *task,
                                     const struct edge *edge);
/* The thing at that address, added if it is new. */
uint32_t scene_thing(struct scene *scene, enum thing_kind kind, const struct hook_site *site,
                     const volatile void *object);
uint32_t scene_token(struct scene *scene, const char *name, const char *class_name);
uint32_t scene_lock(struct scene *scene, const struct hook_site *site,
                    const volatile void *object);
/* The kind of what that event is about; THING_KINDS: nothing that is modelled. */
enum thing_kind scene_kind_of(const struct scene *scene, const struct trace_event *event);
struct step *scene_add_step(struct scene *scene, enum step_kind kind, uint32_t actor,
                            uint32_t thing, uint64_t order);
/* The step that an event is, if it is one by itself: of words, notes, semaphores. NULL if not. */
/* The same of an event that takes a lock or gives it back. `holds`: it still has it at the end. */
void scene_add_lock_step(struct scene *scene, uint32_t actor, uint32_t event, bool holds);
/* The last record of that kind, of that object and that place (NULL: of any); or NULL. */
const struct record *scene_last_record(const struct scene *scene, enum record_kind kind,
                                       const volatile void *object, const struct hook_site *site);
struct step *scene_add_event(struct scene *scene, uint32_t event);
/* Orders of what stands at, right before and right after an event. */
static inline uint64_t scene_order(uint32_t event)
{
    return (uint64_t)event * 8 + 4;
}
/* Whether the event's lock is taken to read. */
bool scene_reads(const struct scene *scene, const struct hook_site *site);
/* Whether the event takes its lock; or gives it back. */
bool scene_takes(const struct trace_event *event);
bool scene_gives(const struct trace_event *event);
/* Whether it writes its word. */
bool scene_writes(const struct trace_event *event);
/* The value of that word right before, or after, that event. False: nobody knows. */
bool scene_value_before(const struct scene *scene, uint32_t event, uint64_t *value);
bool scene_value_after(const struct scene *scene, uint32_t event, uint64_t *value);

/* Steps by which those who are stuck took what they have; what their last waits are must be known.
 * False: something that is not in the trace. */
bool scene_add_holds(struct scene *scene);
/* Steps of one round of a livelock. False: *wrong says why not. */
bool scene_fill_round(struct scene *scene, char *wrong, size_t size);
/* Steps of those who share words, notes and semaphores with who waits for ever. */
void scene_add_shared(struct scene *scene);

#endif
