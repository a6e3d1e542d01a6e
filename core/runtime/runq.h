/* SPDX-License-Identifier: BSD-3-Clause */
/* Run queues: one per P without a lock, a global one under sched.lock. See runq.c. */
#ifndef CORE_RUNTIME_RUNQ_H
#define CORE_RUNTIME_RUNQ_H

#include "core/runtime/schedule.h"

/* Lists of goroutines, linked by schedlink. */
void gqueue_push(struct gqueue *q, struct g *gp); /* at the tail */
void gqueue_push_head(struct gqueue *q, struct g *gp);
void gqueue_append(struct gqueue *q, struct gqueue *tail); /* empties `tail` */
struct g *gqueue_pop(struct gqueue *q);                    /* the head, or NULL */

/* Puts gp at the end of pp's queue, or (next) into its runnext, from where what was there goes to
 * the end. Overflow goes to the global queue. Only by the owner of pp. */
void runqput(struct p *pp, struct g *gp, bool next);
/* Puts all of q at the end of pp's queue, what finds no room into the global one. By the owner. */
void runqputbatch(struct p *pp, struct gqueue *q);
/* The next goroutine of pp, or NULL. *inheritTime: it was in runnext. Only by the owner of pp. */
struct g *runqget(struct p *pp, bool *inheritTime);
/* Moves half of p2's goroutines to pp, whose queue has room, and returns one of them, or NULL.
 * Only by the owner of pp. */
struct g *runqsteal(struct p *pp, struct p *p2, bool stealRunNextG);
/* Whether pp has nothing to run, at one instant. By anybody. */
bool runqempty(struct p *pp);
/* The same without a step, for who knows that nobody adds to pp now. */
bool runqempty_owned(struct p *pp);

/* The global queue. sched.lock held. */
void globrunqput(struct g *gp);
void globrunqputhead(struct g *gp);
void globrunqputbatch(struct gqueue *q);
/* A fair share of it: one to run, the rest to pp's queue. max 0: no other limit. */
struct g *globrunqget(struct p *pp, int32_t max);
/* Its length; without the lock a hint. */
int32_t globrunqsize(void);

#endif
