/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The portfolio: each run pairs a walk with a way to keep some threads back (strategy_pause.h), for
 * none is the best everywhere, and what opens a window and what walks through it are two things. It
 * learns which pay: the share of each grows with the new context switches (switches.h) that its runs
 * have shown lately, per step that they made; and every one keeps most of the share that it has
 * before anything is known, for what it alone may find is not known before. This is a bandit with
 * rewards that fade (Garivier, Moulines, "On upper-confidence bound policies for switching bandit
 * problems", ALT 2011), drawn by share, as many bugs need many runs and not the one best
 * strategy's.
 */
#include "core/engine/strategy_pause.h"

#include "core/base/check.h"
#include "core/engine/internal.h"

enum {
    SHARES = 1 << 16,
    FADE = 512, /* runs of a member after which what it showed counts for little */
};

/* How far a share moves from what it is before anything is known. */
static const double less_at_most = 0.5, more_at_most = 2.0;

struct member {
    struct strategy *walk;     /* either it is a walk, */
    const struct pause *pause; /* or a pause; both NULL: nobody is kept back */
    double prior;              /* its share before anything is known */
    double news, steps;        /* of its runs, the last ones most */
};

enum { WALKS = 4, PAUSES = 4 };

static struct member walks[WALKS] = {
    { &strategy_random, NULL, 5, 0, 0 },
    { &strategy_pct, NULL, 1, 0, 0 },
    { &strategy_pos, NULL, 5, 0, 0 },
    { &strategy_surw, NULL, 5, 0, 0 },
};
static struct member pauses[PAUSES] = {
    { NULL, NULL, 5, 0, 0 },
    { NULL, &pause_starve, 3, 0, 0 },
    { NULL, &pause_delay, 5, 0, 0 },
    { NULL, &pause_delay_many, 3, 0, 0 },
};
static struct member *walk, *pause; /* of the run */

static void forget(struct member *members, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        members[i].news = members[i].steps = 64; /* better than they will prove: each is tried */
}

void portfolio_forget(void)
{
    forget(walks, WALKS);
    forget(pauses, PAUSES);
}

static double payoff(const struct member *members, uint32_t count)
{
    double news = 0, steps = 0;
    for (uint32_t i = 0; i < count; i++) {
        news += members[i].news;
        steps += members[i].steps;
    }
    return news / steps;
}

/* Of a member among all, not yet scaled. */
static double weight_of(const struct member *member, double payoff_of_all)
{
    double ratio = member->news / member->steps / payoff_of_all;
    ratio = ratio > less_at_most ? ratio : less_at_most;
    return member->prior * (ratio < more_at_most ? ratio : more_at_most);
}

static double weight_of_all(const struct member *members, uint32_t count)
{
    double sum = 0, payoff_of_all = payoff(members, count);
    for (uint32_t i = 0; i < count; i++)
        sum += weight_of(&members[i], payoff_of_all);
    return sum;
}

static struct member *draw(struct member *members, uint32_t count)
{
    double payoff_of_all = payoff(members, count);
    double rest = weight_of_all(members, count) * prng_below(&strategy_prng, SHARES) / SHARES;
    for (uint32_t i = 0; i + 1 < count; i++) {
        rest -= weight_of(&members[i], payoff_of_all);
        if (rest < 0)
            return &members[i];
    }
    return &members[count - 1];
}

static uint32_t permille_of(const struct member *members, uint32_t count, uint32_t index)
{
    double share = weight_of(&members[index], payoff(members, count)) /
                   weight_of_all(members, count);
    return (uint32_t)(share * 1000 + 0.5);
}

const char *portfolio_member(uint32_t index, uint32_t *permille)
{
    if (index < WALKS) {
        *permille = permille_of(walks, WALKS, index);
        return walks[index].walk->name;
    }
    if (index - WALKS >= PAUSES)
        return NULL;
    const struct pause *of = pauses[index - WALKS].pause;
    *permille = permille_of(pauses, PAUSES, index - WALKS);
    return of != NULL ? of->name : "no-pause";
}

static void begin(struct strategy *strategy, const struct plan *plan)
{
    if (walks[0].steps == 0)
        portfolio_forget();
    walk = draw(walks, WALKS);
    pause = draw(pauses, PAUSES);
    engine.switches_seen.wanted = true;
    strategy->asks_on_wake = walk->walk->asks_on_wake;
    pause_begin(pause->pause, walk->walk, plan);
}

static void learn(struct member *member)
{
    double fade = 1.0 - 1.0 / FADE;
    member->news = member->news * fade + engine.switches_seen.news;
    member->steps = member->steps * fade + (double)engine.steps + 1;
}

static void end(struct strategy *strategy)
{
    (void)strategy;
    learn(walk);
    learn(pause);
}

static uint32_t fault_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value)
{
    (void)strategy;
    return walk->walk->fault_gap(walk->walk, kind, value);
}

struct strategy strategy_portfolio = {
    .name = "portfolio",
    .about = "all of the others, in pairs, each as often as it pays",
    .begin = begin,
    .next = pause_next,
    .end = end,
    .fault_gap = fault_gap,
};
