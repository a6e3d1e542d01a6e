/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check(claim): a claim about our own code, on in every flavour. A broken claim is a bug in Wedge:
 * it prints the claim with function, file and line, and aborts. What comes from outside (files,
 * arguments, fuzzer bytes) is never checked with this: it is an error value.
 */
#ifndef CORE_BASE_CHECK_H
#define CORE_BASE_CHECK_H

/* Prints "check failed: CLAIM" with its place to standard error and aborts. */
_Noreturn void check_failed(const char *claim, const char *function, const char *file, int line);

#define check(claim) ((claim) ? (void)0 : check_failed(#claim, __func__, __FILE__, __LINE__))

/* The number of elements of an array (not of a pointer). */
#define count_of(array) (sizeof(array) / sizeof *(array))

#endif
