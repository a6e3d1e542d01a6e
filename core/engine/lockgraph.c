/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "core/engine/lockgraph.h"

#include <string.h>
#include <xxhash.h>

#include "core/base/check.h"
#include "core/engine/stuck.h"

enum {
    RECORDS_STANDARD = 1 << 12,
    RECORDS_MAX = 1 << 24,
    THREADS_STANDARD = 256,
    EXPLORE_OPS = 400,       /* a longer run has too many orders to be tried, */
    EXPLORE_HANDLERS = 8,    /* and so has one of more visits of contexts that interrupt */
};

static const struct lockgraph_effort effort_standard = {
    .cycle_steps = 20000000,
    .cycle_states = 20000,
    .explore_states = 200000,
};

struct declared {
    const char *before, *after;
};

struct lockgraph {
    struct record_log log;
    uint32_t capacity, threads; /* that the log is to have */
    struct lockgraph_effort effort;
    struct strands strands;
    struct dependencies dependencies;
    struct rerun rerun;
    struct cycles cycles;
    ARRAY(struct prediction) predictions;
    ARRAY(struct declared) declared;
    ARRAY(struct order_edge) edges;
    ARRAY(uint64_t) edge_runs; /* the last run that each was seen in */
    ARRAY(uint32_t) edge_map;  /* rows + 1 by classes, or 0 */
    uint64_t run_count;
    struct prediction scratch;
    struct lesson *lesson;
};

struct lockgraph *lockgraph_new(void)
{
    struct lockgraph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return NULL;
    graph->capacity = RECORDS_STANDARD;
    graph->threads = THREADS_STANDARD;
    graph->effort = effort_standard;
    if (record_log_reserve(&graph->log, graph->capacity, graph->threads))
        return graph;
    free(graph);
    return NULL;
}

void lockgraph_limit(struct lockgraph *graph, struct lockgraph_effort effort)
{
    graph->effort = effort;
}

void lockgraph_forget(struct lockgraph *graph)
{
    for (uint32_t i = 0; i < graph->predictions.count; i++)
        free(graph->predictions.items[i].edges.items);
    graph->predictions.count = graph->declared.count = 0;
    graph->edges.count = graph->edge_runs.count = 0;
    if (graph->edge_map.items != NULL)
        memset(graph->edge_map.items, 0, graph->edge_map.capacity * sizeof *graph->edge_map.items);
}

void lockgraph_free(struct lockgraph *graph)
{
    lockgraph_forget(graph);
    free(graph->predictions.items);
    free(graph->declared.items);
    free(graph->edges.items);
    free(graph->edge_runs.items);
    free(graph->edge_map.items);
    free(graph->scratch.edges.items);
    record_log_free(&graph->log);
    strands_free(&graph->strands);
    dependencies_free(&graph->dependencies);
    rerun_free(&graph->rerun);
    cycles_free(&graph->cycles);
    free(graph);
}

bool lockgraph_declare(struct lockgraph *graph, const char *before, const char *after)
{
    if (!ARRAY_ROOM(&graph->declared, 1))
        return false;
    graph->declared.items[graph->declared.count++] = (struct declared){ before, after };
    return true;
}

struct record_log *lockgraph_log(struct lockgraph *graph, bool with_chains)
{
    record_log_reserve(&graph->log, graph->capacity, graph->threads);
    if (with_chains)
        record_log_reserve_chains(&graph->log);
    return &graph->log;
}

/* --- predictions --- */

static struct prediction *find_known(struct lockgraph *graph, const struct prediction *prediction)
{
    for (uint32_t i = 0; i < graph->predictions.count; i++)
        if (graph->predictions.items[i].signature == prediction->signature)
            return &graph->predictions.items[i];
    return NULL;
}

static void take_chains(const struct lockgraph *graph, struct prediction_edge *edge)
{
    const struct chain *chains = graph->log.chains;
    edge->wait_chain.count = edge->hold_chain.count = 0;
    if (chains != NULL && edge->wanted_record != STRAND_NONE)
        edge->wait_chain = chains[edge->wanted_record];
    if (chains != NULL && edge->held_record != STRAND_NONE)
        edge->hold_chain = chains[edge->held_record];
}

/* --- tasks: threads take turns to run them, and to a reader it is the task that does it --- */

static uint16_t task_of(const struct lockgraph *graph, uint32_t record)
{
    return record != STRAND_NONE ? graph->log.records[record].task : 0;
}

