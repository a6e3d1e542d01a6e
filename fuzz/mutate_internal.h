/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the mutator share: each change by itself. Private to the mutate*.c files. */
#ifndef FUZZ_MUTATE_INTERNAL_H
#define FUZZ_MUTATE_INTERNAL_H

#include <string.h>

#include "fuzz/mutate.h"

/* As mutate_so(). */
typedef bool mutator(const struct wedge_subject *subject, struct draft *draft, struct prng *prng);

/* mutate_schedule.c, mutate_fault.c, mutate_program.c */
extern mutator mutate_switch_move, mutate_switch_insert, mutate_segment_remove, mutate_segment_move,
    mutate_segment_length, mutate_segment_thread, mutate_seed, mutate_schedule_cut,
    mutate_fault_add, mutate_fault_remove, mutate_fault_move, mutate_fault_size,
    mutate_operation_add, mutate_operation_remove, mutate_operation_repeat,
    mutate_operation_swap, mutate_operation_actor, mutate_operation_verb,
    mutate_operation_argument, mutate_setting;

/* Small numbers more often: 1 half of the time, and up to 2^8. */
static inline uint32_t mutate_amount(struct prng *prng)
{
    uint32_t bits = 0;
    while (bits < 8 && prng_one_in(prng, 2))
        bits++;
    return 1 + prng_below(prng, 1u << bits);
}

/* Lists: an element is taken out, a place is made. */

#define list_remove(items, count, index)                                                       \
    (memmove(&(items)[index], &(items)[(index) + 1], ((count) - (index) - 1) * sizeof *(items)), \
     (count)--)
#define list_open(items, count, index, room) \
    (memmove(&(items)[(index) + (room)], &(items)[index], ((count) - (index)) * sizeof *(items)), \
     (count) += (room))

#endif
