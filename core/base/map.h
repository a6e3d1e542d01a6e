/* SPDX-License-Identifier: BSD-3-Clause */
/* A map from numbers to numbers that grows: open addressing. Not for use in a step of a run. */
#ifndef CORE_BASE_MAP_H
#define CORE_BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define MAP_ABSENT UINT32_MAX

struct map {
    struct map_entry {
        uint64_t key; /* 0: free */
        uint32_t value;
    } *entries;
    uint32_t capacity, count;
};

/* Where the key is, or would be. */
static inline struct map_entry *map_slot(const struct map *map, uint64_t key)
{
    uint64_t slot = key * 0x9e3779b97f4a7c15u >> 32;
    while (map->entries[slot & (map->capacity - 1)].key != 0 &&
           map->entries[slot & (map->capacity - 1)].key != key)
        slot++;
    return &map->entries[slot & (map->capacity - 1)];
}

static inline bool map_resize(struct map *map, uint32_t capacity)
{
    struct map_entry *old = map->entries;
    uint32_t old_capacity = map->capacity;
    struct map_entry *entries = calloc(capacity, sizeof *entries);
    if (entries == NULL)
        return false;
    map->entries = entries;
    map->capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i].key != 0)
            *map_slot(map, old[i].key) = old[i];
    free(old);
    return true;
}

/* The value of a key (> 0); a new key has MAP_ABSENT, and is in the map from now on. To be used up
 * before the next call. NULL: no memory. */
static inline uint32_t *map_at(struct map *map, uint64_t key)
{
    if (map->count * 2 >= map->capacity &&
        !map_resize(map, map->capacity == 0 ? 64 : map->capacity * 2))
        return NULL;
    struct map_entry *entry = map_slot(map, key);
    if (entry->key == 0) {
        *entry = (struct map_entry){ key, MAP_ABSENT };
        map->count++;
    }
    return &entry->value;
}

static inline void map_free(struct map *map)
{
    free(map->entries);
    *map = (struct map){ .entries = NULL };
}

#endif
