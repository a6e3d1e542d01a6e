/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws programs. Each draws first a taste: which themes, verbs, timers, descriptors and durations
 * it uses. A few of each, so that operations meet on the same object at the same time; another few
 * in the next program, so that nothing is left out ("swarm testing", Groce and others, ISSTA 2012).
 *
 * And each has a shape:
 *   few     some goroutines with some operations each
 *   duel    two parts of the runtime, drawn as a pair, against each other, and little else: so
 *           every pair gets its share of runs. Maybe in several rounds
 *   burst   many timers and sleeps, or waits for descriptors, that end at the same time: long
 *           queues, deep heaps
 *   crowd   many of everything
 *
 * How large programs are is a matter of measurement: a run of twice as many steps costs twice as
 * much, and meets most bugs more than twice as often, up to about a thousand steps.
 */
#include "core/base/check.h"
#include "fuzz/timers.h"
#include "fuzz/timers_program.h"

enum {
    DURATIONS_MAX = 3,
    TASTE_VERBS_MAX = 96, /* more than all weights together */
    DUEL_PATTERN_MAX = 3, /* operations of a goroutine in one round of a duel */
    DUEL_GOROUTINES = 4,
    FEW_GOROUTINES = 5,  /* more are many unless it is a burst */
    FEW_OPERATIONS = 8,  /* of a goroutine, at most */
    CROWD_OPERATIONS = 12,
    PEER_OPERATIONS = 4,
    SYSMON_NAP = 20000, /* ns; as long as there is something to do */
};

enum theme { THEME_TIMERS, THEME_DEADLINES, THEME_SCAVENGER, THEME_WORLD, THEME_COUNT };

/* weight: how often it stands in the list that verbs are drawn from. */
static const struct {
    enum theme theme;
    uint8_t verb, weight;
} theme_verbs[] = {
    { THEME_TIMERS, VERB_ADD, 2 },           { THEME_TIMERS, VERB_STOP, 2 },
    { THEME_TIMERS, VERB_RESET, 4 },         { THEME_TIMERS, VERB_PERIODIC, 1 },
    { THEME_TIMERS, VERB_SLEEP, 1 },         { THEME_TIMERS, VERB_YIELD, 1 },
    { THEME_TIMERS, VERB_BLOCK, 1 },         { THEME_TIMERS, VERB_COMPUTE, 1 },
    { THEME_TIMERS, VERB_AT, 2 },            { THEME_TIMERS, VERB_EVERY, 2 },
    { THEME_DEADLINES, VERB_DEADLINE, 4 },   { THEME_DEADLINES, VERB_RDEADLINE, 2 },
    { THEME_DEADLINES, VERB_WDEADLINE, 1 },  { THEME_DEADLINES, VERB_CLEAR, 1 },
    { THEME_DEADLINES, VERB_EXPIRE, 1 },     { THEME_DEADLINES, VERB_READ, 2 },
    { THEME_DEADLINES, VERB_WRITE, 1 },      { THEME_DEADLINES, VERB_IO, 1 },
    { THEME_DEADLINES, VERB_CLOSE, 1 },      { THEME_DEADLINES, VERB_OPEN, 1 },
    { THEME_DEADLINES, VERB_SLEEP, 4 },
    { THEME_SCAVENGER, VERB_SCAVENGE, 4 },   { THEME_SCAVENGER, VERB_SYSMON_SCAVENGE, 4 },
    { THEME_SCAVENGER, VERB_SLEEP, 4 },      { THEME_SCAVENGER, VERB_YIELD, 1 },
    { THEME_WORLD, VERB_SLEEP, 2 },          { THEME_WORLD, VERB_YIELD, 2 },
    { THEME_WORLD, VERB_SYSCALL, 2 },        { THEME_WORLD, VERB_BLOCK, 4 },
    { THEME_WORLD, VERB_RESIZE, 3 },         { THEME_WORLD, VERB_AFTER, 3 },
    { THEME_WORLD, VERB_GC, 1 },             { THEME_WORLD, VERB_COMPUTE, 3 },
    { THEME_WORLD, VERB_BUSY, 2 },
};

