/* SPDX-License-Identifier: BSD-3-Clause */
/* What nobody is going to do: the judges are silent after a real run, and each is made to speak. */
#include <string.h>

#include "core/engine/test.h"
#include "core/runtime/netpoll.h"
#include "core/runtime/oversight.h"
#include "core/runtime/scavenge.h"
#include "fuzz/timers.h"

static struct plan plan;

/* A run at whose end, with two Ps, one is idle, and the first has room for timers. */
static int run_something(void **state)
{
    (void)state;
    struct prng prng = { 3 };
    for (uint64_t seed = 0;
         rt.gomaxprocs != 2 || sched.pidle == NULL || rt.ps[0].timers == NULL; seed++) {
        plan_clear(&plan);
        timers_subject.generate(&plan, &prng, FAULTS_ALL);
        strategy_seed(seed);
        test_replay(&timers_subject, &plan, strategy_find("random"));
        assert_int_equal(test_outcome.verdict, VERDICT_OK);
    }
    sched.pidle->handedOff = false;
    assert_null(runtime_overlooked(engine_now()));
    return 0;
}

static int forget_it(void **state)
{
    (void)state;
    rt.gomaxprocs = 0;
    return 0;
}

static void overlooks(const char *what)
{
    const char *overlooked = runtime_overlooked(engine_now());
    assert_non_null(overlooked);
    assert_non_null(strstr(overlooked, what));
}

/* --- work --- */

static void work_in_the_global_queue_beside_an_idle_P_is_stranded(void **state)
{
    (void)state;
    sched.runq.count++;
    overlooks("waits in a run queue");
    sched.pidle->handedOff = true;
    assert_null(runtime_overlooked(engine_now()));
}

static void work_in_a_running_P_beside_an_idle_one_is_stranded(void **state)
{
    (void)state;
    struct p *pp = rt.allp[sched.pidle == rt.allp[0]];
    atomic_store(&pp->status, _Prunning);
    atomic_fetch_sub(&pp->runqhead, 1);
    overlooks("waits in a run queue");
    atomic_store(&pp->status, _Psyscall);
    assert_null(runtime_overlooked(engine_now()));
}

static void work_that_an_M_looks_for_is_not_stranded(void **state)
{
    (void)state;
    sched.runq.count++;
    atomic_fetch_add(&sched.nmspinning, 1);
    assert_null(runtime_overlooked(engine_now()));
    atomic_fetch_sub(&sched.nmspinning, 1);
    atomic_store(&sched.gcwaiting, 1);
    assert_null(runtime_overlooked(engine_now()));
}

/* --- the sleep in netpoll --- */

static struct timer timer;

/* As if an M, the seventh, blocked in netpoll() for 2 ns, and P0 had a timer that is due in 1 ns. */
static struct p *somebody_blocks_in_netpoll(void)
{
    struct p *pp = &rt.ps[0];
    atomic_store(&sched.lastpoll, 0);
    atomic_store(&sched.pollRound, 7);
    atomic_store(&sched.pollUntil, engine_now() + 2);
    timer = (struct timer){ .pp = pp, .when = engine_now() + 1, .status = timerWaiting };
    pp->timers_count = 0;
    pp->timers[pp->timers_count++] = &timer;
    assert_true(netpollStays());
    assert_null(runtime_overlooked(engine_now()));
    return pp;
}

static void a_timer_set_meanwhile_that_is_earlier_is_a_lost_wakeup(void **state)
{
    (void)state;
    somebody_blocks_in_netpoll();
    timer.pollRound = 6;
    assert_null(runtime_overlooked(engine_now()));
    timer.pollRound = 7;
    overlooks("sleeps past a timer");
    atomic_store(&sched.pollUntil, timer.when);
    assert_null(runtime_overlooked(engine_now()));
}

static void a_P_given_up_meanwhile_whose_timer_is_earlier_is_a_lost_wakeup(void **state)
{
    (void)state;
    struct p *pp = somebody_blocks_in_netpoll();
    pp->pollRound = 7;
    atomic_store(&pp->status, _Pidle);
    overlooks("sleeps past a timer");
    atomic_store(&pp->status, _Prunning);
    assert_null(runtime_overlooked(engine_now()));
}

/* It may have been preempted just before it tells; or an M may be about to. */
static void as_long_as_somebody_is_runnable_or_spins_nothing_is_lost(void **state)
{
    (void)state;
    somebody_blocks_in_netpoll();
    timer.pollRound = 7;
    atomic_store(&rt.gs[0].atomicstatus, _Grunnable);
    assert_null(runtime_overlooked(engine_now()));
    atomic_store(&rt.gs[0].atomicstatus, _Gwaiting);
    overlooks("sleeps past a timer");
    atomic_fetch_add(&sched.nmspinning, 1);
    assert_null(runtime_overlooked(engine_now()));
}

static void a_scavenger_that_sysmon_was_asked_to_wake_is_not_forgotten(void **state)
{
    (void)state;
    atomic_store(&sched.sysmonwait, 0);
    scavenge.parked = true;
    assert_null(runtime_neglected());
    atomic_store(&scavenge.sysmonWake, 1);
    assert_non_null(runtime_neglected());
    atomic_store(&sched.sysmonwait, 1); /* as long as it sleeps deeply */
    assert_null(runtime_neglected());
}

static void who_runs_while_the_world_is_being_stopped_is_asked_to_stop(void **state)
{
    (void)state;
    struct m *mp = &rt.ms[0];
    mp->curg = &rt.gs[0];
    atomic_store(&rt.ps[0].status, _Prunning);
    atomic_store(&rt.ps[0].m, mp);
    assert_null(runtime_neglected());
    atomic_store(&sched.gcwaiting, 1);
    assert_non_null(runtime_neglected());
    atomic_store(&rt.gs[0].preempt, true);
    assert_null(runtime_neglected());
}

#define claim(test) cmocka_unit_test_setup_teardown(test, run_something, forget_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        claim(work_in_the_global_queue_beside_an_idle_P_is_stranded),
        claim(work_in_a_running_P_beside_an_idle_one_is_stranded),
        claim(work_that_an_M_looks_for_is_not_stranded),
        claim(a_timer_set_meanwhile_that_is_earlier_is_a_lost_wakeup),
        claim(a_P_given_up_meanwhile_whose_timer_is_earlier_is_a_lost_wakeup),
        claim(as_long_as_somebody_is_runnable_or_spins_nothing_is_lost),
        claim(a_scavenger_that_sysmon_was_asked_to_wake_is_not_forgotten),
        claim(who_runs_while_the_world_is_being_stopped_is_asked_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
