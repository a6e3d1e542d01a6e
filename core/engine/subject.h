/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A subject: code under test plus how to set it up, drive it and check it. All that the engine
 * knows of it. Its functions are called by one OS thread.
 */
#ifndef CORE_ENGINE_SUBJECT_H
#define CORE_ENGINE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/prng.h"
#include "core/engine/plan.h"

/* "procs": 1 to 4, 1 unless a plan says more. */
struct subject_setting {
    const char *name, *about;
    int64_t minimum, maximum, standard;
};

/* Written as prefix and number: { "t", 0, 3 } reads "t2"; { "+", 0, ... } reads "+500". */
struct subject_argument {
    const char *prefix;
    int64_t minimum, maximum;
};

struct subject_verb {
    const char *name;   /* "reset" */
    const char *actors; /* the kinds of actor that may do it: "gf" */
    uint32_t argument_count;
    struct subject_argument arguments[PLAN_ARGUMENTS_MAX];
};

/* "g": actors g1 to g4. The first actor of a kind has number `minimum`. */
struct subject_actor {
    char kind;
    uint8_t minimum, maximum;
    const char *about;
};

struct wedge_subject {
    const char *name, *about;

    const struct subject_setting *settings;
    uint32_t setting_count; /* <= PLAN_SETTINGS_MAX */
    const struct subject_actor *actors;
    uint32_t actor_count;
    const struct subject_verb *verbs;
    uint32_t verb_count;
    uint32_t faults; /* mask of the kinds that can happen here */

    /* Draws settings and a program into an empty plan. `faults`: mask of the allowed kinds. */
    void (*generate)(struct plan *plan, struct prng *prng, uint32_t faults);
    /* Fills an empty plan with a small program, of which every schedule can be made, by number from
     * 0; false: there is none of that number. NULL: only the program without operations. */
    bool (*enumerate)(uint64_t index, struct plan *plan);
    const char *enumerated; /* what these programs are, in words; NULL if `enumerate` is */
    /* Before each run: back to the state in which the process began, in time proportional to what
     * the last run touched. Runs outside any fiber of the subject. */
    void (*reset)(void);
    /* Runs the plan's program; the first thread's code. Must not return but end in
     * hook_thread_exit(), or in a thread that never ends. */
    void (*run)(const struct plan *plan);
    /* Asked when nothing can run without the clock: is the program done? */
    bool (*finished)(void);
    /* The invariants. NULL: they hold; otherwise a sentence that begins with the invariant's name,
     * without numbers that differ from run to run ("I8 deletedTimers differs from ..."). `idle`: the
     * program is done and nothing runs; otherwise only what holds whenever no lock and no
     * transitional state is held. Asked at the end, and each time that nothing can run without the
     * clock. */
    const char *(*check)(bool idle);
    /* More of them, that hold whenever nothing can run without the clock. May be NULL. */
    const char *(*check_idle)(void);
    /* What nobody is going to do in time although somebody could, in words: a late wake-up, whatever
     * the time; or NULL. Asked when no thread can run and time is about to pass. May be NULL. */
    const char *(*overlooked)(void);
    /* The earliest time in ns at which something is due that has not been done, or HOOK_FOREVER;
     * asked before the clock moves over idle time. May be NULL. */
    int64_t (*due)(void);
    int64_t due_slack_ns; /* how late the subject may be by design */
    /* Writes a name for the object at that address ("t0", "P1.timersLock"); false: unknown.
     * May be NULL. */
    bool (*name_object)(const volatile void *object, char *name, size_t size);
    /* Writes a name for the value of such a word ("timerWaiting"); false: unknown. May be NULL. */
    bool (*name_value)(const volatile void *object, uint64_t value, char *name, size_t size);
};

/* Fills the settings with their standard values. */
void subject_standard_settings(const struct wedge_subject *subject, struct plan *plan);

#endif
