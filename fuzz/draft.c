/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "fuzz/draft.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "fuzz/decode.h"

static const uint8_t tag[] = { 0xd7, 1 };

#define SIZE_BOUND_NS ((uint64_t)1 << 40) /* of a fault: a quarter of an hour */

/* The portfolio, which is the first of them, or any. */
uint32_t draft_draw_strategy(struct prng *prng)
{
    return prng_one_in(prng, 4) ? prng_below(prng, strategy_count()) : 0;
}

void draft_draw(const struct wedge_subject *subject, struct prng *prng, struct draft *draft)
{
    plan_clear(&draft->plan);
    subject->generate(&draft->plan, prng, subject->faults);
    draft->seed = (uint32_t)prng_next(prng);
    draft->strategy = draft_draw_strategy(prng);
}

struct strategy *draft_strategy(const struct draft *draft)
{
    strategy_forget(); /* a draft's run depends on nothing but the draft */
    strategy_seed(draft->seed);
    return strategy_follow(strategy_at(draft->strategy));
}

struct strategy *draft_read(const struct wedge_subject *subject, const uint8_t *bytes, size_t size,
                            struct draft *draft)
{
    if (draft_is_one(bytes, size)) {
        draft_decode(subject, bytes, size, draft);
        return draft_strategy(draft);
    }
    size_t used = decode_plan(subject, bytes, size, &draft->plan);
    draft->seed = (uint32_t)size;
    draft->strategy = 0;
    return strategy_bytes(bytes + used, size - used);
}

void draft_settle(struct draft *draft)
{
    engine_recorded(&draft->plan);
}

/* --- points by name --- */

static uint16_t hash_of_site(const struct hook_site *site)
{
    XXH64_hash_t hash = XXH3_64bits(site->function, strlen(site->function));
    hash = XXH3_64bits_withSeed(site->object, strlen(site->object), hash);
    return (uint16_t)(hash + site->kind * 0x9e37u);
}

static uint16_t hash_of_group(uint16_t group)
{
    static uint16_t *hashes;
    uint32_t count = site_fault_group_count();
    if (hashes == NULL) {
        hashes = calloc(count + 1, sizeof *hashes);
        check(hashes != NULL);
        for (uint16_t i = 0; i < count; i++)
            hashes[i] = hash_of_site(site_of_group(i));
    }
    check(group < count);
    return hashes[group];
}

/* A point where such a fault can happen: that of the hash, or if it is no more, any. False: there is
 * none. */
static bool group_of_hash(enum fault_kind kind, uint16_t hash, uint16_t *group)
{
    uint32_t fitting = 0;
    for (uint16_t i = 0; i < site_fault_group_count(); i++) {
        if ((enum hook_kind)site_of_group(i)->kind != site_kind_of_fault(kind))
            continue;
        *group = i;
        if (hash_of_group(i) == hash)
            return true;
        fitting++;
    }
    return fitting > 0;
}

/* --- numbers --- */

struct reader {
    const uint8_t *bytes;
    size_t size, at;
};

static uint8_t read_byte(struct reader *reader)
{
    return reader->at < reader->size ? reader->bytes[reader->at++] : 0;
}

static uint64_t read_number(struct reader *reader)
{
    uint64_t number = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(reader);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return number;
}

/* From `standard` on, and round from the maximum to the minimum. */
static int64_t read_value(struct reader *reader, int64_t minimum, int64_t maximum, int64_t standard)
{
    uint64_t count = (uint64_t)maximum - (uint64_t)minimum + 1;
    uint64_t offset = read_number(reader);
    offset += (uint64_t)standard - (uint64_t)minimum;
    return (int64_t)((uint64_t)minimum + (count != 0 ? offset % count : offset));
}

/* `full`: something had no room, and nothing is written any more. */
struct writer {
    uint8_t *bytes;
    size_t size, at;
    bool full;
};

static void write_bytes(struct writer *writer, const void *bytes, size_t size)
{
    writer->full = writer->full || size > writer->size - writer->at;
    if (writer->full)
        return;
    memcpy(writer->bytes + writer->at, bytes, size);
    writer->at += size;
}

static void write_number(struct writer *writer, uint64_t number)
{
    uint8_t bytes[10];
    size_t size = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[size++] = (uint8_t)(number | 0x80);
    bytes[size++] = (uint8_t)number;
    write_bytes(writer, bytes, size);
}

