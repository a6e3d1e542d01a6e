/* SPDX-License-Identifier: BSD-3-Clause */
/* A program out of a reproducer: settings and operations, without its faults and its schedule. */
#ifndef REPRO_PROGRAM_H
#define REPRO_PROGRAM_H

#include "repro/reproducer/reproducer.h"

/* Of that subject; NULL: of any. False: *wrong says why, with file and line. */
bool program_read(struct reproducer *program, const char *path,
                  const struct wedge_subject *subject, char *wrong, size_t size);

#endif
