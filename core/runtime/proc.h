/* SPDX-License-Identifier: BSD-3-Clause */
/* The scheduler: goroutines on Ms that hold Ps. Source: Go 1.15's runtime/proc.go. */
#ifndef CORE_RUNTIME_PROC_H
#define CORE_RUNTIME_PROC_H

#include "core/runtime/runtime.h"

/* Boots the runtime on the calling thread, which becomes m0: procs Ps (1..P_MAX), then a first
 * goroutine (task name "main") that runs main(argument); sysmon on an M of its own if asked.
 * Does not return. */
_Noreturn void runtime_start(int32_t procs, bool with_sysmon, gofunc *main, void *argument);

/* Starts a goroutine; its task is called name and number in reports ("g", 1). NULL: there are G_MAX
 * of them already. */
struct g *newproc(gofunc *fn, void *argument, const char *name, uint32_t number);
/* Ends the calling goroutine. A goroutine's function may also just return. */
_Noreturn void goexit(void);

/* Runs fn(the calling goroutine) on g0 after it has stopped; it goes on when scheduled again. */
void mcall(void (*fn)(struct g *gp));
/* Runs fn(argument) as g0: not preemptible. Nests. */
void systemstack(void (*fn)(void *argument), void *argument);

/* Stops the calling goroutine until goready(); on g0, once it has stopped, calls
 * unlockf(gp, lock), and if that is false lets it go on at once. unlockf may be NULL. */
void gopark(bool (*unlockf)(struct g *gp, void *lock), void *lock, const char *reason);
/* gopark() that releases l. */
void goparkunlock(struct mutex *l, const char *reason);
/* Makes a parked goroutine runnable, next on the current P. Throws if it is not parked. */
void goready(struct g *gp);
/* Makes all of a list (linked by schedlink) runnable. */
void injectglist(struct gqueue *list);
/* Gives up the M. */
void Gosched(void);

/* Round a blocking system call of the calling goroutine. */
void entersyscall(void);
/* As entersyscall(), when the call will surely block: the P goes to another M at once. */
void entersyscallblock(void);
void exitsyscall(void);

/* Stops and starts the world; one goroutine at a time, others wait. */
void stopTheWorld(const char *reason);
void startTheWorld(void);
/* Sets the number of Ps, 1..P_MAX; stops the world. Returns what it was. */
int32_t GOMAXPROCS(int32_t n);

/* For netpoll, time and sysmon. */
void wakep(void);
void startm(struct p *pp, bool spinning);
void handoffp(struct p *pp);
struct p *pidleget(void);
void pidleput(struct p *pp);
void sysmon(void); /* an M's start function; never returns */
void checkdead(void);
bool retake(int64_t now);
void preemptall(void);
void casgstatus(struct g *gp, uint32_t from, uint32_t to);
uint32_t readgstatus(struct g *gp);

#endif
