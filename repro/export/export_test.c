/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exported programs of small subjects, one for each kind of thing that a thread may wait for: they
 * compile, hang and tell who waits for whom; without what closes the cycle they end. And whatever
 * stands in a name, it stays in its comment or string.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/check.h"
#include "repro/export/export_name.h"
#include "repro/export/export_write.h"

enum { HUNT_MAX = 2000, LOG_MAX = 1 << 14 };

static struct hook_mutex a, b;
static struct hook_recursive recursive_a, recursive_b;
static struct hook_spinlock spin_a, spin_b;
static struct hook_rwlock rw_a, rw_b;
static struct hook_semaphore done;
static struct hook_condition changed;
static struct hook_thread child;
static struct hook_task task;
static struct hook_token token_0, token_1, *token_list[1] = { &token_1 };
static struct hook_note note;
static _Atomic uint32_t word, flag;
static char folder[] = "/tmp/export_test.XXXXXX";
static char *text;

static void reset(void)
{
    hook_mutex_init(&a, "first");
    hook_mutex_init(&b, "second");
    hook_recursive_init(&recursive_a, "first");
    hook_recursive_init(&recursive_b, "second");
    hook_spinlock_init(&spin_a, "first");
    hook_spinlock_init(&spin_b, "second");
    hook_rwlock_init(&rw_a, "first");
    hook_rwlock_init(&rw_b, "second");
    hook_semaphore_init(&done, "done", 0);
    hook_condition_init(&changed);
    note = (struct hook_note){ false, false };
    word = flag = 0;
}

/* --- export, build, run --- */

static void make_text(const struct wedge_subject *subject, enum verdict verdict)
{
    static struct plan empty;
    static struct outcome outcome;
    static struct scene scene;
    struct record_log log = { .records = NULL };
    assert_true(record_log_reserve(&log, LOG_MAX, LOG_MAX));
    struct engine_options options = { .record_chains = true, .log = &log };
    uint64_t seed = 0;
    do {
        strategy_seed(seed);
        engine_run(subject, &empty, strategy_at(0), &options, &outcome);
    } while (outcome.verdict != verdict && ++seed < HUNT_MAX);
    assert_int_equal(outcome.verdict, verdict);
    char wrong[256];
    if (!scene_fill(&scene, subject, &outcome, &log, wrong, sizeof wrong))
        fail_msg("%s", wrong);
    size_t length;
    free(text);
    FILE *out = open_memstream(&text, &length);
    export_write(out, &scene, "x.repro", "x");
    fclose(out);
    record_log_free(&log);
}

