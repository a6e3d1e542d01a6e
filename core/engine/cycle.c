/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/engine/cycle.h"

#include <string.h>

static const struct dependency *want_of(const struct cycles *cycles,
                                        const struct cycle_member *member)
{
    return &cycles->dependencies->wants.items[member->want];
}

static const struct acquisition *stay_at(const struct cycles *cycles, uint32_t stay)
{
    return &cycles->dependencies->acquisitions.items[stay];
}

static uint8_t lock_kind(const struct cycles *cycles, uint32_t object)
{
    return cycles->strands->objects.items[object].lock_kind;
}

static bool covers(const struct acquisition *stay, uint32_t op)
{
    return stay->op < op && op <= stay->release;
}

/* --- links: whether a want has to wait for a stay --- */

/* `unit` 1: at the same level of nesting; DEPENDENCY_LEVELS: at any. */
static bool holds_same_class(const struct cycles *cycles, const struct dependency *want,
                             uint32_t unit)
{
    for (uint32_t i = want->held; i != STRAND_NONE; i = cycles->dependencies->helds.items[i].next)
        if (stay_at(cycles, cycles->dependencies->helds.items[i].acquisition)->class / unit ==
            want->class / unit)
            return true;
    return false;
}

/* False: none. Links between readers of whom neither waits are followed, so that the silence has a
 * reason, but never reported. */
static bool link(const struct cycles *cycles, const struct dependency *want,
                 const struct acquisition *stay, struct cycle_member *member)
{
    member->by_class = stay->object != want->object;
    member->shared = !modes_conflict(lock_kind(cycles, stay->object), want->mode, stay->mode);
    if (!member->by_class) /* a state is awaited by its class */
        return cycles->strands->objects.items[want->object].kind != OBJECT_STATE ||
               stay->class == want->class;
    return cycles->with_classes && stay->class == want->class &&
           (stay->strand == want->strand || !want->licensed ||
            !holds_same_class(cycles, want, 1));
}

/* --- reports --- */

/* Each entry of `reported`: how many classes, kind, basis, the classes. */
static bool is_among_members(const struct cycles *cycles, uint32_t class)
{
    for (uint32_t i = 0; i < cycles->members.count; i++)
        if (want_of(cycles, &cycles->members.items[i])->class == class)
            return true;
    return false;
}

/* By one that is as sure. */
static bool is_covered(const struct cycles *cycles, enum prediction_kind kind,
                       enum prediction_basis basis)
{
    const uint32_t *items = cycles->reported.items;
    for (uint32_t i = 0; i < cycles->reported.count; i += items[i] + 3) {
        bool all = items[i + 1] == (uint32_t)kind && items[i + 2] <= (uint32_t)basis;
        for (uint32_t j = 0; all && j < items[i]; j++)
            all = is_among_members(cycles, items[i + 3 + j]);
        if (all)
            return true;
    }
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
            want_of(cycles, &cycles->members.items[i])->class;
}

static const struct op *op_at(const struct cycles *cycles, uint32_t strand, uint32_t op)
{
    return &cycles->strands->strands.items[strand].ops[op];
}

static void describe_member(struct cycles *cycles, const struct cycle_member *member,
                            const struct cycle_member *next, struct prediction_edge *edge)
{
    const struct dependency *want = want_of(cycles, member);
    const struct acquisition *stay = stay_at(cycles, member->stay);
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
}

/* Where the member runs, in the order that was found last. */
static uint32_t member_host(const struct cycles *cycles, uint32_t member)
{
    return rerun_host(cycles->rerun, want_of(cycles, &cycles->members.items[member])->strand);
}

static enum prediction_kind kind_of(const struct cycles *cycles)
{
    bool one_object = true;
    for (uint32_t i = 0; i < cycles->members.count; i++) {
        const struct cycle_member *member = &cycles->members.items[i];
        uint32_t next = i + 1 < cycles->members.count ? i + 1 : 0;
        if (cycles->members.items[next].host == stay_at(cycles, member->stay)->strand)
            return PREDICTION_CONTEXT_INVERSION;
        for (uint32_t j = 0; j < i; j++)
            if (member_host(cycles, i) == member_host(cycles, j))
                return PREDICTION_CONTEXT_INVERSION;
        one_object = one_object && want_of(cycles, member)->object ==
                                       want_of(cycles, &cycles->members.items[0])->object;
    }
    return one_object ? PREDICTION_SELF_DEADLOCK : PREDICTION_CYCLE;
}

