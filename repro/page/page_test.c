/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the page's data says of runs that are known to the step, and that nothing of a run can
 * become part of the document. With WEDGE_PAGES=FOLDER the pages are written there, for a browser
 * to look at.
 */
#include "repro/page/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/hook/hook.h"
#include "repro/base/file.h"
#include "repro/base/output.h"

#define HOSTILE "</script><img src=x onerror=\"hacked=1\"><!-- <script>"

static struct finding finding;
static struct hook_mutex outer, inner, own[2];
static _Atomic uint32_t here[2], word;
static struct hook_token token;
static struct hook_task task;
static uint32_t rounds; /* that each thread makes before they cross */
static const char *thread_name = "t";
static const struct hook_site *wants; /* where the second thread wants its second lock */
static const char *outer_name = "outer";

static struct wedge_subject subject;

static void reset(void)
{
    memset(&outer, 0, sizeof outer);
    memset(&inner, 0, sizeof inner);
    memset(own, 0, sizeof own);
    here[0] = here[1] = word = 0;
}

static bool name_object(const volatile void *object, char *name, size_t size)
{
    if (object != &outer)
        return false;
    snprintf(name, size, "%s", outer_name);
    return true;
}

/* --- two threads that cross: outer under inner, inner under outer --- */

/* Both hold their first lock when they want the second one. */
static void meet(uint32_t self)
{
    hook_store(&here[self], 1u);
    while (hook_load(&here[1 - self]) == 0)
        hook_spin(&here[1 - self]);
}

static void turn_round(uint32_t self)
{
    for (uint32_t i = 0; i < rounds; i++) {
        hook_lock(&own[self]);
        hook_unlock(&own[self]);
    }
}

static void outer_first(void *unused)
{
    (void)unused;
    turn_round(0);
    hook_lock(&outer);
    meet(0);
    hook_lock(&inner);
    hook_thread_exit();
}

static void inner_first(void *unused)
{
    static const struct hook_site site = { "inner_first", "&outer", __FILE__, __LINE__, HOOK_LOCK,
                                           0 };
    (void)unused;
    turn_round(1);
    hook_lock(&inner);
    meet(1);
    hook_lock_from(wants != NULL ? wants : &site, &outer);
    hook_thread_exit();
}

static void run_crossing(const struct plan *plan)
{
    (void)plan;
    hook_mutex_init(&outer, outer_name);
    hook_mutex_init(&inner, "inner");
    hook_mutex_init(&own[0], "own");
    hook_mutex_init(&own[1], "own");
    hook_thread_start(outer_first, NULL, thread_name);
    hook_thread_start(inner_first, NULL, thread_name);
    hook_thread_exit();
}

/* --- one thread with a task, a token, a state --- */

static void run_task(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token, "P", 0);
    hook_task_init(&task, "g", 1);
    hook_load(&word); /* 0 */
    hook_token_take(&token);
    hook_task_ready(&task, "queue");
    hook_load(&word); /* 1 */
    hook_task_run(&task);
    hook_load(&word); /* 2 */
    hook_hold(&word, "closed");
    hook_load(&word); /* 3 */
    hook_release(&word);
    hook_task_wait(&task);
    hook_load(&word); /* 4 */
    hook_token_give(&token);
    hook_load(&word); /* 5 */
    hook_thread_exit();
}

/* --- a page of them --- */

static json_t *page_of(void (*run)(const struct plan *plan), const char *source)
{
    static struct outcome outcome;
    struct engine_options options = { 0 };
    if (subject.name == NULL)
        subject.name = "crossing";
    subject.run = run;
    subject.reset = reset;
    subject.name_object = name_object;
    plan_clear(&finding.reproducer.plan);
    plan_add_segment(&finding.reproducer.plan, (struct plan_segment){ .steps = 100 });
    for (uint32_t i = 0; i < rounds / 20; i++) /* some switches, while both can run */
        plan_add_segment(&finding.reproducer.plan,
                         (struct plan_segment){ .thread = (uint16_t)(1 + i % 2), .steps = 17 });
    engine_run(&subject, &finding.reproducer.plan, strategy_replay(), &options, &outcome);
    assert_true(finding_take(&finding, &subject, &outcome));
    if (finding.path[0] == '\0')
        strcpy(finding.path, "some.repro");
    finding_replay(&finding);
    return page_data(&finding, source);
}

