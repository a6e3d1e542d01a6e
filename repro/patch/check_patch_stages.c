/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both sides are asked: the stored reproducers first, then the lock order, then hunts; and
 * what only one side has shown is then looked for on the other one, too, with the reproducer that
 * shows it and with other schedules of its program.
 */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/engine/verdict.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/patch/check_patch.h"
#include "repro/reproducer/reproducer.h"

enum { GRACE_SECONDS = 20, REPLAY_SECONDS = 6, WATCH_SECONDS = 2 };
enum { AROUND_MAX = 12, STORIES_MAX = 48 };

/* --- the reproducers --- */

static void add_file(struct check *check, const char *path, const char *label, bool must_fix)
{
    for (uint32_t i = 0; i < check->files.count; i++) {
        struct check_file *file = &check->files.items[i];
        if (strcmp(file->label, label) != 0 && strcmp(file->path, path) != 0)
            continue;
        file->must_fix = file->must_fix || must_fix;
        return;
    }
    if (check->files.count == CHECK_FILES_MAX || strlen(label) >= sizeof check->files.items->label)
        return;
    order_need_memory(ARRAY_ROOM(&check->files, 1));
    struct check_file *file = &check->files.items[check->files.count++];
    *file = (struct check_file){ .must_fix = must_fix };
    snprintf(file->path, sizeof file->path, "%s", path);
    snprintf(file->label, sizeof file->label, "%s", label);
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What ends in .repro below corpus/ of a tree; the base's where both have one of that name. */
static void add_stored(struct check *check, const struct tree *tree)
{
    char corpus[PATH_MAX + 16];
    snprintf(corpus, sizeof corpus, "%s/corpus", tree->folder);
    char *paths[] = { corpus, NULL };
    FTS *files = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, compare_names);
    for (FTSENT *entry; files != NULL && (entry = fts_read(files)) != NULL;) {
        const char *suffix = strrchr(entry->fts_name, '.');
        if (entry->fts_info == FTS_F && suffix != NULL && strcmp(suffix, ".repro") == 0)
            add_file(check, entry->fts_path, entry->fts_path + strlen(tree->folder) + 1, false);
    }
    if (files != NULL)
        fts_close(files);
}

/* SLUG stands for the reproducers in corpus/bugs/SLUG; everything else is a file of the user's, who
 * may have it where the sandbox does not look. */
