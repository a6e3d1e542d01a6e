/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge corpus min`: runs every file of a corpus once, and writes down those that are worth
 * keeping. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/folder.h"
#include "repro/base/jobs.h"
#include "repro/base/output.h"
#include "repro/base/whole_folder.h"
#include "repro/corpus/corpus.h"
#include "repro/corpus/corpus_choice.h"

struct options {
    uint32_t jobs;
    bool json;
    const struct wedge_subject *subject; /* of inputs in folders that do not say */
    char **inputs;
    int input_count;
    const char *output;
};

struct min {
    struct options options;
    struct folder_files files;
    struct corpus_item *items;
    struct corpus_features *features;
    int *died;
    uint32_t dead;
    struct corpus_choice choice;
    struct whole_folder folder;
};

/* --- in a child process --- */

/* The folder nearest to the file that has the name of a subject, from the one on that was asked
 * for. */
static const struct wedge_subject *subject_of(const struct folder_file *file)
{
    const struct wedge_subject *subject = NULL;
    char name[NAME_MAX + 1];
    const char *at = file->path + file->root;
    for (const char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(slash - at), at);
        const struct wedge_subject *found = subject_find(name);
        subject = found != NULL ? found : subject;
    }
    return subject;
}

static void fill_item(void *context, uint32_t number, void *result)
{
    const struct min *min = context;
    const struct folder_file *file = &min->files.list.items[number];
    const struct wedge_subject *subject = subject_of(file);
    corpus_item_fill(result, file->path, subject != NULL ? subject : min->options.subject,
                     min->features);
}

/* --- writing --- */

static bool write_item(struct min *min, const struct corpus_kept *kept, const char *text,
                       size_t size)
{
    char name[PATH_MAX];
    const char *place = corpus_place_name(kept->place);
    if (kept->place == CORPUS_ASIDE)
        snprintf(name, sizeof name, "%s/%s", place, kept->name);
    else
        snprintf(name, sizeof name, "%s/%s/%s", place, min->items[kept->item].subject->name,
                 kept->name);
    return whole_folder_write(&min->folder, name, text, size);
}

/* A finding of which there is no reproducer that says so: it is made from the run. If that is too
 * long, what there is is kept. */
static bool write_made(struct min *min, struct corpus_kept *kept, const char *bytes, size_t size)
{
    static struct reproducer reproducer;
    char note[CORPUS_NOTE_MAX];
    if (!corpus_item_reproducer(&min->items[kept->item], &kept->signature, bytes, &reproducer,
                                note)) {
        if (min->items[kept->item].form == CORPUS_BYTES)
            kept->name[strlen(kept->name) - strlen(".repro")] = '\0';
        return write_item(min, kept, bytes, size);
    }
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    check(out != NULL);
    reproducer_print(out, &reproducer, note);
    check(fclose(out) == 0);
    bool done = write_item(min, kept, text, length);
    int error = errno;
    free(text);
    errno = error;
    return done;
}

static bool write_kept(struct min *min, struct corpus_kept *kept)
{
    size_t size;
    const struct corpus_item *item = &min->items[kept->item];
    char *bytes = file_read(min->files.list.items[kept->item].path, REPRODUCER_SIZE_MAX, &size);
    if (bytes == NULL)
        return false;
    bool done;
    if (kept->place == CORPUS_FINDINGS && !corpus_item_is_true(item, &kept->signature))
        done = write_made(min, kept, bytes, size);
    else
        done = write_item(min, kept, bytes, size);
    int error = errno;
    free(bytes);
    errno = error;
    return done;
}

static bool write_all(struct min *min)
{
    const char *output = min->options.output;
    if (!whole_folder_begin(&min->folder, output)) {
        fprintf(stderr, "wedge: cannot write %s: %s\n", output, strerror(errno));
        return false;
    }
    for (uint32_t i = 0; i < min->choice.kept.count; i++) {
        struct corpus_kept *kept = &min->choice.kept.items[i];
        if (write_kept(min, kept))
            continue;
        fprintf(stderr, "wedge: cannot write %s (%s): %s\n", output,
                min->files.list.items[kept->item].path, strerror(errno));
        whole_folder_abandon(&min->folder);
        return false;
    }
    if (whole_folder_end(&min->folder))
        return true;
    fprintf(stderr, "wedge: cannot write %s: %s\n", output, strerror(errno));
    return false;
}

/* --- saying so --- */

static uint32_t kept_count(const struct min *min, enum corpus_place place)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < min->choice.kept.count; i++)
        count += min->choice.kept.items[i].place == place;
    return count;
}

/* Which files are neither, and why. */
static void tell_aside(const struct min *min)
{
    enum { TOLD_MAX = 20 };
    uint32_t told = 0;
    for (uint32_t i = 0; i < min->files.list.count; i++) {
        if (min->items[i].form != CORPUS_NEITHER)
            continue;
        if (told++ < TOLD_MAX)
            fprintf(stderr, "%s: %s\n", min->files.list.items[i].path, min->items[i].note);
    }
    if (told > TOLD_MAX)
        fprintf(stderr, "... and %" PRIu32 " more that are neither reproducers nor inputs\n",
                told - TOLD_MAX);
}

static void print_text(const struct min *min)
{
    const struct corpus_choice *choice = &min->choice;
    printf("%" PRIu32 " files\n", min->files.list.count);
    for (uint32_t place = 0; place < CORPUS_PLACES; place++) {
        if (choice->seen[place] == 0)
            continue;
        printf("  %-8s  %6" PRIu32 " of %6" PRIu32, corpus_place_name(place),
               kept_count(min, place), choice->seen[place]);
        if (choice->feature_count[place] > 0)
            printf("  with all %" PRIu32 " features of these", choice->feature_count[place]);
        putchar('\n');
    }
    for (uint32_t i = 0; i < choice->kept.count; i++) {
        const struct corpus_kept *kept = &choice->kept.items[i];
        if (kept->place != CORPUS_FINDINGS)
            continue;
        printf("%s %s in %s: %s/findings/%s/%s", verdict_name(kept->signature.verdict),
               kept->signature.hash, min->items[kept->item].subject->name, min->options.output,
               min->items[kept->item].subject->name, kept->name);
        if (kept->shown_by > 1)
            printf("; %" PRIu32 " more show%s the same", kept->shown_by - 1,
                   kept->shown_by == 2 ? "s" : "");
        putchar('\n');
    }
    printf("written to %s\n", min->options.output);
}

static json_t *places_json(const struct min *min)
{
    json_t *places = json_object();
    for (uint32_t place = 0; place < CORPUS_PLACES; place++)
        json_object_set_new(places, corpus_place_name(place),
                            json_pack("{s:i, s:i, s:i}", "read", (int)min->choice.seen[place],
                                      "kept", (int)kept_count(min, place), "features",
                                      (int)min->choice.feature_count[place]));
    return places;
}

static void print_json(const struct min *min)
{
    json_t *findings = json_array();
    for (uint32_t i = 0; i < min->choice.kept.count; i++) {
        const struct corpus_kept *kept = &min->choice.kept.items[i];
        if (kept->place == CORPUS_FINDINGS)
            json_array_append_new(
                findings, json_pack("{s:s, s:s, s:s, s:s, s:i}", "subject",
                                    min->items[kept->item].subject->name, "verdict",
                                    verdict_name(kept->signature.verdict), "signature",
                                    kept->signature.hash, "name", kept->name, "count",
                                    (int)kept->shown_by));
    }
    json_t *object = output_schema("corpus-min");
    output_add(object, json_pack("{s:o, s:i, s:o, s:o}", "output",
                                 output_text(min->options.output), "files", (int)min->files.list.count, "places", places_json(min),
                                 "findings", findings));
    output_json(object);
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "subject", 's', "NAME", 0, "whose inputs they are, where no folder has its name", 0 },
    { "jobs", 'j', "N", 0, "how many processes; as many as there are processors", 0 },
    { "json", 'J', NULL, 0, "one JSON line", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 's':
        to->subject = subject_find(text);
        if (to->subject == NULL)
            argp_error(state, "no subject '%s' (see: wedge list)", text);
        return 0;
    case 'j':
        to->jobs = (uint32_t)argument_number(state, "--jobs", text, 1, JOBS_MAX);
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARGS:
        to->inputs = state->argv + state->next;
        to->input_count = state->argc - state->next - 1;
        to->output = state->argv[state->argc - 1];
        if (to->input_count == 0)
            argp_error(state, "from where, and where to? IN OUT");
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "from where, and where to? IN OUT");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "IN... OUT",
    "Runs every file below IN once and copies to OUT, a new folder, what is worth keeping: few "
    "files with the same coverage, and the smallest reproducer of each finding, apart. What is "
    "neither a reproducer nor an input is told and put aside. IN stays as it is. The same files "
    "give the same result, and the result gives itself.\v"
    "In OUT: inputs/SUBJECT for libFuzzer, runs/SUBJECT (reproducers that show nothing), "
    "findings/SUBJECT, quiet/SUBJECT (what is promised and no longer shown), aside.\n\n"
    "examples:\n"
    "  wedge corpus min collected small\n"
    "  wedge corpus min --subject timers corpus-1 corpus-2 crashes merged",
    NULL, NULL, NULL
};

static bool list_files(struct min *min)
{
    for (int i = 0; i < min->options.input_count; i++) {
        char *path = min->options.inputs[i];
        if (access(path, R_OK) != 0) {
            output_bad_input(path, 1, "expected a folder or a file, found none that can be read");
            return false;
        }
        check(folder_add(&min->files, path, folder_is_visible));
    }
    if (whole_folder_is_free(min->options.output))
        return true;
    fprintf(stderr, "%s: expected a new or an empty folder, found something there\n",
            min->options.output);
    return false;
}

static bool run_all(struct min *min)
{
    uint32_t count = min->files.list.count;
    min->items = jobs_share(count * sizeof *min->items);
    min->features = jobs_share(corpus_features_size(count));
    min->died = calloc(count + 1, sizeof *min->died);
    check(min->died != NULL);
    struct jobs jobs = { .count = count, .processes = min->options.jobs, .what = "corpus min",
                         .work = fill_item, .context = min, .results = min->items,
                         .result_size = sizeof *min->items };
    if (min->items == NULL || min->features == NULL || !jobs_run(&jobs, min->died)) {
        perror("wedge: corpus min");
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        if (min->died[i] != 0) {
            min->items[i] = (struct corpus_item){ .form = CORPUS_NEITHER };
            snprintf(min->items[i].note, CORPUS_NOTE_MAX, "the process that ran it died (%d)",
                     min->died[i]);
            min->dead++;
        }
    return true;
}

static void choose(struct min *min)
{
    uint32_t count = min->files.list.count;
    const char **paths = calloc(count + 1, sizeof *paths);
    check(paths != NULL);
    for (uint32_t i = 0; i < count; i++)
        paths[i] = min->files.list.items[i].path;
    min->choice = (struct corpus_choice){ .items = min->items, .paths = paths,
                                          .features = min->features, .count = count };
    check(corpus_choose(&min->choice));
}

static bool is_anything_run(const struct min *min)
{
    for (uint32_t i = 0; i < min->files.list.count; i++)
        if (min->items[i].form != CORPUS_NEITHER)
            return site_count() > 0;
    return false;
}

int corpus_min(int argc, char **argv)
{
    static struct min min;
    min.options.jobs = jobs_standard();
    argp_parse(&argp, argc, argv, 0, NULL, &min.options);
    if (!list_files(&min))
        return EXIT_USAGE;
    if (!run_all(&min))
        return EXIT_BROKEN;
    tell_aside(&min);
    if (!is_anything_run(&min)) {
        fputs("wedge: nothing was tested: there is neither a reproducer nor an input\n", stderr);
        return EXIT_UNTESTED;
    }
    choose(&min);
    if (!write_all(&min))
        return EXIT_BROKEN;
    if (min.options.json)
        print_json(&min);
    else
        print_text(&min);
    return min.dead > 0 ? EXIT_BROKEN : EXIT_CLEAN;
}
