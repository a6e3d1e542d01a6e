/* SPDX-License-Identifier: BSD-3-Clause */
/* The golden order: compared with what was seen, brought up to date, compared with another one. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/order/graph.h"
#include "repro/order/order_file.h"

bool graph_read_golden(const char *path, bool may_be_missing, struct order *golden)
{
    struct order_error error;
    if (may_be_missing && access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (order_file_read(golden, path, &error))
        return true;
    output_bad_input(path, error.line, error.text);
    return false;
}

static const char *name_of(const struct order *order, uint32_t class)
{
    return order->classes.items[class].name;
}

static void print_arrow(FILE *out, const struct order *order, const struct order_link *link)
{
    fprintf(out, "%s%s -> %s", link->reads ? "read " : "", name_of(order, link->from),
            name_of(order, link->to));
}

static void print_command(FILE *out, const struct graph_options *options,
                          const struct graph_watched *watched, const char *option,
                          const char *path)
{
    output_shell_word(out, output_program());
    fputs(" graph", out);
    for (uint32_t i = 0; i < options->subject_count; i++)
        fprintf(out, " %s", options->subjects[i]->name);
    if (options->seed != 1)
        fprintf(out, " --seed %" PRIu64, options->seed);
    if (watched->runs != GRAPH_RUNS_STANDARD)
        fprintf(out, " --runs %" PRIu64, watched->runs);
    fprintf(out, " %s ", option);
    output_shell_word(out, path);
    fputc('\n', out);
}

static bool site_exists(const char *text)
{
    for (uint32_t i = 0; i < site_count(); i++) {
        const struct hook_site *site = site_at(i);
        size_t length = strlen(site->function);
        if (strncmp(text, site->function, length) == 0 && text[length] == ':' &&
            strcmp(text + length + 1, site->object) == 0)
            return true;
    }
    return false;
}

static bool example_exists(const struct order_link *link)
{
    return site_exists(link->held) && site_exists(link->taken);
}

/* --- check --- */

struct check {
    const struct graph_options *options;
    const struct graph_watched *watched;
    const struct order *golden, *seen;
    struct order both;
    uint32_t *path; /* room for a way through both */
    uint32_t lacking, unseen, total; /* total: of the file */
};

static struct order_link *in_both(const struct check *check, const struct order_link *seen)
{
    return order_link_same(&check->both, check->seen, seen);
}

/* The shortest cycle that the link closes, in check->path; the link itself is its first. */
static uint32_t cycle_of(struct check *check, const struct order_link *seen)
{
    const struct order_link *link = in_both(check, seen);
    check->path[0] = (uint32_t)(link - check->both.links.items);
    if (link->from == link->to)
        return seen->seen->nested ? 0 : 1;
    uint32_t count = order_path(&check->both, link->to, link->from, check->path + 1);
    return count == 0 ? 0 : count + 1;
}

static void print_site(const char *what, const char *name, const struct hook_site *site)
{
    printf("  %s %s (%s:%" PRIu32 ")\n", what, name, site->file, site->line);
}

static void print_cycle(struct check *check, const struct order_link *seen)
{
    uint32_t count = cycle_of(check, seen);
    if (count == 0)
        return;
    if (count == 1) {
        puts("  no order among locks of one class is declared: two threads can take two of them "
             "crosswise");
        return;
    }
    puts("  closes a cycle:");
    for (uint32_t i = 0; i < count; i++) {
        const struct order_link *link = &check->both.links.items[check->path[i]];
        fputs("    ", stdout);
        print_arrow(stdout, &check->both, link);
        if (link->line == 0)
            puts("  new");
        else
            printf("  %s:%" PRIu32 ": %s then %s\n", check->options->check, link->line,
                   link->held, link->taken);
    }
}

static void print_lacking(struct check *check, const struct order_link *seen)
{
    char runs[40];
    const struct order_edge *edge = seen->seen;
    const struct order_link *known = order_link_same(check->golden, check->seen, seen);
    printf("new: %s is taken while %s is held", name_of(check->seen, seen->to),
           name_of(check->seen, seen->from));
    if (known != NULL)
        printf(", and not only to read as %s:%" PRIu32 " says", check->options->check,
               known->line);
    printf("; in %s of %" PRIu64 "\n", graph_amount(edge->runs, "run", runs),
           check->watched->runs * check->options->subject_count);
    print_site("held since", seen->held, edge->held_since);
    print_site("taken in  ", seen->taken, edge->wanted_at);
    print_cycle(check, seen);
    putchar('\n');
}

/* Not a failure: other seeds, or more runs, may show them. */
static void note_unseen(const struct check *check)
{
    char pairs[40];
    if (check->unseen == 0)
        return;
    fprintf(stderr, "wedge: note: %s of %s not seen in %" PRIu64 " runs:",
            graph_amount(check->unseen, "pair", pairs), check->options->check,
            check->watched->runs * check->options->subject_count);
    const char *separator = " ";
    for (uint32_t i = 0; i < check->golden->links.count; i++) {
        const struct order_link *link = &check->golden->links.items[i];
        if (order_link_same(check->seen, check->golden, link) != NULL)
            continue;
        fputs(separator, stderr);
        print_arrow(stderr, check->golden, link);
        separator = ", ";
    }
    fputc('\n', stderr);
}

