/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/patch/sandbox_confine.h"

enum { LOOK_EVERY_NS = 2000000 };
static const double measure_every_s = 0.25;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* --- in the child --- */

/* What it could not do goes to the parent through this pipe, which the program's start closes. */
static _Noreturn void give_up(int report)
{
    int error = errno;
    (void)!write(report, &error, sizeof error);
    _exit(127);
}

static void redirect(int to, const char *path, int flags, int report)
{
    int descriptor = open(path != NULL ? path : "/dev/null", flags | O_CLOEXEC, 0666);
    if (descriptor < 0 || dup2(descriptor, to) < 0)
        give_up(report);
}

static void redirect_all(const struct sandbox_command *command, int report)
{
    enum { MAKE = O_WRONLY | O_CREAT | O_TRUNC };
    redirect(STDIN_FILENO, command->input, O_RDONLY, report);
    redirect(STDOUT_FILENO, command->output, MAKE, report);
    if (command->output != NULL && command->errors != NULL &&
        strcmp(command->output, command->errors) == 0)
        dup2(STDOUT_FILENO, STDERR_FILENO);
    else
        redirect(STDERR_FILENO, command->errors, MAKE, report);
    if (command->folder != NULL && chdir(command->folder) != 0)
        give_up(report);
    for (uint32_t i = 0; command->environment != NULL && command->environment[i] != NULL; i++)
        putenv((char *)(uintptr_t)command->environment[i]);
}

static _Noreturn void become(const struct sandbox_command *command, bool alone, int report)
{
    if (!command->trusted) {
        confine_limits(command);
        (void)confine_files(command);
        (void)confine_calls(command->forks, alone);
    }
    execvp(command->arguments[0], (char *const *)(uintptr_t)command->arguments);
    give_up(report);
}

enum { CODE_SIGNALLED = 0x80 }; /* with the number of a signal: as shells do */

/* In a child: waits for a program, and passes on how it ended. */
static _Noreturn void stand_in_for(pid_t program)
{
    int status;
    while (waitpid(program, &status, 0) != program)
        if (errno != EINTR)
            _exit(127);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : CODE_SIGNALLED + WTERMSIG(status));
}

/* The first process of a world of its own: when it ends, the kernel ends all others there. It does
 * nothing but that, because signals do not end it as they do others. */
static _Noreturn void begin_world(const struct sandbox_command *command, int report)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t program = fork();
    if (program < 0)
        give_up(report);
    if (program == 0)
        become(command, true, report);
    close(report);
    stand_in_for(program);
}

static _Noreturn void begin(const struct sandbox_command *command, pid_t parent, int report)
{
    setpgid(0, 0);
    /* However the parent ends, nobody works on for nobody. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    redirect_all(command, report);
    bool alone = !command->trusted && confine_namespaces();
    if (!alone)
        become(command, false, report);
    pid_t world = fork();
    if (world < 0)
        give_up(report);
    if (world == 0)
        begin_world(command, report);
    close(report);
    stand_in_for(world);
}

/* --- in the parent --- */

void sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command)
{
    int report[2], error = 0;
    *sandbox = (struct sandbox){ .command = command, .begun = now(),
                                 .end = SANDBOX_NOT_STARTED };
    pid_t parent = getpid();
    fflush(NULL); /* or the child would write what is buffered once more */
    if (pipe2(report, O_CLOEXEC) != 0) {
        sandbox->code = errno;
        return;
    }
    pid_t child = fork();
    if (child == 0)
        begin(command, parent, report[1]);
    sandbox->code = errno;
    close(report[1]);
    if (child > 0) {
        setpgid(child, child);
        if (read(report[0], &error, sizeof error) == sizeof error) {
            sandbox->code = error;
            waitpid(child, NULL, 0);
        } else {
            sandbox->pid = child;
        }
    }
    close(report[0]);
}

/* Bytes of all files below the folder, each with a block for being there. */
static uint64_t measure(const char *folder)
{
    enum { BLOCK = 4096 };
    char *paths[] = { (char *)(uintptr_t)folder, NULL };
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    uint64_t size = 0;
    for (FTSENT *entry; tree != NULL && (entry = fts_read(tree)) != NULL;)
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_D)
            size += BLOCK + (uint64_t)entry->fts_statp->st_blocks * 512;
    if (tree != NULL)
        fts_close(tree);
    return size;
}

