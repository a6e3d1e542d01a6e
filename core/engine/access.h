/* SPDX-License-Identifier: BSD-3-Clause */
/* What a step does to which object: two steps of different threads whose order may matter race. */
#ifndef CORE_ENGINE_ACCESS_H
#define CORE_ENGINE_ACCESS_H

#include "core/engine/internal.h"

struct access {
    const volatile void *object; /* NULL: none */
    bool writes;
};

static inline bool kind_writes(enum hook_kind kind)
{
    return kind != HOOK_LOAD && kind != HOOK_SPIN;
}

/* What a runnable thread that is not running is about to do. */
static inline struct access access_of(const struct thread *thread)
{
    const struct hook_site *site = thread->wait_site;
    return (struct access){ thread->wait_object,
                            site != NULL && kind_writes((enum hook_kind)site->kind) };
}

static inline bool access_races(struct access a, struct access b)
{
    return a.object != NULL && a.object == b.object && (a.writes || b.writes);
}

#endif
