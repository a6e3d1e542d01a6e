/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes -> plan, for any subject, led by its tables only. Total: every byte string is a plan, and
 * bytes that are missing read as 0. What comes first decides what kind of thing comes later, never
 * the other way round, and more bytes only add decisions at the end. What the bytes leave open is
 * drawn from the seed that they begin with: even the shortest input is a whole random run, and each
 * byte that is added takes a decision away from chance.
 *
 *     4 bytes   the seed
 *     1 byte    how many operations; 0: settings and program are the subject's generator's, and
 *               the next two rows are absent
 *     1 byte    for each setting: 0 is its standard value
 *     4 bytes   for each operation: actor, verb, arguments
 *     the rest  schedule and faults, for strategy_bytes()
 */
#ifndef FUZZ_DECODE_H
#define FUZZ_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine/subject.h"

enum {
    DECODE_SEED_SIZE = 4,
    DECODE_OPERATION_SIZE = 2 + PLAN_ARGUMENTS_MAX,
    DECODE_OPERATIONS_MAX = 24,
};

/* Fills settings and program of *plan, and seeds the strategies. Returns how many bytes that took,
 * at most `size`. */
size_t decode_plan(const struct wedge_subject *subject, const uint8_t *bytes, size_t size,
                   struct plan *plan);

/* The value that the byte stands for: `standard` for 0; for the others, values of [minimum, maximum]
 * that follow it. */
int64_t decode_value(uint8_t byte, int64_t minimum, int64_t maximum, int64_t standard);

/* The operation that these bytes stand for. The subject has actors and verbs. False: that actor has no
 * verb. */
bool decode_operation(const struct wedge_subject *subject,
                      const uint8_t bytes[DECODE_OPERATION_SIZE],
                      struct plan_operation *operation);

#endif
