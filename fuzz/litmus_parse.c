/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of litmus cases. */
#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/base/check.h"
#include "fuzz/litmus.h"

#define BLANKS " \t"

/* What follows a verb: L lock, G lock that is held, S state, E event, C condition, T thread, W word,
 * N number after "else", X one of the forms of nlock. */
static const struct {
    const char *name, *arguments;
    uint16_t hook_kind;
} verbs[LITMUS_VERB_COUNT] = {
    [LITMUS_LOCK] = { "lock", "L", HOOK_LOCK },
    [LITMUS_UNLOCK] = { "unlock", "L", HOOK_UNLOCK },
    [LITMUS_RLOCK] = { "rlock", "L", HOOK_LOCK },
    [LITMUS_RUNLOCK] = { "runlock", "L", HOOK_UNLOCK },
    [LITMUS_WLOCK] = { "wlock", "L", HOOK_LOCK },
    [LITMUS_WUNLOCK] = { "wunlock", "L", HOOK_UNLOCK },
    [LITMUS_TRY] = { "try", "LN", HOOK_TRYLOCK },
    [LITMUS_NLOCK] = { "nlock", "LX", HOOK_LOCK },
    [LITMUS_FORK] = { "fork", "T", HOOK_THREAD },
    [LITMUS_JOIN] = { "join", "T", HOOK_JOIN },
    [LITMUS_ENTER] = { "enter", "S", HOOK_SPIN },
    [LITMUS_LEAVE] = { "leave", "S", HOOK_RELEASE },
    [LITMUS_AWAIT] = { "await", "S", HOOK_SPIN },
    [LITMUS_POST] = { "post", "E", HOOK_POST },
    [LITMUS_WAITEV] = { "waitev", "E", HOOK_WAIT },
    [LITMUS_CWAIT] = { "cwait", "CG", HOOK_WAIT },
    [LITMUS_SIGNAL] = { "signal", "C", HOOK_POST },
    [LITMUS_MASK] = { "mask", "W", HOOK_CONTEXT },
    [LITMUS_UNMASK] = { "unmask", "W", HOOK_CONTEXT },
    [LITMUS_INIT] = { "init", "L", HOOK_LOCK },
    [LITMUS_DESTROY] = { "destroy", "L", HOOK_LOCK },
    [LITMUS_ASSERT] = { "assert", "L", HOOK_LOCK },
    [LITMUS_EXIT] = { "exit", "", HOOK_THREAD },
    [LITMUS_SLEEP] = { "sleep", "", HOOK_SLEEP },
    [LITMUS_NOP] = { "nop", "", HOOK_LOAD },
};

bool litmus_kind_find(const char *name, enum litmus_kind *kind)
{
    static const char *const kinds[LITMUS_KIND_COUNT] = {
        [LITMUS_MUTEX] = "mutex", [LITMUS_SPIN] = "spin", [LITMUS_RECURSIVE] = "recursive",
        [LITMUS_RW] = "rw",       [LITMUS_RWQ] = "rwq",   [LITMUS_BINSEM] = "binsem",
    };
    for (uint32_t i = 0; i < LITMUS_KIND_COUNT; i++) {
        if (strcmp(kinds[i], name) == 0) {
            *kind = (enum litmus_kind)i;
            return true;
        }
    }
    return false;
}

static void *checked(void *memory)
{
    check(memory != NULL);
    return memory;
}

static char *copy(const char *text)
{
    return checked(strdup(text));
}

void litmus_free(struct litmus_case *litmus)
{
    for (uint32_t i = 0; i < litmus->objects.count; i++) {
        free(litmus->objects.items[i].name);
        free(litmus->objects.items[i].class_name);
    }
    for (uint32_t i = 0; i < litmus->lists.count; i++) {
        struct litmus_list *list = &litmus->lists.items[i];
        for (uint32_t j = 0; j < list->operations.count; j++) {
            free(list->operations.items[j].word);
            free(list->operations.items[j].text);
        }
        free(list->operations.items);
        free(list->name);
    }
    free(litmus->objects.items);
    free(litmus->map.items);
    free(litmus->lists.items);
    free(litmus->name);
    *litmus = (struct litmus_case){ .name = NULL };
}

bool litmus_add_list(struct litmus_case *litmus, const char *name)
{
    if (!ARRAY_ROOM(&litmus->lists, 1))
        return false;
    litmus->lists.items[litmus->lists.count++] =
        (struct litmus_list){ .name = copy(name), .host = LITMUS_NONE };
    return true;
}

/* A slot holds an object's number + 1, or 0. */
static uint32_t *map_slot(struct litmus_case *litmus, const char *name, enum litmus_role role)
{
    uint32_t mask = litmus->map.capacity - 1;
    uint32_t slot = (uint32_t)XXH3_64bits_withSeed(name, strlen(name), role) & mask;
    for (; litmus->map.items[slot] != 0; slot = (slot + 1) & mask) {
        const struct litmus_object *object = &litmus->objects.items[litmus->map.items[slot] - 1];
        if (object->role == role && strcmp(object->name, name) == 0)
            break;
    }
    return &litmus->map.items[slot];
}

