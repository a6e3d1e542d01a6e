/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The portfolio: each run pairs a walk with a way to keep some threads back (strategy_pause.h), for
 * none is the best everywhere, and what opens a window and what walks through it are two things. It
 * learns which pairs pay: the share of each grows with the new context switches (switches.h) that
 * its runs have shown lately, per step that they made; but it keeps half of the share that it has
 * before anything is known, at least, for what it alone may find is not known before. This is a
 * bandit with rewards that fade (Garivier, Moulines, "On upper-confidence bound policies for
 * switching bandit problems", ALT 2011), drawn by share, as many bugs need many runs and not the one
 * best strategy's.
 */
#include "core/engine/strategy_pause.h"

#include "core/base/check.h"
#include "core/engine/internal.h"

enum {
    SHARES = 1 << 16,
    FADE = 512, /* runs of a pair after which what it showed counts for little */
};

/* How far a share moves from what it is before anything is known. */
static const double least_factor = 0.5, most_factor = 2.0;

/* Priors: what mixes best over the catalogue of bugs of the timers, in round numbers. */
static struct pair {
    struct strategy *walk;
    const struct pause *pause; /* NULL: nobody is kept back */
    double prior;              /* its share before anything is known, of their sum */
    double news, steps;        /* of its runs, the last ones most; at first better than they prove */
} pairs[] = {
    { &strategy_pos, NULL, 2, 64, 64 },
    { &strategy_pos, &pause_delay_many, 7, 64, 64 },
    { &strategy_pos, &pause_starve, 5, 64, 64 },
    { &strategy_surw, NULL, 1, 64, 64 },
    { &strategy_surw, &pause_delay, 1, 64, 64 },
    { &strategy_random, &pause_delay, 1, 64, 64 },
    { &strategy_random, &pause_delay_many, 3, 64, 64 },
    { &strategy_pct, NULL, 1, 64, 64 },
};
static struct pair *chosen; /* of the run */

void portfolio_forget(void)
{
    for (uint32_t i = 0; i < count_of(pairs); i++)
        pairs[i].news = pairs[i].steps = 64;
}

/* Fills in each one's share, not yet scaled; returns their sum. */
static double weigh(double weights[count_of(pairs)])
{
    double news = 0, steps = 0, sum = 0;
    for (uint32_t i = 0; i < count_of(pairs); i++) {
        news += pairs[i].news;
        steps += pairs[i].steps;
    }
    for (uint32_t i = 0; i < count_of(pairs); i++) {
        double factor = pairs[i].news * steps / (pairs[i].steps * news);
        factor = factor > least_factor ? factor : least_factor;
        factor = factor < most_factor ? factor : most_factor;
        sum += weights[i] = pairs[i].prior * factor;
    }
    return sum;
}

static struct pair *draw(void)
{
    double weights[count_of(pairs)];
    double rest = weigh(weights) * prng_below(&strategy_prng, SHARES) / SHARES;
    for (uint32_t i = 0; i + 1 < count_of(pairs); i++) {
        rest -= weights[i];
        if (rest < 0)
            return &pairs[i];
    }
    return &pairs[count_of(pairs) - 1];
}

bool portfolio_pair(uint32_t index, struct portfolio_pair *pair)
{
    double weights[count_of(pairs)], sum = weigh(weights);
    if (index >= count_of(pairs))
        return false;
    pair->walk = pairs[index].walk->name;
    pair->pause = pairs[index].pause != NULL ? pairs[index].pause->name : NULL;
    pair->permille = (uint32_t)(weights[index] * 1000 / sum + 0.5);
    return true;
}

static void begin(struct strategy *strategy, const struct plan *plan)
{
    chosen = draw();
    engine.switches_seen.wanted = true;
    strategy->asks_on_wake = chosen->walk->asks_on_wake;
    pause_begin(chosen->pause, chosen->walk, plan);
}

static void end(struct strategy *strategy)
{
    double fade = 1.0 - 1.0 / FADE;
    (void)strategy;
    chosen->news = chosen->news * fade + engine.switches_seen.news;
    chosen->steps = chosen->steps * fade + (double)engine.steps + 1;
}

static uint32_t fault_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value)
{
    (void)strategy;
    return chosen->walk->fault_gap(chosen->walk, kind, value);
}

struct strategy strategy_portfolio = {
    .name = "portfolio",
    .about = "all of the others, in pairs, each as often as it pays",
    .begin = begin,
    .next = pause_next,
    .end = end,
    .fault_gap = fault_gap,
};
