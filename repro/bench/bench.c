/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/check.h"
#include "fuzz/subjects.h"
#include "repro/reproducer/program.h"

/* --- what is measured, and how it searches --- */

static bool is_file(const char *text)
{
    static const char ending[] = ".repro";
    size_t length = strlen(text), least = sizeof ending - 1;
    return length > least && strcmp(text + length - least, ending) == 0;
}

static bool read_program(struct bench_workload *workload, const char *path, char *wrong,
                         size_t size)
{
    struct reproducer *program = calloc(1, sizeof *program); /* it lives on, as the text does */
    check(program != NULL);
    if (!program_read(program, path, NULL, wrong, size))
        return false;
    *workload = (struct bench_workload){ .name = path, .subject = program->subject,
                                         .program = &program->plan };
    return true;
}

bool bench_workload_read(struct bench_workload *workload, const char *text, char *wrong,
                         size_t size)
{
    char name[64];
    if (is_file(text))
        return read_program(workload, text, wrong, size);
    size_t length = strcspn(text, ":");
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    *workload = (struct bench_workload){ .name = text, .subject = subject_find(name) };
    if (workload->subject == NULL) {
        snprintf(wrong, size, "no subject '%s' (see: wedge list)", name);
        return false;
    }
    return text[length] == '\0' || settings_read(&workload->settings, workload->subject,
                                                 text + length + 1, wrong, size);
}

uint32_t bench_way_count(void)
{
    return strategy_count() + 1;
}

struct bench_way bench_way_at(uint32_t index)
{
    check(index < bench_way_count());
    if (index < strategy_count())
        return (struct bench_way){ strategy_at(index)->name, strategy_at(index), false };
    return (struct bench_way){ "hunt", strategy_find("portfolio"), true };
}

bool bench_way_find(const char *name, struct bench_way *way)
{
    for (uint32_t i = 0; i < bench_way_count(); i++) {
        *way = bench_way_at(i);
        if (strcmp(way->name, name) == 0)
            return true;
    }
    return false;
}

/* --- a process of its own --- */

/* What it tells the parent. */
struct bench_result {
    struct hunt_job job;
    struct bench_speed speed;
    struct bench_search search;
};

struct bench_task {
    struct hunt_options options;
    double seconds;
    struct bench_result *result;
};

/* Of the one thread there is: that of the process jumps by ms in some virtual machines. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct hunt_options options_of(const struct bench_workload *workload,
                                      const struct bench_way *way, uint64_t seed)
{
    return (struct hunt_options){ .subject = workload->subject,
                                  .strategy = way->strategy,
                                  .seed = seed,
                                  .runs_max = UINT64_MAX,
                                  .faults = FAULTS_ALL,
                                  .jobs = 1,
                                  .settings = workload->settings,
                                  .program = workload->program,
                                  .no_prediction = !way->predicts };
}

/* False: it could not be started, or did not end well. */
static bool run_apart(void (*work)(struct bench_task *task), struct bench_task *task)
{
    fflush(NULL); /* or the child would write what is buffered once more */
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0) {
        work(task);
        _exit(0);
    }
    int status;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The one page that parent and child share; made once. NULL: no memory. */
static struct bench_result *shared_result(void)
{
    static struct bench_result *result;
    if (result == NULL) {
        void *memory = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        result = memory == MAP_FAILED ? NULL : memory;
    }
    if (result != NULL) {
        hunt_job_begin(&result->job, 0);
        result->speed = (struct bench_speed){ 0 };
        result->search = (struct bench_search){ 0 };
    }
    return result;
}

/* --- speed --- */

static bool go_on(void *unused)
{
    (void)unused;
    return true;
}

static bool go_on_until(void *limit)
{
    return cpu_seconds() < *(const double *)limit;
}

static bool pass_over(void *unused, const struct sighting *sighting)
{
    (void)unused;
    (void)sighting;
    return true;
}

/* How many runs take about so long. */
static uint64_t runs_in(const struct bench_task *task, double seconds)
{
    struct hunt_job *job = &task->result->job;
    double limit = cpu_seconds() + seconds;
    hunt_job_begin(job, 0);
    struct hunt_watch watch = { go_on_until, pass_over, &limit };
    hunt_search(&task->options, job, 1, &watch);
    return job->runs;
}

