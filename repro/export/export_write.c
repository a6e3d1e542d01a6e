/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads are written first, for what they use decides which helpers stand before them. Steps
 * of one thread that follow each other are one turn; who waits for ever does so after the last
 * turn, when everybody has what it has.
 */
#include "repro/export/export_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/export/export_text.h"
#include "repro/export/export_writer.h"

enum { HEAD_MAX = 32768, ROUNDS_MIN = 100 };

static void name_all(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->actor_count; i++)
        writer->actors[i] = export_identifier(&writer->names, scene->actors[i].name);
    for (uint32_t i = 0; i < scene->thing_count; i++)
        writer->things[i] = export_identifier(&writer->names, scene->things[i].name);
}

/* --- turns --- */

static void number_turns(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    const struct step *before = NULL;
    if (scene->goes_round || scene->actor_count == 1)
        return;
    for (uint32_t i = 0; i < scene->step_count; i++) {
        const struct step *step = &scene->steps[i];
        if (!step->last && (before == NULL || before->actor != step->actor))
            writer->turns++;
        writer->turn_of[i] = writer->turns + step->last;
        before = step;
    }
    for (uint32_t i = 0; writer->turns == 0 && i < scene->step_count; i++)
        writer->turn_of[i] = 0; /* they meet in any order */
}

/* --- a thread --- */

/* A reader that a queued writer stops has to come after it. */
static void put_queue(struct writer *writer, const struct step *step)
{
    if (!step->last || step->kind != STEP_READ_LOCK || writer->scene->queued.from[0] == '\0')
        return;
    writer->used |= HELP_AWAIT_WRITER;
    fprintf(writer->out, "    await_writer(&%s);\n", writer->things[step->thing]);
}

static void begin_turn(struct writer *writer, uint32_t before, uint32_t turn)
{
    if (before != 0)
        fprintf(writer->out, "    done(%" PRIu32 ");\n\n", before);
    if (turn != 0)
        fprintf(writer->out, "    turn(%" PRIu32 ");\n", turn);
}

static void put_steps(struct writer *writer, uint32_t actor)
{
    const struct scene *scene = writer->scene;
    uint32_t turn = 0;
    char text[WRITER_TEXT_MAX];
    for (uint32_t i = 0; i < scene->step_count;) {
        const struct step *step = &scene->steps[i];
        if (step->actor != actor) {
            i++;
            continue;
        }
        if (writer->turn_of[i] != turn)
            begin_turn(writer, turn, writer->turn_of[i]);
        turn = writer->turn_of[i];
        say_step(writer, step, text);
        if (text[0] != '\0')
            export_comment(writer->out, (uint32_t)strlen(writer->indent), text);
        put_queue(writer, step);
        i += put_step(writer, i);
    }
    if (turn != 0 && turn <= writer->turns)
        fprintf(writer->out, "    done(%" PRIu32 ");\n", turn);
}

static const char *first_function(const struct scene *scene, uint32_t actor)
{
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (scene->steps[i].actor == actor && scene->steps[i].site != NULL)
            return scene->steps[i].site->function;
    return "the run";
}

static void put_round(struct writer *writer, uint32_t actor)
{
    writer->used |= HELP_ROUND;
    writer->indent = "        ";
    fputs("    do {\n", writer->out);
    put_steps(writer, actor);
    fputs("    } while (next_round(self, ", writer->out);
    export_string(writer->out, first_function(writer->scene, actor));
    fputs("));\n", writer->out);
    writer->indent = "    ";
}

static bool uses_self(const struct scene *scene, uint32_t actor)
{
    for (uint32_t i = 0; i < scene->step_count; i++) {
        const struct step *step = &scene->steps[i];
        bool word = step->kind == STEP_FIND || step->kind == STEP_SET || step->kind == STEP_ADD ||
                    (step->kind == STEP_SWAP && !step->holds);
        if (step->actor == actor && !word && step->kind != STEP_UNPARK && step->kind != STEP_POST &&
            step->kind != STEP_SIGNAL)
            return true;
    }
    return scene->goes_round;
}

