/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser. The first error ends it, so `error` is written once. Nothing that is quoted in an
 * error can break a terminal: a line with bytes other than printable ASCII is an error itself (in
 * comments, UTF-8 passes).
 */
#include "repro/reproducer/reproducer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "fuzz/subjects.h"
#include "repro/base/file.h"
#include "repro/reproducer/reproducer_words.h"

/* --- head --- */

static bool keyword_take(struct parser *parser, const char *keyword)
{
    char word[WORD_MAX];
    const char *start = word_take(parser, word);
    if (strcmp(word, keyword) != 0)
        return fail(parser, start, "\"%s\"", keyword);
    return space_take(parser, "its value");
}

static bool parse_version(struct parser *parser)
{
    if (!line_next(parser))
        return false;
    if (strcmp(parser->text, "wedge 1") != 0)
        return fail(parser, parser->text, "\"wedge 1\", the version that this build reads");
    return true;
}

static bool parse_subject(struct parser *parser)
{
    char name[WORD_MAX];
    if (!line_next(parser) || !keyword_take(parser, "subject"))
        return false;
    const char *start = word_take(parser, name);
    parser->reproducer->subject = subject_find(name);
    if (parser->reproducer->subject == NULL)
        return fail(parser, start, "a subject of this build (see: wedge list)");
    subject_standard_settings(parser->reproducer->subject, &parser->reproducer->plan);
    return line_end(parser);
}

static bool hash_check(const char *hash)
{
    return strlen(hash) == 8 && strspn(hash, "0123456789abcdef") == 8;
}

static bool parse_expect(struct parser *parser)
{
    char word[WORD_MAX];
    if (!line_next(parser) || !keyword_take(parser, "expect"))
        return false;
    const char *start = word_take(parser, word);
    enum verdict verdict;
    if (!verdict_find(word, &verdict) || (verdict != VERDICT_OK && !verdict_is_finding(verdict)))
        return fail(parser, start, "a verdict that is a finding, or ok (see: wedge list)");
    parser->reproducer->verdict = verdict;
    if (verdict == VERDICT_OK)
        return line_end(parser);
    if (!space_take(parser, "the hash of the signature"))
        return false;
    start = word_take(parser, word);
    if (!hash_check(word))
        return fail(parser, start, "the hash of the signature, 8 digits of 0-9a-f");
    memcpy(parser->reproducer->hash, word, sizeof parser->reproducer->hash);
    return line_end(parser);
}

/* --- config --- */

static bool parse_setting(struct parser *parser, uint32_t *seen)
{
    const struct wedge_subject *subject = parser->reproducer->subject;
    char *start = parser->cursor;
    size_t length = strcspn(start, "= ");
    uint32_t index = 0;
    while (index < subject->setting_count &&
           (strlen(subject->settings[index].name) != length ||
            strncmp(subject->settings[index].name, start, length) != 0))
        index++;
    if (index == subject->setting_count || start[length] != '=')
        return fail(parser, start, "NAME=VALUE with a setting of subject %s (see: wedge list %s)",
                    subject->name, subject->name);
    if (*seen & 1u << index)
        return fail(parser, start, "each setting once");
    *seen |= 1u << index;
    parser->cursor += length + 1;
    const struct subject_setting *setting = &subject->settings[index];
    return numbered_take(parser, "", setting->minimum, setting->maximum,
                         &parser->reproducer->plan.settings[index]);
}

/* Leaves the line after it in `text`. */
static bool parse_config(struct parser *parser)
{
    uint32_t seen = 0;
    if (!line_next(parser))
        return false;
    while (strncmp(parser->text, "config", 6) == 0) {
        parser->cursor += 6;
        do {
            if (!space_take(parser, "NAME=VALUE") || !parse_setting(parser, &seen))
                return false;
        } while (*parser->cursor != '\0');
        if (!line_next(parser))
            return false;
    }
    return true;
}

/* --- program --- */

static const struct subject_actor *actor_find(const struct wedge_subject *subject, char kind)
{
    for (uint32_t i = 0; i < subject->actor_count; i++)
        if (subject->actors[i].kind == kind)
            return &subject->actors[i];
    return NULL;
}

static bool parse_actor(struct parser *parser, struct plan_operation *operation)
{
    const struct wedge_subject *subject = parser->reproducer->subject;
    const struct subject_actor *actor = actor_find(subject, *parser->cursor);
    if (actor == NULL)
        return fail(parser, parser->cursor, "an actor of subject %s (see: wedge list %s)",
                    subject->name, subject->name);
    int64_t number;
    char prefix[2] = { actor->kind, '\0' };
    if (!numbered_take(parser, prefix, actor->minimum, actor->maximum, &number))
        return false;
    operation->actor_kind = actor->kind;
    operation->actor = (uint8_t)number;
    return true;
}

