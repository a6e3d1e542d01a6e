/* SPDX-License-Identifier: BSD-3-Clause */
/* Judges of what nobody is going to do, although somebody could. Asked when nothing runs. */
#ifndef CORE_RUNTIME_OVERSIGHT_H
#define CORE_RUNTIME_OVERSIGHT_H

#include <stdbool.h>
#include <stdint.h>

/* What it is, in words, or NULL. now: in ns. */
const char *runtime_overlooked(int64_t now);

/* What may be so for a while, but not for long, because somebody comes by every few ms; in words, or
 * NULL. */
const char *runtime_neglected(void);

#endif
