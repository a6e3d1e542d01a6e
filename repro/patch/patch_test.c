/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/patch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"

static struct patch_error error;

static bool is_taken(const char *text)
{
    struct patch patch = { .text = (char *)(uintptr_t)text, .size = strlen(text) };
    return patch_check(&patch, false, &error);
}

#define HUNK "@@ -1 +1 @@\n-a\n+b\n"

static void plain_and_git_patches_are_taken(void **state)
{
    (void)state;
    assert_true(is_taken("--- a/core/runtime/time.c\n+++ b/core/runtime/time.c\n" HUNK));
    assert_true(is_taken("words\n--- \nmore\n"
                         "diff --git a/core/runtime/x.h b/core/runtime/x.h\n"
                         "new file mode 100644\nindex 000..111\n--- /dev/null\n"
                         "+++ b/core/runtime/x.h\n@@ -0,0 +1 @@\n+b\n"));
    assert_true(is_taken("--- a/corpus/lock-order.txt\t2020-01-01\n"
                         "+++ b/corpus/lock-order.txt\t2020-01-01\n" HUNK));
}

/* Lines of a hunk may look like headers. */
static void what_a_hunk_contains_is_not_looked_at(void **state)
{
    (void)state;
    assert_true(is_taken("--- a/core/runtime/time.c\n+++ b/core/runtime/time.c\n"
                         "@@ -1,2 +1,2 @@\n--- a/ci/test\n+++ b/ci/test\n GIT binary patch\n"));
}

static void the_line_that_is_why_is_named(void **state)
{
    (void)state;
    assert_false(is_taken("--- a/core/runtime/time.c\n+++ b/core/runtime/time.c\n" HUNK
                          "--- a/core/runtime/time.c\n+++ b/build.ninja\n" HUNK));
    assert_int_equal(error.line, 7);
    assert_non_null(strstr(error.text, "build.ninja"));
}

static void only_code_under_test_the_corpus_and_text_may_change(void **state)
{
    (void)state;
    assert_true(patch_may_change("core/runtime/time.c"));
    assert_true(patch_may_change("corpus/bugs/a/b.repro"));
    assert_true(patch_may_change("README.md"));
    assert_false(patch_may_change("core/runtime/time.ninja"));
    assert_false(patch_may_change("core/runtime/.c/x"));
    assert_false(patch_may_change("core/engine/engine.c"));
    assert_false(patch_may_change("core/hook/hook.h"));
    assert_false(patch_may_change("fuzz/timers.c"));
    assert_false(patch_may_change("ci/test"));
    assert_false(patch_may_change("core/runtime"));
}

/* Any bytes: an answer, and nothing else. */
static void any_text_has_an_answer(void **state)
{
    (void)state;
    static const char *const pieces[] = { "--- a/", "+++ b/", "@@ -", "1,", "9 +", " @@", "\n",
                                          "diff --git ", "core/runtime/x.c", "\"", "..", "/",
                                          "rename to ", "99999999999", "\t", "\xff", " ", "-" };
    struct prng prng = { .state = 1 };
    for (uint32_t i = 0; i < 20000; i++) {
        char text[256] = "";
        uint32_t count = prng_below(&prng, 24);
        for (uint32_t j = 0; j < count; j++)
            strncat(text, pieces[prng_below(&prng, sizeof pieces / sizeof *pieces)],
                    sizeof text - strlen(text) - 1);
        (void)is_taken(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_git_patches_are_taken),
        cmocka_unit_test(what_a_hunk_contains_is_not_looked_at),
        cmocka_unit_test(the_line_that_is_why_is_named),
        cmocka_unit_test(only_code_under_test_the_corpus_and_text_may_change),
        cmocka_unit_test(any_text_has_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