static bool parse_verb(struct parser *parser, struct plan_operation *operation)
{
    const struct wedge_subject *subject = parser->reproducer->subject;
    char word[WORD_MAX];
    const char *start = word_take(parser, word);
    uint32_t index = 0;
    while (index < subject->verb_count && strcmp(subject->verbs[index].name, word) != 0)
        index++;
    if (index == subject->verb_count)
        return fail(parser, start, "a verb of subject %s (see: wedge list %s)", subject->name,
                    subject->name);
    if (strchr(subject->verbs[index].actors, operation->actor_kind) == NULL)
        return fail(parser, start, "a verb that an actor \"%c\" has", operation->actor_kind);
    operation->verb = (uint8_t)index;
    return true;
}

static bool parse_operation(struct parser *parser)
{
    struct plan_operation operation = { 0 };
    if (!parse_actor(parser, &operation) || !space_take(parser, "a verb") ||
        !parse_verb(parser, &operation))
        return false;
    const struct subject_verb *verb = &parser->reproducer->subject->verbs[operation.verb];
    for (uint32_t i = 0; i < verb->argument_count; i++) {
        const struct subject_argument *argument = &verb->arguments[i];
        if (!space_take(parser, "an argument") ||
            !numbered_take(parser, argument->prefix, argument->minimum, argument->maximum,
                           &operation.arguments[i]))
            return false;
    }
    if (!line_end(parser))
        return false;
    return plan_add_operation(&parser->reproducer->plan, operation) ||
           fail_on(parser, "one more", "at most %d operations", PLAN_OPERATIONS_MAX);
}

/* --- faults --- */

static bool parse_agent(struct parser *parser, struct plan_fault *fault)
{
    char word[WORD_MAX];
    const char *start = word_take(parser, word);
    size_t length = strlen(word);
    if (length == 0 || length >= PLAN_AGENT_MAX)
        return fail(parser, start, "a task or thread (\"g1\", \"m0\"), at most %d letters",
                    PLAN_AGENT_MAX - 1);
    memcpy(fault->agent, word, length + 1);
    return true;
}

/* The point was named otherwise, or is no more; it is what is left of the line. */
static bool add_stand_in(struct parser *parser, const char *point, const struct plan_fault *fault)
{
    struct reproducer *reproducer = parser->reproducer;
    if (reproducer->stand_in_count == REPRODUCER_STAND_INS_MAX)
        return fail(parser, point, "a hook point of this build where %s can happen (%d others that "
                    "it lacks are named before)", fault_name(fault->kind),
                    REPRODUCER_STAND_INS_MAX);
    struct reproducer_stand_in *to = &reproducer->stand_ins[reproducer->stand_in_count++];
    to->line = parser->line;
    to->kind = fault->kind;
    to->left_out = fault->group == SITE_GROUP_NONE;
    to->fault = reproducer->plan.fault_count;
    snprintf(to->point, sizeof to->point, "%s", point);
    return true;
}

/* "function:object#": the object is an expression as written, so it may contain spaces; the
 * function may not contain a colon and what follows the last # is a number. */
static bool parse_point(struct parser *parser, struct plan_fault *fault)
{
    char *start = parser->cursor;
    char *colon = strchr(start, ':');
    char *mark = strrchr(start, '#');
    if (colon == NULL || mark == NULL || mark < colon)
        return fail(parser, start, "a hook point, function:object#ordinal");
    *colon = '\0';
    *mark = '\0';
    enum hook_kind kind = site_kind_of_fault(fault->kind);
    fault->group = site_group_find(start, colon + 1, kind);
    bool stands_in = fault->group == SITE_GROUP_NONE;
    if (stands_in)
        fault->group = site_group_stand_in(start, kind, 0);
    *colon = ':';
    if (stands_in && !add_stand_in(parser, start, fault))
        return false;
    *mark = '#';
    parser->cursor = mark;
    int64_t ordinal;
    if (!numbered_take(parser, "#", 1, UINT32_MAX, &ordinal))
        return false;
    fault->ordinal = (uint32_t)ordinal;
    return true;
}