static bool add_must_fix(struct check *check, const char *name, uint32_t number)
{
    char prefix[256], path[PATH_MAX + 32];
    bool found = false;
    int length = snprintf(prefix, sizeof prefix, "corpus/bugs/%s/", name);
    for (uint32_t i = 0; i < check->files.count && length < (int)sizeof prefix; i++) {
        struct check_file *file = &check->files.items[i];
        bool is_it = strncmp(file->label, prefix, (size_t)length) == 0 ||
                     strcmp(file->label, name) == 0;
        file->must_fix = file->must_fix || is_it;
        found = found || is_it;
    }
    if (found)
        return true;
    size_t size;
    char *text = file_read(name, REPRODUCER_SIZE_MAX, &size);
    if (text == NULL) {
        fprintf(stderr, "wedge: --must-fix %s: no bug of that name in corpus/bugs, and no such "
                "file: %s\n", name, strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "%s/must-fix-%" PRIu32 ".repro", check->trees.scratch, number);
    found = file_write_new(path, text, size);
    free(text);
    if (found)
        add_file(check, path, name, true);
    return found;
}

static bool find_files(struct check *check)
{
    add_stored(check, &check->trees.base);
    add_stored(check, &check->trees.patched);
    for (uint32_t i = 0; i < check->options.must_fix_count; i++)
        if (!add_must_fix(check, check->options.must_fix[i], i))
            return false;
    return true;
}

/* --- stored reproducers --- */

static void take_subject(struct check *check, const char *name)
{
    struct check_options *options = &check->options;
    if (name == NULL || options->subject_count == CHECK_SUBJECTS_MAX)
        return;
    for (uint32_t i = 0; i < options->subject_count; i++)
        if (strcmp(options->subjects[i], name) == 0)
            return;
    static char names[CHECK_SUBJECTS_MAX][64];
    char *copy = names[options->subject_count];
    snprintf(copy, sizeof names[0], "%s", name);
    options->subjects[options->subject_count++] = copy;
}

static void replay_stored(struct check *check)
{
    static struct check_step step;
    char tries[16];
    bool all = check->options.subject_count == 0; /* else they were named */
    snprintf(tries, sizeof tries, "%" PRIu32, check->options.tries);
    if (check->files.count == 0)
        return;
    step_begin(&step, "replay", REPLAY_SECONDS);
    step_add(&step, "--json", "--exact", "-n", tries, NULL);
    for (uint32_t i = 0; i < check->files.count; i++)
        step_add(&step, check->files.items[i].path, NULL);
    step_run(check, &step);
    for (enum side side = 0; side < SIDES; side++) {
        check->replayed[side] = (uint32_t)json_array_size(step.rows[side]);
        step_must_answer(check, &step, side, check->replayed[side] > 0);
        check_take_replay(check, side, step.rows[side], true);
        for (size_t i = 0; all && i < json_array_size(step.rows[side]); i++)
            take_subject(check, json_string_value(json_object_get(
                                    json_array_get(step.rows[side], i), "subject")));
    }
    step_end(&step);
}

/* --- the lock order --- */

static void watch(struct check *check, uint32_t subject)
{
    static struct check_step step;
    char runs[24], seed[24], seconds[32];
    double longest = check->options.seconds / 2 > WATCH_SECONDS ? check->options.seconds / 2
                                                                : WATCH_SECONDS;
    snprintf(seconds, sizeof seconds, "%.3f", longest);
    snprintf(runs, sizeof runs, "%" PRIu64, check->options.graph_runs);
    snprintf(seed, sizeof seed, "%" PRIu64, check->options.seed);
    step_begin(&step, "graph", GRACE_SECONDS + check->options.seconds);
    step_add(&step, check->options.subjects[subject], "--json", "--runs", runs, "--time",
             seconds, "--seed", seed, NULL);
    step_run(check, &step);
    for (enum side side = 0; side < SIDES; side++) {
        check->graphs[side][subject] = json_incref(json_array_get(step.rows[side], 0));
        step_must_answer(check, &step, side, check->graphs[side][subject] != NULL);
    }
    step_end(&step);
}

/* --- hunts --- */

struct hunt_texts {
    char seconds[32], runs[24], seed[24], folders[SIDES][PATH_MAX + 16];
};

/* A hunt on both sides that writes its reproducers to a folder of that name. */
static void begin_hunt(struct check *check, struct check_step *step, struct hunt_texts *texts,
                       const char *subject, const char *folder, double seconds)
{
    char place[PATH_MAX];
    snprintf(texts->seconds, sizeof texts->seconds, "%.3f", seconds);
    snprintf(texts->seed, sizeof texts->seed, "%" PRIu64, check->options.seed);
    step_begin(step, "hunt", seconds * 4 + GRACE_SECONDS);
    step_add(step, subject, "--json", "--keep-going", "--time", texts->seconds, "--seed",
             texts->seed, NULL);
    for (enum side side = 0; side < SIDES; side++) {
        check_folder(check, side, place);
        snprintf(texts->folders[side], sizeof texts->folders[side], "%s/%s", place, folder);
        step_add_one(step, side, "-o");
        step_add_one(step, side, texts->folders[side]);
        (void)mkdir(texts->folders[side], 0777);
    }
}

static void take_hunt(struct check *check, struct check_step *step)
{
    for (enum side side = 0; side < SIDES; side++)
        step_must_answer(check, step, side, check_take_hunt(check, side, step->rows[side]));
    step_end(step);
}

static void hunt(struct check *check, uint32_t subject)
{
    static struct check_step step;
    static struct hunt_texts texts;
    const struct check_options *options = &check->options;
    char folder[32];
    snprintf(folder, sizeof folder, "found-%" PRIu32, subject);
    begin_hunt(check, &step, &texts, options->subjects[subject], folder, options->seconds);
    if (options->runs > 0) {
        snprintf(texts.runs, sizeof texts.runs, "%" PRIu64, options->runs);
        step_add(&step, "--runs", texts.runs, NULL);
    }
    step_run(check, &step);
    take_hunt(check, &step);
}

/* --- what only one side has shown --- */

static bool one_sided(const struct check_finding *finding)
{
    return finding->seen[SIDE_BASE].seen != finding->seen[SIDE_PATCHED].seen;
}

static bool is_predicted(const struct check_finding *finding)
{
    enum verdict verdict;
    return verdict_find(finding->verdict, &verdict) && verdict_is_predicted(verdict);
}

/* Files of what was found. Not exact: of what only one side has shown, to be fitted to the other
 * one's code; that takes thousands of runs, which is too much where each has to be learned from. */
static uint32_t add_found(const struct check *check, struct check_step *step, bool exact)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < check->findings.count; i++) {
        const struct check_finding *finding = &check->findings.items[i];
        for (enum side side = 0; side < SIDES; side++) {
            const char *path = finding->seen[side].reproducer;
            if (path[0] == '\0' || count == CHECK_FILES_MAX ||
                (!exact && (!one_sided(finding) || is_predicted(finding))))
                continue;
            step_add(step, path, NULL);
            count++;
        }
    }
    return count;
}

