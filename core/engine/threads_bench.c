/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * threads SAMPLES PAIRS: what a lock and its unlock cost on a thread of the system that holds two
 * other locks, in ns, a line per sample. To be measured under ThreadSanitizer and helgrind, too.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/engine/loop_bench.h"

/* The first time is dearer, so it does not count. */
static void *sample_all(void *samples)
{
    loop_run(NULL);
    for (long i = 0; i < *(const long *)samples; i++) {
        loop_ns = 0;
        loop_run(NULL);
        printf("%.2f\n", loop_ns / loop_pairs);
    }
    return NULL;
}

/* In a thread of its own, because glibc locks more cheaply in a process that has only one. */
int main(int argc, char **argv)
{
    long samples = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    loop_pairs = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (samples < 1 || loop_pairs < 1) {
        fprintf(stderr, "usage: threads SAMPLES PAIRS\n");
        return 2;
    }
    pthread_t thread;
    loop_reset();
    if (pthread_create(&thread, NULL, sample_all, &samples) != 0)
        return 3;
    pthread_join(thread, NULL);
    return 0;
}