static enum prediction_basis basis_of(const struct cycles *cycles, enum rerun_answer answer)
{
    enum prediction_basis basis = answer == RERUN_YES ? BASIS_ORDER : BASIS_UNPROVED;
    for (uint32_t i = 0; i < cycles->members.count; i++) {
        const struct cycle_member *member = &cycles->members.items[i];
        if (member->by_class)
            return BASIS_CLASS;
        if (want_of(cycles, member)->mode == HOOK_READ &&
            stay_at(cycles, member->stay)->mode == HOOK_READ)
            basis = BASIS_WRITER;
    }
    return basis;
}

static void report(struct cycles *cycles, enum rerun_answer answer)
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
    prediction->kind = kind_of(cycles);
    prediction->basis = basis_of(cycles, answer);
    cycles->found(cycles->argument, prediction);
    keep_classes(cycles, prediction);
}

/* --- judging a closed cycle --- */

static bool lists_exclude(const struct cycles *cycles, uint32_t one, uint32_t other)
{
    const struct dependencies *dependencies = cycles->dependencies;
    for (uint32_t i = one; i != STRAND_NONE; i = dependencies->helds.items[i].next) {
        const struct acquisition *a = stay_at(cycles, dependencies->helds.items[i].acquisition);
        for (uint32_t j = other; j != STRAND_NONE; j = dependencies->helds.items[j].next) {
            const struct acquisition *b =
                stay_at(cycles, dependencies->helds.items[j].acquisition);
            if (a->object == b->object && (a->mode != HOOK_READ || b->mode != HOOK_READ))
                return true;
        }
    }
    return false;
}

static uint32_t host_holds(const struct cycles *cycles, const struct cycle_member *member)
{
    return member->host == STRAND_NONE
               ? STRAND_NONE
               : held_before(cycles->dependencies, member->host, member->host_op);
}

/* Two members hold a lock that only one of them can have. */
static bool is_guarded(const struct cycles *cycles)
{
    for (uint32_t i = 0; i < cycles->members.count; i++) {
        const struct cycle_member *a = &cycles->members.items[i];
        for (uint32_t j = 0; j < i; j++) {
            const struct cycle_member *b = &cycles->members.items[j];
            uint32_t holds_a = want_of(cycles, a)->held, holds_b = want_of(cycles, b)->held;
            uint32_t host_a = host_holds(cycles, a), host_b = host_holds(cycles, b);
            if (lists_exclude(cycles, holds_a, holds_b) ||
                lists_exclude(cycles, holds_a, host_b) ||
                lists_exclude(cycles, host_a, holds_b) || lists_exclude(cycles, host_a, host_b))
                return true;
        }
    }
    return false;
}

static struct rerun_goal goal_of(const struct cycles *cycles, const struct cycle_member *member)
{
    const struct dependency *want = want_of(cycles, member);
    bool waits = !member->by_class && (want->mode != HOOK_READ ||
                                       stay_at(cycles, member->stay)->mode != HOOK_READ);
    return (struct rerun_goal){ want->strand, want->op, member->host, member->host_op, waits };
}

static enum rerun_answer reach(struct cycles *cycles, const struct rerun_goal *goals,
                               uint32_t count)
{
    return rerun_reach(cycles->rerun, goals, count, cycles->states);
}

/* Why it cannot be: two of them alone cannot, or only all together. */
static enum silence why_not(struct cycles *cycles)
{
    for (uint32_t i = 0; i < cycles->members.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            struct rerun_goal goals[2] = { goal_of(cycles, &cycles->members.items[i]),
                                           goal_of(cycles, &cycles->members.items[j]) };
            goals[0].waits = goals[1].waits = false;
            if (reach(cycles, goals, 2) == RERUN_NO)
                return SILENCE_ORDER;
        }
    }
    return cycles->members.count > 2 ? SILENCE_COUNT_OF_EVENTS : SILENCE_ORDER;
}

