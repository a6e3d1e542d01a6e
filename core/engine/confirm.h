/* SPDX-License-Identifier: BSD-3-Clause */
/* Confirmation of a prediction: a schedule that ends in the predicted deadlock. */
#ifndef CORE_ENGINE_CONFIRM_H
#define CORE_ENGINE_CONFIRM_H

#include "core/engine/engine.h"
#include "core/engine/prediction.h"

enum {
    CONFIRM_TRIES_STANDARD = 4000,
    CONFIRM_TRIES_CLASS = 1000,
    CONFIRM_HASTE = 10, /* in the middle of a search: so much less. Other runs predict the same */
};

/* How many runs to spend on it: fewer where the locks of the run cannot do it, only others of their
 * classes, which there need not be. */
static inline uint32_t confirm_tries(const struct prediction *prediction)
{
    return prediction->basis >= BASIS_CLASS ? CONFIRM_TRIES_CLASS : CONFIRM_TRIES_STANDARD;
}

/* Steers runs of that plan's program, and of other programs after a while, towards the prediction;
 * `tries` runs at most. `faults`: mask of those that may be injected. Returns how many it took; the
 * last run, which engine_recorded() tells, ended in *outcome. 0: not confirmed. */
uint32_t confirm(const struct wedge_subject *subject, const struct plan *plan,
                 const struct prediction *prediction, uint32_t faults, uint64_t seed,
                 uint32_t tries, struct outcome *outcome);

/* Whether a run that ended so shows what was predicted: it is stuck over all of those classes. */
bool confirm_matches(const struct prediction *prediction, const struct outcome *outcome);

#endif
