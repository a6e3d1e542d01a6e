/* SPDX-License-Identifier: BSD-3-Clause */
/* Reproducer text: what is printed is read again as it was, and what is wrong has a line. */
#include "repro/reproducer/reproducer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/file.h"

/* --- a subject that is only words --- */

static const struct subject_setting settings[] = {
    { "procs", "how many", 1, 4, 1 },
    { "procs-late", "how many later", -5, 5, 0 },
};
static const struct subject_actor actors[] = {
    { 'g', 1, 4, "goroutine" },
    { 'f', 0, 2, "callback" },
};
static const struct subject_verb verbs[] = {
    { "reset", "gf", 2, { { "t", 0, 3 }, { "+", -10, INT64_MAX } } },
    { "park", "g", 0, { { "", 0, 0 } } },
    { "resize", "g", 1, { { "", 1, 4 } } },
};
static const struct wedge_subject words = { .name = "words",
                                            .about = "for this test",
                                            .settings = settings,
                                            .setting_count = 2,
                                            .actors = actors,
                                            .actor_count = 2,
                                            .verbs = verbs,
                                            .verb_count = 3 };

uint32_t subject_count(void)
{
    return 1;
}

const struct wedge_subject *subject_at(uint32_t index)
{
    (void)index;
    return &words;
}

const struct wedge_subject *subject_find(const char *name)
{
    return strcmp(name, words.name) == 0 ? &words : NULL;
}

/* Hook points to name: never run. */
static _Atomic uint32_t slots[4];
static struct hook_note slot_note;

bool hooked(uint32_t i);
bool hooked(uint32_t i)
{
    uint32_t want = 0;
    return hook_preemption_point(false) && hook_cas_weak(&slots[i + 1], &want, 1u) &&
           hook_clock() > 0 && !hook_allocation_point(slots) &&
           hook_park_weak(&slot_note, HOOK_FOREVER) && hook_unpark_late(&slot_note);
}

/* --- helpers --- */

static struct reproducer first, second;

static bool parse(struct reproducer *reproducer, const char *text, struct reproducer_error *error)
{
    return reproducer_parse(reproducer, text, strlen(text), error);
}

static char *print(const struct reproducer *reproducer, const char *note)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    reproducer_print(out, reproducer, note);
    fclose(out);
    return text;
}

#define HEAD "wedge 1\nsubject words\nexpect deadlock 0123abcd\n"
#define WHOLE                                   \
    HEAD "config procs=3 procs-late=-2\n"       \
         "program\n"                            \
         "  g1 reset t0 +5\n"                   \
         "  f0 reset t3 +-10\n"                 \
         "  g4 park\n"                          \
         "  g2 resize 4\n"                      \
         "faults\n"                             \
         "  preempt g1 at hooked:entry#1\n"     \
         "  cas main at hooked:&slots[i + 1]#2\n" \
         "  clock m0 at hooked:clock#3 +1000\n" \
         "  wait m1 at hooked:&slot_note#4 +0\n" \
         "  wake g4 at hooked:&slot_note#5 +7\n" \
         "  memory g2 at hooked:slots#6\n"     \
         "schedule\n"                           \
         "  m0 37\n"                            \
         "  m1 80 in all\n"                     \
         "  m255 4294967295\n"

static void assert_parses(const char *text)
{
    struct reproducer_error error = { 0 };
    if (!parse(&first, text, &error))
        fail_msg("line %u: %s", error.line, error.text);
}

/* The text is refused, in that line, in words that contain `why`. */
static void assert_refused(const char *text, size_t size, uint32_t line, const char *why)
{
    struct reproducer_error error = { 0 };
    assert_false(reproducer_parse(&first, text, size, &error));
    if (error.line != line || strstr(error.text, why) == NULL)
        fail_msg("expected line %u: ...%s..., found line %u: %s", line, why, error.line,
                 error.text);
    assert_non_null(strstr(error.text, "expected "));
    assert_non_null(strstr(error.text, ", found "));
}

static void refused(const char *text, uint32_t line, const char *why)
{
    assert_refused(text, strlen(text), line, why);
}

/* --- claims --- */

static void what_is_printed_is_the_same_again(void **state)
{
    (void)state;
    assert_parses(WHOLE);
    char *text = print(&first, NULL);
    assert_string_equal(text, WHOLE);
    free(text);
}

