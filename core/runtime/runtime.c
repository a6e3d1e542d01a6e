/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state of the runtime and what is left of it between two runs: nothing. Memory comes from one
 * pool that only grows during a run, so a reset costs what the run has used.
 */
#include "core/runtime/runtime.h"

#include <string.h>

#include "core/runtime/netpoll.h"
#include "core/runtime/scavenge.h"
#include "core/runtime/schedule.h"

enum {
    POOL_SIZE = 1 << 20,
    POOL_ALIGN = 16,
    STACK_ROOM_MAX = 8, /* calls that a stack has room for after it was shrunk */
};

struct runtime rt;

static _Alignas(POOL_ALIGN) unsigned char pool[POOL_SIZE];
static _Atomic size_t pool_used;

void *runtime_alloc(size_t size)
{
    check(size <= POOL_SIZE);
    size = (size + POOL_ALIGN - 1) & ~(size_t)(POOL_ALIGN - 1);
    size_t start = atomic_fetch_add(&pool_used, size);
    check(start + size <= POOL_SIZE);
    return pool + start;
}

/* What a sanitizer keeps for a fiber outlives the goroutine: fiber_init() hands it on. */
static void g_reset(struct g *gp)
{
    struct fiber_sanitizer sanitizer = gp->fiber.sanitizer;
    memset(gp, 0, sizeof *gp);
    gp->fiber.sanitizer = sanitizer;
}

void runtime_reset(void)
{
    for (int32_t i = 0; i < P_MAX && rt.allp[i] != NULL; i++)
        memset(&rt.ps[i], 0, sizeof rt.ps[i]);
    memset(rt.ms, 0, (size_t)sched.mnext * sizeof rt.ms[0]);
    for (int32_t i = 0; i < rt.allg_count; i++)
        g_reset(&rt.gs[i]);
    memset(&rt, 0, offsetof(struct runtime, ps)); /* the storage of Ps, Ms and Gs comes last */
    memset(pool, 0, pool_used);
    pool_used = 0;
    netpoll_reset();
    scavenge_reset();
}

/* --- stacks --- */

void shrinkstacks(void)
{
    for (int32_t i = 0; i < rt.allg_count; i++)
        rt.gs[i].stack_room = 1 + fastrandn(STACK_ROOM_MAX);
}

/* On g0, whatever locks the goroutine holds. */
static void growstack(void *unused)
{
    (void)unused;
    lock(&rt.heapLock);
    unlock(&rt.heapLock);
}

void morestack(void)
{
    systemstack(growstack, NULL);
}

TSAN_UNWATCHED void lock_from(const struct hook_site *site, struct mutex *l)
{
    prologue_of("lock");
    addlocks(getg()->m, 1);
    hook_lock_from(site, &l->hook);
}

TSAN_UNWATCHED void unlock_from(const struct hook_site *site, struct mutex *l)
{
    hook_unlock_from(site, &l->hook);
    addlocks(getg()->m, -1);
}

/* Marsaglia's xorshift; m0init() and newm() seed it with the M's id. */
uint32_t fastrand(void)
{
    struct m *mp = getg()->m;
    uint32_t bits = mp->fastrand;
    bits ^= bits << 13;
    bits ^= bits >> 17;
    bits ^= bits << 5;
    mp->fastrand = bits;
    return bits;
}
