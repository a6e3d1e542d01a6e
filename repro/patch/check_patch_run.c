/* SPDX-License-Identifier: BSD-3-Clause */
/* One command on both sides at the same time, in sandboxes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/check.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/patch/check_patch.h"

enum { ROWS_SIZE_MAX = 64 << 20, WALL_PER_CPU = 5 };
static const uint64_t run_memory = (uint64_t)2 << 30, run_writes = (uint64_t)128 << 20;

const char *side_name(enum side side)
{
    return side == SIDE_BASE ? "base" : "patched";
}

void check_folder(const struct check *check, enum side side, char path[PATH_MAX])
{
    if (snprintf(path, PATH_MAX, "%s/%s", check->trees.scratch, side_name(side)) >= PATH_MAX)
        path[0] = '\0';
    (void)mkdir(path, 0777); /* if it cannot be, nothing can be started there */
}

void step_begin(struct check_step *step, const char *name, double seconds)
{
    *step = (struct check_step){ .name = name, .seconds = seconds };
    for (enum side side = 0; side < SIDES; side++)
        step_add_one(step, side, name);
}

void step_add_one(struct check_step *step, enum side side, const char *word)
{
    check(step->count[side] + 2 < CHECK_ARGUMENTS_MAX);
    step->arguments[side][++step->count[side]] = word; /* the first is the program */
}

void step_add(struct check_step *step, const char *word, ...)
{
    va_list words;
    va_start(words, word);
    for (; word != NULL; word = va_arg(words, const char *))
        for (enum side side = 0; side < SIDES; side++)
            step_add_one(step, side, word);
    va_end(words);
}

void step_end(struct check_step *step)
{
    for (enum side side = 0; side < SIDES; side++)
        json_decref(step->rows[side]);
}

/* --- what they say --- */

/* Lines that are no JSON were not written by `wedge`. */
static json_t *read_rows(const char *path)
{
    size_t size = 0;
    json_t *rows = json_array();
    char *text = file_read(path, ROWS_SIZE_MAX, &size);
    for (size_t at = 0; text != NULL && at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        json_t *row = json_loadb(text + at, length, 0, NULL);
        if (json_is_object(row) && json_is_string(json_object_get(row, "schema")))
            json_array_append(rows, row);
        json_decref(row);
        at += length + 1;
    }
    free(text);
    return rows;
}

/* What a program of ours ends with when all is well. */
static bool is_answer(const struct sandbox *sandbox)
{
    return sandbox->end == SANDBOX_EXITED &&
           (sandbox->code == EXIT_CLEAN || sandbox->code == EXIT_FINDINGS ||
            sandbox->code == EXIT_USAGE);
}

void step_must_answer(struct check *check, struct check_step *step, enum side side, bool answered)
{
    struct check_silence *silence = &check->silence[side];
    if (silence->silent || step->count[side] == 0 || answered)
        return;
    silence->silent = true;
    snprintf(silence->during, sizeof silence->during, "%s", step->name);
    snprintf(silence->how, sizeof silence->how, "ended without an answer");
}

static void fall_silent(struct check *check, enum side side, const struct check_step *step,
                        const struct sandbox *sandbox)
{
    struct check_silence *silence = &check->silence[side];
    silence->silent = true;
    snprintf(silence->during, sizeof silence->during, "%s", step->name);
    sandbox_describe(sandbox, silence->how);
}

struct run {
    struct sandbox sandbox;
    struct sandbox_command command;
    char folder[PATH_MAX], output[PATH_MAX + 32], errors[PATH_MAX + 32];
};

static void prepare(struct check *check, struct check_step *step, enum side side,
                    struct run *run)
{
    struct tree *tree = side == SIDE_BASE ? &check->trees.base : &check->trees.patched;
    check_folder(check, side, run->folder);
    snprintf(run->output, sizeof run->output, "%s/%s.jsonl", run->folder, step->name);
    snprintf(run->errors, sizeof run->errors, "%s/%s.err", run->folder, step->name);
    step->arguments[side][0] = tree->program;
    run->command = (struct sandbox_command){
        .arguments = step->arguments[side],
        .folder = tree->folder,
        .output = run->output,
        .errors = run->errors,
        .writes = run->folder,
        .reads = { check->trees.base.folder, check->trees.patched.folder, check->trees.scratch },
        .cpu_seconds = step->seconds,
        .wall_seconds = step->seconds * WALL_PER_CPU,
        .memory_max = run_memory,
        .writes_max = run_writes,
    };
}

static void show_progress(struct check *check, const struct check_step *step)
{
    char text[128];
    double seconds = progress_seconds(&check->progress);
    if (!progress_is_due(&check->progress, seconds))
        return;
    snprintf(text, sizeof text, "check-patch: %s on both sides, %.0f s, %u findings", step->name,
             seconds, (unsigned)check->findings.count);
    progress_print(&check->progress, text);
}

void step_run(struct check *check, struct check_step *step)
{
    static struct run runs[SIDES];
    struct sandbox sandboxes[SIDES] = { { .pid = 0 } };
    bool runs_here[SIDES];
    show_progress(check, step);
    for (enum side side = 0; side < SIDES; side++) {
        runs_here[side] = step->count[side] > 0 && !check->silence[side].silent;
        if (!runs_here[side])
            continue;
        prepare(check, step, side, &runs[side]);
        sandbox_start(&sandboxes[side], &runs[side].command);
    }
    sandbox_wait(sandboxes, SIDES);
    for (enum side side = 0; side < SIDES; side++) {
        step->rows[side] = runs_here[side] ? read_rows(runs[side].output) : json_array();
        if (runs_here[side] && !is_answer(&sandboxes[side]))
            fall_silent(check, side, step, &sandboxes[side]);
    }
}
