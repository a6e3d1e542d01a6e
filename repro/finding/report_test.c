/* SPDX-License-Identifier: BSD-3-Clause */
/* The page of a finding: what it names, and that it is one page. */
#include "repro/finding/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repro/finding/symbol.h"

static const struct hook_site spin = { "runtimer", "&t->status", "core/runtime/timerrun.c", 210,
                                       HOOK_SPIN, 0 };
static const struct hook_site hold = { "modtimer", "&t->status", "core/runtime/time.c", 120,
                                       HOOK_HOLD, 0 };
static const struct hook_site preempted = { "wakeNetPoller", "entry", "core/runtime/netpoll.c", 30,
                                            HOOK_PREEMPTION, 0 };
static const struct hook_site taken = { "acquirep", "take", "core/runtime/proc.c", 77, HOOK_TOKEN,
                                        0 };
static const struct wedge_subject subject = { .name = "timers" };
static struct outcome outcome;
static struct plan plan;

/* The cycle of golang.org/issue/38070. */
static void fill(void)
{
    memset(&outcome, 0, sizeof outcome);
    outcome.verdict = VERDICT_SELF_DEADLOCK;
    strcpy(outcome.message, "one thread waits for itself");
    strcpy(outcome.signature, "self-deadlock: timerModifying");
    strcpy(outcome.signature_hash, "3f9a1c7e");
    outcome.edge_count = outcome.cycle_count = 2;
    outcome.edges[0] = (struct edge){ .kind = EDGE_STATE, .from = "m0", .to = "g1", .object = "t0",
                                      .object_class = "timerModifying", .waits_at = &spin,
                                      .holds_since = &hold };
    outcome.edges[1] = (struct edge){ .kind = EDGE_TOKEN, .from = "g1", .to = "m0", .object = "P0",
                                      .object_class = "P", .waits_at = &preempted,
                                      .holds_since = &taken, .queue = "global run queue" };
}

static __attribute__((noinline)) void innermost(struct chain *chain)
{
    chain->pc[0] = __builtin_return_address(0);
    chain->count = 1;
}

static inline __attribute__((always_inline)) void inlined(struct chain *chain)
{
    innermost(chain);
    __asm__ volatile("" ::: "memory"); /* the call is not to become a jump */
}

static __attribute__((noinline)) void outer(struct chain *chain)
{
    inlined(chain);
    __asm__ volatile("" ::: "memory");
}

static char *print(const char *path)
{
    struct report report = { .subject = &subject, .outcome = &outcome, .plan = &plan,
                             .reproducer = path, .shown = 20, .tries = 20 };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    report_print(out, &report);
    fclose(out);
    return text;
}

