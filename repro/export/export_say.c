/* SPDX-License-Identifier: BSD-3-Clause */
/* The comments of an exported program. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/export/export_writer.h"
#include "repro/finding/edge.h"
#include "repro/finding/picture.h"
#include "repro/finding/symbol.h"

enum { CHAIN_SHOWN = 10 };

void say(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

/* --- a step --- */

static void say_held(const struct writer *writer, const struct step *until, char *text)
{
    bool first = true;
    for (const struct step *step = writer->scene->steps; step < until; step++) {
        if (step->actor != until->actor || !step->holds)
            continue;
        say(text, WRITER_TEXT_MAX, "%s%s", first ? "; holding " : ", ",
            writer->scene->things[step->thing].name);
        first = false;
    }
}

/* "m0 has P0, m2 has P1: ..." */
static void say_holders(const struct writer *writer, const struct step *step, char *text)
{
    const struct actor *task = &writer->scene->actors[step->actor];
    const char *before = ".";
    for (const struct edge *edge = scene_next_choice(writer->scene, task, NULL); edge != NULL;
         edge = scene_next_choice(writer->scene, task, edge)) {
        say(text, WRITER_TEXT_MAX, "%s %s has %s", before, edge->to, edge->object);
        before = ",";
    }
    say(text, WRITER_TEXT_MAX, ", and none of them comes to give it back.");
}

/* Why the last wait has no end. */
static void say_obstacle(const struct writer *writer, const struct step *step, char *text)
{
    const struct edge *edge = writer->scene->actors[step->actor].waits;
    const struct edge *queued = &writer->scene->queued;
    const struct thing *thing = step_thing(writer, step);
    bool itself = strcmp(edge->from, edge->to) == 0;
    if (edge->to[0] == '\0')
        say(text, WRITER_TEXT_MAX, ". Nobody is left who could end this wait.");
    else if (step->kind == STEP_JOIN)
        say(text, WRITER_TEXT_MAX, ". %s never comes to its end.", edge->to);
    else if (step->kind == STEP_READ_LOCK && edge->holds_to_read)
        say(text, WRITER_TEXT_MAX,
            ". Once %s stands in the queue to write, no reader passes it; and %s waits for %s.",
            queued->from, queued->from, itself ? "this reader" : edge->to);
    else if (step->any)
        say_holders(writer, step, text);
    else if (step->kind == STEP_SPIN)
        say(text, WRITER_TEXT_MAX, ". %s has put %s in this state, and does not come to leave it.",
            itself ? "The thread itself" : edge->to, thing->name);
    else
        say(text, WRITER_TEXT_MAX, ". %s has %s, and does not come to give it back.",
            itself ? "The thread itself" : edge->to, thing->name);
}

void say_step(const struct writer *writer, const struct step *step, char text[WRITER_TEXT_MAX])
{
    const struct actor *actor = &writer->scene->actors[step->actor];
    text[0] = '\0';
    if (actor->is_task && step->kind == STEP_TAKE && !step->last) {
        say(text, WRITER_TEXT_MAX, "the thread that runs it has %s",
            step_thing(writer, step)->name);
        return;
    }
    if (step->site == NULL)
        return;
    say(text, WRITER_TEXT_MAX, "%s:%s, %s:%" PRIu32, step->site->function, step->site->object,
        step->site->file, step->site->line);
    if (!writer->scene->goes_round)
        say_held(writer, step, text);
    if (step->kind == STEP_GIVE)
        say(text, WRITER_TEXT_MAX, ". %s here, and its thread goes on without it.",
            step->site->kind == HOOK_PREEMPTION ? "It is preempted" : "It stops");
    if (step->last)
        say_obstacle(writer, step, text);
}

/* --- a thread --- */

static void say_chain(const struct edge *edge, char *text)
{
    struct frame frames[SYMBOL_FRAMES_MAX];
    uint32_t count = symbol_frames(&edge->wait_chain, frames), begin = 0;
    while (begin < count && strcmp(frames[begin].function, edge->waits_at->function) != 0)
        begin++;
    begin = begin < count ? begin : 0;
    uint32_t end = begin + CHAIN_SHOWN < count ? begin + CHAIN_SHOWN : count;
    bool one = count <= begin + 1;
    say(text, WRITER_TEXT_MAX, one ? " in %s" : " in\n    %s", edge->waits_at->function);
    bool known = count > 0 && strcmp(frames[begin].function, edge->waits_at->function) == 0;
    for (uint32_t i = begin + known; i < end; i++)
        say(text, WRITER_TEXT_MAX, " <- %s", frames[i].function);
    say(text, WRITER_TEXT_MAX, "%s", end < count ? " <- ..." : "");
}

