/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/dependency.h"

#include <stdio.h>
#include <string.h>

static uint32_t class_at_level(const struct op *op)
{
    return op->class * DEPENDENCY_LEVELS + op->level;
}

static struct held *held_at(const struct dependencies *dependencies, uint32_t held)
{
    return &dependencies->helds.items[held];
}

static bool hold(struct dependencies *dependencies, uint32_t acquisition, uint32_t *top)
{
    if (!ARRAY_ROOM(&dependencies->helds, 1))
        return false;
    uint32_t number = dependencies->helds.count++;
    *held_at(dependencies, number) = (struct held){ acquisition, *top };
    *top = number;
    return true;
}

static bool acquire(struct dependencies *dependencies, uint32_t strand, uint32_t op_number,
                    uint32_t *top)
{
    const struct strand *what = &dependencies->strands->strands.items[strand];
    const struct op *op = &what->ops[op_number];
    if (!ARRAY_ROOM(&dependencies->acquisitions, 1))
        return false;
    uint32_t number = dependencies->acquisitions.count++;
    uint32_t class = class_at_level(op);
    uint32_t *first_of_object = &dependencies->first_of_object.items[op->object];
    uint32_t *first_of_class = &dependencies->first_of_class.items[class / DEPENDENCY_LEVELS];
    dependencies->acquisitions.items[number] =
        (struct acquisition){ .strand = strand, .op = op_number, .release = what->op_count,
                              .object = op->object, .class = class, .mode = op->mode,
                              .same_object = *first_of_object, .same_class = *first_of_class };
    dependencies->acquisitions.items[number].other_object =
        *first_of_class == STRAND_NONE ? STRAND_NONE
        : dependencies->acquisitions.items[*first_of_class].object != op->object
            ? *first_of_class
            : dependencies->acquisitions.items[*first_of_class].other_object;
    *first_of_object = *first_of_class = number;
    return hold(dependencies, number, top);
}

/* Takes the latest stay in that lock out of the list; what was taken after it is listed anew. */
static bool release(struct dependencies *dependencies, uint32_t object, uint32_t op_number,
                    uint32_t *top)
{
    uint32_t found = *top;
    while (found != STRAND_NONE &&
           dependencies->acquisitions.items[held_at(dependencies, found)->acquisition].object !=
               object)
        found = held_at(dependencies, found)->next;
    if (found == STRAND_NONE)
        return true; /* taken by somebody else, or before the log began */
    dependencies->acquisitions.items[held_at(dependencies, found)->acquisition].release = op_number;
    dependencies->later.count = 0;
    for (uint32_t i = *top; i != found; i = held_at(dependencies, i)->next) {
        if (!ARRAY_ROOM(&dependencies->later, 1))
            return false;
        dependencies->later.items[dependencies->later.count++] =
            held_at(dependencies, i)->acquisition;
    }
    uint32_t list = held_at(dependencies, found)->next;
    for (uint32_t i = dependencies->later.count; i-- > 0;)
        if (!hold(dependencies, dependencies->later.items[i], &list))
            return false;
    *top = list;
    return true;
}

/* Who has a recursive lock, or reads one whose readers pass writers, need not wait to have it twice. */
static bool never_waits(const struct dependencies *dependencies, const struct op *op, uint32_t top)
{
    uint8_t kind = dependencies->strands->objects.items[op->object].lock_kind;
    bool reads = kind == HOOK_LOCK_RW && op->mode == HOOK_READ;
    if (!reads && kind != HOOK_LOCK_RECURSIVE)
        return false;
    for (uint32_t i = top; i != STRAND_NONE; i = held_at(dependencies, i)->next) {
        const struct acquisition *stay =
            &dependencies->acquisitions.items[held_at(dependencies, i)->acquisition];
        if (stay->object == op->object && (!reads || stay->mode == HOOK_READ))
            return true;
    }
    return false;
}

static bool want(struct dependencies *dependencies, uint32_t strand, uint32_t op_number,
                 uint32_t top)
{
    const struct op *op = &dependencies->strands->strands.items[strand].ops[op_number];
    if (never_waits(dependencies, op, top)) {
        dependencies->recursive = true;
        return true;
    }
    if (!ARRAY_ROOM(&dependencies->wants, 1))
        return false;
    dependencies->wants.items[dependencies->wants.count++] =
        (struct dependency){ .strand = strand, .op = op_number, .object = op->object,
                             .class = class_at_level(op), .held = top,
                             .mode = op->mode, .licensed = op->licensed };
    return true;
}

