/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program of the subject "timers" while it runs: its timers, descriptors, goroutines, and the
 * model that judges them. Private to the timers_*.c files.
 */
#ifndef FUZZ_TIMERS_PROGRAM_H
#define FUZZ_TIMERS_PROGRAM_H

#include "core/engine/subject.h"
#include "core/runtime/netpoll.h"
#include "core/runtime/proc.h"
#include "core/runtime/time.h"
#include "fuzz/overdue.h"
#include "fuzz/timers_model.h"

enum {
    TIMERS_PROCS_MAX = 4,
    TIMERS_GOROUTINES = 12, /* g1 to g12: more than a run queue holds */
    TIMERS_PEERS = 2,       /* x1 and x2 */
    TIMERS_COUNT = MODEL_TIMERS,
    TIMERS_DESCRIPTORS = MODEL_DESCRIPTORS,
    TIMERS_DURATION_MAX = 1000000000,
};

enum timers_setting { SETTING_PROCS, SETTING_SYSMON, SETTING_SCAVENGER, TIMERS_SETTINGS };

/* In the order of the table in timers.c. */
enum timers_verb {
    VERB_ADD,
    VERB_STOP,
    VERB_RESET,
    VERB_PERIODIC,
    VERB_SLEEP,
    VERB_YIELD,
    VERB_DEADLINE,
    VERB_RDEADLINE,
    VERB_WDEADLINE,
    VERB_CLEAR,
    VERB_EXPIRE,
    VERB_READ,
    VERB_WRITE,
    VERB_IO,
    VERB_CLOSE,
    VERB_OPEN,
    VERB_SYSCALL,
    VERB_RESIZE,
    VERB_GC,
    VERB_SCAVENGE,
    VERB_SYSMON_SCAVENGE,
    VERB_BLOCK,
    VERB_AFTER,
    VERB_COMPUTE,
    VERB_BUSY,
    VERB_WAIT,
    VERB_AT,
    VERB_EVERY,
    TIMERS_VERBS
};

/* What the first goroutine waits for, one after the other. */
enum timers_phase {
    PHASE_SETTLED, /* every goroutine has ended, or waits for what may never come */
    PHASE_ENDED,   /* every goroutine has ended */
    PHASE_QUIET,   /* no callback is at its operations */
    PHASE_RUN,     /* every timer that was started has run or was stopped */
};

struct timers_program {
    const struct plan *plan;
    struct timers_model model;
    uint32_t users[TIMERS_DESCRIPTORS]; /* operations on each that are under way */
    uint32_t goroutines; /* that have not ended */
    uint32_t callbacks;  /* that are at their operations */
    uint32_t computing;  /* goroutines that keep their P while time passes, whoever asks for it */
    uint32_t busy;       /* the same, but they give it up when asked to */
    uint32_t rounds[TIMERS_COUNT]; /* how often each callback has gone through its operations */
    struct gocall calls[TIMERS_COUNT]; /* of timers whose callback is a goroutine */
    bool adding[TIMERS_COUNT]; /* being started for the first time: nobody else has it yet */
    bool has_sysmon;
    bool closing;        /* descriptors are closed for good */
    bool draining;       /* callbacks do nothing any more */
    bool ended;
    enum timers_phase phase;
    struct g *main; /* while it waits for `phase` to be over */
    struct g *gs[TIMERS_GOROUTINES + 1];
    struct timer *sleep_timers[TIMERS_GOROUTINES + 1]; /* gs[]->timer, also after its end */
    struct hook_note exit;

    uint64_t activity; /* grows with each thing that is done */
    struct overdue overdue;

    struct timer timers[TIMERS_COUNT];
    struct pollDesc descriptors[TIMERS_DESCRIPTORS];
};
extern struct timers_program timers_program;

void timers_reset(void);
void timers_run(const struct plan *plan);
bool timers_finished(void);
const char *timers_check(bool idle);
const char *timers_overlooked(void);
int64_t timers_due(void);

/* To be said where the program's own state is used by a thread: no lock guards it, for between two
 * hook points nobody else runs. */
void timers_touch(void);

/* Something has happened that the first goroutine may be waiting for. */
void timers_settle(void);

/* timers_perform.c */
/* A goroutine's function; argument: the address of its place in gs. */
void timers_goroutine(void *argument);
void timers_peer(void *argument); /* a thread of its own */
void timers_change(enum model_kind kind, uint32_t timer, int64_t duration_ns);
void timers_close(uint32_t descriptor);

/* timers_generate.c */
void timers_generate(struct plan *plan, struct prng *prng, uint32_t faults);

/* timers_enumerate.c */
bool timers_enumerate(uint64_t index, struct plan *plan);

/* timers_name.c */
bool timers_name_object(const volatile void *object, char *name, size_t size);
bool timers_name_value(const volatile void *object, uint64_t value, char *name, size_t size);

#endif
