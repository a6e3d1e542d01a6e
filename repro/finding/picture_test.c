/* SPDX-License-Identifier: BSD-3-Clause */
/* Pictures of cycles of two, of more than there is room for, of contexts, classes, events. */
#include "repro/finding/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repro/base/paragraph.h"

static const struct hook_site here = { "here", "lock", "fuzz/x.c", 1, HOOK_LOCK, 0 };
static const struct hook_site there = { "there", "lock", "fuzz/x.c", 2, HOOK_LOCK, 0 };
static struct outcome outcome;
static char *text;

static struct edge *add(enum edge_kind kind, const char *from, const char *object, const char *to)
{
    struct edge *edge = &outcome.edges[outcome.edge_count++];
    *edge = (struct edge){ .kind = kind, .waits_at = &here, .holds_since = &there,
                           .predicted = true, .object_class = "class" };
    snprintf(edge->from, sizeof edge->from, "%s", from);
    snprintf(edge->object, sizeof edge->object, "%s", object);
    snprintf(edge->to, sizeof edge->to, "%s", to);
    outcome.cycle_count = outcome.edge_count;
    return edge;
}

static void draw(void)
{
    size_t size = 0;
    free(text);
    FILE *out = open_memstream(&text, &size);
    picture_print(out, &outcome);
    fclose(out);
    outcome.edge_count = outcome.cycle_count = 0;
}

/* How far from the left margin the words stand; every line that has them, at the same place. */
static size_t column_of(const char *words)
{
    const char *at = strstr(text, words);
    if (at == NULL)
        fail_msg("no \"%s\" in:\n%s", words, text);
    const char *line = at;
    while (line > text && line[-1] != '\n')
        line--;
    return (size_t)(at - line);
}

static void assert_order(const char *before, const char *after)
{
    assert_non_null(strstr(text, before));
    assert_non_null(strstr(text, after));
    assert_true(strstr(text, before) < strstr(text, after));
}

static void each_thread_takes_what_the_other_wants(void **state)
{
    (void)state;
    add(EDGE_LOCK, "t2", "a", "t1");
    add(EDGE_LOCK, "t1", "b", "t2");
    draw();
    static const char picture[] =
        "how it would deadlock:\n"
        "    t1                              t2\n"
        "    takes a (there)\n"
        "                                    takes b (there)\n"
        "    wants b (here)  <- held by t2\n"
        "                                    wants a (here)  <- held by t1\n";
    assert_string_equal(text, picture);
}

static void who_interrupts_has_the_column_of_the_thread(void **state)
{
    (void)state;
    add(EDGE_LOCK, "t2", "a", "t1")->interrupted = true;
    add(EDGE_LOCK, "signal", "b", "t2");
    draw();
    assert_order("takes a (there)", "-- signal comes in --");
    assert_order("-- signal comes in --", "wants b (here)  <- held by t2");
    assert_int_equal(column_of("takes a"), column_of("-- signal"));
    assert_int_equal(column_of("takes a"), column_of("wants b"));
    assert_int_equal(column_of("takes a"), column_of("t1   "));
    assert_int_equal(column_of("takes b"), column_of("wants a"));
    assert_true(column_of("takes b") != column_of("takes a"));
}

static void a_state_is_set_and_spun_on(void **state)
{
    (void)state;
    add(EDGE_STATE, "t1", "word", "t1")->interrupted = true;
    draw();
    assert_order("sets word to class (there)", "-- t1 comes in --");
    assert_non_null(strstr(text, "spins on word (here)  <- held by t1, which does not go on"));
}

static void other_locks_of_a_class_are_said_to_be_others(void **state)
{
    (void)state;
    strcpy(add(EDGE_LOCK, "t1", "b1", "t2")->held, "b2");
    add(EDGE_LOCK, "t2", "a", "t1");
    draw();
    assert_non_null(strstr(text, "with other locks of these classes:\n"));
    assert_non_null(strstr(text, "takes b2 (there)"));
    assert_non_null(strstr(text, "wants b1 (here)"));
    assert_non_null(strstr(text, "<- if it is the class that t2 holds\n"));
    strcpy(add(EDGE_STATE, "t1", "b1", "t2")->held, "b2");
    add(EDGE_LOCK, "t2", "a", "t1");
    draw();
    assert_non_null(strstr(text, "spins on b1 (here)"));
    assert_non_null(strstr(text, "<- if it is the one that t2 has set\n"));
}

