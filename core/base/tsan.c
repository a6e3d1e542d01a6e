/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who knows what: a table of objects, each with the fibers that have acquired all that was released
 * there, by their numbers. A fiber knows for ever; an entry that gives way to another object is
 * forgotten, and then everybody acquires.
 */
#include "core/base/tsan.h"

#ifdef TSAN_TOLD

enum { OBJECTS_MAX = 1 << 11, FIBERS_KNOWN = 64 };

struct known {
    const volatile void *object;
    uint64_t fibers;
};

bool tsan_spares;
static struct known table[OBJECTS_MAX];
static uint64_t self; /* the current fiber, or 0 */

uint32_t tsan_become(uint32_t number)
{
    static uint32_t current;
    uint32_t before = current;
    current = number;
    self = number - 1 < FIBERS_KNOWN ? (uint64_t)1 << (number - 1) : 0;
    return before;
}

static struct known *entry_of(const volatile void *object)
{
    return &table[((uintptr_t)object >> 2) * 0x9e3779b97f4a7c15u >> 53];
}
_Static_assert(OBJECTS_MAX == 1 << (64 - 53), "the hash has as many bits");

bool tsan_knows(const volatile void *object)
{
    struct known *entry = entry_of(object);
    if (entry->object != object) {
        *entry = (struct known){ object, self };
        return false;
    }
    bool knows = (entry->fibers & self) != 0;
    entry->fibers |= self;
    return knows;
}

void tsan_adds(const volatile void *object)
{
    struct known *entry = entry_of(object);
    if (entry->object == object)
        entry->fibers &= self;
}

void tsan_replaces(const volatile void *object)
{
    *entry_of(object) = (struct known){ object, self };
}

void tsan_forgets(const volatile void *object)
{
    struct known *entry = entry_of(object);
    if (entry->object == object)
        entry->fibers = 0;
}
#else
typedef int tsan_is_nobody;
#endif
