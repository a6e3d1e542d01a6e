/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small subjects, in pairs: one with a planted bug, and its twin without. They show what each
 * verdict looks like, and they are the canaries of the engine: whatever it judges must find the
 * first and be silent on the second.
 */
#ifndef FUZZ_EXAMPLES_H
#define FUZZ_EXAMPLES_H

#include "core/engine/subject.h"
#include "core/engine/verdict.h"

uint32_t example_count(void);
const struct wedge_subject *example_at(uint32_t index);
/* What a hunt for it must come to: the verdict of the planted bug, or VERDICT_OK. */
enum verdict example_expects(uint32_t index);
/* What a run that passes predicts; VERDICT_OK: nothing. */
enum verdict example_predicts(uint32_t index);

#endif