static void one_class_alone_is_two_threads_crosswise(void **state)
{
    (void)state;
    strcpy(add(EDGE_LOCK, "t1", "n1", "t1")->held, "n0");
    draw();
    assert_non_null(strstr(text, "the other way round:\n"));
    assert_int_equal(column_of("takes n0"), column_of("wants n1"));
    assert_int_equal(column_of("takes n1"), column_of("wants n0"));
    assert_int_equal(column_of("takes n1"), column_of("another thread\n"));
}

static void an_event_has_who_never_comes_to_post_it(void **state)
{
    (void)state;
    add(EDGE_EVENT, "t1", "done", "t2")->comes_at = &there;
    add(EDGE_LOCK, "t2", "a", "t1");
    draw();
    assert_non_null(strstr(text, "waits for done (here)  <- t2 is to post it\n"));
    assert_order("wants a (here)  <- held by t1", "posts done (there)  <- never comes to it\n");
    assert_null(strstr(text, "takes done"));
    add(EDGE_EVENT, "t1", "done", "");
    draw();
    assert_non_null(strstr(text, "<- nobody is left to post it\n"));
}

static void a_reader_behind_a_writer_is_said_to_be_one(void **state)
{
    (void)state;
    struct edge *edge = add(EDGE_LOCK, "t1", "table", "t1");
    edge->wants_to_read = edge->holds_to_read = true;
    draw();
    assert_order("takes table to read (there)", "wants table to read (here)  <- behind a writer");
}

static void a_task_without_a_thread_needs_its_token(void **state)
{
    (void)state;
    static const struct hook_site prologue = { "f", "entry", "fuzz/x.c", 3, HOOK_PREEMPTION, 0 };
    add(EDGE_TOKEN, "g1", "P0", "m0")->waits_at = &prologue;
    add(EDGE_STATE, "m0", "t0", "g1");
    outcome.edges[0].predicted = outcome.edges[1].predicted = false;
    draw();
    assert_non_null(strstr(text, "how it deadlocks:\n"));
    assert_order("is preempted (f)", "needs P0  <- held by m0");
    assert_int_equal(column_of("is preempted"), column_of("sets t0 to class"));
    assert_int_equal(column_of("spins on t0"), column_of("takes P0"));
}

/* A cycle of so many threads, with names as long as they get. */
static void fill(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char from[16], to[16], object[32];
        snprintf(from, sizeof from, "long-name-of-%02u", i);
        snprintf(to, sizeof to, "long-name-of-%02u", (i + 1) % count);
        snprintf(object, sizeof object, "a_lock_with_a_very_long_name_%02u", i);
        add(EDGE_LOCK, from, object, to);
    }
}

static void no_line_is_wider_than_a_page_whatever_the_number_of_threads(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= ENGINE_EDGES_MAX; count++) {
        fill(count);
        draw();
        uint32_t wants = 0;
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
            assert_true(strcspn(line, "\n") <= PARAGRAPH_WIDTH);
            const char *end = strchr(line, '\n'), *want = strstr(line, "wants a_lock");
            wants += want != NULL && want < end;
        }
        assert_int_equal(wants, count);
        bool is_list = strstr(text, "long-name-of-00: ") != NULL;
        assert_true(is_list ? count > 2 : count <= PICTURE_COLUMNS_MAX);
    }
}

static void what_is_no_cycle_is_not_drawn(void **state)
{
    (void)state;
    draw();
    assert_string_equal(text, "");
    add(EDGE_LOCK, "t1", "a", "t2")->predicted = false;
    add(EDGE_LOCK, "t3", "b", "t1")->predicted = false;
    draw();
    assert_string_equal(text, "");
    add(EDGE_LOCK, "t1", "a", "t2"); /* and what comes after that was left out */
    draw();
    assert_string_equal(text, "");
    add(EDGE_SPIN, "t1", "word", "t1")->predicted = false;
    draw();
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_takes_what_the_other_wants),
        cmocka_unit_test(who_interrupts_has_the_column_of_the_thread),
        cmocka_unit_test(a_state_is_set_and_spun_on),
        cmocka_unit_test(other_locks_of_a_class_are_said_to_be_others),
        cmocka_unit_test(one_class_alone_is_two_threads_crosswise),
        cmocka_unit_test(an_event_has_who_never_comes_to_post_it),
        cmocka_unit_test(a_reader_behind_a_writer_is_said_to_be_one),
        cmocka_unit_test(a_task_without_a_thread_needs_its_token),
        cmocka_unit_test(no_line_is_wider_than_a_page_whatever_the_number_of_threads),
        cmocka_unit_test(what_is_no_cycle_is_not_drawn),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(text);
    return failed;
}