static void end(struct sandbox *sandbox, enum sandbox_end how, int code)
{
    sandbox->seconds = now() - sandbox->begun;
    sandbox->end = how;
    sandbox->code = code;
    kill(-sandbox->pid, SIGKILL); /* what it has started and left behind */
    sandbox->pid = 0;
}

static void stop(struct sandbox *sandbox, enum sandbox_end how)
{
    pid_t pid = sandbox->pid;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    end(sandbox, how, SIGKILL);
}

static void look(struct sandbox *sandbox, bool measured)
{
    const struct sandbox_command *command = sandbox->command;
    int status;
    if (waitpid(sandbox->pid, &status, WNOHANG) == sandbox->pid) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : CODE_SIGNALLED + WTERMSIG(status);
        bool signalled = !command->trusted && code > CODE_SIGNALLED;
        end(sandbox, !signalled                         ? SANDBOX_EXITED
                     : code - CODE_SIGNALLED == SIGXCPU ? SANDBOX_TIME
                                                        : SANDBOX_SIGNALLED,
            signalled ? code - CODE_SIGNALLED : code);
        return;
    }
    if (command->trusted)
        return;
    if (now() - sandbox->begun > command->wall_seconds)
        stop(sandbox, SANDBOX_TIME);
    else if (measured && command->writes != NULL &&
             measure(command->writes) > command->writes_max)
        stop(sandbox, SANDBOX_FULL);
}

void sandbox_wait(struct sandbox *sandboxes, uint32_t count)
{
    double next = now() + measure_every_s;
    for (;;) {
        bool running = false, measured = now() >= next;
        for (uint32_t i = 0; i < count; i++) {
            if (sandboxes[i].pid == 0)
                continue;
            look(&sandboxes[i], measured);
            running = running || sandboxes[i].pid != 0;
        }
        if (!running)
            return;
        next = measured ? now() + measure_every_s : next;
        nanosleep(&(struct timespec){ .tv_nsec = LOOK_EVERY_NS }, NULL);
    }
}

void sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command)
{
    sandbox_start(sandbox, command);
    sandbox_wait(sandbox, 1);
}

void sandbox_describe(const struct sandbox *sandbox, char text[160])
{
    switch (sandbox->end) {
    case SANDBOX_EXITED:
        snprintf(text, 160, "ended with exit code %d", sandbox->code);
        break;
    case SANDBOX_SIGNALLED:
        snprintf(text, 160, "was ended by signal %d (%s)", sandbox->code,
                 strsignal(sandbox->code));
        break;
    case SANDBOX_TIME:
        snprintf(text, 160, "did not end within %.0f s%s, and was killed",
                 sandbox->code == SIGXCPU ? sandbox->command->cpu_seconds
                                          : sandbox->command->wall_seconds,
                 sandbox->code == SIGXCPU ? " of computing" : "");
        break;
    case SANDBOX_FULL:
        snprintf(text, 160, "wrote more than %.0f MB, and was killed",
                 (double)sandbox->command->writes_max / (1 << 20));
        break;
    case SANDBOX_NOT_STARTED:
        snprintf(text, 160, "could not be started: %s", strerror(sandbox->code));
        break;
    }
}

/* --- what is live --- */

static const struct {
    const char *name, *about;
} means_rows[SANDBOX_MEANS_COUNT] = {
    [SANDBOX_NAMESPACES] = { "namespaces",
                             "a user, processes and a network (none) of its own" },
    [SANDBOX_LANDLOCK] = { "landlock", "reads the system and its own folders, writes one" },
    [SANDBOX_SECCOMP] = { "seccomp", "no sockets, no tracing, no mounts, no new processes" },
};

const char *sandbox_means_name(enum sandbox_means means)
{
    check(means < SANDBOX_MEANS_COUNT);
    return means_rows[means].name;
}

const char *sandbox_means_about(enum sandbox_means means)
{
    check(means < SANDBOX_MEANS_COUNT);
    return means_rows[means].about;
}

static bool try(enum sandbox_means means)
{
    static const struct sandbox_command command = { .folder = "/" };
    switch (means) {
    case SANDBOX_NAMESPACES:
        return confine_namespaces();
    case SANDBOX_LANDLOCK:
        return confine_files(&command) && open("/", O_TMPFILE | O_WRONLY, 0600) < 0;
    case SANDBOX_SECCOMP:
        return confine_calls(false, true) && fork() < 0;
    case SANDBOX_MEANS_COUNT:
        break;
    }
    return false;
}

bool sandbox_means_live(enum sandbox_means means)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(try(means) ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}
