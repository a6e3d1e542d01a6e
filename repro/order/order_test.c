/* SPDX-License-Identifier: BSD-3-Clause */
/* Lock orders: layers, cycles, ways, what follows from what, and how two become one. */
#include "repro/order/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct order order, other;

static int set_up(void **state)
{
    (void)state;
    order = other = (struct order){ .header = NULL };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    order_free(&order);
    order_free(&other);
    return 0;
}

/* "ab bc": b is taken while a is held, c while b is. */
static void make(struct order *to, const char *links)
{
    for (; links[0] != '\0'; links += links[2] == ' ' ? 3 : 2) {
        uint32_t from = order_class_add(to, (char[]){ links[0], '\0' }, false);
        uint32_t held = order_class_add(to, (char[]){ links[1], '\0' }, false);
        struct order_link *link = order_link_add(to, from, held);
        link->held = link->taken = "f:x";
    }
}

static struct order_link *find(const struct order *in, const char *link)
{
    return order_link_find(in, order_class_find(in, (char[]){ link[0], '\0' }),
                           order_class_find(in, (char[]){ link[1], '\0' }));
}

static uint32_t layer(const char *name)
{
    return order.classes.items[order_class_find(&order, name)].layer;
}

static void test_a_layer_is_the_longest_way_from_the_outermost(void **state)
{
    (void)state;
    make(&order, "ad bc cd ab xd");
    order_arrange(&order);
    assert_int_equal(layer("a"), 0);
    assert_int_equal(layer("b"), 1);
    assert_int_equal(layer("c"), 2);
    assert_int_equal(layer("d"), 3);
    assert_int_equal(layer("x"), 0);
    assert_string_equal(order.classes.items[1].name, "x");
    assert_string_equal(order.classes.items[4].name, "d");
}

static void test_a_cycle_is_one_layer_and_its_links_know_it(void **state)
{
    (void)state;
    make(&order, "ab bc cb cd de");
    order_arrange(&order);
    assert_int_equal(layer("b"), 1);
    assert_int_equal(layer("c"), 1);
    assert_int_equal(layer("d"), 2);
    assert_true(find(&order, "bc")->on_cycle);
    assert_true(find(&order, "cb")->on_cycle);
    assert_false(find(&order, "ab")->on_cycle);
    assert_false(find(&order, "cd")->on_cycle);
}

static void test_two_of_a_class_are_a_cycle_unless_declared_to_be_in_order(void **state)
{
    (void)state;
    static const struct order_edge nested = { .nested = true }, not_nested = { .nested = false };
    make(&order, "aa bb cc");
    find(&order, "aa")->seen = &nested;
    find(&order, "bb")->seen = &not_nested;
    order_arrange(&order);
    assert_false(find(&order, "aa")->on_cycle);
    assert_true(find(&order, "bb")->on_cycle);
    assert_false(find(&order, "cc")->on_cycle);
}

static void test_links_are_sorted_by_what_is_taken_then_what_is_held(void **state)
{
    (void)state;
    make(&order, "bd cd ad ab ac");
    order_arrange(&order);
    for (uint32_t i = 1; i < order.links.count; i++) {
        const struct order_link *link = &order.links.items[i];
        assert_true(link[-1].to < link->to ||
                    (link[-1].to == link->to && link[-1].from < link->from));
    }
}

static void test_a_way_is_the_shortest(void **state)
{
    (void)state;
    uint32_t path[8];
    make(&order, "ab bc cd ax xd da");
    order_arrange(&order);
    uint32_t a = order_class_find(&order, "a"), d = order_class_find(&order, "d");
    assert_int_equal(order_path(&order, a, d, path), 2);
    assert_ptr_equal(&order.links.items[path[0]], find(&order, "ax"));
    assert_ptr_equal(&order.links.items[path[1]], find(&order, "xd"));
    assert_int_equal(order_path(&order, a, a, path), 3);
    order_free(&order);
    make(&order, "ab");
    assert_int_equal(order_path(&order, 1, 0, path), 0);
    assert_int_equal(order_path(&order, 0, 0, path), 0);
}

static void test_a_link_follows_from_others_but_not_round_its_own_cycle(void **state)
{
    (void)state;
    make(&order, "ab bc ac xy yx xz yz az ax");
    order_arrange(&order);
    assert_true(order_implied(&order, find(&order, "ac")));
    assert_false(order_implied(&order, find(&order, "ab")));
    assert_false(order_implied(&order, find(&order, "xz")));
    assert_false(order_implied(&order, find(&order, "yz")));
    assert_true(order_implied(&order, find(&order, "az")));
}

static void test_an_order_lacks_what_it_knows_only_to_read(void **state)
{
    (void)state;
    make(&order, "ab ac ad");
    make(&other, "xb ab ac");
    find(&other, "ac")->reads = find(&order, "ad")->reads = true;
    assert_false(order_lacks(&other, &order, find(&order, "ab")));
    assert_true(order_lacks(&other, &order, find(&order, "ac")));
    assert_true(order_lacks(&other, &order, find(&order, "ad")));
    assert_false(order_lacks(&order, &other, find(&other, "ac")));
}

static void test_merging_adds_links_and_keeps_examples(void **state)
{
    (void)state;
    make(&order, "ab bc");
    make(&other, "bc cd ab");
    find(&order, "ab")->held = "old:x";
    find(&order, "bc")->reads = true;
    find(&other, "ab")->held = find(&other, "bc")->held = "new:x";
    order_merge(&order, &other);
    assert_int_equal(order.links.count, 3);
    assert_string_equal(find(&order, "ab")->held, "old:x");
    assert_string_equal(find(&order, "bc")->held, "new:x");
    assert_false(find(&order, "bc")->reads);
    assert_string_equal(find(&order, "cd")->held, "f:x");
}

static void test_pruning_drops_what_was_not_seen_and_keeps_comments(void **state)
{
    (void)state;
    static const struct order_edge edge;
    make(&order, "ab bc cd xd");
    find(&order, "bc")->seen = &edge;
    order.classes.items[order_class_find(&order, "x")].comment = "# Here for a reason.\n";
    assert_int_equal(order_prune(&order), 3);
    order_arrange(&order);
    assert_int_equal(order.links.count, 1);
    assert_non_null(find(&order, "bc"));
    assert_int_equal(order.classes.count, 3);
    assert_int_equal(order_class_find(&order, "a"), ORDER_NONE);
    assert_int_not_equal(order_class_find(&order, "x"), ORDER_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_layer_is_the_longest_way_from_the_outermost),
        TEST(test_a_cycle_is_one_layer_and_its_links_know_it),
        TEST(test_two_of_a_class_are_a_cycle_unless_declared_to_be_in_order),
        TEST(test_links_are_sorted_by_what_is_taken_then_what_is_held),
        TEST(test_a_way_is_the_shortest),
        TEST(test_a_link_follows_from_others_but_not_round_its_own_cycle),
        TEST(test_an_order_lacks_what_it_knows_only_to_read),
        TEST(test_merging_adds_links_and_keeps_examples),
        TEST(test_pruning_drops_what_was_not_seen_and_keeps_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
