/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The libFuzzer entry points for the subject that is linked as `wedge_subject`: one input is one
 * plan with one schedule, and is run once. What the mutator makes is a draft (draft.h); all other
 * bytes are read as decode.h says. libFuzzer is told the schedule coverage (coverage.h) of each run
 * by extra counters. The exit code of a finding is 1, as everywhere; -error_exitcode changes it.
 *
 * In the environment:
 *   WEDGE_ARTIFACTS    the folder where reproducers are written, instead of the current one
 *   WEDGE_FUZZ_PLAIN   no extra counters, and libFuzzer's own mutations: for comparison
 *   WEDGE_FUZZ_BRIEF   a finding is told in a line, verdict and signature; nothing is written, and
 *                      nothing shrunk. So it is while libFuzzer minimizes a crash
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include "core/engine/engine.h"

extern const struct wedge_subject wedge_subject;

/* Both are provided by whoever links a target. Once, before the first run. */
void fuzz_begin(void);
/* The target has a finding, from the last run: reports it and writes a reproducer. The target ends
 * the process afterwards. */
void fuzz_finding(const struct wedge_subject *subject, const struct outcome *outcome);

#endif
