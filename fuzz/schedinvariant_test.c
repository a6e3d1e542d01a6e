/* SPDX-License-Identifier: BSD-3-Clause */
/* The scheduler's invariants: silent after a real run, and each is broken once by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/engine/engine.h"
#include "core/runtime/netpollwait.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/schedinvariant.h"
#include "fuzz/timers.h"

static struct plan plan;
static struct outcome outcome;

/* A program that has used three Ps, and destroyed one of them. */
static int run_something(void **state)
{
    (void)state;
    struct prng prng = { 3 };
    struct engine_options options = { 0 };
    bool used = false;
    for (uint64_t seed = 0; !used; seed++) {
        plan_clear(&plan);
        timers_subject.generate(&plan, &prng, FAULTS_ALL);
        strategy_seed(seed);
        engine_run(&timers_subject, &plan, strategy_find("random"), &options, &outcome);
        assert_int_equal(outcome.verdict, VERDICT_OK);
        used = rt.allp[2] != NULL && rt.gomaxprocs == 2 && sched.pidle != NULL;
    }
    assert_null(sched_check());
    return 0;
}

static void breaks(const char *invariant)
{
    const char *broken = sched_check();
    assert_non_null(broken);
    assert_int_equal(strncmp(broken, invariant, 2), 0);
}

static void a_p_below_gomaxprocs_is_not_dead_and_the_others_are(void **state)
{
    (void)state;
    atomic_store(&rt.allp[2]->status, _Pidle);
    breaks("S1");
    atomic_store(&rt.allp[2]->status, _Pdead);
    atomic_store(&rt.allp[0]->status, _Pdead);
    breaks("S1");
}

static void no_p_stays_stopped_when_the_world_goes_on(void **state)
{
    (void)state;
    atomic_store(&rt.allp[0]->status, _Pgcstop);
    breaks("S1");
}

static void an_idle_p_is_in_the_idle_list_once_and_has_no_m(void **state)
{
    (void)state;
    struct p *first = sched.pidle;
    first->m = &rt.ms[0];
    breaks("S2");
    first->m = NULL;
    sched.pidle = first->link;
    breaks("S2");
    sched.pidle = first;
    atomic_store(&first->status, _Prunning);
    breaks("S2");
}

static void the_counts_of_idle_ps_and_ms_are_right(void **state)
{
    (void)state;
    atomic_fetch_add(&sched.npidle, 1);
    breaks("S3");
    atomic_fetch_sub(&sched.npidle, 1);
    sched.nmidle--;
    breaks("S3");
}

static void the_count_of_spinning_ms_is_right(void **state)
{
    (void)state;
    atomic_fetch_add(&sched.nmspinning, 1);
    breaks("S4");
}

static void the_global_queue_has_what_it_counts(void **state)
{
    (void)state;
    sched.runq.count++;
    breaks("S5");
}

static void the_count_of_waiters_is_right(void **state)
{
    (void)state;
    netpollAdjustWaiters(1);
    breaks("S6");
}

static void who_blocks_in_netpoll_has_said_until_when(void **state)
{
    (void)state;
    atomic_store(&sched.pollUntil, atomic_load(&sched.pollUntil) == 0);
    breaks("S7");
}

static void a_scavenger_that_is_parked_has_its_timer_set(void **state)
{
    (void)state;
    scavenge.g = &rt.gs[0];
    scavenge.timer = &scavenge.timer_storage;
    scavenge.parked = true;
    breaks("S8");
    atomic_store(&scavenge.timer_storage.status, timerWaiting);
    assert_null(sched_check());
    scavenge.parked = false;
    scavenge.g->waitreason = "GC scavenge wait";
    atomic_store(&scavenge.g->atomicstatus, _Gwaiting);
    breaks("S8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_p_below_gomaxprocs_is_not_dead_and_the_others_are, run_something),
        cmocka_unit_test_setup(no_p_stays_stopped_when_the_world_goes_on, run_something),
        cmocka_unit_test_setup(an_idle_p_is_in_the_idle_list_once_and_has_no_m, run_something),
        cmocka_unit_test_setup(the_counts_of_idle_ps_and_ms_are_right, run_something),
        cmocka_unit_test_setup(the_count_of_spinning_ms_is_right, run_something),
        cmocka_unit_test_setup(the_global_queue_has_what_it_counts, run_something),
        cmocka_unit_test_setup(the_count_of_waiters_is_right, run_something),
        cmocka_unit_test_setup(who_blocks_in_netpoll_has_said_until_when, run_something),
        cmocka_unit_test_setup(a_scavenger_that_is_parked_has_its_timer_set, run_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
