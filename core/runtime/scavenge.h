/* SPDX-License-Identifier: BSD-3-Clause */
/* The background scavenger's sleep and wake. Source: Go 1.15's runtime/mgcscavenge.go. */
#ifndef CORE_RUNTIME_SCAVENGE_H
#define CORE_RUNTIME_SCAVENGE_H

#include "core/runtime/proc.h"
#include "core/runtime/time.h"

struct scavenge {
    struct mutex lock; /* taken before sched and timers */
    struct g *_Atomic g;
    bool parked;
    struct timer *timer;
    struct timer timer_storage;
    _Atomic uint32_t sysmonWake; /* sysmon is asked to wake it */
    int64_t sleep_ns;
    uint32_t paced;    /* how often there was work for it; guarded by the heap's lock */
    uint32_t rounds;   /* how often it has gone to sleep so far */
    _Atomic bool stop; /* end instead of sleeping again */
};
extern struct scavenge scavenge;

/* Starts the scavenger: a goroutine (task "scavenger") that sleeps sleep_ns at a time, until
 * scavenge.stop. */
void gcenable(int64_t sleep_ns);
/* Wakes it: from its timer, from a goroutine, or from sysmon. */
void wakeScavenger(void);
/* Blocks the scavenger's goroutine until it is woken, in ns at the latest. Returns how long it
 * slept. */
int64_t scavengeSleep(int64_t ns);

/* A garbage collection has made work for it. */
void gcPaceScavenger(void);

void scavenge_reset(void);

#endif