enum shape { SHAPE_FEW, SHAPE_DUEL, SHAPE_BURST, SHAPE_CROWD, SHAPE_COUNT };
/* Out of so many programs, how many have which. */
enum { SHAPE_SHARES = 64 };
static const uint8_t shape_shares[SHAPE_COUNT] = {
    [SHAPE_FEW] = 34, [SHAPE_DUEL] = 26, [SHAPE_BURST] = 2, [SHAPE_CROWD] = 2,
};

/* What a duel is between. */
enum part {
    PART_TIMERS,
    PART_DEADLINES,
    PART_WAITS,
    PART_SLEEPS,
    PART_SCAVENGER,
    PART_WORLD,
    PART_THREADS,
    PART_WORK,
    PART_COUNT
};
enum { PART_VERBS_MAX = 8 };
static const uint8_t part_verbs[PART_COUNT][PART_VERBS_MAX] = { /* repeated: more likely */
    [PART_TIMERS] = { VERB_ADD, VERB_ADD, VERB_AFTER, VERB_RESET, VERB_RESET, VERB_STOP, VERB_STOP,
                      VERB_PERIODIC },
    [PART_DEADLINES] = { VERB_DEADLINE, VERB_DEADLINE, VERB_RDEADLINE, VERB_RDEADLINE,
                         VERB_WDEADLINE, VERB_CLEAR, VERB_EXPIRE, VERB_CLOSE },
    [PART_WAITS] = { VERB_READ, VERB_READ, VERB_READ, VERB_WRITE, VERB_IO, VERB_IO, VERB_CLOSE,
                     VERB_OPEN },
    [PART_SLEEPS] = { VERB_SLEEP, VERB_SLEEP, VERB_SLEEP, VERB_SLEEP, VERB_SLEEP, VERB_SLEEP,
                      VERB_YIELD, VERB_YIELD },
    [PART_SCAVENGER] = { VERB_SCAVENGE, VERB_SCAVENGE, VERB_SCAVENGE, VERB_SYSMON_SCAVENGE,
                         VERB_SYSMON_SCAVENGE, VERB_SYSMON_SCAVENGE, VERB_SYSMON_SCAVENGE,
                         VERB_SLEEP },
    [PART_WORLD] = { VERB_RESIZE, VERB_RESIZE, VERB_RESIZE, VERB_RESIZE, VERB_RESIZE, VERB_RESIZE,
                     VERB_GC, VERB_GC },
    [PART_THREADS] = { VERB_SYSCALL, VERB_SYSCALL, VERB_SYSCALL, VERB_BLOCK, VERB_BLOCK,
                       VERB_BLOCK, VERB_YIELD, VERB_YIELD },
    [PART_WORK] = { VERB_COMPUTE, VERB_COMPUTE, VERB_COMPUTE, VERB_BUSY, VERB_BUSY, VERB_BUSY,
                    VERB_SYSCALL, VERB_YIELD },
};

/* What goroutines do in a burst: those who start timers, then those who only fill queues. */
static const uint8_t burst_starts[] = { VERB_ADD, VERB_AFTER, VERB_AFTER, VERB_RESET };
static const uint8_t burst_changes[] = { VERB_STOP, VERB_STOP, VERB_RESET, VERB_SLEEP };
static const uint8_t burst_fills[] = { VERB_SLEEP, VERB_SLEEP, VERB_YIELD, VERB_READ, VERB_IO,
                                       VERB_DEADLINE };
/* The same where it is the network that ends the waits, and who starts the world finds them all. */
static const uint8_t burst_events[] = { VERB_IO, VERB_IO, VERB_IO, VERB_YIELD };
static const uint8_t burst_stops[] = { VERB_GC, VERB_GC, VERB_RESIZE, VERB_YIELD };
static const uint8_t burst_waits[] = { VERB_READ,  VERB_READ,  VERB_READ, VERB_WRITE,
                                       VERB_WRITE, VERB_YIELD };

/* The last: sysmon has to act before it is over. */
static const int64_t nice_durations[] = { 0, 1, 1000, 20000, 1000000, 10000000, 40000000 };

struct taste {
    uint8_t verbs[TASTE_VERBS_MAX];
    uint32_t verb_count;
    uint32_t timers, descriptors, goroutines;
    uint32_t added; /* how many timers are new no more: t0 to t[added - 1] */
    uint32_t longest; /* how many operations a goroutine has at most */
    int64_t durations[DURATIONS_MAX];
    uint32_t duration_count;
    bool sysmon;
    bool fresh;  /* what starts timers mostly takes new ones */
    bool shrunk; /* the last resize was to few Ps */
};

