/* SPDX-License-Identifier: BSD-3-Clause */
/* Findings by signature, from both sides, and what each means for the patch. */
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/check.h"
#include "repro/base/command.h"
#include "repro/patch/check_patch.h"

static const char *const change_names[CHANGE_COUNT] = {
    [CHANGE_NONE] = "not shown",      [CHANGE_NEW] = "new",
    [CHANGE_FLAKY] = "flaky",         [CHANGE_STILL_THERE] = "still there",
    [CHANGE_FIXED] = "fixed",         [CHANGE_NOT_REPRODUCIBLE] = "not reproducible",
};

const char *change_name(enum check_change change)
{
    check(change < CHANGE_COUNT);
    return change_names[change];
}

static uint32_t number_of(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* --- taking what they say --- */

/* NULL: there are too many, or it is none. */
struct check_finding *check_finding_add(struct check *check, const char *hash,
                                        const char *verdict)
{
    if (hash[0] == '\0')
        return NULL;
    for (uint32_t i = 0; i < check->findings.count; i++)
        if (strcmp(check->findings.items[i].hash, hash) == 0)
            return &check->findings.items[i];
    if (check->findings.count == CHECK_FINDINGS_MAX || strlen(hash) != 8 ||
        strspn(hash, "0123456789abcdef") != 8)
        return NULL;
    order_need_memory(ARRAY_ROOM(&check->findings, 1));
    struct check_finding *finding = &check->findings.items[check->findings.count++];
    *finding = (struct check_finding){ .change = CHANGE_NONE };
    snprintf(finding->hash, sizeof finding->hash, "%s", hash);
    snprintf(finding->verdict, sizeof finding->verdict, "%s", verdict);
    return finding;
}

void check_finding_seen(struct check_finding *finding, enum side side, uint32_t shown,
                        uint32_t tries, const char *reproducer)
{
    struct check_seen *seen = &finding->seen[side];
    if (seen->seen && shown <= seen->shown)
        return;
    seen->seen = true;
    seen->shown = shown;
    seen->tries = tries;
    if (reproducer != NULL)
        snprintf(seen->reproducer, sizeof seen->reproducer, "%s", reproducer);
}

static const struct check_file *file_of(const struct check *check, const char *path)
{
    for (uint32_t i = 0; i < check->files.count; i++)
        if (strcmp(check->files.items[i].path, path) == 0)
            return &check->files.items[i];
    return NULL;
}

/* In how many of its tries. One that was made with other code, and fitted to this one, is exact
 * from then on. */
static uint32_t shown_in(const json_t *row)
{
    bool refitted = json_is_string(json_object_get(row, "refitted"));
    return number_of(row, refitted ? "tries" : "shown");
}

/* What its reproducer expects. */
static void take_expected(struct check *check, enum side side, const json_t *row, bool stored)
{
    const json_t *expected = json_object_get(row, "expected");
    const char *path = check_text(row, "file");
    uint32_t shown = shown_in(row), tries = number_of(row, "tries");
    const struct check_file *file = stored ? file_of(check, path) : NULL;
    bool must_fix = file != NULL && file->must_fix;
    if (shown == 0 && !must_fix)
        return;
    struct check_finding *finding = check_finding_add(check, check_text(expected, "signature"),
                                                      check_text(expected, "verdict"));
    if (finding == NULL)
        return;
    finding->must_fix = finding->must_fix || must_fix;
    if (file != NULL && (finding->label[0] == '\0' || must_fix))
        snprintf(finding->label, sizeof finding->label, "%s", file->label);
    if (shown > 0)
        check_finding_seen(finding, side, shown, tries, path);
    else if (!finding->seen[side].seen)
        finding->seen[side].tries = tries;
}

void check_take_replay(struct check *check, enum side side, json_t *rows, bool stored)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        take_expected(check, side, row, stored);
        const char *hash = check_text(row, "signature");
        if (shown_in(row) > 0 || hash[0] == '\0')
            continue; /* or else it showed something, other than expected or not exactly so */
        struct check_finding *finding = check_finding_add(check, hash, check_text(row, "verdict"));
        if (finding != NULL)
            check_finding_seen(finding, side, 1, 1, check_text(row, "file"));
    }
}

bool check_take_hunt(struct check *check, enum side side, json_t *rows)
{
    size_t i;
    json_t *row;
    bool summed = false;
    json_array_foreach(rows, i, row) {
        const char *schema = check_text(row, "schema");
        bool is_sum = strcmp(schema, "wedge.hunt/1") == 0;
        summed = summed || is_sum;
        if (is_sum)
            check->schedules[side] +=
                (uint64_t)json_integer_value(json_object_get(row, "schedules"));
        if (strcmp(schema, "wedge.finding/1") != 0)
            continue;
        struct check_finding *finding =
            check_finding_add(check, check_text(row, "signature"), check_text(row, "verdict"));
        if (finding == NULL)
            continue;
        snprintf(finding->signature, sizeof finding->signature, "%s",
                 check_text(row, "signature_text"));
        check_finding_seen(finding, side, number_of(row, "shown"), number_of(row, "tries"),
                           check_text(row, "reproducer"));
    }
    return summed;
}

/* A program that does not answer is a finding, too. */
static void take_silence(struct check *check, enum side side)
{
    char text[CHECK_TEXT_MAX], hash[9];
    const struct check_silence *silence = &check->silence[side];
    if (!silence->silent)
        return;
    bool hangs = strstr(silence->how, "did not end") != NULL;
    snprintf(text, sizeof text, "%s: `wedge %s` %s", hangs ? "hang" : "died", silence->during,
             silence->how);
    XXH64_hash_t bits = XXH3_64bits(text, strlen(text));
    snprintf(hash, sizeof hash, "%08x", (unsigned)(bits >> 32));
    struct check_finding *finding = check_finding_add(check, hash, hangs ? "hang" : "died");
    if (finding == NULL)
        return;
    snprintf(finding->signature, sizeof finding->signature, "%s", text);
    check_finding_seen(finding, side, 1, 1, NULL);
}