static void write_value(struct writer *writer, int64_t value, int64_t minimum, int64_t maximum,
                        int64_t standard)
{
    uint64_t count = (uint64_t)maximum - (uint64_t)minimum + 1;
    uint64_t offset = (uint64_t)value - (uint64_t)standard;
    write_number(writer, value < standard ? offset + count : offset);
}

/* --- operations --- */

/* Actors of all kinds in a row. */
static uint32_t number_of_actor(const struct wedge_subject *subject,
                                const struct plan_operation *operation)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < subject->actor_count; i++) {
        const struct subject_actor *actor = &subject->actors[i];
        if (actor->kind == operation->actor_kind)
            return number + operation->actor - actor->minimum;
        number += actor->maximum - actor->minimum + 1u;
    }
    check(!"an operation of an actor that the subject does not have");
    return 0;
}

/* One byte each for actor and verb, as decode.h has them, and then what the verb wants. */
static void write_operation(struct writer *writer, const struct wedge_subject *subject,
                            const struct plan_operation *operation)
{
    const struct subject_verb *verb = &subject->verbs[operation->verb];
    uint32_t index = 0;
    for (uint32_t i = 0; i < operation->verb; i++)
        index += strchr(subject->verbs[i].actors, operation->actor_kind) != NULL;
    uint8_t bytes[2] = { (uint8_t)number_of_actor(subject, operation), (uint8_t)index };
    write_bytes(writer, bytes, sizeof bytes);
    for (uint32_t i = 0; i < verb->argument_count; i++)
        write_value(writer, operation->arguments[i], verb->arguments[i].minimum,
                    verb->arguments[i].maximum, verb->arguments[i].minimum);
}

static void read_operation(struct reader *reader, const struct wedge_subject *subject,
                           struct plan *plan)
{
    uint8_t bytes[DECODE_OPERATION_SIZE] = { 0 };
    struct plan_operation operation;
    bytes[0] = read_byte(reader);
    bytes[1] = read_byte(reader);
    if (!decode_operation(subject, bytes, &operation))
        return;
    const struct subject_verb *verb = &subject->verbs[operation.verb];
    for (uint32_t i = 0; i < verb->argument_count; i++)
        operation.arguments[i] = read_value(reader, verb->arguments[i].minimum,
                                            verb->arguments[i].maximum,
                                            verb->arguments[i].minimum);
    plan_add_operation(plan, operation);
}

/* --- faults --- */

static void write_fault(struct writer *writer, const struct plan_fault *fault)
{
    uint16_t hash = hash_of_group(fault->group);
    uint8_t bytes[] = { fault->kind, (uint8_t)hash, (uint8_t)(hash >> 8) };
    write_bytes(writer, bytes, sizeof bytes);
    write_bytes(writer, fault->agent, strlen(fault->agent) + 1);
    write_number(writer, fault->ordinal - 1);
    if (fault_is_sized((enum fault_kind)fault->kind))
        write_number(writer, (uint64_t)fault->value);
}

/* Letters, digits: what names of agents are made of. */
static bool is_of_names(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '-';
}

static void read_agent(struct reader *reader, char agent[PLAN_AGENT_MAX])
{
    uint32_t length = 0;
    for (uint8_t byte; (byte = read_byte(reader)) != 0;)
        if (is_of_names(byte) && length < PLAN_AGENT_MAX - 1)
            agent[length++] = (char)byte;
    if (length == 0)
        agent[length++] = 'm';
    memset(agent + length, 0, PLAN_AGENT_MAX - length);
}

static void read_fault(struct reader *reader, const struct wedge_subject *subject,
                       struct plan *plan)
{
    struct plan_fault fault = { 0 };
    fault.kind = read_byte(reader) % FAULT_INJECTED_COUNT;
    uint16_t hash = read_byte(reader);
    hash |= (uint16_t)(read_byte(reader) << 8);
    read_agent(reader, fault.agent);
    fault.ordinal = (uint32_t)(read_number(reader) % UINT16_MAX) + 1;
    bool sized = fault_is_sized((enum fault_kind)fault.kind);
    if (sized)
        fault.value = (int64_t)(read_number(reader) % SIZE_BOUND_NS);
    if (sized && fault.kind != FAULT_WAIT && fault.value == 0)
        fault.value = 1;
    if ((subject->faults >> fault.kind & 1) != 0 &&
        group_of_hash((enum fault_kind)fault.kind, hash, &fault.group))
        plan_add_fault(plan, fault);
}

