/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/whole_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repro/base/file.h"

bool whole_folder_is_free(const char *path)
{
    DIR *entries = opendir(path);
    if (entries == NULL)
        return errno == ENOENT;
    uint32_t count = 0;
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return count <= 2; /* "." and ".." */
}

/* "out/", "out" -> "out" */
static bool take_path(struct whole_folder *folder, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length >= sizeof folder->path) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(folder->path, sizeof folder->path, "%.*s", (int)length, path);
    return true;
}

bool whole_folder_begin(struct whole_folder *folder, const char *path)
{
    mode_t mask = umask(0);
    umask(mask);
    if (!take_path(folder, path) ||
        !file_temporary(folder->temporary, sizeof folder->temporary, folder->path))
        return false;
    folder->lock = file_enter_folder(folder->path);
    if (mkdtemp(folder->temporary) != NULL && chmod(folder->temporary, 0777 & ~mask) == 0)
        return true;
    file_leave_folder(folder->lock, false);
    return false;
}

/* The folders of a path below `start`. */
static bool make_folders(char *path, char *start)
{
    for (char *slash = strchr(start, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

bool whole_folder_write(struct whole_folder *folder, const char *name, const char *text,
                        size_t size)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder->temporary, name) >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    return make_folders(path, path + strlen(folder->temporary) + 1) &&
           file_write_new(path, text, size);
}

/* Once for all files: one by one would take a hundred times as long. */
static bool sync_files(const struct whole_folder *folder)
{
    int descriptor = open(folder->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = descriptor >= 0 && syncfs(descriptor) == 0;
    int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = error;
    return done;
}

bool whole_folder_end(struct whole_folder *folder)
{
    if (!sync_files(folder) || rename(folder->temporary, folder->path) != 0) {
        whole_folder_abandon(folder);
        return false;
    }
    file_leave_folder(folder->lock, true);
    return true;
}

void whole_folder_abandon(struct whole_folder *folder)
{
    int error = errno;
    file_remove_tree(folder->temporary);
    file_leave_folder(folder->lock, false);
    errno = error;
}
