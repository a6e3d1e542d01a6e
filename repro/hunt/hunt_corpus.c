/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "repro/hunt/hunt_corpus.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "core/base/array.h"
#include "core/base/check.h"
#include "core/base/map.h"
#include "fuzz/mutate.h"
#include "repro/base/file.h"

enum {
    KEPT_MAX = 64,        /* what was new long ago is so no more */
    CHILDREN_ONE_IN = 8,
    FILE_SIZE_MAX = 1 << 16,
    NAME_LENGTH = 16,     /* of a file: its hash in hexadecimal digits */
};

/* --- in memory --- */

static struct draft kept[KEPT_MAX]; /* a ring */
static uint64_t kept_count;         /* ever */

static char folder[PATH_MAX]; /* "": there is none, and nothing is kept */

bool corpus_draw(const struct wedge_subject *subject, struct prng *prng, struct plan *child)
{
    static struct draft draft;
    if (kept_count == 0 || !prng_one_in(prng, CHILDREN_ONE_IN))
        return false;
    uint32_t count = kept_count < KEPT_MAX ? (uint32_t)kept_count : KEPT_MAX;
    const struct draft *parent = &kept[prng_below(prng, count)];
    plan_copy(&draft.plan, &parent->plan);
    draft.plan.segment_count = draft.plan.fault_count = 0;
    mutate(subject, &draft, prng);
    plan_copy(child, &draft.plan);
    child->fault_count = 0;
    return true;
}

/* --- in a folder --- */

static struct map known;      /* hashes of files that were written or read */
static uint64_t shared_count; /* of those that were kept, so many are written */

struct file {
    uint8_t *bytes;
    size_t size;
};
static struct file *files; /* those that were there when it was opened */
static uint32_t file_count, file_capacity;

void corpus_forget(void)
{
    kept_count = shared_count = 0;
}

void corpus_keep(const struct wedge_subject *subject)
{
    bool has_program = subject->verb_count > 0 && subject->actor_count > 0;
    if (folder[0] == '\0' || !has_program)
        return;
    struct draft *draft = &kept[kept_count % KEPT_MAX];
    draft->seed = draft->strategy = 0;
    kept_count += engine_recorded(&draft->plan);
}

uint32_t corpus_size(void)
{
    return file_count;
}

void corpus_plan(const struct wedge_subject *subject, uint32_t index, struct plan *plan)
{
    static struct draft draft;
    check(index < file_count);
    draft_decode(subject, files[index].bytes, files[index].size, &draft);
    plan_copy(plan, &draft.plan);
}

/* Whether it was not known. */
static bool know(uint64_t hash)
{
    uint32_t *value = map_at(&known, hash | 1);
    bool is_new = value != NULL && *value == MAP_ABSENT;
    if (value != NULL)
        *value = 0;
    return is_new;
}

static bool path_of(const char *name, char path[PATH_MAX])
{
    return (size_t)snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

/* NULL: it cannot be read, or is no draft. */
static uint8_t *read_draft(const char *name, size_t *size)
{
    char path[PATH_MAX];
    char *bytes = path_of(name, path) ? file_read(path, FILE_SIZE_MAX, size) : NULL;
    if (bytes != NULL && draft_is_one((uint8_t *)bytes, *size))
        return (uint8_t *)bytes;
    free(bytes);
    return NULL;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Visits the files of the folder in the order of their names. False: errno says why. */
static bool each_name(void (*visit)(const char *name, void *context), void *context)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        visit(names[i]->d_name, context);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return count >= 0;
}

static bool take_file(const char *name)
{
    struct file file;
    if (!array_reserve((void **)&files, &file_capacity, file_count + 1, sizeof *files))
        return false;
    file.bytes = read_draft(name, &file.size);
    if (file.bytes == NULL)
        return false;
    know(XXH3_64bits(file.bytes, file.size));
    files[file_count++] = file;
    return true;
}

static void open_file(const char *name, void *strange)
{
    *(uint32_t *)strange += !take_file(name);
}

bool corpus_open(const char *path, uint32_t *strange)
{
    *strange = 0;
    for (uint32_t i = 0; i < file_count; i++)
        free(files[i].bytes);
    file_count = 0;
    free(known.entries);
    known = (struct map){ 0 };
    if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return false;
    return each_name(open_file, strange);
}

/* --- among jobs --- */

static bool write_draft(const struct wedge_subject *subject, const struct draft *draft)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    char name[NAME_LENGTH + 1], path[PATH_MAX];
    size_t size = draft_encode(subject, draft, bytes, sizeof bytes);
    uint64_t hash = XXH3_64bits(bytes, size);
    snprintf(name, sizeof name, "%016" PRIx64, hash);
    if (!know(hash) || !path_of(name, path))
        return true;
    return file_write(path, (const char *)bytes, size);
}

/* A file of another job that is not known yet: kept as if this one had seen it. */
static void take_other(const char *name, void *subject)
{
    size_t size;
    uint64_t hash;
    if (strlen(name) != NAME_LENGTH || sscanf(name, "%16" SCNx64, &hash) != 1 || !know(hash))
        return;
    uint8_t *bytes = read_draft(name, &size);
    if (bytes == NULL)
        return;
    draft_decode(subject, bytes, size, &kept[kept_count++ % KEPT_MAX]);
    free(bytes);
}

bool corpus_share(const struct wedge_subject *subject)
{
    bool written = true;
    if (folder[0] == '\0')
        return true;
    if (kept_count - shared_count > KEPT_MAX)
        shared_count = kept_count - KEPT_MAX;
    for (; written && shared_count < kept_count; shared_count++)
        written = write_draft(subject, &kept[shared_count % KEPT_MAX]);
    int error = errno;
    each_name(take_other, (void *)(uintptr_t)subject);
    shared_count = kept_count;
    errno = error;
    return written;
}