static bool read_op(struct dependencies *dependencies, uint32_t strand, uint32_t number,
                    uint32_t *top)
{
    const struct op *op = &dependencies->strands->strands.items[strand].ops[number];
    switch ((enum op_kind)op->kind) {
    case OP_ACQUIRE:
        return want(dependencies, strand, number, *top) &&
               acquire(dependencies, strand, number, top);
    case OP_TRY:
        return acquire(dependencies, strand, number, top);
    case OP_AWAIT:
        return want(dependencies, strand, number, *top);
    case OP_RELEASE:
        return release(dependencies, op->object, number, top);
    case OP_CHANGE:
        return release(dependencies, op->object, number, top) &&
               acquire(dependencies, strand, number, top);
    case OP_QUEUE:
        return release(dependencies, op->other, number, top);
    default:
        return true;
    }
}

static bool read_strand(struct dependencies *dependencies, uint32_t strand)
{
    const struct strand *what = &dependencies->strands->strands.items[strand];
    uint32_t top = STRAND_NONE;
    if (!ARRAY_ROOM(&dependencies->held_before, what->op_count + 1) ||
        !ARRAY_ROOM(&dependencies->strand_wants, 1))
        return false;
    dependencies->strand_wants.items[dependencies->strand_wants.count++] =
        dependencies->wants.count;
    for (uint32_t i = 0; i <= what->op_count; i++) {
        dependencies->held_before.items[dependencies->held_before.count++] = top;
        if (i < what->op_count && !read_op(dependencies, strand, i, &top))
            return false;
    }
    return true;
}

static bool clear(struct dependencies *dependencies, const struct strands *strands)
{
    dependencies->strands = strands;
    dependencies->acquisitions.count = dependencies->helds.count = 0;
    dependencies->wants.count = dependencies->held_before.count = 0;
    dependencies->strand_wants.count = 0;
    dependencies->recursive = false;
    dependencies->first_of_object.count = dependencies->first_of_class.count = 0;
    if (!ARRAY_ROOM(&dependencies->first_of_object, strands->objects.count) ||
        !ARRAY_ROOM(&dependencies->first_of_class, strands->classes.count))
        return false;
    for (uint32_t i = 0; i < strands->objects.count; i++)
        dependencies->first_of_object.items[i] = STRAND_NONE;
    for (uint32_t i = 0; i < strands->classes.count; i++)
        dependencies->first_of_class.items[i] = STRAND_NONE;
    return true;
}

bool dependencies_build(struct dependencies *dependencies, const struct strands *strands)
{
    if (!clear(dependencies, strands))
        return false;
    for (uint32_t i = 0; i < strands->strands.count; i++)
        if (!read_strand(dependencies, i))
            return false;
    if (!ARRAY_ROOM(&dependencies->strand_wants, 1))
        return false;
    dependencies->strand_wants.items[dependencies->strand_wants.count++] =
        dependencies->wants.count;
    return true;
}

void dependencies_free(struct dependencies *dependencies)
{
    free(dependencies->acquisitions.items);
    free(dependencies->helds.items);
    free(dependencies->wants.items);
    free(dependencies->held_before.items);
    free(dependencies->first_of_object.items);
    free(dependencies->first_of_class.items);
    free(dependencies->strand_wants.items);
    free(dependencies->later.items);
    *dependencies = (struct dependencies){ .strands = NULL };
}

uint32_t held_before(const struct dependencies *dependencies, uint32_t strand, uint32_t op)
{
    const struct strands *strands = dependencies->strands;
    uint32_t first = (uint32_t)(strands->strands.items[strand].ops - strands->ops.items) + strand;
    return dependencies->held_before.items[first + op];
}

static void held_name(const struct dependencies *dependencies, uint32_t held,
                      char name[STRAND_NAME_MAX])
{
    const struct strands *strands = dependencies->strands;
    const struct acquisition *stay =
        &dependencies->acquisitions.items[dependencies->helds.items[held].acquisition];
    const struct op *op = &strands->strands.items[stay->strand].ops[stay->op];
    const char *class = op_class(strands, op);
    if (class != NULL)
        snprintf(name, STRAND_NAME_MAX, "%s", class);
    else
        op_object_name(strands, op, name);
}

void held_text(const struct dependencies *dependencies, uint32_t held, char *text, size_t size)
{
    enum { TOLD_MAX = 8 };
    char names[TOLD_MAX][STRAND_NAME_MAX];
    uint32_t count = 0;
    for (; held != STRAND_NONE && count < TOLD_MAX; held = dependencies->helds.items[held].next) {
        bool told = false;
        held_name(dependencies, held, names[count]);
        for (uint32_t i = 0; i < count; i++)
            told = told || strcmp(names[i], names[count]) == 0;
        count += !told;
    }
    size_t length = (size_t)snprintf(text, size, "%s", held != STRAND_NONE ? "..., " : "");
    while (count-- > 0 && length < size)
        length += (size_t)snprintf(text + length, size - length, "%s%s", names[count],
                                   count > 0 ? ", " : "");
}

bool modes_conflict(uint8_t lock_kind, uint8_t wanted, uint8_t held)
{
    return wanted != HOOK_READ || held != HOOK_READ || lock_kind == HOOK_LOCK_RW_FAIR;
}
