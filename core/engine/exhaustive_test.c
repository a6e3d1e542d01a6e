/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search with its reductions against the enumeration of every single schedule: on small
 * programs drawn from a seed, both reach the same classes of schedules and the same outcomes within
 * every bound; and where the number of schedules is known, the enumeration makes that many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/exhaustive.h"
#include "core/engine/test.h"

/* --- programs --- */

enum { THREADS_MAX = 4, STEPS_EACH_MAX = 12, WORDS = 2, LOCKS = 2 };

enum verb {
    LOAD,
    STORE,
    ADD,
    CAS,
    CAS_WEAK,
    LOCK,
    TRYLOCK,
    AWAIT,
    PARK,
    UNPARK,
    NAP,
    WAIT,
    POST,
    SIGNAL,
    AWAIT_SIGNAL,
    PREEMPT,
    TOUCH,
    PEEK,
    VERBS
};

struct instruction {
    uint8_t verb, object;
};

struct small_program {
    uint32_t threads, length;
    struct instruction code[THREADS_MAX][STEPS_EACH_MAX];
};

static struct small_program program;
static _Atomic uint32_t words[WORDS];
static struct hook_mutex locks[LOCKS];
static struct hook_note notes[THREADS_MAX];
static struct hook_semaphore semaphore;
static struct hook_condition condition;
static uint32_t plain;
static uint64_t seen[THREADS_MAX]; /* what each thread has learned */

static void reset(void)
{
    memset(words, 0, sizeof words);
    memset(notes, 0, sizeof notes);
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < LOCKS; i++)
        hook_mutex_init(&locks[i], i == 0 ? "a" : "b");
    hook_semaphore_init(&semaphore, "done", 0);
    hook_condition_init(&condition);
    plain = 0;
}

static uint64_t wait_for_signal(void)
{
    hook_lock(&locks[0]);
    hook_condition_wait(&condition, &locks[0]);
    hook_unlock(&locks[0]);
    return 1;
}

static uint64_t in_lock(uint32_t thread, uint32_t lock, bool tries)
{
    if (tries && !hook_trylock(&locks[lock]))
        return 7;
    if (!tries)
        hook_lock(&locks[lock]);
    uint64_t value = hook_fetch_add(&words[0], thread + 1);
    hook_unlock(&locks[lock]);
    return value;
}

static uint64_t nest(uint32_t lock)
{
    hook_lock(&locks[lock]);
    hook_lock(&locks[1 - lock]);
    hook_unlock(&locks[1 - lock]);
    hook_unlock(&locks[lock]);
    return 0;
}

static uint64_t await(_Atomic uint32_t *word)
{
    uint32_t value;
    while ((value = hook_load(word)) == 0)
        hook_spin(word);
    return value;
}

static uint64_t on_word(uint32_t thread, enum verb verb, _Atomic uint32_t *word)
{
    uint32_t want = 0;
    switch (verb) {
    case LOAD: return hook_load(word);
    case STORE: hook_store(word, thread + 1); return 0;
    case ADD: return hook_fetch_add(word, 1u);
    case CAS: return hook_cas(word, &want, thread + 1) ? 9 : want;
    case CAS_WEAK: return hook_cas_weak(word, &want, thread + 1) ? 9 : want;
    case PEEK: hook_poke(word, hook_peek(word) + 1); return 0;
    default: return await(word);
    }
}

static uint64_t perform(uint32_t thread, struct instruction instruction)
{
    uint32_t object = instruction.object;
    switch ((enum verb)instruction.verb) {
    case LOCK: return object < LOCKS ? in_lock(thread, object, false) : nest(object - LOCKS);
    case TRYLOCK: return in_lock(thread, object % LOCKS, true);
    case PARK: return hook_park(&notes[thread], object == 0 ? HOOK_FOREVER : hook_clock() + object);
    case UNPARK: return hook_unpark(&notes[object % program.threads]);
    case NAP: hook_sleep(object); return (uint64_t)hook_clock();
    case WAIT: hook_semaphore_wait(&semaphore); return 0;
    case POST: hook_semaphore_post(&semaphore); return 0;
    case SIGNAL: hook_condition_signal(&condition); return 0;
    case AWAIT_SIGNAL: return wait_for_signal();
    case PREEMPT: return hook_preemption_point(false);
    case TOUCH: hook_touch(&plain); return plain = plain * 3 + thread;
    default: return on_word(thread, (enum verb)instruction.verb, &words[object % WORDS]);
    }
}

