/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/patch/patch_git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/file.h"

enum { ARGUMENTS_MAX = 40, ENVIRONMENT_MAX = 8, VARIABLE_MAX = PATH_MAX + 64 };

struct tool {
    struct sandbox_command command;
    char output[PATH_MAX + 8], errors[PATH_MAX + 8];
};

/* Of what a tool says, the end is what is wrong. */
static void take_error(struct trees *trees, const struct sandbox *sandbox, const char *program)
{
    enum { ERRORS_MAX = 1 << 20 };
    size_t size = 0, room = sizeof trees->error - 1;
    char *text = file_read(sandbox->command->errors, ERRORS_MAX, &size);
    while (text != NULL && size > 0 && text[size - 1] == '\n')
        size--;
    if (text != NULL && size > 0) {
        size_t from = size > room ? size - room : 0;
        snprintf(trees->error, sizeof trees->error, "%.*s", (int)(size - from), text + from);
    } else {
        char how[160];
        sandbox_describe(sandbox, how);
        snprintf(trees->error, sizeof trees->error, "%s %s", program, how);
    }
    free(text);
}

static bool run(struct trees *trees, const struct sandbox_command *command, char **output)
{
    struct sandbox sandbox;
    sandbox_run(&sandbox, command);
    if (sandbox.end != SANDBOX_EXITED || sandbox.code != 0) {
        take_error(trees, &sandbox, command->arguments[0]);
        return false;
    }
    if (output == NULL)
        return true;
    size_t size;
    *output = file_read(command->output, TOOL_OUTPUT_MAX, &size);
    if (*output == NULL) {
        snprintf(trees->error, sizeof trees->error, "%s said too much", command->arguments[0]);
        return false;
    }
    (*output)[size] = '\0'; /* file_read() leaves room for it */
    return true;
}

static void begin(const struct trees *trees, struct tool *tool, const char *folder,
                  const char *input)
{
    snprintf(tool->output, sizeof tool->output, "%s.out", trees->scratch);
    snprintf(tool->errors, sizeof tool->errors, "%s.err", trees->scratch);
    tool->command = (struct sandbox_command){
        .trusted = true,
        .folder = folder,
        .input = input,
        .output = tool->output,
        .errors = tool->errors,
    };
}

bool tool_run(struct trees *trees, const char *folder, const char *input, char **output,
              const char *const *arguments)
{
    struct tool tool;
    begin(trees, &tool, folder, input);
    tool.command.arguments = arguments;
    return run(trees, &tool.command, output);
}

struct environment {
    char texts[ENVIRONMENT_MAX][VARIABLE_MAX];
    const char *rows[ENVIRONMENT_MAX + 1];
    uint32_t count;
};

static void set(struct environment *environment, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    check(environment->count < ENVIRONMENT_MAX);
    char *text = environment->texts[environment->count];
    snprintf(text, VARIABLE_MAX, "%s=%s", name, value);
    environment->rows[environment->count++] = text;
    environment->rows[environment->count] = NULL;
}

bool git_run(struct trees *trees, const char *index, const char *work_tree, const char *input,
             char **output, const char *const *arguments)
{
    /* No hooks and no daemons of the user's: nothing but what is asked for. */
    static const char *const quiet[] = { "git", "-c", "core.hooksPath=/dev/null", "-c",
                                         "core.fsmonitor=false", "-c", "core.quotePath=false",
                                         "-c", "advice.detachedHead=false" };
    char objects[PATH_MAX + 16] = "";
    const char *all[ARGUMENTS_MAX] = { NULL };
    uint32_t count = 0;
    struct tool tool;
    struct environment environment = { .count = 0 };
    for (; count < count_of(quiet); count++)
        all[count] = quiet[count];
    for (uint32_t i = 0; arguments[i] != NULL; i++) {
        check(count + 1 < ARGUMENTS_MAX);
        all[count++] = arguments[i];
    }
    if (trees->objects[0] != '\0')
        snprintf(objects, sizeof objects, "%s/objects", trees->cache);
    set(&environment, "GIT_DIR", trees->git_folder);
    set(&environment, "GIT_INDEX_FILE", index);
    set(&environment, "GIT_WORK_TREE", work_tree);
    set(&environment, "GIT_OBJECT_DIRECTORY", objects);
    set(&environment, "GIT_ALTERNATE_OBJECT_DIRECTORIES", trees->objects);
    set(&environment, "LC_ALL", "C");
    begin(trees, &tool, trees->repository[0] != '\0' ? trees->repository : NULL, input);
    tool.command.arguments = all;
    tool.command.environment = environment.rows;
    return run(trees, &tool.command, output);
}

bool git_line_run(struct trees *trees, const char *index, char *line, size_t size,
                  const char *const *arguments)
{
    char *output;
    if (!git_run(trees, index, NULL, NULL, &output, arguments))
        return false;
    snprintf(line, size, "%.*s", (int)strcspn(output, "\n"), output);
    free(output);
    return true;
}