static int shell(const char *command)
{
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Compiles and runs the text, or all of it but the lines that have `without`. Its exit code; what
 * it prints is in x.out. */
static int run_text(const char *without)
{
    char path[64], command[512];
    snprintf(path, sizeof path, "%s/x.c", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n") + 1;
        char *copy = strndup(line, length);
        if (without == NULL || strstr(copy, without) == NULL)
            fputs(copy, file);
        free(copy);
        line += length;
    }
    fclose(file);
    snprintf(command, sizeof command,
             "cd %s && for c in \"$CC\" clang gcc; do "
             "[ -n \"$c\" ] && command -v $c >cc.path && break; done && "
             "$(cat cc.path) -std=c11 -Wall -Wextra %s -pthread x.c -o x", folder,
             without == NULL ? "-Werror" : "-w");
    if (shell(command) != 0)
        fail_msg("does not compile:\n%s", text);
    snprintf(command, sizeof command, "cd %s && timeout 20 ./x >x.out", folder);
    return shell(command);
}

static void prints(const char *words)
{
    char path[64], found[4096] = "";
    snprintf(path, sizeof path, "%s/x.out", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    if (strstr(found, words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, found);
}

static bool name_object(const volatile void *object, char *name, size_t size)
{
    const char *known = object == &a || object == &recursive_a || object == &spin_a ||
                                object == &rw_a   ? "a"
                        : object == &b || object == &recursive_b || object == &spin_b ||
                                object == &rw_b ? "b"
                        : object == &word       ? "word"
                        : object == &done       ? "done"
                                                : NULL;
    if (known != NULL)
        snprintf(name, size, "%s", known);
    return known != NULL;
}

static void export(void (*run)(const struct plan *plan), enum verdict verdict)
{
    struct wedge_subject subject = { .name = "planted", .reset = reset, .run = run,
                                     .name_object = name_object };
    make_text(&subject, verdict);
}

static void hangs(void (*run)(const struct plan *plan), enum verdict verdict, const char *first,
                  const char *second)
{
    export(run, verdict);
    assert_int_equal(run_text(NULL), 1);
    prints(first);
    prints(second);
    assert_int_equal(run_text("closing step"), 0);
    prints("all threads came to their end");
}

/* --- locks --- */

/* A program of two threads that take two locks of a kind crosswise. */
#define CROSSWISE(kind, first, second, lock, unlock)    \
    static void kind##_other(void *unused)              \
    {                                                   \
        (void)unused;                                   \
        lock(&second);                                  \
        lock(&first);                                   \
        unlock(&first);                                 \
        unlock(&second);                                \
        hook_thread_exit();                             \
    }                                                   \
    static void kind##_run(const struct plan *plan)     \
    {                                                   \
        (void)plan;                                     \
        hook_thread_start(kind##_other, NULL, "m");     \
        lock(&first);                                   \
        lock(&second);                                  \
        unlock(&second);                                \
        unlock(&first);                                 \
        hook_thread_exit();                             \
    }

CROSSWISE(mutex, a, b, hook_lock, hook_unlock)
CROSSWISE(recursive, recursive_a, recursive_b, hook_recursive_lock, hook_recursive_unlock)
CROSSWISE(spinlock, spin_a, spin_b, hook_spinlock_lock, hook_spinlock_unlock)
CROSSWISE(rwlock, rw_a, rw_b, hook_write_lock, hook_write_unlock)

static void locks_of_every_kind_hang_in_the_program_too(void **state)
{
    (void)state;
    hangs(mutex_run, VERDICT_DEADLOCK, "m0, holding a, waits for lock b (second) in mutex_run; "
          "held by m1 since mutex_other", "the cycle: ");
    hangs(recursive_run, VERDICT_DEADLOCK, "m1, holding b, waits for lock a (first)",
          "m0, holding a,");
    assert_non_null(strstr(text, "make_recursive(&a);"));
    hangs(spinlock_run, VERDICT_DEADLOCK, "m1, holding b, waits for spin lock a (first)",
          "m0, holding a,");
    hangs(rwlock_run, VERDICT_DEADLOCK, "m1, holding b, waits to write a (first)",
          "m0, holding a,");
}

static void joined_under_lock(void *unused)
{
    (void)unused;
    hook_lock(&a);
    hook_unlock(&a);
    hook_thread_exit();
}

static void run_join(const struct plan *plan)
{
    (void)plan;
    hook_thread_create(&child, joined_under_lock, NULL, "m");
    hook_lock(&a);
    hook_thread_join(&child);
    hook_unlock(&a);
    hook_thread_exit();
}

static void a_thread_that_waits_for_the_end_of_another_hangs(void **state)
{
    (void)state;
    hangs(run_join, VERDICT_DEADLOCK, "m0, holding a, waits for the end of m1 in run_join",
          "m1 waits for lock a (first) in joined_under_lock; held by m0 since run_join");
}

/* --- states, tasks, tokens --- */

static void spin_while_held(void)
{
    while (hook_load(&word) == 1)
        hook_spin(&word);
}

static void run_task(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token_0, "P", 0);
    hook_token_take(&token_0);
    hook_task_init(&task, "g", 1);
    hook_task_run(&task);
    hook_store(&word, 1u);
    hook_hold(&word, "busy");
    hook_task_ready(&task, "the queue");
    spin_while_held();
    hook_thread_exit();
}

static void a_task_hangs_without_its_token(void **state)
{
    (void)state;
    hangs(run_task, VERDICT_SELF_DEADLOCK,
          "m0, holding P0, spins on word (busy) in spin_while_held; held by g1 since run_task",
          "g1, holding word, needs P0 in run_task; held by m0");
}

static void take_token_1(void *unused)
{
    (void)unused;
    hook_token_take(&token_1);
    hook_lock(&a);
    hook_unlock(&a);
    hook_token_give(&token_1);
    hook_thread_exit();
}

static void run_two_tokens(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token_0, "P", 0);
    hook_token_init(&token_1, "P", 1);
    hook_token_take(&token_0);
    hook_lock(&a);
    hook_thread_start(take_token_1, NULL, "m");
    hook_task_init(&task, "g", 1);
    hook_task_run(&task);
    hook_store(&word, 1u);
    hook_hold(&word, "busy");
    hook_task_ready(&task, "the queue");
    spin_while_held();
    hook_unlock(&a);
    hook_thread_exit();
}

static void a_task_hangs_if_all_tokens_are_held(void **state)
{
    (void)state;
    hangs(run_two_tokens, VERDICT_DEADLOCK, "m1, holding P1, waits for lock a (first)",
          "g1, holding word, needs P0 in run_two_tokens; held by m0");
    assert_non_null(strstr(text, "struct token *any[] = { &P0, &P1 };"));
    assert_non_null(strstr(text, "runs on one that has P0 or P1."));
}

static void stop_the_world(void *unused)
{
    (void)unused;
    hook_gate_close();
    hook_token_give(&token_0);
    while (!hook_park_for_tokens(&note, hook_clock() + 100, token_list, 1))
        continue;
    hook_thread_exit();
}

static void run_gate(const struct plan *plan)
{
    (void)plan;
    hook_token_init(&token_0, "P", 0);
    hook_token_init(&token_1, "P", 1);
    hook_token_take(&token_1);
    hook_task_init(&task, "g", 1);
    hook_task_run(&task);
    hook_store(&word, 1u);
    hook_hold(&word, "busy");
    hook_task_ready(&task, "the queue");
    hook_thread_start(stop_the_world, NULL, "m");
    spin_while_held();
    hook_thread_exit();
}

static void a_stopped_world_hangs(void **state)
{
    (void)state;
    hangs(run_gate, VERDICT_DEADLOCK, "g1, holding word, needs the world in ",
          "m1, holding the world, needs P1 in stop_the_world; held by m0");
}

/* --- events --- */

static void post_if_told(void *unused)
{
    (void)unused;
    if (hook_load(&flag) != 0)
        hook_semaphore_post(&done);
    hook_thread_exit();
}

static void run_semaphore(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(post_if_told, NULL, "m");
    hook_store(&flag, 1u);
    hook_semaphore_wait(&done);
    hook_thread_exit();
}

static void a_post_that_never_comes_hangs(void **state)
{
    (void)state;
    hangs(run_semaphore, VERDICT_DEADLOCK, "m0 is parked on done in run_semaphore; nobody is left",
          "deadlock");
    assert_non_null(strstr(text, "finds(&flag, 0)"));
}

/* --- what cannot be exported --- */

static void flip(void *argument)
{
    uint32_t mine = argument != NULL;
    while (hook_load(&flag) != 2)
        hook_cas(&flag, &(uint32_t){ !mine }, mine);
}

static void flip_for_ever(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(flip, &flag, "m");
    flip(NULL);
    hook_thread_exit();
}

static void a_round_without_a_wait_is_refused(void **state)
{
    (void)state;
    static struct plan empty;
    static struct outcome outcome;
    static struct scene scene;
    struct wedge_subject subject = { .name = "flip", .reset = reset, .run = flip_for_ever };
    struct record_log log = { .records = NULL };
    struct engine_options options = { .steps_max = 500, .log = &log };
    assert_true(record_log_reserve(&log, LOG_MAX, LOG_MAX));
    strategy_seed(1);
    engine_run(&subject, &empty, strategy_at(0), &options, &outcome);
    assert_int_equal(outcome.verdict, VERDICT_LIVELOCK);
    char wrong[256] = "";
    assert_false(scene_fill(&scene, &subject, &outcome, &log, wrong, sizeof wrong));
    assert_non_null(strstr(wrong, "without ever waiting for time to pass"));
    record_log_free(&log);
}

/* --- conditions --- */

static void signal_and_end(void *unused)
{
    (void)unused;
    hook_condition_signal(&changed);
    hook_thread_exit();
}

static void run_condition(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(signal_and_end, NULL, "m");
    hook_lock(&a);
    hook_condition_wait(&changed, &a);
    hook_unlock(&a);
    hook_thread_exit();
}

static void a_signal_that_came_before_the_wait_hangs(void **state)
{
    (void)state;
    hangs(run_condition, VERDICT_DEADLOCK,
          "m0 is parked on &changed in run_condition; nobody is left", "deadlock");
    assert_non_null(strstr(text, "announce(&changed_2);"));
    assert_non_null(strstr(text, "await(self, &changed_2, &a, "));
}

/* --- hostile names --- */

static const char nasty[] = "*/ \"); x() ?\?/\n\\";

static bool name_nastily(const volatile void *object, char *name, size_t size)
{
    (void)object;
    snprintf(name, size, "%s", nasty);
    return true;
}

static void name_classes_nastily(void)
{
    reset();
    hook_mutex_init(&a, nasty);
    hook_mutex_init(&b, "/* \" // \\");
}

static void a_hostile_name_stays_in_its_comment_or_string(void **state)
{
    (void)state;
    struct wedge_subject subject = { .name = "*/ int x; /* ?\?/", .reset = name_classes_nastily,
                                     .run = mutex_run, .name_object = name_nastily };
    make_text(&subject, VERDICT_DEADLOCK);
    assert_int_equal(run_text(NULL), 1);
    prints(nasty);
    assert_null(strstr(text, "\n\\"));
}

static void check_string(const char *in, const char *out)
{
    char *made = NULL;
    size_t length;
    FILE *file = open_memstream(&made, &length);
    export_string(file, in);
    fclose(file);
    assert_string_equal(made, out);
    free(made);
}

static void a_string_is_escaped(void **state)
{
    (void)state;
    check_string("plain", "\"plain\"");
    check_string("\"\\", "\"\\\"\\\\\"");
    check_string("?\?/", "\"\\?\\?/\"");
    check_string("\n1\xc3", "\"\\0121\\303\"");
}

static void check_comment(const char *in, const char *out)
{
    char *made = NULL;
    size_t length;
    FILE *file = open_memstream(&made, &length);
    export_comment(file, 4, in);
    fclose(file);
    assert_string_equal(made, out);
    free(made);
}

static void a_comment_ends_only_at_its_end(void **state)
{
    (void)state;
    check_comment("a */ b /* c", "    /* a * / b / * c */\n");
    check_comment("back\\slash ?\?/ \t\xff", "    /* back_slash ? ?/ __ */\n");
    check_comment("*", "    /* * */\n");
    check_comment("one\n  two", "    /*\n     * one\n     *   two\n     */\n");
    check_comment("one\n/", "    /*\n     * one\n     * /\n     */\n");
}

static void identifiers_are_c_and_differ(void **state)
{
    (void)state;
    static struct export_names names;
    assert_string_equal(export_identifier(&names, "P0.timersLock"), "P0_timersLock");
    assert_string_equal(export_identifier(&names, "P0->timersLock"), "P0_timersLock_2");
    assert_string_equal(export_identifier(&names, "&netpollInited"), "netpollInited");
    assert_string_equal(export_identifier(&names, "lock"), "lock_2");
    assert_string_equal(export_identifier(&names, "main"), "main_2");
    assert_string_equal(export_identifier(&names, "for"), "for_2");
    assert_string_equal(export_identifier(&names, "0"), "n0");
    assert_string_equal(export_identifier(&names, "*/"), "x");
    assert_string_equal(export_identifier(&names, ""), "x_2");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    free(text);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return shell(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_of_every_kind_hang_in_the_program_too),
        cmocka_unit_test(a_thread_that_waits_for_the_end_of_another_hangs),
        cmocka_unit_test(a_task_hangs_without_its_token),
        cmocka_unit_test(a_task_hangs_if_all_tokens_are_held),
        cmocka_unit_test(a_stopped_world_hangs),
        cmocka_unit_test(a_post_that_never_comes_hangs),
        cmocka_unit_test(a_signal_that_came_before_the_wait_hangs),
        cmocka_unit_test(a_round_without_a_wait_is_refused),
        cmocka_unit_test(a_hostile_name_stays_in_its_comment_or_string),
        cmocka_unit_test(a_string_is_escaped),
        cmocka_unit_test(a_comment_ends_only_at_its_end),
        cmocka_unit_test(identifiers_are_c_and_differ),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