static void thread_code(void *argument)
{
    uint32_t thread = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < program.length; i++)
        if (program.code[thread][i].verb < VERBS)
            seen[thread] = seen[thread] * 31 + perform(thread, program.code[thread][i]) + 1;
}

static void run(const struct plan *plan)
{
    (void)plan;
    struct hook_thread others[THREADS_MAX];
    for (uint32_t i = 1; i < program.threads; i++)
        hook_thread_create(&others[i], thread_code, (void *)(uintptr_t)i, "m");
    thread_code(NULL);
    if (program.length % 2 == 0)
        for (uint32_t i = 1; i < program.threads; i++)
            hook_thread_join(&others[i]);
    hook_thread_exit();
}

static const struct wedge_subject subject = { .name = "small", .run = run, .reset = reset };

/* --- what a search reaches --- */

enum { REACHED_MAX = 1 << 16, SCHEDULES_MAX = 30000 };

struct reached {
    uint32_t count;
    uint64_t items[REACHED_MAX];
};

static struct exhaustive *search;
static struct plan empty;

static void reached_add(struct reached *reached, uint64_t item)
{
    for (uint32_t i = reached->count; i-- > 0;)
        if (reached->items[i] == item)
            return;
    if (reached->count < REACHED_MAX)
        reached->items[reached->count++] = item;
}

static bool reached_has(const struct reached *reached, uint64_t item)
{
    for (uint32_t i = 0; i < reached->count; i++)
        if (reached->items[i] == item)
            return true;
    return false;
}

/* A run that failed is known by its signature, for others may have been half-way. */
static uint64_t outcome_key(const struct outcome *outcome)
{
    uint64_t key = (uint64_t)outcome->verdict;
    if (outcome->verdict != VERDICT_OK)
        return key << 32 | (uint64_t)strtoull(outcome->signature_hash, NULL, 16);
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        key = key * 0x9e3779b97f4a7c15u + seen[i];
    for (uint32_t i = 0; i < WORDS; i++)
        key = key * 0x9e3779b97f4a7c15u + words[i];
    return key * 0x9e3779b97f4a7c15u + plain;
}

/* False: there are more schedules than it is worth. */
static bool explore(const struct wedge_subject *of, uint32_t preemptions, bool reduce,
                    struct reached *classes, struct reached *outcomes, uint64_t schedules_max)
{
    struct exhaustive_options options = { preemptions, reduce };
    struct engine_options engine_options = { .faults = 1u << FAULT_PREEMPT | 1u << FAULT_CAS,
                                             .steps_max = 2000 };
    exhaustive_program(search);
    exhaustive_begin(search, &options);
    while (exhaustive_next(search, of, &empty, &engine_options, &test_outcome)) {
        if (outcomes != NULL)
            reached_add(outcomes, outcome_key(&test_outcome));
        if (classes != NULL && test_outcome.verdict == VERDICT_OK)
            reached_add(classes, exhaustive_class(search));
        if (exhaustive_counts(search)->schedules >= schedules_max)
            return false;
    }
    return true;
}

/* --- small programs from a seed --- */

static void draw_program(struct prng *prng)
{
    program.threads = 2 + prng_below(prng, 2);
    program.length = program.threads == 2 ? 2 + prng_below(prng, 4) : 1 + prng_below(prng, 2);
    for (uint32_t i = 0; i < program.threads; i++)
        for (uint32_t j = 0; j < program.length; j++)
            program.code[i][j] = (struct instruction){ (uint8_t)prng_below(prng, VERBS),
                                                       (uint8_t)prng_below(prng, 4) };
}

static const char *const verb_names[VERBS] = {
    "load", "store", "add", "cas", "cas_weak", "lock", "trylock", "await", "park", "unpark", "nap",
    "wait", "post", "signal", "await_signal", "preempt", "touch", "peek",
};

