/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/decode.h"

#include <string.h>

#include "core/base/check.h"
#include "core/base/prng.h"
#include "core/engine/strategy.h"

/* Ranges wider than a byte are mostly durations in ns: these make things coincide. The last rows
 * stand for the bounds. */
static const int64_t nice[] = { 0, 1, 1000, 20000, 1000000, 10000000 };
enum { NICE_COUNT = count_of(nice), WIDE_COUNT = NICE_COUNT + 2 };

struct input {
    const uint8_t *bytes;
    size_t size, at;
};

static uint8_t next_byte(struct input *input)
{
    return input->at < input->size ? input->bytes[input->at++] : 0;
}

static int64_t clamp(int64_t value, int64_t minimum, int64_t maximum)
{
    if (value < minimum)
        return minimum;
    return value > maximum ? maximum : value;
}

int64_t decode_value(uint8_t byte, int64_t minimum, int64_t maximum, int64_t standard)
{
    uint64_t last = (uint64_t)maximum - (uint64_t)minimum;
    if (last <= UINT8_MAX) {
        uint64_t offset = (uint64_t)standard - (uint64_t)minimum + byte;
        return minimum + (int64_t)(offset % (last + 1));
    }
    if (byte == 0)
        return standard;
    uint32_t row = byte % WIDE_COUNT;
    if (row < NICE_COUNT)
        return clamp(nice[row], minimum, maximum);
    return row == NICE_COUNT ? minimum : maximum;
}

static void decode_actor(const struct wedge_subject *subject, uint8_t byte,
                         struct plan_operation *operation)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < subject->actor_count; i++)
        total += subject->actors[i].maximum - subject->actors[i].minimum + 1u;
    uint32_t index = byte % total;
    for (uint32_t i = 0; i < subject->actor_count; i++) {
        const struct subject_actor *actor = &subject->actors[i];
        uint32_t count = actor->maximum - actor->minimum + 1u;
        operation->actor_kind = actor->kind;
        operation->actor = (uint8_t)(actor->minimum + index);
        if (index < count)
            return;
        index -= count;
    }
    check(!"an index beyond the last actor");
}

/* The byte-th of the verbs that this kind of actor has. False: it has none. */
static bool decode_verb(const struct wedge_subject *subject, uint8_t byte,
                        struct plan_operation *operation)
{
    uint8_t verbs[UINT8_MAX + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < subject->verb_count; i++)
        if (strchr(subject->verbs[i].actors, operation->actor_kind) != NULL)
            verbs[count++] = (uint8_t)i;
    if (count == 0)
        return false;
    operation->verb = verbs[byte % count];
    return true;
}

bool decode_operation(const struct wedge_subject *subject,
                      const uint8_t bytes[DECODE_OPERATION_SIZE],
                      struct plan_operation *operation)
{
    *operation = (struct plan_operation){ 0 };
    decode_actor(subject, bytes[0], operation);
    if (!decode_verb(subject, bytes[1], operation))
        return false;
    const struct subject_verb *verb = &subject->verbs[operation->verb];
    for (uint32_t i = 0; i < verb->argument_count; i++)
        operation->arguments[i] = decode_value(bytes[2 + i], verb->arguments[i].minimum,
                                               verb->arguments[i].maximum,
                                               verb->arguments[i].minimum);
    return true;
}

static void decode_next_operation(const struct wedge_subject *subject, struct input *input,
                                  struct plan *plan)
{
    uint8_t bytes[DECODE_OPERATION_SIZE];
    struct plan_operation operation;
    for (uint32_t i = 0; i < DECODE_OPERATION_SIZE; i++)
        bytes[i] = next_byte(input);
    if (decode_operation(subject, bytes, &operation))
        plan_add_operation(plan, operation);
}

static uint32_t decode_seed(struct input *input)
{
    uint32_t seed = 0;
    for (int i = 0; i < DECODE_SEED_SIZE; i++)
        seed |= (uint32_t)next_byte(input) << 8 * i;
    return seed;
}

static void decode_settings(const struct wedge_subject *subject, struct input *input,
                            struct plan *plan)
{
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        const struct subject_setting *setting = &subject->settings[i];
        plan->settings[i] = decode_value(next_byte(input), setting->minimum, setting->maximum,
                                         setting->standard);
    }
}

size_t decode_plan(const struct wedge_subject *subject, const uint8_t *bytes, size_t size,
                   struct plan *plan)
{
    check(subject->verb_count <= UINT8_MAX);
    struct input input = { bytes, size, 0 };
    struct prng prng = { decode_seed(&input) };
    strategy_seed(prng_next(&prng));
    plan_clear(plan);
    uint32_t count = next_byte(&input) % (DECODE_OPERATIONS_MAX + 1);
    if (count == 0 || subject->actor_count == 0 || subject->verb_count == 0) {
        subject->generate(plan, &prng, subject->faults);
        return input.at;
    }
    decode_settings(subject, &input, plan);
    for (uint32_t i = 0; i < count && input.at < size; i++)
        decode_next_operation(subject, &input, plan);
    return input.at;
}
