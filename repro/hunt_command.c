/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge hunt`: options, progress, what becomes of findings, and the sum at the end. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/engine/exhaustive.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/argument.h"
#include "repro/command.h"
#include "repro/hunt.h"
#include "repro/hunt_exhaustive.h"
#include "repro/hunt_result.h"
#include "repro/output.h"
#include "repro/program.h"
#include "repro/progress.h"

/* Shared by parent and jobs. */
struct board {
    _Atomic uint64_t stop_at; /* no run after this one is needed */
    _Atomic bool stop;
    struct hunt_job jobs[]; /* options.jobs of them */
};

struct hunt {
    struct hunt_options options;
    struct board *board;
    struct progress progress;
    struct results results;
    uint32_t job; /* in a job: its number */
    double seconds; /* of searching, up to the first finding unless told to keep going */
    bool broken;    /* a job died */
};

enum { PREEMPTIONS_STANDARD = 2 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* --- searching --- */

struct totals {
    uint64_t runs, steps, budget, findings, kinds;
    uint32_t switches;    /* of the job that has seen the most */
    double since_news_s;  /* of the job that has seen something new last */
};

static struct totals hunt_totals(const struct hunt *hunt)
{
    struct totals totals = { 0 };
    double latest = 0, seconds = progress_seconds(&hunt->progress);
    for (uint32_t i = 0; i < hunt->options.jobs; i++) {
        const struct hunt_job *job = &hunt->board->jobs[i];
        totals.runs += job->runs;
        totals.steps += job->steps;
        totals.budget += job->budget;
        for (uint32_t j = 0; j < job->sighting_count; j++)
            totals.findings += job->sightings[j].count;
        totals.kinds = job->sighting_count > totals.kinds ? job->sighting_count : totals.kinds;
        totals.switches = job->switches > totals.switches ? job->switches : totals.switches;
        double news = job->runs > 0 ? (double)job->news_at / (double)job->runs : 0;
        latest = news > latest ? news : latest;
    }
    totals.since_news_s = (1 - latest) * seconds;
    return totals;
}

/* Time, progress, interrupts. False: it is enough. */
static bool keep_watch(struct hunt *hunt)
{
    double seconds = progress_seconds(&hunt->progress);
    hunt->results.late = interrupted || seconds >= hunt->options.seconds_max;
    if (hunt->results.late)
        return false;
    if (progress_is_due(&hunt->progress, seconds)) {
        struct totals totals = hunt_totals(hunt);
        char runs[16], rate[16], switches[16], kinds[32], text[192];
        snprintf(kinds, sizeof kinds, " of %" PRIu64 " kinds", totals.kinds);
        if (totals.kinds < 2)
            kinds[0] = '\0';
        snprintf(text, sizeof text,
                 "%s: %s schedules, %s/s, %.0f s, %" PRIu64 " findings%s, %s switches, "
                 "new %.0f s ago", hunt->options.subject->name,
                 output_amount((double)totals.runs, runs),
                 output_amount((double)totals.runs / seconds, rate), seconds, totals.findings,
                 kinds, output_amount(totals.switches, switches), totals.since_news_s);
        progress_print(&hunt->progress, text);
    }
    return true;
}

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
    hunt_search(&hunt->options, &hunt->board->jobs[0], 0, 1, &watch);
}

/* In a job: the parent says when time is up; a run after the first finding is of no use. */
static bool job_go_on(void *context)
{
    const struct hunt *hunt = context;
    uint64_t index = hunt->job + hunt->board->jobs[hunt->job].runs * hunt->options.jobs;
    return !interrupted && !hunt->board->stop && index <= hunt->board->stop_at && getppid() != 1;
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

static pid_t start_job(struct hunt *hunt, uint32_t number)
{
    fflush(NULL); /* or the job would write what is buffered once more */
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    hunt->job = number;
    struct hunt_watch watch = { job_go_on, job_seen, hunt };
    hunt_search(&hunt->options, &hunt->board->jobs[number], number, hunt->options.jobs, &watch);
    _exit(0);
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
    uint32_t alive = 0;
    for (uint32_t i = 0; i < hunt->options.jobs; i++) {
        if (start_job(hunt, i) > 0)
            alive++;
        else
            hunt->broken = true;
    }
    while (alive > 0) {
        int status;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended > 0) {
            alive--;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                hunt->broken = true;
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

/* --- the sum --- */

static uint64_t count_sighted(const struct hunt *hunt, const struct result *result)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < hunt->options.jobs; i++) {
        const struct hunt_job *job = &hunt->board->jobs[i];
        for (uint32_t j = 0; j < job->sighting_count; j++)
            if (result_is(result, (enum verdict)job->sightings[j].verdict, job->sightings[j].hash))
                count += job->sightings[j].count;
    }
    return count;
}

static json_t *results_json(const struct hunt *hunt)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < hunt->results.count; i++) {
        const struct result *result = &hunt->results.items[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:I, s:I, s:s?}", "verdict",
                            verdict_name(result->verdict), "signature",
                            result->hash, "signature_text", result->signature,
                            "first_schedule", (json_int_t)result->sighting->first + 1, "count",
                            (json_int_t)count_sighted(hunt, result), "reproducer",
                            result->path[0] != '\0' ? result->path : NULL));
    }
    return list;
}

static void sum_json(const struct hunt *hunt, const struct totals *totals)
{
    const struct hunt_options *options = &hunt->options;
    const struct result *first = hunt->results.count > 0 ? &hunt->results.items[0] : NULL;
    double seconds = hunt->seconds > 0 ? hunt->seconds : 1e-9;
    json_t *object = output_schema("hunt");
    json_t *rest = json_pack(
        "{s:s, s:s, s:s?, s:s?, s:I, s:f, s:f, s:f, s:s?, s:s, s:I, s:I, s:I, s:I, s:i, s:o}",
        "subject", options->subject->name, "verdict",
        verdict_name(first != NULL ? first->verdict : VERDICT_OK), "signature",
        first != NULL ? first->hash : NULL, "signature_text",
        first != NULL ? first->signature : NULL, "schedules", (json_int_t)totals->runs, "seconds",
        hunt->seconds, "schedules_per_second", (double)totals->runs / seconds, "steps_per_second",
        (double)totals->steps / seconds, "reproducer",
        first != NULL && first->path[0] != '\0' ? first->path : NULL, "strategy",
        options->strategy->name, "seed", (json_int_t)options->seed, "steps",
        (json_int_t)totals->steps, "cut_off", (json_int_t)totals->budget, "switches",
        (json_int_t)totals->switches, "jobs", (int)options->jobs, "findings", results_json(hunt));
    output_add(object, rest);
    output_json(object);
}

static void sum_text(const struct hunt *hunt, const struct totals *totals)
{
    char runs[16], steps[16];
    double seconds = hunt->seconds > 0 ? hunt->seconds : 1e-9;
    fprintf(stderr, "wedge: %" PRIu64 " schedules in %.2f s (%s/s, %s steps/s), seed %" PRIu64 "\n",
            totals->runs, hunt->seconds, output_amount((double)totals->runs / seconds, runs),
            output_amount((double)totals->steps / seconds, steps), hunt->options.seed);
    if (totals->budget > 0)
        fprintf(stderr, "wedge: %" PRIu64 " of them were cut off after %d steps\n", totals->budget,
                ENGINE_STEPS_STANDARD);
    if (hunt->results.count == 0 && totals->steps > 0)
        printf("no finding in %s\n", hunt->options.subject->name);
    if (!hunt->options.keep_going)
        return;
    for (uint32_t i = 0; i < hunt->results.count; i++) {
        const struct result *result = &hunt->results.items[i];
        printf("%s%s %s: %" PRIu64 " schedules, first in %" PRIu64 ": %s\n", i == 0 ? "\n" : "",
               verdict_name(result->verdict), result->hash,
               count_sighted(hunt, result), result->sighting->first + 1,
               result->path[0] != '\0' ? result->path : "not written");
    }
}

static int sum_up(struct hunt *hunt)
{
    struct totals totals = hunt_totals(hunt);
    progress_clear(&hunt->progress);
    if (hunt->options.json)
        sum_json(hunt, &totals);
    else
        sum_text(hunt, &totals);
    if (hunt->broken || hunt->results.unwritten)
        return EXIT_BROKEN;
    if (hunt->results.count > 0)
        return EXIT_FINDINGS;
    if (interrupted)
        return EXIT_INTERRUPT;
    if (totals.runs > 0 && totals.steps > 0)
        return EXIT_CLEAN;
    fputs("wedge: nothing was tested: no schedule reached a hook point\n", stderr);
    return EXIT_UNTESTED;
}

/* --- the command line --- */

static const struct argp_option options[] = {
    { "strategy", 's', "NAME", 0, "who picks the next thread (see: wedge list); portfolio", 0 },
    { "set", 'x', "NAME=VALUE", 0, "settings of the subject, with commas", 0 },
    { "faults", 'f', "LIST", 0, "all, none, or names; -NAME leaves one out; all", 0 },
    { "time", 't', "SECONDS", 0, "how long; 60; no end with --runs or exhaustive", 0 },
    { "runs", 'r', "N", 0, "how many schedules at most", 0 },
    { "seed", 'S', "N", 0, "another seed, other schedules; 1", 0 },
    { "jobs", 'j', "N", 0, "how many processes search; 1", 0 },
    { "output", 'o', "DIR", 0, "where reproducers go; the current folder", 0 },
    { "preemptions", 'p', "N", 0, "exhaustive: how many at most; 2", 0 },
    { "program", 'F', "FILE", 0, "only the program of that reproducer", 0 },
    { "keep-going", 'k', NULL, 0, "do not stop at the first finding; count each kind", 0 },
    { "no-prediction", 'P', NULL, 0, "do not predict deadlocks from runs that pass", 0 },
    { "json", 'J', NULL, 0, "JSON lines; the last one is the sum", 0 },
    { 0 },
};

static void check_exhaustive(struct argp_state *state, struct hunt_options *to)
{
    if (!to->exhaustive && to->preemptions_max != UINT32_MAX)
        argp_error(state, "--preemptions goes with --strategy exhaustive");
    if (to->exhaustive && to->jobs > 1)
        argp_error(state, "--strategy exhaustive searches with one process: leave out --jobs");
    if (to->preemptions_max == UINT32_MAX)
        to->preemptions_max = PREEMPTIONS_STANDARD;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct hunt_options *to = state->input;
    switch (key) {
    case 's':
        to->exhaustive = strcmp(text, EXHAUSTIVE_NAME) == 0;
        to->strategy = strategy_find(text);
        if (to->strategy == NULL && !to->exhaustive)
            argp_error(state, "no strategy '%s' (see: wedge list)", text);
        return 0;
    case 'f':
        to->faults = argument_faults(state, text);
        return 0;
    case 'x':
        if (state->hook != NULL)
            argp_error(state, "--set is said once: NAME=VALUE,NAME=VALUE");
        state->hook = text; /* until the subject is known */
        return 0;
    case 't':
        to->seconds_max = argument_seconds(state, "--time", text);
        return 0;
    case 'r':
        to->runs_max = argument_number(state, "--runs", text, 0, UINT64_MAX);
        return 0;
    case 'S':
        to->seed = argument_number(state, "--seed", text, 0, INT64_MAX);
        return 0;
    case 'j':
        to->jobs = (uint32_t)argument_number(state, "--jobs", text, 1, HUNT_JOBS_MAX);
        return 0;
    case 'o':
        to->folder = text;
        return 0;
    case 'p':
        to->preemptions_max = (uint32_t)argument_number(state, "--preemptions", text, 0, 1000);
        return 0;
    case 'F':
        to->program_path = text;
        return 0;
    case 'k':
        to->keep_going = true;
        return 0;
    case 'P':
        to->no_prediction = true;
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (to->subject != NULL)
            argp_error(state, "one SUBJECT at a time, found '%s', too", text);
        to->subject = subject_find(text);
        if (to->subject == NULL)
            argp_error(state, "no subject '%s' (see: wedge list)", text);
        return 0;
    case ARGP_KEY_END:
        if (to->subject == NULL)
            argp_error(state, "which SUBJECT? (see: wedge list)");
        if (state->hook != NULL)
            argument_settings(state, to->subject, state->hook, &to->settings);
        check_exhaustive(state, to);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options, parse_option, "SUBJECT",
    "Searches schedules and faults until one shows a finding; shrinks it, writes a reproducer and "
    "reports it. The same seed and number of jobs find the same.\v"
    "examples:\n"
    "  wedge hunt timers --time 10\n"
    "  wedge hunt reorder --set threads=10 --strategy pct --runs 1000 -o out\n"
    "  wedge hunt timers --faults=-clock,-cas --keep-going --json\n"
    "  wedge hunt timers --strategy exhaustive --preemptions 1",
    NULL, NULL, NULL
};

/* False: it cannot be read, or is another subject's; that has been said. */
static bool take_program(struct hunt_options *to)
{
    static struct reproducer program;
    char wrong[512];
    if (to->program_path == NULL)
        return true;
    if (!program_read(&program, to->program_path, to->subject, wrong, sizeof wrong)) {
        fprintf(stderr, "%s\n", wrong);
        return false;
    }
    to->program = &program.plan;
    return true;
}

int command_hunt(int argc, char **argv)
{
    static struct hunt hunt = { .options = { .folder = ".", .seed = 1, .runs_max = UINT64_MAX,
                                             .seconds_max = 0, .faults = FAULTS_ALL, .jobs = 1,
                                             .preemptions_max = UINT32_MAX } };
    hunt.results = (struct results){ .options = &hunt.options, .progress = &hunt.progress };
    hunt.options.strategy = strategy_find("portfolio");
    argp_parse(&argp, argc, argv, 0, NULL, &hunt.options);
    if (!take_program(&hunt.options))
        return EXIT_USAGE;
    if (hunt.options.seconds_max == 0)
        hunt.options.seconds_max =
            hunt.options.runs_max == UINT64_MAX && !hunt.options.exhaustive ? 60 : 1e12;
    if (site_count() == 0) {
        fputs("wedge: nothing can be tested: this build has no hook points\n", stderr);
        return EXIT_UNTESTED;
    }
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    progress_begin(&hunt.progress);
    if (hunt.options.exhaustive)
        return hunt_exhaustively(&hunt.results, &interrupted);
    hunt.board = mmap(NULL, sizeof *hunt.board + hunt.options.jobs * sizeof hunt.board->jobs[0],
                      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (hunt.board == MAP_FAILED) {
        perror("wedge: mmap");
        return EXIT_BROKEN;
    }
    hunt.board->stop_at = UINT64_MAX;
    if (hunt.options.jobs == 1)
        search_alone(&hunt);
    else
        search_jobs(&hunt);
    if (hunt.seconds == 0)
        hunt.seconds = progress_seconds(&hunt.progress);
    settle_unconfirmed(&hunt);
    return sum_up(&hunt);
}
