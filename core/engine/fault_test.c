/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults: each happens where a plan says and nowhere else, and only if it is allowed. */
#include <stdlib.h>

#include "core/base/check.h"
#include "core/engine/test.h"

static struct hook_note note, firm;
static _Atomic uint32_t word;
static uint32_t plain_counter, spurious, preempted;
static int64_t due_ns, early_ns, firm_ns;

static void reset(void)
{
    note = firm = (struct hook_note){ false, false };
    word = 0;
    plain_counter = spurious = preempted = 0;
    early_ns = 0;
}

static int64_t due_at(void)
{
    return plain_counter == 0 ? due_ns : HOOK_FOREVER; /* until it was served */
}

static void fault_prone(const struct plan *plan)
{
    (void)plan;
    uint32_t want = 0;
    while (!hook_cas_weak(&word, &want, 1))
        spurious++;
    want = 1;
    while (!hook_cas(&word, &want, 2))
        abort(); /* a strong one never fails here */
    want = 2;
    while (!hook_cas_own(&word, &want, 3))
        abort(); /* nor one's own */
    if (hook_preemption_point(false))
        preempted++;
    plain_counter = (uint32_t)(hook_clock() / 1000000);
    if (hook_allocation_point(&word))
        preempted += 10;
    hook_thread_exit();
}

static const struct wedge_subject faulty = { .name = "faulty", .run = fault_prone, .reset = reset };

/* The one fault of a plan, at this point. */
static enum verdict replay_fault(const struct wedge_subject *subject, const char *function,
                                 const char *object, struct plan_fault fault)
{
    static struct plan plan;
    plan_clear(&plan);
    fault.group = site_group_find(function, object, site_kind_of_fault((enum fault_kind)fault.kind));
    assert_int_not_equal(fault.group, SITE_GROUP_NONE);
    plan_add_fault(&plan, fault);
    return test_replay(subject, &plan, strategy_replay())->verdict;
}

static void run_faulty(const char *object, enum fault_kind kind, int64_t value)
{
    struct plan_fault fault = { .kind = (uint8_t)kind, .agent = "m0", .ordinal = 1,
                                .value = value };
    assert_int_equal(replay_fault(&faulty, "fault_prone", object, fault), VERDICT_OK);
}

static void a_fault_of_a_plan_happens_where_it_says(void **state)
{
    (void)state;
    run_faulty("&word", FAULT_CAS, 0);
    assert_int_equal(spurious, 1);
    assert_int_equal(preempted, 0);
    run_faulty("entry", FAULT_PREEMPT, 0);
    assert_int_equal(spurious, 0);
    assert_int_equal(preempted, 1);
    assert_int_equal(plain_counter, 1);
    run_faulty("clock", FAULT_CLOCK, 5000000);
    assert_int_equal(preempted, 0);
    assert_int_equal(plain_counter, 6);
    run_faulty("&word", FAULT_MEMORY, 0);
    assert_int_equal(preempted, 10);
}

static void faults_are_injected_only_if_allowed(void **state)
{
    (void)state;
    uint32_t with = 0, without = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        test_options.faults = 1u << FAULT_CAS;
        test_run(&faulty, strategy_find("random"), seed);
        with += spurious;
        without += preempted;
        test_options.faults = 0;
        test_run(&faulty, strategy_find("random"), seed);
        without += spurious + preempted;
    }
    assert_true(with > 0);
    assert_int_equal(without, 0);
}

/* --- waits that end early or late --- */

enum { KERNEL_NS = 100, PATIENCE_NS = 1000, FIRM_NS = 2000 };
static bool patient;

static void kernel(void *argument)
{
    (void)argument;
    hook_sleep(KERNEL_NS);
    hook_unpark_late(&note);
    hook_unpark_late(&note); /* it is on its way already */
    hook_sleep(FIRM_NS - KERNEL_NS);
    hook_unpark(&firm);
    hook_thread_exit();
}

/* spurious: how often the wait ended for no reason; plain_counter: how long it took. Then one for a
 * note to which nothing happens. */
