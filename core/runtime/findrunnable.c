/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How an M that has a P and nothing to do finds work, or goes to sleep without missing any.
 *
 * Order of the search: own timers, own queue, global queue, network, then the other Ps' queues and
 * timers. Order of going to sleep: give the P to the idle list, leave the count of spinning Ms,
 * look at all queues once more, and only then sleep: in netpoll, until the first timer, if nobody
 * is there yet; or else in stopm(), after breaking the one in netpoll out of a sleep that is too
 * long.
 *
 * Who adds a timer breaks the M in netpoll only if it sees one there (sched.lastpoll == 0). A timer
 * that another P adds after pollUntil was computed and before lastpoll becomes 0 is seen by that
 * P's next round, by handoffp() if it goes into a system call, and by sysmon at the latest.
 */
#include "core/runtime/netpoll.h"
#include "core/runtime/runq.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

struct search {
    int64_t now;       /* 0: not looked yet */
    int64_t pollUntil; /* when the first timer that was seen is due; 0: none */
    bool again;        /* something has changed: from the top */
};

static struct g *global_runq(struct p *pp)
{
    if (globrunqsize() == 0)
        return NULL;
    lock(&sched.lock);
    struct g *gp = NULL;
    if (sched.runq.count != 0)
        gp = globrunqget(pp, 0);
    unlock(&sched.lock);
    return gp;
}

/* Takes one of a list of goroutines that the network has woken, and readies the others. */
static struct g *take_one(struct gqueue *list)
{
    struct g *gp = gqueue_pop(list);
    injectglist(list);
    casgstatus(gp, _Gwaiting, _Grunnable);
    return gp;
}

/* Optional: it only saves the sleep in netpoll, where the same would be found. */
static struct g *network(void)
{
    if (!netpollinited() || !netpollWaiting() || hook_load(&sched.lastpoll) == 0)
        return NULL;
    struct gqueue list = { 0 };
    netpoll(0, &list);
    return list.head != NULL ? take_one(&list) : NULL;
}

/* What there is without stealing. */
static struct g *look_here(struct search *search, bool *inheritTime)
{
    struct p *pp = getg()->m->p;
    bool ran;
    checkTimers(pp, &search->now, &search->pollUntil, &ran);
    struct g *gp = runqget(pp, inheritTime);
    if (gp == NULL)
        gp = global_runq(pp);
    if (gp == NULL)
        gp = network();
    return gp;
}

/* --- stealing --- */

/* Whether p2 is unlikely to run its timers soon: its M is gone, or is to be preempted but keeps
 * running. Otherwise its lock is left alone. */
static bool shouldStealTimers(struct p *p2)
{
    if (peek(&p2->status) != _Prunning)
        return true;
    struct m *mp = peek(&p2->m);
    if (mp == NULL || peek(&mp->locks) > 0)
        return false;
    struct g *gp = peek(&mp->curg);
    return gp != NULL && readgstatus(gp) == _Grunning && peek(&gp->preempt);
}

/* Runs p2's timers. A goroutine that became runnable by that is returned. */
static struct g *steal_timers(struct search *search, struct p *p2, bool *inheritTime)
{
    int64_t when;
    bool ran;
    checkTimers(p2, &search->now, &when, &ran);
    if (when != 0 && (search->pollUntil == 0 || when < search->pollUntil))
        search->pollUntil = when;
    if (!ran)
        return NULL;
    /* Any number of goroutines may be in the local queue now, and runqsteal() wants room. */
    struct g *gp = runqget(getg()->m->p, inheritTime);
    search->again = gp == NULL; /* the timers may have readied something elsewhere */
    return gp;
}

/* One pass over the other Ps, from a random one in steps that are coprime to their number. */
static struct g *steal_pass(struct search *search, int32_t pass, bool *inheritTime)
{
    static const uint8_t coprimes[P_MAX + 1][4] = {
        { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 1, 2, 1, 2 }, { 1, 3, 1, 3 },
        { 1, 2, 3, 4 }, { 1, 5, 1, 5 }, { 1, 2, 3, 4 }, { 1, 3, 5, 7 },
    };
    struct p *pp = getg()->m->p;
    uint32_t count = (uint32_t)peek(&rt.gomaxprocs), random = fastrand();
    uint32_t position = random % count, step = coprimes[count][random / count % 4];
    bool last = pass == 3;
    for (uint32_t i = 0; i < count; i++, position = (position + step) % count) {
        if (peek(&sched.gcwaiting) != 0) {
            search->again = true;
            return NULL;
        }
        struct p *p2 = peek(&rt.allp[position]);
        if (p2 == pp)
            continue;
        *inheritTime = false;
        struct g *gp = runqsteal(pp, p2, last);
        if (gp == NULL && (last || (pass == 2 && shouldStealTimers(p2))))
            gp = steal_timers(search, p2, inheritTime);
        if (gp != NULL)
            return gp;
    }
    return NULL;
}

