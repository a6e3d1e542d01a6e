/* SPDX-License-Identifier: BSD-3-Clause */
/* Drafts as bytes, mutations of drafts: nothing is lost, anything is in range, and what a change does
 * not name stays as it is. */
#include "core/base/prng.h"
#include "fuzz/mutate.h"
#include "fuzz/subjects.h"
#include "fuzz/test.h"

enum { BYTES_MAX = 4096 };
static uint8_t bytes[BYTES_MAX];
static struct draft draft, other, child;

static const struct wedge_subject *timers(void)
{
    return subject_find("timers");
}

static void assert_same_plan(const struct plan *a, const struct plan *b)
{
    assert_memory_equal(a->settings, b->settings, sizeof a->settings);
    assert_int_equal(a->operation_count, b->operation_count);
    for (uint32_t i = 0; i < a->operation_count; i++)
        test_same_operation(&a->operations[i], &b->operations[i]);
    assert_int_equal(a->fault_count, b->fault_count);
    for (uint32_t i = 0; i < a->fault_count; i++) {
        assert_int_equal(a->faults[i].kind, b->faults[i].kind);
        assert_int_equal(a->faults[i].group, b->faults[i].group);
        assert_int_equal(a->faults[i].ordinal, b->faults[i].ordinal);
        assert_int_equal(a->faults[i].value, b->faults[i].value);
        assert_string_equal(a->faults[i].agent, b->faults[i].agent);
    }
    assert_int_equal(a->segment_count, b->segment_count);
    for (uint32_t i = 0; i < a->segment_count; i++) {
        assert_int_equal(a->segments[i].thread, b->segments[i].thread);
        assert_int_equal(a->segments[i].steps, b->segments[i].steps);
    }
}

static void assert_in_range_of(const struct wedge_subject *subject, const struct draft *of)
{
    static struct plan program;
    program = of->plan;
    program.fault_count = program.segment_count = 0;
    test_plan_in_range(subject, &program);
    assert_true(of->strategy < strategy_count());
    for (uint32_t i = 0; i < of->plan.fault_count; i++) {
        const struct plan_fault *fault = &of->plan.faults[i];
        assert_true((subject->faults >> fault->kind & 1) != 0);
        assert_int_equal(site_of_group(fault->group)->kind,
                         site_kind_of_fault((enum fault_kind)fault->kind));
        assert_true(fault->ordinal >= 1 && fault->agent[0] != '\0');
        assert_null(fault_is_sized((enum fault_kind)fault->kind) ? NULL : (void *)fault->value);
    }
    for (uint32_t i = 0; i < of->plan.segment_count; i++) {
        assert_true(of->plan.segments[i].thread < ENGINE_THREADS_MAX);
        assert_true(of->plan.segments[i].steps >= 1);
    }
}

/* The draft of a whole run: program, faults and schedule. */
static void draw_run(struct draft *run, struct prng *prng)
{
    struct engine_options options = { .faults = timers()->faults };
    draft_draw(timers(), prng, run);
    engine_run(timers(), &run->plan, draft_strategy(run), &options, &test_outcome);
    draft_settle(run);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct prng prng = { 1 };
    uint32_t faults = 0, segments = 0;
    for (int round = 0; round < 300; round++) {
        draw_run(&draft, &prng);
        static uint8_t all[1 << 17];
        size_t size = draft_encode(timers(), &draft, all, sizeof all);
        assert_true(draft_is_one(all, size));
        draft_decode(timers(), all, size, &other);
        assert_same_plan(&draft.plan, &other.plan);
        assert_int_equal(draft.seed, other.seed);
        assert_int_equal(draft.strategy, other.strategy);
        faults += draft.plan.fault_count;
        segments += draft.plan.segment_count;
    }
    assert_true(faults > 300);
    assert_true(segments > 3000);
}

static void any_bytes_are_a_draft_in_range_for_every_subject(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < subject_count(); i++) {
        const struct wedge_subject *subject = subject_at(i);
        struct prng prng = { i };
        for (int round = 0; round < 500; round++) {
            draft_draw(subject, &prng, &draft);
            size_t size = draft_encode(subject, &draft, bytes, BYTES_MAX);
            size_t more = size + prng_below(&prng, 300);
            uint32_t odds = 1 + prng_below(&prng, 8);
            for (size_t j = 2; j < more; j++)
                if (j >= size || prng_one_in(&prng, odds))
                    bytes[j] = (uint8_t)(prng_one_in(&prng, 4) ? UINT8_MAX : prng_next(&prng));
            draft_decode(subject, bytes, 2 + prng_below(&prng, (uint32_t)more - 1), &draft);
            assert_in_range_of(subject, &draft);
        }
    }
}

