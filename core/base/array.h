/* SPDX-License-Identifier: BSD-3-Clause */
/* Arrays that grow. Not for use in a step of a run. */
#ifndef CORE_BASE_ARRAY_H
#define CORE_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Room for `count` items of `size` bytes. False: no memory, and the array is as it was. */
static inline bool array_reserve(void **items, uint32_t *capacity, uint32_t count, size_t size)
{
    if (count <= *capacity)
        return true;
    uint64_t more = *capacity < 16 ? 16 : (uint64_t)*capacity * 2;
    while (more < count)
        more *= 2;
    if (more > UINT32_MAX)
        return false;
    void *moved = realloc(*items, (size_t)more * size);
    if (moved == NULL)
        return false;
    *items = moved;
    *capacity = (uint32_t)more;
    return true;
}

/* An array and its two counters, of one type each. */
#define ARRAY(type)               \
    struct {                      \
        type *items;              \
        uint32_t count, capacity; \
    }

/* Room for `more` items behind those that there are. */
#define ARRAY_ROOM(array, more)                                                          \
    array_reserve((void **)&(array)->items, &(array)->capacity, (array)->count + (more), \
                  sizeof *(array)->items)

#endif
