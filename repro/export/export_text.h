/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of an exported program that are the same in all of them, each if it is used. */
#ifndef REPRO_EXPORT_TEXT_H
#define REPRO_EXPORT_TEXT_H

#include <stdint.h>
#include <stdio.h>

/* What the threads of the program use. */
enum helper {
    HELP_TURN = 1 << 0,
    HELP_LOCK = 1 << 1,
    HELP_RECURSIVE = 1 << 2,
    HELP_SPINLOCK = 1 << 3,
    HELP_RWLOCK = 1 << 4,
    HELP_READ = 1 << 5,
    HELP_WRITE = 1 << 6,
    HELP_FAIR = 1 << 7,
    HELP_AWAIT_WRITER = 1 << 8,
    HELP_WORD = 1 << 9,
    HELP_ENTER = 1 << 10,
    HELP_LEAVE = 1 << 11,
    HELP_SPIN = 1 << 12,
    HELP_FIND = 1 << 13,
    HELP_SWAP = 1 << 14,
    HELP_NOTE = 1 << 15,
    HELP_PARK = 1 << 16,
    HELP_UNPARK = 1 << 17,
    HELP_SEMAPHORE = 1 << 18,
    HELP_WAIT = 1 << 19,
    HELP_POST = 1 << 20,
    HELP_TOKEN = 1 << 21,
    HELP_JOIN = 1 << 22,
    HELP_ROUND = 1 << 23,
    HELP_CONDITION = 1 << 24,
    HELP_AWAIT = 1 << 25,
    HELP_SIGNAL = 1 << 26,
    HELP_ANY = 1 << 27, /* several tokens would do */
    /* what the parts are marked with besides */
    HELP_NO_ROUND = 1 << 28,
    HELP_ALWAYS = 1 << 29,
    HELP_MAIN = 1 << 30, /* the caller's lines go here */
};

/* What stands before the threads; `used`: a mask of enum helper. */
void export_print_helpers(FILE *out, uint32_t used);
/* What stands after them. `prepare`: the first lines of main(), or "". */
void export_print_watchdog(FILE *out, uint32_t used, const char *prepare);

/* --- between these two --- */

struct export_part {
    uint32_t needed_by; /* any of these */
    const char *text;
};
void export_print_parts(FILE *out, const struct export_part *part, uint32_t count, uint32_t used,
                        const char *prepare);

#endif
