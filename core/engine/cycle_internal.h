/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of cycle.h share: cycle.c searches, cycle_report.c tells. */
#ifndef CORE_ENGINE_CYCLE_INTERNAL_H
#define CORE_ENGINE_CYCLE_INTERNAL_H

#include "core/engine/cycle.h"

static inline const struct dependency *cycle_want(const struct cycles *cycles,
                                                  const struct cycle_member *member)
{
    return &cycles->dependencies->wants.items[member->want];
}

static inline const struct acquisition *cycle_stay(const struct cycles *cycles, uint32_t stay)
{
    return &cycles->dependencies->acquisitions.items[stay];
}

/* Of the members, in the order that the rerun found last. */
enum prediction_kind cycle_kind(const struct cycles *cycles);
enum prediction_basis cycle_basis(const struct cycles *cycles, enum rerun_answer answer);

/* One of that kind over some of the members' classes, that is as sure, was reported. */
bool cycle_is_covered(const struct cycles *cycles, enum prediction_kind kind,
                      enum prediction_basis basis);
void cycle_report(struct cycles *cycles, enum rerun_answer answer);

#endif
