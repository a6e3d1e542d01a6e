/* SPDX-License-Identifier: BSD-3-Clause */
/* What a child does to itself before it becomes a program that is not trusted. */
#ifndef REPRO_SANDBOX_CONFINE_H
#define REPRO_SANDBOX_CONFINE_H

#include <stdbool.h>

#include "repro/patch/sandbox.h"

/* A user of its own without rights, no network, no processes but its own children. The caller's
 * next child is the first process there. False: the kernel does not give it. */
bool confine_namespaces(void);

/* Files: reads what the system and the command name, writes below command->writes only. */
bool confine_files(const struct sandbox_command *command);

/* System calls: no sockets, no tracing, no mounts; no new processes unless `forks`; signals to
 * itself alone unless `alone`, where nobody else can be reached. */
bool confine_calls(bool forks, bool alone);

/* Limits on memory, time and the size of files; no core dumps. */
void confine_limits(const struct sandbox_command *command);

#endif
