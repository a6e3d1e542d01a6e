/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs behaviours on real threads, with the real clock and the real epoll: each in a process of its
 * own per seed, all seeds at once so that they disturb each other. A process that does not end is
 * ended by its alarm. At the end the world is stopped and the invariants of the timers are walked;
 * those of the scheduler are not, for they hold only when no M runs, and here the monitor and Ms on
 * their way to sleep do.
 *
 * Nothing repeats itself here: the seed decides the delays, the system the rest. WEDGE_SEED is the
 * first seed, 0 if it is not set.
 *
 * Included by behaviour.h only.
 */
#ifndef FUZZ_BEHAVIOUR_THREADS_H
#define FUZZ_BEHAVIOUR_THREADS_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef BEHAVIOUR_SEEDS
#define BEHAVIOUR_SEEDS 6
#endif
enum {
    BEHAVIOUR_SECONDS = 60, /* until a run is said to hang */
    BEHAVIOUR_OUTPUT = 8192,
};

struct behaviour_run {
    pid_t process;
    int output; /* what it said; a file in memory */
};

/* --- in the process of a run --- */

static const struct behaviour *behaviour_row;

static inline void behaviour_main(void *unused)
{
    behaviour_row->body(unused);
    stopTheWorld("the end");
    lock(&scavenge.lock); /* the monitor goes on, and stops the scavenger's timer */
    const char *broken = behaviour_check(true);
    if (broken != NULL)
        throw(broken);
    _exit(0);
}

/* What there is to see of a run that hangs, and will not do so a second time. Atomics only. */
static inline void behaviour_hangs(void)
{
    char line[160];
    int size = snprintf(line, sizeof line,
                        "idle Ps: %u, spinning Ms: %u, stopping: %u, lastpoll: %lld, until: %lld\n",
                        peek(&sched.npidle), peek(&sched.nmspinning), peek(&sched.gcwaiting),
                        (long long)peek(&sched.lastpoll), (long long)peek(&sched.pollUntil));
    bool written = write(STDERR_FILENO, line, (size_t)size) == size;
    for (int i = 0; i < P_MAX && peek(&rt.allp[i]) != NULL && written; i++) {
        struct p *pp = &rt.ps[i];
        size = snprintf(line, sizeof line, "P%d: status %u, queue %u to %u, %u timers, first %lld\n",
                        i, peek(&pp->status), peek(&pp->runqhead), peek(&pp->runqtail),
                        peek(&pp->numTimers), (long long)peek(&pp->timer0When));
        written = write(STDERR_FILENO, line, (size_t)size) == size;
    }
    for (int i = 0; i < G_MAX && peek(&rt.gs[i].atomicstatus) != _Gidle && written; i++) {
        size = snprintf(line, sizeof line, "g%d: status %u\n", i, peek(&rt.gs[i].atomicstatus));
        written = write(STDERR_FILENO, line, (size_t)size) == size;
    }
}

static inline void behaviour_start(const struct behaviour *row, uint64_t seed)
{
    static struct fiber fiber;
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS };
    for (size_t i = 0; i < count_of(crashes); i++)
        signal(crashes[i], SIG_DFL); /* not cmocka's: it would go on with its tests, in here */
    hook_threads_watch(BEHAVIOUR_SECONDS * (int64_t)1000000000, behaviour_hangs);
    behaviour_row = row;
    behaviour.seed = seed;
    hook_threads_seed(seed);
    fiber_adopt(&fiber);
    runtime_reset();
    runtime_start(row->procs, true, behaviour_main, NULL);
}

/* --- in the test's --- */

static inline struct behaviour_run behaviour_fork(const struct behaviour *row, uint64_t seed)
{
    struct behaviour_run run = { .output = memfd_create("behaviour", MFD_CLOEXEC) };
    assert_true(run.output >= 0);
    run.process = fork();
    assert_true(run.process >= 0);
    if (run.process == 0) {
        dup2(run.output, STDERR_FILENO);
        behaviour_start(row, seed);
    }
    return run;
}

/* Waits for its end. Returns what was wrong with it, NULL if nothing; and what it said. */
static inline const char *behaviour_end(const struct behaviour *row,
                                        const struct behaviour_run *run, char *output)
{
    int status = 0;
    assert_true(waitpid(run->process, &status, 0) == run->process);
    ssize_t size = pread(run->output, output, BEHAVIOUR_OUTPUT - 1, 0);
    output[size < 0 ? 0 : size] = '\0';
    close(run->output);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return "it hangs";
    bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    if (row->dies != NULL)
        return aborted && strstr(output, row->dies) != NULL ? NULL : "it did not die as it should";
    if (WIFSIGNALED(status) && !aborted)
        return strsignal(WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL : "it died";
}

static inline void behaviour_test(void **state)
{
    const struct behaviour *row = *state;
    struct behaviour_run runs[BEHAVIOUR_SEEDS];
    const char *wanted = getenv("WEDGE_SEED");
    uint64_t first = wanted == NULL ? 0 : strtoull(wanted, NULL, 10);
    for (uint64_t i = 0; i < BEHAVIOUR_SEEDS; i++)
        runs[i] = behaviour_fork(row, first + i);

    static char output[BEHAVIOUR_OUTPUT];
    uint32_t wrong_count = 0;
    for (uint64_t i = 0; i < BEHAVIOUR_SEEDS; i++) {
        const char *wrong = behaviour_end(row, &runs[i], output);
        if (wrong == NULL)
            continue;
        print_error("%s, seed %llu: %s\n", row->name, (unsigned long long)(first + i), wrong);
        fputs(output, stderr);
        wrong_count++;
    }
    assert_int_equal(wrong_count, 0);
}

#endif
