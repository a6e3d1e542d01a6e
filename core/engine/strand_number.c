/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers for objects, by address, and for classes, by text, in the order in which they come. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "core/engine/strand_internal.h"

static uint64_t mix(uint64_t value)
{
    value *= 0x9e3779b97f4a7c15u;
    return value ^ value >> 29;
}

/* The slot of an address in the map of objects; a slot holds an object's number + 1, or 0. */
static uint32_t *map_slot(struct strands *strands, const volatile void *address)
{
    uint32_t mask = strands->map.capacity - 1;
    uint32_t slot = (uint32_t)mix((uint64_t)(uintptr_t)address) & mask;
    while (strands->map.items[slot] != 0 &&
           strands->objects.items[strands->map.items[slot] - 1].address != address)
        slot = (slot + 1) & mask;
    return &strands->map.items[slot];
}

static bool map_grow(struct strands *strands)
{
    uint32_t want = strands->map.capacity < 64 ? 64 : strands->map.capacity * 2;
    if (!array_reserve((void **)&strands->map.items, &strands->map.capacity, want,
                       sizeof *strands->map.items))
        return false;
    memset(strands->map.items, 0, strands->map.capacity * sizeof *strands->map.items);
    for (uint32_t i = 0; i < strands->objects.count; i++) /* a later one replaces an earlier */
        *map_slot(strands, strands->objects.items[i].address) = i + 1;
    return true;
}

/* The slot of a text in the map of classes; a slot holds a class's number + 1, or 0. */
static uint32_t *class_slot(struct strands *strands, const char *text)
{
    uint32_t mask = strands->class_map.capacity - 1;
    uint32_t slot = (uint32_t)XXH3_64bits(text, strlen(text)) & mask;
    for (; strands->class_map.items[slot] != 0; slot = (slot + 1) & mask) {
        const char *other = strands->classes.items[strands->class_map.items[slot] - 1];
        if (other == text || strcmp(other, text) == 0)
            break;
    }
    return &strands->class_map.items[slot];
}

static bool class_map_grow(struct strands *strands)
{
    uint32_t want = strands->class_map.capacity < 64 ? 64 : strands->class_map.capacity * 2;
    if (!array_reserve((void **)&strands->class_map.items, &strands->class_map.capacity, want,
                       sizeof *strands->class_map.items))
        return false;
    memset(strands->class_map.items, 0,
           strands->class_map.capacity * sizeof *strands->class_map.items);
    for (uint32_t i = 0; i < strands->classes.count; i++)
        if (strands->classes.items[i] != NULL)
            *class_slot(strands, strands->classes.items[i]) = i + 1;
    return true;
}

bool strand_class_number(struct strands *strands, const char *text, uint32_t *number)
{
    if ((strands->classes.count * 2 >= strands->class_map.capacity && !class_map_grow(strands)) ||
        !ARRAY_ROOM(&strands->classes, 1))
        return false;
    uint32_t *slot = text != NULL ? class_slot(strands, text) : NULL;
    *number = strands->classes.count;
    if (slot != NULL && *slot != 0)
        *number = *slot - 1;
    else
        strands->classes.items[strands->classes.count++] = text;
    if (slot != NULL)
        *slot = *number + 1;
    return true;
}

bool strand_object_new(struct strands *strands, const struct record *record,
                       enum object_kind kind, uint32_t *number)
{
    if (!ARRAY_ROOM(&strands->objects, 1) ||
        (strands->objects.count * 2 >= strands->map.capacity && !map_grow(strands)))
        return false;
    struct order_object object = { .address = record->object, .kind = (uint8_t)kind,
                                   .lock_kind = record->lock_kind, .holder = STRAND_NONE };
    if (!strand_class_number(strands, record->text, &object.class))
        return false;
    uint32_t *slot = map_slot(strands, record->object);
    *number = strands->objects.count;
    strands->objects.items[strands->objects.count++] = object;
    *slot = *number + 1;
    return true;
}

bool strand_object_of(struct strands *strands, const struct record *record,
                      const volatile void *address, enum object_kind kind, uint32_t *number)
{
    if (strands->map.capacity == 0 && !map_grow(strands))
        return false;
    uint32_t slot = *map_slot(strands, address);
    *number = slot - 1;
    if (slot != 0)
        return true;
    struct record first = *record;
    first.object = address;
    return strand_object_new(strands, &first, kind, number);
}