static void a_plan_is_read_as_it_is_written(void **state)
{
    (void)state;
    assert_parses(WHOLE);
    const struct plan *plan = &first.plan;
    assert_ptr_equal(first.subject, &words);
    assert_int_equal(first.verdict, VERDICT_DEADLOCK);
    assert_string_equal(first.hash, "0123abcd");
    assert_int_equal(plan->settings[0], 3);
    assert_int_equal(plan->settings[1], -2);
    assert_int_equal(plan->operation_count, 4);
    assert_int_equal(plan->operations[1].actor_kind, 'f');
    assert_int_equal(plan->operations[1].actor, 0);
    assert_int_equal(plan->operations[1].arguments[0], 3);
    assert_int_equal(plan->operations[1].arguments[1], -10);
    assert_int_equal(plan->fault_count, 6);
    assert_string_equal(plan->faults[1].agent, "main");
    assert_int_equal(plan->faults[1].ordinal, 2);
    assert_string_equal(site_of_group(plan->faults[1].group)->object, "&slots[i + 1]");
    assert_int_equal(plan->faults[2].value, 1000);
    assert_int_not_equal(plan->faults[3].group, plan->faults[4].group);
    assert_int_equal(plan->faults[4].value, 7);
    assert_int_equal(plan->segment_count, 3);
    assert_false(plan->segments[0].flows);
    assert_true(plan->segments[1].flows);
    assert_int_equal(plan->segments[1].steps, 80);
    assert_int_equal(plan->segments[2].thread, 255);
    assert_int_equal(plan->segments[2].steps, UINT32_MAX);
}

static void settings_that_are_left_out_are_standard(void **state)
{
    (void)state;
    assert_parses(HEAD "program\nschedule\n");
    assert_int_equal(first.plan.settings[0], 1);
    assert_int_equal(first.plan.settings[1], 0);
    char *text = print(&first, NULL);
    assert_string_equal(text, HEAD "program\nschedule\n");
    free(text);
}

static void comments_and_empty_lines_say_nothing(void **state)
{
    (void)state;
    assert_parses("# a note: \xc3\xa4\n\nwedge 1\n\nsubject words\nexpect ok\n#\nprogram\n\n"
                  "  g1 park\n# here, too\nschedule\n\n# end\n");
    assert_int_equal(first.plan.operation_count, 1);
    assert_int_equal(first.verdict, VERDICT_OK);
}

static void a_note_is_a_comment_of_one_line(void **state)
{
    (void)state;
    assert_parses(WHOLE);
    char *text = print(&first, "two\nlines\x1b");
    assert_non_null(strstr(text, "wedge 1\n# two lines \nsubject"));
    struct reproducer_error error;
    assert_true(parse(&second, text, &error));
    assert_true(reproducer_same(&first, &second));
    free(text);
}

static void threads_may_go_by_any_letters(void **state)
{
    (void)state;
    assert_parses(HEAD "program\nschedule\n  t3 7\n  worker_12 1\n");
    assert_int_equal(first.plan.segments[0].thread, 3);
    assert_int_equal(first.plan.segments[1].thread, 12);
}

static void any_difference_is_seen(void **state)
{
    (void)state;
    static const char *const others[] = {
        "wedge 1\nsubject words\nexpect livelock 0123abcd\nprogram\n  g1 park\nschedule\n  m0 1\n",
        "wedge 1\nsubject words\nexpect deadlock 0123abce\nprogram\n  g1 park\nschedule\n  m0 1\n",
        HEAD "config procs=2\nprogram\n  g1 park\nschedule\n  m0 1\n",
        HEAD "program\n  g2 park\nschedule\n  m0 1\n",
        HEAD "program\n  g1 resize 1\nschedule\n  m0 1\n",
        HEAD "program\n  g1 park\n  g1 park\nschedule\n  m0 1\n",
        HEAD "program\n  g1 park\nfaults\n  preempt g1 at hooked:entry#1\nschedule\n  m0 1\n",
        HEAD "program\n  g1 park\nschedule\n  m0 2\n",
        HEAD "program\n  g1 park\nschedule\n  m1 1\n",
        HEAD "program\n  g1 park\nschedule\n  m0 1 in all\n",
        HEAD "program\n  g1 park\nschedule\n",
    };
    struct reproducer_error error;
    assert_true(parse(&second, HEAD "program\n  g1 park\nschedule\n  m0 1\n", &error));
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_parses(others[i]);
        assert_false(reproducer_same(&first, &second));
        assert_true(reproducer_same(&first, &first));
    }
}

