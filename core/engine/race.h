/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Races: what ThreadSanitizer reports of the code under test becomes a verdict. The first report of
 * a run ends it, at the next hook point. Only in a flavour with ThreadSanitizer; in others there is
 * nothing to see, and nothing here costs anything.
 *
 * The engine's own doing is kept out by not being compiled with ThreadSanitizer; and where it calls
 * code that is (a subject's invariants), or the C library, it looks away.
 */
#ifndef CORE_ENGINE_RACE_H
#define CORE_ENGINE_RACE_H

#include "core/engine/engine.h"

/* Whether this build can see a race. */
static inline bool race_is_watched(void)
{
#ifdef TSAN_TOLD
    return true;
#else
    return false;
#endif
}

/* A place in a program. */
struct race_place {
    const char *function, *file; /* live as long as the program */
    uint32_t line;
};

/* The innermost place of a call chain that is the code under test's; "?" where it is not known. */
typedef struct race_place race_namer(const struct chain *chain);

/* Who is to name the functions of races; without one they are "?". */
void race_name_by(race_namer *namer);

#ifdef TSAN_TOLD
/* --- the engine's --- */
/* A run begins. `anew`: what it finds is not to depend on the runs before. */
void race_begin(bool anew);
/* Whether this run has one. */
bool race_seen(void);
/* Fills the outcome of the run that has one. Outside any fiber of the subject. */
void race_outcome(struct outcome *outcome);
/* The current thread stops on this fiber: what the fiber did was its doing. */
void race_note_who(void);
/* From here on nothing that the current fiber does counts, until race_watch() has been called as
 * often; or race_watch_all() once. */
void race_look_away(void);
void race_watch(void);
void race_watch_all(void);
#else
#define race_begin(anew) ((void)(anew))
#define race_seen() false
#define race_outcome(outcome) ((void)(outcome))
#define race_note_who() ((void)0)
#define race_look_away() ((void)0)
#define race_watch() ((void)0)
#define race_watch_all() ((void)0)
#endif

#endif
