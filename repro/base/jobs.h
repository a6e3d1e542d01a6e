/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Work shared out among child processes: numbered items, each of which leaves a result. Which
 * process does which item is left to chance; what comes of an item must depend on the item alone,
 * so the results are the same however many processes there are.
 */
#ifndef REPRO_JOBS_H
#define REPRO_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOBS_MAX = 64 };

struct jobs {
    uint32_t count;     /* of items */
    uint32_t processes; /* at once, 1 to JOBS_MAX */
    const char *what;   /* "corpus verify", for progress */
    /* In a child process. Pointers in a result may lead to what was there before jobs_run(), or to
     * memory of jobs_share(). */
    void (*work)(void *context, uint32_t item, void *result);
    void *context;
    void *results;      /* of jobs_share(): zero; count of result_size bytes */
    size_t result_size;
};

/* How many processes this machine can run at once, 1 to JOBS_MAX. */
uint32_t jobs_standard(void);

/* Memory that parent and children share; zero. Costs only what is touched. NULL: errno says why. */
void *jobs_share(size_t size);

/* Does all items. An item whose process died is not done again: died[item], if the caller wants to
 * know, is the signal or, negative, the exit code that it died of; 0 otherwise. False: no process
 * could be started; errno says why. */
bool jobs_run(const struct jobs *jobs, int *died);

#endif
