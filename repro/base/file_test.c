/* SPDX-License-Identifier: BSD-3-Clause */
/* Files are whole, whatever happens to who writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "repro/base/file.h"
#include "repro/base/folder.h"
#include "repro/base/whole_folder.h"

enum { SIZE = 20000 };

static char folder[64];
static char path[128];

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/file_test-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/a.repro", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    file_remove_tree(folder);
    return 0;
}

/* What is in the folder, hidden or not. */
static uint32_t entries(void)
{
    uint32_t count = 0;
    DIR *all = opendir(folder);
    assert_non_null(all);
    for (struct dirent *one; (one = readdir(all)) != NULL;)
        count += strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0;
    closedir(all);
    return count;
}

static bool write_letters(const char *to, char letter)
{
    char text[SIZE];
    memset(text, letter, sizeof text);
    return file_write(to, text, sizeof text);
}

/* The file is one of those that were written, all of it. Returns its letter. */
static char read_letters(const char *from)
{
    size_t size;
    char *text = file_read(from, SIZE * 2, &size);
    assert_non_null(text);
    assert_int_equal(size, SIZE);
    char letter = text[0];
    for (size_t i = 0; i < size; i++)
        assert_int_equal(text[i], letter);
    free(text);
    return letter;
}

static pid_t start_writer(char first)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    for (uint32_t i = 0;; i++)
        if (!write_letters(path, (char)(first + i % 5)))
            _exit(1);
}

/* Lets it run for a moment, another one each time. */
static void kill_writer(pid_t pid, uint32_t moment)
{
    int status;
    nanosleep(&(struct timespec){ .tv_nsec = 50000 + moment * 37129 % 2000000 }, NULL);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status)); /* it never failed */
}

static void a_writer_that_is_killed_leaves_a_whole_file(void **state)
{
    (void)state;
    assert_true(write_letters(path, 'a'));
    for (uint32_t i = 0; i < 200; i++) {
        kill_writer(start_writer('a'), i);
        read_letters(path);
    }
}

static void what_it_leaves_behind_is_not_read_and_goes_with_the_next_write(void **state)
{
    (void)state;
    struct folder_files files = { .list = { .items = NULL } };
    char left[128];
    snprintf(left, sizeof left, "%s/.wedge-a1B2c3", folder);
    assert_true(file_write_new(left, "half", 4));
    snprintf(left, sizeof left, "%s/.wedge-d1B2c3", folder);
    assert_int_equal(mkdir(left, 0777), 0);
    snprintf(left, sizeof left, "%s/.wedge-mine.repro", folder); /* not one of ours */
    assert_true(file_write_new(left, "mine", 4));
    assert_true(folder_add(&files, folder, folder_is_visible));
    assert_int_equal(files.list.count, 0);
    folder_free(&files);
    assert_true(write_letters(path, 'b'));
    assert_int_equal(entries(), 2);
}

static void what_another_writer_is_at_stays(void **state)
{
    (void)state;
    char its[128];
    snprintf(its, sizeof its, "%s/.wedge-a1B2c3", folder);
    int lock = file_enter_folder(path);
    assert_true(lock >= 0);
    assert_true(file_write_new(its, "half", 4));
    pid_t pid = fork();
    if (pid == 0)
        _exit(write_letters(path, 'c') ? 0 : 1);
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(access(its, F_OK), 0);
    file_leave_folder(lock, false);
}

static void two_writers_of_one_file_lose_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        pid_t one = start_writer('a'), other = start_writer('n');
        kill_writer(one, i);
        kill_writer(other, i);
        if (access(path, F_OK) == 0)
            read_letters(path);
    }
    assert_true(write_letters(path, 'z'));
    assert_int_equal(read_letters(path), 'z');
}

static void what_cannot_be_written_whole_leaves_what_was_there(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_true(write_letters(path, 'a'));
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = SIZE / 2; /* a disk that fills up half-way */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    bool done = write_letters(path, 'b');
    int error = errno;
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(done);
    assert_int_equal(error, EFBIG);
    assert_int_equal(read_letters(path), 'a');
    assert_int_equal(entries(), 1);
}

