/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reproducer says of itself in its first lines; also of a subject that this build lacks. */
#ifndef REPRO_HEADING_H
#define REPRO_HEADING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heading {
    char subject[32];
    char verdict[24]; /* a word: nobody has looked whether there is such a verdict */
    char hash[9];     /* "" with verdict ok */
    char note[256];   /* the first comment, such as the text of the signature; or "" */
    uint32_t lines;   /* of program, faults and schedule: how long it is to a reader */
};

/* False: this is no reproducer, or says neither of what nor what for. */
bool heading_parse(struct heading *heading, const char *text, size_t size);
/* Of a file; false also if it cannot be read. */
bool heading_read(struct heading *heading, const char *path);

/* It is what wants to be a reproducer, whatever follows. */
bool heading_is_there(const char *text, size_t size);

#endif