static void put_threads(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    char text[WRITER_TEXT_MAX];
    fputs("\n/* --- the threads --- */\n\n", writer->out);
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        say_thread(writer, i, text);
        export_comment(writer->out, 0, text);
        fprintf(writer->out, "static void %s(struct thread *self)\n{\n", writer->actors[i]);
        if (!uses_self(scene, i))
            fputs("    (void)self;\n", writer->out);
        if (scene->goes_round)
            put_round(writer, i);
        else
            put_steps(writer, i);
        put_end(writer, i);
        fputs("}\n\n", writer->out);
    }
    writer->used |= writer->turns > 0 ? HELP_TURN : 0;
    fputs("static struct thread threads[THREADS] = {\n", writer->out);
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        fputs("    { .thing = { ", writer->out);
        export_string(writer->out, scene->actors[i].name);
        fprintf(writer->out, ", \"\" }, .code = %s },\n", writer->actors[i]);
    }
    fputs("};\n\n", writer->out);
}

/* --- what they share --- */

static void put_thing(struct writer *writer, const struct thing *thing, const char *identifier)
{
    static const struct {
        const char *type, *rest;
    } rows[THING_KINDS] = {
        [THING_MUTEX] = { "lock", ", PTHREAD_MUTEX_INITIALIZER" },
        [THING_RECURSIVE] = { "lock", ", PTHREAD_MUTEX_INITIALIZER" },
        [THING_SPINLOCK] = { "spinlock", ", ATOMIC_FLAG_INIT" },
        [THING_RWLOCK] = { "rwlock", ", PTHREAD_RWLOCK_INITIALIZER" },
        [THING_RWLOCK_FAIR] = { "rwlock", ", PTHREAD_RWLOCK_INITIALIZER" },
        [THING_WORD] = { "word", "" },
        [THING_NOTE] = { "note", ", PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER" },
        [THING_SEMAPHORE] = { "semaphore", "" },
        [THING_CONDITION] = { "condition", ", PTHREAD_COND_INITIALIZER, 0" },
        [THING_TOKEN] = { "token", ", false" },
    };
    bool same = strcmp(thing->name, thing->class_name) == 0 || thing->kind == THING_TOKEN;
    fprintf(writer->out, "static struct %s %s =%s{ %s", rows[thing->kind].type, identifier,
            thing->kind == THING_NOTE ? "\n    " : " ",
            thing->kind == THING_SEMAPHORE ? ".thing = { " : "{ ");
    export_string(writer->out, thing->name);
    fputs(", ", writer->out);
    export_string(writer->out, same ? "" : thing->class_name);
    fprintf(writer->out, " }%s", rows[thing->kind].rest);
    if (thing->kind == THING_WORD || thing->kind == THING_NOTE) {
        fputs(", ", writer->out);
        put_value(writer, thing, thing->initial);
    }
    fputs(" };\n", writer->out);
}

static void put_values(struct writer *writer)
{
    if (writer->value_count == 0)
        return;
    fputs("enum {", writer->out);
    for (uint32_t i = 0; i < writer->value_count; i++)
        fprintf(writer->out, "%s %s = %" PRIu64, i > 0 ? "," : "", writer->values[i].identifier,
                writer->values[i].value);
    fputs(" };\n", writer->out);
}

static bool is_used(const struct writer *writer, uint32_t thing)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (step_thing(writer, &scene->steps[i]) == &scene->things[thing])
            return true;
    return false;
}

static void put_things(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->thing_count; i++)
        if (is_used(writer, i))
            put_thing(writer, &scene->things[i], writer->things[i]);
}

/* --- the head, and main() --- */

static bool is_taking(const struct step *step)
{
    return step->kind == STEP_LOCK || step->kind == STEP_READ_LOCK || step->kind == STEP_TAKE ||
           (step->kind == STEP_SWAP && step->holds);
}