static void print_program(uint64_t seed, uint32_t preemptions)
{
    print_error("seed %llu, %u preemptions\n", (unsigned long long)seed, preemptions);
    for (uint32_t i = 0; i < program.threads; i++) {
        print_error("  %u:", i);
        for (uint32_t j = 0; j < program.length; j++)
            print_error(" %s %u;", verb_names[program.code[i][j].verb], program.code[i][j].object);
        print_error("\n");
    }
}

static struct reached all_classes, all_outcomes, classes, outcomes;

/* Returns whether it was small enough. */
static bool compare(uint64_t seed, uint32_t preemptions, uint64_t *all_schedules,
                    uint64_t *schedules)
{
    all_classes.count = all_outcomes.count = classes.count = outcomes.count = 0;
    if (!explore(&subject, preemptions, false, &all_classes, &all_outcomes, SCHEDULES_MAX))
        return false;
    *all_schedules += exhaustive_counts(search)->runs;
    assert_true(explore(&subject, preemptions, true, &classes, &outcomes, SCHEDULES_MAX));
    *schedules += exhaustive_counts(search)->runs;
    bool equal = true;
    for (uint32_t i = 0; i < all_classes.count; i++)
        equal = equal && reached_has(&classes, all_classes.items[i]);
    for (uint32_t i = 0; i < all_outcomes.count; i++)
        equal = equal && reached_has(&outcomes, all_outcomes.items[i]);
    if (!equal)
        print_program(seed, preemptions);
    assert_true(equal);
    assert_int_equal(outcomes.count, all_outcomes.count);
    assert_int_equal(classes.count, all_classes.count);
    return true;
}

static void every_class_and_outcome_within_the_bound_is_reached(void **state)
{
    (void)state;
    static const uint32_t bounds[] = { 0, 1, 2, 3, EXHAUSTIVE_UNBOUNDED };
    const char *last = getenv("EXHAUSTIVE_SEEDS");
    uint64_t first = 380, seeds = last != NULL ? strtoull(last, NULL, 10) : 60;
    uint64_t all = 0, reduced = 0, small = 0;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        struct prng prng = { seed };
        draw_program(&prng);
        for (uint32_t i = 0; i < 5; i++)
            small += compare(seed, bounds[i], &all, &reduced);
    }
    print_message("%llu searches: %llu schedules, %llu with the reductions\n",
                  (unsigned long long)small, (unsigned long long)all, (unsigned long long)reduced);
    assert_true(small > 3 * seeds);
    assert_true(reduced < all);
}

/* --- where the number is known --- */

static uint32_t increments;

static void add_many(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < increments; i++)
        hook_fetch_add(&words[0], 1u);
}

static void run_increments(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(add_many, NULL, "m");
    add_many(NULL);
    hook_thread_exit();
}

static const struct wedge_subject counters = { .name = "counters", .run = run_increments,
                                               .reset = reset };

/* Ways to merge what is left of two threads, the first of which can go on for free. */
static uint64_t merges(uint32_t current, uint32_t other, uint32_t preemptions)
{
    if (current == 0 || other == 0)
        return 1;
    uint64_t count = merges(current - 1, other, preemptions);
    if (preemptions > 0)
        count += merges(other - 1, current, preemptions - 1);
    return count;
}

static void without_reductions_there_are_as_many_schedules_as_merges(void **state)
{
    (void)state;
    for (increments = 1; increments < 5; increments++) {
        /* After the start one thread has its increments and its end to do, the other its first
         * step, too. Binomial of 2 * n + 3 over n + 1: 10, 35, 126, 462. */
        uint32_t one = increments + 1, other = increments + 2;
        for (uint32_t preemptions = 0; preemptions < 8; preemptions++) {
            assert_true(explore(&counters, preemptions, false, NULL, NULL, UINT64_MAX));
            assert_int_equal(exhaustive_counts(search)->schedules,
                             merges(one, other, preemptions));
        }
        assert_true(explore(&counters, EXHAUSTIVE_UNBOUNDED, false, NULL, NULL, UINT64_MAX));
        assert_int_equal(exhaustive_counts(search)->schedules, merges(one, other, 1000));
    }
    increments = 2;
    assert_true(explore(&counters, EXHAUSTIVE_UNBOUNDED, false, NULL, NULL, UINT64_MAX));
    assert_int_equal(exhaustive_counts(search)->schedules, 35);
}

