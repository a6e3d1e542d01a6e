/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_INLINE_ALL
#include "repro/corpus/corpus_item.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/base/check.h"
#include "core/engine/coverage.h"
#include "core/engine/observer.h"
#include "fuzz/draft.h"
#include "fuzz/subjects.h"
#include "repro/base/file.h"
#include "repro/base/folder.h"
#include "repro/reproducer/heading.h"

size_t corpus_features_size(uint32_t items)
{
    return sizeof(struct corpus_features) + (size_t)items * COVERAGE_RUN_MAX * sizeof(uint16_t);
}

bool corpus_signature_is(const struct corpus_signature *a, const struct corpus_signature *b)
{
    return a->verdict == b->verdict && strcmp(a->hash, b->hash) == 0;
}

__attribute__((format(printf, 2, 3))) static void set_aside(struct corpus_item *item,
                                                           const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(item->note, sizeof item->note, format, arguments);
    va_end(arguments);
    item->form = CORPUS_NEITHER;
}

static void add_signature(struct corpus_item *item, const struct outcome *outcome)
{
    if (item->signature_count == CORPUS_SIGNATURES_MAX)
        return;
    struct corpus_signature *to = &item->signatures[item->signature_count++];
    to->verdict = outcome->verdict;
    memcpy(to->hash, outcome->signature_hash, sizeof to->hash);
}

static void take_features(struct corpus_item *item, struct corpus_features *features)
{
    static struct coverage coverage;
    coverage_of_run(&coverage);
    item->feature_count = coverage.count;
    item->features = atomic_fetch_add(&features->used, coverage.count);
    memcpy(&features->all[item->features], coverage.features,
           coverage.count * sizeof coverage.features[0]);
}

static uint32_t lines_of(const struct plan *plan)
{
    return plan->operation_count + plan->fault_count + plan->segment_count;
}

/* --- reproducers --- */

/* It may show another finding than it promises. */
static void run_reproducer(struct corpus_item *item, const struct reproducer *reproducer,
                           struct corpus_features *features)
{
    static struct outcome outcome;
    static struct plan done;
    struct engine_options options = { 0 };
    reproducer_run(reproducer, &reproducer->plan, strategy_replay(), &options, &outcome);
    item->lines = lines_of(&reproducer->plan);
    item->is_promised = reproducer->verdict != VERDICT_OK;
    item->promised.verdict = reproducer->verdict;
    memcpy(item->promised.hash, reproducer->hash, sizeof item->promised.hash);
    if (verdict_is_finding(outcome.verdict))
        add_signature(item, &outcome);
    else if (outcome.verdict != VERDICT_DIVERGED)
        take_features(item, features);
    else if (!item->is_promised)
        set_aside(item, "a run that does not fit this wedge: %s", outcome.message);
    if (item->signature_count > 0 && !corpus_item_is_true(item, &item->signatures[0]) &&
        engine_recorded(&done))
        item->lines = lines_of(&done);
}

static void fill_reproducer(struct corpus_item *item, const char *text,
                            struct corpus_features *features)
{
    static struct reproducer reproducer;
    struct reproducer_error error;
    struct heading heading;
    if (reproducer_parse(&reproducer, text, item->size, &error)) {
        item->form = CORPUS_TEXT;
        item->subject = reproducer.subject;
        run_reproducer(item, &reproducer, features);
    } else if (heading_parse(&heading, text, item->size) &&
               subject_find(heading.subject) == NULL) {
        set_aside(item, "a reproducer of '%s', a subject that this wedge does not have",
                  heading.subject);
    } else {
        set_aside(item, "line %" PRIu32 ": %s", error.line, error.text);
    }
}

/* --- inputs --- */

/* Returns what was learned from the run, which stands until the next one. */
static const struct lockgraph *run_input(const struct wedge_subject *subject, const char *bytes,
                                         size_t size, bool chains, struct outcome *outcome)
{
    static struct draft draft;
    struct strategy *strategy = draft_read(subject, (const uint8_t *)bytes, size, &draft);
    struct engine_options options = { .faults = subject->faults, .record_chains = chains };
    return observer_learn(subject, &draft.plan, strategy, &options, outcome);
}

