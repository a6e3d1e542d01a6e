/* SPDX-License-Identifier: BSD-3-Clause */
/* The golden order's text: what is printed is read again as it was, what is wrong has a line. */
#include "repro/order/order_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/prng.h"

static struct order order;
static struct order_error error;

static int set_up(void **state)
{
    (void)state;
    order = (struct order){ .header = NULL };
    error = (struct order_error){ .line = 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    order_free(&order);
    return 0;
}

/* To be freed. */
static char *printed(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    order_file_print(out, &order);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void becomes(const char *text, const char *expected)
{
    bool good = order_file_parse(&order, text, strlen(text), &error);
    if (!good)
        fail_msg("line %u: %s", error.line, error.text);
    char *again = printed();
    assert_string_equal(again, expected);
    free(again);
    order_free(&order);
}

static void refuses(const char *text, uint32_t line, const char *expected)
{
    assert_false(order_file_parse(&order, text, strlen(text), &error));
    assert_int_equal(error.line, line);
    if (strstr(error.text, expected) == NULL)
        fail_msg("no '%s' in: %s", expected, error.text);
    assert_non_null(strstr(error.text, ", found "));
    order_free(&order);
}

#define VERSION "wedge-lock-order 1\n"

static const char whole[] =
    VERSION
    "# The order of everything.\n"
    "#\n"
    "# Two paragraphs.\n"
    "\n"
    "# Nothing is held here,\n"
    "\n"
    "# as it is the outermost.\n"
    "lock outer\n"
    "\n"
    "state \"a \\\"quoted\\\\ one\\n\"\n"
    "  # Why this is right.\n"
    "  read under outer: f:&a->lock then g:&b.word\n"
    "\n"
    "# About the last one,\n"
    "\n"
    "# in two parts.\n"
    "lock inner\n"
    "  under \"a \\\"quoted\\\\ one\\n\": g:&b.word then h:lock of(x, y)\n"
    "  # And this.\n"
    "  under outer: f:&a->lock then h:x\n"
    "\n"
    "# The end.\n";

static void test_an_order_is_printed_as_it_was_read(void **state)
{
    (void)state;
    becomes(whole, whole);
    becomes(VERSION, VERSION);
    becomes("wedge-lock-order 1", VERSION);
    becomes(VERSION "# Nothing yet.\n", VERSION "# Nothing yet.\n");
    becomes(VERSION "\n\n# Nothing yet.\n", VERSION "\n# Nothing yet.\n");
}

static void test_what_is_read_has_names_kinds_places_and_lines(void **state)
{
    (void)state;
    assert_true(order_file_parse(&order, whole, strlen(whole), &error));
    assert_int_equal(order.classes.count, 3);
    assert_string_equal(order.classes.items[1].name, "a \"quoted\\ one\n");
    assert_true(order.classes.items[1].is_state);
    assert_false(order.classes.items[2].is_state);
    assert_int_equal(order.links.count, 3);
    assert_true(order.links.items[0].reads);
    assert_false(order.links.items[1].reads);
    assert_string_equal(order.links.items[0].held, "f:&a->lock");
    assert_string_equal(order.links.items[0].taken, "g:&b.word");
    assert_int_equal(order.links.items[0].line, 13);
    assert_string_equal(order.links.items[0].comment, "# Why this is right.\n");
    assert_string_equal(order.header, "# The order of everything.\n#\n# Two paragraphs.\n");
    assert_string_equal(order.footer, "# The end.\n");
}

static void test_classes_are_sorted_by_layer_then_name_with_their_comments(void **state)
{
    (void)state;
    becomes(VERSION "\n# of b\nlock b\n under z: f:x then f:y\n\tunder a: f:x then f:y\n"
                    "# of z\nlock z\nlock a   \nlock c\n under b: f:x then f:y\n",
            VERSION "\nlock a\n\n# of z\nlock z\n\n# of b\nlock b\n  under a: f:x then f:y\n"
                    "  under z: f:x then f:y\n\nlock c\n  under b: f:x then f:y\n");
}

static void test_bad_input_is_refused_with_its_line(void **state)
{
    (void)state;
    refuses("", 1, "expected `wedge-lock-order 1`, found the end of the line");
    refuses("wedge-lock-order 2\n", 1, "expected `wedge-lock-order 1`, found \"wedge-lock-order 2");
    refuses("wedge-lock-order 1\r\n", 1, "expected `wedge-lock-order 1`");
    refuses(VERSION "\nlock a\nmutex b\n", 4, "expected `lock CLASS`");
    refuses(VERSION "lock\n", 2, "expected `lock CLASS`");
    refuses(VERSION "lock a b\n", 2, "expected the end of the line, found \" b\"");
    refuses(VERSION "lock \"a\n", 2, "expected a name in double quotes");
    refuses(VERSION "lock \"\"\n", 2, "expected a name in double quotes");
    refuses(VERSION "lock a\nstate a\n", 3, "expected one block for each class");
    refuses(VERSION "  under a: f:x then f:y\n", 2, "before what may be held");
    refuses(VERSION "lock a\n  over a: f:x then f:y\n", 3, "expected `under CLASS: ...`");
    refuses(VERSION "lock a\n  under : f:x then f:y\n", 3, "expected the name of a class");
    refuses(VERSION "lock a\n  under a\n", 3, "expected a colon, a space and an example");
    refuses(VERSION "lock a\n  under a: f:x\n", 3, "expected an example");
    refuses(VERSION "lock a\n  under a: f then f:y\n", 3, "expected an example");
    refuses(VERSION "lock a\n  under a: f:x then :y\n", 3, "expected an example");
    refuses(VERSION "lock a\n  under a: f:x then f:\n", 3, "expected an example");
    refuses(VERSION "lock a\n  under a: f:x then f:y\n  under a: f:x then f:y\n", 4,
            "expected each class once in a block");
    refuses(VERSION "lock a\n  under b: f:x then f:y\nlock c\n", 3,
            "expected a class that has a block of its own, found \"b\"");
}

static void test_a_zero_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = VERSION "lock a\0b\n";
    assert_false(order_file_parse(&order, text, sizeof text - 1, &error));
    assert_int_equal(error.line, 2);
}

/* Whatever is accepted is printed so that it is accepted again, as the same. */
static void test_any_bytes_will_do(void **state)
{
    (void)state;
    struct prng prng = { 1 };
    uint32_t accepted = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        char text[sizeof whole];
        size_t size = i % 2 == 0 ? sizeof whole - 1 : prng_next(&prng) % (sizeof whole - 1);
        memcpy(text, whole, size);
        for (uint64_t j = prng_next(&prng) % 3; size > 0 && j > 0; j--)
            text[prng_next(&prng) % size] = "\n #:\"\\alun\0"[prng_next(&prng) % 11];
        if (order_file_parse(&order, text, size, &error)) {
            accepted++;
            char *once = printed();
            order_free(&order);
            becomes(once, once);
            free(once);
        }
        order_free(&order);
    }
    assert_true(accepted > 100);
}

static void test_a_file_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    assert_false(order_file_read(&order, "/no/such/file", &error));
    assert_int_equal(error.line, 1);
    assert_non_null(strstr(error.text, "No such file"));
    assert_false(order_file_read(&order, "/", &error));
}

static void test_a_file_is_written_as_it_is_printed(void **state)
{
    (void)state;
    char folder[] = "/tmp/order_file_test.XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/order.txt", folder);
    assert_true(order_file_parse(&order, whole, strlen(whole), &error));
    assert_true(order_file_write(&order, path));
    order_free(&order);
    assert_true(order_file_read(&order, path, &error));
    char *text = printed();
    assert_string_equal(text, whole);
    free(text);
    unlink(path);
    rmdir(folder);
    assert_false(order_file_write(&order, path));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_order_is_printed_as_it_was_read),
        TEST(test_what_is_read_has_names_kinds_places_and_lines),
        TEST(test_classes_are_sorted_by_layer_then_name_with_their_comments),
        TEST(test_bad_input_is_refused_with_its_line),
        TEST(test_a_zero_byte_is_refused),
        TEST(test_any_bytes_will_do),
        TEST(test_a_file_that_cannot_be_read_is_an_error),
        TEST(test_a_file_is_written_as_it_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