/* The text, with any white space, has these words in this order. */
static void assert_says(const char *text, const char *words)
{
    char *flat = strdup(text), *to = flat;
    for (const char *at = text; *at != '\0'; at++)
        if (strchr(" \n", *at) == NULL)
            *to++ = *at;
        else if (to > flat && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
    if (strstr(flat, words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, text);
    free(flat);
}

static void the_cycle_of_38070_is_told_in_words(void **state)
{
    (void)state;
    fill();
    char *text = print("x.repro");
    assert_says(text, "self-deadlock 3f9a1c7e in timers: one thread waits for itself");
    assert_says(text, "m0 spins on t0 (timerModifying) in runtimer at core/runtime/timerrun.c:210; "
                      "held by g1 since modtimer (core/runtime/time.c:120)");
    assert_says(text, "g1 was preempted in wakeNetPoller:entry (core/runtime/netpoll.c:30), is in "
                      "the global run queue and needs P0; P0 is held by m0 since acquirep "
                      "(core/runtime/proc.c:77)");
    assert_says(text, "closes the cycle at m0");
    assert_says(text, "20 of 20 replays");
    free(text);
}

static void a_lock_edge_has_both_call_chains(void **state)
{
    (void)state;
    fill();
    outcome.edges[0].kind = EDGE_LOCK;
    outer(&outcome.edges[0].wait_chain);
    outer(&outcome.edges[0].hold_chain);
    char *text = print("x.repro");
    assert_says(text, "m0 waits for lock t0 (timerModifying)");
    assert_says(text, "waits: inlined (repro/finding/report_test.c:");
    assert_says(text, "holds: inlined (repro/finding/report_test.c:");
    free(text);
}

static void a_late_wakeup_says_who_is_ready_and_who_sleeps(void **state)
{
    (void)state;
    fill();
    outcome.cycle_count = 0;
    outcome.edges[0].kind = EDGE_SLEEP;
    outcome.edges[0].until_ns = 1000020;
    outcome.edges[0].object[0] = '\0';
    outcome.edges[1].kind = EDGE_READY;
    char *text = print("x.repro");
    assert_says(text, "m0 sleeps in runtimer at core/runtime/timerrun.c:210 until 1000.020us");
    assert_says(text, "g1 was preempted in wakeNetPoller:entry (core/runtime/netpoll.c:30), is in "
                      "the global run queue; P0 is idle");
    free(text);
    snprintf(outcome.edges[0].object, sizeof outcome.edges[0].object, "m0.park");
    outcome.edges[0].until_ns = HOOK_FOREVER;
    text = print("x.repro");
    assert_says(text, "m0 is parked on m0.park in runtimer at core/runtime/timerrun.c:210 g1");
    free(text);
}

static void predict(void)
{
    fill();
    outcome.verdict = VERDICT_CONTEXT_INVERSION;
    strcpy(outcome.message, "a context may wait for what it interrupts");
    outcome.basis = "another order ends so";
    outcome.edge_count = outcome.cycle_count = 1;
    strcpy(outcome.edges[0].from, "scheduler");
    strcpy(outcome.edges[0].holding, "timers, sched");
    outcome.edges[0].predicted = outcome.edges[0].interrupted = true;
}

static void a_prediction_says_what_would_be_and_how_sure_it_is(void **state)
{
    (void)state;
    predict();
    char *text = print("x.repro");
    assert_says(text, "context-inversion 3f9a1c7e in timers: a context may wait for what it "
                      "interrupts how sure: another order ends so scheduler, holding timers, "
                      "sched, would spin on t0 (timerModifying) in runtimer at "
                      "core/runtime/timerrun.c:210; g1, interrupted, would hold it since modtimer "
                      "(core/runtime/time.c:120)");
    assert_says(text, "how it would deadlock: g1 sets t0 to timerModifying (modtimer) -- scheduler "
                      "comes in -- spins on t0 (runtimer) <- held by g1");
    assert_null(strstr(text, "held by g1 since"));
    free(text);
    strcpy(outcome.edges[0].held, "t3");
    outcome.edges[0].interrupted = false;
    text = print("x.repro");
    assert_says(text, "; if that were t3, g1 would hold it since modtimer");
    free(text);
}

static void an_event_that_may_not_come_says_who_would_post_it(void **state)
{
    (void)state;
    predict();
    outcome.edges[0].kind = EDGE_EVENT;
    outcome.edges[0].interrupted = false;
    outcome.edges[0].comes_at = &taken;
    char *text = print("x.repro");
    assert_says(text, "would wait for t0 (timerModifying) in runtimer at "
                      "core/runtime/timerrun.c:210; g1 is to post it in acquirep "
                      "(core/runtime/proc.c:77), and would not come to that");
    free(text);
    outcome.edges[0].to[0] = '\0';
    text = print("x.repro");
    assert_says(text, "; nobody would be left to post it");
    free(text);
}

static void inlined_calls_are_frames(void **state)
{
    (void)state;
    struct chain chain;
    struct frame frames[SYMBOL_FRAMES_MAX];
    outer(&chain);
    assert_int_equal(symbol_frames(&chain, frames), 2);
    assert_string_equal(frames[0].function, "inlined");
    assert_string_equal(frames[1].function, "outer");
    assert_string_equal(frames[1].file, "repro/finding/report_test.c");
    assert_true(frames[1].line > frames[0].line);
}

static void an_unknown_address_is_a_question_mark(void **state)
{
    (void)state;
    struct chain chain = { .count = 1, .pc = { (void *)16 } };
    struct frame frames[SYMBOL_FRAMES_MAX];
    assert_int_equal(symbol_frames(&chain, frames), 1);
    assert_string_equal(frames[0].function, "?");
    assert_string_equal(frames[0].file, "?");
}

static void every_report_is_one_page(void **state)
{
    (void)state;
    fill();
    outcome.edge_count = ENGINE_EDGES_MAX;
    for (uint32_t cycle = 0; cycle <= ENGINE_EDGES_MAX; cycle++) {
        outcome.cycle_count = cycle;
        for (uint32_t i = 0; i < ENGINE_EDGES_MAX; i++) {
            outcome.edges[i] = outcome.edges[i % 2];
            struct chain *chain = &outcome.edges[i].wait_chain;
            outer(chain);
            for (; chain->count < ENGINE_CHAIN_MAX; chain->count++)
                chain->pc[chain->count] = chain->pc[0];
            outcome.edges[i].hold_chain = *chain;
        }
        char *text = print("x.repro");
        uint32_t lines = 0;
        for (const char *at = text; *at != '\0'; at++)
            lines += *at == '\n';
        assert_in_range(lines, 10, REPORT_LINES_MAX);
        assert_says(text, "next: ");
        free(text);
    }
}

static void a_report_ends_in_two_commands_to_paste(void **state)
{
    (void)state;
    fill();
    char *text = print("it's here/x.repro");
    assert_says(text, "wedge replay 'it'\\''s here/x.repro'");
    assert_says(text, "wedge show 'it'\\''s here/x.repro'");
    free(text);
    text = print(NULL);
    assert_null(strstr(text, "next:"));
    free(text);
}

static void json_of_a_prediction_says_that_it_is_one(void **state)
{
    (void)state;
    predict();
    struct report report = { .subject = &subject, .outcome = &outcome, .plan = &plan };
    json_t *object = report_json(&report);
    json_t *edge = json_array_get(json_object_get(object, "cycle"), 0);
    assert_true(json_is_true(json_object_get(object, "predicted")));
    assert_string_equal(json_string_value(json_object_get(object, "basis")),
                        "another order ends so");
    assert_true(json_is_true(json_object_get(edge, "interrupted")));
    assert_string_equal(json_string_value(json_object_get(edge, "holding")), "timers, sched");
    assert_null(json_object_get(edge, "runs"));
    json_decref(object);
    fill();
    object = report_json(&report);
    assert_true(json_is_false(json_object_get(object, "predicted")));
    assert_true(json_is_null(json_object_get(object, "basis")));
    json_decref(object);
}

static void json_has_the_cycle_and_its_places(void **state)
{
    (void)state;
    fill();
    struct report report = { .subject = &subject, .outcome = &outcome, .plan = &plan,
                             .reproducer = "x.repro" };
    json_t *object = report_json(&report);
    json_t *cycle = json_object_get(object, "cycle");
    assert_int_equal(json_array_size(cycle), 2);
    json_t *edge = json_array_get(cycle, 0);
    assert_string_equal(json_string_value(json_object_get(edge, "class")), "timerModifying");
    json_t *site = json_object_get(edge, "waits_at");
    assert_int_equal(json_integer_value(json_object_get(site, "line")), 210);
    assert_string_equal(json_string_value(json_object_get(object, "schema")), "wedge.finding/1");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cycle_of_38070_is_told_in_words),
        cmocka_unit_test(a_lock_edge_has_both_call_chains),
        cmocka_unit_test(a_late_wakeup_says_who_is_ready_and_who_sleeps),
        cmocka_unit_test(a_prediction_says_what_would_be_and_how_sure_it_is),
        cmocka_unit_test(an_event_that_may_not_come_says_who_would_post_it),
        cmocka_unit_test(inlined_calls_are_frames),
        cmocka_unit_test(an_unknown_address_is_a_question_mark),
        cmocka_unit_test(every_report_is_one_page),
        cmocka_unit_test(a_report_ends_in_two_commands_to_paste),
        cmocka_unit_test(json_has_the_cycle_and_its_places),
        cmocka_unit_test(json_of_a_prediction_says_that_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
