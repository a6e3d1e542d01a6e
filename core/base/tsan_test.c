/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/base/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/check.h"
#include "core/base/prng.h"

enum { OBJECTS = 5000, FIBERS = 5 };
static int objects[OBJECTS];

static int begin(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < OBJECTS; i++)
        tsan_forgets(&objects[i]);
    tsan_become(1);
    return 0;
}

static void who_has_acquired_knows_until_somebody_else_releases(void **state)
{
    (void)state;
    assert_false(tsan_knows(&objects[0]));
    assert_true(tsan_knows(&objects[0]));
    tsan_become(2);
    assert_false(tsan_knows(&objects[0]));
    tsan_adds(&objects[0]);
    assert_true(tsan_knows(&objects[0])); /* what it has added is no news to it */
    tsan_become(1);
    assert_false(tsan_knows(&objects[0]));
}

static void who_replaces_what_was_known_is_the_only_one_who_knows(void **state)
{
    (void)state;
    assert_false(tsan_knows(&objects[0]));
    tsan_become(2);
    tsan_replaces(&objects[0]);
    assert_true(tsan_knows(&objects[0]));
    tsan_become(1);
    assert_false(tsan_knows(&objects[0]));
}

static void who_adds_without_having_acquired_does_not_know(void **state)
{
    (void)state;
    assert_false(tsan_knows(&objects[0]));
    tsan_become(2);
    tsan_adds(&objects[0]);
    assert_false(tsan_knows(&objects[0]));
}

static void what_is_forgotten_nobody_knows(void **state)
{
    (void)state;
    assert_false(tsan_knows(&objects[0]));
    tsan_forgets(&objects[0]);
    assert_false(tsan_knows(&objects[0]));
}

static void nobody_never_knows(void **state)
{
    (void)state;
    assert_int_equal(tsan_become(0), 1);
    assert_false(tsan_knows(&objects[0]));
    assert_false(tsan_knows(&objects[0]));
    tsan_become(1000); /* one too many */
    tsan_replaces(&objects[0]);
    assert_false(tsan_knows(&objects[0]));
}

/* Objects that have to share an entry, too. */
static void who_does_not_know_is_never_taken_to(void **state)
{
    (void)state;
    static bool knows[OBJECTS][FIBERS];
    struct prng prng = { 1 };
    memset(knows, 0, sizeof knows);
    uint32_t spared = 0;
    for (uint32_t step = 0; step < 200000; step++) {
        uint32_t object = prng_below(&prng, OBJECTS), fiber = prng_below(&prng, FIBERS);
        bool knew = knows[object][fiber];
        tsan_become(fiber + 1);
        switch (prng_below(&prng, 4)) {
        case 0:
            tsan_adds(&objects[object]);
            memset(knows[object], 0, sizeof knows[object]);
            knows[object][fiber] = knew;
            break;
        case 1:
            tsan_replaces(&objects[object]);
            memset(knows[object], 0, sizeof knows[object]);
            knows[object][fiber] = true;
            break;
        default:
            if (tsan_knows(&objects[object])) {
                assert_true(knew);
                spared++;
            }
            knows[object][fiber] = true;
        }
    }
    assert_true(spared > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_has_acquired_knows_until_somebody_else_releases, begin),
        cmocka_unit_test_setup(who_replaces_what_was_known_is_the_only_one_who_knows, begin),
        cmocka_unit_test_setup(who_adds_without_having_acquired_does_not_know, begin),
        cmocka_unit_test_setup(what_is_forgotten_nobody_knows, begin),
        cmocka_unit_test_setup(nobody_never_knows, begin),
        cmocka_unit_test_setup(who_does_not_know_is_never_taken_to, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
