/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads are written first, for what they use decides which helpers stand before them. Steps
 * of one thread that follow each other are one turn; who waits for ever does so after the last turn,
 * when everybody has what it has.
 */
#include "repro/export_write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/edge.h"
#include "repro/export_name.h"
#include "repro/export_text.h"
#include "repro/picture.h"
#include "repro/symbol.h"

enum { CHAIN_SHOWN = 8, TEXT_MAX = 1024, ROUNDS_MIN = 100, HELD_SPARE = 2 };

struct value_name {
    const char *identifier;
    char text[SCENE_NAME_MAX];
    uint64_t value;
};

struct writer {
    FILE *out;
    const char *indent; /* of statements */
    const struct scene *scene;
    uint32_t used; /* helpers */
    uint32_t turns;
    uint32_t turn_of[SCENE_STEPS_MAX]; /* from 1; of a last wait the one after all turns */
    const char *actors[SCENE_ACTORS_MAX], *things[SCENE_THINGS_MAX];
    uint32_t value_count;
    struct value_name values[SCENE_STEPS_MAX * 2];
    struct export_names names;
};

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t size, const char *format,
                                                      ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

static bool is_about_thing(const struct step *step)
{
    return step->kind != STEP_JOIN && step->kind != STEP_SLEEP;
}

static enum thing_kind kind_of(const struct writer *writer, const struct step *step)
{
    return is_about_thing(step) ? writer->scene->things[step->thing].kind : THING_KINDS;
}

/* --- names --- */

static void name_all(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->actor_count; i++)
        writer->actors[i] = export_identifier(&writer->names, scene->actors[i].name);
    for (uint32_t i = 0; i < scene->thing_count; i++)
        writer->things[i] = export_identifier(&writer->names, scene->things[i].name);
}

/* The subject's name for that value of that word, if it has one. */
static const struct value_name *value_name(struct writer *writer, const struct thing *thing,
                                           uint64_t value)
{
    const struct wedge_subject *subject = writer->scene->subject;
    char text[SCENE_NAME_MAX];
    if (thing->kind != THING_WORD || subject->name_value == NULL ||
        !subject->name_value(thing->object, value, text, sizeof text))
        return NULL;
    for (uint32_t i = 0; i < writer->value_count; i++)
        if (strcmp(writer->values[i].text, text) == 0 && writer->values[i].value == value)
            return &writer->values[i];
    struct value_name *name = &writer->values[writer->value_count++];
    memcpy(name->text, text, sizeof text);
    name->value = value;
    name->identifier = export_identifier(&writer->names, text);
    return name;
}

