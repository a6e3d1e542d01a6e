/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "repro/hunt/hunt_position.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "repro/base/file.h"
#include "repro/base/output.h"

enum { FILE_SIZE_MAX = 4096 };

/* All that makes it the same hunt; for people, and its hash for the name of the file. */
static void describe(const struct hunt_options *options, char *text, size_t size)
{
    uint64_t program = options->program == NULL ? 0 :
        XXH3_64bits(options->program->operations,
                    options->program->operation_count * sizeof options->program->operations[0]);
    uint64_t settings = XXH3_64bits(options->settings.values, sizeof options->settings.values);
    snprintf(text, size,
             "%s, strategy %s, seed %" PRIu64 ", faults %" PRIx32 ", settings %" PRIx32
             "-%" PRIx64 ", program %" PRIx64,
             options->subject->name, options->strategy->name, options->seed,
             options->faults & options->subject->faults, options->settings.mask, settings, program);
}

/* False: too long. */
static bool path_of(const struct hunt_options *options, const char *about, char path[PATH_MAX])
{
    uint64_t hash = XXH3_64bits(about, strlen(about));
    bool fits = (size_t)snprintf(path, PATH_MAX, "%s/.hunt/%016" PRIx64 ".json", options->corpus,
                                 hash) < PATH_MAX;
    errno = fits ? errno : ENAMETOOLONG;
    return fits;
}

static bool parse(const char *text, size_t size, const char *path, uint64_t *next)
{
    json_error_t error;
    json_int_t number = -1;
    json_t *object = json_loadb(text, size, 0, &error);
    bool good = object != NULL && json_unpack_ex(object, &error, 0, "{s:I}", "next", &number) == 0;
    if (good && number < 0)
        snprintf(error.text, sizeof error.text, "expected \"next\" to be the number of a run");
    if (!good || number < 0)
        output_bad_input(path, error.line > 0 ? (uint32_t)error.line : 1, error.text);
    json_decref(object);
    *next = (uint64_t)number;
    return good && number >= 0;
}

bool position_read(const struct hunt_options *options, uint64_t *next)
{
    char about[256], path[PATH_MAX];
    size_t size;
    describe(options, about, sizeof about);
    char *text = path_of(options, about, path) ? file_read(path, FILE_SIZE_MAX, &size) : NULL;
    *next = 0;
    if (text == NULL && errno != ENOENT)
        output_bad_input(path, 1, strerror(errno));
    bool good = text != NULL ? parse(text, size, path, next) : errno == ENOENT;
    free(text);
    return good;
}

static bool make_folder(const struct hunt_options *options)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/.hunt", options->corpus) >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bool position_write(const struct hunt_options *options, uint64_t next)
{
    char about[256], path[PATH_MAX], text[512];
    describe(options, about, sizeof about);
    json_t *object = json_pack("{s:s, s:s, s:I}", "schema", "wedge.hunt-position/1", "hunt", about,
                               "next", (json_int_t)next);
    size_t size = json_dumpb(object, text, sizeof text - 1, JSON_COMPACT);
    json_decref(object);
    if (size >= sizeof text) {
        errno = E2BIG;
        return false;
    }
    text[size++] = '\n';
    return make_folder(options) && path_of(options, about, path) && file_write(path, text, size);
}