static const json_t *at(const json_t *data, const char *table, const char *column, size_t index)
{
    const json_t *rows = json_object_get(json_object_get(data, table), column);
    assert_true(index < json_array_size(rows));
    return json_array_get(rows, index);
}

static int number_at(const json_t *data, const char *table, const char *column, size_t index)
{
    return (int)json_integer_value(at(data, table, column, index));
}

static const char *text_at(const json_t *data, const char *table, const char *column, size_t index)
{
    int row = number_at(data, table, column, index);
    return row < 0 ? NULL
                   : json_string_value(json_array_get(json_object_get(data, "texts"), (size_t)row));
}

/* The last span of that kind and object. */
static size_t find_span(const json_t *data, const char *kind, const char *object)
{
    size_t count = json_array_size(json_object_get(json_object_get(data, "spans"), "kind"));
    for (size_t i = count; i-- > 0;)
        if (strcmp(text_at(data, "spans", "kind", i), kind) == 0 &&
            strcmp(text_at(data, "spans", "object", i), object) == 0)
            return i;
    fail_msg("no span: %s %s", kind, object);
    return count;
}

static size_t event_count(const json_t *data)
{
    return json_array_size(json_object_get(json_object_get(data, "events"), "site"));
}

static int edge_step(const json_t *data, size_t edge, const char *what)
{
    const json_t *steps = json_array_get(json_object_get(data, "edge_steps"), edge);
    return (int)json_integer_value(json_object_get(steps, what));
}

static char *html_of(const json_t *data, const char *name)
{
    const char *folder = getenv("WEDGE_PAGES");
    size_t size = 0;
    char *html = page_html(data, &size), path[4096];
    assert_int_equal(strlen(html), size);
    if (folder != NULL) {
        snprintf(path, sizeof path, "%s/%s.html", folder, name);
        assert_true(file_write(path, html, size));
    }
    return html;
}

static uint32_t count_of_text(const char *html, const char *text)
{
    uint32_t count = 0;
    for (const char *found = html; (found = strstr(found, text)) != NULL; found++)
        count++;
    return count;
}

/* --- claims --- */

static void each_event_has_a_row_in_every_column(void **state)
{
    (void)state;
    json_t *data = page_of(run_crossing, NULL);
    const char *name;
    json_t *column;
    uint32_t count;
    engine_trace(&count);
    assert_int_equal(event_count(data), count);
    json_object_foreach(json_object_get(data, "events"), name, column)
        assert_int_equal(json_array_size(column), count);
    size_t spans = json_array_size(json_object_get(json_object_get(data, "spans"), "from"));
    json_object_foreach(json_object_get(data, "spans"), name, column)
        assert_int_equal(json_array_size(column), spans);
    assert_int_equal(json_array_size(json_object_get(data, "threads")), 3);
    json_decref(data);
}

static void the_cycle_is_tied_to_the_steps_and_to_what_is_held(void **state)
{
    (void)state;
    json_t *data = page_of(run_crossing, NULL);
    assert_int_equal(json_array_size(json_object_get(json_object_get(data, "finding"), "cycle")),
                     2);
    size_t held = find_span(data, "lock", "outer");
    int edge = number_at(data, "spans", "edge", held);
    assert_in_range(edge, 0, 1);
    assert_int_equal(number_at(data, "spans", "to", held), -1);
    int holds = edge_step(data, (size_t)edge, "holds");
    assert_int_equal(number_at(data, "spans", "from", held), holds);
    int waits = edge_step(data, (size_t)edge, "waits");
    assert_int_equal(number_at(data, "events", "waits", (size_t)waits), 1);
    assert_string_equal(text_at(data, "events", "object", (size_t)waits), "outer");
    size_t wait = find_span(data, "waits", "outer");
    assert_int_equal(number_at(data, "spans", "from", wait), waits);
    assert_int_equal(number_at(data, "spans", "edge", wait), edge);
    assert_false(json_is_null(json_object_get(data, "picture")));
    json_decref(data);
}

