/* SPDX-License-Identifier: BSD-3-Clause */
/* The subject "timers": the timer runtime, driven by a program of goroutines and callbacks. */
#ifndef FUZZ_TIMERS_H
#define FUZZ_TIMERS_H

#include "core/engine/subject.h"

extern const struct wedge_subject timers_subject;

#endif
