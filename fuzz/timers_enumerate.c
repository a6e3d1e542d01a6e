/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small programs of the subject "timers", of which each schedule can be made: two goroutines on
 * one or two Ps, and one or two timers besides that of a sleep. In eight parts, all combinations in
 * each:
 *
 *   timers      g1 does one thing to t0; g2 one to t0 or t1
 *   fires       g1 starts t0; g2 sleeps until it is due, and does one thing to t0 or to t1
 *   stolen      g1 starts t0, keeps its P until it is due, so that others run it, and does one
 *               thing to it; g2 yields
 *   deadlines   g1 does one thing to d0, and g2 one; the two timers are those of its deadlines
 *   expires     g1 sets the deadlines of d0, keeps its P until they have passed, and does one thing
 *               to d0; g2 one
 *   scavenger   there is a scavenger, with its timer; g1 wakes it; g2 does one thing to t0
 *   scavenges   the same, and g1 keeps its P until the scavenger's timer is due, and then wakes it;
 *               g2 yields or starts t0
 *   started     g1 starts t0, due at once or a nanosecond later, and does one thing to it; g2 one
 *
 * What is done to a timer: start it, start it later, reset it, reset it for later, stop it, make it
 * periodic. To a descriptor: set both deadlines, or that for reading, or that for writing; clear
 * them; have them expire.
 */
#include "core/base/check.h"
#include "fuzz/timers.h"
#include "fuzz/timers_program.h"

struct deed {
    uint8_t verb;
    int64_t duration_ns;
};

static const struct deed on_timer[] = {
    { VERB_ADD, 0 },   { VERB_RESET, 0 }, { VERB_STOP, 0 },
    { VERB_ADD, 1 },   { VERB_RESET, 1 }, { VERB_PERIODIC, 1 },
};
static const struct deed on_descriptor[] = {
    { VERB_DEADLINE, 1 }, { VERB_RDEADLINE, 1 }, { VERB_WDEADLINE, 1 },
    { VERB_CLEAR, 0 },    { VERB_EXPIRE, 0 },
};
static const struct deed start_timer[] = { { VERB_ADD, 0 }, { VERB_ADD, 1 } };
static const struct deed start_later[] = { { VERB_ADD, 1 } };
static const struct deed set_deadlines[] = { { VERB_DEADLINE, 1 } };
static const struct deed sleep_on[] = { { VERB_SLEEP, 1 } };
static const struct deed compute[] = { { VERB_COMPUTE, 1 } };
static const struct deed wake[] = { { VERB_SCAVENGE, 0 } };
static const struct deed yield[] = { { VERB_YIELD, 0 } };
static const struct deed yield_or_start[] = { { VERB_YIELD, 0 }, { VERB_ADD, 0 }, { VERB_ADD, 1 } };

/* One of some deeds; of none, nothing. */
struct deeds {
    const struct deed *deeds;
    uint32_t count;
};

/* g1 does one of g1[0], then one of g1[1] and one of g1[2]; g2 likewise, the last to one of
 * `objects` timers or descriptors; all others to number 0. */
struct part {
    struct deeds g1[3], g2[2];
    uint32_t objects;
    int64_t scavenger_ns;
};

#define ONE_OF(array) { (array), count_of(array) }
#define NOTHING { NULL, 0 }
static const struct part parts[] = {
    { { ONE_OF(on_timer), NOTHING, NOTHING }, { NOTHING, ONE_OF(on_timer) }, 2, 0 },
    { { ONE_OF(on_descriptor), NOTHING, NOTHING }, { NOTHING, ONE_OF(on_descriptor) }, 1, 0 },
    { { ONE_OF(start_later), NOTHING, NOTHING }, { ONE_OF(sleep_on), ONE_OF(on_timer) }, 2, 0 },
    { { ONE_OF(start_later), ONE_OF(compute), ONE_OF(on_timer) },
      { ONE_OF(yield), NOTHING }, 1, 0 },
    { { ONE_OF(set_deadlines), ONE_OF(compute), ONE_OF(on_descriptor) },
      { NOTHING, ONE_OF(on_descriptor) }, 1, 0 },
    { { ONE_OF(wake), NOTHING, NOTHING }, { NOTHING, ONE_OF(on_timer) }, 1, 1 },
    { { ONE_OF(compute), ONE_OF(wake), NOTHING }, { NOTHING, ONE_OF(yield_or_start) }, 1, 1 },
    { { ONE_OF(start_timer), ONE_OF(on_timer), NOTHING }, { NOTHING, ONE_OF(on_timer) }, 1, 0 },
};

static const uint8_t procs[] = { 1, 2 };

/* One digit of a number: *rest loses it. */
static uint32_t take(uint64_t *rest, uint32_t base)
{
    uint32_t digit = (uint32_t)(*rest % base);
    *rest /= base;
    return digit;
}

static void add(struct plan *plan, uint8_t goroutine, const struct deeds *deeds, uint32_t object,
                uint64_t *rest)
{
    if (deeds->count == 0)
        return;
    const struct deed *deed = &deeds->deeds[take(rest, deeds->count)];
    const struct subject_verb *verb = &timers_subject.verbs[deed->verb];
    struct plan_operation operation = { 'g', goroutine, deed->verb, { 0, 0 } };
    for (uint32_t i = 0; i < verb->argument_count; i++)
        operation.arguments[i] = verb->arguments[i].prefix[0] == '+' ? deed->duration_ns : object;
    check(plan_add_operation(plan, operation));
}

static void fill(struct plan *plan, const struct part *part, uint64_t index)
{
    plan->settings[SETTING_PROCS] = procs[take(&index, count_of(procs))];
    plan->settings[SETTING_SYSMON] = 0;
    plan->settings[SETTING_SCAVENGER] = part->scavenger_ns;
    uint32_t object = take(&index, part->objects);
    for (uint32_t i = 0; i < count_of(part->g1); i++)
        add(plan, 1, &part->g1[i], 0, &index);
    add(plan, 2, &part->g2[0], 0, &index);
    add(plan, 2, &part->g2[1], object, &index);
    check(index == 0);
}

static uint64_t size_of(const struct deeds *deeds)
{
    return deeds->count > 0 ? deeds->count : 1;
}

bool timers_enumerate(uint64_t index, struct plan *plan)
{
    for (uint32_t i = 0; i < count_of(parts); i++) {
        const struct part *part = &parts[i];
        uint64_t size = count_of(procs) * part->objects * size_of(&part->g1[0]) *
                        size_of(&part->g1[1]) * size_of(&part->g1[2]) * size_of(&part->g2[0]) *
                        size_of(&part->g2[1]);
        if (index < size) {
            fill(plan, part, index);
            return true;
        }
        index -= size;
    }
    return false;
}
