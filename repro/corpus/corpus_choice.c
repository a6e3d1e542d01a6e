/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/corpus/corpus_choice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "repro/corpus/corpus_cover.h"

const char *corpus_place_name(enum corpus_place place)
{
    static const char *const names[] = { "inputs", "runs", "findings", "quiet", "aside" };
    return names[place];
}

/* --- order --- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_subjects(const struct corpus_item *a, const struct corpus_item *b)
{
    if (a->subject == NULL || b->subject == NULL)
        return (a->subject != NULL) - (b->subject != NULL);
    return strcmp(a->subject->name, b->subject->name);
}

/* What is equal is the same thing. */
static int compare_items(const struct corpus_item *a, const struct corpus_item *b)
{
    int order = compare_numbers(a->form, b->form);
    if (order == 0 && a->form != CORPUS_NEITHER)
        order = compare_subjects(a, b);
    if (order == 0 && a->form == CORPUS_TEXT)
        order = compare_numbers(a->lines, b->lines);
    if (order == 0)
        order = compare_numbers(a->size, b->size);
    return order != 0 ? order : compare_numbers(a->content, b->content);
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct corpus_choice *choice = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = compare_items(&choice->items[a], &choice->items[b]);
    return order != 0 ? order : strcmp(choice->paths[a], choice->paths[b]);
}

static const struct corpus_item *item_at(const struct corpus_choice *choice, uint32_t row)
{
    return &choice->items[choice->order[row]];
}

/* The same as the one before it, under another name. */
static bool is_again(const struct corpus_choice *choice, uint32_t row)
{
    return row > 0 && item_at(choice, row)->is_whole && item_at(choice, row - 1)->is_whole &&
           compare_items(item_at(choice, row), item_at(choice, row - 1)) == 0;
}

/* --- names --- */

static bool is_taken(const struct corpus_choice *choice, const struct corpus_kept *wanted)
{
    for (uint32_t i = 0; i < choice->kept.count; i++) {
        const struct corpus_kept *kept = &choice->kept.items[i];
        if (kept->place == wanted->place && strcmp(kept->name, wanted->name) == 0 &&
            (kept->place == CORPUS_ASIDE ||
             compare_subjects(&choice->items[kept->item], &choice->items[wanted->item]) == 0))
            return true;
    }
    return false;
}

/* The name that it has; if another one has that, too: with the hash of what is in it. */
static void keep_name(const struct corpus_choice *choice, struct corpus_kept *kept)
{
    enum { STEM_MAX = 200 };
    const char *path = choice->paths[kept->item], *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path, *dot = strrchr(name, '.');
    snprintf(kept->name, sizeof kept->name, "%s", name);
    if (!is_taken(choice, kept))
        return;
    size_t stem = dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
    snprintf(kept->name, sizeof kept->name, "%.*s-%016" PRIx64 "%.20s",
             (int)(stem < STEM_MAX ? stem : STEM_MAX), name, choice->items[kept->item].content,
             name + stem);
}

static bool keep(struct corpus_choice *choice, const struct corpus_kept *kept)
{
    if (!ARRAY_ROOM(&choice->kept, 1))
        return false;
    choice->kept.items[choice->kept.count++] = *kept;
    return true;
}

static bool keep_named(struct corpus_choice *choice, uint32_t item, enum corpus_place place)
{
    struct corpus_kept kept = { .item = item, .place = place };
    keep_name(choice, &kept);
    return keep(choice, &kept);
}

/* --- the smallest of each finding --- */

static struct corpus_kept *find(struct corpus_choice *choice, enum corpus_place place,
                                const struct corpus_item *item,
                                const struct corpus_signature *signature)
{
    for (uint32_t i = 0; i < choice->kept.count; i++) {
        struct corpus_kept *kept = &choice->kept.items[i];
        if (kept->place == place && corpus_signature_is(&kept->signature, signature) &&
            compare_subjects(&choice->items[kept->item], item) == 0)
            return kept;
    }
    return NULL;
}

/* As reproducers of that finding: a reproducer that says so is kept as it is, and comes first. */
static bool is_better(const struct corpus_choice *choice, uint32_t a, uint32_t b,
                      const struct corpus_signature *signature)
{
    const struct corpus_item *one = &choice->items[a], *other = &choice->items[b];
    int order = compare_numbers(one->lines, other->lines);
    if (order == 0)
        order = (int)corpus_item_is_true(other, signature) -
                (int)corpus_item_is_true(one, signature);
    if (order == 0)
        order = compare_rows(&a, &b, (void *)choice);
    return order < 0;
}

