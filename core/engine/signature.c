/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What makes two findings the same bug: the verdict, and for each edge of the cycle the class of
 * what is waited for and the functions that wait for it and hold it. No names of instances, no
 * addresses, no lines. The hash is XXH3 (https://xxhash.com).
 */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "core/engine/internal.h"

enum { EDGE_TEXT_MAX = 96 };

static void hash(struct outcome *outcome)
{
    XXH64_hash_t bits = XXH3_64bits(outcome->signature, strlen(outcome->signature));
    snprintf(outcome->signature_hash, sizeof outcome->signature_hash, "%08x",
             (unsigned)(bits >> 32));
}

static const char *function_of(const struct hook_site *site)
{
    return site != NULL ? site->function : "-";
}

static void describe(const struct edge *edge, char *text)
{
    const char *wanted = edge->object_class != NULL ? edge->object_class : "event";
    switch (edge->kind) {
    case EDGE_TOKEN:
    case EDGE_GATE:
        snprintf(text, EDGE_TEXT_MAX, "%s left in %s", wanted, function_of(edge->waits_at));
        return;
    case EDGE_RUNS:
        snprintf(text, EDGE_TEXT_MAX, "runs");
        return;
    default:
        snprintf(text, EDGE_TEXT_MAX, "%s wanted in %s held in %s", wanted,
                 function_of(edge->waits_at), function_of(edge->holds_since));
    }
}

/* Starts the cycle at its smallest text, so that it reads the same whoever closed it. */
void signature_of_cycle(struct outcome *outcome)
{
    static char texts[ENGINE_EDGES_MAX][EDGE_TEXT_MAX];
    uint32_t count = outcome->cycle_count > 0 ? outcome->cycle_count : outcome->edge_count;
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        describe(&outcome->edges[i], texts[i]);
        if (strcmp(texts[i], texts[first]) < 0)
            first = i;
    }
    char *out = outcome->signature;
    size_t size = sizeof outcome->signature;
    size_t length = (size_t)snprintf(out, size, "%s:", verdict_name(outcome->verdict));
    for (uint32_t i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s %s", i > 0 ? ";" : "",
                                   texts[(first + i) % count]);
    hash(outcome);
}

void signature_of_text(struct outcome *outcome, const char *text)
{
    snprintf(outcome->signature, sizeof outcome->signature, "%s: %s",
             verdict_name(outcome->verdict), text);
    hash(outcome);
}