static bool parse_fault(struct parser *parser)
{
    struct plan_fault fault = { 0 };
    char word[WORD_MAX];
    enum fault_kind kind;
    const char *start = word_take(parser, word);
    if (!fault_find(word, &kind) || kind >= FAULT_INJECTED_COUNT)
        return fail(parser, start, "a fault that can be injected (see: wedge list)");
    fault.kind = (uint8_t)kind;
    if (!space_take(parser, "a task or thread") || !parse_agent(parser, &fault) ||
        !space_take(parser, "\"at\""))
        return false;
    start = word_take(parser, word);
    if (strcmp(word, "at") != 0)
        return fail(parser, start, "\"at\"");
    if (!space_take(parser, "a hook point") || !parse_point(parser, &fault))
        return false;
    if (fault_is_sized(kind) &&
        (!space_take(parser, "how many ns") ||
         !numbered_take(parser, "+", kind == FAULT_WAIT ? 0 : 1, REPRODUCER_JUMP_MAX,
                        &fault.value)))
        return false;
    if (!line_end(parser))
        return false;
    if (fault.group == SITE_GROUP_NONE)
        return true; /* left out */
    return plan_add_fault(&parser->reproducer->plan, fault) ||
           fail_on(parser, "one more", "at most %d faults", PLAN_FAULTS_MAX);
}

/* --- schedule --- */

/* Threads are numbered in the order in which they start; the letters are for the reader. */
static bool parse_thread(struct parser *parser, int64_t *thread)
{
    char letters[PLAN_AGENT_MAX] = "m";
    size_t length = strspn(parser->cursor, "abcdefghijklmnopqrstuvwxyz_");
    if (length > 0 && length < sizeof letters) {
        memcpy(letters, parser->cursor, length);
        letters[length] = '\0';
    }
    return numbered_take(parser, letters, 0, ENGINE_THREADS_MAX - 1, thread);
}

static bool parse_segment(struct parser *parser)
{
    int64_t thread, steps;
    if (!parse_thread(parser, &thread) ||
        !space_take(parser, "a number of steps") ||
        !numbered_take(parser, "", 1, UINT32_MAX, &steps))
        return false;
    struct plan_segment segment = { .thread = (uint16_t)thread, .steps = (uint32_t)steps };
    segment.flows = strcmp(parser->cursor, " in all") == 0;
    if (segment.flows)
        parser->cursor += strlen(" in all");
    if (!line_end(parser))
        return false;
    return plan_add_segment(&parser->reproducer->plan, segment) ||
           fail_on(parser, "one more", "at most %d segments", PLAN_SEGMENTS_MAX);
}

/* The indented lines under a section's name; leaves the line after them in `text`. */
static bool parse_section(struct parser *parser, bool (*parse_line)(struct parser *parser))
{
    for (;;) {
        if (!line_next(parser))
            return false;
        if (parser->text[0] != ' ')
            return true;
        if (parser->text[1] != ' ' || parser->text[2] == ' ' || parser->text[2] == '\0')
            return fail_on(parser, "another indent", "two spaces and a word");
        parser->cursor = parser->text + 2;
        if (!parse_line(parser))
            return false;
    }
}

static bool parse_sections(struct parser *parser)
{
    if (strcmp(parser->text, "program") != 0)
        return fail(parser, parser->text, "\"program\" or \"config\"");
    if (!parse_section(parser, parse_operation))
        return false;
    bool faults = strcmp(parser->text, "faults") == 0;
    if (faults && !parse_section(parser, parse_fault))
        return false;
    if (strcmp(parser->text, "schedule") != 0)
        return fail(parser, parser->text, faults ? "\"schedule\" or a fault"
                                                 : "\"faults\", \"schedule\" or an operation");
    if (!parse_section(parser, parse_segment))
        return false;
    return parser->at_end || fail(parser, parser->text, "end of file or a segment");
}

bool reproducer_parse(struct reproducer *reproducer, const char *text, size_t size,
                      struct reproducer_error *error)
{
    struct parser parser = {
        .at = text, .end = text + size, .reproducer = reproducer, .error = error
    };
    reproducer->subject = NULL;
    reproducer->stand_in_count = 0;
    memset(reproducer->hash, 0, sizeof reproducer->hash);
    plan_clear(&reproducer->plan);
    return parse_version(&parser) && parse_subject(&parser) && parse_expect(&parser) &&
           parse_config(&parser) && parse_sections(&parser);
}

bool reproducer_read(struct reproducer *reproducer, const char *path,
                     struct reproducer_error *error)
{
    size_t size;
    char *text = file_read(path, REPRODUCER_SIZE_MAX, &size);
    if (text == NULL) {
        error->line = 1;
        snprintf(error->text, sizeof error->text, "expected a readable file, found an error: %s",
                 strerror(errno));
        return false;
    }
    bool done = reproducer_parse(reproducer, text, size, error);
    free(text);
    return done;
}