/* The functions of a round, in order. */
static void say_round(const struct writer *writer, uint32_t actor, char *text)
{
    const struct scene *scene = writer->scene;
    const char *before = "";
    say(text, WRITER_TEXT_MAX, " goes round in\n    ");
    for (uint32_t i = 0; i < scene->step_count; i++) {
        const struct step *step = &scene->steps[i];
        if (step->actor != actor || step->site == NULL ||
            strcmp(step->site->function, before) == 0)
            continue;
        say(text, WRITER_TEXT_MAX, "%s%s", before[0] != '\0' ? ", " : "", step->site->function);
        before = step->site->function;
    }
}

/* "P0", "P0 or P1" */
static void say_choice(const struct writer *writer, const struct actor *task, char *text)
{
    const struct edge *edge = scene_next_choice(writer->scene, task, NULL);
    while (edge != NULL) {
        const struct edge *next = scene_next_choice(writer->scene, task, edge);
        say(text, WRITER_TEXT_MAX, "%s%s", edge->object, next != NULL ? " or " : "");
        edge = next;
    }
}

static void say_task(const struct writer *writer, const struct actor *task, char *text)
{
    if (task->waits->kind == EDGE_GATE) {
        say(text, WRITER_TEXT_MAX,
            " is a task: it has no thread of its own, and does not run while the world is stopped. "
            "Here it is a thread that waits for that. It was stopped");
        return;
    }
    say(text, WRITER_TEXT_MAX,
        " is a task: it has no thread of its own, but runs on one that has ");
    say_choice(writer, task, text);
    say(text, WRITER_TEXT_MAX, ". Here it is a thread that goes on only with ");
    say_choice(writer, task, text);
    say(text, WRITER_TEXT_MAX, ". It was stopped");
}

void say_thread(const struct writer *writer, uint32_t actor, char text[WRITER_TEXT_MAX])
{
    const struct actor *who = &writer->scene->actors[actor];
    snprintf(text, WRITER_TEXT_MAX, "%s", who->name);
    if (who->runs[0] != '\0')
        say(text, WRITER_TEXT_MAX, ", which runs %s,", who->runs);
    if (writer->scene->goes_round)
        say_round(writer, actor, text);
    else if (who->waits == NULL)
        say(text, WRITER_TEXT_MAX, " comes to its end.");
    else if (who->is_task)
        say_task(writer, who, text);
    else
        say(text, WRITER_TEXT_MAX, " waits at last");
    if (who->waits != NULL && who->waits->waits_at != NULL)
        say_chain(who->waits, text);
}

/* --- the head --- */

static void say_edges(const struct outcome *outcome, char *text, size_t size)
{
    for (uint32_t i = 0; i < outcome->edge_count; i++) {
        char sentence[EDGE_TEXT_MAX];
        edge_sentence(&outcome->edges[i], sentence);
        say(text, size, "  %s\n", sentence);
    }
    say(text, size, "%s", outcome->edge_count > 0 ? "\n" : "");
}

static void say_picture(const struct outcome *outcome, char *text, size_t size)
{
    char *picture = NULL;
    size_t length;
    FILE *out = open_memstream(&picture, &length);
    check(out != NULL);
    picture_print(out, outcome);
    check(fclose(out) == 0);
    say(text, size, "%s%s", picture, length > 0 ? "\n" : "");
    free(picture);
}

void say_head(const struct writer *writer, const char *origin, const char *name, char *text,
              size_t size)
{
    const struct scene *scene = writer->scene;
    const struct outcome *outcome = scene->outcome;
    snprintf(text, size, "%s %s: %s\n\n", verdict_name(outcome->verdict), outcome->signature_hash,
             outcome->message);
    say_edges(outcome, text, size);
    say_picture(outcome, text, size);
    say(text, size,
        "This is what matters of a run of %s with %" PRIu64 " steps (%s), on real threads. To "
        "build it and see it hang:\n    cc -std=c11 -pthread %s.c -o %s && ./%s\n\n",
        scene->subject->name, outcome->steps, origin, name, name, name);
    if (scene->goes_round)
        say(text, size,
            "Each thread does what it did in one round, over and over, for as long as it finds "
            "what it found then. Nothing that they do changes that.\n");
    else if (writer->turns > 0)
        say(text, size,
            "turn() and done() put the steps before the last ones in order. From there on nothing "
            "holds a thread back but what it wants.\n");
    say(text, size,
        "When no thread gets any further, the watchdog at the end of the file prints who waits for "
        "whom, and the program exits with 1.");
    say(text, size, "%s",
        scene->goes_round ? " If a thread leaves its round, it exits with 0.\n"
                          : " If all threads come to their end, as they do without the lines "
                            "marked \"closing step\", it exits with 0.\n");
}
