/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge list`: what there is to hunt, with what, and the words of reproducers. */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/engine/engine.h"
#include "core/engine/exhaustive.h"
#include "fuzz/subjects.h"
#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/output.h"

struct options {
    const struct wedge_subject *subject;
    bool json;
};

/* --- bugs: corpus/bugs/SLUG/about.md, whose first line is "# SLUG: title" --- */

/* The catalogue of the source tree that this program was built in, or else that we stand in. */
static DIR *open_bugs(char path[PATH_MAX])
{
    char place[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", place, sizeof place - 1);
    place[length > 0 ? length : 0] = '\0';
    for (char *slash; (slash = strrchr(place, '/')) != NULL;) {
        *slash = '\0';
        DIR *folder = NULL;
        if (snprintf(path, PATH_MAX, "%s/corpus/bugs", place) < PATH_MAX)
            folder = opendir(path);
        if (folder != NULL)
            return folder;
    }
    snprintf(path, PATH_MAX, "corpus/bugs");
    return opendir(path);
}

static void bug_title(const char *folder, const char *slug, char title[128])
{
    enum { ABOUT_SIZE_MAX = 1 << 16 };
    char path[PATH_MAX];
    size_t size = 0;
    char *text = NULL;
    if (snprintf(path, sizeof path, "%s/%s/about.md", folder, slug) < (int)sizeof path)
        text = file_read(path, ABOUT_SIZE_MAX, &size);
    size_t start = 0;
    while (start < size && (text[start] == '#' || text[start] == ' '))
        start++;
    size_t slug_length = strlen(slug);
    if (size - start > slug_length + 2 && memcmp(text + start, slug, slug_length) == 0)
        start += slug_length + strlen(": ");
    size_t length = 0;
    while (start + length < size && text[start + length] != '\n' && length < 127)
        length++;
    if (length > 0)
        memcpy(title, text + start, length);
    title[length] = '\0';
    free(text);
}

static void print_line(const struct options *options, const char *kind, const char *name,
                       const char *about)
{
    if (!options->json) {
        printf("  %-20s %s\n", name, about);
        return;
    }
    json_t *object = output_schema("list");
    json_object_set_new(object, "kind", json_string(kind));
    json_object_set_new(object, "name", json_string(name));
    json_object_set_new(object, "about", json_string(about));
    output_json(object);
}

static void heading(const struct options *options, const char *text)
{
    static bool before;
    if (!options->json)
        printf("%s%s\n", before ? "\n" : "", text);
    before = true;
}

static int is_slug(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void list_bugs(const struct options *options)
{
    char path[PATH_MAX];
    DIR *folder = open_bugs(path);
    if (folder == NULL)
        return;
    closedir(folder);
    struct dirent **entries;
    int count = scandir(path, &entries, is_slug, alphasort);
    if (count > 0)
        heading(options, "bugs (out/bugs/NAME/wedge has it put back)");
    for (int i = 0; i < count; i++) {
        char title[128];
        bug_title(path, entries[i]->d_name, title);
        print_line(options, "bug", entries[i]->d_name, title);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* --- one subject --- */

static void list_argument(const struct subject_argument *argument)
{
    if (argument->minimum == argument->maximum)
        printf(" %s%" PRId64, argument->prefix, argument->minimum);
    else
        printf(" %s%" PRId64 "..%s%" PRId64, argument->prefix, argument->minimum, argument->prefix,
               argument->maximum);
}

static void list_words(const struct wedge_subject *subject)
{
    printf("%s: %s\n\nconfig\n", subject->name, subject->about);
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        const struct subject_setting *setting = &subject->settings[i];
        printf("  %s=%" PRId64 "..%" PRId64 ", %" PRId64 " unless said: %s\n", setting->name,
               setting->minimum, setting->maximum, setting->standard, setting->about);
    }
    printf("\nprogram: actors\n");
    for (uint32_t i = 0; i < subject->actor_count; i++)
        printf("  %c%u..%c%u  %s\n", subject->actors[i].kind, subject->actors[i].minimum,
               subject->actors[i].kind, subject->actors[i].maximum, subject->actors[i].about);
    printf("\nprogram: what they do\n");
    for (uint32_t i = 0; i < subject->verb_count; i++) {
        const struct subject_verb *verb = &subject->verbs[i];
        printf("  [%s] %s", verb->actors, verb->name);
        for (uint32_t j = 0; j < verb->argument_count; j++)
            list_argument(&verb->arguments[j]);
        putchar('\n');
    }
    printf("\nfaults that can happen\n ");
    for (uint32_t i = 0; i < FAULT_COUNT; i++)
        if (subject->faults >> i & 1)
            printf(" %s", fault_name(i));
    putchar('\n');
}

static json_t *settings_json(const struct wedge_subject *subject)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        const struct subject_setting *setting = &subject->settings[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:I}", "name", setting->name,
                                              "about", setting->about, "minimum",
                                              (json_int_t)setting->minimum, "maximum",
                                              (json_int_t)setting->maximum, "standard",
                                              (json_int_t)setting->standard));
    }
    return list;
}

static json_t *actors_json(const struct wedge_subject *subject)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < subject->actor_count; i++) {
        const struct subject_actor *actor = &subject->actors[i];
        json_array_append_new(list, json_pack("{s:s#, s:i, s:i, s:s}", "kind", &actor->kind, 1,
                                              "minimum", actor->minimum, "maximum", actor->maximum,
                                              "about", actor->about));
    }
    return list;
}

static json_t *verb_json(const struct subject_verb *verb)
{
    json_t *arguments = json_array();
    for (uint32_t i = 0; i < verb->argument_count; i++)
        json_array_append_new(arguments, json_pack("{s:s, s:I, s:I}", "prefix",
                                                   verb->arguments[i].prefix, "minimum",
                                                   (json_int_t)verb->arguments[i].minimum,
                                                   "maximum",
                                                   (json_int_t)verb->arguments[i].maximum));
    return json_pack("{s:s, s:s, s:o}", "name", verb->name, "actors", verb->actors, "arguments",
                     arguments);
}

static void words_json(const struct wedge_subject *subject)
{
    json_t *object = output_schema("subject"), *verbs = json_array(), *faults = json_array();
    for (uint32_t i = 0; i < subject->verb_count; i++)
        json_array_append_new(verbs, verb_json(&subject->verbs[i]));
    for (uint32_t i = 0; i < FAULT_COUNT; i++)
        if (subject->faults >> i & 1)
            json_array_append_new(faults, json_string(fault_name(i)));
    json_t *rest = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", subject->name, "about",
                             subject->about, "settings", settings_json(subject), "actors",
                             actors_json(subject), "verbs", verbs, "faults", faults);
    output_add(object, rest);
    output_json(object);
}

/* --- everything --- */

static void list_all(const struct options *options)
{
    heading(options, "subjects (more: wedge list SUBJECT)");
    for (uint32_t i = 0; i < subject_count(); i++)
        print_line(options, "subject", subject_at(i)->name, subject_at(i)->about);
    list_bugs(options);
    heading(options, "strategies");
    for (uint32_t i = 0; i < strategy_count(); i++)
        print_line(options, "strategy", strategy_at(i)->name, strategy_at(i)->about);
    print_line(options, "strategy", EXHAUSTIVE_NAME, EXHAUSTIVE_ABOUT);
    heading(options, "faults");
    for (uint32_t i = 0; i < FAULT_COUNT; i++)
        print_line(options, "fault", fault_name(i), fault_about(i));
    heading(options, "verdicts");
    for (uint32_t i = 0; i < VERDICT_COUNT; i++)
        print_line(options, "verdict", verdict_name(i), verdict_about(i));
}

static const struct argp_option option_rows[] = {
    { "json", 'J', NULL, 0, "JSON lines", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        to->subject = subject_find(text);
        if (to->subject == NULL || state->arg_num > 0)
            argp_error(state, "no subject '%s' (see: wedge list)", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "[SUBJECT]",
    "Lists subjects, bugs, strategies, faults and verdicts; or the words of one subject, for "
    "reading and writing reproducers.\v"
    "examples:\n"
    "  wedge list\n"
    "  wedge list timers\n"
    "  wedge list --json",
    NULL, NULL, NULL
};

int command_list(int argc, char **argv)
{
    static struct options options;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (options.subject == NULL)
        list_all(&options);
    else if (options.json)
        words_json(options.subject);
    else
        list_words(options.subject);
    return EXIT_CLEAN;
}
