/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/observer.h"
#include "repro/reproducer.h"

void reproducer_run(const struct reproducer *reproducer, const struct plan *plan,
                    struct strategy *strategy, const struct engine_options *options,
                    struct outcome *outcome)
{
    if (verdict_is_predicted(reproducer->verdict))
        observer_predict(reproducer->subject, plan, strategy, options, reproducer->hash, outcome);
    else
        engine_run(reproducer->subject, plan, strategy, options, outcome);
}