static void put_value(struct writer *writer, FILE *out, const struct thing *thing, uint64_t value)
{
    const struct value_name *name = value_name(writer, thing, value);
    if (name != NULL)
        fputs(name->identifier, out);
    else
        fprintf(out, "%" PRIu64, value);
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

/* --- one step --- */

static void put_call(struct writer *writer, const char *function, const struct step *step,
                     const char *mark)
{
    fprintf(writer->out, "%s%s(self, &%s, ", writer->indent, function,
            writer->things[step->thing]);
    export_string(writer->out, step->site != NULL ? step->site->function : "the run");
    fprintf(writer->out, ");%s\n", mark);
}

static const char *mark_of(const struct step *step)
{
    return step->closing ? " /* closing step */" : "";
}

static void put_lock(struct writer *writer, const struct step *step)
{
    static const struct {
        const char *function;
        uint32_t helpers;
    } rows[] = {
        [THING_MUTEX] = { "lock", HELP_LOCK },
        [THING_RECURSIVE] = { "lock", HELP_LOCK | HELP_RECURSIVE },
        [THING_SPINLOCK] = { "lock_spinning", HELP_SPINLOCK },
        [THING_RWLOCK] = { "write_lock", HELP_RWLOCK | HELP_WRITE },
        [THING_RWLOCK_FAIR] = { "write_lock", HELP_RWLOCK | HELP_WRITE | HELP_FAIR },
    };
    enum thing_kind kind = kind_of(writer, step);
    bool reads = step->kind == STEP_READ_LOCK;
    check(kind <= THING_RWLOCK_FAIR);
    writer->used |= reads ? (rows[kind].helpers & ~(uint32_t)HELP_WRITE) | HELP_READ
                          : rows[kind].helpers;
    put_call(writer, reads ? "read_lock" : rows[kind].function, step, mark_of(step));
}

static void put_unlock(struct writer *writer, const struct step *step, const char *mark)
{
    enum thing_kind kind = kind_of(writer, step);
    const char *function = kind == THING_SPINLOCK ? "unlock_spinning"
                           : kind == THING_RWLOCK || kind == THING_RWLOCK_FAIR ? "unlock_rw"
                                                                               : "unlock";
    fprintf(writer->out, "%s%s(self, &%s);%s\n", writer->indent, function,
            writer->things[step->thing], mark);
}

/* "BEGIN&word" and its values. */
static void put_change(struct writer *writer, const struct step *step, const char *begin)
{
    const struct thing *thing = &writer->scene->things[step->thing];
    fprintf(writer->out, "%s%s&%s", writer->indent, begin, writer->things[step->thing]);
    fputs(step->kind == STEP_SET ? ".value, " : ", ", writer->out);
    if (step->kind == STEP_SWAP) {
        put_value(writer, writer->out, thing, step->from);
        fputs(", ", writer->out);
    }
    put_value(writer, writer->out, thing, step->to);
}

static void put_enter(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_ENTER | HELP_WORD;
    put_change(writer, step, "enter(self, ");
    fputs(", ", writer->out);
    export_string(writer->out, step->site != NULL ? step->site->function : "the run");
    fputs(");\n", writer->out);
}

static void put_word_step(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_WORD;
    switch (step->kind) {
    case STEP_FIND:
        writer->used |= HELP_FIND;
        put_change(writer, step, "if (!finds(");
        fprintf(writer->out, "))\n%s    return;\n", writer->indent);
        break;
    case STEP_SWAP:
        writer->used |= HELP_SWAP;
        put_change(writer, step, "if (!swaps(");
        fprintf(writer->out, "))\n%s    return;\n", writer->indent);
        break;
    case STEP_SPIN:
        writer->used |= HELP_SPIN;
        put_change(writer, step, "spin_while(self, ");
        fputs(", ", writer->out);
        export_string(writer->out, step->site != NULL ? step->site->function : "the run");
        fprintf(writer->out, ");%s\n", mark_of(step));
        break;
    case STEP_ADD:
        fprintf(writer->out, "%satomic_fetch_%s(&%s.value, %" PRIu64 ");\n", writer->indent,
                step->to < step->from ? "sub" : "add", writer->things[step->thing],
                step->to < step->from ? step->from - step->to : step->to - step->from);
        break;
    default:
        put_change(writer, step, "atomic_store(");
        fputs(");\n", writer->out);
        break;
    }
}

static void put_event_step(struct writer *writer, const struct step *step)
{
    bool note = kind_of(writer, step) == THING_NOTE;
    bool waits = step->kind == STEP_PARK || step->kind == STEP_WAIT;
    writer->used |= note ? HELP_NOTE | (waits ? HELP_PARK : HELP_UNPARK)
                         : HELP_SEMAPHORE | (waits ? HELP_WAIT : HELP_POST);
    if (waits)
        put_call(writer, note ? "park" : "wait_for", step, mark_of(step));
    else
        fprintf(writer->out, "%s%s(&%s);\n", writer->indent, note ? "unpark" : "post",
                writer->things[step->thing]);
}

static void put_join(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_JOIN;
    fprintf(writer->out, "    join(self, &threads[%" PRIu32 "], ", step->thing);
    export_string(writer->out, step->site->function);
    fprintf(writer->out, ");%s\n", mark_of(step));
}

static void put_step(struct writer *writer, const struct step *step)
{
    switch (step->kind) {
    case STEP_LOCK:
    case STEP_READ_LOCK:
        put_lock(writer, step);
        return;
    case STEP_UNLOCK:
    case STEP_READ_UNLOCK:
        put_unlock(writer, step, "");
        return;
    case STEP_PARK:
    case STEP_UNPARK:
    case STEP_WAIT:
    case STEP_POST:
        put_event_step(writer, step);
        return;
    case STEP_TAKE:
        writer->used |= HELP_TOKEN;
        put_call(writer, "take", step, mark_of(step));
        return;
    case STEP_GIVE:
        fprintf(writer->out, "    give(self, &%s);\n", writer->things[step->thing]);
        return;
    case STEP_JOIN:
        put_join(writer, step);
        return;
    case STEP_SLEEP:
        fprintf(writer->out, "%slet_time_pass(self);\n", writer->indent);
        return;
    default:
        if (step->kind == STEP_SWAP && step->holds)
            put_enter(writer, step);
        else
            put_word_step(writer, step);
    }
}

/* --- what a step is, in words --- */

/* "checkTimers:&pp->timersLock, core/runtime/timerrun.c:292" */
static void say_place(const struct step *step, char text[TEXT_MAX])
{
    if (step->site == NULL)
        return;
    add(text, TEXT_MAX, "%s:%s, %s:%" PRIu32, step->site->function, step->site->object,
        step->site->file, step->site->line);
}

static void say_held(const struct writer *writer, uint32_t actor, const struct step *before,
                     char text[TEXT_MAX])
{
    bool first = true;
    for (const struct step *step = writer->scene->steps; step < before; step++) {
        if (step->actor != actor || !step->holds)
            continue;
        add(text, TEXT_MAX, "%s%s", first ? "; it has " : ", ",
            writer->scene->things[step->thing].name);
        first = false;
    }
}

static void say_last(const struct writer *writer, const struct step *step, char text[TEXT_MAX])
{
    const struct edge *edge = writer->scene->actors[step->actor].waits;
    if (edge->to[0] == '\0')
        add(text, TEXT_MAX, ". Nobody is left to end this wait.");
    else if (step->kind == STEP_JOIN)
        add(text, TEXT_MAX, ". %s never ends.", edge->to);
    else if (strcmp(edge->from, edge->to) == 0)
        add(text, TEXT_MAX, ". It waits for itself, for ever.");
    else
        add(text, TEXT_MAX, ". %s has it, and never gives it back.", edge->to);
}

static void put_step_comment(struct writer *writer, const struct step *step)
{
    char text[TEXT_MAX] = "";
    say_place(step, text);
    if (!writer->scene->goes_round)
        say_held(writer, step->actor, step, text);
    if (step->last)
        say_last(writer, step, text);
    if (text[0] != '\0')
        export_comment(writer->out, (uint32_t)strlen(writer->indent), text);
}

/* --- a thread --- */

static void say_chain(const struct edge *edge, char text[TEXT_MAX])
{
    struct frame frames[SYMBOL_FRAMES_MAX];
    uint32_t count = symbol_frames(&edge->wait_chain, frames), begin = 0;
    while (begin < count && edge->waits_at != NULL &&
           strcmp(frames[begin].function, edge->waits_at->function) != 0)
        begin++;
    if (begin == count)
        return;
    add(text, TEXT_MAX, "\n    %s", frames[begin].function);
    uint32_t end = begin + CHAIN_SHOWN < count ? begin + CHAIN_SHOWN : count;
    for (uint32_t i = begin + 1; i < end; i++)
        add(text, TEXT_MAX, " <- %s", frames[i].function);
    add(text, TEXT_MAX, "%s", end < count ? " <- ..." : "");
}

static void put_thread_comment(struct writer *writer, const struct actor *actor)
{
    char text[TEXT_MAX] = "";
    add(text, TEXT_MAX, "%s", actor->name);
    if (actor->runs[0] != '\0')
        add(text, TEXT_MAX, ", which runs %s", actor->runs);
    if (actor->is_task)
        add(text, TEXT_MAX,
            " is a task. In the run it has no thread of its own: whoever has %s may run it. Here it "
            "has one, which goes on only with %s.", actor->waits->object, actor->waits->object);
    if (actor->waits != NULL && actor->waits->wait_chain.count > 0) {
        add(text, TEXT_MAX, actor->is_task ? " It was left in" : ". It came to its last wait by");
        say_chain(actor->waits, text);
    } else if (!actor->is_task) {
        add(text, TEXT_MAX, writer->scene->goes_round ? " goes round for ever." : " ends.");
    }
    export_comment(writer->out, 0, text);
}

/* It is not reached while the threads hang: what a thread does when it got what it waits for. */
static void put_end(struct writer *writer, uint32_t actor)
{
    const struct scene *scene = writer->scene;
    bool waits = false;
    for (uint32_t i = scene->step_count; i-- > 0;) {
        const struct step *step = &scene->steps[i];
        if (step->actor != actor || (!step->last && !(step->holds && waits)))
            continue;
        if (step->last)
            fputc('\n', writer->out);
        waits = waits || step->last;
        if (step->kind == STEP_LOCK || step->kind == STEP_READ_LOCK)
            put_unlock(writer, step, mark_of(step));
        if (step->kind == STEP_TAKE)
            fprintf(writer->out, "    give(self, &%s);%s\n", writer->things[step->thing],
                    mark_of(step));
        if (step->kind != STEP_SWAP)
            continue;
        writer->used |= HELP_LEAVE;
        fprintf(writer->out, "    leave(self, &%s, ", writer->things[step->thing]);
        put_value(writer, writer->out, &scene->things[step->thing], step->from);
        fputs(");\n", writer->out);
    }
}

static bool queues_behind_writer(const struct writer *writer, const struct step *step)
{
    return step->last && step->kind == STEP_READ_LOCK &&
           kind_of(writer, step) == THING_RWLOCK_FAIR;
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
    for (uint32_t i = 0; i < scene->step_count; i++) {
        const struct step *step = &scene->steps[i];
        if (step->actor != actor)
            continue;
        if (writer->turn_of[i] != turn)
            begin_turn(writer, turn, writer->turn_of[i]);
        turn = writer->turn_of[i];
        put_step_comment(writer, step);
        if (queues_behind_writer(writer, step)) {
            writer->used |= HELP_AWAIT_WRITER;
            fprintf(writer->out, "    await_writer(&%s);\n", writer->things[step->thing]);
        }
        put_step(writer, step);
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
        if (step->actor == actor && !word && step->kind != STEP_UNPARK && step->kind != STEP_POST)
            return true;
    }
    return scene->goes_round;
}

static void put_threads(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    fputs("\n/* --- the threads --- */\n\n", writer->out);
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        put_thread_comment(writer, &scene->actors[i]);
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
        [THING_TOKEN] = { "token", ", false" },
    };
    bool same = strcmp(thing->name, thing->class_name) == 0 || thing->kind == THING_TOKEN;
    fprintf(writer->out, "static struct %s %s = { %s", rows[thing->kind].type, identifier,
            thing->kind == THING_SEMAPHORE ? ".thing = { " : "{ ");
    export_string(writer->out, thing->name);
    fputs(", ", writer->out);
    export_string(writer->out, same ? "" : thing->class_name);
    fprintf(writer->out, " }%s", rows[thing->kind].rest);
    if (thing->kind == THING_WORD || thing->kind == THING_NOTE) {
        fputs(", ", writer->out);
        put_value(writer, writer->out, thing, thing->initial);
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

static bool is_used(const struct scene *scene, uint32_t thing)
{
    for (uint32_t i = 0; i < scene->step_count; i++)
        if (is_about_thing(&scene->steps[i]) && scene->steps[i].thing == thing)
            return true;
    return false;
}

static void put_things(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->thing_count; i++)
        value_name(writer, &scene->things[i], scene->things[i].initial);
    fputs("\n/* --- what they share --- */\n\n", writer->out);
    put_values(writer);
    for (uint32_t i = 0; i < scene->thing_count; i++)
        if (is_used(scene, i))
            put_thing(writer, &scene->things[i], writer->things[i]);
}

/* --- the head, and main() --- */

static void say_edges(const struct outcome *outcome, char *text, size_t size)
{
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        char sentence[EDGE_TEXT_MAX];
        edge_sentence(&outcome->edges[i], sentence);
        add(text, size, "  %s\n", sentence);
    }
}