/* --- drafts --- */

bool draft_is_one(const uint8_t *bytes, size_t size)
{
    return size >= sizeof tag && memcmp(bytes, tag, sizeof tag) == 0;
}

static void read_segments(struct reader *reader, struct plan *plan)
{
    while (reader->at < reader->size) {
        uint64_t thread = read_number(reader) % (2 * ENGINE_THREADS_MAX);
        struct plan_segment segment = { .thread = (uint16_t)(thread % ENGINE_THREADS_MAX),
                                        .flows = thread >= ENGINE_THREADS_MAX };
        uint64_t steps = read_number(reader);
        segment.steps = steps < UINT32_MAX ? (uint32_t)steps + 1 : UINT32_MAX;
        plan_add_segment(plan, segment);
    }
}

void draft_decode(const struct wedge_subject *subject, const uint8_t *bytes, size_t size,
                  struct draft *draft)
{
    check(draft_is_one(bytes, size));
    struct reader reader = { bytes, size, sizeof tag };
    struct plan *plan = &draft->plan;
    plan_clear(plan);
    draft->seed = 0;
    for (uint32_t i = 0; i < 32; i += 8)
        draft->seed |= (uint32_t)read_byte(&reader) << i;
    draft->strategy = read_byte(&reader) % strategy_count();
    for (uint32_t i = 0; i < subject->setting_count; i++)
        plan->settings[i] = read_value(&reader, subject->settings[i].minimum,
                                       subject->settings[i].maximum,
                                       subject->settings[i].standard);
    bool has_program = subject->actor_count > 0 && subject->verb_count > 0;
    uint32_t operations = read_byte(&reader);
    for (uint32_t i = 0; has_program && i < operations && reader.at < size; i++)
        read_operation(&reader, subject, plan);
    uint64_t faults = read_number(&reader);
    for (uint64_t i = 0; i < faults && reader.at < size; i++)
        read_fault(&reader, subject, plan);
    read_segments(&reader, plan);
}

/* So many of the things from the first on; the writer is full: false. */
static bool write_all(struct writer *writer, const struct wedge_subject *subject,
                      const struct draft *draft, uint32_t operations, uint32_t faults)
{
    const struct plan *plan = &draft->plan;
    uint8_t head[] = { tag[0],
                       tag[1],
                       (uint8_t)draft->seed,
                       (uint8_t)(draft->seed >> 8),
                       (uint8_t)(draft->seed >> 16),
                       (uint8_t)(draft->seed >> 24),
                       (uint8_t)draft->strategy };
    write_bytes(writer, head, sizeof head);
    for (uint32_t i = 0; i < subject->setting_count; i++)
        write_value(writer, plan->settings[i], subject->settings[i].minimum,
                    subject->settings[i].maximum, subject->settings[i].standard);
    uint8_t count = (uint8_t)operations;
    write_bytes(writer, &count, 1);
    for (uint32_t i = 0; i < operations; i++)
        write_operation(writer, subject, &plan->operations[i]);
    write_number(writer, faults);
    for (uint32_t i = 0; i < faults; i++)
        write_fault(writer, &plan->faults[i]);
    return !writer->full;
}

static void write_segments(struct writer *writer, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        struct writer mark = *writer;
        bool flows = plan->segments[i].flows;
        write_number(writer, plan->segments[i].thread + (flows ? ENGINE_THREADS_MAX : 0u));
        write_number(writer, plan->segments[i].steps - 1);
        if (writer->full) { /* half a segment is none */
            *writer = mark;
            return;
        }
    }
}

size_t draft_encode(const struct wedge_subject *subject, const struct draft *draft, uint8_t *bytes,
                    size_t size)
{
    uint32_t operations = draft->plan.operation_count, faults = draft->plan.fault_count;
    struct writer writer = { bytes, size, 0, false };
    while (!write_all(&writer, subject, draft, operations, faults)) {
        if (faults == 0 && operations == 0)
            return writer.at; /* what of the head there is room for */
        if (faults > 0)
            faults--;
        else
            operations--;
        writer = (struct writer){ bytes, size, 0, false };
    }
    write_segments(&writer, &draft->plan);
    return writer.at;
}