static void judge(struct cycles *cycles)
{
    bool shared = false, by_class = false;
    uint32_t count = cycles->members.count;
    for (uint32_t i = 0; i < count; i++) {
        shared = shared || cycles->members.items[i].shared;
        by_class = by_class || cycles->members.items[i].by_class;
    }
    if (by_class != cycles->with_classes)
        return; /* looked at in the first pass */
    if (shared) {
        bool alone = count == 1 && cycles->members.items[0].host == STRAND_NONE;
        cycles->silences[alone ? SILENCE_RECURSION : SILENCE_READ]++;
        return;
    }
    if (is_guarded(cycles)) {
        cycles->silences[SILENCE_GUARD]++;
        return;
    }
    struct rerun_goal *goals = malloc(count * sizeof *goals);
    if (goals == NULL) {
        cycles->short_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        goals[i] = goal_of(cycles, &cycles->members.items[i]);
    enum rerun_answer answer = reach(cycles, goals, count);
    free(goals);
    if (answer == RERUN_NO)
        cycles->silences[why_not(cycles)]++;
    else if (!is_covered(cycles, kind_of(cycles), basis_of(cycles, answer)))
        report(cycles, answer);
}

/* --- the search --- */

/* The strand has the lock itself, and wants it again: some may. */
static bool is_allowed_twice(struct cycles *cycles, const struct dependency *want,
                             const struct acquisition *stay)
{
    bool same = want->object == stay->object;
    if (same && lock_kind(cycles, want->object) == HOOK_LOCK_RECURSIVE) {
        cycles->silences[SILENCE_RECURSION]++;
        return true;
    }
    if (same || !want->licensed || stay->strand != want->strand)
        return false;
    if (op_record(cycles->strands, op_at(cycles, want->strand, want->op))->other != NULL)
        cycles->silences[SILENCE_GUARD]++;
    return true;
}

static void close_at(struct cycles *cycles, struct cycle_member *last, uint32_t stay)
{
    if (cycles->members.count != cycles->length ||
        (cycles->members.count == 1 &&
         is_allowed_twice(cycles, want_of(cycles, last), stay_at(cycles, stay))))
        return;
    last->stay = stay;
    judge(cycles);
}

static void extend(struct cycles *cycles);

static void push(struct cycles *cycles, uint32_t want, uint32_t host, uint32_t host_op)
{
    if (!ARRAY_ROOM(&cycles->members, 1)) {
        cycles->short_of_memory = true;
        return;
    }
    uint32_t strand = cycles->dependencies->wants.items[want].strand;
    cycles->members.items[cycles->members.count++] =
        (struct cycle_member){ .want = want, .host = host, .host_op = host_op };
    cycles->used.items[strand] = 1;
    if (host != STRAND_NONE)
        cycles->used.items[host] = 1;
    extend(cycles);
    cycles->used.items[strand] = 0;
    if (host != STRAND_NONE)
        cycles->used.items[host] = 0;
    cycles->members.count--;
}

/* The first place in the stay where the context can come in, or STRAND_NONE. */
static uint32_t first_open(const struct cycles *cycles, const struct acquisition *stay,
                           uint32_t context)
{
    uint32_t ops = cycles->strands->strands.items[stay->strand].op_count;
    for (uint32_t op = stay->op + 1; op <= stay->release && op < ops; op++)
        if (strand_is_open(cycles->strands, stay->strand, op, context))
            return op;
    return STRAND_NONE;
}

static bool has_itself(const struct cycles *cycles, uint32_t want, uint32_t object)
{
    uint32_t held = cycles->dependencies->wants.items[want].held;
    for (; held != STRAND_NONE; held = cycles->dependencies->helds.items[held].next)
        if (stay_at(cycles, cycles->dependencies->helds.items[held].acquisition)->object == object)
            return true;
    return false;
}

/* Members that hold the stay: its own strand further on, or what interrupts it there. */
static void extend_by(struct cycles *cycles, const struct acquisition *stay)
{
    const uint32_t *first = cycles->dependencies->strand_wants.items;
    uint32_t least = cycles->members.items[0].want;
    for (uint32_t want = first[stay->strand]; want < first[stay->strand + 1]; want++)
        if (want > least && covers(stay, cycles->dependencies->wants.items[want].op))
            push(cycles, want, STRAND_NONE, 0);
    for (uint32_t i = 0; i < cycles->strands->strands.count; i++) {
        uint32_t context = cycles->strands->strands.items[i].context;
        if (context == STRAND_NONE || cycles->used.items[i])
            continue;
        uint32_t place = first_open(cycles, stay, context);
        for (uint32_t want = first[i]; place != STRAND_NONE && want < first[i + 1]; want++)
            if (want > least && !has_itself(cycles, want, stay->object))
                push(cycles, want, stay->strand, place);
    }
}

/* The last member waits for each stay that it has a link to. */
static void extend(struct cycles *cycles)
{
    uint32_t number = cycles->members.count - 1;
    const struct dependency *want = want_of(cycles, &cycles->members.items[number]);
    const struct cycle_member first = cycles->members.items[0];
    const struct dependency *first_want = want_of(cycles, &first);
    uint32_t stay = cycles->with_classes
                        ? cycles->dependencies->first_of_class.items[want->class / DEPENDENCY_LEVELS]
                        : cycles->dependencies->first_of_object.items[want->object];
    while (stay != STRAND_NONE && cycles->steps_left > 0 && !cycles->short_of_memory) {
        const struct acquisition *at = stay_at(cycles, stay);
        struct cycle_member *last = &cycles->members.items[number];
        cycles->steps_left--;
        if (link(cycles, want, at, last)) {
            last->stay = stay;
            bool closes = (at->strand == first_want->strand && covers(at, first_want->op)) ||
                          (at->strand == first.host && covers(at, first.host_op));
            if (closes)
                close_at(cycles, last, stay);
            else if (!cycles->used.items[at->strand] && cycles->members.count < cycles->length)
                extend_by(cycles, at);
        }
        stay = cycles->with_classes ? at->same_class : at->same_object;
    }
}

/* The first member is the one with the least want. A handler is tried as if it were a thread, and on
 * each thread in each of its stays. */
static void begin_at(struct cycles *cycles, uint32_t want)
{
    const struct strands *strands = cycles->strands;
    uint32_t strand = cycles->dependencies->wants.items[want].strand;
    uint32_t context = strands->strands.items[strand].context;
    if (cycles->dependencies->wants.items[want].held != STRAND_NONE)
        push(cycles, want, STRAND_NONE, 0);
    if (context == STRAND_NONE)
        return;
    for (uint32_t i = 0; i < cycles->dependencies->acquisitions.count; i++) {
        const struct acquisition *stay = stay_at(cycles, i);
        if (stay->strand == strand || strands->strands.items[stay->strand].context != STRAND_NONE)
            continue;
        uint32_t place = first_open(cycles, stay, context);
        if (place != STRAND_NONE)
            push(cycles, want, stay->strand, place);
    }
}

static void find_lengths(struct cycles *cycles)
{
    uint32_t most = cycles->strands->strands.count;
    for (cycles->length = 1; cycles->length <= most; cycles->length++)
        for (uint32_t i = 0; i < cycles->dependencies->wants.count; i++)
            begin_at(cycles, i);
}

/* Levels of a class that is nested as declared are recursion, too. */
static void count_levels(struct cycles *cycles)
{
    for (uint32_t i = 0; i < cycles->dependencies->wants.count; i++) {
        const struct dependency *want = &cycles->dependencies->wants.items[i];
        if (want->class % DEPENDENCY_LEVELS != 0 &&
            holds_same_class(cycles, want, DEPENDENCY_LEVELS))
            cycles->silences[SILENCE_RECURSION]++;
    }
}

/* Whether two objects of one class were taken, or one was while another one was awaited. */
static bool has_classes(const struct cycles *cycles)
{
    const struct dependencies *dependencies = cycles->dependencies;
    for (uint32_t i = 0; i < dependencies->wants.count; i++) {
        const struct dependency *want = &dependencies->wants.items[i];
        uint32_t stay = dependencies->first_of_class.items[want->class / DEPENDENCY_LEVELS];
        for (; stay != STRAND_NONE; stay = stay_at(cycles, stay)->same_class)
            if (stay_at(cycles, stay)->object != want->object)
                return true;
    }
    return false;
}

void cycles_find(struct cycles *cycles)
{
    uint32_t count = cycles->strands->strands.count;
    cycles->members.count = cycles->used.count = cycles->reported.count = 0;
    if (!ARRAY_ROOM(&cycles->used, count)) {
        cycles->short_of_memory = true;
        return;
    }
    memset(cycles->used.items, 0, count);
    cycles->with_classes = false;
    find_lengths(cycles);
    if (has_classes(cycles)) {
        cycles->with_classes = true;
        find_lengths(cycles);
    }
    count_levels(cycles);
    if (cycles->dependencies->recursive)
        cycles->silences[SILENCE_RECURSION]++;
    cycles->gave_up = cycles->steps_left == 0;
}

void cycles_free(struct cycles *cycles)
{
    free(cycles->members.items);
    free(cycles->used.items);
    free(cycles->reported.items);
    free(cycles->prediction.edges.items);
    cycles->prediction.edges.items = NULL;
}
