/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/target.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/engine/site.h"
#include "fuzz/decode.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A target whose hooks are not live would run for ever and find nothing. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (site_count() > 0)
        return 0;
    fprintf(stderr, "%s: no hook points are linked in: nothing can be tested\n",
            wedge_subject.name);
    exit(4);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct plan plan;
    static struct outcome outcome;
    size_t used = decode_plan(&wedge_subject, bytes, size, &plan);
    struct engine_options options = { .faults = wedge_subject.faults };
    engine_run(&wedge_subject, &plan, strategy_bytes(bytes + used, size - used), &options,
               &outcome);
    if (!verdict_is_finding(outcome.verdict))
        return 0;
    fuzz_finding(&wedge_subject, &outcome);
    abort();
}
