/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/corpus/corpus_cover.h"

#include <stdlib.h>
#include <string.h>

/* Of one element. */
struct element {
    uint32_t sets;  /* that have it */
    uint32_t first; /* of them */
    uint32_t kept;  /* of them, those that are kept */
};

static struct element elements[COVER_ELEMENTS];

static void count_sets(const struct cover_set *sets, uint32_t count)
{
    memset(elements, 0, sizeof elements);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < sets[i].count; j++) {
            struct element *element = &elements[sets[i].elements[j]];
            if (element->sets++ == 0)
                element->first = i;
        }
}

static int compare_rarity(const void *left, const void *right)
{
    uint16_t a = *(const uint16_t *)left, b = *(const uint16_t *)right;
    if (elements[a].sets != elements[b].sets)
        return elements[a].sets < elements[b].sets ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Those that any set has, rare ones first. Returns how many. */
static uint32_t arrange(uint16_t order[COVER_ELEMENTS])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < COVER_ELEMENTS; i++)
        if (elements[i].sets > 0)
            order[count++] = (uint16_t)i;
    qsort(order, count, sizeof order[0], compare_rarity);
    return count;
}

static void keep(struct cover_set *set)
{
    set->is_kept = true;
    for (uint32_t i = 0; i < set->count; i++)
        elements[set->elements[i]].kept++;
}

static bool is_needed(const struct cover_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (elements[set->elements[i]].kept == 1)
            return true;
    return false;
}

static void drop(struct cover_set *set)
{
    set->is_kept = false;
    for (uint32_t i = 0; i < set->count; i++)
        elements[set->elements[i]].kept--;
}

uint32_t cover(struct cover_set *sets, uint32_t count)
{
    static uint16_t order[COVER_ELEMENTS];
    count_sets(sets, count);
    uint32_t all = arrange(order);
    for (uint32_t i = 0; i < count; i++) {
        sets[i].is_kept = false;
        if (sets[i].is_forced)
            keep(&sets[i]);
    }
    for (uint32_t i = 0; i < all; i++)
        if (elements[order[i]].kept == 0)
            keep(&sets[elements[order[i]].first]);
    for (uint32_t i = count; i-- > 0;)
        if (sets[i].is_kept && !sets[i].is_forced && !is_needed(&sets[i]))
            drop(&sets[i]);
    return all;
}
