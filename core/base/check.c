/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *claim, const char *function, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s: check failed: %s\n", file, line, function, claim);
    fflush(stderr); /* abort() drops what is buffered */
    abort();
}
