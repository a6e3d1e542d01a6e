/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The picture of a lock order, for Graphviz: classes by layer, cycles in red. What follows from
 * other pairs is drawn faintly, so that the eye sees the order and not its transitive closure.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/order/graph.h"

#define CYCLE_COLOUR "#c62828"
#define ORDER_COLOUR "#37474f"
#define FAINT_COLOUR "#b8c4ca"
#define LOCK_FILL "#e3f2fd"
#define STATE_FILL "#fff3d6"

extern char **environ;

/* In double quotes, or in the text of a label that is HTML. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++)
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    fputc('"', out);
}

static void print_html(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '<' || *text == '>' || *text == '&')
            fputs(*text == '<' ? "&lt;" : *text == '>' ? "&gt;" : "&amp;", out);
        else
            fputc(*text, out);
}

/* --- title and legend --- */

static void print_legend(FILE *out, const struct graph_options *options,
                         const struct graph_watched *watched)
{
    char runs[40], predicted[40];
    fputs("  label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"2\"><tr>"
          "<td align=\"left\" colspan=\"6\"><font point-size=\"15\"><b>Lock order of ", out);
    print_html(out, graph_subjects(options));
    fprintf(out, "</b></font>, as seen in %s; %s predicted</td></tr>"
            "<tr><td bgcolor=\"" LOCK_FILL "\"> lock </td>"
            "<td bgcolor=\"" STATE_FILL "\"><i> state </i></td>"
            "<td>  A <font color=\"" ORDER_COLOUR "\">\u2500\u2500\u25b6</font> B: B is taken "
            "while A is held, in so many runs  </td>"
            "<td>  <font color=\"" ORDER_COLOUR "\">\u2504\u2504\u25b6</font> to read  </td>"
            "<td>  <font color=\"" FAINT_COLOUR "\">\u2500\u2500\u25b6</font> follows from "
            "others  </td>"
            "<td>  <font color=\"" CYCLE_COLOUR "\">\u2500\u2500\u25b6</font> on a cycle  </td>"
            "</tr></table>>;\n",
            graph_amount(watched->runs * options->subject_count, "run", runs),
            graph_amount(lockgraph_prediction_count(watched->graph), "deadlock", predicted));
}

/* --- classes and pairs --- */

static bool is_on_cycle(const struct order *order, uint32_t class)
{
    for (uint32_t i = 0; i < order->links.count; i++)
        if (order->links.items[i].on_cycle &&
            (order->links.items[i].from == class || order->links.items[i].to == class))
            return true;
    return false;
}

static void print_class(FILE *out, const struct order *order, uint32_t row)
{
    const struct order_class *class = &order->classes.items[row];
    fputs("  ", out);
    print_quoted(out, class->name);
    fprintf(out, " [%s, color=\"%s\"];\n",
            class->is_state
                ? "shape=box, style=\"filled,rounded,dashed\", fillcolor=\"" STATE_FILL "\""
                : "shape=box, style=filled, fillcolor=\"" LOCK_FILL "\"",
            is_on_cycle(order, row) ? CYCLE_COLOUR : ORDER_COLOUR);
}

/* A layer is a row; but classes on a cycle stand below each other, to leave room for its links. */
static void print_classes(FILE *out, const struct order *order)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < order->classes.count; i++)
        if (is_on_cycle(order, i))
            print_class(out, order, i);
    while (row < order->classes.count) {
        uint32_t layer = order->classes.items[row].layer;
        fputs("  { rank=same;\n", out);
        for (; row < order->classes.count && order->classes.items[row].layer == layer; row++)
            if (!is_on_cycle(order, row))
                print_class(out, order, row);
        fputs("  }\n", out);
    }
}

