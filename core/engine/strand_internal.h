/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of strand.h share: strand.c reads the log, strand_number.c numbers what it names. */
#ifndef CORE_ENGINE_STRAND_INTERNAL_H
#define CORE_ENGINE_STRAND_INTERNAL_H

#include "core/engine/strand.h"

/* False: no memory. A lock without a class (NULL) is a class of its own. */
bool strand_class_number(struct strands *strands, const char *text, uint32_t *number);
/* A new object at the record's address, whatever was there before. */
bool strand_object_new(struct strands *strands, const struct record *record, enum object_kind kind,
                       uint32_t *number);
/* The one at that address, if need be a new one. */
bool strand_object_of(struct strands *strands, const struct record *record,
                      const volatile void *address, enum object_kind kind, uint32_t *number);

#endif
