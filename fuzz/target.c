/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "fuzz/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/check.h"
#include "core/engine/confirm.h"
#include "core/engine/coverage.h"
#include "core/engine/observer.h"
#include "core/engine/site.h"
#include "fuzz/draft.h"
#include "fuzz/mutate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t size_max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t size_max); /* libFuzzer's own */

/* What schedule coverage tells libFuzzer: a counter for each feature, 1 if the run has it. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t
    counters[COVERAGE_SIZE];

/* One in so many inputs that the mutator makes is a change of one that libFuzzer keeps; the others
 * are drawn anew by the subject's generator: what a search has not come across, it cannot change.
 * Of those changed, one in so many is settled first, for which its run is made again. libFuzzer
 * asks for a child of two as often as for a change of one, and two runs have to be made again for
 * it. */
enum { GUIDED_ODDS = 4, SETTLED_ODDS = 8, CROSSED_ODDS = 64, SHORT_PROGRAM = 8 };

/* The environment's words, see target.h; is_minimizing: of a crash, by libFuzzer. */
static bool is_plain, is_brief, is_minimizing;

/* Ours come first: one that is given has the last word. */
static void add_flags(int *argc, char ***argv, const char *const *flags, int count)
{
    static char **with; /* kept: libFuzzer reads it to the end */
    with = calloc((size_t)(*argc + count) + 1, sizeof *with);
    check(with != NULL);
    with[0] = (*argv)[0];
    for (int i = 0; i < count; i++)
        with[1 + i] = strdup(flags[i]);
    memcpy(with + 1 + count, *argv + 1, ((size_t)*argc - 1) * sizeof *with);
    *argc += count;
    *argv = with;
}

/* How often a branch was taken says nothing of schedules, and makes every other input look new; to
 * weigh inputs by entropy costs more than it gives, plain or not. Plain: as libFuzzer does where
 * there is no mutator. */
static void read_words(int *argc, char ***argv)
{
    is_plain = getenv("WEDGE_FUZZ_PLAIN") != NULL;
    is_brief = getenv("WEDGE_FUZZ_BRIEF") != NULL;
    for (int i = 1; i < *argc; i++)
        is_minimizing |= strcmp((*argv)[i], "-minimize_crash_internal_step=1") == 0;
    is_brief |= is_minimizing; /* each step towards a smaller input is a finding */
    const char *const flags[] = { "-entropic=0", is_plain ? "-len_control=100" : "-use_counters=0",
                                  "-error_exitcode=1" };
    add_flags(argc, argv, flags, (int)count_of(flags));
}

/* A target whose hooks are not live would run for ever and find nothing. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    read_words(argc, argv);
    fuzz_begin();
    if (site_count() > 0)
        return 0;
    fprintf(stderr, "%s: no hook points are linked in: nothing can be tested\n",
            wedge_subject.name);
    exit(4);
}

static _Noreturn void stop_at(const struct outcome *outcome)
{
    alarm(0); /* libFuzzer's: to shrink a finding may take longer than an input may */
    if (is_brief)
        fprintf(stderr, "%s: %s %s\n", wedge_subject.name, verdict_name(outcome->verdict),
                outcome->signature_hash);
    else
        fuzz_finding(&wedge_subject, outcome);
    /* By this libFuzzer tells bugs apart while it minimizes. */
    fprintf(stderr, "DEDUP_TOKEN: %s %s\n", verdict_name(outcome->verdict),
            outcome->signature_hash);
    abort();
}

/* What the last run predicts is steered to; a prediction that is not confirmed is told, and fuzzing
 * goes on. */
static void follow(const struct lockgraph *graph, uint32_t new_count)
{
    static struct plan plan;
    static struct outcome reached;
    uint32_t count = lockgraph_prediction_count(graph);
    if (!engine_recorded(&plan))
        return;
    for (uint32_t i = count - new_count; i < count; i++) {
        const struct prediction *prediction = lockgraph_prediction(graph, i);
        uint32_t tries = confirm_tries(prediction) / CONFIRM_HASTE;
        if (confirm(&wedge_subject, &plan, prediction, wedge_subject.faults, 1, tries, &reached) > 0)
            stop_at(&reached);
        fprintf(stderr, "%s: predicted, and not confirmed in %" PRIu32 " schedules: ",
                wedge_subject.name, tries);
        prediction_print(stderr, prediction);
    }
}

