/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/patch_trees.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/patch/patch_git.h"

static int fail(struct trees *trees, int code, const char *what)
{
    char why[sizeof trees->error];
    snprintf(why, sizeof why, "%s", trees->error);
    int length = snprintf(trees->error, sizeof trees->error, "%s%s", what,
                          why[0] != '\0' ? ": " : "");
    if (length > 0 && (size_t)length < sizeof trees->error)
        snprintf(trees->error + length, sizeof trees->error - (size_t)length, "%s", why);
    return code;
}

static void join(char *path, const char *folder, const char *name)
{
    if ((size_t)snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        path[0] = '\0'; /* which is then not found, and said so */
}

/* --- repository and cache --- */

static bool make_folders(const char *path)
{
    char part[PATH_MAX];
    for (size_t length = 1; path[length - 1] != '\0'; length++) {
        if (path[length] != '/' && path[length] != '\0')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)length, path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return false;
    }
    return access(path, W_OK) == 0;
}

static void choose_cache(struct trees *trees, const char *wanted)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char here[PATH_MAX];
    if (wanted != NULL && wanted[0] == '/')
        snprintf(trees->cache, sizeof trees->cache, "%s", wanted);
    else if (wanted != NULL && getcwd(here, sizeof here) != NULL)
        join(trees->cache, here, wanted);
    else if (cache != NULL && cache[0] == '/')
        join(trees->cache, cache, "wedge/check-patch");
    else if (home != NULL && home[0] == '/')
        join(trees->cache, home, ".cache/wedge/check-patch");
    else
        snprintf(trees->cache, sizeof trees->cache, "/tmp/wedge-check-patch-%u",
                 (unsigned)getuid());
}

