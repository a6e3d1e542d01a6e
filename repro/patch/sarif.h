/* SPDX-License-Identifier: BSD-3-Clause */
/* What a patch check has found, as SARIF 2.1.0: for code-scanning services and editors. */
#ifndef REPRO_SARIF_H
#define REPRO_SARIF_H

#include "repro/patch/check_patch.h"

/* The whole log as one object. Each finding is a result with one threadFlow per thread; its
 * fingerprint is the signature, in which there are no lines. `exit_code`: how the check ends. */
json_t *sarif_log(const struct check *check, int exit_code);

#endif