/* What was run last, for the mutator: as a rule it is asked for children of that. */
static struct {
    struct draft draft;
    XXH64_hash_t hash; /* of its bytes */
    bool is_engines_last;
} last;

static void count_features(void)
{
    static struct coverage coverage;
    coverage_of_run(&coverage);
    for (uint32_t i = 0; i < coverage.count; i++)
        counters[coverage.features[i]] = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct outcome outcome;
    static struct observer *observer;
    if (observer == NULL)
        observer = observer_new();
    check(observer != NULL);
    struct strategy *strategy = draft_read(&wedge_subject, bytes, size, &last.draft);
    struct engine_options options = { .faults = wedge_subject.faults };
    uint32_t predictions = observer_run(observer, &wedge_subject, &last.draft.plan, strategy,
                                        &options, &outcome);
    last.hash = XXH3_64bits(bytes, size);
    last.is_engines_last = true;
    if (verdict_is_finding(outcome.verdict))
        stop_at(&outcome);
    if (!is_plain)
        count_features();
    if (predictions > 0) {
        last.is_engines_last = false;
        follow(observer_graph(observer), predictions);
    }
    return 0;
}

/* --- mutation --- */

/* The run of these bytes is made again, unless it was the last one, and all that happened in it is
 * written into the draft: what is changed there changes that run. */
static void settle(const uint8_t *bytes, size_t size, struct draft *draft)
{
    static struct outcome outcome;
    static struct draft again;
    const struct draft *run = &last.draft;
    if (!last.is_engines_last || last.hash != XXH3_64bits(bytes, size)) {
        struct engine_options options = { .faults = wedge_subject.faults };
        struct strategy *strategy = draft_read(&wedge_subject, bytes, size, &again);
        engine_run(&wedge_subject, &again.plan, strategy, &options, &outcome);
        last.is_engines_last = false;
        run = &again;
    }
    draft->seed = run->seed;
    draft->strategy = run->strategy;
    draft_settle(draft);
}

/* Long programs cover more and take longer: they are not worth more than short ones. */
static bool is_worth_mutating(const uint8_t *bytes, size_t size, struct draft *draft,
                              struct prng *prng)
{
    bool only_choice = wedge_subject.generate == NULL || is_minimizing;
    if (!draft_is_one(bytes, size))
        return only_choice;
    draft_decode(&wedge_subject, bytes, size, draft);
    return only_choice || prng_below(prng, draft->plan.operation_count + 1) < SHORT_PROGRAM;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned seed)
{
    static struct draft draft;
    if (is_plain)
        return LLVMFuzzerMutate(bytes, size, size_max);
    struct prng prng = { seed };
    prng.state = prng_next(&prng);
    bool may_draw = wedge_subject.generate != NULL && !is_minimizing;
    bool draws = may_draw && !prng_one_in(&prng, GUIDED_ODDS);
    if (draws || !is_worth_mutating(bytes, size, &draft, &prng)) {
        draft_draw(&wedge_subject, &prng, &draft);
    } else {
        if (!draft_is_one(bytes, size) || prng_one_in(&prng, SETTLED_ODDS))
            settle(bytes, size, &draft);
        mutate(&wedge_subject, &draft, &prng);
    }
    return draft_encode(&wedge_subject, &draft, bytes, size_max);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t size_max, unsigned seed)
{
    static struct draft drafts[2], child;
    struct prng prng = { seed };
    prng.state = prng_next(&prng);
    if (is_plain || !prng_one_in(&prng, CROSSED_ODDS))
        return 0; /* libFuzzer asks for something else instead */
    settle(first, first_size, &drafts[0]);
    settle(second, second_size, &drafts[1]);
    mutate_cross(&drafts[0], &drafts[1], &prng, &child);
    return draft_encode(&wedge_subject, &child, out, size_max);
}
