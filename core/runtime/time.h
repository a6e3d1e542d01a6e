/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers: the ten-state machine over per-P heaps. See time.c for the legal moves and invariants.
 * Source: Go 1.15's runtime/time.go, with the fixes of #43712, #44868, #45716, #42424.
 */
#ifndef CORE_RUNTIME_TIME_H
#define CORE_RUNTIME_TIME_H

#include "core/runtime/runtime.h"

enum timer_status {
    timerNoStatus,
    timerWaiting,
    timerRunning,
    timerDeleted,
    timerRemoving,
    timerRemoved,
    timerModifying,
    timerModifiedEarlier,
    timerModifiedLater,
    timerMoving,
    TIMER_STATUS_COUNT
};
/* "timerWaiting" */
const char *timer_status_name(uint32_t status);

typedef void timer_func(void *arg, uintptr_t seq);

struct timer {
    struct p *pp; /* whose heap it is in, or NULL */
    int64_t when; /* ns; the heap's key */
    _Atomic int64_t period;
    timer_func *_Atomic f; /* called without any lock, on g0: must not block */
    void *_Atomic arg;
    _Atomic uintptr_t seq;
    _Atomic int64_t nextwhen; /* the real time of a timerModified... timer */
    _Atomic uint32_t status;
    uint32_t pollRound; /* of who was to be told its time when it was set; to judge */
};

/* What a timer's function may start: fn(argument). */
struct gocall {
    gofunc *fn;
    void *argument;
};

#define maxWhen INT64_MAX

/* Starts a timer that is new (status timerNoStatus, when and f set). Throws otherwise. */
void addtimer(struct timer *t);
/* Stops it. True if it was stopped before it ran; never waits for a running callback. */
bool deltimer(struct timer *t);
/* Changes it whatever its state, starting it if it does not run. True if it was pending. */
bool modtimer(struct timer *t, int64_t when, int64_t period, timer_func *f, void *arg,
              uintptr_t seq);
/* As modtimer() with the timer's own period, f, arg, seq. */
bool resettimer(struct timer *t, int64_t when);
/* The user's names, as in package time: the same with a prologue of their own. */
void startTimer(struct timer *t);
bool stopTimer(struct timer *t);
bool resetTimer(struct timer *t, int64_t when);

/* The function of a timer that AfterFunc() made: starts a goroutine. arg: a struct gocall. */
void goFunc(void *arg, uintptr_t seq);

/* Blocks the calling goroutine for at least ns. */
void timeSleep(int64_t ns);
/* Now plus ns, at most maxWhen. */
int64_t when_after(int64_t ns);

/* Runs what is due on pp. Returns (in *now_ns, if it was 0) the time it used, *pollUntil: when to
 * look again (0: no timers), *ran: whether a timer ran. */
void checkTimers(struct p *pp, int64_t *now_ns, int64_t *pollUntil, bool *ran);

/* When pp's timers next need attention, 0 if never; without a lock. */
int64_t nobarrierWakeTime(struct p *pp);
/* The earliest time at which any timer is due, maxWhen if none. */
int64_t timeSleepUntil(void);
/* Moves the timers of a P that is being destroyed to pp. World stopped, both timersLocks held. */
void moveTimers(struct p *pp, struct timer **timers, uint32_t count);

/* --- for the parts of the timer code (time.c, timerheap.c) --- */

void doaddtimer(struct p *pp, struct timer *t);
/* Take timer i (or 0) out of pp's heap, timersLock held. Returns the smallest index whose timer is
 * another one now: from there on a walk has not seen the heap. */
uint32_t dodeltimer(struct p *pp, uint32_t i);
void dodeltimer0(struct p *pp);
void updateTimer0When(struct p *pp);
/* Moves timer i of the heap timers[0, count) to where its when belongs, the others being in order.
 * Up returns the index that it came to. */
uint32_t siftupTimer(struct timer **timers, uint32_t count, uint32_t i);
void siftdownTimer(struct timer **timers, uint32_t count, uint32_t i);
/* Puts the first timers in order as long as they are modified or deleted. timersLock held. */
void cleantimers(struct p *pp);

#endif
