/* SPDX-License-Identifier: BSD-3-Clause */
/* The `wedge` command: a table of subcommands. Each parses its own arguments. */
#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/check.h"
#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/finding/symbol.h"

#ifndef WEDGE_VERSION
#define WEDGE_VERSION "0"
#endif

static int command_help(int argc, char **argv);

static const struct command commands[] = {
    { "list", "[SUBJECT]", "subjects, bugs, strategies, faults and verdicts", command_list },
    { "hunt", "SUBJECT", "search schedules and faults for a finding; write a reproducer",
      command_hunt },
    { "replay", "FILE|DIR...", "run reproducers again and count how often they show their finding",
      command_replay },
    { "show", "FILE", "tell the story of a reproducer, one column per thread", command_show },
    { "shrink", "FILE", "make a reproducer as small as possible, with the same signature",
      command_shrink },
    { "export-c", "FILE", "write a C program that shows a deadlock or livelock on real threads",
      command_export_c },
    { "graph", "SUBJECT...", "watch runs and print the lock order that they keep, and what breaks it",
      command_graph },
    { "check-patch", "PATCH", "what a patch does to deadlocks and the lock order",
      command_check_patch },
    { "judge", "CASES.jsonl", "watch one run of each lock-order case and compare the verdict",
      command_judge },
    { "corpus", "min|verify", "fewest files with the same coverage; do all reproducers still show?",
      command_corpus },
    { "triage", "DIR...", "put reproducers together that show the same", command_triage },
    { "bisect-step", "FILE", "judge the revision that is checked out, for git bisect run",
      command_bisect_step },
    { "bench", "[SUBJECT...]", "measure how fast a hunt searches and how soon it finds",
      command_bench },
    { "doctor", "", "what works here, what does not, and how to mend it", command_doctor },
    { "help", "[COMMAND]", "this text, or what `wedge COMMAND --help` says", command_help },
};

static int usage(FILE *out, int code)
{
    fputs("usage: wedge COMMAND [ARGUMENT...]\n\n"
          "Makes C runtimes deadlock on purpose, repeatably, and says why.\n\n", out);
    for (uint32_t i = 0; i < count_of(commands); i++)
        fprintf(out, "  %-11s %-13s %s\n", commands[i].name, commands[i].arguments,
                commands[i].help);
    fputs("\nEvery command knows --json and --help. Exit codes: 0 nothing found, 1 findings,\n"
          "2 wrong use or unreadable input, 3 could not run, 4 nothing was tested.\n\n"
          "examples:\n"
          "  wedge hunt timers                   look for 60 seconds, stop at the first finding\n"
          "  wedge hunt abba --runs 1000 -o out  at most 1000 schedules, reproducers into out/\n"
          "  wedge replay corpus/bugs            run all stored reproducers 20 times each\n"
          "  wedge show deadlock-3f9a1c7e.repro  what happened, step by step\n", out);
    return code;
}

static const struct command *command_find(const char *name)
{
    for (uint32_t i = 0; i < count_of(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Levenshtein's distance, of the first WORD_MAX letters. */
static uint32_t distance(const char *a, const char *b)
{
    enum { WORD_MAX = 32 };
    uint32_t row[WORD_MAX + 1];
    uint32_t length = (uint32_t)strnlen(b, WORD_MAX);
    for (uint32_t j = 0; j <= length; j++)
        row[j] = j;
    for (uint32_t i = 0; i < WORD_MAX && a[i] != '\0'; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < length; j++) {
            uint32_t least = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            least = row[j] + 1 < least ? row[j] + 1 : least;
            row[j + 1] = diagonal + 1 < least ? diagonal + 1 : least;
        }
    }
    return row[length];
}

static int unknown_command(const char *name)
{
    const struct command *nearest = &commands[0];
    for (uint32_t i = 1; i < count_of(commands); i++)
        if (distance(name, commands[i].name) < distance(name, nearest->name))
            nearest = &commands[i];
    fprintf(stderr, "wedge: no command '%.40s'", name);
    if (distance(name, nearest->name) <= 3 && distance(name, nearest->name) < strlen(nearest->name))
        fprintf(stderr, "; did you mean '%s'?\n", nearest->name);
    else
        fputs("; `wedge help` lists them\n", stderr);
    return EXIT_USAGE;
}

/* With argv[0] "PATH/wedge hunt", so that argp's usage names the subcommand. */
static int command_run(const struct command *command, int argc, char **argv)
{
    static char name[4096];
    snprintf(name, sizeof name, "wedge %s", command->name);
    argv[0] = name;
    return command->run(argc, argv);
}

static int command_help(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return usage(stdout, EXIT_CLEAN);
    const struct command *command = command_find(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    static char help[] = "--help";
    char *arguments[] = { argv[0], help, NULL };
    return command_run(command, 2, arguments);
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0)
        return usage(stdout, EXIT_CLEAN);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("wedge %s (%s)\n", WEDGE_VERSION, __VERSION__);
        return EXIT_CLEAN;
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    return command_run(command, argc - 1, argv + 1);
}

/* A result that did not reach its reader was not given. */
static void close_output(void)
{
    if (ferror(stdout) == 0 && fflush(stdout) == 0)
        return;
    perror("wedge: standard output");
    _exit(EXIT_BROKEN);
}

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_USAGE;
    atexit(close_output);
    if (argc > 0)
        output_set_program(argv[0]);
    race_name_by(symbol_place);
    return run(argc, argv);
}
