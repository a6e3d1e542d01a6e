/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as the XML that CI systems read as those of tests (JUnit): a suite per folder, a case per
 * file. */
#ifndef REPRO_JUNIT_H
#define REPRO_JUNIT_H

#include <stdint.h>
#include <stdio.h>

enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_ERROR, JUNIT_SKIPPED };

struct junit_case {
    const char *path;       /* FOLDER/NAME */
    const char *class_name; /* of what it is a test: the subject */
    enum junit_result result;
    const char *type;       /* of the failure or error */
    const char *message;
};

/* Cases of a folder stand together. */
void junit_print(FILE *out, const char *name, const struct junit_case *cases, uint32_t count);

#endif
