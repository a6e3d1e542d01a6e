/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of command-line options. What is wrong ends the program with exit code 2. */
#ifndef REPRO_ARGUMENT_H
#define REPRO_ARGUMENT_H

#include <argp.h>
#include <stdint.h>

#include "repro/base/setting.h"

/* A decimal number in [minimum, maximum]. */
uint64_t argument_number(struct argp_state *state, const char *option, const char *text,
                         uint64_t minimum, uint64_t maximum);

/* The one FILE that a command takes: for ARGP_KEY_ARG, and for ARGP_KEY_END with text NULL. */
void argument_file(struct argp_state *state, const char *text, const char **path);

/* Seconds: "60", "0.5". */
double argument_seconds(struct argp_state *state, const char *option, const char *text);

/* "threads=10,additions=5": settings of that subject. */
void argument_settings(struct argp_state *state, const struct wedge_subject *subject,
                       const char *text, struct fixed_settings *settings);

/* "all", "none", names with commas between; -name takes one away. A list that begins with -name
 * begins with all. Returns a mask of enum fault_kind. */
uint32_t argument_faults(struct argp_state *state, const char *text);

#endif