/* A small number from 1 to most: 1 half of the time, 2 a quarter of the time, ... */
static uint32_t draw_few(struct prng *prng, uint32_t most)
{
    uint32_t count = 1;
    while (count < most && prng_one_in(prng, 2))
        count++;
    return count;
}

static int64_t draw_nice(struct prng *prng)
{
    return nice_durations[prng_below(prng, count_of(nice_durations))];
}

/* A time or a period as nobody means it: before the clock began, never, beyond. */
static int64_t draw_raw(struct prng *prng)
{
    static const int64_t raw[] = { -1, 0, 1, 1000000, INT64_MAX };
    return raw[prng_below(prng, count_of(raw))];
}

static int64_t draw_duration(const struct taste *taste, struct prng *prng)
{
    if (prng_one_in(prng, 8))
        return draw_nice(prng);
    return taste->durations[prng_below(prng, taste->duration_count)];
}

static uint32_t draw_themes(struct prng *prng, bool crowd)
{
    static const uint8_t common[] = { THEME_TIMERS,    THEME_TIMERS,    THEME_TIMERS,
                                      THEME_DEADLINES, THEME_DEADLINES, THEME_SCAVENGER,
                                      THEME_SCAVENGER };
    uint32_t themes = 1u << common[prng_below(prng, count_of(common))];
    if (crowd)
        themes = 1u << THEME_TIMERS | 1u << THEME_DEADLINES;
    /* The scavenger's timer is stopped by sysmon, too, for which the world does not stop. */
    if (prng_one_in(prng, (themes >> THEME_SCAVENGER & 1) != 0 ? 2 : 3))
        themes |= 1u << THEME_WORLD;
    if (prng_one_in(prng, 8))
        themes |= 1u << prng_below(prng, THEME_COUNT);
    return themes;
}

static bool verb_is_allowed(uint32_t verb, uint32_t faults)
{
    if (verb == VERB_RESIZE)
        return (faults >> FAULT_RESIZE & 1) != 0;
    if (verb == VERB_GC)
        return (faults >> FAULT_STOP & 1) != 0;
    return true;
}

/* What few callers do. */
static bool verb_is_rare(uint32_t verb)
{
    return verb == VERB_AT || verb == VERB_EVERY;
}

/* The verbs of these themes, without about a third of them, and mostly without rare ones. */
static void draw_verbs(struct taste *taste, uint32_t themes, struct prng *prng, uint32_t faults)
{
    taste->verb_count = 0;
    for (uint32_t i = 0; i < count_of(theme_verbs); i++) {
        bool wanted = (themes >> theme_verbs[i].theme & 1) != 0;
        if (wanted)
            wanted = verb_is_rare(theme_verbs[i].verb) ? prng_one_in(prng, 8)
                                                       : !prng_one_in(prng, 3);
        if (!wanted || !verb_is_allowed(theme_verbs[i].verb, faults))
            continue;
        for (uint32_t j = 0; j < theme_verbs[i].weight; j++) {
            check(taste->verb_count < TASTE_VERBS_MAX);
            taste->verbs[taste->verb_count++] = theme_verbs[i].verb;
        }
    }
    if (taste->verb_count == 0)
        taste->verbs[taste->verb_count++] = VERB_RESET;
}

static bool has_verb(const struct taste *taste, uint32_t verb)
{
    for (uint32_t i = 0; i < taste->verb_count; i++)
        if (taste->verbs[i] == verb)
            return true;
    return false;
}

static void draw_taste(struct taste *taste, uint32_t themes, bool crowd, struct prng *prng,
                       uint32_t faults)
{
    draw_verbs(taste, themes, prng, faults);
    taste->added = 0;
    taste->fresh = prng_one_in(prng, 4);
    taste->shrunk = false;
    taste->timers = crowd ? TIMERS_COUNT : draw_few(prng, TIMERS_COUNT);
    taste->descriptors = crowd ? TIMERS_DESCRIPTORS : draw_few(prng, TIMERS_DESCRIPTORS);
    taste->goroutines = 2 + prng_below(prng, FEW_GOROUTINES - 1);
    taste->longest = crowd ? CROWD_OPERATIONS : FEW_OPERATIONS;
    taste->duration_count = crowd ? DURATIONS_MAX : draw_few(prng, DURATIONS_MAX);
    for (uint32_t i = 0; i < taste->duration_count; i++)
        taste->durations[i] = draw_nice(prng);
    taste->sysmon = has_verb(taste, VERB_SYSMON_SCAVENGE) || prng_one_in(prng, 3);
    /* Time stands still while anybody runs, so only who sleeps as long as sysmon meets it. */
    if (taste->sysmon && prng_one_in(prng, 2))
        taste->durations[0] = SYSMON_NAP;
}

