/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What it costs that the order of locks is watched. Prints samples, a line each: name and figure.
 *
 *   order locks SAMPLES PAIRS    ns for a lock and its unlock while two other locks are held, with
 *                                the graph off; watched, as each run of a hunt is; with a log, as a
 *                                run that has news is. Steady state: a run before taught it all.
 *   order growth SAMPLES         ms to learn from a run with that many live locks, or from a cycle
 *                                of that many threads
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/lockgraph.h"
#include "core/engine/loop_bench.h"
#include "core/engine/novelty.h"

enum { PAIRS_PER_RUN = 500 }; /* about what a run of a hunt does, so its trace stays in the cache */

static struct outcome outcome;

static void run_once(void (*reset)(void), void (*run)(const struct plan *plan),
                     const struct engine_options *options)
{
    static struct plan empty;
    static struct wedge_subject subject;
    subject = (struct wedge_subject){ .name = "bench", .reset = reset, .run = run };
    engine_run(&subject, &empty, strategy_replay(), options, &outcome);
    check(outcome.verdict == VERDICT_OK);
}

/* --- locks --- */

static void loop_thread(void *unused)
{
    loop_run(unused);
    hook_thread_exit();
}

static void run_loop(const struct plan *plan)
{
    (void)plan;
    struct hook_thread thread;
    hook_thread_create(&thread, loop_thread, NULL, "t");
    hook_thread_join(&thread);
    hook_thread_exit();
}

struct row {
    const char *name;
    struct engine_options options;
    double ns;
};

/* Turn by turn, so that what slows the machine down slows down all. */
static void sample_rows(struct row *rows, uint32_t row_count, uint32_t turns)
{
    for (uint32_t row = 0; row < row_count; row++)
        rows[row].ns = 0;
    for (uint32_t i = 0; i < turns * row_count; i++) {
        loop_ns = 0;
        run_once(loop_reset, run_loop, &rows[i % row_count].options);
        rows[i % row_count].ns += loop_ns;
    }
}

static void bench_locks(uint32_t samples, uint32_t pairs)
{
    static struct novelty novelty;
    static struct record_log log;
    struct row rows[] = { { "off", { .steps_max = 0 }, 0 },
                          { "watched", { .novelty = &novelty }, 0 },
                          { "log", { .log = &log }, 0 } };
    const uint32_t row_count = sizeof rows / sizeof *rows, turns = pairs / PAIRS_PER_RUN + 1;
    loop_pairs = PAIRS_PER_RUN;
    check(novelty_init(&novelty) && record_log_reserve(&log, 4 * PAIRS_PER_RUN, 16));
    sample_rows(rows, row_count, 1);
    check(novelty_is_news(&novelty));
    check(novelty_learned(&novelty));
    for (uint32_t i = 0; i < samples; i++) {
        sample_rows(rows, row_count, turns);
        for (uint32_t row = 0; row < row_count; row++)
            printf("%s %.2f\n", rows[row].name, rows[row].ns / (turns * PAIRS_PER_RUN));
        check(!novelty_is_news(&novelty)); /* it knows all that there is */
        check(log.count > 2 * PAIRS_PER_RUN && log.lost == 0);
    }
    novelty_free(&novelty);
    record_log_free(&log);
}

/* --- growth --- */

enum { LIVE = 10000 };

static struct hook_mutex locks[LIVE];
static char classes[LIVE][8];
static uint32_t lock_count, ring; /* ring: how many threads; the last one takes the first lock */
static _Atomic uint32_t ended;

static void reset_locks(void)
{
    for (uint32_t i = 0; i < lock_count; i++) {
        snprintf(classes[i], sizeof classes[i], "m%u", i);
        hook_mutex_init(&locks[i], classes[i]);
    }
    ended = 0;
}

static void take(uint32_t first, uint32_t second)
{
    hook_lock(&locks[first]);
    hook_lock(&locks[second]);
    hook_unlock(&locks[second]);
    hook_unlock(&locks[first]);
}

static void neighbours(void *number)
{
    uint32_t first = (uint32_t)(uintptr_t)number;
    take(first, (first + 1) % lock_count);
    hook_fetch_add(&ended, 1u);
    hook_thread_exit();
}

/* One after another, so that they find room; nothing else keeps them in that order. */
static void run_ring(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < ring; i++) {
        hook_thread_start(neighbours, (void *)(uintptr_t)i, "t");
        while (hook_load(&ended) <= i)
            hook_spin(&ended);
    }
    hook_thread_exit();
}

/* Each lock is taken while its neighbour is held, and one pair the other way round elsewhere. */
static void last_then_first(void *unused)
{
    (void)unused;
    take(1, 0);
    hook_thread_exit();
}

static void run_live(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(last_then_first, NULL, "t");
    for (uint32_t i = 0; i + 1 < lock_count; i++)
        take(i, i + 1);
    hook_thread_exit();
}

/* With a log that has room for all of it. */
static double sample_learning(struct lockgraph *graph, void (*run)(const struct plan *plan),
                              uint32_t edges)
{
    struct lesson lesson;
    double begin_ns;
    do {
        lockgraph_forget(graph);
        struct engine_options options = { .steps_max = 1u << 24,
                                          .log = lockgraph_log(graph, false) };
        run_once(reset_locks, run, &options);
        begin_ns = cpu_ns();
        lockgraph_learn(graph, &outcome, &lesson);
    } while (lesson.short_of_log);
    check(!lesson.short_of_memory && !lesson.gave_up);
    check(lockgraph_prediction_count(graph) == 1);
    check(lockgraph_prediction(graph, 0)->edges.count == edges);
    return (cpu_ns() - begin_ns) / 1e6;
}

static void bench_growth(uint32_t samples)
{
    static const uint32_t rings[] = { 2, 20, 200 };
    struct lockgraph *graph = lockgraph_new();
    check(graph != NULL);
    for (uint32_t i = 0; i < samples; i++) {
        lock_count = LIVE;
        printf("live-%u %.3f\n", LIVE, sample_learning(graph, run_live, 2));
        for (uint32_t row = 0; row < sizeof rings / sizeof *rings; row++) {
            lock_count = ring = rings[row];
            printf("cycle-%u %.3f\n", ring, sample_learning(graph, run_ring, ring));
        }
    }
    lockgraph_free(graph);
}

int main(int argc, char **argv)
{
    uint32_t samples = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    uint32_t pairs = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    if (argc == 4 && strcmp(argv[1], "locks") == 0 && samples > 0 && pairs > 0)
        bench_locks(samples, pairs);
    else if (argc == 3 && strcmp(argv[1], "growth") == 0 && samples > 0)
        bench_growth(samples);
    else
        return fprintf(stderr, "usage: order locks SAMPLES PAIRS | order growth SAMPLES\n"), 2;
    return 0;
}
