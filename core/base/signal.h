/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signal handlers that are called when the signal comes. ThreadSanitizer's sigaction() and signal()
 * keep a signal back until the fiber that ran when it came makes a system call: one that has ended,
 * or is forgotten, never does.
 */
#ifndef CORE_BASE_SIGNAL_H
#define CORE_BASE_SIGNAL_H

#include <signal.h>

#include "core/base/check.h"

#ifdef TSAN_TOLD
/* glibc's own sigaction(). */
int __sigaction(int signal, const struct sigaction *action, struct sigaction *before);
#define signal_action __sigaction
#else
#define signal_action sigaction
#endif

/* From now on the handler is called for that signal. `flags`: of sigaction(2). */
static inline void signal_take(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    sigemptyset(&action.sa_mask);
    check(signal_action(signal, &action, NULL) == 0);
}

#endif
