/* SPDX-License-Identifier: BSD-3-Clause */
/* Components against reachability, on small random graphs; and on a long path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/engine/component.h"

enum { NODES = 9 };

static struct components components;

static void draw(struct prng *prng, bool reaches[NODES][NODES])
{
    memset(reaches, 0, NODES * sizeof reaches[0]);
    components_begin(&components, NODES);
    for (uint32_t i = prng_below(prng, 2 * NODES); i-- > 0;) {
        uint32_t from = prng_below(prng, NODES), to = prng_below(prng, NODES);
        assert_true(components_edge(&components, from, to));
        reaches[from][to] = true;
    }
    for (uint32_t via = 0; via < NODES; via++)
        for (uint32_t from = 0; from < NODES; from++)
            for (uint32_t to = 0; to < NODES; to++)
                reaches[from][to] |= reaches[from][via] && reaches[via][to];
}

static void nodes_are_together_if_they_reach_each_other(void **state)
{
    static bool reaches[NODES][NODES];
    struct prng prng = { 1 };
    (void)state;
    for (uint32_t round = 0; round < 5000; round++) {
        draw(&prng, reaches);
        assert_true(components_find(&components));
        for (uint32_t i = 0; i < NODES; i++) {
            assert_int_equal(component_is_cyclic(&components, i), reaches[i][i]);
            for (uint32_t j = 0; j < NODES; j++)
                assert_int_equal(component_is_same(&components, i, j),
                                 i == j || (reaches[i][j] && reaches[j][i]));
        }
    }
}

static void a_long_way_needs_no_stack(void **state)
{
    enum { LENGTH = 1000000 };
    (void)state;
    components_begin(&components, LENGTH);
    for (uint32_t i = 0; i + 1 < LENGTH; i++)
        assert_true(components_edge(&components, i, i + 1));
    assert_true(components_find(&components));
    assert_false(component_is_cyclic(&components, LENGTH / 2));
    assert_true(components_edge(&components, LENGTH - 1, 0));
    assert_true(components_find(&components));
    assert_true(component_is_cyclic(&components, LENGTH / 2));
    assert_true(component_is_same(&components, 0, LENGTH - 1));
}

static int teardown(void **state)
{
    (void)state;
    components_free(&components);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_together_if_they_reach_each_other),
        cmocka_unit_test(a_long_way_needs_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
