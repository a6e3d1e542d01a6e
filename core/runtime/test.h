/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of timers that need no scheduler: one M on g0, and a few Ps, of which it has the first.
 * Outside a run of the engine hooks do nothing, and nobody else is there. */
#ifndef CORE_RUNTIME_TEST_H
#define CORE_RUNTIME_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/runtime/invariant.h"
#include "core/runtime/schedule.h"
#include "core/runtime/time.h"

enum { TEST_PS = 3 };

/* A cmocka set-up function: puts the runtime back and gives the calling thread an M and Ps. */
static inline int test_begin(void **state)
{
    (void)state;
    static struct fiber fiber;
    if (fiber_current() == NULL)
        fiber_adopt(&fiber);
    runtime_reset();
    struct m *mp = m0init();
    for (int32_t i = 0; i < TEST_PS; i++) {
        struct p *pp = &rt.ps[i];
        pp->id = i;
        poke(&pp->status, i == 0 ? _Prunning : _Pidle);
        mutex_init(&pp->timersLock, "timers");
        rt.allp[i] = pp;
    }
    rt.allp_count = TEST_PS;
    rt.gomaxprocs = TEST_PS;
    mp->p = &rt.ps[0];
    rt.ps[0].m = mp;
    return 0;
}

#endif