/* The reproducers of what was found, on both sides. */
static void replay_found(struct check *check, bool exact)
{
    static struct check_step step;
    char tries[16];
    snprintf(tries, sizeof tries, "%" PRIu32, check->options.tries);
    step_begin(&step, "replay", exact ? REPLAY_SECONDS : GRACE_SECONDS);
    step_add(&step, "--json", "-n", tries, exact ? "--exact" : NULL, NULL);
    uint32_t count = add_found(check, &step, exact);
    if (count == 0)
        return;
    if (!exact)
        step.seconds += count;
    step_run(check, &step);
    for (enum side side = 0; side < SIDES; side++)
        check_take_replay(check, side, step.rows[side], false);
    step_end(&step);
}

/* Other schedules of that program, on both sides. */
static void hunt_around(struct check *check, const char *subject, const char *program,
                        uint32_t number, double seconds)
{
    static struct check_step step;
    static struct hunt_texts texts;
    char folder[32];
    snprintf(folder, sizeof folder, "around-%" PRIu32, number);
    begin_hunt(check, &step, &texts, subject, folder, seconds);
    step_add(&step, "--no-prediction", "--runs", "4000", "--program", program, NULL);
    step_run(check, &step);
    take_hunt(check, &step);
}

static const char *subject_of(const char *path)
{
    static struct reproducer reproducer;
    struct reproducer_error error;
    return reproducer_read(&reproducer, path, &error) ? reproducer.subject->name : NULL;
}

/* What would count against the patch comes first: there is not time for all. */
static uint32_t choose(const struct check *check, char (*paths)[PATH_MAX])
{
    uint32_t count = 0;
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t i = 0; i < check->findings.count && count < AROUND_MAX; i++) {
            const struct check_finding *finding = &check->findings.items[i];
            enum side side = finding->seen[SIDE_PATCHED].seen ? SIDE_PATCHED : SIDE_BASE;
            uint32_t turn = finding->must_fix ? 0 : side == SIDE_PATCHED ? 1 : 2;
            if (turn != round || !(one_sided(finding) || finding->must_fix) ||
                finding->seen[side].reproducer[0] == '\0')
                continue;
            snprintf(paths[count++], PATH_MAX, "%s", finding->seen[side].reproducer);
        }
    return count;
}

static void look_around(struct check *check)
{
    static char paths[AROUND_MAX][PATH_MAX];
    uint32_t count = choose(check, paths);
    double seconds = count > 0 ? check->options.seconds / count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *subject = subject_of(paths[i]);
        if (subject != NULL)
            hunt_around(check, subject, paths[i], i, seconds > 1 ? 1 : seconds);
    }
    replay_found(check, true);
}

/* --- the stories of those that count --- */

static void tell(struct check *check, struct check_finding *finding)
{
    static struct check_step step;
    enum side side = finding->change == CHANGE_FIXED || !finding->seen[SIDE_PATCHED].seen
                         ? SIDE_BASE
                         : SIDE_PATCHED;
    if (finding->seen[side].reproducer[0] == '\0')
        return;
    step = (struct check_step){ .name = "show", .seconds = GRACE_SECONDS };
    step_add_one(&step, side, "show");
    step_add_one(&step, side, "--json");
    step_add_one(&step, side, finding->seen[side].reproducer);
    struct check_silence silence = check->silence[side];
    check->silence[side].silent = false; /* that reproducer has answered before */
    step_run(check, &step);
    check->silence[side] = silence;
    json_t *story = json_array_get(step.rows[side], 0);
    json_t *told = json_object_get(story, "finding");
    const char *hash = json_string_value(json_object_get(told, "signature"));
    if (hash != NULL && strcmp(hash, finding->hash) == 0) {
        finding->story = json_incref(story);
        const char *text = json_string_value(json_object_get(told, "signature_text"));
        if (text != NULL && finding->signature[0] == '\0')
            snprintf(finding->signature, sizeof finding->signature, "%s", text);
    }
    step_end(&step);
}

static void tell_all(struct check *check)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < check->findings.count && count < STORIES_MAX; i++) {
        struct check_finding *finding = &check->findings.items[i];
        if (finding->story != NULL)
            continue;
        count++;
        tell(check, finding);
    }
}

int check_stages(struct check *check)
{
    if (!find_files(check))
        return EXIT_USAGE;
    replay_stored(check);
    if (check->options.subject_count == 0 && !check->silence[SIDE_PATCHED].silent &&
        !check->silence[SIDE_BASE].silent) {
        fputs("wedge: nothing was tested: no reproducer is stored that says which subject to "
              "hunt; --subject does\n", stderr);
        return EXIT_UNTESTED;
    }
    for (uint32_t i = 0; i < check->options.subject_count; i++) {
        watch(check, i);
        hunt(check, i);
    }
    replay_found(check, true);
    replay_found(check, false);
    look_around(check);
    check_compare_orders(check);
    tell_all(check);
    return check_judge(check);
}