/* What a browser shows under the pointer. */
static void print_tooltip(FILE *out, const struct order *order, const struct order_link *link)
{
    char text[1024];
    const struct order_edge *edge = link->seen;
    snprintf(text, sizeof text,
             "%s held since %s (%s:%" PRIu32 "), %s taken in %s (%s:%" PRIu32 ")",
             order->classes.items[link->from].name, edge->held_since->function,
             edge->held_since->file, edge->held_since->line, order->classes.items[link->to].name,
             edge->wanted_at->function, edge->wanted_at->file, edge->wanted_at->line);
    fputs(", tooltip=", out);
    print_quoted(out, text);
    fputs(", labeltooltip=", out);
    print_quoted(out, text);
}

static void print_link(FILE *out, const struct order *order, const struct order_link *link)
{
    char runs[16];
    bool faint = !link->on_cycle && order_implied(order, link);
    const char *colour = link->on_cycle ? CYCLE_COLOUR : faint ? FAINT_COLOUR : ORDER_COLOUR;
    fputs("  ", out);
    print_quoted(out, order->classes.items[link->from].name);
    fputs(" -> ", out);
    print_quoted(out, order->classes.items[link->to].name);
    fprintf(out, " [label=\" %s\", color=\"%s\", fontcolor=\"%s\", penwidth=%s, weight=%d",
            output_amount((double)link->seen->runs, runs), colour,
            faint ? "#8a979e" : colour, link->on_cycle ? "2" : faint ? "0.8" : "1.4",
            faint ? 0 : 4);
    if (link->reads)
        fputs(", style=dashed", out);
    print_tooltip(out, order, link);
    fputs("];\n", out);
}

static void print_dot(FILE *out, const struct graph_options *options,
                      const struct graph_watched *watched)
{
    const struct order *order = &watched->order;
    fputs("digraph ", out);
    print_quoted(out, graph_subjects(options));
    fputs(" {\n"
          "  graph [rankdir=TB, nodesep=0.3, ranksep=0.55, pad=0.3, labelloc=b, labeljust=l,\n"
          "    fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, bgcolor=white];\n"
          "  node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=13, margin=\"0.18,0.09\"];\n"
          "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=10, arrowsize=0.7];\n", out);
    print_legend(out, options, watched);
    print_classes(out, order);
    for (uint32_t i = 0; i < order->links.count; i++)
        print_link(out, order, &order->links.items[i]);
    fputs("}\n", out);
}

/* --- svg --- */

static int no_dot(int error)
{
    fprintf(stderr, "wedge: cannot run dot: %s; it is in the package graphviz: "
                    "apt-get install graphviz\n", strerror(error));
    return EXIT_BROKEN;
}

/* Runs dot from that file to standard output. */
static int run_dot(FILE *input)
{
    static char name[] = "dot", option[] = "-Tsvg";
    char *arguments[] = { name, option, NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return no_dot(ENOMEM);
    posix_spawn_file_actions_adddup2(&actions, fileno(input), STDIN_FILENO);
    int error = posix_spawnp(&pid, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return no_dot(error);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return no_dot(errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return EXIT_CLEAN;
    fputs("wedge: dot failed\n", stderr);
    return EXIT_BROKEN;
}

static int print_svg(const struct graph_options *options, const struct graph_watched *watched)
{
    FILE *input = tmpfile();
    if (input == NULL) {
        perror("wedge: temporary file");
        return EXIT_BROKEN;
    }
    print_dot(input, options, watched);
    int code = EXIT_BROKEN;
    if (fflush(input) == 0 && fseek(input, 0, SEEK_SET) == 0 && fflush(stdout) == 0)
        code = run_dot(input);
    else
        perror("wedge: temporary file");
    fclose(input);
    return code;
}

int graph_draw(const struct graph_options *options, const struct graph_watched *watched)
{
    int code = EXIT_CLEAN;
    if (options->format == GRAPH_SVG)
        code = print_svg(options, watched);
    else
        print_dot(stdout, options, watched);
    return code != EXIT_CLEAN ? code : graph_exit_code(watched);
}