static void a_folder_that_cannot_be_written_to_is_an_error_with_its_cause(void **state)
{
    (void)state;
    int status;
    assert_int_equal(chmod(folder, 0555), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (getuid() == 0 && setuid(65534) != 0)
            _exit(2);
        _exit(!write_letters(path, 'a') && errno == EACCES ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_false(write_letters("/nowhere/at/all", 'a'));
    assert_int_equal(errno, ENOENT);
}

static void a_link_stays_a_link_and_a_mode_stays_a_mode(void **state)
{
    (void)state;
    char link[128];
    struct stat status;
    snprintf(link, sizeof link, "%s/link", folder);
    assert_true(write_letters(path, 'a'));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_true(write_letters(link, 'b'));
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(read_letters(path), 'b');
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

static void what_is_no_file_stays_what_it_is(void **state)
{
    (void)state;
    int ends[2];
    char name[32], got[8] = "";
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
    assert_true(file_write(name, "text", 4));
    assert_int_equal(read(ends[0], got, sizeof got), 4);
    assert_string_equal(got, "text");
    close(ends[0]);
    close(ends[1]);
    assert_false(file_write(folder, "text", 4));
    assert_int_equal(errno, EISDIR);
}

/* --- whole folders --- */

static void fill(struct whole_folder *whole, const char *to)
{
    char name[32];
    assert_true(whole_folder_is_free(to));
    assert_true(whole_folder_begin(whole, to));
    for (uint32_t i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "a/b/%u", i);
        assert_true(whole_folder_write(whole, name, "text", 4));
    }
}

static void a_folder_is_there_whole_or_not_at_all(void **state)
{
    (void)state;
    struct whole_folder whole;
    struct folder_files files = { .list = { .items = NULL } };
    char to[128], with_slash[130];
    snprintf(to, sizeof to, "%s/to", folder);
    snprintf(with_slash, sizeof with_slash, "%s/", to);
    fill(&whole, to);
    assert_int_not_equal(access(to, F_OK), 0);
    whole_folder_abandon(&whole);
    assert_int_equal(entries(), 0);
    assert_int_equal(mkdir(to, 0777), 0); /* an empty one is taken over */
    fill(&whole, with_slash);
    assert_true(whole_folder_end(&whole));
    assert_true(folder_add(&files, to, folder_is_visible));
    assert_int_equal(files.list.count, 10);
    assert_false(whole_folder_is_free(to));
    folder_free(&files);
}

static void of_two_that_fill_one_folder_one_comes_too_late(void **state)
{
    (void)state;
    struct whole_folder one, other;
    char to[128];
    snprintf(to, sizeof to, "%s/to", folder);
    fill(&one, to);
    fill(&other, to);
    assert_true(whole_folder_end(&other));
    assert_false(whole_folder_end(&one));
    assert_int_equal(errno, ENOTEMPTY);
    assert_int_equal(entries(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_writer_that_is_killed_leaves_a_whole_file, begin, end),
        cmocka_unit_test_setup_teardown(
            what_it_leaves_behind_is_not_read_and_goes_with_the_next_write, begin, end),
        cmocka_unit_test_setup_teardown(what_another_writer_is_at_stays, begin, end),
        cmocka_unit_test_setup_teardown(two_writers_of_one_file_lose_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_whole_leaves_what_was_there, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_folder_that_cannot_be_written_to_is_an_error_with_its_cause, begin, end),
        cmocka_unit_test_setup_teardown(a_link_stays_a_link_and_a_mode_stays_a_mode, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_file_stays_what_it_is, begin, end),
        cmocka_unit_test_setup_teardown(a_folder_is_there_whole_or_not_at_all, begin, end),
        cmocka_unit_test_setup_teardown(of_two_that_fill_one_folder_one_comes_too_late, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