static void wait_for_kernel(const struct plan *plan)
{
    (void)plan;
    hook_thread_start(kernel, NULL, "k");
    int64_t begin_ns = hook_clock();
    int64_t deadline_ns = patient ? HOOK_FOREVER : begin_ns + PATIENCE_NS;
    while (!hook_park_weak(&note, deadline_ns)) {
        spurious++;
        early_ns = hook_clock() - begin_ns;
    }
    plain_counter = (uint32_t)(hook_clock() - begin_ns);
    hook_park(&firm, HOOK_FOREVER);
    firm_ns = hook_clock() - begin_ns;
    hook_thread_exit();
}

static const struct wedge_subject waits = { .name = "waits", .run = wait_for_kernel,
                                            .reset = reset, .due = due_at };

static void a_weak_park_may_return_early_for_no_reason(void **state)
{
    (void)state;
    static const struct { int64_t value; uint32_t ordinal, early; } rows[] = {
        { 0, 1, 1 }, { KERNEL_NS / 2, 1, 1 }, { INT64_MAX, 1, 0 },
        { 0, 2, 0 }, /* without the first there is no second */
    };
    due_ns = HOOK_FOREVER;
    for (uint32_t i = 0; i < count_of(rows); i++) {
        struct plan_fault fault = { .kind = FAULT_WAIT, .agent = "m0", .ordinal = rows[i].ordinal,
                                    .value = rows[i].value };
        assert_int_equal(replay_fault(&waits, "wait_for_kernel", "&note", fault), VERDICT_OK);
        assert_int_equal(spurious, rows[i].early);
        assert_int_equal(early_ns, rows[i].early * rows[i].value);
        assert_int_equal(plain_counter, KERNEL_NS);
    }
}

static void a_late_unpark_may_be_late_and_is_never_lost(void **state)
{
    (void)state;
    static const struct { int64_t value; bool patient; uint32_t ordinal, after_ns; } rows[] = {
        { 5, false, 1, KERNEL_NS + 5 }, { 5000, false, 1, PATIENCE_NS },
        { 5000, true, 1, KERNEL_NS + 5000 }, { 5, false, 2, KERNEL_NS },
    };
    for (uint32_t i = 0; i < count_of(rows); i++) {
        struct plan_fault fault = { .kind = FAULT_WAKE, .agent = "k1", .ordinal = rows[i].ordinal,
                                    .value = rows[i].value };
        patient = rows[i].patient;
        assert_int_equal(replay_fault(&waits, "kernel", "&note", fault), VERDICT_OK);
        assert_int_equal(plain_counter, rows[i].after_ns);
        assert_int_equal(spurious, 0); /* it returns that the note was set, however late */
    }
    patient = false;
}

static void a_late_unpark_does_not_count_as_a_late_wakeup(void **state)
{
    (void)state;
    struct plan_fault fault = { .kind = FAULT_WAKE, .agent = "k1", .ordinal = 1, .value = 5 };
    due_ns = 1000000 + KERNEL_NS;
    assert_int_equal(replay_fault(&waits, "kernel", "&note", fault), VERDICT_OK);
    due_ns--;
    assert_int_equal(replay_fault(&waits, "kernel", "&note", fault), VERDICT_LATE_WAKEUP);
}

static void faults_of_waits_are_injected_only_where_and_if_allowed(void **state)
{
    (void)state;
    uint32_t with = 0, without = 0;
    due_ns = HOOK_FOREVER;
    for (uint64_t seed = 0; seed < 200; seed++) {
        test_options.faults = 1u << FAULT_WAIT | 1u << FAULT_WAKE;
        test_run(&waits, strategy_find("pct"), seed);
        with |= (spurious > 0) | (uint32_t)(plain_counter > KERNEL_NS) << 1;
        without |= firm_ns != FIRM_NS;
        test_options.faults = FAULTS_ALL & ~test_options.faults & ~(1u << FAULT_CLOCK);
        test_run(&waits, strategy_find("pct"), seed);
        without |= spurious | (plain_counter != KERNEL_NS);
    }
    test_options.faults = 0;
    assert_int_equal(with, 3);
    assert_int_equal(without, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_of_a_plan_happens_where_it_says),
        cmocka_unit_test(faults_are_injected_only_if_allowed),
        cmocka_unit_test(a_weak_park_may_return_early_for_no_reason),
        cmocka_unit_test(a_late_unpark_may_be_late_and_is_never_lost),
        cmocka_unit_test(a_late_unpark_does_not_count_as_a_late_wakeup),
        cmocka_unit_test(faults_of_waits_are_injected_only_where_and_if_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
