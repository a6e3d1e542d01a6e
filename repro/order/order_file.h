/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The golden order: a lock order as text that people review like code.
 *
 *     wedge-lock-order 1                                   version
 *     # Comments right below the version are the file's.
 *
 *     # Comments above a line are that line's, and stay with it.
 *     lock sched                                           a class of locks, nothing held
 *
 *     state timerModifying                                 a class of transitional states
 *
 *     lock timers
 *       under allp: walk:&allpLock then look:&p->lock      what may be held when it is taken; an
 *                                                          example: held since, taken in
 *       read under sched: ...                              the same, but only to read
 *
 * Classes by layer, outermost first, then by name; what may be held by name. Every class that is
 * named has its own block. An example is FUNCTION:EXPRESSION, as in a hook point's name: no lines
 * and no addresses, so edits elsewhere change nothing. A class that is not one plain word stands in
 * double quotes, with \" \\ \n in them. Lines end in LF; empty lines say nothing.
 */
#ifndef REPRO_ORDER_FILE_H
#define REPRO_ORDER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "repro/order/order.h"

enum { ORDER_FILE_SIZE_MAX = 1 << 24 };

struct order_error {
    uint32_t line;
    char text[320]; /* "expected ..., found ..." */
};

/* Fills an empty order, and arranges it. Any bytes will do. False: *error says where and why. */
bool order_file_parse(struct order *order, const char *text, size_t size,
                      struct order_error *error);
/* The same from a file. A file that cannot be read is an error in its line 1. */
bool order_file_read(struct order *order, const char *path, struct order_error *error);

/* Prints an arranged order so that parsing it gives the same again. */
void order_file_print(FILE *out, const struct order *order);
/* Writes the file whole or not at all. False: errno says why. */
bool order_file_write(const struct order *order, const char *path);

/* The name as it stands in a file. */
void order_file_print_name(FILE *out, const char *name);

#endif
