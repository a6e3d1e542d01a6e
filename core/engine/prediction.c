/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "core/engine/prediction.h"

#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "core/base/check.h"
#include "core/engine/internal.h"

const char *prediction_kind_name(enum prediction_kind kind)
{
    static const char *const names[PREDICTION_KIND_COUNT] = {
        [PREDICTION_CYCLE] = "cycle",
        [PREDICTION_SELF_DEADLOCK] = "self-deadlock",
        [PREDICTION_CONTEXT_INVERSION] = "context-inversion",
        [PREDICTION_EVENT_CYCLE] = "event-cycle",
    };
    check(kind < PREDICTION_KIND_COUNT);
    return names[kind];
}

const char *prediction_basis_text(enum prediction_basis basis)
{
    static const char *const texts[BASIS_COUNT] = {
        [BASIS_SEEN] = "the run ended so",
        [BASIS_ORDER] = "as far as locks and events decide, another order of the run ends so",
        [BASIS_UNPROVED] = "no order was found that shows it, and not all were tried",
        [BASIS_WRITER] = "another order of the run ends so, if a writer stands in the queue",
        [BASIS_CLASS] = "not with these locks, but with others of their classes",
        [BASIS_DECLARED] = "it is against the declared order",
    };
    check(basis < BASIS_COUNT);
    return texts[basis];
}

static const char *function_of(const struct hook_site *site)
{
    return site != NULL ? site->function : "-";
}

static const char *class_of(const struct prediction_edge *edge)
{
    return edge->wanted_class != NULL ? edge->wanted_class : edge->wanted;
}

