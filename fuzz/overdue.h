/* SPDX-License-Identifier: BSD-3-Clause */
/* Since when something has been overdue although nobody had anything to do. */
#ifndef FUZZ_OVERDUE_H
#define FUZZ_OVERDUE_H

#include <stdint.h>

#include "core/hook/hook.h"

/* All-zero at first. */
struct overdue {
    int64_t due_ns, since_ns;
    uint64_t activity;
};

/* Asked whenever nothing can run: something is due at due_ns (HOOK_FOREVER: nothing is), and
 * `activity` grows with each thing that is done. Returns the time from which lateness counts: due_ns,
 * or, because the clock may have been moved while others had work to do, the first time that nothing
 * ran although it was overdue. */
static inline int64_t overdue_since(struct overdue *overdue, int64_t due_ns, uint64_t activity,
                                    int64_t now_ns)
{
    if (due_ns != overdue->due_ns || activity != overdue->activity)
        overdue->since_ns = now_ns;
    overdue->due_ns = due_ns < now_ns ? due_ns : HOOK_FOREVER;
    overdue->activity = activity;
    return due_ns < now_ns ? overdue->since_ns : due_ns;
}

#endif
