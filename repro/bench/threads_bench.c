/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * workload SUBJECT [NAME=VALUE,...]: one run of a workload on threads of the
 * system, for whoever tests by starting a process per run: bare, under ThreadSanitizer, under
 * helgrind. Exits with 0 if all was well; a deadlock hangs.
 *
 * Subjects do not wait for the threads that they start. This program does, because under
 * ThreadSanitizer a process does not end with its last thread: pthread_create() and
 * pthread_detach() are wrapped by the linker.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/engine.h"
#include "fuzz/workloads.h"
#include "repro/base/setting.h"

static const struct wedge_subject *subject;

static const struct wedge_subject *find(const char *name)
{
    for (uint32_t i = 0; i < workload_count(); i++)
        if (strcmp(workload_at(i)->name, name) == 0)
            return workload_at(i);
    return NULL;
}

/* --- threads; all are started by the first --- */

static pthread_t started[ENGINE_THREADS_MAX];
static uint32_t started_count;

typedef void *thread_code(void *argument);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_code *code,
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_code *code,
                          void *argument);
int __wrap_pthread_detach(pthread_t thread);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_code *code,
                          void *argument)
{
    check(started_count < ENGINE_THREADS_MAX);
    int error = __real_pthread_create(thread, attributes, code, argument);
    started[started_count++] = *thread;
    return error;
}

int __wrap_pthread_detach(pthread_t thread)
{
    (void)thread;
    return 0;
}

static void *first_code(void *plan)
{
    subject->run(plan); /* ends the thread */
    return NULL;
}

static void run_to_the_end(struct plan *plan)
{
    pthread_t first;
    check(__real_pthread_create(&first, NULL, first_code, plan) == 0);
    pthread_join(first, NULL);
    for (uint32_t i = 0; i < started_count; i++)
        pthread_join(started[i], NULL);
}

/* --- the program --- */

int main(int argc, char **argv)
{
    static struct plan plan;
    struct fixed_settings settings = { 0 };
    char wrong[256] = "no such workload";
    subject = argc > 1 ? find(argv[1]) : NULL;
    if (subject == NULL || argc > 3 ||
        (argc == 3 && !settings_read(&settings, subject, argv[2], wrong, sizeof wrong))) {
        fprintf(stderr, "%s\nusage: workload SUBJECT [NAME=VALUE,...]\n", wrong);
        return 2;
    }
    subject_standard_settings(subject, &plan);
    settings_apply(&settings, &plan);
    subject->reset();
    run_to_the_end(&plan);
    const char *broken = subject->check != NULL ? (subject->check)(true) : NULL;
    if (broken != NULL)
        fprintf(stderr, "%s\n", broken);
    return broken != NULL;
}
