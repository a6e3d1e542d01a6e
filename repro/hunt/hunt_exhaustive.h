/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge hunt --strategy exhaustive`: all schedules of one small program after the other, first
 * those without a preemption, then those with one, and so on: what is found has the fewest that it
 * can have. The programs are those that the subject enumerates, or the one of a reproducer.
 */
#ifndef REPRO_HUNT_EXHAUSTIVE_H
#define REPRO_HUNT_EXHAUSTIVE_H

#include <signal.h>

#include "repro/hunt/hunt_result.h"

/* Does all that results->options ask for, and reports it. Returns an enum exit_code. */
int hunt_exhaustively(struct results *results, const volatile sig_atomic_t *interrupted);

#endif