/* A timer is new but once, after that add is no more than reset. So every second add is of the next
 * timer that is new: starting timers is worth as much as using them. In some programs it is worth
 * more: then all but one in eight. */
static uint32_t draw_timer(struct taste *taste, uint32_t verb, struct prng *prng)
{
    bool starts = verb == VERB_ADD || verb == VERB_AFTER;
    bool is_new = taste->fresh ? !prng_one_in(prng, 8) : prng_one_in(prng, 2);
    if (starts && is_new && taste->added < TIMERS_COUNT)
        return taste->added++;
    return prng_below(prng, taste->timers);
}

static int64_t draw_argument(struct taste *taste, uint32_t verb,
                             const struct subject_argument *argument, struct prng *prng)
{
    int64_t value;
    switch (argument->prefix[0]) {
    case 't': value = draw_timer(taste, verb, prng); break;
    case 'd': value = prng_below(prng, taste->descriptors); break;
    case '+': value = draw_duration(taste, prng); break;
    case '@': value = draw_raw(prng); break;
    default: /* how many Ps: mostly up and down between the bounds */
        value = taste->shrunk ? argument->maximum : argument->minimum;
        if (prng_one_in(prng, 4))
            value = argument->minimum +
                    prng_below(prng, (uint32_t)(argument->maximum - argument->minimum + 1));
        taste->shrunk = value == argument->minimum;
    }
    return value < argument->minimum ? argument->minimum : value;
}

static void add_operation(struct plan *plan, char actor_kind, uint32_t actor, uint32_t verb,
                          struct taste *taste, struct prng *prng)
{
    const struct subject_verb *row = &timers_subject.verbs[verb];
    struct plan_operation operation = { actor_kind, (uint8_t)actor, (uint8_t)verb, { 0, 0 } };
    for (uint32_t i = 0; i < row->argument_count; i++)
        operation.arguments[i] = draw_argument(taste, verb, &row->arguments[i], prng);
    plan_add_operation(plan, operation);
}

static void draw_goroutines(struct plan *plan, struct taste *taste, struct prng *prng)
{
    for (uint32_t i = 1; i <= taste->goroutines; i++) {
        uint32_t count = 1 + prng_below(prng, taste->longest);
        for (uint32_t j = 0; j < count; j++)
            add_operation(plan, 'g', i, taste->verbs[prng_below(prng, taste->verb_count)], taste,
                          prng);
    }
}

/* What callbacks do: start, stop and reset timers, their own included. */
static void draw_callbacks(struct plan *plan, struct taste *taste, struct prng *prng)
{
    static const uint8_t callback_verbs[] = { VERB_RESET, VERB_RESET,    VERB_STOP, VERB_ADD,
                                              VERB_PERIODIC, VERB_SCAVENGE, VERB_IO };
    uint32_t count = draw_few(prng, 3);
    for (uint32_t i = 0; i < count; i++)
        add_operation(plan, 'f', prng_below(prng, taste->timers),
                      callback_verbs[prng_below(prng, count_of(callback_verbs))], taste, prng);
}

/* Sides that send what arrives when it likes, also when every P is idle. */
static void draw_peers(struct plan *plan, struct taste *taste, struct prng *prng)
{
    uint32_t peers = draw_few(prng, TIMERS_PEERS);
    for (uint32_t i = 1; i <= peers; i++) {
        for (uint32_t j = draw_few(prng, PEER_OPERATIONS); j > 0; j--) {
            if (!prng_one_in(prng, 4))
                add_operation(plan, 'x', i, VERB_WAIT, taste, prng);
            add_operation(plan, 'x', i, VERB_IO, taste, prng);
        }
    }
}

/* Seldom one: what two Ps do to each other is most of what can go wrong. With three or more, one may
 * be idle while two others are at work. */