static void name_tasks(const struct lockgraph *graph, struct prediction_edge *edge)
{
    uint16_t waiter = task_of(graph, edge->wanted_record);
    uint16_t holder = task_of(graph, edge->held_record);
    if (waiter != 0)
        snprintf(edge->agent, sizeof edge->agent, "%s", engine_task_name(waiter - 1u));
    if (holder != 0)
        snprintf(edge->holder, sizeof edge->holder, "%s", engine_task_name(holder - 1u));
}

/* A thread waits for itself, as it seems; but it holds that for a task which was preempted, and waits
 * on behalf of another one. */
static void see_preemption(const struct lockgraph *graph, struct prediction *prediction)
{
    struct prediction_edge *edge = &prediction->edges.items[0];
    if (prediction->kind != PREDICTION_SELF_DEADLOCK || prediction->edges.count != 1 ||
        task_of(graph, edge->wanted_record) == task_of(graph, edge->held_record))
        return;
    prediction->kind = PREDICTION_CONTEXT_INVERSION;
    edge->why = WHY_INTERRUPTED;
}

static void keep(void *argument, const struct prediction *made)
{
    struct lockgraph *graph = argument;
    struct prediction prediction = *made;
    see_preemption(graph, &prediction);
    prediction_sign(&prediction);
    graph->lesson->predictions++;
    struct prediction *known = find_known(graph, &prediction);
    if (known != NULL) {
        known->count += known->run != graph->run_count;
        known->run = graph->run_count;
        if (prediction.basis < known->basis)
            known->basis = prediction.basis;
        return;
    }
    size_t size = made->edges.count * sizeof *made->edges.items;
    struct prediction_edge *edges = malloc(size + 1);
    if (edges == NULL || !ARRAY_ROOM(&graph->predictions, 1)) {
        graph->lesson->short_of_memory = true;
        free(edges);
        return;
    }
    memcpy(edges, made->edges.items, size);
    for (uint32_t i = 0; i < made->edges.count; i++) {
        take_chains(graph, &edges[i]);
        name_tasks(graph, &edges[i]);
    }
    prediction.edges.items = edges;
    prediction.edges.capacity = made->edges.count;
    prediction.count = 1;
    prediction.run = graph->run_count;
    graph->predictions.items[graph->predictions.count++] = prediction;
}

/* --- what the run ended in, and what other orders of it end in --- */

static void explain(struct lockgraph *graph, bool final)
{
    graph->scratch.edges.count = 0;
    graph->scratch.basis = final ? BASIS_SEEN : BASIS_ORDER;
    enum stuck_answer answer =
        stuck_explain(&graph->rerun, &graph->dependencies, final, &graph->scratch);
    graph->lesson->short_of_memory |= answer == STUCK_NO_MEMORY;
    if (answer == STUCK_YES)
        keep(graph, &graph->scratch);
}

static void rest_found(void *argument, struct rerun *rerun)
{
    (void)rerun;
    explain(argument, false);
}

static bool ended_stuck(const struct outcome *outcome)
{
    return outcome->verdict == VERDICT_DEADLOCK || outcome->verdict == VERDICT_SELF_DEADLOCK ||
           outcome->verdict == VERDICT_LIVELOCK;
}

static void explore(struct lockgraph *graph)
{
    if (!graph->strands.has_events && graph->strands.handler_count == 0)
        return;
    if (graph->strands.ops.count > EXPLORE_OPS ||
        graph->strands.handler_count > EXPLORE_HANDLERS ||
        rerun_explore(&graph->rerun, graph->effort.explore_states, rest_found, graph) == RERUN_UNKNOWN)
        graph->lesson->gave_up = true;
}

/* --- declared orders --- */

static bool is_declared(const struct lockgraph *graph, const char *before, const char *after)
{
    for (uint32_t i = 0; i < graph->declared.count; i++)
        if (before != NULL && after != NULL &&
            strcmp(graph->declared.items[i].before, before) == 0 &&
            strcmp(graph->declared.items[i].after, after) == 0)
            return true;
    return false;
}

static const char *class_of(const struct lockgraph *graph, uint32_t strand, uint32_t op)
{
    return op_class(&graph->strands, &graph->strands.strands.items[strand].ops[op]);
}