static void say_picture(const struct outcome *outcome, char *text, size_t size)
{
    char *picture = NULL;
    size_t length;
    FILE *out = open_memstream(&picture, &length);
    check(out != NULL);
    picture_print(out, outcome);
    check(fclose(out) == 0);
    add(text, size, "%s", picture);
    free(picture);
}

static void put_head(struct writer *writer, const char *origin, const char *name)
{
    const struct scene *scene = writer->scene;
    const struct outcome *outcome = scene->outcome;
    static char text[16384];
    snprintf(text, sizeof text, "%s %s: %s\n\n", verdict_name(outcome->verdict),
             outcome->signature_hash, outcome->message);
    say_edges(outcome, text, sizeof text);
    say_picture(outcome, text, sizeof text);
    add(text, sizeof text,
        "\nWhat is left of a run of %s (%s) with %" PRIu64 " steps, on real threads with real locks:\n"
        "\n"
        "    cc -std=c11 -pthread %s.c -o %s && ./%s\n\n",
        scene->subject->name, origin, outcome->steps, name, name, name);
    if (scene->goes_round)
        add(text, sizeof text, "Each thread does what it did in one round, over and over, for as long as it "
            "finds what it found then: nothing that they do changes it.\n");
    else if (writer->turns > 0)
        add(text, sizeof text, "turn() and done() only bring the threads to where they meet. After the "
            "last turn a thread waits for nothing but what its last step wants, and that is for ever.\n");
    add(text, sizeof text, "The watchdog at the end then prints who waits for whom, and the program exits "
        "with 1. If all threads come to their end, it says so and exits with 0%s.\n",
        scene->goes_round ? "" : ": so they do without the lines marked \"closing step\"");
    export_comment(writer->out, 0, text);
}