static void where_there_is_little_room_the_beginning_is_kept(void **state)
{
    (void)state;
    struct prng prng = { 3 };
    draw_run(&draft, &prng);
    size_t size = draft_encode(timers(), &draft, bytes, BYTES_MAX);
    for (size_t room = 0; room < size; room++) {
        memset(bytes, 0xaa, sizeof bytes);
        size_t used = draft_encode(timers(), &draft, bytes, room);
        assert_true(used <= room);
        for (size_t i = room; i < size; i++)
            assert_int_equal(bytes[i], 0xaa);
        if (used < 2)
            continue;
        draft_decode(timers(), bytes, used, &other);
        assert_in_range_of(timers(), &other);
        assert_true(other.plan.segment_count <= draft.plan.segment_count);
        for (uint32_t i = 0; i < other.plan.segment_count; i++)
            assert_int_equal(other.plan.segments[i].thread, draft.plan.segments[i].thread);
    }
}

static void a_settled_draft_makes_the_same_run(void **state)
{
    (void)state;
    struct prng prng = { 4 };
    struct engine_options options = { .faults = timers()->faults };
    uint32_t made = 0;
    for (int round = 0; round < 100; round++) {
        draw_run(&draft, &prng);
        uint64_t steps = test_outcome.steps;
        draft.seed++; /* nothing is left to chance */
        engine_run(timers(), &draft.plan, draft_strategy(&draft), &options, &test_outcome);
        assert_true(engine_recorded(&other.plan));
        assert_int_equal(test_outcome.steps, steps);
        assert_same_plan(&draft.plan, &other.plan);
        made += steps > 100;
    }
    assert_true(made > 50);
}

/* --- mutations --- */

enum part { PROGRAM = 1, SETTINGS = 2, FAULTS = 4, SCHEDULE = 8, REST = 16 };

/* What of `a` is not as in `b`. */
static unsigned differences(const struct draft *a, const struct draft *b)
{
    const struct plan *p = &a->plan, *q = &b->plan;
    unsigned parts = 0;
    if (p->operation_count != q->operation_count ||
        memcmp(p->operations, q->operations, p->operation_count * sizeof *p->operations) != 0)
        parts |= PROGRAM;
    if (memcmp(p->settings, q->settings, sizeof p->settings) != 0)
        parts |= SETTINGS;
    if (p->fault_count != q->fault_count ||
        memcmp(p->faults, q->faults, p->fault_count * sizeof *p->faults) != 0)
        parts |= FAULTS;
    if (p->segment_count != q->segment_count ||
        memcmp(p->segments, q->segments, p->segment_count * sizeof *p->segments) != 0)
        parts |= SCHEDULE;
    if (a->seed != b->seed || a->strategy != b->strategy)
        parts |= REST;
    return parts;
}

static unsigned parts_of(enum mutation mutation)
{
    if (mutation == MUTATE_SCHEDULE_CUT)
        return SCHEDULE | REST;
    if (mutation < MUTATE_SCHEDULE_CUT)
        return SCHEDULE;
    if (mutation <= MUTATE_FAULT_SIZE)
        return FAULTS;
    if (mutation <= MUTATE_OPERATION_ARGUMENT)
        return PROGRAM;
    return mutation == MUTATE_SETTING ? SETTINGS : REST;
}

static void copy_draft(struct draft *to, const struct draft *from)
{
    memset(to, 0, sizeof *to);
    plan_copy(&to->plan, &from->plan);
    to->seed = from->seed;
    to->strategy = from->strategy;
}