static uint32_t draw_procs(struct prng *prng)
{
    return prng_one_in(prng, 6) ? 1 : 2 + prng_below(prng, TIMERS_PROCS_MAX - 1);
}

static void draw_settings(struct plan *plan, const struct taste *taste, uint32_t procs,
                          bool scavenges, struct prng *prng)
{
    plan->settings[SETTING_PROCS] = procs;
    plan->settings[SETTING_SYSMON] = taste->sysmon;
    plan->settings[SETTING_SCAVENGER] = 0;
    if (scavenges) {
        int64_t sleep_ns = taste->durations[prng_below(prng, taste->duration_count)];
        plan->settings[SETTING_SCAVENGER] = sleep_ns > 0 ? sleep_ns : 1;
    }
}

/* --- the shapes --- */

static void draw_few_or_crowd(struct plan *plan, bool crowd, struct prng *prng, uint32_t faults)
{
    struct taste taste;
    uint32_t themes = draw_themes(prng, crowd);
    bool scavenges = (themes >> THEME_SCAVENGER & 1) != 0;
    draw_taste(&taste, themes, crowd, prng, faults);
    draw_settings(plan, &taste, draw_procs(prng), scavenges, prng);
    draw_goroutines(plan, &taste, prng);
    if ((themes >> THEME_DEADLINES & 1) != 0 && prng_one_in(prng, 3))
        draw_peers(plan, &taste, prng);
    bool has_timers = (themes >> THEME_TIMERS & 1) != 0;
    if (has_timers && (faults >> FAULT_REENTER & 1) != 0 && prng_one_in(prng, 3))
        draw_callbacks(plan, &taste, prng);
}

/* One that is allowed; if none is drawn soon, a sleep. */
static uint32_t draw_part_verb(enum part part, struct prng *prng, uint32_t faults)
{
    if (part == PART_TIMERS && prng_one_in(prng, 32))
        return prng_one_in(prng, 2) ? VERB_AT : VERB_EVERY;
    for (uint32_t tries = 0; tries < PART_VERBS_MAX; tries++) {
        uint32_t verb = part_verbs[part][prng_below(prng, PART_VERBS_MAX)];
        if (verb_is_allowed(verb, faults))
            return verb;
    }
    return VERB_SLEEP;
}

/* What the two sides do: each has a verb that it prefers, so that many a duel is between two. */
struct duel {
    enum part parts[2];
    uint32_t preferred[2];
};

static struct duel draw_sides(struct prng *prng, uint32_t faults)
{
    struct duel duel;
    duel.parts[0] = (enum part)prng_below(prng, PART_COUNT);
    duel.parts[1] = (enum part)prng_below(prng, PART_COUNT);
    if (prng_one_in(prng, 4))
        duel.parts[1] = duel.parts[0];
    for (uint32_t i = 0; i < 2; i++)
        duel.preferred[i] = draw_part_verb(duel.parts[i], prng, faults);
    return duel;
}

/* Who is on which side: now and then one does a bit of both, or all is done by one. */
static void draw_duelists(struct plan *plan, struct taste *taste, const struct duel *duel,
                          struct prng *prng, uint32_t faults)
{
    uint32_t rounds = 1u << (draw_few(prng, 3) - 1);
    for (uint32_t i = 0; i < taste->goroutines; i++) {
        uint32_t length = 1 + prng_below(prng, DUEL_PATTERN_MAX), pattern[DUEL_PATTERN_MAX];
        for (uint32_t j = 0; j < length; j++) {
            bool other = taste->goroutines == 1 ? j == 1 : prng_one_in(prng, 4);
            uint32_t side = (i + other) % 2;
            pattern[j] = prng_one_in(prng, 2) ? duel->preferred[side]
                                              : draw_part_verb(duel->parts[side], prng, faults);
        }
        for (uint32_t j = 0; j < rounds * length; j++)
            add_operation(plan, 'g', i + 1, pattern[j % length], taste, prng);
    }
}

static bool has_part(const struct duel *duel, enum part part)
{
    return duel->parts[0] == part || duel->parts[1] == part;
}

