/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- reading --- */

static bool file_read_all(int descriptor, char *text, size_t size_max, size_t *size)
{
    *size = 0;
    for (;;) {
        ssize_t got = read(descriptor, text + *size, size_max + 1 - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        *size += (size_t)got;
        if (*size > size_max) {
            errno = EFBIG;
            return false;
        }
        if (got == 0)
            return true;
    }
}

char *file_read(const char *path, size_t size_max, size_t *size)
{
    /* Not to be kept waiting by a pipe that nobody writes to. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return NULL;
    struct stat status;
    char *text = malloc(size_max + 1);
    bool done = text != NULL && fstat(descriptor, &status) == 0;
    if (done && !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        done = false;
    }
    done = done && file_read_all(descriptor, text, size_max, size);
    int error = errno;
    close(descriptor);
    if (!done) {
        free(text);
        text = NULL;
    }
    errno = error;
    return text;
}

static bool file_write_all(int descriptor, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = write(descriptor, text, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text += put;
        size -= (size_t)put;
    }
    return true;
}

/* --- writing --- */

#define TEMPORARY ".wedge-" /* and six letters: what is not whole yet, in the folder of the file */

static bool is_temporary(const char *name)
{
    return strncmp(name, TEMPORARY, sizeof TEMPORARY - 1) == 0 &&
           strlen(name) == sizeof TEMPORARY - 1 + 6;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    (void)remove(path);
    return 0;
}

void file_remove_tree(const char *path)
{
    enum { FOLDERS_OPEN = 8 };
    (void)nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

static void remove_at(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path)
        file_remove_tree(path);
}

/* What writers that were killed have left behind. Nobody else is writing there. */
static void sweep(const char *path)
{
    DIR *entries = opendir(path);
    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (is_temporary(entry->d_name))
            remove_at(path, entry->d_name);
    closedir(entries);
}

/* A sweeper is soon done; somebody else's lock is not waited for. */
static void share_folder(int folder)
{
    enum { TRIES = 100 };
    for (uint32_t i = 0; i < TRIES && flock(folder, LOCK_SH | LOCK_NB) != 0; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Each writer holds its folder's lock, shared, until it is done or dead; who gets it alone knows
 * that no temporary file there is anybody's. */
int file_enter_folder(const char *path)
{
    int error = errno;
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    const char *name = dirname(copy);
    int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0)
        sweep(name);
    if (folder >= 0)
        share_folder(folder);
    errno = error;
    return folder;
}

/* The rename itself is to last, too. Not every file system can, so failing is not an error. */
void file_leave_folder(int folder, bool written)
{
    int error = errno;
    if (folder >= 0 && written)
        (void)fsync(folder);
    if (folder >= 0)
        close(folder);
    errno = error;
}

bool file_temporary(char *text, size_t size, const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) < sizeof copy) {
        snprintf(copy, sizeof copy, "%s", path);
        if ((size_t)snprintf(text, size, "%s/" TEMPORARY "XXXXXX", dirname(copy)) < size)
            return true;
    }
    errno = ENAMETOOLONG;
    return false;
}

/* As the file that it takes the place of, or as a new one. */
static mode_t mode_for(const char *path)
{
    struct stat status;
    mode_t mask = umask(0);
    umask(mask);
    return stat(path, &status) == 0 ? status.st_mode & 07777 : 0666 & ~mask;
}

/* Into a new file beside `path`, which then takes its place. */
static bool write_beside(const char *path, const char *text, size_t size)
{
    char temporary[PATH_MAX];
    if (!file_temporary(temporary, sizeof temporary, path))
        return false;
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool done = file_write_all(descriptor, text, size) &&
                fchmod(descriptor, mode_for(path)) == 0 && fsync(descriptor) == 0;
    int error = errno;
    if (close(descriptor) != 0 && done) {
        error = errno;
        done = false;
    }
    if (done && rename(temporary, path) != 0) {
        error = errno;
        done = false;
    }
    if (!done)
        unlink(temporary);
    errno = error;
    return done;
}

static bool write_open(const char *path, int flags, const char *text, size_t size)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (descriptor < 0)
        return false;
    bool done = file_write_all(descriptor, text, size);
    int error = errno;
    if (close(descriptor) != 0 && done) {
        error = errno;
        done = false;
    }
    errno = error;
    return done;
}

bool file_write_new(const char *path, const char *text, size_t size)
{
    return write_open(path, O_CREAT | O_EXCL, text, size);
}

bool file_write(const char *path, const char *text, size_t size)
{
    enum { TRIES = 4 };
    char real[PATH_MAX];
    struct stat status;
    if (strlen(path) >= sizeof real) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return write_open(path, 0, text, size); /* a terminal, /dev/null: stays what it is */
    if (realpath(path, real) != NULL)
        path = real; /* what a link leads to is written, not the link */
    int folder = file_enter_folder(path);
    bool done = false;
    /* It is gone if somebody swept before this process had the lock. */
    for (uint32_t i = 0; i < TRIES && !done && (i == 0 || errno == ENOENT); i++)
        done = write_beside(path, text, size);
    file_leave_folder(folder, done);
    return done;
}