/* One check at a time in a cache. */
static bool lock_cache(struct trees *trees)
{
    char path[PATH_MAX];
    join(path, trees->cache, "lock");
    trees->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (trees->lock < 0)
        return false;
    if (flock(trees->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    fprintf(stderr, "wedge: another check uses %s; waiting for it\n", trees->cache);
    return flock(trees->lock, LOCK_EX) == 0;
}

static int open_cache(struct trees *trees, const char *wanted)
{
    static const char *const folders[] = { "trees", "objects", "scratch" };
    char path[PATH_MAX];
    choose_cache(trees, wanted);
    join(trees->scratch, trees->cache, "scratch");
    bool done = make_folders(trees->cache) && lock_cache(trees);
    if (done)
        file_remove_tree(trees->scratch);
    for (uint32_t i = 0; i < count_of(folders) && done; i++) {
        join(path, trees->cache, folders[i]);
        done = make_folders(path);
    }
    if (done)
        return EXIT_CLEAN;
    snprintf(trees->error, sizeof trees->error, "cannot use the cache %.400s: %s; --cache names "
             "another one", trees->cache, strerror(errno));
    return EXIT_BROKEN;
}

int trees_open(struct trees *trees, const struct trees_wanted *wanted)
{
    char objects[PATH_MAX];
    *trees = (struct trees){ .lock = -1, .build = wanted->build };
    int code = open_cache(trees, wanted->cache);
    if (code != EXIT_CLEAN)
        return code;
    bool found = git_line(trees, NULL, trees->repository, PATH_MAX, "rev-parse",
                          "--show-toplevel") &&
                 git_line(trees, NULL, trees->git_folder, PATH_MAX, "rev-parse",
                          "--absolute-git-dir") &&
                 git_line(trees, NULL, objects, PATH_MAX, "rev-parse", "--git-path", "objects");
    if (!found)
        return fail(trees, EXIT_USAGE, "expected to be in a Git repository");
    if (objects[0] == '/')
        snprintf(trees->objects, PATH_MAX, "%s", objects);
    else
        join(trees->objects, trees->repository, objects);
    return EXIT_CLEAN;
}

void trees_close(struct trees *trees)
{
    free(trees->changes);
    trees->changes = NULL;
    if (trees->lock >= 0)
        close(trees->lock);
    trees->lock = -1;
}

/* --- the base --- */

static int find_tree(struct trees *trees, const char *revision, char name[TREE_NAME_MAX])
{
    char text[512], shallow[16] = "";
    snprintf(text, sizeof text, "%.480s^{tree}", revision);
    if (git_line(trees, NULL, name, TREE_NAME_MAX, "rev-parse", "--verify", "--quiet",
                 "--end-of-options", text))
        return EXIT_CLEAN;
    git_line(trees, NULL, shallow, sizeof shallow, "rev-parse", "--is-shallow-repository");
    snprintf(trees->error, sizeof trees->error, "no revision '%s'%s", revision,
             strcmp(shallow, "true") == 0
                 ? " in this shallow clone; git fetch --unshallow gets the rest, or git fetch "
                   "origin REVISION this one"
                 : "");
    return EXIT_USAGE;
}

/* The tree `name` becomes that of itself with the patch. */
static int apply(struct trees *trees, const char *patch, bool reverse, char name[TREE_NAME_MAX])
{
    char index[PATH_MAX];
    join(index, trees->scratch, "apply.index");
    unlink(index);
    if (!git(trees, index, NULL, NULL, NULL, "read-tree", name))
        return EXIT_BROKEN;
    bool done = reverse ? git(trees, index, NULL, patch, NULL, "apply", "--cached",
                              "--whitespace=nowarn", "--reverse", "-")
                        : git(trees, index, NULL, patch, NULL, "apply", "--cached",
                              "--whitespace=nowarn", "-");
    if (!done)
        return EXIT_USAGE;
    return git_line(trees, index, name, TREE_NAME_MAX, "write-tree") ? EXIT_CLEAN : EXIT_BROKEN;
}

static int make_base(struct trees *trees, const struct trees_wanted *wanted)
{
    char path[PATH_MAX];
    int code = find_tree(trees, wanted->base, trees->base.name);
    if (code != EXIT_CLEAN || wanted->over == NULL)
        return code;
    if (realpath(wanted->over, path) == NULL) {
        snprintf(trees->error, sizeof trees->error, "--over %s: %s", wanted->over,
                 strerror(errno));
        return EXIT_USAGE;
    }
    code = apply(trees, path, false, trees->base.name);
    return code == EXIT_CLEAN ? code : fail(trees, code, "--over: does not apply to the base");
}

/* --- the patch --- */

/* A mailbox: each mail is decoded; the text becomes that of all patches in it. */
static bool decode_mail(struct trees *trees, struct patch *patch)
{
    char mails[PATH_MAX], mail[PATH_MAX], folder[PATH_MAX], path[PATH_MAX];
    join(mails, trees->scratch, "mailbox");
    join(folder, trees->scratch, "mails");
    char into[PATH_MAX + 8];
    snprintf(into, sizeof into, "-o%s", folder);
    if (!make_folders(folder) || !file_write_new(mails, patch->text, patch->size) ||
        !git(trees, NULL, NULL, NULL, NULL, "mailsplit", "-b", into, mails))
        return false;
    char *text = NULL;
    size_t size = 0;
    FILE *all = open_memstream(&text, &size);
    check(all != NULL);
    for (uint32_t i = 1; i < TREE_FILES_MAX; i++) {
        char name[16], *part;
        size_t part_size;
        snprintf(name, sizeof name, "%04u", (unsigned)i);
        join(mail, folder, name);
        join(path, trees->scratch, "mail.patch");
        if (access(mail, R_OK) != 0 ||
            !git(trees, NULL, NULL, mail, NULL, "mailinfo", "/dev/null", path))
            break;
        part = file_read(path, PATCH_SIZE_MAX, &part_size);
        if (part != NULL)
            fwrite(part, 1, part_size, all);
        free(part);
    }
    check(fclose(all) == 0);
    free(patch->text);
    patch->text = text;
    patch->size = size;
    return true;
}

static void take_patch_error(struct trees *trees, const struct patch *patch,
                             const struct patch_error *error)
{
    if (error->line > 0)
        snprintf(trees->error, sizeof trees->error, "%.300s:%u: %s", patch->name, error->line,
                 error->text);
    else
        snprintf(trees->error, sizeof trees->error, "%.300s: %s", patch->name, error->text);
}

static int make_patched(struct trees *trees, const struct trees_wanted *wanted)
{
    char path[PATH_MAX];
    struct patch_error error;
    struct patch *patch = wanted->patch;
    snprintf(trees->patched.name, sizeof trees->patched.name, "%s", trees->base.name);
    if (patch_is_mail(patch) && !decode_mail(trees, patch))
        return fail(trees, EXIT_USAGE, "a mail that Git cannot read");
    if (!patch_check(patch, wanted->anything, &error)) {
        take_patch_error(trees, patch, &error);
        return EXIT_USAGE;
    }
    join(path, trees->scratch, "patch");
    if (!file_write_new(path, patch->text, patch->size))
        return fail(trees, EXIT_BROKEN, "cannot write the patch to the cache");
    int code = apply(trees, path, wanted->reverse, trees->patched.name);
    if (code != EXIT_USAGE)
        return code;
    char what[512];
    snprintf(what, sizeof what, "%.300s does not apply to %.100s", patch->name, wanted->base);
    return fail(trees, code, what);
}

/* --- what differs --- */

/* ":100644 100644 A B M<tab>PATH" lines: what Git says that the patch changes, whatever it looked
 * like as text. */
static bool check_row(struct trees *trees, char *row, bool anything)
{
    char *path = strchr(row, '\t');
    if (path == NULL || strlen(row) < 15)
        return true;
    const char *mode = row + 8; /* of the new side */
    const char *old_mode = row + 1;
    const char *why = NULL;
    *path++ = '\0';
    trees->files++;
    trees->tested = trees->tested || patch_changes_test(path);
    if (strncmp(mode, "120000", 6) == 0 || strncmp(old_mode, "120000", 6) == 0)
        why = "a symbolic link";
    else if (strncmp(mode, "160000", 6) == 0 || strncmp(old_mode, "160000", 6) == 0)
        why = "a submodule";
    else if (!anything && !patch_may_change(path))
        why = "not code under test, but decides what is built or how it is judged; "
              "--allow-build-changes takes it all the same, and runs what it says";
    else if (!anything && strncmp(mode, "100755", 6) == 0 && strncmp(old_mode, "100755", 6) != 0)
        why = "made executable";
    if (why == NULL)
        return true;
    snprintf(trees->error, sizeof trees->error, "refused: %.300s is %s", path, why);
    return false;
}

static int check_rows(struct trees *trees, bool anything)
{
    char *output, *rest = NULL;
    if (!git(trees, NULL, NULL, NULL, &output, "diff-tree", "-r", "--raw", "--no-renames",
             trees->base.name, trees->patched.name))
        return EXIT_BROKEN;
    bool good = true;
    for (char *row = strtok_r(output, "\n", &rest); row != NULL && good;
         row = strtok_r(NULL, "\n", &rest))
        good = check_row(trees, row, anything);
    free(output);
    return good ? EXIT_CLEAN : EXIT_USAGE;
}

static void add_change(struct trees *trees, const char *path, const char *hunk)
{
    const char *plus = strstr(hunk, " +");
    unsigned first = 0, count = 1, old_count = 1;
    if (plus == NULL || sscanf(plus, " +%u,%u", &first, &count) < 1)
        return;
    (void)sscanf(hunk, "@@ -%*u,%u", &old_count);
    trees->added += count;
    trees->removed += old_count;
    trees->changes = reallocarray(trees->changes, trees->change_count + 1,
                                  sizeof *trees->changes);
    check(trees->changes != NULL);
    struct tree_change *change = &trees->changes[trees->change_count++];
    snprintf(change->path, sizeof change->path, "%s", path);
    change->first = first;
    change->count = count;
}

static int find_changes(struct trees *trees)
{
    char *output, *rest = NULL, path[256] = "";
    if (!git(trees, NULL, NULL, NULL, &output, "diff-tree", "-r", "-p", "--unified=0",
             "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/",
             "--dst-prefix=b/", trees->base.name, trees->patched.name))
        return EXIT_BROKEN;
    for (char *line = strtok_r(output, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "+++ b/", 6) == 0)
            snprintf(path, sizeof path, "%.*s", (int)strcspn(line + 6, "\t"), line + 6);
        else if (strncmp(line, "@@ -", 4) == 0)
            add_change(trees, path, line);
    }
    free(output);
    return EXIT_CLEAN;
}

bool trees_changed(const struct trees *trees, const char *path, uint32_t line)
{
    for (uint32_t i = 0; i < trees->change_count; i++) {
        const struct tree_change *change = &trees->changes[i];
        if (line >= change->first && line < change->first + change->count &&
            strcmp(change->path, path) == 0)
            return true;
    }
    return false;
}

int trees_make(struct trees *trees, const struct trees_wanted *wanted)
{
    int code = make_base(trees, wanted);
    if (code != EXIT_CLEAN)
        return code;
    code = wanted->patch != NULL ? make_patched(trees, wanted)
                                 : find_tree(trees, wanted->tip, trees->patched.name);
    if (code == EXIT_CLEAN)
        code = check_rows(trees, wanted->anything);
    return code == EXIT_CLEAN ? find_changes(trees) : code;
}