static void draw_duel(struct plan *plan, struct prng *prng, uint32_t faults)
{
    struct duel duel = draw_sides(prng, faults);
    bool scavenges = has_part(&duel, PART_SCAVENGER);
    bool waits = has_part(&duel, PART_WAITS) || has_part(&duel, PART_DEADLINES);

    struct taste taste = { .timers = draw_few(prng, 3),
                           .descriptors = 1,
                           .goroutines = 1 + prng_below(prng, DUEL_GOROUTINES),
                           .duration_count = prng_one_in(prng, 4) ? 2 : 1,
                           .sysmon = scavenges || has_part(&duel, PART_WORK) ||
                                     prng_one_in(prng, 3),
                           .fresh = prng_one_in(prng, 2) };
    for (uint32_t i = 0; i < taste.duration_count; i++)
        taste.durations[i] = draw_nice(prng);
    draw_settings(plan, &taste, draw_procs(prng), scavenges, prng);
    draw_duelists(plan, &taste, &duel, prng, faults);
    if (waits && prng_one_in(prng, 3))
        draw_peers(plan, &taste, prng);
    if (has_part(&duel, PART_TIMERS) && (faults >> FAULT_REENTER & 1) != 0 && prng_one_in(prng, 4))
        draw_callbacks(plan, &taste, prng);
}

static void add_drawn(struct plan *plan, uint32_t actor, const uint8_t *verbs, size_t verb_count,
                      uint32_t count, struct taste *taste, struct prng *prng)
{
    for (uint32_t i = 0; i < count; i++)
        add_operation(plan, 'g', actor, verbs[prng_below(prng, (uint32_t)verb_count)], taste, prng);
}

static void draw_wait_burst(struct plan *plan, struct prng *prng)
{
    struct taste taste = { .descriptors = TIMERS_DESCRIPTORS,
                           .goroutines = 2 + prng_below(prng, TIMERS_GOROUTINES - 1),
                           .duration_count = 1,
                           .durations = { draw_nice(prng) } };
    draw_settings(plan, &taste, draw_procs(prng), false, prng);
    for (uint32_t i = 1; i < taste.goroutines; i++)
        add_drawn(plan, i, burst_waits, count_of(burst_waits), draw_few(prng, 3), &taste, prng);
    for (uint32_t rounds = draw_few(prng, 3); rounds > 0; rounds--) {
        add_drawn(plan, taste.goroutines, burst_events, count_of(burst_events),
                  1 + prng_below(prng, 8), &taste, prng);
        add_drawn(plan, taste.goroutines, burst_stops, count_of(burst_stops), 1, &taste, prng);
    }
}

static void draw_timer_burst(struct plan *plan, struct prng *prng)
{
    struct taste taste = { .timers = TIMERS_COUNT,
                           .descriptors = TIMERS_DESCRIPTORS,
                           .goroutines = 1 + prng_below(prng, TIMERS_GOROUTINES),
                           .duration_count = prng_one_in(prng, 2) ? 1 : DURATIONS_MAX,
                           .sysmon = prng_one_in(prng, 3),
                           .fresh = prng_one_in(prng, 2) };
    for (uint32_t i = 0; i < taste.duration_count; i++)
        taste.durations[i] = draw_nice(prng);
    draw_settings(plan, &taste, draw_procs(prng), false, prng);

    uint32_t starters = draw_few(prng, 2), starts = 1 + prng_below(prng, TIMERS_COUNT);
    for (uint32_t i = 1; i <= taste.goroutines; i++) {
        if (i <= starters) {
            add_drawn(plan, i, burst_starts, count_of(burst_starts), starts, &taste, prng);
            add_drawn(plan, i, burst_changes, count_of(burst_changes), prng_below(prng, 8), &taste,
                      prng);
        } else {
            add_drawn(plan, i, burst_fills, count_of(burst_fills), draw_few(prng, 3), &taste, prng);
        }
    }
}

void timers_generate(struct plan *plan, struct prng *prng, uint32_t faults)
{
    bool stops = verb_is_allowed(VERB_GC, faults) && verb_is_allowed(VERB_RESIZE, faults);
    uint32_t share = prng_below(prng, SHAPE_SHARES), shape = 0;
    while (share >= shape_shares[shape])
        share -= shape_shares[shape++];
    switch ((enum shape)shape) {
    case SHAPE_DUEL: draw_duel(plan, prng, faults); break;
    case SHAPE_BURST:
        if (stops && prng_one_in(prng, 3))
            draw_wait_burst(plan, prng);
        else
            draw_timer_burst(plan, prng);
        break;
    default: draw_few_or_crowd(plan, shape == SHAPE_CROWD, prng, faults);
    }
}
