/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/novelty.h"

#include <stdlib.h>
#include <string.h>

#include "core/engine/internal.h"

enum { CAPACITY_FIRST = 1 << 12, COMBINATION_TRIES = 4 };

#define HOT ((uint64_t)1)

/* --- the set --- */

static uint64_t spread(uint64_t value, uint64_t odd)
{
    value *= odd;
    return value ^ value >> 32;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return spread(hash ^ value, 0x9e3779b97f4a7c15u);
}

/* Where the key is, or else where it would be. */
static uint64_t *slot_of(const struct novelty *novelty, uint64_t key)
{
    uint32_t mask = novelty->capacity - 1, slot = (uint32_t)(key >> 8) & mask;
    while (novelty->keys[slot] != 0 && ((novelty->keys[slot] ^ key) & ~HOT) != 0)
        slot = (slot + 1) & mask;
    return &novelty->keys[slot];
}

static bool resize(struct novelty *novelty, uint32_t capacity)
{
    uint64_t *keys = calloc(capacity, sizeof *keys), *old = novelty->keys;
    uint32_t old_capacity = novelty->capacity;
    if (keys == NULL)
        return false;
    novelty->keys = keys;
    novelty->capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i] != 0)
            *slot_of(novelty, old[i]) = old[i];
    free(old);
    return true;
}

static bool insert(struct novelty *novelty, uint64_t key)
{
    if (novelty->count * 2 >= novelty->capacity && !resize(novelty, novelty->capacity * 2))
        return false;
    uint64_t *slot = slot_of(novelty, key);
    novelty->count += *slot == 0;
    *slot |= key;
    return true;
}

bool novelty_init(struct novelty *novelty)
{
    *novelty = (struct novelty){ .count = 0 };
    return resize(novelty, CAPACITY_FIRST);
}

void novelty_free(struct novelty *novelty)
{
    free(novelty->keys);
    *novelty = (struct novelty){ .count = 0 };
}

/* --- a run --- */

void novelty_begin(struct novelty *novelty)
{
    novelty->new_count = novelty->hot_count = 0;
}

/* What the current thread holds, from the outside in. Instances count where a class is nested in
 * itself. 0: it holds nothing. */
static uint64_t mix_holds(uint64_t key, const volatile void *object, const char *object_class)
{
    const struct thread *thread = thread_current();
    uint64_t before = key;
    for (uint32_t i = 0; i < engine.hold_count; i++) {
        const struct hold *hold = &engine.holds[i];
        if (!hold_is_of(hold, thread->task, engine.current))
            continue;
        key = mix(key, (uintptr_t)hold->site ^ (uint64_t)(uintptr_t)hold->hold_class << 16);
        if (hold->hold_class == object_class)
            key = mix(mix(key, (uintptr_t)hold->object), (uintptr_t)object);
    }
    return key == before ? 0 : key;
}

static void see(struct novelty *novelty, uint64_t key)
{
    uint64_t known = *slot_of(novelty, key);
    if (known == 0) {
        if (novelty->new_count < NOVELTY_NEW_MAX)
            novelty->new_keys[novelty->new_count++] = key;
    } else if ((known & HOT) != 0 && novelty->hot_count < NOVELTY_HOT_MAX) {
        for (uint32_t i = 0; i < novelty->hot_count; i++)
            if (novelty->hot_keys[i] == key)
                return;
        novelty->hot_keys[novelty->hot_count++] = key;
    }
}

uint64_t novelty_note(struct novelty *novelty, enum record_kind kind, const struct hook_site *site,
                      const volatile void *object, const char *object_class)
{
    const struct thread *thread = thread_current();
    if (((NOVELTY_ALWAYS | NOVELTY_IF_HELD) >> kind & 1) == 0)
        return 0;
    bool in_context = thread->context_count > 0, needs_holds = (NOVELTY_IF_HELD >> kind & 1) != 0;
    const char *context = in_context ? thread->contexts[thread->context_count - 1] : NULL;
    /* addresses have 47 bits; a sum, so that no product waits for another one */
    uint64_t what = (uintptr_t)site ^ (uint64_t)kind << 58 ^ (uint64_t)engine.current << 48;
    uint64_t key = spread(what, 0x9e3779b97f4a7c15u) +
                   spread((uintptr_t)object_class, 0xc2b2ae3d27d4eb4fu) +
                   spread((uintptr_t)context, 0x165667b19e3779f9u);
    uint64_t with_holds = mix_holds(key, object, object_class);
    if (with_holds == 0 && !in_context && needs_holds)
        return 0;
    key = ((with_holds != 0 ? with_holds : key) | 1 << 8) & ~HOT;
    if (novelty != NULL)
        see(novelty, key);
    return key;
}

/* --- after it --- */

/* Of all hot keys of the run together, whatever their order. */
static uint64_t combination(const struct novelty *novelty, uint32_t try)
{
    uint64_t sum = try;
    for (uint32_t i = 0; i < novelty->hot_count; i++)
        sum += mix(0, novelty->hot_keys[i]);
    return (mix(sum, novelty->hot_count) | 1 << 8) & ~HOT;
}

bool novelty_is_news(struct novelty *novelty)
{
    for (uint32_t i = 0; novelty->hot_count > 1 && novelty->new_count == 0 && i < COMBINATION_TRIES;
         i++)
        if (*slot_of(novelty, combination(novelty, i)) == 0)
            novelty->new_keys[novelty->new_count++] = combination(novelty, i);
    return novelty->new_count > 0;
}

bool novelty_learned(struct novelty *novelty)
{
    bool done = true;
    for (uint32_t i = 0; i < novelty->new_count; i++)
        done = insert(novelty, novelty->new_keys[i]) && done;
    return done;
}

void novelty_forget(struct novelty *novelty)
{
    memset(novelty->keys, 0, novelty->capacity * sizeof *novelty->keys);
    novelty->count = 0;
}

void novelty_heat(struct novelty *novelty, uint64_t key)
{
    uint64_t *slot = key != 0 ? slot_of(novelty, key) : NULL;
    if (slot != NULL && *slot != 0)
        *slot |= HOT;
}
