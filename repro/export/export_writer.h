/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files that write a program: export_write.c, export_step.c, export_say.c. */
#ifndef REPRO_EXPORT_WRITER_H
#define REPRO_EXPORT_WRITER_H

#include <stdio.h>

#include "repro/export/export_name.h"
#include "repro/export/export_scene.h"

enum { WRITER_TEXT_MAX = 2048 };

struct value_name {
    const char *identifier;
    char text[SCENE_NAME_MAX];
    uint64_t value;
};

struct writer {
    FILE *out;
    const char *indent; /* of statements */
    const struct scene *scene;
    uint32_t used; /* a mask of enum helper */
    uint32_t turns;
    uint32_t turn_of[SCENE_STEPS_MAX]; /* from 1; of a last wait the one after all turns; 0: none */
    const char *actors[SCENE_ACTORS_MAX], *things[SCENE_THINGS_MAX];
    uint32_t value_count;
    struct value_name values[SCENE_STEPS_MAX * 2 + SCENE_THINGS_MAX];
    struct export_names names;
};

/* Appends to the text, as far as there is room. */
__attribute__((format(printf, 3, 4))) void say(char *text, size_t size, const char *format, ...);

/* What a step does, where, and what the thread has meanwhile; "" if there is nothing to say. */
void say_step(const struct writer *writer, const struct step *step, char text[WRITER_TEXT_MAX]);
/* Who a thread is, and how it comes to its last wait. */
void say_thread(const struct writer *writer, uint32_t actor, char text[WRITER_TEXT_MAX]);
/* The whole story, and how to build and run it. */
void say_head(const struct writer *writer, const char *origin, const char *name, char *text,
              size_t size);

/* The statement of a step; helpers that it needs are noted. Returns how many steps it was: looks
 * that follow each other are one. */
uint32_t put_step(struct writer *writer, uint32_t step);
/* What the thread does when its last wait has ended: it gives back what it has. */
void put_end(struct writer *writer, uint32_t actor);
/* The value of that word, by its name if it has one. */
void put_value(struct writer *writer, const struct thing *thing, uint64_t value);

/* The thing that the step is about; NULL: none. */
const struct thing *step_thing(const struct writer *writer, const struct step *step);

#endif