static uint64_t edge_hash(const struct prediction_edge *edge)
{
    char text[256];
    int length = snprintf(text, sizeof text, "%d %s wanted in %s held in %s", edge->why,
                          class_of(edge), function_of(edge->wanted_at),
                          function_of(edge->held_since));
    return XXH3_64bits(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Of all rotations of the edges the one that begins with the least hash is taken. */
void prediction_sign(struct prediction *prediction)
{
    uint32_t count = prediction->edges.count, first = 0;
    for (uint32_t i = 1; i < count; i++)
        if (edge_hash(&prediction->edges.items[i]) < edge_hash(&prediction->edges.items[first]))
            first = i;
    uint64_t hash = (uint64_t)prediction->kind + 1;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t pair[2] = { hash, edge_hash(&prediction->edges.items[(first + i) % count]) };
        hash = XXH3_64bits(pair, sizeof pair);
    }
    prediction->signature = hash;
}

static void print_at(FILE *out, const struct hook_site *site)
{
    if (site != NULL)
        fprintf(out, " (%s at %s:%" PRIu32 ")", site->function, site->file, site->line);
}

static void print_edge(FILE *out, const struct prediction_edge *edge)
{
    fprintf(out, "  %s waits for %s%s", edge->agent, edge->wanted,
            edge->wanted_mode == HOOK_READ ? " to read" : "");
    if (edge->wanted_class != NULL && strcmp(edge->wanted_class, edge->wanted) != 0)
        fprintf(out, " [%s]", edge->wanted_class);
    print_at(out, edge->wanted_at);
    if (edge->why == WHY_EVENT) {
        fprintf(out, ", and %s is stuck\n", edge->holder[0] != '\0' ? edge->holder : "nobody left");
        return;
    }
    if (edge->why == WHY_DECLARED) {
        fprintf(out, ", but holds %s, which is declared to come later", edge->held);
    } else {
        fprintf(out, "; %s %s", edge->holder,
                edge->held_mode == HOOK_READ ? "reads" : "holds");
        fprintf(out, " %s", strcmp(edge->held, edge->wanted) == 0 ? "it" : edge->held);
    }
    print_at(out, edge->held_since);
    if (edge->why == WHY_INTERRUPTED)
        fputs(", and is interrupted", out);
    fputc('\n', out);
}

void prediction_print(FILE *out, const struct prediction *prediction)
{
    fprintf(out, "%s: %s\n", prediction_kind_name(prediction->kind),
            prediction_basis_text(prediction->basis));
    for (uint32_t i = 0; i < prediction->edges.count; i++)
        print_edge(out, &prediction->edges.items[i]);
}

/* --- as an outcome --- */

static enum edge_kind edge_kind_of(const struct prediction_edge *edge)
{
    if (edge->why == WHY_EVENT)
        return edge->wanted_at->kind == HOOK_JOIN ? EDGE_JOIN : EDGE_EVENT;
    bool is_state = edge->wanted_at->kind != HOOK_LOCK && edge->wanted_at->kind != HOOK_WAIT;
    return is_state ? EDGE_STATE : EDGE_LOCK; /* a semaphore may be a lock, too */
}

/* Objects that the subject has no name for are called differently where they are used. */
static void put_names(const struct prediction_edge *from, bool by_class, struct edge *edge)
{
    snprintf(edge->from, sizeof edge->from, "%.15s", from->agent);
    snprintf(edge->to, sizeof edge->to, "%.15s", from->holder);
    snprintf(edge->object, sizeof edge->object, "%s%s",
             edge->kind == EDGE_JOIN ? "the end of " : "", from->wanted);
    snprintf(edge->holding, sizeof edge->holding, "%s", from->holding);
    if (by_class && from->why != WHY_EVENT && strcmp(from->held, from->wanted) != 0)
        snprintf(edge->held, sizeof edge->held, "%s", from->held);
}

static void put_edge(const struct prediction_edge *from, bool by_class, struct edge *edge)
{
    memset(edge, 0, sizeof *edge);
    edge->kind = edge_kind_of(from);
    put_names(from, by_class, edge);
    edge->predicted = true;
    edge->wants_to_read = from->wanted_mode == HOOK_READ;
    edge->holds_to_read = from->held_mode == HOOK_READ;
    edge->comes_at = from->comes_at;
    edge->object_class = from->wanted_class;
    edge->waits_at = from->wanted_at;
    edge->holds_since = from->held_since;
    edge->interrupted = from->why == WHY_INTERRUPTED;
    edge->wait_chain = from->wait_chain;
    edge->hold_chain = from->hold_chain;
}

void prediction_outcome(const struct prediction *prediction, struct outcome *outcome)
{
    static const enum verdict verdicts[PREDICTION_KIND_COUNT] = {
        [PREDICTION_CYCLE] = VERDICT_LOCK_ORDER,
        [PREDICTION_SELF_DEADLOCK] = VERDICT_LOCK_ORDER,
        [PREDICTION_CONTEXT_INVERSION] = VERDICT_CONTEXT_INVERSION,
        [PREDICTION_EVENT_CYCLE] = VERDICT_EVENT_CYCLE,
    };
    uint32_t count = prediction->edges.count;
    outcome->verdict = verdicts[prediction->kind];
    static const char *const what[PREDICTION_KIND_COUNT] = {
        [PREDICTION_CYCLE] = "threads may wait for each other",
        [PREDICTION_SELF_DEADLOCK] = "a thread may wait for itself",
        [PREDICTION_CONTEXT_INVERSION] = "a context may wait for what it interrupts",
        [PREDICTION_EVENT_CYCLE] = "an event may never come",
    };
    enum prediction_kind told = prediction->kind;
    if (told == PREDICTION_SELF_DEADLOCK && prediction->basis == BASIS_CLASS)
        told = PREDICTION_CYCLE; /* two threads that do so crosswise */
    snprintf(outcome->message, sizeof outcome->message, "%s", what[told]);
    outcome->basis = prediction_basis_text(prediction->basis);
    outcome->edge_count = count < ENGINE_EDGES_MAX ? count : ENGINE_EDGES_MAX;
    outcome->cycle_count = outcome->edge_count;
    for (uint32_t i = 0; i < outcome->edge_count; i++)
        put_edge(&prediction->edges.items[i], prediction->basis == BASIS_CLASS,
                 &outcome->edges[i]);
    outcome->site = NULL;
    outcome->agent[0] = '\0';
    signature_of_cycle(outcome);
}
