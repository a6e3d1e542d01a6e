/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fatal signals of the code under test end the run, not the process: the handler runs on a stack of
 * its own and leaves the broken fiber for the one that called engine_run(). A watchdog does the same
 * to code that runs for seconds without reaching a hook point. Outside a run both stay out of the
 * way: a crash of ours is a crash.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "core/base/check.h"
#include "core/base/signal.h"
#include "core/engine/internal.h"

enum { SIGNAL_STACK_SIZE = 64 * 1024, WATCH_SECONDS = 2 };

static struct { /* as the watchdog saw it last */
    struct trace_event *event;
    uint64_t left, runs;
} watched;

static const char *name_of(int signal)
{
    switch (signal) {
    case SIGSEGV: return "invalid memory access (SIGSEGV)";
    case SIGBUS: return "invalid memory access (SIGBUS)";
    case SIGFPE: return "arithmetic error (SIGFPE)";
    case SIGILL: return "illegal instruction (SIGILL)";
    default: return "abort (SIGABRT)";
    }
}

static void unblock(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* The place is the last hook point that the thread passed: the best name there is without symbols,
 * and the same in every flavour. */
static void on_fatal(int signal)
{
    if (!engine.live) {
        signal_take(signal, SIG_DFL, 0);
        raise(signal);
        return;
    }
    unblock(signal);
    engine_fail(VERDICT_CRASH, hook_step.event->site, name_of(signal));
}

static void on_tick(int signal)
{
    if (!engine.live)
        return;
    if (hook_step.event != watched.event || hook_step.left != watched.left ||
        engine.runs != watched.runs) {
        watched.event = hook_step.event;
        watched.left = hook_step.left;
        watched.runs = engine.runs;
        return;
    }
    unblock(signal);
    engine_fail(VERDICT_LIVELOCK, hook_step.event->site, "runs on without reaching a hook point");
}

void engine_catch_signals(void)
{
    static char memory[SIGNAL_STACK_SIZE];
    stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
    check(sigaltstack(&stack, NULL) == 0);
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    for (size_t i = 0; i < count_of(fatal); i++)
        signal_take(fatal[i], on_fatal, SA_ONSTACK | SA_NODEFER);
    signal_take(SIGVTALRM, on_tick, SA_ONSTACK | SA_NODEFER);
    struct itimerval every = { { WATCH_SECONDS, 0 }, { WATCH_SECONDS, 0 } };
    check(setitimer(ITIMER_VIRTUAL, &every, NULL) == 0);
}