static void break_order(struct lockgraph *graph, const struct dependency *want,
                        const struct acquisition *stay)
{
    const struct strand *strand = &graph->strands.strands.items[want->strand];
    const struct op *wanted = &strand->ops[want->op], *taken = &strand->ops[stay->op];
    graph->scratch.edges.count = 0;
    if (!ARRAY_ROOM(&graph->scratch.edges, 1)) {
        graph->lesson->short_of_memory = true;
        return;
    }
    graph->scratch.kind = PREDICTION_CYCLE;
    graph->scratch.basis = BASIS_DECLARED;
    graph->scratch.edges.count = 1;
    struct prediction_edge *edge = &graph->scratch.edges.items[0];
    *edge = (struct prediction_edge){ .why = WHY_DECLARED,
                                      .wanted_class = op_class(&graph->strands, wanted),
                                      .wanted_at = op_record(&graph->strands, wanted)->site,
                                      .held_since = op_record(&graph->strands, taken)->site,
                                      .wanted_mode = want->mode, .held_mode = stay->mode,
                                      .wanted_record = wanted->record, .held_record = taken->record };
    strand_name(&graph->strands, want->strand, edge->agent);
    op_object_name(&graph->strands, wanted, edge->wanted);
    op_object_name(&graph->strands, taken, edge->held);
    keep(graph, &graph->scratch);
}

static void check_declared(struct lockgraph *graph)
{
    const struct dependencies *dependencies = &graph->dependencies;
    for (uint32_t i = 0; graph->declared.count > 0 && i < dependencies->wants.count; i++) {
        const struct dependency *want = &dependencies->wants.items[i];
        for (uint32_t j = want->held; j != STRAND_NONE; j = dependencies->helds.items[j].next) {
            const struct acquisition *stay =
                &dependencies->acquisitions.items[dependencies->helds.items[j].acquisition];
            if (!want->licensed && is_declared(graph, class_of(graph, want->strand, want->op),
                                               class_of(graph, stay->strand, stay->op)))
                break_order(graph, want, stay);
        }
    }
}

/* --- edges --- */

static uint32_t *edge_slot(struct lockgraph *graph, const char *from, const char *to)
{
    uint32_t mask = graph->edge_map.capacity - 1;
    uint64_t hash = XXH3_64bits_withSeed(to, strlen(to), XXH3_64bits(from, strlen(from)));
    uint32_t slot = (uint32_t)hash & mask;
    for (; graph->edge_map.items[slot] != 0; slot = (slot + 1) & mask) {
        const struct order_edge *edge = &graph->edges.items[graph->edge_map.items[slot] - 1];
        if (strcmp(edge->from, from) == 0 && strcmp(edge->to, to) == 0)
            break;
    }
    return &graph->edge_map.items[slot];
}

static bool edge_map_grow(struct lockgraph *graph)
{
    uint32_t want = graph->edge_map.capacity == 0 ? 256 : graph->edge_map.capacity * 2;
    if (!array_reserve((void **)&graph->edge_map.items, &graph->edge_map.capacity, want,
                       sizeof *graph->edge_map.items))
        return false;
    memset(graph->edge_map.items, 0, graph->edge_map.capacity * sizeof *graph->edge_map.items);
    for (uint32_t i = 0; i < graph->edges.count; i++)
        *edge_slot(graph, graph->edges.items[i].from, graph->edges.items[i].to) = i + 1;
    return true;
}

static bool is_state(const struct lockgraph *graph, uint32_t object)
{
    return graph->strands.objects.items[object].kind == OBJECT_STATE;
}

static struct order_edge edge_new(const struct lockgraph *graph, const struct dependency *want,
                                  const struct acquisition *stay)
{
    const struct strands *strands = &graph->strands;
    const struct strand *strand = &strands->strands.items[want->strand];
    return (struct order_edge){ .from = class_of(graph, stay->strand, stay->op),
                                .to = class_of(graph, want->strand, want->op),
                                .held_since = op_record(strands, &strand->ops[stay->op])->site,
                                .wanted_at = op_record(strands, &strand->ops[want->op])->site,
                                .from_state = is_state(graph, stay->object),
                                .to_state = is_state(graph, want->object),
                                .reads = true,
                                .nested = want->class / DEPENDENCY_LEVELS ==
                                          stay->class / DEPENDENCY_LEVELS };
}

static void learn_edge(struct lockgraph *graph, const struct dependency *want,
                       const struct acquisition *stay)
{
    const char *from = class_of(graph, stay->strand, stay->op);
    const char *to = class_of(graph, want->strand, want->op);
    if (from == NULL || to == NULL)
        return;
    if ((graph->edges.count * 2 >= graph->edge_map.capacity && !edge_map_grow(graph)) ||
        !ARRAY_ROOM(&graph->edges, 1) || !ARRAY_ROOM(&graph->edge_runs, 1)) {
        graph->lesson->short_of_memory = true;
        return;
    }
    uint32_t *slot = edge_slot(graph, from, to), row = *slot != 0 ? *slot - 1 : graph->edges.count;
    if (row == graph->edges.count) {
        *slot = row + 1;
        graph->edges.items[graph->edges.count++] = edge_new(graph, want, stay);
        graph->edge_runs.items[graph->edge_runs.count++] = 0;
    }
    graph->edges.items[row].count++;
    graph->edges.items[row].reads &= want->mode == HOOK_READ;
    graph->edges.items[row].nested &= want->licensed || want->class != stay->class;
    if (graph->edge_runs.items[row] != graph->run_count)
        graph->edges.items[row].runs++;
    graph->edge_runs.items[row] = graph->run_count;
}

