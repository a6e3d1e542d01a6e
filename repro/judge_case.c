/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/judge_case.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"

const char *judge_verdict_name(enum judge_verdict verdict)
{
    static const char *const names[JUDGE_COUNT] = {
        [JUDGE_CYCLE] = "cycle",
        [JUDGE_SELF_DEADLOCK] = "self-deadlock",
        [JUDGE_CONTEXT_INVERSION] = "context-inversion",
        [JUDGE_EVENT_CYCLE] = "event-cycle",
        [JUDGE_MISUSE] = "misuse",
        [JUDGE_OK] = "ok",
        [JUDGE_GUARDED_OK] = "guarded-ok",
        [JUDGE_HB_OK] = "hb-ok",
        [JUDGE_READ_OK] = "read-ok",
        [JUDGE_RECURSION_OK] = "recursion-ok",
    };
    check(verdict < JUDGE_COUNT);
    return names[verdict];
}

/* "key: expected ..." */
static const char *expected(const char *key, const char *what)
{
    static char text[256];
    snprintf(text, sizeof text, "%.100s: expected %s", key, what);
    return text;
}

/* "T1, operation 3: expected ..." */
static const char *wrong_operation(const char *thread, size_t number, const char *what)
{
    static char text[512];
    snprintf(text, sizeof text, "%.60s, operation %zu: %s", thread, number + 1, what);
    return text;
}

static const char *read_expect(struct judge_case *to, json_t *root)
{
    const char *text = json_string_value(json_object_get(root, "expect"));
    for (uint32_t i = 0; text != NULL && i < JUDGE_COUNT; i++) {
        if (strcmp(judge_verdict_name(i), text) == 0) {
            to->expect = (enum judge_verdict)i;
            return NULL;
        }
    }
    return expected("expect", "cycle, self-deadlock, context-inversion, event-cycle, misuse, ok, "
                              "guarded-ok, hb-ok, read-ok or recursion-ok");
}

/* It changes nothing: any run begins with the listed order. */
static const char *read_order(json_t *root)
{
    json_t *order = json_object_get(root, "order");
    const char *text = json_string_value(order);
    if (order == NULL || json_is_null(order) ||
        (text != NULL && (strcmp(text, "sequential") == 0 || strcmp(text, "any") == 0)))
        return NULL;
    return expected("order", "sequential or any");
}

static const char *read_operations(struct judge_case *to, uint32_t list, const char *name,
                                   json_t *operations)
{
    size_t number;
    json_t *operation;
    if (!json_is_array(operations))
        return expected(name, "an array of operations");
    json_array_foreach(operations, number, operation) {
        const char *text = json_string_value(operation);
        const char *wrong = text == NULL ? "expected a string"
                                         : litmus_add_operation(&to->litmus, list, text);
        if (wrong != NULL)
            return wrong_operation(name, number, wrong);
    }
    return NULL;
}

