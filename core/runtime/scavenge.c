/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The background scavenger: a goroutine that sleeps on a timer of its own, so that it can be woken
 * by somebody else too.
 *
 * scavenge.lock guards `parked`: true from before the goroutine has stopped (it stops holding the
 * lock) until wakeScavenger() makes it runnable. So it is made runnable once each time, whoever
 * comes first. It is put into the global run queue by injectglist(): sysmon, which has no P, calls
 * this too.
 *
 * Lock order: scavenge.lock, then sched.lock, allpLock, a timersLock or the heap's lock. Hence the
 * timer's callback, which takes scavenge.lock, must be called with no timersLock held; and so the
 * heap's lock, under which the pace is set, must be released before the scavenger is woken: while
 * it holds scavenge.lock, its stack may have to grow.
 */
#include "core/runtime/scavenge.h"

#include "core/runtime/schedule.h"

struct scavenge scavenge;

void scavenge_reset(void)
{
    scavenge = (struct scavenge){ 0 };
    mutex_init(&scavenge.lock, "scavenge");
}

static void scavengerTimer(void *arg, uintptr_t seq)
{
    (void)arg;
    (void)seq;
    wakeScavenger();
}

static void bgscavenge(void *arg)
{
    (void)arg;
    poke(&scavenge.g, getg());
    while (!peek(&scavenge.stop))
        scavengeSleep(scavenge.sleep_ns);
}

void gcenable(int64_t sleep_ns)
{
    scavenge.sleep_ns = sleep_ns;
    scavenge.timer = &scavenge.timer_storage;
    scavenge.timer->f = scavengerTimer;
    newproc(bgscavenge, NULL, "scavenger", 0);
}

void wakeScavenger(void)
{
    prologue();
    lock(&scavenge.lock);
    if (scavenge.parked) {
        /* sysmon need not do it any more. */
        hook_store(&scavenge.sysmonWake, 0u);

        /* If it is too late to stop the timer, the scavenger is woken once too often. */
        stopTimer(scavenge.timer);

        scavenge.parked = false;
        struct gqueue list = { scavenge.g, scavenge.g, 1 };
        scavenge.g->schedlink = NULL;
        injectglist(&list);
    }
    unlock(&scavenge.lock);
}

/* On g0: no stack grows while the heap's lock is held. */
static void pace(void *unused)
{
    (void)unused;
    lock(&rt.heapLock);
    scavenge.paced++;
    unlock(&rt.heapLock);
    wakeScavenger();
}

void gcPaceScavenger(void)
{
    prologue();
    systemstack(pace, NULL);
}

int64_t scavengeSleep(int64_t ns)
{
    prologue();
    lock(&scavenge.lock);
    scavenge.rounds++;

    int64_t start = nanotime();
    resetTimer(scavenge.timer, ns > maxWhen - start ? maxWhen : start + ns);

    scavenge.parked = true;
    goparkunlock(&scavenge.lock, "GC scavenge wait");

    return nanotime() - start;
}
