/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be asked of strands. */
#include <stdio.h>
#include <string.h>

#include "core/engine/engine.h"
#include "core/engine/strand.h"

bool strand_is_open(const struct strands *strands, uint32_t strand, uint32_t op, uint32_t context)
{
    const struct strand *host = &strands->strands.items[strand];
    uint32_t i = op < host->op_count ? host->ops[op].masks : host->masks;
    for (; i != STRAND_NONE; i = host->ops[i].masks)
        if (host->ops[i].object == context)
            return host->ops[i].kind == OP_UNMASK;
    return false;
}

bool strand_opens(const struct strands *strands, uint32_t strand, uint32_t context)
{
    const struct strand *host = &strands->strands.items[strand];
    for (uint32_t i = host->masks; i != STRAND_NONE; i = host->ops[i].masks)
        if (host->ops[i].kind == OP_UNMASK && host->ops[i].object == context)
            return true;
    return false;
}

const struct record *op_record(const struct strands *strands, const struct op *op)
{
    return &strands->log->records[op->record];
}

void strand_name(const struct strands *strands, uint32_t strand, char name[STRAND_NAME_MAX])
{
    const struct strand *what = &strands->strands.items[strand];
    size_t length = strlen(what->name);
    if (what->context != STRAND_NONE)
        snprintf(name, STRAND_NAME_MAX, "%s", strands->contexts.items[what->context]);
    else if (length > 0 && what->name[length - 1] >= '0' && what->name[length - 1] <= '9')
        snprintf(name, STRAND_NAME_MAX, "%s", what->name);
    else
        snprintf(name, STRAND_NAME_MAX, "%s%u", what->name, what->slot);
}

const char *op_class(const struct strands *strands, const struct op *op)
{
    return op->class != STRAND_NONE ? strands->classes.items[op->class] : NULL;
}

void op_object_name(const struct strands *strands, const struct op *op, char name[STRAND_NAME_MAX])
{
    const struct record *record = op_record(strands, op);
    if (op->kind == OP_JOIN && op->object < strands->strands.count) {
        strand_name(strands, op->object, name);
        return;
    }
    engine_name_object(record->site, record->object, name, STRAND_NAME_MAX);
}
