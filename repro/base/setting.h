/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings of a subject that somebody has fixed: "threads=10,additions=5". */
#ifndef REPRO_SETTING_H
#define REPRO_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine/subject.h"

struct fixed_settings {
    uint32_t mask; /* a bit per setting */
    int64_t values[PLAN_SETTINGS_MAX];
};

/* Adds what the text says. False: it says what the subject does not have; `wrong`: in words. */
bool settings_read(struct fixed_settings *settings, const struct wedge_subject *subject,
                   const char *text, char *wrong, size_t size);

/* Instead of what was drawn. */
void settings_apply(const struct fixed_settings *settings, struct plan *plan);

#endif
