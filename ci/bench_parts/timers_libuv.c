/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operation on a timer costs in libuv: what core/runtime/timer_bench.h lists, on one loop.
 * The loop reads the clock at its turns only, so every time is "given". A timer that starts was
 * initialised before; only the start counts.
 */
#include "core/runtime/timer_bench.h"

#include <uv.h>

static uv_loop_t loop;
static uv_timer_t pool[POOL];
static uint32_t pool_next;
static uv_timer_t *waiting[WAITING];

static void never(uv_timer_t *timer)
{
    (void)timer;
    abort();
}

static uv_timer_t *start(uint32_t ms)
{
    uv_timer_t *timer;
    do
        timer = &pool[pool_next++ % POOL];
    while (uv_is_active((uv_handle_t *)timer));
    uv_timer_start(timer, never, ms, 0);
    return timer;
}

static void create_stop(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        uv_timer_stop(start(HOUR_MS));
}

static void reset(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        uv_timer_start(waiting[0], never, HOUR_MS, 0);
}

static void stop_reset(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uv_timer_stop(waiting[0]);
        uv_timer_start(waiting[0], never, HOUR_MS, 0);
    }
}

static void churn(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uv_timer_t **oldest = &waiting[i % WAITING];
        uv_timer_stop(*oldest);
        *oldest = start(HOUR_MS);
        if (i % YIELD_EVERY == 0)
            uv_run(&loop, UV_RUN_NOWAIT);
    }
}

static void churn_any(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uv_timer_t **one = &waiting[draw(WAITING)];
        uv_timer_stop(*one);
        *one = start(HOUR_MS + draw(HOUR_MS));
        if (i % YIELD_EVERY == 0)
            uv_run(&loop, UV_RUN_NOWAIT);
    }
}

static void wait_for(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        waiting[i] = start(HOUR_MS);
}

int main(int argc, char **argv)
{
    uint32_t count = operation_count(argc, argv);
    if (uv_loop_init(&loop) != 0)
        abort();
    for (uint32_t i = 0; i < POOL; i++)
        uv_timer_init(&loop, &pool[i]);
    measure("create+stop given", create_stop, count);
    wait_for(1);
    measure("reset given", reset, count);
    measure("stop+reset given", stop_reset, count);
    uv_timer_stop(waiting[0]);
    wait_for(WAITING);
    measure("churn given", churn, count);
    measure("churn-any given", churn_any, count);
    return 0;
}
