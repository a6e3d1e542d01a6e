/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/subjects.h"

#include <string.h>

#include "core/base/check.h"
#include "fuzz/examples.h"
#include "fuzz/timers.h"
#include "fuzz/workloads.h"

uint32_t subject_count(void)
{
    return 1 + example_count() + workload_count();
}

const struct wedge_subject *subject_at(uint32_t index)
{
    check(index < subject_count());
    if (index == 0)
        return &timers_subject;
    index--;
    return index < example_count() ? example_at(index) : workload_at(index - example_count());
}

enum verdict subject_expects(const struct wedge_subject *subject)
{
    for (uint32_t i = 0; i < example_count(); i++)
        if (example_at(i) == subject)
            return example_expects(i);
    for (uint32_t i = 0; i < workload_count(); i++)
        if (workload_at(i) == subject)
            return workload_expects(i);
    return VERDICT_OK;
}

const struct wedge_subject *subject_find(const char *name)
{
    for (uint32_t i = 0; i < subject_count(); i++)
        if (strcmp(subject_at(i)->name, name) == 0)
            return subject_at(i);
    return NULL;
}