static void learn_edges(struct lockgraph *graph)
{
    const struct dependencies *dependencies = &graph->dependencies;
    graph->run_count++;
    for (uint32_t i = 0; i < dependencies->wants.count; i++) {
        const struct dependency *want = &dependencies->wants.items[i];
        for (uint32_t j = want->held; j != STRAND_NONE; j = dependencies->helds.items[j].next)
            learn_edge(graph, want,
                       &dependencies->acquisitions.items[dependencies->helds.items[j].acquisition]);
    }
}

uint32_t lockgraph_edge_count(const struct lockgraph *graph)
{
    return graph->edges.count;
}

const struct order_edge *lockgraph_edge(const struct lockgraph *graph, uint32_t row)
{
    check(row < graph->edges.count);
    return &graph->edges.items[row];
}

/* --- the whole --- */

static bool nests_only_readers(const struct dependencies *dependencies)
{
    bool any = false;
    for (uint32_t i = 0; i < dependencies->wants.count; i++) {
        const struct dependency *want = &dependencies->wants.items[i];
        if (want->held == STRAND_NONE)
            continue;
        any = true;
        uint32_t stay = dependencies->helds.items[want->held].acquisition;
        if (want->mode != HOOK_READ || dependencies->acquisitions.items[stay].mode != HOOK_READ)
            return false;
    }
    return any;
}

static void find_cycles(struct lockgraph *graph)
{
    struct cycles *cycles = &graph->cycles;
    cycles->strands = &graph->strands;
    cycles->dependencies = &graph->dependencies;
    cycles->rerun = &graph->rerun;
    cycles->steps_left = graph->effort.cycle_steps;
    cycles->states = graph->effort.cycle_states;
    memset(cycles->silences, 0, sizeof cycles->silences);
    cycles->short_of_memory = cycles->gave_up = false;
    cycles->found = keep;
    cycles->argument = graph;
    cycles_find(cycles);
    memcpy(graph->lesson->silences, cycles->silences, sizeof cycles->silences);
    graph->lesson->short_of_memory |= cycles->short_of_memory;
    graph->lesson->gave_up |= cycles->gave_up;
}

/* What did not fit has room next time. */
static void grow_log(struct lockgraph *graph)
{
    if (graph->log.lost > 0) {
        graph->lesson->short_of_log = true;
        while (graph->capacity < RECORDS_MAX &&
               graph->capacity < graph->log.count + graph->log.lost)
            graph->capacity *= 2;
    }
    if (graph->log.thread_count == graph->threads) { /* maybe there were more */
        graph->lesson->short_of_log = true;
        graph->threads *= 2;
    }
}

void lockgraph_learn(struct lockgraph *graph, const struct outcome *outcome,
                     struct lesson *lesson)
{
    *lesson = (struct lesson){ .predictions = 0 };
    graph->lesson = lesson;
    grow_log(graph);
    if (!strands_build(&graph->strands, &graph->log) ||
        !dependencies_build(&graph->dependencies, &graph->strands) ||
        !rerun_prepare(&graph->rerun, &graph->strands)) {
        lesson->short_of_memory = true;
        return;
    }
    learn_edges(graph);
    if (ended_stuck(outcome)) {
        rerun_finish(&graph->rerun);
        explain(graph, true);
    }
    find_cycles(graph);
    check_declared(graph);
    explore(graph);
    lesson->only_readers = nests_only_readers(&graph->dependencies);
    lesson->short_of_memory |= graph->rerun.short_of_memory;
}

uint32_t lockgraph_prediction_count(const struct lockgraph *graph)
{
    return graph->predictions.count;
}

const struct prediction *lockgraph_prediction(const struct lockgraph *graph, uint32_t row)
{
    check(row < graph->predictions.count);
    return &graph->predictions.items[row];
}

const struct dependencies *lockgraph_dependencies(const struct lockgraph *graph)
{
    return &graph->dependencies;
}
