/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/engine/cycle_internal.h"

enum {
    STEPS_OF_STATE = 8, /* what a state of a rerun costs, in steps of the search */
    REASONS_MAX = 16,   /* of longer cycles not all pairs are looked at */
};

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
        if (cycle_stay(cycles, cycles->dependencies->helds.items[i].acquisition)->class / unit ==
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

/* --- judging a closed cycle --- */

static bool lists_exclude(const struct cycles *cycles, uint32_t one, uint32_t other)
{
    const struct dependencies *dependencies = cycles->dependencies;
    for (uint32_t i = one; i != STRAND_NONE; i = dependencies->helds.items[i].next) {
        const struct acquisition *a = cycle_stay(cycles, dependencies->helds.items[i].acquisition);
        for (uint32_t j = other; j != STRAND_NONE; j = dependencies->helds.items[j].next) {
            const struct acquisition *b =
                cycle_stay(cycles, dependencies->helds.items[j].acquisition);
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
            uint32_t holds_a = cycle_want(cycles, a)->held, holds_b = cycle_want(cycles, b)->held;
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
    const struct dependency *want = cycle_want(cycles, member);
    bool waits = !member->by_class && (want->mode != HOOK_READ ||
                                       cycle_stay(cycles, member->stay)->mode != HOOK_READ);
    return (struct rerun_goal){ want->strand, want->op, member->host, member->host_op, waits,
                                false };
}

static void spend(struct cycles *cycles, uint64_t steps)
{
    cycles->steps_left -= steps < cycles->steps_left ? steps : cycles->steps_left;
}

static enum rerun_answer reach(struct cycles *cycles, const struct rerun_goal *goals,
                               uint32_t count)
{
    uint32_t straight = cycles->strands->ops.count * 2; /* on the way there */
    enum rerun_answer answer = rerun_reach(cycles->rerun, goals, count, cycles->states + straight);
    spend(cycles, (uint64_t)cycles->rerun->met_count * STEPS_OF_STATE);
    return answer;
}

/* Why two of them are never at their places at a time. */
static enum silence why_not_both(struct cycles *cycles, const struct rerun_goal *one,
                                 const struct rerun_goal *other)
{
    const struct strand *strands = cycles->strands->strands.items;
    if (strands[one->strand].thread == strands[other->strand].thread)
        return SILENCE_STACK;
    if (strands[one->strand].context != STRAND_NONE ||
        strands[other->strand].context != STRAND_NONE)
        return SILENCE_ORDER; /* a handler need not come at all */
    struct rerun_goal first[2] = { *one, *other }, second[2] = { *other, *one };
    first[1].before = second[1].before = true;
    bool either = reach(cycles, first, 2) == RERUN_YES && reach(cycles, second, 2) == RERUN_YES;
    return either ? SILENCE_GUARD : SILENCE_ORDER;
}

/* Why it cannot be: two of them alone cannot, or only all together. */
static enum silence why_not(struct cycles *cycles)
{
    for (uint32_t i = 0; i < cycles->members.count && i < REASONS_MAX; i++) {
        for (uint32_t j = 0; j < i; j++) {
            struct rerun_goal goals[2] = { goal_of(cycles, &cycles->members.items[i]),
                                           goal_of(cycles, &cycles->members.items[j]) };
            goals[0].waits = goals[1].waits = false;
            if (reach(cycles, goals, 2) == RERUN_NO)
                return why_not_both(cycles, &goals[0], &goals[1]);
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
    else if (!cycle_is_covered(cycles, cycle_kind(cycles), cycle_basis(cycles, answer)))
        cycle_report(cycles, answer);
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
    const struct op *op = &cycles->strands->strands.items[want->strand].ops[want->op];
    if (op_record(cycles->strands, op)->other != NULL)
        cycles->silences[SILENCE_GUARD]++;
    return true;
}

static void close_at(struct cycles *cycles, struct cycle_member *last, uint32_t stay)
{
    if (cycles->members.count != cycles->length ||
        (cycles->members.count == 1 &&
         is_allowed_twice(cycles, cycle_want(cycles, last), cycle_stay(cycles, stay))))
        return;
    last->stay = stay;
    judge(cycles);
}

static void extend(struct cycles *cycles);

/* Whatever the members become with more of them, they are told already. Where handlers are about
 * the kind is not known before the end. */
static bool tells_nothing_new(const struct cycles *cycles)
{
    return cycles->strands->handler_count == 0 &&
           cycle_is_covered(cycles, PREDICTION_CYCLE,
                            cycles->with_classes ? BASIS_CLASS : BASIS_ORDER);
}

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
    if (!tells_nothing_new(cycles))
        extend(cycles);
    cycles->used.items[strand] = 0;
    if (host != STRAND_NONE)
        cycles->used.items[host] = 0;
    cycles->members.count--;
}

/* The want's own strand holds that lock. */
static bool has_itself(const struct cycles *cycles, uint32_t want, uint32_t object)
{
    const struct held *helds = cycles->dependencies->helds.items;
    uint32_t held = cycles->dependencies->wants.items[want].held;
    for (; held != STRAND_NONE; held = helds[held].next)
        if (cycle_stay(cycles, helds[held].acquisition)->object == object)
            return true;
    return false;
}

/* With that want the cycle can still be closed in time, and it is not the first's to begin. */
static bool may_follow(const struct cycles *cycles, uint32_t want)
{
    return want > cycles->members.items[0].want && cycles->filter.want_matters.items[want] != 0 &&
           cycles->filter.way.items[want] <= cycles->length - cycles->members.count;
}

/* The first want of the stay's strand that is behind the place where it was taken. */
static uint32_t first_covered(const struct cycles *cycles, const struct acquisition *stay)
{
    uint32_t low = cycles->dependencies->strand_wants.items[stay->strand];
    uint32_t high = cycles->dependencies->strand_wants.items[stay->strand + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cycles->dependencies->wants.items[middle].op <= stay->op)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Members that hold the stay: its own strand further on, or what interrupts it there. */
static void extend_by(struct cycles *cycles, const struct acquisition *stay)
{
    const uint32_t *first = cycles->dependencies->strand_wants.items;
    uint32_t want = first_covered(cycles, stay);
    for (; want < first[stay->strand + 1] &&
           covers(stay, cycles->dependencies->wants.items[want].op); want++)
        if (may_follow(cycles, want))
            push(cycles, want, STRAND_NONE, 0);
    if (cycles->strands->handler_count == 0)
        return;
    for (uint32_t i = 0; i < cycles->strands->strands.count; i++) {
        uint32_t context = cycles->strands->strands.items[i].context;
        if (context == STRAND_NONE || cycles->used.items[i])
            continue;
        uint32_t place = cycle_first_open(cycles->dependencies, stay, context);
        for (want = first[i]; place != STRAND_NONE && want < first[i + 1]; want++)
            if (may_follow(cycles, want) && !has_itself(cycles, want, stay->object))
                push(cycles, want, stay->strand, place);
    }
}

/* The last member waits for each stay that it has a link to. */
static void extend(struct cycles *cycles)
{
    uint32_t number = cycles->members.count - 1;
    const struct dependency *want = cycle_want(cycles, &cycles->members.items[number]);
    const struct cycle_member first = cycles->members.items[0];
    const struct dependency *first_want = cycle_want(cycles, &first);
    uint32_t node = cycle_filter_node(&cycles->filter, want->object, want->class);
    uint32_t stay = cycles->filter.first_stay.items[node];
    while (stay != STRAND_NONE && cycles->steps_left > 0 && !cycles->short_of_memory) {
        const struct acquisition *at = cycle_stay(cycles, stay);
        struct cycle_member *last = &cycles->members.items[number];
        spend(cycles, 1);
        if (link(cycles, want, at, last)) {
            last->stay = stay;
            bool closes = (at->strand == first_want->strand && covers(at, first_want->op)) ||
                          (at->strand == first.host && covers(at, first.host_op));
            if (closes)
                close_at(cycles, last, stay);
            else if (!cycles->used.items[at->strand] && cycles->members.count < cycles->length)
                extend_by(cycles, at);
        }
        stay = cycles->filter.next_stay.items[stay];
    }
}

/* The first member is the one with the least want. A handler is tried as if it were a thread, and on
 * each thread in each of its stays. */
static void begin_at(struct cycles *cycles, uint32_t want)
{
    const struct strands *strands = cycles->strands;
    uint32_t *shortest = &cycles->filter.shortest.items[want];
    if (*shortest > cycles->length)
        return;
    *shortest = cycle_filter_ways(&cycles->filter, want);
    spend(cycles, cycles->dependencies->wants.count / 64);
    if (*shortest > cycles->length)
        return;
    uint32_t strand = cycles->dependencies->wants.items[want].strand;
    uint32_t context = strands->strands.items[strand].context;
    if (cycles->dependencies->wants.items[want].held != STRAND_NONE)
        push(cycles, want, STRAND_NONE, 0);
    if (context == STRAND_NONE)
        return;
    for (uint32_t i = 0; i < cycles->dependencies->acquisitions.count; i++) {
        const struct acquisition *stay = cycle_stay(cycles, i);
        if (stay->strand == strand || strands->strands.items[stay->strand].context != STRAND_NONE)
            continue;
        uint32_t place = cycle_first_open(cycles->dependencies, stay, context);
        if (place != STRAND_NONE)
            push(cycles, want, stay->strand, place);
    }
}

/* How many strands want something that matters: no cycle is longer. */
static uint32_t count_strands(const struct cycles *cycles)
{
    uint32_t count = 0, last = STRAND_NONE;
    for (uint32_t i = 0; i < cycles->dependencies->wants.count; i++) {
        uint32_t strand = cycles->dependencies->wants.items[i].strand;
        if (cycles->filter.want_matters.items[i] == 0 || strand == last)
            continue;
        last = strand;
        count++;
    }
    return count;
}

static void find_lengths(struct cycles *cycles)
{
    if (!cycle_filter_build(&cycles->filter, cycles->dependencies, cycles->with_classes)) {
        cycles->short_of_memory = true;
        return;
    }
    uint32_t most = count_strands(cycles);
    for (cycles->length = 1; cycles->length <= most; cycles->length++)
        for (uint32_t i = 0; i < cycles->dependencies->wants.count && cycles->steps_left > 0; i++)
            if (cycles->filter.want_matters.items[i] != 0)
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
        if (stay == STRAND_NONE)
            continue;
        uint32_t next = cycle_stay(cycles, stay)->other_object;
        if (cycle_stay(cycles, stay)->object != want->object || next != STRAND_NONE)
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
    cycle_filter_free(&cycles->filter);
    free(cycles->prediction.edges.items);
    cycles->prediction.edges.items = NULL;
}
