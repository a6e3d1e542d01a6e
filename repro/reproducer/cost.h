/* SPDX-License-Identifier: BSD-3-Clause */
/* How large a plan is to a reader; and the simplest values that its parts could have. */
#ifndef REPRO_COST_H
#define REPRO_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine/subject.h"

enum { COST_PARTS = 10 };

/* Compared part by part: lines of program, faults and schedule, actors, operations, objects,
 * faults, context switches, segments, settings, arguments, steps. */
struct cost {
    uint64_t parts[COST_PARTS];
};

struct cost cost_of(const struct wedge_subject *subject, const struct plan *plan);
/* Of program, faults and schedule. */
uint64_t cost_lines(const struct cost *cost);
bool cost_is_less(const struct cost *a, const struct cost *b);

/* 0 if it may be that, or else the smallest value. */
int64_t cost_simplest(const struct subject_argument *argument);

/* How many different actors the program has. */
uint32_t cost_actors(const struct plan *plan);

/* How often its schedule changes from one thread to another. */
uint32_t cost_switches(const struct plan *plan);

/* Its argument names an object ("t0"), not an amount ("+500"). */
bool cost_is_object(const struct subject_argument *argument);

#endif