/* More than any thread ever has at a time. */
static uint32_t held_max(const struct scene *scene)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        uint32_t taken = 0;
        for (uint32_t j = 0; j < scene->step_count; j++)
            taken += scene->steps[j].actor == i && is_taking(&scene->steps[j]);
        most = taken > most ? taken : most;
    }
    return most + 1;
}

static uint32_t token_count(const struct scene *scene)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->thing_count; i++)
        count += scene->things[i].kind == THING_TOKEN;
    return count;
}

static void put_preamble(struct writer *writer)
{
    static const char patience[] = "#ifndef PATIENCE_MS\n"
                                   "#define PATIENCE_MS 200 /* nothing may move for so long */\n"
                                   "#endif\n\n";
    const struct scene *scene = writer->scene;
    fprintf(writer->out,
            "#define _XOPEN_SOURCE 700\n"
            "#include <pthread.h>\n%s%s#include <stdatomic.h>\n#include <stdbool.h>\n"
            "#include <stdio.h>\n#include <time.h>\n\n"
            "%senum { THREADS = %" PRIu32 ", HELD_MAX = %" PRIu32,
            (writer->used & (HELP_SPIN | HELP_SPINLOCK | HELP_AWAIT_WRITER)) != 0
                ? "#include <sched.h>\n" : "",
            (writer->used & HELP_SEMAPHORE) != 0 ? "#include <semaphore.h>\n" : "",
            scene->goes_round ? "" : patience,
            scene->actor_count, held_max(scene));
    if ((writer->used & HELP_ANY) != 0)
        fprintf(writer->out, ", TOKENS = %" PRIu32, token_count(scene));
    if (scene->goes_round)
        fprintf(writer->out, ", ROUNDS = %d", ROUNDS_MIN);
    fputs(" };\nstatic const char verdict[] = ", writer->out);
    export_string(writer->out, verdict_name(scene->outcome->verdict));
    fputs(";\n\n"
          "/* --- helpers: each does the real thing, and notes who has and wants what --- */\n\n",
          writer->out);
}

/* The first lines of main(). */
static void put_preparation(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->thing_count; i++) {
        const struct thing *thing = &scene->things[i];
        if (!is_used(writer, i))
            continue;
        if (thing->kind == THING_RECURSIVE)
            fprintf(writer->out, "    make_recursive(&%s);\n", writer->things[i]);
        if (thing->kind == THING_RWLOCK_FAIR)
            fprintf(writer->out, "    make_fair(&%s);\n", writer->things[i]);
        if (thing->kind == THING_SEMAPHORE)
            fprintf(writer->out, "    make_semaphore(&%s, %" PRIu64 ");\n", writer->things[i],
                    thing->initial);
    }
}

/* What a part of the program is, as text: it can be told only when another one is known. */
static char *part(struct writer *writer, void (*put)(struct writer *))
{
    char *text = NULL;
    size_t length;
    FILE *out = writer->out;
    writer->out = open_memstream(&text, &length);
    check(writer->out != NULL);
    put(writer);
    check(fclose(writer->out) == 0);
    writer->out = out;
    return text;
}

void export_write(FILE *out, const struct scene *scene, const char *origin, const char *name)
{
    static struct writer writer;
    writer = (struct writer){ .out = out, .indent = "    ", .scene = scene };
    name_all(&writer);
    number_turns(&writer);
    char *threads = part(&writer, put_threads);
    char *things = part(&writer, put_things);
    char *preparation = part(&writer, put_preparation);
    static char head[HEAD_MAX];
    say_head(&writer, origin, name, head, sizeof head);
    export_comment(out, 0, head);
    put_preamble(&writer);
    export_print_helpers(out, writer.used);
    fputs("\n/* --- what they share --- */\n\n", out);
    put_values(&writer);
    fputs(things, out);
    fputs(threads, out);
    export_print_watchdog(out, writer.used, preparation);
    free(threads);
    free(things);
    free(preparation);
}
