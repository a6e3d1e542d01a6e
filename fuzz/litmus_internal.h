/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of litmus.h share while a case runs. */
#ifndef FUZZ_LITMUS_INTERNAL_H
#define FUZZ_LITMUS_INTERNAL_H

#include "fuzz/litmus.h"

extern struct litmus_case *litmus_now;

static inline struct litmus_list *litmus_list_at(uint32_t list)
{
    return &litmus_now->lists.items[list];
}

static inline struct litmus_object *litmus_object_at(uint32_t object)
{
    return &litmus_now->objects.items[object];
}

void litmus_init_lock(const struct hook_site *site, struct litmus_object *object);

/* Does an operation that is about an object; *next is the one after it, and moved on by a trylock
 * that fails. */
bool litmus_operate(struct litmus_list *self, const struct litmus_operation *operation,
                    uint32_t *next);

#endif
