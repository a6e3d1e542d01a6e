/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The rename itself is to last, too. Not every file system can, so failing is not an error. */
static void file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder)
        return;
    int descriptor = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    (void)fsync(descriptor);
    close(descriptor);
}

bool file_write(const char *path, const char *text, size_t size)
{
    char temporary[PATH_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0)
        return false;
    mode_t mask = umask(0);
    umask(mask);
    bool done = file_write_all(descriptor, text, size) && fchmod(descriptor, 0666 & ~mask) == 0 &&
                fsync(descriptor) == 0;
    int error = errno;
    if (close(descriptor) != 0 && done) {
        error = errno;
        done = false;
    }
    if (done && rename(temporary, path) != 0) {
        error = errno;
        done = false;
    }
    if (done)
        file_sync_folder(path);
    else
        unlink(temporary);
    errno = error;
    return done;
}
