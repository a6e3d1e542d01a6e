/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that is not trusted, run as a child that can do little harm: no network, no other
 * processes to reach, limits on time, memory and what it writes, and where. Each means is taken
 * where the kernel gives it (`wedge doctor` says which are live); limits on time, memory and files
 * always hold.
 */
#ifndef REPRO_SANDBOX_H
#define REPRO_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SANDBOX_READS_MAX = 8 };

struct sandbox_command {
    const char *const *arguments; /* NULL at the end; the first is looked up in PATH */
    const char *folder;           /* where it begins; NULL: here */
    const char *input;            /* a file; NULL: nothing to read */
    const char *output, *errors;  /* files for what it prints; made anew */
    const char *const *environment; /* "NAME=VALUE" in addition; NULL at the end; or NULL */
    bool trusted;                 /* a tool of the user's own: none of the following holds */
    bool forks;                   /* it may start processes, as a build does */
    const char *writes;           /* the only folder in which it may write */
    const char *reads[SANDBOX_READS_MAX]; /* what it may read besides the system and `writes` */
    double cpu_seconds;           /* of one process: what hangs busily; the clock on the wall may */
    double wall_seconds;          /*  run much faster on a busy machine; what hangs idly */
    uint64_t memory_max, writes_max; /* bytes */
};

enum sandbox_end {
    SANDBOX_EXITED,     /* `code` is its exit code */
    SANDBOX_SIGNALLED,  /* `code` is the signal */
    SANDBOX_TIME,       /* killed: its time was over */
    SANDBOX_FULL,       /* killed: it wrote more than `writes_max` */
    SANDBOX_NOT_STARTED /* `code` is an errno */
};

struct sandbox {
    const struct sandbox_command *command;
    pid_t pid;
    double begun, seconds; /* seconds: how long it took */
    enum sandbox_end end;
    int code;
};

/* Starts the command; it must stay where it is. What cannot be started has ended so. */
void sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command);

/* Waits until all of them have ended, and nothing that they have started is left. */
void sandbox_wait(struct sandbox *sandboxes, uint32_t count);

/* Both, of one. */
void sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command);

/* "exited with code 3", "was killed: no answer within 10 s" */
void sandbox_describe(const struct sandbox *sandbox, char text[160]);

/* What keeps a program in its place. */
enum sandbox_means { SANDBOX_NAMESPACES, SANDBOX_LANDLOCK, SANDBOX_SECCOMP, SANDBOX_MEANS_COUNT };

/* Whether this kernel gives it to us: tried in a child. */
bool sandbox_means_live(enum sandbox_means means);
/* "landlock", and what is missing without it. */
const char *sandbox_means_name(enum sandbox_means means);
const char *sandbox_means_about(enum sandbox_means means);

#endif
