/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/hunt/hunt_process.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/base/signal.h"
#include "repro/base/output.h"
#include "repro/hunt/hunt_position.h"
#include "repro/shrink/shrink.h"

volatile sig_atomic_t hunt_interrupted;

static void on_interrupt(int number)
{
    (void)number;
    hunt_interrupted = 1;
    shrink_stop();
}

void hunt_take_signals(void)
{
    signal_take(SIGINT, on_interrupt, SA_RESTART);
    signal_take(SIGTERM, on_interrupt, SA_RESTART);
}

/* What was kept cannot be written. */
static void tell_corpus(const struct hunt *hunt)
{
    fprintf(stderr, "wedge: cannot write to the corpus %s: %s\n", hunt->options.corpus,
            strerror(errno));
}

/* --- how far it has come --- */

static void save_position(struct hunt *hunt)
{
    uint64_t next = 0;
    if (hunt->options.corpus == NULL || hunt->broken)
        return;
    for (uint32_t i = 0; i < hunt->options.jobs; i++)
        next = hunt->board->jobs[i].next > next ? hunt->board->jobs[i].next : next;
    if (position_write(&hunt->options, next))
        return;
    progress_clear(&hunt->progress);
    tell_corpus(hunt);
    hunt->broken = true;
}

/* --- time --- */

/* Time, progress, interrupts. False: it is enough. */
static bool keep_watch(struct hunt *hunt)
{
    enum { SAVE_EVERY_S = 10 };
    double seconds = progress_seconds(&hunt->progress);
    hunt->results.late = hunt_interrupted || seconds >= hunt->options.seconds_max;
    if (hunt->results.late)
        return false;
    if (seconds >= hunt->save_at) {
        save_position(hunt);
        hunt->save_at = seconds + SAVE_EVERY_S;
    }
    if (progress_is_due(&hunt->progress, seconds)) {
        struct totals totals = board_totals(hunt->board, hunt->options.jobs);
        char runs[16], rate[16], switches[16], kinds[32], text[192];
        snprintf(kinds, sizeof kinds, " of %" PRIu64 " kinds", totals.kinds);
        if (totals.kinds < 2)
            kinds[0] = '\0';
        snprintf(text, sizeof text,
                 "%s: %s schedules, %s/s, %.0f s, %" PRIu64 " findings%s, %s switches, "
                 "new %.0f s ago", hunt->options.subject->name,
                 output_amount((double)totals.runs, runs),
                 output_amount((double)totals.runs / seconds, rate), seconds, totals.findings,
                 kinds, output_amount(totals.switches, switches), (1 - totals.news) * seconds);
        progress_print(&hunt->progress, text);
    }
    return true;
}

/* --- alone --- */

static bool alone_go_on(void *context)
{
    return keep_watch(context);
}

static bool alone_seen(void *context, const struct sighting *sighting)
{
    struct hunt *hunt = context;
    if (!sighting->confirmed)
        return true; /* a prediction; its turn comes at the end */
    if (!hunt->options.keep_going)
        hunt->seconds = progress_seconds(&hunt->progress);
    results_settle(&hunt->results, sighting);
    return hunt->options.keep_going;
}

static void search_alone(struct hunt *hunt)
{
    struct hunt_watch watch = { alone_go_on, alone_seen, hunt };
    if (hunt_search(&hunt->options, &hunt->board->jobs[0], 1, &watch))
        return;
    progress_clear(&hunt->progress);
    tell_corpus(hunt);
    hunt->broken = true;
}

/* --- jobs --- */

enum {
    RESTARTS_MAX = 3, /* of a job */
    JOB_TOLD = 1,     /* a job's exit code: it has said what is wrong */
};

struct job_process {
    pid_t pid; /* 0: it has ended */
    uint32_t restarts;
};

/* In a job: the parent says when time is up; a run after the first finding is of no use. */
static bool job_go_on(void *context)
{
    const struct hunt *hunt = context;
    uint64_t next = hunt->board->jobs[hunt->job].next;
    return !hunt_interrupted && !hunt->board->stop && next <= hunt->board->stop_at &&
           getppid() != 1;
}

static bool job_seen(void *context, const struct sighting *sighting)
{
    const struct hunt *hunt = context;
    if (hunt->options.keep_going || !sighting->confirmed)
        return true;
    uint64_t least = hunt->board->stop_at;
    while (sighting->first < least &&
           !atomic_compare_exchange_weak(&hunt->board->stop_at, &least, sighting->first)) {
    }
    return false;
}

