/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/engine/observer.h"
#include "repro/reproducer/reproducer.h"

void reproducer_run(const struct reproducer *reproducer, const struct plan *plan,
                    struct strategy *strategy, const struct engine_options *options,
                    struct outcome *outcome)
{
    if (verdict_is_predicted(reproducer->verdict))
        observer_predict(reproducer->subject, plan, strategy, options, reproducer->hash, outcome);
    else
        engine_run(reproducer->subject, plan, strategy, options, outcome);
}

bool reproducer_condense(const struct reproducer *reproducer, struct plan *plan)
{
    static struct plan shorter;
    static struct outcome outcome;
    struct engine_options options = { 0 };
    reproducer_run(reproducer, plan, strategy_condense(&shorter), &options, &outcome);
    if (!reproducer_matches(reproducer, &outcome))
        return false;
    plan->segment_count = shorter.segment_count;
    memcpy(plan->segments, shorter.segments, shorter.segment_count * sizeof *plan->segments);
    return true;
}
