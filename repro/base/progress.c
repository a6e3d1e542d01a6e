/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double interval(const struct progress *progress)
{
    return progress->terminal ? 0.2 : 10;
}

void progress_begin(struct progress *progress)
{
    const char *terminal = getenv("TERM");
    progress->terminal = isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
    progress->shown = false;
    progress->begun = now();
    progress->next = interval(progress);
}

double progress_seconds(const struct progress *progress)
{
    return now() - progress->begun;
}

bool progress_is_due(const struct progress *progress, double seconds)
{
    return seconds >= progress->next;
}

void progress_print(struct progress *progress, const char *text)
{
    if (progress->terminal)
        fprintf(stderr, "\r\033[K%.79s", text);
    else
        fprintf(stderr, "%s\n", text);
    fflush(stderr);
    progress->shown = true;
    progress->next = progress_seconds(progress) + interval(progress);
}

void progress_clear(struct progress *progress)
{
    if (progress->terminal && progress->shown)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}