static void a_wrong_head_has_its_line(void **state)
{
    (void)state;
    refused("", 1, "end of file");
    refused("wedge 2\n", 1, "\"wedge 1\"");
    refused("#!/bin/sh\necho\n", 2, "found \"echo\"");
    refused("wedge 1\n", 2, "end of file");
    refused("wedge 1\nprogram\n", 2, "\"subject\"");
    refused("wedge 1\nsubject\n", 2, "its value");
    refused("wedge 1\nsubject timer\n", 2, "found \"timer\"");
    refused("wedge 1\nsubject words words\n", 2, "end of line");
    refused("wedge 1\nsubject  words\n", 2, "one space");
    refused("wedge 1\nsubject words\n", 3, "end of file");
    refused("wedge 1\nsubject words\nexpect hang 01234567\n", 3, "a verdict");
    refused("wedge 1\nsubject words\nexpect budget 01234567\n", 3, "a finding");
    refused("wedge 1\nsubject words\nexpect deadlock\n", 3, "hash");
    refused("wedge 1\nsubject words\nexpect deadlock 0123ABCD\n", 3, "0-9a-f");
    refused("wedge 1\nsubject words\nexpect deadlock 0123abcd9\n", 3, "0-9a-f");
    refused("wedge 1\nsubject words\nexpect ok 0123abcd\n", 3, "end of line");
}

static void a_wrong_setting_has_its_line(void **state)
{
    (void)state;
    refused(HEAD "config\n", 4, "NAME=VALUE");
    refused(HEAD "config proc=1\n", 4, "a setting of subject words");
    refused(HEAD "config procs\n", 4, "NAME=VALUE");
    refused(HEAD "config procs=\n", 4, "1 to 4");
    refused(HEAD "config procs=5\n", 4, "1 to 4");
    refused(HEAD "config procs=0x1\n", 4, "1 to 4");
    refused(HEAD "config procs=1 procs=2\n", 4, "once");
    refused(HEAD "config procs=1\nconfig procs=2\n", 5, "once");
    refused(HEAD "config procs=99999999999999999999\n", 4, "1 to 4");
}

static void a_wrong_operation_has_its_line(void **state)
{
    (void)state;
    refused(HEAD "g1 park\n", 4, "\"program\"");
    refused(HEAD "program\n g1 park\n", 5, "two spaces");
    refused(HEAD "program\n   g1 park\n", 5, "two spaces");
    refused(HEAD "program\n  \n", 5, "two spaces");
    refused(HEAD "program\n  x1 park\n", 5, "an actor");
    refused(HEAD "program\n  g0 park\n", 5, "g1 to g4");
    refused(HEAD "program\n  g5 park\n", 5, "g1 to g4");
    refused(HEAD "program\n  g park\n", 5, "g1 to g4");
    refused(HEAD "program\n  g1\n", 5, "a verb");
    refused(HEAD "program\n  g1 fly\n", 5, "found \"fly\"");
    refused(HEAD "program\n  f1 park\n", 5, "actor \"f\"");
    refused(HEAD "program\n  g1 reset t0\n", 5, "an argument");
    refused(HEAD "program\n  g1 reset t4 +0\n", 5, "t0 to t3");
    refused(HEAD "program\n  g1 reset 0 +0\n", 5, "t0 to t3");
    refused(HEAD "program\n  g1 reset t0 0\n", 5, "found \"0\"");
    refused(HEAD "program\n  g1 reset t0 +9223372036854775808\n", 5, "+9223372036854775807");
    refused(HEAD "program\n  g1 park \n", 5, "end of line");
    refused(HEAD "program\n  g1 resize 2 2\n", 5, "end of line");
    refused(HEAD "program\nprogram\n", 5, "\"faults\", \"schedule\"");
    refused(HEAD "program\n", 5, "end of file");
}

#define FAULTS HEAD "program\nfaults\n"

