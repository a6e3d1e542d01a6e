/* SPDX-License-Identifier: BSD-3-Clause */
/* What is held: locks and transitional states, by whom and since which place. */
#include <stdlib.h>

#include "core/base/check.h"
#include "core/engine/internal.h"

/* Walks saved frame pointers within the stack of the current fiber: (frame pointer, return address)
 * pairs, as x86-64 and aarch64 both lay them out. */
void chain_record(struct chain *chain)
{
    chain->count = 0;
    const struct fiber *fiber = fiber_current();
    uintptr_t low = (uintptr_t)fiber->stack_low, high = low + fiber->stack_size;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    while (frame >= low && frame + 2 * sizeof(void *) <= high && frame % sizeof(void *) == 0 &&
           chain->count < ENGINE_CHAIN_MAX) {
        void **saved = (void **)frame;
        if (saved[1] == NULL)
            break;
        chain->pc[chain->count++] = saved[1];
        if ((uintptr_t)saved[0] <= frame)
            break;
        frame = (uintptr_t)saved[0];
    }
}

void hold_prepare(bool with_chains)
{
    bool grows = engine.holds == NULL || engine.holds_short;
    uint32_t capacity = engine.holds == NULL ? HOLDS_STANDARD : engine.hold_capacity * 4;
    if (grows) {
        struct hold *holds = realloc(engine.holds, capacity * sizeof *holds);
        check(holds != NULL || engine.holds != NULL);
        if (holds != NULL) {
            engine.holds = holds;
            engine.hold_capacity = capacity;
        }
        free(engine.chains);
        engine.chains = NULL;
        engine.holds_short = false;
    }
    if (with_chains && engine.chains == NULL) {
        engine.chains = calloc(engine.hold_capacity + 1, sizeof *engine.chains);
        check(engine.chains != NULL);
    }
}

_Noreturn void hold_is_short(const struct hook_site *site)
{
    engine.holds_short = true;
    engine_fail(VERDICT_BUDGET, site, "more locks held at once than there was room for");
}

bool hold_change(const struct hook_site *site, const volatile void *object,
                 const char *hold_class, const struct hook_task *task)
{
    for (uint32_t i = engine.hold_count; i-- > 0;) {
        struct hold *hold = &engine.holds[i];
        if (hold->object != object || hold->task != task ||
            (task == NULL && hold->thread != engine.current))
            continue;
        hold->hold_class = hold_class;
        hold->site = site;
        return true;
    }
    return false;
}

static bool pop(const struct hold *hold)
{
    if (hold == NULL)
        return false;
    engine.hold_count--;
    for (uint32_t j = (uint32_t)(hold - engine.holds); j < engine.hold_count; j++) {
        engine.holds[j] = engine.holds[j + 1];
        if (engine.options.record_chains)
            engine.chains[j] = engine.chains[j + 1];
    }
    return true;
}

bool hold_pop(const volatile void *object)
{
    return pop(hold_find(object));
}

bool hold_pop_below(const volatile void *object, uint32_t thread)
{
    return pop(hold_find_by(object, thread));
}

const struct hold *hold_find(const volatile void *object)
{
    for (uint32_t i = engine.hold_count; i-- > 0;)
        if (engine.holds[i].object == object)
            return &engine.holds[i];
    return NULL;
}

const struct hold *hold_find_by(const volatile void *object, uint32_t thread)
{
    for (uint32_t i = engine.hold_count; i-- > 0;)
        if (engine.holds[i].object == object && engine.holds[i].thread == thread)
            return &engine.holds[i];
    return NULL;
}
