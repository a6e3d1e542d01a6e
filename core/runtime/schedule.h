/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the scheduler (proc, m, p, findrunnable, syscall, stw, sysmon) say to each
 * other and to nobody else. Source: Go 1.15's runtime/proc.go.
 */
#ifndef CORE_RUNTIME_SCHEDULE_H
#define CORE_RUNTIME_SCHEDULE_H

#include "core/runtime/proc.h"

/* A word that only the judges read (oversight.h, schedinvariant.h). No step. */
#define tell_judge(p, v) poke(p, v)

#define assertLockHeld(l) hook_assert_held(&(l)->hook)

/* --- proc.c: goroutines --- */

/* One round: finds a goroutine to run on the caller's M, which has a P. Blocks until there is
 * one. */
struct g *schedule(bool *inheritTime);
/* On g0: runs gp on the caller's M until it calls mcall(). */
void execute(struct g *gp, bool inheritTime);
/* The goroutine that the caller's M ran is no longer its own. After its task was told. */
void dropg(void);

/* --- findrunnable.c --- */

/* Blocks until it has a goroutine for the caller's M, which has a P. */
struct g *findrunnable(bool *inheritTime);

/* --- m.c: threads --- */

/* Fills rt.ms[0] for the calling thread. */
struct m *m0init(void);
/* A new M that runs fn (may be NULL), then takes pp (NULL only if fn does not return) and
 * schedules. sched.lock held: M ids follow the order in which threads start. */
void newm(void (*fn)(void), struct p *pp);
/* The M's thread: never returns. */
_Noreturn void mstart(struct m *mp);
/* Parks the caller's M, which has no P, until somebody gives it one. */
void stopm(void);
/* Gives pp to an M that is parked in stopm(), or is about to be. */
void wakem(struct m *mp, struct p *pp);
/* An idle M, or NULL. sched.lock held. */
struct m *mget(void);
/* The caller's M does not spin any more; it counted in sched.nmspinning. */
void stopspinning(struct m *mp);
/* As stopspinning(), by an M that has found work: wakes the next one. */
void resetspinning(void);
/* Pretends that v Ms more (or less) are idle. */
void incidlelocked(int32_t v);

/* --- p.c: processors --- */

/* Associates pp, which is _Pidle and nobody's, with the caller's M. */
void acquirep(struct p *pp);
/* Which M blocks in netpoll now, as a number, 0: none. To judge; no step. */
uint32_t poller_round(void);
/* pp is about to be given up, and whoever does it has not looked at its timers yet: notes which M
 * blocks in netpoll meanwhile. */
void note_poller(struct p *pp);
/* The reverse. Returns the P. */
struct p *releasep(void);
/* Sets the number of Ps. World stopped, sched.lock held. Returns the list (by link) of Ps that
 * have work to do and want an M. */
struct p *procresize(int32_t nprocs);

/* --- syscall.c --- */

/* Asks the goroutine that runs on pp to give up its M at the next prologue. False: none there. */
bool preemptone(struct p *pp);
/* sysmon sleeps deeply and is needed again: wakes it. sched.lock held. */
void wakesysmon(void);

/* --- stw.c --- */

/* The world is being stopped: gives up the P and parks the caller's M. */
void gcstopm(void);
/* One P more has stopped. sched.lock held. */
void stopped(struct p *pp);

#endif
