/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hook points that are linked into this program. Points with the same function, expression and
 * kind are one group: names outlive edits, places do not. Group numbers depend on the build, so
 * they are never written down; names are.
 */
#ifndef CORE_ENGINE_SITE_H
#define CORE_ENGINE_SITE_H

#include <stdint.h>

#include "core/engine/plan.h"
#include "core/hook/hook.h"

enum { SITE_GROUP_NONE = 0xffff };

/* How many hook points are linked in. 0: nothing can be tested. */
uint32_t site_count(void);
const struct hook_site *site_at(uint32_t index);

/* Groups number from 0; those where a fault can be injected come first. */
uint32_t site_group_count(void);
uint32_t site_fault_group_count(void);
/* One site of the group. */
const struct hook_site *site_of_group(uint16_t group);
/* The group of that name and kind, or SITE_GROUP_NONE. */
uint16_t site_group_find(const char *function, const char *object, enum hook_kind kind);
/* The index-th group of that function and kind, in the order of names, or SITE_GROUP_NONE: what
 * may stand in for a point whose expression has changed. */
uint16_t site_group_stand_in(const char *function, enum hook_kind kind, uint32_t index);

/* The kind of hook point that a fault acts on. */
enum hook_kind site_kind_of_fault(enum fault_kind kind);

/* "load", "lock": what the operation is called in a trace. */
const char *site_kind_name(enum hook_kind kind);

#endif
