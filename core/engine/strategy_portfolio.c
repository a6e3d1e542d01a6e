/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The portfolio: each run is given to one of the other strategies, for none is the best everywhere.
 * It learns which pays: a strategy's share grows with the new context switches (switches.h) that its
 * runs have shown lately, per step that they made; and every strategy keeps a small share, for
 * what it alone may find is not known before. This is a bandit with rewards that fade (Garivier,
 * Moulines, "On upper-confidence bound policies for switching bandit problems", ALT 2011), drawn
 * by share, as many bugs need many runs and not the one best strategy's.
 */
#include "core/engine/strategy_internal.h"

#include "core/base/check.h"
#include "core/engine/internal.h"

enum {
    MEMBERS_MAX = 8,
    SHARES = 1 << 16,
    LEAST_SHARE = SHARES / 16, /* of a member */
    FADE = 512, /* runs of a member after which what it showed counts for little */
};

struct member {
    struct strategy *strategy;
    double news, steps; /* of its runs, the last ones most */
};

static struct member members[MEMBERS_MAX];
static uint32_t member_count;
static struct member *chosen; /* who has the run */

void portfolio_forget(void)
{
    member_count = 0;
}

/* Before anything is known all are alike, and better than they will prove: each is tried. */
static void find_members(void)
{
    for (uint32_t i = 0; i < strategy_count(); i++)
        if (strategy_at(i) != &strategy_portfolio) {
            check(member_count < MEMBERS_MAX);
            members[member_count++] = (struct member){ strategy_at(i), 64, 64 };
        }
}

/* Out of SHARES. */
static double share_of(const struct member *member)
{
    double sum = 0;
    for (uint32_t i = 0; i < member_count; i++)
        sum += members[i].news / members[i].steps;
    double learned = SHARES - (double)LEAST_SHARE * member_count;
    return LEAST_SHARE + learned * (member->news / member->steps) / sum;
}

static struct member *draw(void)
{
    double rest = (double)prng_below(&strategy_prng, SHARES);
    for (uint32_t i = 0; i + 1 < member_count; i++) {
        rest -= share_of(&members[i]);
        if (rest < 0)
            return &members[i];
    }
    return &members[member_count - 1];
}

struct strategy *portfolio_member(uint32_t index, uint32_t *permille)
{
    if (member_count == 0)
        find_members();
    if (index >= member_count)
        return NULL;
    *permille = (uint32_t)(share_of(&members[index]) * 1000 / SHARES + 0.5);
    return members[index].strategy;
}

static void begin(struct strategy *strategy, const struct plan *plan)
{
    if (member_count == 0)
        find_members();
    chosen = draw();
    engine.switches_seen.wanted = true;
    strategy->asks_on_wake = chosen->strategy->asks_on_wake;
    chosen->strategy->begin(chosen->strategy, plan);
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    return chosen->strategy->next(chosen->strategy, choice, segment);
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
    return chosen->strategy->fault_gap(chosen->strategy, kind, value);
}

struct strategy strategy_portfolio = {
    .name = "portfolio",
    .about = "all of the others, each as often as it pays",
    .begin = begin,
    .next = next,
    .end = end,
    .fault_gap = fault_gap,
};