/* The same runs each time, so samples differ by the machine alone. Returns ns per run. */
static double sample(const struct bench_task *task, uint64_t runs, bool predicts)
{
    static const struct hunt_watch watch = { go_on, pass_over, NULL };
    struct hunt_options options = task->options;
    options.runs_max = runs;
    options.no_prediction = !predicts;
    hunt_job_begin(&task->result->job, 0);
    double begin = cpu_seconds();
    hunt_search(&options, &task->result->job, 1, &watch);
    return (cpu_seconds() - begin) * 1e9 / (double)runs;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_speed(struct bench_task *task)
{
    struct bench_speed *speed = &task->result->speed;
    double plain[BENCH_SAMPLES], watched[BENCH_WATCHED_SAMPLES];
    double seconds = task->seconds / (2 * BENCH_SAMPLES);
    runs_in(task, seconds); /* warms up: the first runs of a process are dear */
    uint64_t runs = runs_in(task, seconds);
    uint64_t watched_runs = runs * (BENCH_SAMPLES / BENCH_WATCHED_SAMPLES);
    for (uint32_t i = 0; i < BENCH_WATCHED_SAMPLES; i++)
        watched[i] = sample(task, watched_runs, true);
    for (uint32_t i = 0; i < BENCH_SAMPLES; i++)
        plain[i] = sample(task, runs, false);
    qsort(plain, BENCH_SAMPLES, sizeof *plain, compare_doubles);
    qsort(watched, BENCH_WATCHED_SAMPLES, sizeof *watched, compare_doubles);
    speed->runs = runs;
    speed->steps = task->result->job.steps;
    speed->ns_per_run_least = plain[0];
    speed->ns_per_run = plain[BENCH_SAMPLES / 2];
    speed->ns_per_run_most = plain[BENCH_SAMPLES - 1];
    speed->watched_ns_per_run = watched[BENCH_WATCHED_SAMPLES / 2];
}

bool bench_speed(const struct bench_workload *workload, const struct bench_way *way,
                 double seconds, struct bench_speed *speed)
{
    struct bench_task task = { options_of(workload, way, 1), seconds, shared_result() };
    task.options.no_prediction = true;
    if (task.result == NULL || !run_apart(measure_speed, &task))
        return false;
    *speed = task.result->speed;
    return true;
}

/* --- the first finding --- */

/* A prediction that was not confirmed is not yet a finding. */
static bool stop_at_finding(void *context, const struct sighting *sighting)
{
    struct bench_result *result = context;
    if (!sighting->confirmed)
        return true;
    result->search.schedules = sighting->first + 1 + result->job.steered;
    return false;
}

static void measure_search(struct bench_task *task)
{
    struct hunt_watch watch = { go_on, stop_at_finding, task->result };
    double begin = cpu_seconds();
    hunt_search(&task->options, &task->result->job, 1, &watch);
    task->result->search.seconds = cpu_seconds() - begin;
}

bool bench_search(const struct bench_workload *workload, const struct bench_way *way,
                  uint64_t seed, uint64_t runs_max, struct bench_search *search)
{
    struct bench_task task = { options_of(workload, way, seed), 0, shared_result() };
    task.options.runs_max = runs_max;
    if (task.result == NULL || !run_apart(measure_search, &task))
        return false;
    *search = task.result->search;
    return true;
}

/* --- the distribution --- */

static int compare_searches(const void *a, const void *b)
{
    uint64_t x = ((const struct bench_search *)a)->schedules - 1; /* not found: the most */
    uint64_t y = ((const struct bench_search *)b)->schedules - 1;
    return (x > y) - (x < y);
}

static int compare_seconds(const void *a, const void *b)
{
    return compare_doubles(&((const struct bench_search *)a)->seconds,
                           &((const struct bench_search *)b)->seconds);
}

static uint64_t rank(const struct bench_search *searches, uint32_t count, uint32_t percent)
{
    uint32_t place = (percent * count + 99) / 100;
    uint64_t schedules = searches[place > 0 ? place - 1 : 0].schedules;
    return schedules > 0 ? schedules : UINT64_MAX;
}

void bench_distribute(struct bench_search *searches, uint32_t count, uint64_t runs_max,
                      struct bench_distribution *distribution)
{
    check(count > 0);
    qsort(searches, count, sizeof *searches, compare_seconds);
    *distribution = (struct bench_distribution){
        .count = count, .median_seconds = searches[(count - 1) / 2].seconds
    };
    qsort(searches, count, sizeof *searches, compare_searches);
    for (uint32_t i = 0; i < count; i++) {
        bool found = searches[i].schedules > 0;
        distribution->found += found;
        distribution->mean += (double)(found ? searches[i].schedules : runs_max) / count;
    }
    distribution->least = rank(searches, count, 0);
    distribution->quarter = rank(searches, count, 25);
    distribution->median = rank(searches, count, 50);
    distribution->three_quarters = rank(searches, count, 75);
    distribution->nine_tenths = rank(searches, count, 90);
    distribution->most = rank(searches, count, 100);
}
