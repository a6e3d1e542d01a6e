/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small subjects that explorers are measured by, because what others need for them is known: a
 * shared counter, two locks, a queue, Treiber's stack (IBM RJ 5118, 1986) that frees too early, and
 * orders of many threads that a random walk hardly ever takes ("reorder" is that of SCTBench:
 * Thomson, Donaldson, Betts, PPoPP 2014). Each that is broken has a twin that is not.
 */
#ifndef FUZZ_WORKLOADS_H
#define FUZZ_WORKLOADS_H

#include "core/engine/subject.h"
#include "core/engine/verdict.h"

uint32_t workload_count(void);
const struct wedge_subject *workload_at(uint32_t index);
/* What a hunt for it must come to: the verdict of the planted bug, or VERDICT_OK. */
enum verdict workload_expects(uint32_t index);

#endif
