/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/sandbox.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "repro/base/file.h"

static char folder[64], output[96];

/* What `sh -c WORDS` does in there. */
static struct sandbox run(const char *words, bool forks)
{
    struct sandbox sandbox;
    const char *arguments[] = { "/bin/sh", "-c", words, NULL };
    const struct sandbox_command command = {
        .arguments = arguments,
        .folder = folder,
        .output = output,
        .errors = output,
        .forks = forks,
        .writes = folder,
        .cpu_seconds = 1,
        .wall_seconds = 5,
        .memory_max = (uint64_t)256 << 20,
        .writes_max = 1 << 20,
    };
    sandbox_run(&sandbox, &command);
    return sandbox;
}

static void assert_exit(const char *words, bool forks, int code)
{
    struct sandbox sandbox = run(words, forks);
    if (sandbox.end != SANDBOX_EXITED || sandbox.code != code) {
        char how[160];
        sandbox_describe(&sandbox, how);
        fail_msg("%s: %s", words, how);
    }
}

static bool exists(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/wedge-sandbox-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(output, sizeof output, "%s/output", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    file_remove_tree(folder);
    return 0;
}

static void its_exit_code_and_output_come_back(void **state)
{
    (void)state;
    size_t size;
    assert_exit("echo hello; exit 7", false, 7);
    char *text = file_read(output, 100, &size);
    assert_non_null(text);
    assert_int_equal(size, 6);
    assert_memory_equal(text, "hello\n", 6);
    free(text);
}

static void a_signal_comes_back(void **state)
{
    (void)state;
    struct sandbox sandbox = run("kill -SEGV $$", false);
    assert_int_equal(sandbox.end, SANDBOX_SIGNALLED);
    assert_int_equal(sandbox.code, SIGSEGV);
}

static void what_is_not_there_is_not_started(void **state)
{
    (void)state;
    struct sandbox sandbox;
    const char *arguments[] = { "/no/such/program", NULL };
    const struct sandbox_command command = { .arguments = arguments, .trusted = true };
    sandbox_run(&sandbox, &command);
    assert_int_equal(sandbox.end, SANDBOX_NOT_STARTED);
}

static void what_computes_without_end_is_stopped(void **state)
{
    (void)state;
    struct sandbox sandbox = run("while :; do :; done", false);
    assert_int_equal(sandbox.end, SANDBOX_TIME);
}

static void what_writes_without_end_is_stopped(void **state)
{
    (void)state;
    (void)run("while echo 0123456789012345678901234567890123456789 >>big; do :; done", false);
    struct stat status;
    char path[160];
    snprintf(path, sizeof path, "%s/big", folder);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size <= 1 << 20);
}

static void what_makes_files_without_end_is_stopped(void **state)
{
    (void)state;
    struct sandbox sandbox = run("while :; do i=$((i + 1)); echo x >file$i; done", false);
    assert_int_equal(sandbox.end, SANDBOX_FULL);
    /* where the other tests begin */
    file_remove_tree(folder);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void it_writes_in_its_folder_alone(void **state)
{
    (void)state;
    if (!sandbox_means_live(SANDBOX_LANDLOCK))
        skip();
    char words[256];
    assert_exit("echo x >inside", false, 0);
    assert_true(exists("inside"));
    snprintf(words, sizeof words, "echo x >%s.outside", folder);
    assert_int_not_equal(run(words, false).code, 0);
    snprintf(words, sizeof words, "%s.outside", folder);
    assert_int_not_equal(access(words, F_OK), 0);
}

static void it_reads_nothing_of_the_users(void **state)
{
    (void)state;
    if (!sandbox_means_live(SANDBOX_LANDLOCK))
        skip();
    assert_int_not_equal(run("read line </etc/passwd", false).code, 0);
}

static void it_starts_no_process_unless_it_may(void **state)
{
    (void)state;
    if (!sandbox_means_live(SANDBOX_SECCOMP))
        skip();
    assert_int_not_equal(run("(exit 0) && exit 0; exit 1", false).code, 0);
    assert_exit("(exit 0) && exit 0; exit 1", true, 0);
}

static void what_it_leaves_behind_ends_with_it(void **state)
{
    (void)state;
    if (!sandbox_means_live(SANDBOX_NAMESPACES))
        skip();
    /* The shell goes at once; its child would go on, and keep a pipe open, if it could. */
    struct sandbox sandbox = run("(while :; do :; done) & exit 0", true);
    assert_int_equal(sandbox.end, SANDBOX_EXITED);
    assert_true(sandbox.seconds < 1);
}

static void it_has_a_network_of_its_own(void **state)
{
    (void)state;
    if (!sandbox_means_live(SANDBOX_NAMESPACES))
        skip();
    char ours[64] = "";
    size_t size;
    assert_true(readlink("/proc/self/ns/net", ours, sizeof ours - 1) > 0);
    assert_exit("exec readlink /proc/self/ns/net", false, 0);
    char *theirs = file_read(output, 100, &size);
    assert_non_null(theirs);
    assert_true(size > 8);
    assert_memory_not_equal(theirs, ours, size - 1); /* which is the end of the line */
    free(theirs);
}

static void it_reaches_nobody_elses_process(void **state)
{
    (void)state;
    char words[64];
    snprintf(words, sizeof words, "kill -0 %d", (int)getpid());
    assert_int_not_equal(run(words, false).code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_exit_code_and_output_come_back),
        cmocka_unit_test(a_signal_comes_back),
        cmocka_unit_test(what_is_not_there_is_not_started),
        cmocka_unit_test(what_computes_without_end_is_stopped),
        cmocka_unit_test(what_writes_without_end_is_stopped),
        cmocka_unit_test(what_makes_files_without_end_is_stopped),
        cmocka_unit_test(it_writes_in_its_folder_alone),
        cmocka_unit_test(it_reads_nothing_of_the_users),
        cmocka_unit_test(it_starts_no_process_unless_it_may),
        cmocka_unit_test(what_it_leaves_behind_ends_with_it),
        cmocka_unit_test(it_has_a_network_of_its_own),
        cmocka_unit_test(it_reaches_nobody_elses_process),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