/* Each on a note of its own, and on a word that nobody writes. */
static void work_alone(void *argument)
{
    uint32_t own = (uint32_t)(uintptr_t)argument;
    for (int i = 0; i < 3; i++)
        hook_load(&words[0]), hook_unpark(&notes[own]);
}

static void run_independent(const struct plan *plan)
{
    (void)plan;
    for (uint32_t i = 1; i < THREADS_MAX; i++)
        hook_thread_start(work_alone, (void *)(uintptr_t)i, "m");
    work_alone(NULL);
    hook_thread_exit();
}

static const struct wedge_subject independent = { .name = "independent", .run = run_independent,
                                                  .reset = reset };

static void threads_that_do_not_meet_have_few_schedules_that_matter(void **state)
{
    (void)state;
    for (uint32_t preemptions = 1; preemptions < 3; preemptions++) {
        classes.count = all_classes.count = 0;
        assert_true(explore(&independent, preemptions, false, &all_classes, NULL, UINT64_MAX));
        uint64_t all = exhaustive_counts(search)->runs;
        assert_true(explore(&independent, preemptions, true, &classes, NULL, UINT64_MAX));
        assert_int_equal(classes.count, all_classes.count);
        assert_true(exhaustive_counts(search)->schedules * 5 < all);
    }
}

/* --- bounds --- */

static void take_in_order(void *argument)
{
    bool reverse = argument != NULL;
    hook_lock(&locks[reverse]);
    hook_lock(&locks[!reverse]);
    hook_unlock(&locks[!reverse]);
    hook_unlock(&locks[reverse]);
}

static void run_abba(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(take_in_order, &locks, "m");
    take_in_order(NULL);
    hook_thread_exit();
}

static const struct wedge_subject abba = { .name = "abba", .run = run_abba, .reset = reset };

static void a_deadlock_is_found_with_the_preemption_that_it_needs_and_not_with_fewer(void **state)
{
    (void)state;
    for (uint32_t preemptions = 0; preemptions < 3; preemptions++) {
        outcomes.count = 0;
        assert_true(explore(&abba, preemptions, true, NULL, &outcomes, UINT64_MAX));
        assert_true(exhaustive_counts(search)->bounded);
        uint32_t found = 0;
        for (uint32_t i = 0; i < outcomes.count; i++)
            found += outcomes.items[i] >> 32 == VERDICT_DEADLOCK;
        assert_int_equal(found, preemptions > 0);
    }
}

/* Goes round until the other has stored, and does not say that it waits. */
static void go_round(void *unused)
{
    (void)unused;
    while (hook_load(&words[0]) == 0) {
    }
}

static void run_round(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(go_round, NULL, "m");
    hook_store(&words[0], 1u);
    hook_thread_exit();
}

static const struct wedge_subject round_and_round = { .name = "round", .run = run_round,
                                                      .reset = reset };

static void a_thread_that_goes_round_and_round_is_put_aside(void **state)
{
    (void)state;
    assert_true(explore(&round_and_round, 1, true, NULL, NULL, UINT64_MAX));
    assert_int_equal(exhaustive_counts(search)->cut_off, 0);
    assert_true(exhaustive_counts(search)->put_aside > 0);
    assert_true(exhaustive_counts(search)->put_aside < exhaustive_counts(search)->schedules);
}

static int set_up(void **state)
{
    (void)state;
    search = exhaustive_new();
    return search == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    exhaustive_free(search);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_and_outcome_within_the_bound_is_reached),
        cmocka_unit_test(without_reductions_there_are_as_many_schedules_as_merges),
        cmocka_unit_test(threads_that_do_not_meet_have_few_schedules_that_matter),
        cmocka_unit_test(a_deadlock_is_found_with_the_preemption_that_it_needs_and_not_with_fewer),
        cmocka_unit_test(a_thread_that_goes_round_and_round_is_put_aside),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