/* Changing places with the like of it, an operation or a segment may leave things as they were. */
static void each_change_changes_what_it_names_and_keeps_the_rest(void **state)
{
    (void)state;
    struct prng prng = { 5 };
    for (int mutation = 0; mutation < MUTATION_COUNT; mutation++) {
        uint32_t done = 0;
        for (int round = 0; round < 60; round++) {
            draw_run(&other, &prng);
            copy_draft(&draft, &other);
            copy_draft(&child, &other);
            bool changed = mutate_so(timers(), (enum mutation)mutation, &child, &prng);
            unsigned allowed = parts_of((enum mutation)mutation);
            assert_int_equal(differences(&child, &draft) & ~allowed, 0);
            if (!changed)
                assert_int_equal(differences(&child, &draft), 0);
            else if (mutation != MUTATE_OPERATION_SWAP && mutation != MUTATE_SEGMENT_MOVE)
                assert_int_not_equal(differences(&child, &draft), 0);
            assert_in_range_of(timers(), &child);
            done += changed;
        }
        assert_true(done >= 5);
    }
}

static uint64_t steps_of(const struct plan *plan)
{
    uint64_t steps = 0;
    for (uint32_t i = 0; i < plan->segment_count; i++)
        steps += plan->segments[i].steps;
    return steps;
}

static void a_switch_that_is_moved_or_put_in_leaves_the_others_where_they_were(void **state)
{
    (void)state;
    struct prng prng = { 6 };
    for (int round = 0; round < 300; round++) {
        draw_run(&other, &prng);
        copy_draft(&child, &other);
        if (mutate_so(timers(), MUTATE_SWITCH_MOVE, &child, &prng)) {
            uint32_t moved = 0;
            assert_int_equal(child.plan.segment_count, other.plan.segment_count);
            assert_int_equal(steps_of(&child.plan), steps_of(&other.plan));
            for (uint32_t i = 0; i < child.plan.segment_count; i++)
                moved += child.plan.segments[i].steps != other.plan.segments[i].steps;
            assert_int_equal(moved, 2);
        }
        copy_draft(&child, &other);
        if (!mutate_so(timers(), MUTATE_SWITCH_INSERT, &child, &prng))
            continue;
        uint32_t first = 0, count = other.plan.segment_count;
        assert_int_equal(child.plan.segment_count, count + 2);
        while (child.plan.segments[first].steps == other.plan.segments[first].steps)
            first++;
        const struct plan_segment *parts = &child.plan.segments[first];
        assert_int_equal(parts[0].steps + parts[2].steps, other.plan.segments[first].steps);
        assert_int_not_equal(parts[1].thread, parts[0].thread);
        assert_memory_equal(&parts[3], &other.plan.segments[first + 1],
                            (count - first - 1) * sizeof *parts);
    }
}

static void children_are_in_range_and_have_something_of_both(void **state)
{
    (void)state;
    struct prng prng = { 7 };
    uint32_t schedules = 0, programs = 0;
    for (int round = 0; round < 200; round++) {
        draw_run(&draft, &prng);
        draw_run(&other, &prng);
        mutate_cross(&draft, &other, &prng, &child);
        assert_in_range_of(timers(), &child);
        uint32_t ends = child.plan.segment_count;
        uint32_t theirs = other.plan.segment_count;
        programs += (differences(&child, &draft) & PROGRAM) != 0;
        schedules += ends > 0 && theirs > 0 && (differences(&child, &draft) & SCHEDULE) != 0 &&
                     memcmp(&child.plan.segments[ends - 1], &other.plan.segments[theirs - 1],
                            sizeof child.plan.segments[0]) == 0;
    }
    assert_true(schedules > 40);
    assert_true(programs > 40);
}

static void mutated_for_long_a_draft_stays_in_range_and_runs(void **state)
{
    (void)state;
    struct prng prng = { 8 };
    struct engine_options options = { .faults = timers()->faults };
    draw_run(&draft, &prng);
    for (int round = 0; round < 2000; round++) {
        mutate(timers(), &draft, &prng);
        if (round % 50 != 0)
            continue;
        assert_in_range_of(timers(), &draft);
        engine_run(timers(), &draft.plan, draft_strategy(&draft), &options, &test_outcome);
        assert_false(verdict_is_finding(test_outcome.verdict));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(any_bytes_are_a_draft_in_range_for_every_subject),
        cmocka_unit_test(where_there_is_little_room_the_beginning_is_kept),
        cmocka_unit_test(a_settled_draft_makes_the_same_run),
        cmocka_unit_test(each_change_changes_what_it_names_and_keeps_the_rest),
        cmocka_unit_test(a_switch_that_is_moved_or_put_in_leaves_the_others_where_they_were),
        cmocka_unit_test(children_are_in_range_and_have_something_of_both),
        cmocka_unit_test(mutated_for_long_a_draft_stays_in_range_and_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