static void a_lock_is_held_from_its_lock_to_its_unlock(void **state)
{
    (void)state;
    rounds = 3;
    json_t *data = page_of(run_crossing, NULL);
    rounds = 0;
    size_t held = find_span(data, "lock", "&own[self]");
    int from = number_at(data, "spans", "from", held), to = number_at(data, "spans", "to", held);
    assert_int_equal(to, from + 1);
    assert_int_equal(number_at(data, "events", "thread", (size_t)from),
                     number_at(data, "spans", "thread", held));
    assert_int_equal(number_at(data, "spans", "edge", held), -1);
    json_decref(data);
}

static void tasks_tokens_and_states_last_from_step_to_step(void **state)
{
    static const struct {
        const char *kind, *object;
        int from, to;
    } rows[] = { { "token", "P0", 0, 4 }, { "ready", "", 0, 1 }, { "runs", "", 1, 3 },
                 { "state", "&word", 2, 3 } };
    (void)state;
    json_t *data = page_of(run_task, NULL);
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t span = find_span(data, rows[i].kind, rows[i].object);
        assert_int_equal(number_at(data, "spans", "from", span), rows[i].from);
        assert_int_equal(number_at(data, "spans", "to", span), rows[i].to);
    }
    assert_string_equal(text_at(data, "spans", "text", find_span(data, "ready", "")), "queue");
    assert_int_equal(number_at(data, "spans", "thread", find_span(data, "state", "&word")), -1);
    assert_int_equal(number_at(data, "spans", "task", find_span(data, "state", "&word")), 0);
    assert_int_equal(number_at(data, "events", "task", 2), 0);
    assert_int_equal(number_at(data, "events", "task", 4), -1);
    json_decref(data);
}

static void the_lock_order_is_that_of_the_run(void **state)
{
    (void)state;
    json_t *data = page_of(run_crossing, NULL), *link;
    const json_t *links = json_object_get(json_object_get(data, "order"), "links");
    size_t index;
    assert_int_equal(json_array_size(links), 2);
    json_array_foreach(links, index, link)
        assert_true(json_is_true(json_object_get(link, "on_cycle")));
    json_decref(data);
}

/* --- source --- */

static void write_source(char folder[], const char *text)
{
    char path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/some.c", folder);
    assert_true(file_write(path, text, strlen(text)));
}

static void remove_source(const char *folder)
{
    char path[64];
    snprintf(path, sizeof path, "%s/some.c", folder);
    unlink(path);
    rmdir(folder);
}

static const json_t *source_of(const json_t *data)
{
    return json_object_get(json_object_get(data, "sources"), "some.c");
}

static void source_lines_are_shown_round_the_place_and_no_further(void **state)
{
    static const struct hook_site site = { "taker", "&outer", "some.c", 7, HOOK_LOCK, 0 };
    char folder[] = "/tmp/page_test.XXXXXX";
    (void)state;
    write_source(folder, "one\ntwo\nvoid taker(void)\n{\nfive:\n    int six;\n    seven();\n}\n\n"
                         "void other(void)\n{\n    twelve();\n}\n");
    wants = &site;
    json_t *data = page_of(run_crossing, folder);
    const json_t *lines = json_object_get(source_of(data), "lines");
    assert_string_equal(json_string_value(json_object_get(lines, "7")), "    seven();");
    assert_non_null(json_object_get(lines, "3"));
    assert_non_null(json_object_get(lines, "11"));
    assert_null(json_object_get(lines, "2"));
    assert_null(json_object_get(lines, "12"));
    json_decref(data);
    remove_source(folder);
    wants = NULL;
}

static void a_file_that_is_not_there_or_another_one_is_said_to_be_so(void **state)
{
    static const struct hook_site site = { "taker", "&outer", "some.c", 7, HOOK_LOCK, 0 };
    static const struct hook_site below = { "taker", "&outer", "some.c", 70, HOOK_LOCK, 0 };
    char folder[] = "/tmp/page_test.XXXXXX";
    (void)state;
    wants = &site;
    json_t *data = page_of(run_crossing, NULL);
    assert_string_equal(json_string_value(json_object_get(source_of(data), "missing")),
                        "the file is not here");
    json_decref(data);
    write_source(folder, "void taker(void)\n{\n}\n\nvoid other(void)\n{\n    seven();\n}\n");
    for (int i = 0; i < 2; i++) {
        data = page_of(run_crossing, folder);
        assert_string_equal(json_string_value(json_object_get(source_of(data), "missing")),
                            "the file here is not the one that was built");
        assert_null(json_object_get(source_of(data), "lines"));
        json_decref(data);
        wants = &below;
    }
    remove_source(folder);
    wants = NULL;
}