static void a_wrong_fault_has_its_line(void **state)
{
    (void)state;
    refused(FAULTS "  hiccup g1 at hooked:entry#1\n", 6, "a fault");
    refused(FAULTS "  resize g1 at hooked:entry#1\n", 6, "can be injected");
    refused(FAULTS "  preempt\n", 6, "a task or thread");
    refused(FAULTS "  preempt abcdefghijklmn at hooked:entry#1\n", 6, "13 letters");
    refused(FAULTS "  preempt g1 in hooked:entry#1\n", 6, "\"at\"");
    refused(FAULTS "  preempt g1 at hooked\n", 6, "function:object#ordinal");
    refused(FAULTS "  preempt g1 at hooked#1:entry\n", 6, "function:object#ordinal");
    refused(FAULTS "  preempt g1 at hooked:entry#0\n", 6, "#1 to ");
    refused(FAULTS "  preempt g1 at hooked:entry#\n", 6, "#1 to ");
    refused(FAULTS "  preempt g1 at hooked:entry#1 +5\n", 6, "end of line");
    refused(FAULTS "  clock g1 at hooked:clock#1\n", 6, "how many ns");
    refused(FAULTS "  clock g1 at hooked:clock#1 +0\n", 6, "+1 to ");
    refused(FAULTS "  wake g1 at hooked:&slot_note#1\n", 6, "how many ns");
    refused(FAULTS "  wake g1 at hooked:&slot_note#1 +0\n", 6, "+1 to ");
    refused(FAULTS "  wait g1 at hooked:&slot_note#1 +-1\n", 6, "+0 to ");
    refused(FAULTS "  clock g1 at hooked:clock#1 +99999999999999999\n", 6, "+1 to ");
    refused(FAULTS "faults\n", 6, "\"schedule\"");
}

static void stood_in(const char *said)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    reproducer_print_stand_ins(out, &first, "old.repro");
    fclose(out);
    assert_string_equal(text, said);
    free(text);
}

static void a_point_that_was_renamed_has_a_stand_in_and_words(void **state)
{
    (void)state;
    assert_parses(FAULTS "  cas g1 at hooked:&slots[index + 1]#2\nschedule\n");
    assert_int_equal(first.plan.fault_count, 1);
    assert_int_equal(first.plan.faults[0].ordinal, 2);
    assert_string_equal(site_of_group(first.plan.faults[0].group)->object, "&slots[i + 1]");
    stood_in("old.repro:6: this build has no hook point hooked:&slots[index + 1] where cas can "
             "happen; hooked:&slots[i + 1] stands in for it\n");
    assert_parses(WHOLE);
    stood_in("");
}

static void a_fault_at_a_function_that_is_no_more_is_left_out_with_words(void **state)
{
    (void)state;
    assert_parses(FAULTS "  preempt g1 at unhooked:entry#1\n  preempt g2 at hooked:entry#3\n"
                         "schedule\n");
    assert_int_equal(first.plan.fault_count, 1);
    stood_in("old.repro:6: this build has no hook point unhooked:entry where preempt can happen; "
             "the fault is left out\n");
    char text[1024] = FAULTS;
    for (int i = 0; i <= REPRODUCER_STAND_INS_MAX; i++)
        strcat(text, "  preempt g1 at unhooked:entry#1\n");
    refused(text, 6 + REPRODUCER_STAND_INS_MAX, "a hook point of this build");
}

#define SCHEDULE HEAD "program\nschedule\n"

static void a_wrong_schedule_has_its_line(void **state)
{
    (void)state;
    refused(SCHEDULE "  m0\n", 6, "a number of steps");
    refused(SCHEDULE "  m256 1\n", 6, "m0 to m255");
    refused(SCHEDULE "  0 1\n", 6, "m0 to m255");
    refused(SCHEDULE "  m0 0\n", 6, "1 to 4294967295");
    refused(SCHEDULE "  m0 -1\n", 6, "1 to 4294967295");
    refused(SCHEDULE "  m0 1 1\n", 6, "end of line");
    refused(SCHEDULE "  m0 1 in all \n", 6, "end of line");
    refused(SCHEDULE "faults\n", 6, "end of file");
    refused(SCHEDULE "schedule\n", 6, "end of file");
    refused(SCHEDULE "nonsense\n", 6, "end of file");
}

static void wrong_bytes_have_their_line(void **state)
{
    (void)state;
    static const char nul[] = HEAD "program\n  g1 \0park\nschedule\n";
    assert_refused(nul, sizeof nul - 1, 5, "NUL");
    refused("wedge 1\r\n", 1, "carriage return");
    refused("wedge 1\nsubject w\xc3\xb6rter\n", 2, "byte 0xc3 in column 10");
    refused("wedge 1\n# \x1b[31m\n", 2, "byte 0x1b");
    refused(SCHEDULE "  m0 1", 6, "newline");
    char text[REPRODUCER_LINE_MAX + 64] = "wedge 1\n# ";
    memset(text + 10, 'x', REPRODUCER_LINE_MAX + 1);
    refused(text, 2, "at most 400 bytes");
    text[10 + REPRODUCER_LINE_MAX] = '\n';
    refused(text, 2, "at most 400 bytes");
}

