/* SPDX-License-Identifier: BSD-3-Clause */
/* The subjects that Wedge ships. */
#ifndef FUZZ_SUBJECTS_H
#define FUZZ_SUBJECTS_H

#include "core/engine/subject.h"
#include "core/engine/verdict.h"

uint32_t subject_count(void);
const struct wedge_subject *subject_at(uint32_t index);
/* NULL if there is none of that name. */
const struct wedge_subject *subject_find(const char *name);
/* The verdict of the bug that was planted in it; VERDICT_OK: none that is known. */
enum verdict subject_expects(const struct wedge_subject *subject);

#endif
