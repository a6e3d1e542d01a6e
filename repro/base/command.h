/* SPDX-License-Identifier: BSD-3-Clause */
/* The subcommands of `wedge`; the table is in main.c. */
#ifndef REPRO_COMMAND_H
#define REPRO_COMMAND_H

/* What `wedge` exits with. 66, 70 to 72 and 77 are libFuzzer's and are left to it. */
enum exit_code {
    EXIT_CLEAN = 0,     /* nothing (new) found */
    EXIT_FINDINGS = 1,  /* findings */
    EXIT_USAGE = 2,     /* wrong use or unreadable input */
    EXIT_BROKEN = 3,    /* could not build or run, or could not write what was found */
    EXIT_UNTESTED = 4,  /* nothing was tested */
    EXIT_INTERRUPT = 130,
};

struct command {
    const char *name, *arguments, *help;
    int (*run)(int argc, char **argv); /* an enum exit_code */
};

int command_bench(int argc, char **argv);
int command_bisect_step(int argc, char **argv);
int command_corpus(int argc, char **argv);
int command_check_patch(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_export_c(int argc, char **argv);
int command_graph(int argc, char **argv);
int command_judge(int argc, char **argv);
int command_list(int argc, char **argv);
int command_hunt(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_show(int argc, char **argv);
int command_shrink(int argc, char **argv);
int command_triage(int argc, char **argv);

#endif