static void fill_input(struct corpus_item *item, const char *bytes,
                       struct corpus_features *features)
{
    static struct outcome outcome, predicted;
    static struct plan done;
    const struct lockgraph *graph = run_input(item->subject, bytes, item->size, false, &outcome);
    item->form = CORPUS_BYTES;
    item->lines = engine_recorded(&done) ? lines_of(&done) : UINT32_MAX;
    if (verdict_is_finding(outcome.verdict))
        add_signature(item, &outcome);
    uint32_t count = outcome.verdict == VERDICT_OK ? lockgraph_prediction_count(graph) : 0;
    for (uint32_t i = 0; i < count; i++) {
        prediction_outcome(lockgraph_prediction(graph, i), &predicted);
        add_signature(item, &predicted);
    }
    if (item->signature_count == 0)
        take_features(item, features);
}

/* libFuzzer's own names: SHA-1, and a word before it. */
static bool is_fuzzers_name(const char *name)
{
    enum { SHA1_DIGITS = 40 };
    size_t length = strlen(name);
    return length >= SHA1_DIGITS &&
           strspn(name + length - SHA1_DIGITS, "0123456789abcdef") == SHA1_DIGITS;
}

/* Any bytes can be an input; but notes and tables that lie beside inputs are none. */
static bool is_prose(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == 0x7f || (byte < ' ' && byte != '\n' && byte != '\t' && byte != '\r'))
            return false;
    }
    return size > 0;
}

static void fill_other(struct corpus_item *item, const char *path, const char *bytes,
                       struct corpus_features *features)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    bool is_draft = draft_is_one((const uint8_t *)bytes, item->size);
    if (!is_draft && !is_fuzzers_name(name) && is_prose(bytes, item->size))
        set_aside(item, "text, and no reproducer");
    else if (item->subject == NULL)
        set_aside(item, "an input, of which subject? (--subject NAME, or a folder of that name)");
    else
        fill_input(item, bytes, features);
}

/* --- both --- */

void corpus_item_fill(struct corpus_item *item, const char *path,
                      const struct wedge_subject *subject, struct corpus_features *features)
{
    size_t size;
    char *bytes = file_read(path, REPRODUCER_SIZE_MAX, &size);
    *item = (struct corpus_item){ .form = CORPUS_NEITHER, .subject = subject };
    if (bytes == NULL) {
        set_aside(item, "cannot be read: %s", strerror(errno));
        return;
    }
    item->is_whole = true;
    item->size = size;
    item->content = XXH3_64bits(bytes, size);
    const char *slash = strrchr(path, '/');
    if (heading_is_there(bytes, size) || folder_is_reproducer(slash != NULL ? slash + 1 : path))
        fill_reproducer(item, bytes, features);
    else
        fill_other(item, path, bytes, features);
    free(bytes);
}

bool corpus_item_is_true(const struct corpus_item *item, const struct corpus_signature *signature)
{
    return item->form == CORPUS_TEXT && item->is_promised &&
           corpus_signature_is(&item->promised, signature);
}

/* Leaves in *outcome what that signature is of. False: the run does not show it. */
static bool show_again(const struct corpus_item *item, const char *bytes,
                       const struct corpus_signature *signature, struct outcome *outcome)
{
    static struct reproducer reproducer;
    struct reproducer_error error;
    struct engine_options options = { .record_chains = true };
    if (item->form == CORPUS_TEXT) {
        check(reproducer_parse(&reproducer, bytes, item->size, &error));
        reproducer_run(&reproducer, &reproducer.plan, strategy_replay(), &options, outcome);
    } else {
        const struct lockgraph *graph = run_input(item->subject, bytes, item->size, true, outcome);
        uint32_t count = lockgraph_prediction_count(graph);
        for (uint32_t i = 0; verdict_is_predicted(signature->verdict) && i < count; i++) {
            prediction_outcome(lockgraph_prediction(graph, i), outcome);
            if (strcmp(outcome->signature_hash, signature->hash) == 0)
                break;
        }
    }
    return outcome->verdict == signature->verdict &&
           strcmp(outcome->signature_hash, signature->hash) == 0;
}

bool corpus_item_reproducer(const struct corpus_item *item,
                            const struct corpus_signature *signature, const char *bytes,
                            struct reproducer *reproducer, char note[CORPUS_NOTE_MAX])
{
    static struct outcome outcome;
    struct engine_options options = { 0 };
    if (!show_again(item, bytes, signature, &outcome) || !engine_recorded(&reproducer->plan))
        return false;
    reproducer->subject = item->subject;
    reproducer->verdict = signature->verdict;
    memcpy(reproducer->hash, signature->hash, sizeof reproducer->hash);
    snprintf(note, CORPUS_NOTE_MAX, "%s", outcome.signature);
    reproducer_run(reproducer, &reproducer->plan, strategy_replay(), &options, &outcome);
    return reproducer_matches(reproducer, &outcome);
}