static const char *read_threads(struct judge_case *to, json_t *root)
{
    json_t *threads = json_object_get(root, "threads"), *operations;
    const char *name;
    if (!json_is_object(threads) || json_object_size(threads) == 0)
        return expected("threads", "an object with an array of operations for each thread");
    json_object_foreach(threads, name, operations) {
        if (!litmus_add_list(&to->litmus, name))
            return expected(name, "less: there is no memory");
    }
    uint32_t list = 0;
    json_object_foreach(threads, name, operations) {
        const char *wrong = read_operations(to, list++, name, operations);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static const char *read_locks(struct judge_case *to, json_t *root)
{
    json_t *locks = json_object_get(root, "locks"), *kind;
    const char *name;
    if (locks != NULL && !json_is_null(locks) && !json_is_object(locks))
        return expected("locks", "an object with a kind for each lock");
    json_object_foreach(locks, name, kind) {
        uint32_t object = litmus_object(&to->litmus, name, LITMUS_IS_LOCK);
        const char *text = json_string_value(kind);
        if (object == LITMUS_NONE || text == NULL ||
            !litmus_kind_find(text, &to->litmus.objects.items[object].kind))
            return expected(name, "mutex, spin, recursive, rw, rwq or binsem");
        to->litmus.objects.items[object].kind_given = true;
    }
    return NULL;
}

static const char *read_classes(struct judge_case *to, json_t *root)
{
    json_t *classes = json_object_get(root, "classes"), *class;
    const char *name;
    if (classes != NULL && !json_is_null(classes) && !json_is_object(classes))
        return expected("classes", "an object with a class for each lock");
    json_object_foreach(classes, name, class) {
        if (json_string_value(class) == NULL)
            return expected(name, "the name of a class");
        for (uint32_t role = 0; role < LITMUS_ROLE_COUNT; role++) {
            uint32_t i = litmus_find(&to->litmus, name, (enum litmus_role)role);
            if (i == LITMUS_NONE)
                continue;
            struct litmus_object *object = &to->litmus.objects.items[i];
            free(object->class_name);
            object->class_name = strdup(json_string_value(class));
            check(object->class_name != NULL);
        }
    }
    return NULL;
}

static const char *add_rank(struct judge_case *to, json_t *name, uint32_t order, double rank)
{
    const char *text = json_string_value(name);
    if (text == NULL)
        return expected("ranks", "names of locks");
    if (!ARRAY_ROOM(&to->ranks, 1))
        return expected("ranks", "less: there is no memory");
    char *copy = strdup(text);
    check(copy != NULL);
    to->ranks.items[to->ranks.count++] = (struct judge_rank){ copy, order, rank };
    return NULL;
}

/* A list of names in order, or of such lists. */
static const char *add_order(struct judge_case *to, json_t *list, uint32_t order)
{
    size_t number;
    json_t *item;
    const char *wrong = NULL;
    json_array_foreach(list, number, item)
        wrong = wrong != NULL                           ? wrong
                : json_is_array(item) && order == 0 ? add_order(to, item, (uint32_t)number + 1)
                                                        : add_rank(to, item, order, (double)number);
    return wrong;
}

/* {"A": 1, "B": 2}, ["A", "B"] or [["A", "B"], ["B", "C"]]. A lock's name, or its class's. */
static const char *read_ranks(struct judge_case *to, json_t *root)
{
    json_t *ranks = json_object_get(root, "ranks"), *rank;
    const char *name, *wrong = NULL;
    if (ranks == NULL || json_is_null(ranks))
        return NULL;
    if (!json_is_object(ranks) && !json_is_array(ranks))
        return expected("ranks", "an object with a number for each lock, or an array of locks");
    json_object_foreach(ranks, name, rank) {
        json_t *key = json_string(name);
        wrong = wrong != NULL            ? wrong
                : !json_is_number(rank) ? expected(name, "a number")
                                        : add_rank(to, key, 0, json_number_value(rank));
        json_decref(key);
    }
    return json_is_array(ranks) ? add_order(to, ranks, 0) : wrong;
}

static const char *read_root(struct judge_case *to, json_t *root)
{
    const char *name = json_string_value(json_object_get(root, "name"));
    if (name == NULL || name[0] == '\0')
        return expected("name", "a string");
    to->litmus.name = strdup(name);
    check(to->litmus.name != NULL);
    const char *wrong = read_expect(to, root);
    wrong = wrong != NULL ? wrong : read_order(root);
    wrong = wrong != NULL ? wrong : read_threads(to, root);
    wrong = wrong != NULL ? wrong : read_locks(to, root);
    wrong = wrong != NULL ? wrong : read_classes(to, root);
    wrong = wrong != NULL ? wrong : read_ranks(to, root);
    return wrong != NULL ? wrong : litmus_complete(&to->litmus);
}

const char *judge_case_read(struct judge_case *to, const char *file, uint32_t line,
                            const char *text, size_t size)
{
    *to = (struct judge_case){ .litmus = { .file = file, .line = line } };
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        json_decref(root);
        return expected("line", root == NULL && error.text[0] != '\0'
                                    ? "a JSON object with the keys name, threads and expect"
                                    : "a JSON object");
    }
    const char *wrong = read_root(to, root);
    json_decref(root);
    return wrong;
}

void judge_case_free(struct judge_case *to)
{
    litmus_free(&to->litmus);
    for (uint32_t i = 0; i < to->ranks.count; i++)
        free(to->ranks.items[i].name);
    free(to->ranks.items);
}
