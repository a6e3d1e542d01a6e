/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/base/progress.h"

/* Shared by parent and children. */
struct board {
    _Atomic uint32_t next, done;         /* items */
    _Atomic uint32_t current[JOBS_MAX];  /* what each process is at: item + 1 */
};

struct crew {
    const struct jobs *jobs;
    struct board *board;
    pid_t pids[JOBS_MAX];
    uint32_t alive;
};

uint32_t jobs_standard(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > JOBS_MAX ? JOBS_MAX : (uint32_t)count;
}

void *jobs_share(size_t size)
{
    void *memory = mmap(NULL, size > 0 ? size : 1, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static _Noreturn void do_items(const struct crew *crew, uint32_t process)
{
    const struct jobs *jobs = crew->jobs;
    uint32_t item;
    while ((item = crew->board->next++) < jobs->count) {
        crew->board->current[process] = item + 1;
        jobs->work(jobs->context, item, (char *)jobs->results + item * jobs->result_size);
        crew->board->current[process] = 0;
        crew->board->done++;
    }
    _exit(0);
}

static bool start(struct crew *crew, uint32_t process)
{
    pid_t parent = getpid();
    fflush(NULL); /* or the child would write what is buffered once more */
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0) {
        /* However the parent ends, nobody works on for nobody. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        do_items(crew, process);
    }
    crew->pids[process] = pid;
    crew->alive++;
    return true;
}

static void progress(const struct crew *crew, struct progress *progress)
{
    char text[96];
    if (!progress_is_due(progress, progress_seconds(progress)))
        return;
    snprintf(text, sizeof text, "%s: %" PRIu32 " of %" PRIu32, crew->jobs->what,
             crew->board->done, crew->jobs->count);
    progress_print(progress, text);
}

/* The item that it was at is the one that ended it; another process goes on with the others. */
static void bury(struct crew *crew, uint32_t process, int status, int *died)
{
    uint32_t current = crew->board->current[process];
    crew->pids[process] = 0;
    crew->alive--;
    if (current == 0)
        return;
    if (died != NULL)
        died[current - 1] = WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
    crew->board->current[process] = 0;
    crew->board->done++;
    if (crew->board->next < crew->jobs->count)
        start(crew, process); /* if it cannot, those that are alive do its part */
}

/* Whoever of ours has ended; -1: nobody yet. */
static int wait_for_one(struct crew *crew, int *status)
{
    for (uint32_t i = 0; i < crew->jobs->processes; i++)
        if (crew->pids[i] > 0 && waitpid(crew->pids[i], status, WNOHANG) == crew->pids[i])
            return (int)i;
    return -1;
}

static bool look_after(struct crew *crew, int *died)
{
    struct progress shown;
    progress_begin(&shown);
    while (crew->alive > 0) {
        int status, process = wait_for_one(crew, &status);
        if (process >= 0) {
            bury(crew, (uint32_t)process, status, died);
            continue;
        }
        progress(crew, &shown);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    progress_clear(&shown);
    errno = EAGAIN;
    return crew->board->next >= crew->jobs->count;
}

bool jobs_run(const struct jobs *jobs, int *died)
{
    struct crew crew = { .jobs = jobs, .board = jobs_share(sizeof *crew.board) };
    check(jobs->processes >= 1 && jobs->processes <= JOBS_MAX);
    if (crew.board == NULL)
        return false;
    for (uint32_t i = 0; i < jobs->processes && i < jobs->count; i++)
        start(&crew, i);
    bool done = look_after(&crew, died);
    int error = errno;
    munmap(crew.board, sizeof *crew.board);
    errno = error;
    return done;
}
