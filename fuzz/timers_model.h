/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a user of the timers may rely on, kept by a bookkeeper who sees only calls and callbacks.
 * Pure: no hooks, no clock of its own, no view of the runtime; the program tells it what happens
 * and at what time.
 *
 * Invariants, in the order of the messages:
 *   M1  a callback does not begin before the time that its timer was set to
 *   M2  each start of a one-shot timer ends in one callback or in one change that reports the timer
 *       as pending, never in both: at any time runs + reports <= starts, and == when all is over
 *   M3  a change reports "pending" only if a start was outstanding
 *   M4  a change reports "not pending" only if no start was outstanding that could not have run yet
 *   M5  a sleep lasts as long as was asked for
 *   M6  a wait for a descriptor times out only if its current deadline has passed
 *   M7  a wait for a descriptor succeeds only if an event has been reported for it, and fails as
 *       closed only if it has been closed
 *   M8  an event that is reported while somebody waits ends the wait (late, else)
 *
 * Changes that overlap, and callbacks that were about to begin, leave several possibilities open:
 * then `earliest` and `latest` bound them, and a claim is made only if it holds for all.
 * A timer that was ever periodic is `loose`: its callbacks are not counted.
 */
#ifndef FUZZ_TIMERS_MODEL_H
#define FUZZ_TIMERS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_TIMERS = 16,
    MODEL_DESCRIPTORS = 4,
    MODEL_SLEEPERS = 13, /* goroutines by number, from 0 */
    MODEL_SLACK_NS = 20100000, /* how long a goroutine may wait for a P: two naps of sysmon */
};

enum model_kind { MODEL_ADD, MODEL_RESET, MODEL_PERIODIC, MODEL_STOP };

struct model_timer {
    uint32_t started;  /* starts that have begun */
    uint32_t reported; /* changes that have ended and reported the timer as pending */
    uint32_t ran;      /* callbacks that have begun */
    uint32_t changing; /* changes in flight */
    uint32_t changes;  /* changes that have begun */
    bool adding;       /* one of them is its first start */
    bool loose;
    bool stopped;      /* the last change was a stop that overlapped with no other */
    int64_t earliest;  /* no outstanding start is for an earlier time; INT64_MAX if there is none */
    int64_t latest;    /* nor for a later one */
    int64_t newest;    /* time of the last change, if it was a start that overlapped with none */
};

/* A change in flight. */
struct model_change {
    enum model_kind kind;
    uint32_t timer;
    int64_t when_ns;
    bool alone; /* no other was in flight when it began */
    uint32_t changes, outstanding, ran; /* of the timer, as it began */
    int64_t earliest;
};

/* One direction of a descriptor. */
enum model_deadline { DEADLINE_NONE, DEADLINE_AT, DEADLINE_PASSED, DEADLINE_UNKNOWN };
struct model_side {
    enum model_deadline deadline;
    int64_t earliest, latest; /* DEADLINE_AT: bounds of it */
    uint32_t setting;         /* calls that set it, in flight */
    uint32_t sets;            /* and begun */
    bool busy;                /* somebody waits or is about to */
    bool waiting;             /* somebody waits */
    bool event;               /* an event was ever reported */
    uint32_t armed;           /* grows when a wait begins to take events, and when it ends: odd */
    bool signalled;           /* one has been reported since, so the wait is to end */
};
enum { SIDE_READ, SIDE_WRITE, SIDE_COUNT };

struct model_descriptor {
    bool open;
    bool closed;
    struct model_side sides[SIDE_COUNT];
};

/* A call in flight that sets one direction's deadline. */
struct model_setting {
    uint32_t sets;
    bool alone; /* no other was in flight when it began */
    int64_t begin_ns, duration_ns;
};

struct model_wait {
    uint32_t sets;
    bool settled; /* nobody was setting the deadline as it began */
};

struct model_sleep {
    bool sleeps;
    int64_t until_ns;    /* it ends no earlier */
    int64_t duration_ns;
    int64_t latest_ns;   /* nor due later, 0: not known yet */
};

struct timers_model {
    uint32_t timer_count; /* timers from there on have never been touched */
    struct model_timer timers[MODEL_TIMERS];
    struct model_descriptor descriptors[MODEL_DESCRIPTORS];
    struct model_sleep sleeps[MODEL_SLEEPERS];
};

/* As nothing had ever happened. */
void model_reset(struct timers_model *model);

/* The time that a timer is set to if `when_ns` is asked for: below 0 is an overflow, and so never;
 * 0 is long past, as 1 is. */
int64_t model_when(int64_t when_ns);

/* How many starts of a timer have ended in nothing yet; 0 for a loose timer. */
uint32_t model_outstanding(const struct model_timer *timer);

/* A change of a timer begins; when_ns: what it is set to. False: that would be wrong use of the
 * runtime (while a new timer is being started, nobody else knows it), so it must not be made. */
bool model_change_begin(struct timers_model *model, enum model_kind kind, uint32_t timer,
                        int64_t when_ns, struct model_change *change);
/* It has ended and reported the timer as pending, or not. Returns NULL or what is wrong. */
const char *model_change_end(struct timers_model *model, const struct model_change *change,
                             bool pending, int64_t now_ns);
/* A callback begins. */
const char *model_ran(struct timers_model *model, uint32_t timer, int64_t now_ns);

void model_sleep_begin(struct timers_model *model, uint32_t sleeper, int64_t now_ns,
                       int64_t duration_ns);
/* The sleeper is runnable, so it may not have looked at the clock yet. */
void model_sleep_put_off(struct timers_model *model, uint32_t sleeper);
const char *model_sleep_end(struct timers_model *model, uint32_t sleeper, int64_t now_ns);

/* A call that sets a deadline begins and ends. duration_ns as in pollSetDeadline(). */
struct model_setting model_deadline_begin(struct model_side *side, int64_t now_ns,
                                          int64_t duration_ns);
void model_deadline_end(struct model_side *side, struct model_setting setting, int64_t now_ns);

enum model_result { RESULT_READY, RESULT_CLOSED, RESULT_TIMEOUT };
/* A wait for one direction of an open descriptor; `busy` is the caller's to set before. */
struct model_wait model_wait_begin(struct model_side *side);
const char *model_wait_end(struct model_descriptor *descriptor, struct model_side *side,
                           struct model_wait wait, enum model_result result, int64_t now_ns);
/* From here on each event ends the wait. */
void model_wait_arm(struct model_side *side);
/* An event for both directions is reported between the two calls; armed: what the first leaves for
 * the second. */
void model_event_begin(struct model_descriptor *descriptor, uint32_t armed[SIDE_COUNT]);
void model_event_end(struct model_descriptor *descriptor, const uint32_t armed[SIDE_COUNT]);
/* Whether somebody waits there whom nothing is certain to wake. */
bool model_wait_is_endless(const struct model_side *side);

/* The earliest time at which something must happen that has not, INT64_MAX if nothing must. Asked
 * when nothing runs. */
int64_t model_due(struct timers_model *model, int64_t now_ns);
/* All is over: NULL, or what has been lost. */
const char *model_check_end(const struct timers_model *model);

#endif