/* --- what a run is made of is never part of the document --- */

static void nothing_of_a_run_is_html(void **state)
{
    static const struct hook_site site = { HOSTILE, HOSTILE, "some.c", 2, HOOK_LOCK, 0 };
    char folder[] = "/tmp/page_test.XXXXXX";
    (void)state;
    write_source(folder, "int " HOSTILE "\n" HOSTILE "\n\"'&lt;\xff\\\n");
    subject.name = subject.about = HOSTILE;
    thread_name = "<b>";
    outer_name = HOSTILE;
    wants = &site;
    strcpy(finding.path, HOSTILE "\xff.repro");
    json_t *data = page_of(run_crossing, folder);
    char *html = html_of(data, "hostile");
    assert_non_null(strstr(json_string_value(json_object_get(
                               json_object_get(source_of(data), "lines"), "2")), "<script>"));
    /* the document, its data and its script: nothing else */
    assert_int_equal(count_of_text(html, "<script"), 2);
    assert_int_equal(count_of_text(html, "</script"), 2);
    assert_int_equal(count_of_text(html, "<!--"), 0);
    assert_int_equal(count_of_text(html, "<img"), 0);
    assert_int_equal(count_of_text(html, "<b>"), 0);
    assert_int_equal(count_of_text(html, "\xff"), 0);
    free(html);
    json_decref(data);
    remove_source(folder);
    subject.name = subject.about = NULL;
    thread_name = "t";
    outer_name = "outer";
    wants = NULL;
    finding.path[0] = '\0';
}

static void the_data_in_the_page_is_the_data(void **state)
{
    (void)state;
    json_t *data = page_of(run_crossing, NULL);
    char *html = html_of(data, "short");
    const char *begin = strstr(html, "id=\"data\">") + strlen("id=\"data\">");
    json_t *read = json_loadb(begin, (size_t)(strstr(begin, "</script>") - begin), 0, NULL);
    assert_true(json_equal(read, data));
    assert_non_null(strstr(html, "Content-Security-Policy\" content=\"default-src 'none'; "
                                 "script-src 'sha256-"));
    json_decref(read);
    json_decref(data);
    free(html);
}

static void what_is_not_utf8_becomes_question_marks(void **state)
{
    (void)state;
    assert_string_equal(output_utf8("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 z"),
                        "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 z");
    assert_string_equal(output_utf8("\xff\xc3 \xc0\x80 \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x82"),
                        "?? ?? ??? ???? ??");
}

static void a_run_of_20000_events_is_a_page(void **state)
{
    (void)state;
    rounds = 5000;
    json_t *data = page_of(run_crossing, NULL);
    rounds = 0;
    assert_in_range(event_count(data), 20000, 21000);
    assert_int_equal(json_array_size(json_object_get(json_object_get(data, "finding"), "cycle")),
                     2);
    free(html_of(data, "long"));
    json_decref(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_has_a_row_in_every_column),
        cmocka_unit_test(the_cycle_is_tied_to_the_steps_and_to_what_is_held),
        cmocka_unit_test(a_lock_is_held_from_its_lock_to_its_unlock),
        cmocka_unit_test(tasks_tokens_and_states_last_from_step_to_step),
        cmocka_unit_test(the_lock_order_is_that_of_the_run),
        cmocka_unit_test(source_lines_are_shown_round_the_place_and_no_further),
        cmocka_unit_test(a_file_that_is_not_there_or_another_one_is_said_to_be_so),
        cmocka_unit_test(nothing_of_a_run_is_html),
        cmocka_unit_test(the_data_in_the_page_is_the_data),
        cmocka_unit_test(what_is_not_utf8_becomes_question_marks),
        cmocka_unit_test(a_run_of_20000_events_is_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
