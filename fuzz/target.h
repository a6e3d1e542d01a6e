/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The libFuzzer entry points for the subject that is linked as `wedge_subject`: one input is one
 * plan (decode.h) with one schedule, and is run once.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include "core/engine/engine.h"

extern const struct wedge_subject wedge_subject;

/* The target has a finding, from the last run: reports it and writes a reproducer. The target ends
 * the process afterwards. Provided by whoever links a target. */
void fuzz_finding(const struct wedge_subject *subject, const struct outcome *outcome);

#endif