static bool map_grow(struct litmus_case *litmus)
{
    uint32_t want = litmus->map.capacity == 0 ? 64 : litmus->map.capacity * 2;
    if (!array_reserve((void **)&litmus->map.items, &litmus->map.capacity, want,
                       sizeof *litmus->map.items))
        return false;
    memset(litmus->map.items, 0, litmus->map.capacity * sizeof *litmus->map.items);
    for (uint32_t i = 0; i < litmus->objects.count; i++)
        *map_slot(litmus, litmus->objects.items[i].name, litmus->objects.items[i].role) = i + 1;
    return true;
}

uint32_t litmus_find(struct litmus_case *litmus, const char *name, enum litmus_role role)
{
    return litmus->map.capacity == 0 ? LITMUS_NONE : *map_slot(litmus, name, role) - 1;
}

uint32_t litmus_object(struct litmus_case *litmus, const char *name, enum litmus_role role)
{
    uint32_t found = litmus_find(litmus, name, role);
    if (found != LITMUS_NONE)
        return found;
    if ((litmus->objects.count * 2 >= litmus->map.capacity && !map_grow(litmus)) ||
        !ARRAY_ROOM(&litmus->objects, 1))
        return LITMUS_NONE;
    *map_slot(litmus, name, role) = litmus->objects.count + 1;
    struct litmus_object *object = &litmus->objects.items[litmus->objects.count];
    memset(object, 0, sizeof *object);
    object->name = copy(name);
    object->class_name = copy(name);
    object->role = role;
    return litmus->objects.count++;
}

static uint32_t find_list(const struct litmus_case *litmus, const char *name)
{
    for (uint32_t i = 0; i < litmus->lists.count; i++)
        if (strcmp(litmus->lists.items[i].name, name) == 0)
            return i;
    return LITMUS_NONE;
}

/* --- one operation --- */

/* "12" */
static bool read_number(const char *text, uint32_t most, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > most)
        return false;
    *number = (uint32_t)value;
    return true;
}

static const char *read_nesting(struct litmus_case *litmus, const char *word,
                                struct litmus_operation *operation)
{
    if (strcmp(word, "ord=addr") == 0) {
        operation->in_order = true;
        return NULL;
    }
    if (strncmp(word, "under=", 6) == 0 && word[6] != '\0') {
        operation->other = litmus_object(litmus, word + 6, LITMUS_IS_LOCK);
        return NULL;
    }
    if (strncmp(word, "sub=", 4) == 0 && read_number(word + 4, UINT8_MAX, &operation->number))
        return NULL;
    return "expected sub=NUMBER, under=LOCK or ord=addr after the lock";
}

static const char *read_nestings(struct litmus_case *litmus, const char *word, char **rest,
                                 struct litmus_operation *operation)
{
    const char *wrong = NULL;
    for (; wrong == NULL && word != NULL; word = strtok_r(NULL, BLANKS, rest))
        wrong = read_nesting(litmus, word, operation);
    return wrong;
}

static const char *read_argument(struct litmus_case *litmus, char what, char **rest,
                                 struct litmus_operation *operation)
{
    const char *word = strtok_r(NULL, BLANKS, rest);
    if (word == NULL)
        return "expected another word";
    switch (what) {
    case 'L':
        operation->object = litmus_object(litmus, word, LITMUS_IS_LOCK);
        return NULL;
    case 'G':
        operation->other = litmus_object(litmus, word, LITMUS_IS_LOCK);
        return NULL;
    case 'S':
        operation->object = litmus_object(litmus, word, LITMUS_IS_STATE);
        return NULL;
    case 'E':
        operation->object = litmus_object(litmus, word, LITMUS_IS_EVENT);
        return NULL;
    case 'C':
        operation->object = litmus_object(litmus, word, LITMUS_IS_CONDITION);
        return NULL;
    case 'T':
        operation->other = find_list(litmus, word);
        return operation->other == LITMUS_NONE ? "expected the name of a thread" : NULL;
    case 'W':
        operation->word = copy(word);
        return NULL;
    case 'N':
        if (strcmp(word, "else") == 0)
            word = strtok_r(NULL, BLANKS, rest);
        return word != NULL && read_number(word, UINT16_MAX, &operation->number)
                   ? NULL : "expected else NUMBER after the lock";
    default:
        return read_nestings(litmus, word, rest, operation);
    }
}

static bool find_verb(const char *word, enum litmus_verb *verb)
{
    for (uint32_t i = 0; i < LITMUS_VERB_COUNT; i++) {
        if (strcmp(verbs[i].name, word) == 0) {
            *verb = (enum litmus_verb)i;
            return true;
        }
    }
    return false;
}