static uint32_t most_held(const struct scene *scene)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < scene->actor_count; i++) {
        uint32_t held = 0;
        for (uint32_t j = 0; j < scene->step_count; j++)
            held += scene->steps[j].actor == i && is_about_thing(&scene->steps[j]);
        most = held > most ? held : most;
    }
    return most;
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
            "#include <stdio.h>\n#include <time.h>\n\n%senum { THREADS = %" PRIu32 ", HELD_MAX = %" PRIu32,
            (writer->used & (HELP_SPIN | HELP_SPINLOCK | HELP_AWAIT_WRITER)) != 0
                ? "#include <sched.h>\n" : "",
            (writer->used & HELP_SEMAPHORE) != 0 ? "#include <semaphore.h>\n" : "",
            scene->goes_round ? "" : patience,
            scene->actor_count, most_held(scene) + HELD_SPARE);
    if (scene->goes_round)
        fprintf(writer->out, ", ROUNDS = %d", ROUNDS_MIN);
    fputs(" };\nstatic const char verdict[] = ", writer->out);
    export_string(writer->out, verdict_name(scene->outcome->verdict));
    fputs(";\n\n/* --- helpers: each does the real thing, and notes who has and who wants what --- */\n\n",
          writer->out);
}

/* The first lines of main(). */
static void put_preparation(struct writer *writer)
{
    const struct scene *scene = writer->scene;
    for (uint32_t i = 0; i < scene->thing_count; i++) {
        const struct thing *thing = &scene->things[i];
        if (!is_used(scene, i))
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
    put_head(&writer, origin, name);
    put_preamble(&writer);
    export_print_helpers(out, writer.used);
    fputs(things, out);
    fputs(threads, out);
    export_print_watchdog(out, writer.used, preparation);
    free(threads);
    free(things);
    free(preparation);
}
