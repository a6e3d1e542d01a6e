/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles: what was reported, and in what words. */
#include "core/engine/cycle_internal.h"

static uint32_t count_members(const struct cycles *cycles, uint32_t class)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cycles->members.count; i++)
        count += cycle_want(cycles, &cycles->members.items[i])->class == class;
    return count;
}

/* As often as it is among those classes. */
static bool are_among_members(const struct cycles *cycles, const uint32_t *classes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t needed = 0;
        for (uint32_t j = 0; j < count; j++)
            needed += classes[j] == classes[i];
        if (count_members(cycles, classes[i]) < needed)
            return false;
    }
    return true;
}

/* Each entry of `reported`: how many classes, kind, basis, the classes. */
bool cycle_is_covered(const struct cycles *cycles, enum prediction_kind kind,
                      enum prediction_basis basis)
{
    const uint32_t *items = cycles->reported.items;
    for (uint32_t i = 0; i < cycles->reported.count; i += items[i] + 3)
        if (items[i] <= cycles->members.count && items[i + 1] == (uint32_t)kind &&
            items[i + 2] <= (uint32_t)basis &&
            are_among_members(cycles, &items[i + 3], items[i]))
            return true;
    return false;
}

static void keep_classes(struct cycles *cycles, const struct prediction *prediction)
{
    uint32_t count = cycles->members.count;
    if (!ARRAY_ROOM(&cycles->reported, count + 3)) {
        cycles->short_of_memory = true;
        return;
    }
    cycles->reported.items[cycles->reported.count++] = count;
    cycles->reported.items[cycles->reported.count++] = (uint32_t)prediction->kind;
    cycles->reported.items[cycles->reported.count++] = (uint32_t)prediction->basis;
    for (uint32_t i = 0; i < count; i++)
        cycles->reported.items[cycles->reported.count++] =
            cycle_want(cycles, &cycles->members.items[i])->class;
}

static const struct op *op_at(const struct cycles *cycles, uint32_t strand, uint32_t op)
{
    return &cycles->strands->strands.items[strand].ops[op];
}

static void describe_member(struct cycles *cycles, const struct cycle_member *member,
                            const struct cycle_member *next, struct prediction_edge *edge)
{
    const struct dependency *want = cycle_want(cycles, member);
    const struct acquisition *stay = cycle_stay(cycles, member->stay);
    const struct op *wanted = op_at(cycles, want->strand, want->op);
    const struct op *taken = op_at(cycles, stay->strand, stay->op);
    *edge = (struct prediction_edge){
        .why = next->host == stay->strand ? WHY_INTERRUPTED : WHY_HELD,
        .wanted_class = op_class(cycles->strands, wanted),
        .wanted_at = op_record(cycles->strands, wanted)->site,
        .held_since = op_record(cycles->strands, taken)->site,
        .wanted_mode = want->mode, .held_mode = stay->mode,
        .wanted_record = wanted->record, .held_record = taken->record,
    };
    strand_name(cycles->strands, want->strand, edge->agent);
    op_object_name(cycles->strands, wanted, edge->wanted);
    strand_name(cycles->strands, stay->strand, edge->holder);
    op_object_name(cycles->strands, taken, edge->held);
    held_text(cycles->dependencies, want->held, edge->holding, sizeof edge->holding);
}

/* Where the member runs, in the order that was found last. */
static uint32_t member_host(const struct cycles *cycles, uint32_t member)
{
    return rerun_host(cycles->rerun, cycle_want(cycles, &cycles->members.items[member])->strand);
}

enum prediction_kind cycle_kind(const struct cycles *cycles)
{
    bool one_object = true;
    for (uint32_t i = 0; i < cycles->members.count; i++) {
        const struct cycle_member *member = &cycles->members.items[i];
        uint32_t next = i + 1 < cycles->members.count ? i + 1 : 0;
        if (cycles->members.items[next].host == cycle_stay(cycles, member->stay)->strand)
            return PREDICTION_CONTEXT_INVERSION;
        for (uint32_t j = 0; j < i; j++)
            if (member_host(cycles, i) == member_host(cycles, j))
                return PREDICTION_CONTEXT_INVERSION;
        one_object = one_object && cycle_want(cycles, member)->object ==
                                       cycle_want(cycles, &cycles->members.items[0])->object;
    }
    return one_object ? PREDICTION_SELF_DEADLOCK : PREDICTION_CYCLE;
}

enum prediction_basis cycle_basis(const struct cycles *cycles, enum rerun_answer answer)
{
    enum prediction_basis basis = answer == RERUN_YES ? BASIS_ORDER : BASIS_UNPROVED;
    for (uint32_t i = 0; i < cycles->members.count; i++) {
        const struct cycle_member *member = &cycles->members.items[i];
        if (member->by_class)
            return BASIS_CLASS;
        if (cycle_want(cycles, member)->mode == HOOK_READ &&
            cycle_stay(cycles, member->stay)->mode == HOOK_READ)
            basis = BASIS_WRITER;
    }
    return basis;
}

void cycle_report(struct cycles *cycles, enum rerun_answer answer)
{
    uint32_t count = cycles->members.count;
    struct prediction *prediction = &cycles->prediction;
    prediction->edges.count = 0;
    if (!ARRAY_ROOM(&prediction->edges, count)) {
        cycles->short_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        describe_member(cycles, &cycles->members.items[i],
                        &cycles->members.items[(i + 1) % count], &prediction->edges.items[i]);
    prediction->edges.count = count;
    prediction->kind = cycle_kind(cycles);
    prediction->basis = cycle_basis(cycles, answer);
    cycles->found(cycles->argument, prediction);
    keep_classes(cycles, prediction);
}