/* The next update puts one that was seen in its place. */
static void note_gone(const struct order *golden, const char *path)
{
    for (uint32_t i = 0; i < golden->links.count; i++) {
        const struct order_link *link = &golden->links.items[i];
        if (!example_exists(link))
            fprintf(stderr, "wedge: note: %s:%" PRIu32 ": no such place: %s then %s\n", path,
                    link->line, link->held, link->taken);
    }
}

static void note_cycle(const struct order *order, const char *path)
{
    for (uint32_t i = 0; i < order->links.count; i++) {
        const struct order_link *link = &order->links.items[i];
        if (!link->on_cycle || link->from == link->to)
            continue;
        uint32_t *way = order_room(order->classes.count, sizeof *way);
        uint32_t count = order_path(order, link->to, link->from, way);
        fprintf(stderr, "wedge: note: %s has a cycle: %s -> %s", path,
                name_of(order, link->from), name_of(order, link->to));
        for (uint32_t j = 0; j < count; j++)
            fprintf(stderr, " -> %s", name_of(order, order->links.items[way[j]].to));
        fputc('\n', stderr);
        free(way);
        return;
    }
}

static void print_check(struct check *check)
{
    char pairs[40];
    for (uint32_t i = 0; i < check->seen->links.count; i++)
        if (order_lacks(check->golden, check->seen, &check->seen->links.items[i]))
            print_lacking(check, &check->seen->links.items[i]);
    graph_print_findings(check->options, check->watched);
    if (check->lacking == 0) {
        printf("%s keeps the order of %s (%" PRIu64 " runs)\n", graph_subjects(check->options),
               check->options->check, check->watched->runs);
        return;
    }
    printf("%s that %s lacks; if that is intended:\n  ",
           graph_amount(check->lacking, "pair", pairs), check->options->check);
    print_command(stdout, check->options, check->watched, "--update", check->options->check);
}

static json_t *arrow_json(const struct order *order, const struct order_link *link)
{
    return json_pack("{s:s, s:s, s:b, s:i, s:s, s:s}", "from", name_of(order, link->from), "to",
                     name_of(order, link->to), "reads", (int)link->reads, "line",
                     (int)link->line, "held", link->held, "taken", link->taken);
}

static void print_check_json(struct check *check)
{
    json_t *object = output_schema("graph-check"), *lacking = json_array();
    json_t *unseen = json_array();
    for (uint32_t i = 0; i < check->seen->links.count; i++) {
        const struct order_link *link = &check->seen->links.items[i];
        if (!order_lacks(check->golden, check->seen, link))
            continue;
        json_t *row = graph_link_json(check->seen, link), *cycle = json_array();
        uint32_t count = cycle_of(check, link);
        for (uint32_t j = 0; j < count; j++)
            json_array_append_new(
                cycle, arrow_json(&check->both, &check->both.links.items[check->path[j]]));
        json_object_set_new(row, "cycle", cycle);
        json_array_append_new(lacking, row);
    }
    for (uint32_t i = 0; i < check->golden->links.count; i++) {
        const struct order_link *link = &check->golden->links.items[i];
        if (order_link_same(check->seen, check->golden, link) == NULL)
            json_array_append_new(unseen, arrow_json(check->golden, link));
    }
    output_add(object, json_pack("{s:o, s:I, s:I, s:o, s:o}", "file",
                                 output_text(check->options->check), "seed", (json_int_t)check->options->seed, "runs",
                                 (json_int_t)check->watched->runs, "new", lacking, "unseen",
                                 unseen));
    graph_add_findings(object, check->watched);
    output_json(object);
}

int graph_check(const struct graph_options *options, const struct graph_watched *watched,
                const struct order *golden)
{
    struct check check = { .options = options, .watched = watched, .golden = golden,
                           .seen = &watched->order };
    order_merge(&check.both, golden);
    order_merge(&check.both, check.seen);
    check.path = order_room(check.both.classes.count + 1, sizeof *check.path);
    for (uint32_t i = 0; i < check.seen->links.count; i++)
        check.lacking += order_lacks(golden, check.seen, &check.seen->links.items[i]);
    for (uint32_t i = 0; i < golden->links.count; i++)
        check.unseen += order_link_same(check.seen, golden, &golden->links.items[i]) == NULL;
    note_unseen(&check);
    note_gone(golden, options->check);
    note_cycle(golden, options->check);
    if (options->format == GRAPH_JSON)
        print_check_json(&check);
    else
        print_check(&check);
    free(check.path);
    order_free(&check.both);
    return check.lacking > 0 ? EXIT_FINDINGS : graph_exit_code(watched);
}

/* --- update --- */

/* An example whose places are gone gives way to one that was seen. */
static bool renew_example(struct order *golden, const struct order *seen, struct order_link *link)
{
    const struct order_link *same = order_link_same(seen, golden, link);
    if (same == NULL || example_exists(link))
        return false;
    link->held = order_text(golden, same->held, strlen(same->held));
    link->taken = order_text(golden, same->taken, strlen(same->taken));
    return true;
}

