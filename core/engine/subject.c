/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/subject.h"

#include "core/base/check.h"

void subject_standard_settings(const struct wedge_subject *subject, struct plan *plan)
{
    check(subject->setting_count <= PLAN_SETTINGS_MAX);
    for (uint32_t i = 0; i < subject->setting_count; i++)
        plan->settings[i] = subject->settings[i].standard;
}
