/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/argument.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/plan.h"

uint64_t argument_number(struct argp_state *state, const char *option, const char *text,
                         uint64_t minimum, uint64_t maximum)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < minimum ||
        value > maximum)
        argp_error(state, "%s: expected a number from %" PRIu64 " to %" PRIu64 ", found \"%s\"",
                   option, minimum, maximum, text);
    return value;
}

double argument_seconds(struct argp_state *state, const char *option, const char *text)
{
    static const double most = 1e9;
    char *end;
    double value = strtod(text, &end);
    if (!(isdigit((unsigned char)text[0]) || text[0] == '.') || *end != '\0' || !(value > 0) ||
        !(value <= most))
        argp_error(state, "%s: expected seconds, more than 0, found \"%s\"", option, text);
    return value;
}

void argument_file(struct argp_state *state, const char *text, const char **path)
{
    if (text != NULL && *path != NULL)
        argp_error(state, "one FILE at a time, found '%s', too", text);
    if (text != NULL)
        *path = text;
    if (*path == NULL)
        argp_error(state, "which FILE?");
}

void argument_settings(struct argp_state *state, const struct wedge_subject *subject,
                       const char *text, struct fixed_settings *settings)
{
    char wrong[256];
    if (!settings_read(settings, subject, text, wrong, sizeof wrong))
        argp_error(state, "%s", wrong);
}

static void add_faults(struct argp_state *state, const char *word, uint32_t *mask)
{
    enum fault_kind kind;
    if (strcmp(word, "all") == 0)
        *mask = FAULTS_ALL;
    else if (strcmp(word, "none") == 0)
        *mask = 0;
    else if (word[0] == '-' && fault_find(word + 1, &kind))
        *mask &= ~(1u << kind);
    else if (fault_find(word, &kind))
        *mask |= 1u << kind;
    else
        argp_error(state, "--faults: expected all, none or names of faults (see: wedge list), "
                          "found \"%s\"", word);
}

uint32_t argument_faults(struct argp_state *state, const char *text)
{
    uint32_t mask = text[0] == '-' ? FAULTS_ALL : 0;
    char *copy = strdup(text), *rest = copy, *word;
    if (copy == NULL)
        argp_failure(state, 3, errno, "--faults");
    while ((word = strsep(&rest, ",")) != NULL)
        add_faults(state, word, &mask);
    free(copy);
    return mask;
}
