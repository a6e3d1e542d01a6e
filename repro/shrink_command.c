/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge shrink`. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/base/signal.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/finding/finding.h"
#include "repro/reproducer/cost.h"
#include "repro/shrink/shrink.h"

struct options {
    const char *path;
    char output[PATH_MAX];
    uint32_t runs_max;
    bool json;
};

/* x.repro -> x.min.repro: the original stays. */
static bool standard_output(const char *path, char output[PATH_MAX])
{
    size_t length = strlen(path);
    const char *end = path + length;
    if (length > 6 && strcmp(end - 6, ".repro") == 0)
        length -= 6;
    return snprintf(output, PATH_MAX, "%.*s.min.repro", (int)length, path) < PATH_MAX;
}

struct size {
    uint32_t actors, operations, faults, switches;
};

static struct size size_of(const struct plan *plan)
{
    return (struct size){ cost_actors(plan), plan->operation_count, plan->fault_count,
                          cost_switches(plan) };
}

static void print_row(const char *what, uint32_t before, uint32_t after)
{
    printf("  %-17s %6" PRIu32 " -> %" PRIu32 "\n", what, before, after);
}

static void print_result(const struct options *options, const struct size *before,
                         const struct size *after, const struct shrink_result *result)
{
    print_row("actors", before->actors, after->actors);
    print_row("operations", before->operations, after->operations);
    print_row("faults", before->faults, after->faults);
    print_row("context switches", before->switches, after->switches);
    printf("%s; shown in %" PRIu32 " of %d replays\n",
           result->minimal ? "1-minimal: without any one of these it is not shown"
           : result->stopped ? "interrupted: not 1-minimal, the best so far"
                             : "not 1-minimal: --runs came first",
           result->shown, SHRINK_VERIFY_RUNS);
    printf("written to %s\n", options->output);
}

static json_t *size_json(const struct size *size)
{
    return json_pack("{s:i, s:i, s:i, s:i}", "actors", (int)size->actors, "operations",
                     (int)size->operations, "faults", (int)size->faults, "switches",
                     (int)size->switches);
}

static void print_json(const struct options *options, const struct reproducer *reproducer,
                       const struct size *before, const struct size *after,
                       const struct shrink_result *result)
{
    json_t *object = output_schema("shrink");
    json_t *rest = json_pack("{s:o, s:s, s:s, s:o, s:o, s:b, s:i, s:i, s:i, s:b, s:o}", "file",
                             output_text(options->path), "verdict", verdict_name(reproducer->verdict),
                             "signature", reproducer->hash, "before", size_json(before), "after",
                             size_json(after), "minimal", (int)result->minimal, "shown",
                             (int)result->shown, "tries", SHRINK_VERIFY_RUNS, "runs",
                             (int)result->runs, "interrupted",
                             (int)result->stopped, "reproducer",
                             output_text(options->output));
    output_add(object, rest);
    output_json(object);
}

static int not_shown(const struct options *options, struct finding *finding)
{
    finding_replay(finding);
    fprintf(stderr, "%s: nothing to shrink: not reproduced: %s\n", options->path,
            finding->outcome.message);
    return EXIT_UNTESTED;
}

static void on_interrupt(int number)
{
    (void)number;
    shrink_stop();
}

static int shrink_file(const struct options *options)
{
    static struct finding finding;
    struct reproducer *reproducer = &finding.reproducer;
    struct reproducer_error error;
    if (!reproducer_read(reproducer, options->path, &error)) {
        output_bad_input(options->path, error.line, error.text);
        return EXIT_USAGE;
    }
    struct size before = size_of(&reproducer->plan);
    struct shrink_result result;
    if (reproducer->verdict == VERDICT_OK) {
        fprintf(stderr, "%s: nothing to shrink: it expects ok\n", options->path);
        return EXIT_UNTESTED;
    }
    signal_take(SIGINT, on_interrupt, SA_RESTART);
    signal_take(SIGTERM, on_interrupt, SA_RESTART);
    reproducer_print_stand_ins(stderr, reproducer, options->path);
    if (!shrink(reproducer, options->runs_max, FAULTS_ALL, &result))
        return not_shown(options, &finding);
    if (result.shown < SHRINK_VERIFY_RUNS) {
        fprintf(stderr, "%s: shown in only %" PRIu32 " of %d replays; left as it is\n",
                options->path, result.shown, SHRINK_VERIFY_RUNS);
        return EXIT_BROKEN;
    }
    finding_replay(&finding); /* for the text of the signature */
    if (!reproducer_write(reproducer, options->output, finding.outcome.signature)) {
        fprintf(stderr, "wedge: cannot write %s: %s\n", options->output, strerror(errno));
        return EXIT_BROKEN;
    }
    struct size after = size_of(&reproducer->plan);
    if (options->json)
        print_json(options, reproducer, &before, &after, &result);
    else
        print_result(options, &before, &after, &result);
    return EXIT_CLEAN;
}

static const struct argp_option option_rows[] = {
    { "output", 'o', "OUT", 0, "where to write it; x.repro goes to x.min.repro", 0 },
    { "runs", 'r', "N", 0, "how many runs to spend at most; 150000", 0 },
    { "json", 'J', NULL, 0, "one JSON line", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'o':
        if ((size_t)snprintf(to->output, sizeof to->output, "%s", text) >= sizeof to->output)
            argp_error(state, "--output: the name is too long");
        return 0;
    case 'r':
        to->runs_max = (uint32_t)argument_number(state, "--runs", text, 1, 1000000000);
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argument_file(state, text, &to->path);
        return 0;
    case ARGP_KEY_END:
        argument_file(state, NULL, &to->path);
        if (to->output[0] == '\0' && !standard_output(to->path, to->output))
            argp_error(state, "the name of the file is too long");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "FILE",
    "Makes a reproducer as small as it can: fewest actors, operations, faults and context "
    "switches, with the same signature. What it writes was replayed 20 times. The original stays. "
    "Interrupted, it writes the best so far.\v"
    "examples:\n"
    "  wedge shrink deadlock-3f9a1c7e.repro\n"
    "  wedge shrink long.repro -o short.repro",
    NULL, NULL, NULL
};

int command_shrink(int argc, char **argv)
{
    static struct options options = { .runs_max = SHRINK_RUNS_STANDARD };
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return shrink_file(&options);
}
