/* SPDX-License-Identifier: BSD-3-Clause */
/* For the tests of subjects: is a plan within its subject's tables? */
#ifndef FUZZ_TEST_H
#define FUZZ_TEST_H

#include <string.h>

#include "core/engine/test.h"

static inline void test_operation_in_range(const struct wedge_subject *subject,
                                           const struct plan_operation *operation)
{
    bool found = false;
    for (uint32_t i = 0; i < subject->actor_count; i++) {
        const struct subject_actor *actor = &subject->actors[i];
        if (actor->kind == operation->actor_kind)
            found = operation->actor >= actor->minimum && operation->actor <= actor->maximum;
    }
    assert_true(found);
    assert_true(operation->verb < subject->verb_count);
    const struct subject_verb *verb = &subject->verbs[operation->verb];
    assert_non_null(strchr(verb->actors, operation->actor_kind));
    for (uint32_t i = 0; i < PLAN_ARGUMENTS_MAX; i++) {
        int64_t value = operation->arguments[i];
        bool used = i < verb->argument_count;
        assert_true(value >= (used ? verb->arguments[i].minimum : 0));
        assert_true(value <= (used ? verb->arguments[i].maximum : 0));
    }
}

static inline void test_plan_in_range(const struct wedge_subject *subject, const struct plan *plan)
{
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        assert_true(plan->settings[i] >= subject->settings[i].minimum);
        assert_true(plan->settings[i] <= subject->settings[i].maximum);
    }
    assert_true(plan->operation_count <= PLAN_OPERATIONS_MAX);
    for (uint32_t i = 0; i < plan->operation_count; i++)
        test_operation_in_range(subject, &plan->operations[i]);
    assert_int_equal(plan->fault_count, 0);
    assert_int_equal(plan->segment_count, 0);
}

static inline void test_same_operation(const struct plan_operation *a,
                                       const struct plan_operation *b)
{
    assert_int_equal(a->actor_kind, b->actor_kind);
    assert_int_equal(a->actor, b->actor);
    assert_int_equal(a->verb, b->verb);
    assert_memory_equal(a->arguments, b->arguments, sizeof a->arguments);
}

#endif