/* --- what it means --- */

static enum check_change change_of(const struct check *check, const struct check_finding *finding)
{
    const struct check_seen *base = &finding->seen[SIDE_BASE];
    const struct check_seen *patched = &finding->seen[SIDE_PATCHED];
    if (!base->seen && !patched->seen)
        return CHANGE_NONE;
    if (base->seen && patched->seen)
        return CHANGE_STILL_THERE;
    const struct check_seen *one = patched->seen ? patched : base;
    if (one->shown == 0)
        return CHANGE_NOT_REPRODUCIBLE;
    if (patched->seen)
        return patched->shown < patched->tries ? CHANGE_FLAKY : CHANGE_NEW;
    return check->silence[SIDE_PATCHED].silent ? CHANGE_NOT_REPRODUCIBLE : CHANGE_FIXED;
}

/* Classes of locks and states that a signature names: "NAME wanted in", "NAME left in". The P and
 * the world are in too many cycles to tell one from another. */
static bool next_class(const char **at, char *class, size_t size)
{
    for (;;) {
        *at += strspn(*at, " ;:");
        const char *word = *at;
        size_t length = strcspn(word, " ;:");
        if (length == 0)
            return false;
        *at += length;
        bool is_class = strncmp(*at, " wanted in ", 11) == 0 || strncmp(*at, " left in ", 9) == 0;
        if (!is_class || length >= size || (length == 1 && word[0] == 'P') ||
            (length == 5 && strncmp(word, "world", 5) == 0))
            continue;
        snprintf(class, size, "%.*s", (int)length, word);
        return true;
    }
}

/* timerModifying and timerModifying-off-heap are of one kind. */
static bool same_kind(const char *a, const char *b)
{
    size_t length = strcspn(a, "-");
    return length == strcspn(b, "-") && strncmp(a, b, length) == 0;
}

static bool share_class(const char *a, const char *b)
{
    char of_a[128], of_b[128];
    while (next_class(&a, of_a, sizeof of_a))
        for (const char *at = b; next_class(&at, of_b, sizeof of_b);)
            if (same_kind(of_a, of_b))
                return true;
    return false;
}

static void mark_kin(struct check *check)
{
    for (uint32_t i = 0; i < check->findings.count; i++) {
        struct check_finding *finding = &check->findings.items[i];
        if (finding->change != CHANGE_STILL_THERE || finding->must_fix)
            continue;
        for (uint32_t j = 0; j < check->findings.count && !finding->kin; j++)
            finding->kin = check->findings.items[j].must_fix &&
                           share_class(finding->signature, check->findings.items[j].signature);
    }
}

bool check_counts_against(const struct check_finding *finding)
{
    if (finding->must_fix)
        return finding->change != CHANGE_FIXED;
    return finding->kin || finding->change == CHANGE_NEW || finding->change == CHANGE_FLAKY;
}

static int rank(const struct check *check, const struct check_finding *finding)
{
    static const int ranks[CHANGE_COUNT] = {
        [CHANGE_NEW] = 1, [CHANGE_FLAKY] = 2, [CHANGE_STILL_THERE] = 3, [CHANGE_FIXED] = 4,
        [CHANGE_NOT_REPRODUCIBLE] = 5, [CHANGE_NONE] = 6,
    };
    if (finding->must_fix && check_counts_against(finding))
        return 0;
    bool in_patch;
    (void)check_place(check, finding, &in_patch);
    return ranks[finding->change] * 4 + (finding->label[0] == '\0') * 2 + !in_patch;
}

/* What counts against the patch first, of that what is stored, then what is on a line of the patch;
 * equal ones in the order in which they were found. */
static void sort(struct check *check)
{
    for (uint32_t i = 1; i < check->findings.count; i++)
        for (uint32_t j = i; j > 0; j--) {
            struct check_finding *a = &check->findings.items[j - 1], *b = a + 1;
            if (rank(check, a) <= rank(check, b))
                break;
            struct check_finding swap = *a;
            *a = *b;
            *b = swap;
        }
}

static int exit_code(const struct check *check)
{
    uint32_t cycles = 0;
    for (uint32_t i = 0; i < check->edges.count; i++)
        cycles += check->edges.items[i].added && json_array_size(check->edges.items[i].cycle) > 0;
    if (check->counts[CHANGE_NEW] > 0 || check->counts[CHANGE_FLAKY] > 0 || cycles > 0 ||
        check->unlisted > 0 || check->failed_must_fix)
        return EXIT_FINDINGS;
    if (check->silence[SIDE_BASE].silent)
        return EXIT_BROKEN;
    return check->schedules[SIDE_BASE] > 0 && check->schedules[SIDE_PATCHED] > 0 ? EXIT_CLEAN
                                                                                 : EXIT_UNTESTED;
}

int check_judge(struct check *check)
{
    take_silence(check, SIDE_BASE);
    take_silence(check, SIDE_PATCHED);
    for (uint32_t i = 0; i < check->findings.count; i++)
        check->findings.items[i].change = change_of(check, &check->findings.items[i]);
    mark_kin(check);
    sort(check);
    for (uint32_t i = 0; i < check->findings.count; i++) {
        const struct check_finding *finding = &check->findings.items[i];
        check->counts[finding->change]++;
        check->failed_must_fix = check->failed_must_fix ||
                                 ((finding->must_fix || finding->kin) &&
                                  check_counts_against(finding));
    }
    return exit_code(check);
}