static struct g *steal(struct search *search, bool *inheritTime)
{
    struct m *mp = getg()->m;
    /* Enough of them spin: half of those that are busy. */
    if (!mp->spinning && 2 * hook_load(&sched.nmspinning) >=
                             (uint32_t)peek(&rt.gomaxprocs) - peek(&sched.npidle))
        return NULL;
    if (!mp->spinning) {
        mp->spinning = true;
        hook_fetch_add(&sched.nmspinning, 1u);
    }
    struct g *gp = NULL;
    for (int32_t pass = 0; pass < 4 && gp == NULL; pass++) {
        gp = steal_pass(search, pass, inheritTime);
        if (gp == NULL && peek(&sched.gcwaiting) != 0) {
            search->again = true;
            break;
        }
    }
    return gp;
}

/* --- going to sleep --- */

/* The caller's M, which has no P, gets one if there is one that is idle. for_global: and work in the
 * global queue. It may be the network that ends a time in which all Ps were idle; then sysmon is
 * needed again, as it is when a system call ends one (Go leaves it asleep): it is what notices a
 * timer that is changed while an M is on its way to sleep. */
static bool acquire_idle_p(bool wasSpinning, bool for_global)
{
    struct p *pp = NULL;
    lock(&sched.lock);
    if (!for_global || sched.runq.count != 0)
        pp = pidleget();
    if (pp != NULL)
        wakesysmon();
    unlock(&sched.lock);
    if (pp == NULL)
        return false;
    acquirep(pp);
    if (wasSpinning) {
        getg()->m->spinning = true;
        hook_fetch_add(&sched.nmspinning, 1u);
    }
    return true;
}

/* Gives the P away. False: there is work after all; if *gp is not NULL, that. */
static bool release_p(struct p *pp, struct g **gp)
{
    lock(&sched.lock);
    bool released = peek(&sched.gcwaiting) == 0 && sched.runq.count == 0;
    if (released) {
        releasep();
        pidleput(pp);
    } else if (peek(&sched.gcwaiting) == 0) {
        *gp = globrunqget(pp, 0);
    }
    unlock(&sched.lock);
    return released;
}

/* Looks at the queues once more, those of the first `count` Ps. Who has put something in while we
 * were still counted as spinning has woken nobody. True: the M has a P again. The global queue, as
 * in later releases: it was empty when the P was given up, but that is a while ago. */
static bool recheck_runqs(int32_t count, bool wasSpinning)
{
    if (wasSpinning && acquire_idle_p(true, true))
        return true;
    for (int32_t i = 0; i < count; i++)
        if (!runqempty(peek(&rt.allp[i])))
            return acquire_idle_p(wasSpinning, false);
    return false;
}

/* Blocks in netpoll until the first timer is due, or somebody breaks it. */
static struct g *sleep_in_netpoll(const struct search *search, bool wasSpinning)
{
    struct m *mp = getg()->m;
    hook_store(&sched.pollUntil, search->pollUntil);
    if (mp->p != NULL)
        throw("findrunnable: netpoll with p");
    if (mp->spinning)
        throw("findrunnable: netpoll with spinning");
    int64_t delta = search->pollUntil == 0 ? -1 : search->pollUntil - search->now;
    struct gqueue list = { 0 };
    netpoll(delta, &list);
    hook_store(&sched.pollUntil, (int64_t)0);
    hook_store(&sched.lastpoll, nanotime());

    if (!acquire_idle_p(wasSpinning && list.head == NULL, false)) {
        injectglist(&list);
        stopm();
        return NULL;
    }
    return list.head != NULL ? take_one(&list) : NULL;
}

/* Gives up the P and sleeps. Returns when the M has a P again; perhaps with a goroutine. */
static struct g *go_to_sleep(const struct search *search)
{
    struct m *mp = getg()->m;
    struct g *gp = NULL;
    int32_t count = rt.allp_count; /* without a P, we could see it change */
    struct p *pp = mp->p;
    if (!release_p(pp, &gp))
        return gp;

    bool wasSpinning = mp->spinning;
    if (wasSpinning)
        stopspinning(mp);
    if (recheck_runqs(count, wasSpinning)) {
        /* Whoever blocks in netpoll has not been told of its timers. */
        tell_judge(&pp->pollRound, 0);
        return NULL;
    }

    bool inited = netpollinited();
    if (inited && (search->pollUntil != 0 || netpollWaiting()) &&
        hook_exchange(&sched.lastpoll, (int64_t)0) != 0) {
        tell_judge(&sched.pollRound, peek(&sched.pollRound) + 1);
        return sleep_in_netpoll(search, wasSpinning);
    }
    if (inited && search->pollUntil != 0) {
        int64_t until = hook_load(&sched.pollUntil);
        if (until == 0 || until > search->pollUntil)
            netpollBreak();
    }
    stopm();
    return NULL;
}

struct g *findrunnable(bool *inheritTime)
{
    for (;;) {
        if (hook_load(&sched.gcwaiting) != 0) {
            gcstopm();
            continue;
        }
        struct search search = { 0 };
        note_poller(getg()->m->p);
        struct g *gp = look_here(&search, inheritTime);
        if (gp == NULL)
            gp = steal(&search, inheritTime);
        if (gp == NULL && !search.again) {
            *inheritTime = false;
            gp = go_to_sleep(&search);
        }
        if (gp != NULL)
            return gp;
    }
}
