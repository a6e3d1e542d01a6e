/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge judge`: each case is a subject, run once; then the lock-order graph says what it learned.
 *
 * A case has one verdict: what is surest comes first (struct prediction, basis), and what is sure
 * of the run itself before what is policy; a misuse stands between the two. A case that is to be
 * silent is right when it is silent; the reason is compared, too, and counted, but does not decide.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/output.h"
#include "repro/judge_case.h"

enum { FILE_SIZE_MAX = 1 << 28, RUNS_MAX = 16 };

struct options {
    const char *path;
    bool json, verbose;
};

struct tally {
    uint32_t cases, right, silent, same_reason;
    bool bad_input;
};

struct judgement {
    enum judge_verdict verdict;
    const struct prediction *first; /* the surest, or NULL */
    struct outcome outcome;
    struct lesson lesson;
};

/* --- one case --- */

static bool is_policy(const struct prediction *prediction)
{
    return prediction->basis >= BASIS_WRITER;
}

/* Of two equally sure ones, what a thread does to itself tells more than what several do. */
static uint32_t order_of(const struct prediction *prediction)
{
    static const uint8_t kinds[PREDICTION_KIND_COUNT] = {
        [PREDICTION_SELF_DEADLOCK] = 0, [PREDICTION_CONTEXT_INVERSION] = 1,
        [PREDICTION_CYCLE] = 2,         [PREDICTION_EVENT_CYCLE] = 3,
    };
    return (uint32_t)prediction->basis * PREDICTION_KIND_COUNT + kinds[prediction->kind];
}

static const struct prediction *surest(const struct lockgraph *graph)
{
    const struct prediction *best = NULL;
    for (uint32_t i = 0; i < lockgraph_prediction_count(graph); i++) {
        const struct prediction *prediction = lockgraph_prediction(graph, i);
        if (best == NULL || order_of(prediction) < order_of(best))
            best = prediction;
    }
    return best;
}

static enum judge_verdict silent_for(const struct lesson *lesson)
{
    return lesson->silences[SILENCE_GUARD] > 0       ? JUDGE_GUARDED_OK
           : lesson->silences[SILENCE_ORDER] > 0     ? JUDGE_HB_OK
           : lesson->silences[SILENCE_READ] > 0      ? JUDGE_READ_OK
           : lesson->silences[SILENCE_RECURSION] > 0 ? JUDGE_RECURSION_OK
           : lesson->only_readers                    ? JUDGE_READ_OK
                                                     : JUDGE_OK;
}

static enum judge_verdict verdict_of(const struct judgement *judgement)
{
    static const enum judge_verdict verdicts[PREDICTION_KIND_COUNT] = {
        [PREDICTION_CYCLE] = JUDGE_CYCLE,
        [PREDICTION_SELF_DEADLOCK] = JUDGE_SELF_DEADLOCK,
        [PREDICTION_CONTEXT_INVERSION] = JUDGE_CONTEXT_INVERSION,
        [PREDICTION_EVENT_CYCLE] = JUDGE_EVENT_CYCLE,
    };
    bool misuse = judgement->outcome.verdict == VERDICT_MISUSE;
    if (judgement->first != NULL && !(misuse && is_policy(judgement->first)))
        return verdicts[judgement->first->kind];
    return misuse ? JUDGE_MISUSE : silent_for(&judgement->lesson);
}

/* The class of the lock of that name; else it is a class's own. */
static const char *ranked_class(struct judge_case *of, const struct judge_rank *rank)
{
    for (uint32_t role = 0; role < LITMUS_ROLE_COUNT; role++) {
        uint32_t object = litmus_find(&of->litmus, rank->name, (enum litmus_role)role);
        if (object != LITMUS_NONE)
            return of->litmus.objects.items[object].class_name;
    }
    return rank->name;
}

/* Those of equal rank are not taken one under the other, in whatever order. */
static void declare_ranks(struct lockgraph *graph, struct judge_case *of)
{
    for (uint32_t i = 0; i < of->ranks.count; i++) {
        const char *before = ranked_class(of, &of->ranks.items[i]);
        for (uint32_t j = 0; j < of->ranks.count; j++) {
            const char *after = ranked_class(of, &of->ranks.items[j]);
            if (of->ranks.items[i].order == of->ranks.items[j].order &&
                of->ranks.items[i].rank <= of->ranks.items[j].rank && strcmp(before, after) != 0)
                check(lockgraph_declare(graph, before, after));
        }
    }
}

/* Once more only where the run did not fit what there was room for. */
static void judge(struct lockgraph *graph, struct judge_case *of, struct judgement *judgement)
{
    for (uint32_t runs = 0; runs < RUNS_MAX; runs++) {
        lockgraph_forget(graph);
        declare_ranks(graph, of);
        litmus_run(&of->litmus, lockgraph_log(graph, false), &judgement->outcome);
        lockgraph_learn(graph, &judgement->outcome, &judgement->lesson);
        if (judgement->outcome.verdict != VERDICT_BUDGET && !judgement->lesson.short_of_log)
            break;
    }
    judgement->first = surest(graph);
    judgement->verdict = verdict_of(judgement);
}

/* --- what is printed --- */

static bool is_right(const struct judge_case *of, const struct judgement *judgement)
{
    bool silent = judgement->verdict >= JUDGE_OK;
    return judgement->verdict == of->expect || (silent && of->expect >= JUDGE_OK);
}

static void print_json(const struct judge_case *of, const struct judgement *judgement,
                       const struct lockgraph *graph)
{
    json_t *object = output_schema("judge");
    const struct prediction *first = judgement->first;
    output_add(object, json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:s?, s:b}", "name",
                                 of->litmus.name, "verdict",
                                 judge_verdict_name(judgement->verdict), "expected",
                                 judge_verdict_name(of->expect), "right",
                                 (int)is_right(of, judgement), "reports",
                                 (int)lockgraph_prediction_count(graph), "edges",
                                 first != NULL ? (int)first->edges.count : 0, "basis",
                                 first != NULL ? prediction_basis_text(first->basis)
                                 : judgement->verdict == JUDGE_MISUSE ? judgement->outcome.message
                                                                      : NULL,
                                 "complete", (int)!(judgement->lesson.gave_up ||
                                                    judgement->lesson.short_of_memory ||
                                                    judgement->lesson.short_of_log)));
    output_json(object);
}

static void print_reports(const struct judgement *judgement, const struct lockgraph *graph)
{
    if (judgement->outcome.verdict == VERDICT_MISUSE)
        printf("  %s\n", judgement->outcome.message);
    for (uint32_t i = 0; i < lockgraph_prediction_count(graph); i++)
        prediction_print(stdout, lockgraph_prediction(graph, i));
}

static void print_case(const struct options *options, const struct judge_case *of,
                       const struct judgement *judgement, const struct lockgraph *graph)
{
    if (options->json) {
        print_json(of, judgement, graph);
        return;
    }
    printf("%s %s %s %s\n", of->litmus.name, judge_verdict_name(judgement->verdict),
           judge_verdict_name(of->expect), is_right(of, judgement) ? "ok" : "WRONG");
    if (options->verbose)
        print_reports(judgement, graph);
    if (judgement->lesson.short_of_memory)
        fprintf(stderr, "wedge: %s: memory ran out; not all was looked at\n", of->litmus.name);
    else if (judgement->lesson.gave_up)
        fprintf(stderr, "wedge: %s: too many orders; not all were tried\n", of->litmus.name);
}

static void print_total(const struct options *options, const struct tally *tally)
{
    if (!options->json) {
        printf("%" PRIu32 " of %" PRIu32 " right; %" PRIu32 " of %" PRIu32
               " silent for the expected reason\n",
               tally->right, tally->cases, tally->same_reason, tally->silent);
        return;
    }
    json_t *object = output_schema("judge-total");
    output_add(object, json_pack("{s:i, s:i, s:i, s:i}", "cases", (int)tally->cases, "right",
                                 (int)tally->right, "silent", (int)tally->silent, "same_reason",
                                 (int)tally->same_reason));
    output_json(object);
}

/* --- the file --- */

static void judge_line(const struct options *options, struct lockgraph *graph, uint32_t line,
                       const char *text, size_t size, struct tally *tally)
{
    static struct judgement judgement;
    struct judge_case of;
    const char *wrong = judge_case_read(&of, options->path, line, text, size);
    if (wrong != NULL) {
        output_bad_input(options->path, line, wrong);
        tally->bad_input = true;
    } else {
        judge(graph, &of, &judgement);
        tally->cases++;
        tally->right += is_right(&of, &judgement);
        tally->silent += of.expect >= JUDGE_OK;
        tally->same_reason += of.expect >= JUDGE_OK && of.expect == judgement.verdict;
        print_case(options, &of, &judgement, graph);
        lockgraph_forget(graph);
    }
    judge_case_free(&of);
}

static bool is_blank(const char *text, size_t size)
{
    return strspn(text, " \t\r") >= size;
}

static int judge_file(const struct options *options, const char *text, size_t size)
{
    struct lockgraph *graph = lockgraph_new();
    struct tally tally = { .cases = 0 };
    if (graph == NULL) {
        fputs("wedge: no memory\n", stderr);
        return EXIT_BROKEN;
    }
    uint32_t line = 0;
    for (size_t start = 0; start < size;) {
        const char *end = memchr(text + start, '\n', size - start);
        size_t length = end != NULL ? (size_t)(end - text) - start : size - start;
        line++;
        if (!is_blank(text + start, length))
            judge_line(options, graph, line, text + start, length, &tally);
        start += length + 1;
    }
    lockgraph_free(graph);
    if (tally.cases > 0)
        print_total(options, &tally);
    if (tally.bad_input)
        return EXIT_USAGE;
    if (tally.cases == 0) {
        fprintf(stderr, "%s: no cases\n", options->path);
        return EXIT_UNTESTED;
    }
    return tally.right == tally.cases ? EXIT_CLEAN : EXIT_FINDINGS;
}

static const struct argp_option option_rows[] = {
    { "json", 'J', NULL, 0, "JSON lines", 0 },
    { "verbose", 'v', NULL, 0, "print the reports, too", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'J':
        to->json = true;
        return 0;
    case 'v':
        to->verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        argument_file(state, text, &to->path);
        return 0;
    case ARGP_KEY_END:
        argument_file(state, NULL, &to->path);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "CASES.jsonl",
    "Runs each case once, lets the lock-order graph judge what it saw, and compares the verdict "
    "with the one that the case expects: NAME VERDICT EXPECTED ok|WRONG. A case that is to be "
    "silent may be so for any reason.\v"
    "Exit codes: 0 all is as expected, 1 not, 2 unreadable input, 4 no cases.\n\n"
    "examples:\n"
    "  wedge judge corpus/lock-order/cases.jsonl\n"
    "  wedge judge --verbose corpus/lock-order/more.jsonl\n"
    "  wedge judge --json corpus/lock-order/cases.jsonl",
    NULL, NULL, NULL
};

int command_judge(int argc, char **argv)
{
    static struct options options;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    size_t size = 0;
    char *text = file_read(options.path, FILE_SIZE_MAX, &size);
    if (text == NULL) {
        fprintf(stderr, "%s: %s\n", options.path, strerror(errno));
        return EXIT_USAGE;
    }
    int code = judge_file(&options, text, size);
    free(text);
    return code;
}
