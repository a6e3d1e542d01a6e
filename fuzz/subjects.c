/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/subjects.h"

#include <string.h>

#include "core/base/check.h"
#include "fuzz/examples.h"
#include "fuzz/timers.h"

uint32_t subject_count(void)
{
    return 1 + example_count();
}

const struct wedge_subject *subject_at(uint32_t index)
{
    check(index < subject_count());
    return index == 0 ? &timers_subject : example_at(index - 1);
}

const struct wedge_subject *subject_find(const char *name)
{
    for (uint32_t i = 0; i < subject_count(); i++)
        if (strcmp(subject_at(i)->name, name) == 0)
            return subject_at(i);
    return NULL;
}