/* False: there is no process for it. */
static bool start_job(struct hunt *hunt, struct job_process *process, uint32_t number)
{
    fflush(NULL); /* or the job would write what is buffered once more */
    process->pid = fork();
    if (process->pid != 0) {
        process->pid = process->pid > 0 ? process->pid : 0;
        return process->pid > 0;
    }
    hunt->job = number;
    struct hunt_watch watch = { job_go_on, job_seen, hunt };
    if (hunt_search(&hunt->options, &hunt->board->jobs[number], hunt->options.jobs, &watch))
        _exit(0);
    tell_corpus(hunt);
    fflush(NULL);
    _exit(JOB_TOLD);
}

/* Killed, or by a bug of ours. What it has told stands on the board; it goes on behind the runs of
 * which one may be the reason. */
static void job_died(struct hunt *hunt, struct job_process *process, uint32_t number, int status)
{
    struct hunt_job *job = &hunt->board->jobs[number];
    bool again = process->restarts < RESTARTS_MAX && !hunt->board->stop;
    progress_clear(&hunt->progress);
    fprintf(stderr, "wedge: job %" PRIu32 " died (%s %d) in schedule %" PRIu64 " or one of the next "
            "%d of its own%s\n", number, WIFSIGNALED(status) ? "signal" : "exit code",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), job->next + 1,
            HUNT_RUNS_PER_LOOK, again ? "; it goes on behind them" : "");
    process->restarts++;
    job->next += (uint64_t)HUNT_RUNS_PER_LOOK * hunt->options.jobs;
    if (!again || !start_job(hunt, process, number))
        hunt->broken = true;
}

static void job_ended(struct hunt *hunt, struct job_process *processes, pid_t pid, int status)
{
    uint32_t number = 0;
    while (number < hunt->options.jobs && processes[number].pid != pid)
        number++;
    if (number == hunt->options.jobs)
        return; /* not one of ours */
    processes[number].pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == JOB_TOLD)
        hunt->broken = true;
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        job_died(hunt, &processes[number], number, status);
}

static bool some_run(const struct hunt *hunt, const struct job_process *processes)
{
    for (uint32_t i = 0; i < hunt->options.jobs; i++)
        if (processes[i].pid != 0)
            return true;
    return false;
}

static void settle_new(struct hunt *hunt)
{
    for (uint32_t i = 0; i < hunt->options.jobs; i++)
        for (uint32_t j = 0; j < hunt->board->jobs[i].sighting_count; j++) {
            const struct sighting *sighting = &hunt->board->jobs[i].sightings[j];
            if (sighting->confirmed &&
                (hunt->options.keep_going || sighting->first == hunt->board->stop_at))
                results_settle(&hunt->results, sighting);
            if (!keep_watch(hunt)) /* settling takes time, too */
                hunt->board->stop = true;
        }
}

/* Waits for the jobs; deals with what they find as they find it, if they are to keep going. */
static void search_jobs(struct hunt *hunt)
{
    static struct job_process processes[HUNT_JOBS_MAX];
    for (uint32_t i = 0; i < hunt->options.jobs; i++)
        if (!start_job(hunt, &processes[i], i))
            hunt->broken = true;
    while (some_run(hunt, processes)) {
        int status;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended > 0) {
            job_ended(hunt, processes, ended, status);
            continue;
        }
        if (!keep_watch(hunt) || hunt->broken)
            hunt->board->stop = true;
        if (hunt->options.keep_going)
            settle_new(hunt);
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
    hunt->seconds = progress_seconds(&hunt->progress);
    hunt->results.late = hunt->results.late || hunt->options.seconds_max <= hunt->seconds;
    settle_new(hunt);
}

/* Predictions that no schedule has shown. Where something was found they need not be told: what was
 * found is most likely the reason of some. */
static void settle_unconfirmed(struct hunt *hunt)
{
    uint32_t left = 0;
    bool tell = hunt->results.count == 0 || hunt->options.keep_going;
    for (uint32_t i = 0; i < hunt->options.jobs; i++)
        for (uint32_t j = 0; j < hunt->board->jobs[i].sighting_count; j++) {
            const struct sighting *sighting = &hunt->board->jobs[i].sightings[j];
            if (sighting->confirmed)
                continue;
            if (tell)
                results_settle(&hunt->results, sighting);
            left++;
        }
    progress_clear(&hunt->progress);
    if (left > 0 && !tell)
        fprintf(stderr, "wedge: %" PRIu32 " prediction%s not confirmed; --keep-going reports %s\n",
                left, left == 1 ? " was" : "s were", left == 1 ? "it" : "them");
}

/* --- all of it --- */

void hunt_search_all(struct hunt *hunt)
{
    for (uint32_t i = 0; i < hunt->options.jobs; i++)
        hunt_job_begin(&hunt->board->jobs[i], hunt->options.first + i);
    if (hunt->options.jobs == 1)
        search_alone(hunt);
    else
        search_jobs(hunt);
    if (hunt->seconds == 0)
        hunt->seconds = progress_seconds(&hunt->progress);
    save_position(hunt);
    settle_unconfirmed(hunt);
}
