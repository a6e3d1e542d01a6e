/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress on standard error: one line that is written over on a terminal, else one each 10 s. */
#ifndef REPRO_PROGRESS_H
#define REPRO_PROGRESS_H

#include <stdbool.h>

struct progress {
    double begun, next; /* seconds */
    bool terminal, shown;
};

void progress_begin(struct progress *progress);
/* Since it began. */
double progress_seconds(const struct progress *progress);
bool progress_is_due(const struct progress *progress, double seconds);
void progress_print(struct progress *progress, const char *text);
/* Takes the line off a terminal, before something else is printed. */
void progress_clear(struct progress *progress);

#endif