/* Classes change, too: what was a lock may be a state by now. */
static void renew_kinds(struct order *golden, const struct order *seen)
{
    for (uint32_t i = 0; i < seen->classes.count; i++) {
        uint32_t row = order_class_find(golden, seen->classes.items[i].name);
        if (row != ORDER_NONE)
            golden->classes.items[row].is_state = seen->classes.items[i].is_state;
    }
}

struct update {
    uint32_t added, renewed, dropped;
};

static void print_changes(const struct graph_options *options, const struct order *golden,
                          const struct order *seen)
{
    for (uint32_t i = 0; i < seen->links.count; i++) {
        if (!order_lacks(golden, seen, &seen->links.items[i]))
            continue;
        fputs("added ", stdout);
        print_arrow(stdout, seen, &seen->links.items[i]);
        printf(": %s then %s\n", seen->links.items[i].held, seen->links.items[i].taken);
    }
    for (uint32_t i = 0; options->prune && i < golden->links.count; i++) {
        if (order_link_same(seen, golden, &golden->links.items[i]) != NULL)
            continue;
        fputs("dropped ", stdout);
        print_arrow(stdout, golden, &golden->links.items[i]);
        putchar('\n');
    }
}

static struct update merge(const struct graph_options *options, struct order *golden,
                           const struct order *seen)
{
    struct update update = { .added = 0 };
    for (uint32_t i = 0; i < seen->links.count; i++)
        update.added += order_lacks(golden, seen, &seen->links.items[i]);
    for (uint32_t i = 0; i < golden->links.count; i++)
        update.renewed += renew_example(golden, seen, &golden->links.items[i]);
    order_merge(golden, seen);
    renew_kinds(golden, seen);
    if (options->prune)
        update.dropped = order_prune(golden);
    order_arrange(golden);
    return update;
}

int graph_update(const struct graph_options *options, const struct graph_watched *watched,
                 struct order *golden)
{
    bool is_text = options->format == GRAPH_TEXT;
    if (is_text)
        print_changes(options, golden, &watched->order);
    struct update update = merge(options, golden, &watched->order);
    if (!order_file_write(golden, options->update)) {
        fprintf(stderr, "wedge: cannot write %s: %s\n", options->update, strerror(errno));
        return EXIT_BROKEN;
    }
    note_cycle(golden, options->update);
    if (is_text) {
        graph_print_findings(options, watched);
        char pairs[40], examples[40];
        printf("%s: %s, %" PRIu32 " added, %" PRIu32 " dropped, %s renewed\n", options->update,
               graph_amount(golden->links.count, "pair", pairs), update.added, update.dropped,
               graph_amount(update.renewed, "example", examples));
        return graph_exit_code(watched);
    }
    json_t *object = output_schema("graph-update");
    output_add(object, json_pack("{s:o, s:I, s:i, s:i, s:i, s:i}", "file",
                                 output_text(options->update), "runs", (json_int_t)watched->runs, "pairs", (int)golden->links.count,
                                 "added", (int)update.added, "dropped", (int)update.dropped,
                                 "renewed", (int)update.renewed));
    graph_add_findings(object, watched);
    output_json(object);
    return graph_exit_code(watched);
}

/* --- diff --- */

/* What one has and the other lacks, or has otherwise. */
static uint32_t print_missing(const struct order *order, const struct order *other, char sign,
                              const char *path, json_t *rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < order->links.count; i++) {
        const struct order_link *link = &order->links.items[i];
        const struct order_link *same = order_link_same(other, order, link);
        if (same != NULL && same->reads == link->reads)
            continue;
        count++;
        if (rows != NULL) {
            json_array_append_new(rows, arrow_json(order, link));
            continue;
        }
        printf("%c ", sign);
        print_arrow(stdout, order, link);
        printf("%s  %s:%" PRIu32 ": %s then %s\n", link->on_cycle ? " (on a cycle)" : "", path,
               link->line, link->held, link->taken);
    }
    return count;
}

int graph_diff(const struct graph_options *options)
{
    struct order a = { .header = NULL }, b = { .header = NULL };
    bool good = graph_read_golden(options->diff[0], false, &a) &&
                graph_read_golden(options->diff[1], false, &b);
    uint32_t count = 0;
    if (good && options->format == GRAPH_JSON) {
        json_t *object = output_schema("graph-diff"), *removed = json_array();
        json_t *added = json_array();
        count = print_missing(&a, &b, '-', options->diff[0], removed) +
                print_missing(&b, &a, '+', options->diff[1], added);
        output_add(object, json_pack("{s:o, s:o}", "removed", removed, "added", added));
        output_json(object);
    } else if (good) {
        count = print_missing(&a, &b, '-', options->diff[0], NULL) +
                print_missing(&b, &a, '+', options->diff[1], NULL);
        if (count == 0)
            puts("the same order");
    }
    order_free(&a);
    order_free(&b);
    return !good ? EXIT_USAGE : count > 0 ? EXIT_FINDINGS : EXIT_CLEAN;
}
