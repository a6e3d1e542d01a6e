/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/reproducer/program.h"

#include <inttypes.h>
#include <stdio.h>

bool program_read(struct reproducer *program, const char *path,
                  const struct wedge_subject *subject, char *wrong, size_t size)
{
    struct reproducer_error error;
    if (!reproducer_read(program, path, &error)) {
        snprintf(wrong, size, "%s:%" PRIu32 ": %s", path, error.line, error.text);
        return false;
    }
    program->plan.fault_count = program->plan.segment_count = 0;
    if (subject == NULL || program->subject == subject)
        return true;
    snprintf(wrong, size, "%s: expected a program of %s, found one of %s", path, subject->name,
             program->subject->name);
    return false;
}
