/* SPDX-License-Identifier: BSD-3-Clause */
/* The entry points of timers_fuzz: target.c, about the shipped subject. */
#define wedge_subject timers_subject
#include "fuzz/target.c"
