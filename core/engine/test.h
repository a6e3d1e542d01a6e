/* SPDX-License-Identifier: BSD-3-Clause */
/* For the engine's tests: run a subject, hunt for a verdict. */
#ifndef CORE_ENGINE_TEST_H
#define CORE_ENGINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/engine/engine.h"
#include "core/engine/site.h"

static struct outcome test_outcome;
static struct engine_options test_options;

static inline const struct outcome *test_replay(const struct wedge_subject *subject,
                                                const struct plan *plan,
                                                struct strategy *strategy)
{
    engine_run(subject, plan, strategy, &test_options, &test_outcome);
    return &test_outcome;
}

/* One run without a program. */
static inline const struct outcome *test_run(const struct wedge_subject *subject,
                                             struct strategy *strategy, uint64_t seed)
{
    static struct plan empty;
    strategy_seed(seed);
    return test_replay(subject, &empty, strategy);
}

/* The first seed below `runs` whose run ends so (VERDICT_COUNT: in any way but well); else runs. */
static inline uint64_t test_hunt(const struct wedge_subject *subject, struct strategy *strategy,
                                 enum verdict verdict, uint64_t runs)
{
    for (uint64_t seed = 0; seed < runs; seed++) {
        enum verdict seen = test_run(subject, strategy, seed)->verdict;
        if (verdict == VERDICT_COUNT ? seen != VERDICT_OK : seen == verdict)
            return seed;
    }
    return runs;
}

#endif
