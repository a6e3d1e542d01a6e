/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge corpus`: its two subcommands. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "repro/base/command.h"
#include "repro/corpus/corpus.h"

static int usage(FILE *out, int code)
{
    fputs("usage: wedge corpus min IN... OUT\n"
          "       wedge corpus verify DIR|FILE...\n\n"
          "What is done with folders of reproducers and of fuzzers' inputs.\n\n"
          "  min     fewest files with the same coverage; the smallest reproducer of each finding\n"
          "  verify  do all reproducers still show what they promise?\n\n"
          "`wedge corpus min --help` and `wedge corpus verify --help` tell more.\n\n"
          "examples:\n"
          "  wedge corpus min collected small\n"
          "  wedge corpus verify reproducers\n", out);
    return code;
}

int command_corpus(int argc, char **argv)
{
    static char name[64];
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        return usage(stdout, EXIT_CLEAN);
    snprintf(name, sizeof name, "wedge corpus %.20s", argv[1]);
    int (*run)(int, char **) = strcmp(argv[1], "min") == 0      ? corpus_min
                               : strcmp(argv[1], "verify") == 0 ? corpus_verify
                                                                : NULL;
    if (run == NULL) {
        fprintf(stderr, "wedge corpus: expected min or verify, found '%.40s'\n", argv[1]);
        return EXIT_USAGE;
    }
    argv[1] = name; /* so that argp's usage names the subcommand */
    return run(argc - 1, argv + 1);
}
