/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzer bytes, and after their end a random walk by the seed of strategy_seed(). The bytes alternate
 * between two streams, so that changing a fault does not shift the schedule: bytes at even places
 * are schedule, at odd places faults.
 *
 * Schedule, two bytes a segment: who (index among those that can run; the top eighth of the range
 * picks among the sleeping), how many steps (small numbers exactly, large ones coarsely).
 * Faults, one byte each: 0 means no fault of this kind any more, else how many points to let pass;
 * if the kind has a size, a second byte says how large.
 */
#include "core/engine/strategy_internal.h"

static struct {
    const uint8_t *bytes;
    size_t size, schedule_at, fault_at;
} input;

static void begin(struct strategy *strategy, const struct plan *plan)
{
    (void)strategy;
    input.schedule_at = 0;
    input.fault_at = 1;
    strategy_random.begin(&strategy_random, plan);
}

/* False: the stream is over. */
static bool draw(size_t *at, uint8_t *byte)
{
    if (*at >= input.size)
        return false;
    *byte = input.bytes[*at];
    *at += 2;
    return true;
}

static uint32_t steps_of(uint8_t byte)
{
    return byte < 192 ? 1u + byte % 64 : 1u + (byte - 192u) * 16;
}

static bool next(struct strategy *strategy, const struct choice *choice,
                 struct plan_segment *segment)
{
    (void)strategy;
    uint8_t who = 0, length = 0;
    if (!draw(&input.schedule_at, &who) || !draw(&input.schedule_at, &length))
        return strategy_random.next(&strategy_random, choice, segment);
    const struct thread_set *set = who >= 224 && choice->sleeping->count > 0 ? choice->sleeping
                                                                             : choice->runnable;
    segment->thread = set->members[who % set->count];
    segment->steps = steps_of(length);
    return true;
}

static uint32_t fault_gap(struct strategy *strategy, enum fault_kind kind, int64_t *value)
{
    (void)strategy;
    uint8_t gap = 0, size = 0;
    if (!draw(&input.fault_at, &gap))
        return strategy_random.fault_gap(&strategy_random, kind, value);
    if (gap == 0)
        return UINT32_MAX;
    if (fault_is_sized(kind)) {
        draw(&input.fault_at, &size);
        *value = ((int64_t)1 << (size % 31)) - (kind == FAULT_WAIT ? 1 : 0);
    }
    return gap - 1u;
}

struct strategy *strategy_bytes(const uint8_t *bytes, size_t size)
{
    static struct strategy from_bytes = { .name = "bytes", .about = "decisions from fuzzer bytes",
                                          .begin = begin, .next = next,
                                          .fault_gap = fault_gap };
    input.bytes = bytes;
    input.size = size;
    return &from_bytes;
}