static void too_many_lines_have_their_line(void **state)
{
    (void)state;
    char *text = malloc(REPRODUCER_SIZE_MAX);
    size_t length = (size_t)sprintf(text, "%s", HEAD "program\n");
    for (int i = 0; i <= PLAN_OPERATIONS_MAX; i++)
        length += (size_t)sprintf(text + length, "  g1 park\n");
    refused(text, 5 + PLAN_OPERATIONS_MAX, "at most 128 operations");
    length = (size_t)sprintf(text, "%s", FAULTS);
    for (int i = 0; i <= PLAN_FAULTS_MAX; i++)
        length += (size_t)sprintf(text + length, "  preempt g1 at hooked:entry#1\n");
    refused(text, 6 + PLAN_FAULTS_MAX, "at most 256 faults");
    length = (size_t)sprintf(text, "%s", SCHEDULE);
    for (int i = 0; i <= PLAN_SEGMENTS_MAX; i++)
        length += (size_t)sprintf(text + length, "  m0 1\n");
    refused(text, 6 + PLAN_SEGMENTS_MAX, "at most 16384 segments");
    free(text);
}

static void every_truncation_is_refused_or_is_shorter(void **state)
{
    (void)state;
    struct reproducer_error error;
    for (size_t size = 0; size < sizeof WHOLE - 1; size++) {
        bool whole_lines = size > 0 && WHOLE[size - 1] == '\n';
        bool has_schedule = size > (size_t)(strstr(WHOLE, "schedule") - WHOLE + 8);
        assert_int_equal(reproducer_parse(&first, WHOLE, size, &error),
                         whole_lines && has_schedule);
    }
}

static void a_full_plan_fits_in_a_file(void **state)
{
    (void)state;
    assert_parses(WHOLE);
    struct plan *plan = &first.plan;
    while (plan_add_operation(plan, plan->operations[0])) {
    }
    while (plan_add_fault(plan, plan->faults[1])) {
    }
    while (plan_add_segment(plan, plan->segments[1])) {
    }
    char *text = print(&first, NULL);
    assert_true(strlen(text) < REPRODUCER_SIZE_MAX);
    struct reproducer_error error;
    assert_true(parse(&second, text, &error));
    assert_true(reproducer_same(&first, &second));
    free(text);
}

static void a_file_that_cannot_be_read_is_an_error_in_line_1(void **state)
{
    (void)state;
    struct reproducer_error error = { 0 };
    assert_false(reproducer_read(&first, "/nonexistent/x.repro", &error));
    assert_int_equal(error.line, 1);
    assert_non_null(strstr(error.text, "No such file"));
    assert_false(reproducer_read(&first, "/", &error));
    assert_non_null(strstr(error.text, "Is a directory"));
    assert_false(reproducer_read(&first, "/dev/zero", &error));
    assert_int_equal(error.line, 1);
}

static void a_file_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    char folder[] = "/tmp/reproducer_test.XXXXXX", path[64], below[80];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.repro", folder);
    snprintf(below, sizeof below, "%s/no/x.repro", folder);
    struct reproducer_error error;
    assert_parses(WHOLE);
    assert_true(reproducer_write(&first, path, NULL));
    assert_true(reproducer_write(&first, path, "again"));
    assert_false(reproducer_write(&first, below, NULL));
    assert_true(reproducer_read(&second, path, &error));
    assert_true(reproducer_same(&first, &second));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left in it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_the_same_again),
        cmocka_unit_test(a_plan_is_read_as_it_is_written),
        cmocka_unit_test(settings_that_are_left_out_are_standard),
        cmocka_unit_test(comments_and_empty_lines_say_nothing),
        cmocka_unit_test(a_note_is_a_comment_of_one_line),
        cmocka_unit_test(threads_may_go_by_any_letters),
        cmocka_unit_test(any_difference_is_seen),
        cmocka_unit_test(a_wrong_head_has_its_line),
        cmocka_unit_test(a_wrong_setting_has_its_line),
        cmocka_unit_test(a_wrong_operation_has_its_line),
        cmocka_unit_test(a_wrong_fault_has_its_line),
        cmocka_unit_test(a_point_that_was_renamed_has_a_stand_in_and_words),
        cmocka_unit_test(a_fault_at_a_function_that_is_no_more_is_left_out_with_words),
        cmocka_unit_test(a_wrong_schedule_has_its_line),
        cmocka_unit_test(wrong_bytes_have_their_line),
        cmocka_unit_test(too_many_lines_have_their_line),
        cmocka_unit_test(every_truncation_is_refused_or_is_shorter),
        cmocka_unit_test(a_full_plan_fits_in_a_file),
        cmocka_unit_test(a_file_that_cannot_be_read_is_an_error_in_line_1),
        cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
