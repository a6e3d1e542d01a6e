/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/site.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"

/* Laid out by the linker: every HOOK_SITE of the program. Absent if there is none. */
extern struct hook_site __start_hook_sites[] __attribute__((weak, visibility("hidden")));
extern struct hook_site __stop_hook_sites[] __attribute__((weak, visibility("hidden")));

static struct {
    bool ready;
    uint32_t group_count, fault_group_count;
    const struct hook_site **groups; /* one site of each */
} sites;

uint32_t site_count(void)
{
    return (uint32_t)(__stop_hook_sites - __start_hook_sites);
}

const struct hook_site *site_at(uint32_t index)
{
    check(index < site_count());
    return &__start_hook_sites[index];
}

enum hook_kind site_kind_of_fault(enum fault_kind kind)
{
    static const enum hook_kind points[FAULT_INJECTED_COUNT] = {
        [FAULT_PREEMPT] = HOOK_PREEMPTION,
        [FAULT_CAS] = HOOK_CAS_WEAK,
        [FAULT_CLOCK] = HOOK_CLOCK,
        [FAULT_WAIT] = HOOK_PARK_WEAK,
        [FAULT_WAKE] = HOOK_UNPARK_LATE,
        [FAULT_MEMORY] = HOOK_ALLOCATION,
    };
    check(kind < FAULT_INJECTED_COUNT);
    return points[kind];
}

static bool has_faults(const struct hook_site *site)
{
    for (int kind = 0; kind < FAULT_INJECTED_COUNT; kind++)
        if (site_kind_of_fault((enum fault_kind)kind) == (enum hook_kind)site->kind)
            return true;
    return false;
}

static int compare_names(const void *left, const void *right)
{
    const struct hook_site *a = *(struct hook_site *const *)left;
    const struct hook_site *b = *(struct hook_site *const *)right;
    int order = has_faults(b) - has_faults(a);
    if (order == 0)
        order = strcmp(a->function, b->function);
    if (order == 0)
        order = strcmp(a->object, b->object);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order;
}

/* Numbers the groups in the order of their names. */
static void prepare(void)
{
    if (sites.ready)
        return;
    sites.ready = true;
    uint32_t count = site_count();
    struct hook_site **sorted = calloc(count + 1, sizeof *sorted);
    sites.groups = calloc(count + 1, sizeof *sites.groups);
    check(sorted != NULL);
    check(sites.groups != NULL);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &__start_hook_sites[i];
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || compare_names(&sorted[i - 1], &sorted[i]) != 0) {
            sites.groups[sites.group_count++] = sorted[i];
            sites.fault_group_count += has_faults(sorted[i]);
        }
        check(sites.group_count < SITE_GROUP_NONE);
        sorted[i]->group = (uint16_t)(sites.group_count - 1);
    }
    free(sorted);
}

uint32_t site_group_count(void)
{
    prepare();
    return sites.group_count;
}

uint32_t site_fault_group_count(void)
{
    prepare();
    return sites.fault_group_count;
}

const struct hook_site *site_of_group(uint16_t group)
{
    check(group < site_group_count());
    return sites.groups[group];
}

uint16_t site_group_find(const char *function, const char *object, enum hook_kind kind)
{
    for (uint32_t i = 0; i < site_group_count(); i++) {
        const struct hook_site *site = sites.groups[i];
        if (site->kind == kind && strcmp(site->function, function) == 0 &&
            strcmp(site->object, object) == 0)
            return (uint16_t)i;
    }
    return SITE_GROUP_NONE;
}

uint16_t site_group_stand_in(const char *function, enum hook_kind kind, uint32_t index)
{
    for (uint32_t i = 0; i < site_group_count(); i++) {
        const struct hook_site *site = sites.groups[i];
        if (site->kind == kind && strcmp(site->function, function) == 0 && index-- == 0)
            return (uint16_t)i;
    }
    return SITE_GROUP_NONE;
}

const char *site_kind_name(enum hook_kind kind)
{
    static const char *const names[HOOK_KIND_COUNT] = {
        [HOOK_LOAD] = "load",       [HOOK_STORE] = "store",     [HOOK_EXCHANGE] = "exchange",
        [HOOK_ADD] = "add",         [HOOK_CAS] = "cas",         [HOOK_CAS_WEAK] = "cas",
        [HOOK_SPIN] = "spin",       [HOOK_LOCK] = "lock",       [HOOK_TRYLOCK] = "trylock",
        [HOOK_UNLOCK] = "unlock",   [HOOK_PARK] = "park",       [HOOK_PARK_WEAK] = "park",
        [HOOK_UNPARK] = "unpark",   [HOOK_UNPARK_LATE] = "unpark",
        [HOOK_SLEEP] = "sleep",     [HOOK_CLOCK] = "clock",     [HOOK_HOLD] = "hold",
        [HOOK_RELEASE] = "release", [HOOK_PREEMPTION] = "preemption", [HOOK_CALLBACK] = "callback",
        [HOOK_ALLOCATION] = "allocation",
        [HOOK_CONTEXT] = "context", [HOOK_FAIL] = "fail",       [HOOK_THREAD] = "thread",
        [HOOK_TASK] = "task",       [HOOK_TOKEN] = "token",
        [HOOK_JOIN] = "join",       [HOOK_WAIT] = "wait",
        [HOOK_POST] = "post",
    };
    check(kind < HOOK_KIND_COUNT);
    return names[kind];
}