static bool offer(struct corpus_choice *choice, uint32_t item, enum corpus_place place,
                  const struct corpus_signature *signature)
{
    struct corpus_kept *kept = find(choice, place, &choice->items[item], signature);
    if (kept == NULL) {
        struct corpus_kept first = { .item = item, .place = place, .signature = *signature,
                                     .shown_by = 1 };
        snprintf(first.name, sizeof first.name, "%s-%s.repro", verdict_name(signature->verdict),
                 signature->hash);
        return keep(choice, &first);
    }
    kept->shown_by++;
    if (is_better(choice, item, kept->item, signature))
        kept->item = item;
    return true;
}

static bool choose_findings(struct corpus_choice *choice)
{
    bool done = true;
    for (uint32_t i = 0; i < choice->count && done; i++) {
        const struct corpus_item *item = item_at(choice, i);
        if (is_again(choice, i))
            continue;
        choice->seen[CORPUS_FINDINGS] += item->signature_count > 0;
        for (uint32_t j = 0; j < item->signature_count; j++)
            done &= offer(choice, choice->order[i], CORPUS_FINDINGS, &item->signatures[j]);
    }
    return done;
}

/* After the findings are known. */
static bool choose_quiet(struct corpus_choice *choice)
{
    bool done = true;
    for (uint32_t i = 0; i < choice->count && done; i++) {
        const struct corpus_item *item = item_at(choice, i);
        if (item->form != CORPUS_TEXT || !item->is_promised || is_again(choice, i) ||
            find(choice, CORPUS_FINDINGS, item, &item->promised) != NULL)
            continue;
        choice->seen[CORPUS_QUIET]++;
        done = offer(choice, choice->order[i], CORPUS_QUIET, &item->promised);
    }
    return done;
}

/* --- coverage --- */

static bool is_kept_quiet(struct corpus_choice *choice, uint32_t item)
{
    const struct corpus_item *one = &choice->items[item];
    if (one->form != CORPUS_TEXT || !one->is_promised)
        return false;
    const struct corpus_kept *kept = find(choice, CORPUS_QUIET, one, &one->promised);
    return kept != NULL && kept->item == item;
}

/* Rows [first, after): of one form and subject. */
static bool choose_covering(struct corpus_choice *choice, uint32_t first, uint32_t after)
{
    enum corpus_place place =
        item_at(choice, first)->form == CORPUS_TEXT ? CORPUS_RUNS : CORPUS_INPUTS;
    struct cover_set *sets = calloc(after - first, sizeof *sets);
    bool done = sets != NULL;
    for (uint32_t i = first; i < after && done; i++) {
        const struct corpus_item *item = item_at(choice, i);
        if (is_again(choice, i) || item->signature_count > 0)
            continue;
        bool forced = is_kept_quiet(choice, choice->order[i]);
        sets[i - first] = (struct cover_set){ &choice->features->all[item->features],
                                              item->feature_count, forced, false };
        choice->seen[place] += !forced;
    }
    if (done)
        choice->feature_count[place] += cover(sets, after - first);
    for (uint32_t i = first; i < after && done; i++)
        if (sets[i - first].is_kept && !sets[i - first].is_forced)
            done = keep_named(choice, choice->order[i], place);
    free(sets);
    return done;
}

static bool is_alike(const struct corpus_item *a, const struct corpus_item *b)
{
    return a->form == b->form && compare_subjects(a, b) == 0;
}

static bool choose_inputs_and_runs(struct corpus_choice *choice)
{
    bool done = true;
    for (uint32_t first = 0, after; first < choice->count && done; first = after) {
        const struct corpus_item *item = item_at(choice, first);
        for (after = first + 1; after < choice->count && is_alike(item_at(choice, after), item);)
            after++;
        if (item->form != CORPUS_NEITHER)
            done = choose_covering(choice, first, after);
        else
            after = first + 1;
    }
    return done;
}

/* --- the rest --- */

static bool choose_aside(struct corpus_choice *choice)
{
    bool done = true;
    for (uint32_t i = 0; i < choice->count && done; i++) {
        const struct corpus_item *item = item_at(choice, i);
        if (item->form != CORPUS_NEITHER || is_again(choice, i))
            continue;
        choice->seen[CORPUS_ASIDE]++;
        if (item->is_whole)
            done = keep_named(choice, choice->order[i], CORPUS_ASIDE);
    }
    return done;
}

bool corpus_choose(struct corpus_choice *choice)
{
    choice->order = calloc(choice->count + 1, sizeof *choice->order);
    if (choice->order == NULL)
        return false;
    for (uint32_t i = 0; i < choice->count; i++)
        choice->order[i] = i;
    qsort_r(choice->order, choice->count, sizeof *choice->order, compare_rows, choice);
    return choose_findings(choice) && choose_quiet(choice) && choose_inputs_and_runs(choice) &&
           choose_aside(choice);
}

void corpus_choice_free(struct corpus_choice *choice)
{
    free(choice->order);
    free(choice->kept.items);
    choice->order = NULL;
    choice->kept.items = NULL;
    choice->kept.count = choice->kept.capacity = 0;
}
