/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge show`: the story of a reproducer, from its program to the cycle that ends it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/output.h"
#include "repro/finding/finding.h"
#include "repro/finding/picture.h"
#include "repro/finding/story.h"
#include "repro/page/page.h"

struct options {
    const char *path, *html, *source;
    bool full, json;
};

/* Section by section, each line as the reproducer has it; of a long schedule the end, unless full. */
static void print_plan(const struct reproducer *reproducer, bool full)
{
    enum { PER_LINE = 8, SEGMENTS_SHOWN = 5 * PER_LINE };
    const struct plan *plan = &reproducer->plan;
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        fputs(i == 0 ? "program   " : "          ", stdout);
        reproducer_print_operation(stdout, reproducer->subject, &plan->operations[i]);
        putchar('\n');
    }
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        fputs(i == 0 ? "faults    " : "          ", stdout);
        reproducer_print_fault(stdout, &plan->faults[i]);
        putchar('\n');
    }
    bool folds = !full && plan->segment_count > SEGMENTS_SHOWN;
    uint32_t first = folds ? plan->segment_count - SEGMENTS_SHOWN : 0;
    if (folds)
        printf("schedule  ... %" PRIu32 " more", first);
    for (uint32_t i = first; i < plan->segment_count; i++) {
        bool line = (i - first) % PER_LINE == 0 && (i > first || folds);
        fputs(i == 0 ? "schedule  " : line ? ",\n          " : ", ", stdout);
        reproducer_print_segment(stdout, &plan->segments[i]);
    }
    fputs(plan->segment_count > 0 ? "\n" : "", stdout);
}

static void print_settings(const struct reproducer *reproducer)
{
    const struct wedge_subject *subject = reproducer->subject;
    for (uint32_t i = 0; i < subject->setting_count; i++)
        printf("%s%s=%" PRId64, i == 0 ? "config    " : " ", subject->settings[i].name,
               reproducer->plan.settings[i]);
    fputs(subject->setting_count > 0 ? "\n" : "", stdout);
}

/* How the run ended, in words. */
static void print_end(const struct options *options, const struct finding *finding)
{
    const struct outcome *outcome = &finding->outcome;
    bool colour = output_colour(stdout);
    putchar('\n');
    if (!reproducer_matches(&finding->reproducer, outcome))
        printf("not as %s expects (%s %s):\n", options->path,
               verdict_name(finding->reproducer.verdict), finding->reproducer.hash);
    printf("%s%s %s%s: %s\n", colour ? "\033[1;31m" : "", verdict_name(outcome->verdict),
           outcome->signature_hash, colour ? "\033[0m" : "", outcome->message);
    if (outcome->edge_count == 0 && outcome->site != NULL)
        printf("  by %s in %s at %s:%" PRIu32 "\n", outcome->agent, outcome->site->function,
               outcome->site->file, outcome->site->line);
    if (verdict_is_predicted(outcome->verdict))
        puts("this run passed; what another may come to:");
    else if (outcome->cycle_count > 0)
        puts("the cycle (* above):");
    report_edges(stdout, outcome, 8);
    if (verdict_is_predicted(outcome->verdict)) /* the run above is one that passed */
        picture_print(stdout, outcome);
    if (outcome->cycle_count == 0)
        report_others(stdout, outcome, 0, ENGINE_EDGES_MAX);
}

static void print_story(const struct options *options, const struct finding *finding,
                        const struct spans *spans)
{
    struct story_look look = { output_width(stdout), options->full, output_colour(stdout) };
    printf("%s in %s\n", options->path, finding->reproducer.subject->name);
    print_settings(&finding->reproducer);
    print_plan(&finding->reproducer, options->full);
    puts("\nEach thread's column begins with how many locks and states it holds; | is none.");
    story_print(stdout, &finding->outcome, spans, &look);
    print_end(options, finding);
}

static json_t *show_json(const struct options *options, const struct finding *finding,
                         const struct spans *spans)
{
    struct report report = finding_report(finding);
    json_t *object = output_schema("show"), *threads = json_array();
    for (uint32_t i = 0; i < engine_thread_count(); i++)
        json_array_append_new(threads, json_string(engine_thread_name(i)));
    json_t *rest = json_pack(
        "{s:o, s:s, s:b, s:o, s:o, s:o}", "file", output_text(options->path), "subject",
        finding->reproducer.subject->name, "reproduced",
        (int)reproducer_matches(&finding->reproducer, &finding->outcome), "threads", threads,
        "events", story_json(&finding->outcome, spans), "finding", report_json(&report));
    output_add(object, rest);
    return object;
}

static int write_page(const struct options *options, const struct finding *finding)
{
    size_t size;
    json_t *data = page_data(finding, options->source);
    char *html = page_html(data, &size);
    int error = file_write(options->html, html, size) ? 0 : errno;
    free(html);
    json_decref(data);
    if (error != 0) {
        fprintf(stderr, "wedge: cannot write %s: %s\n", options->html, strerror(error));
        return EXIT_BROKEN;
    }
    return EXIT_CLEAN;
}

static int show_file(const struct options *options)
{
    static struct finding finding;
    struct spans spans = { .open = { NULL, 0, 0 } };
    struct reproducer_error error;
    if (!reproducer_read(&finding.reproducer, options->path, &error)) {
        output_bad_input(options->path, error.line, error.text);
        return EXIT_USAGE;
    }
    snprintf(finding.path, sizeof finding.path, "%s", options->path);
    finding_replay(&finding);
    if (options->html != NULL)
        return write_page(options, &finding);
    spans_run(&spans, &finding.reproducer);
    if (options->json)
        output_json(show_json(options, &finding, &spans));
    else
        print_story(options, &finding, &spans);
    spans_free(&spans);
    return EXIT_CLEAN;
}

static const struct argp_option option_rows[] = {
    { "full", 'f', NULL, 0, "every step, nothing folded away", 0 },
    { "html", 'h', "OUT", 0, "write a page for a browser to the file OUT instead", 0 },
    { "source", 'S', "DIR", 0, "with --html: look for source files in DIR first", 0 },
    { "json", 'J', NULL, 0, "one JSON line", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'f':
        to->full = true;
        return 0;
    case 'h':
        to->html = text;
        return 0;
    case 'S':
        to->source = text;
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argument_file(state, text, &to->path);
        return 0;
    case ARGP_KEY_END:
        argument_file(state, NULL, &to->path);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "FILE",
    "Replays a reproducer and tells what happened: one row per step, one column per thread, "
    "virtual time at the left, the steps of the cycle marked with *, the cycle in words at the "
    "end. As wide as the terminal, or as COLUMNS says.\v"
    "examples:\n"
    "  wedge show deadlock-3f9a1c7e.repro\n"
    "  wedge show --full deadlock-3f9a1c7e.repro | less\n"
    "  wedge show deadlock-3f9a1c7e.repro --html deadlock.html",
    NULL, NULL, NULL
};

int command_show(int argc, char **argv)
{
    static struct options options;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return show_file(&options);
}