static const char *read_operation(struct litmus_case *litmus, char *words,
                                  struct litmus_operation *operation)
{
    char *rest;
    const char *word = strtok_r(words, BLANKS, &rest);
    if (word == NULL || !find_verb(word, &operation->verb))
        return "expected an operation: lock, unlock, rlock, runlock, wlock, wunlock, try, nlock, "
               "fork, join, enter, leave, await, post, waitev, cwait, signal, mask, unmask, init, "
               "destroy, assert, exit, sleep or nop";
    for (const char *what = verbs[operation->verb].arguments; *what != '\0'; what++) {
        const char *wrong = read_argument(litmus, *what, &rest, operation);
        if (wrong != NULL)
            return wrong;
    }
    return strtok_r(NULL, BLANKS, &rest) != NULL ? "expected no more words" : NULL;
}

const char *litmus_add_operation(struct litmus_case *litmus, uint32_t list, const char *text)
{
    struct litmus_list *to = &litmus->lists.items[list];
    struct litmus_operation operation = { .object = LITMUS_NONE, .other = LITMUS_NONE,
                                          .text = copy(text) };
    char *words = copy(text);
    const char *wrong = read_operation(litmus, words, &operation);
    free(words);
    if (wrong == NULL && !ARRAY_ROOM(&to->operations, 1))
        wrong = "expected less: there is no memory";
    if (wrong != NULL) {
        free(operation.text);
        free(operation.word);
        return wrong;
    }
    if (operation.verb >= LITMUS_RLOCK && operation.verb <= LITMUS_WUNLOCK)
        litmus->objects.items[operation.object].read = true;
    operation.site = (struct hook_site){ .function = to->name, .object = operation.text,
                                         .file = litmus->file, .line = litmus->line,
                                         .kind = verbs[operation.verb].hook_kind };
    to->operations.items[to->operations.count++] = operation;
    return NULL;
}

/* --- the whole --- */

/* What is said of a lock is done to a semaphore. */
static void complete_site(const struct litmus_case *litmus, struct litmus_operation *operation)
{
    if (operation->object == LITMUS_NONE ||
        litmus->objects.items[operation->object].kind != LITMUS_BINSEM)
        return;
    if (operation->site.kind == HOOK_LOCK)
        operation->site.kind = HOOK_WAIT;
    else if (operation->site.kind == HOOK_UNLOCK)
        operation->site.kind = HOOK_POST;
}

static const char *complete_list(struct litmus_case *litmus, uint32_t number)
{
    struct litmus_list *list = &litmus->lists.items[number];
    for (uint32_t i = 0; i < list->operations.count; i++) {
        struct litmus_operation *operation = &list->operations.items[i];
        complete_site(litmus, operation);
        if (operation->verb == LITMUS_TRY && operation->number > list->operations.count - i - 1)
            return "expected as many operations after a try as it skips";
        if (operation->verb != LITMUS_FORK && operation->verb != LITMUS_JOIN)
            continue;
        struct litmus_list *other = &litmus->lists.items[operation->other];
        if (other->host != LITMUS_NONE)
            return "expected a thread to fork or join, not a handler";
        if (operation->verb == LITMUS_FORK && (other->is_forked || other == list))
            return "expected each thread to be forked once, by another one";
        other->is_forked = other->is_forked || operation->verb == LITMUS_FORK;
    }
    return NULL;
}

static void find_first_turns(struct litmus_case *litmus)
{
    for (uint32_t i = 0; i < litmus->lists.count; i++)
        litmus->lists.items[i].first_turn = i;
    for (uint32_t i = litmus->lists.count; i-- > 0;) {
        uint32_t host = litmus->lists.items[i].host;
        if (host != LITMUS_NONE && litmus->lists.items[host].first_turn > i)
            litmus->lists.items[host].first_turn = i;
    }
}

const char *litmus_complete(struct litmus_case *litmus)
{
    for (uint32_t i = 0; i < litmus->lists.count; i++) {
        struct litmus_list *list = &litmus->lists.items[i];
        const char *at = strchr(list->name, '@');
        if (at == NULL)
            continue;
        list->host = find_list(litmus, at + 1);
        if (list->host == LITMUS_NONE || list->host == i)
            return "expected the name of a thread after @";
    }
    find_first_turns(litmus);
    for (uint32_t i = 0; i < litmus->lists.count; i++) {
        const char *wrong = complete_list(litmus, i);
        if (wrong != NULL)
            return wrong;
    }
    for (uint32_t i = 0; i < litmus->objects.count; i++)
        if (litmus->objects.items[i].read && !litmus->objects.items[i].kind_given)
            litmus->objects.items[i].kind = LITMUS_RW;
    return NULL;
}
