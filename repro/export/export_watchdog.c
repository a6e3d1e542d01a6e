/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of an exported program. It decides by the notes, not by the clock: a thread waits in vain
 * if what it wants is taken, or the word that it waits for has not changed; if all do that have not
 * ended, nobody is left to help. The patience is for the reader's.
 */
#include "core/base/check.h"
#include "repro/export/export_text.h"

static const struct export_part parts[] = {
    { HELP_ALWAYS,
      "/* --- the watchdog --- */\n"
      "\n"
      "static void tell_holder(const struct thread *thread)\n"
      "{\n"
      "    const struct thread *holder = holder_of(thread->wants);\n"
      "    if (holder == NULL)\n"
      "        printf(\"; nobody is left who could change that\");\n"
      "    else if (holder == thread)\n"
      "        printf(\"; held by %s itself\", holder->thing.name);\n"
      "    else if (&holder->thing != thread->wants)\n"
      "        printf(\"; held by %s\", holder->thing.name);\n"
      "    for (unsigned i = holder != NULL ? holder->has_count : 0; i-- > 0;) {\n"
      "        if (holder->has[i] == thread->wants) {\n"
      "            printf(\" since %s\", holder->since[i]);\n"
      "            break;\n"
      "        }\n"
      "    }\n"
      "    puts(\"\");\n"
      "}\n"
      "\n"
      "static void tell(const struct thread *thread)\n"
      "{\n"
      "    printf(\"  %s\", thread->thing.name);\n"
      "    for (unsigned i = 0; i < thread->has_count; i++)\n"
      "        printf(\"%s%s%s\", i == 0 ? \", holding \" : \", \", thread->has[i]->name,\n"
      "               i + 1 == thread->has_count ? \",\" : \"\");\n" },
    { HELP_ROUND,
      "    if (thread->rounds >= ROUNDS) {\n"
      "        printf(\" goes round in %s: the same %u times, and nothing comes of it\\n\",\n"
      "               thread->function, thread->rounds);\n"
      "        return;\n"
      "    }\n" },
    { HELP_ALWAYS,
      "    printf(\" %s %s\", thread->verb, thread->wants->name);\n"
      "    if (thread->wants->class_name[0] != '\\0')\n"
      "        printf(\" (%s)\", thread->wants->class_name);\n"
      "    printf(\" in %s\", thread->function);\n"
      "    tell_holder(thread);\n"
      "}\n"
      "\n"
      "/* Whom it waits for, if that one waits, too. */\n"
      "static const struct thread *next_of(const struct thread *thread)\n"
      "{\n"
      "    const struct thread *next = thread->wants != NULL ? holder_of(thread->wants) : NULL;\n"
      "    return next != NULL && next->wants != NULL ? next : NULL;\n"
      "}\n"
      "\n"
      "static void tell_cycle(void)\n"
      "{\n"
      "    for (const struct thread *first = threads; first < threads + THREADS; first++) {\n"
      "        const struct thread *thread = next_of(first);\n"
      "        for (int i = 1; i < THREADS && thread != NULL && thread != first; i++)\n"
      "            thread = next_of(thread);\n"
      "        if (thread != first)\n"
      "            continue;\n"
      "        printf(\"the cycle: %s\", first->thing.name);\n"
      "        do {\n"
      "            thread = next_of(thread);\n"
      "            printf(\" -> %s\", thread->thing.name);\n"
      "        } while (thread != first);\n"
      "        puts(\"\");\n"
      "        return;\n"
      "    }\n"
      "}\n"
      "\n"
      "static int tell_all(void)\n"
      "{\n"
      "    printf(\"%s: no thread gets any further\\n\", verdict);\n"
      "    for (const struct thread *thread = threads; thread < threads + THREADS; thread++)\n"
      "        if (!thread->ended)\n"
      "            tell(thread);\n"
      "    tell_cycle();\n"
      "    return 1;\n"
      "}\n"
      "\n" },
    { HELP_NO_ROUND,
      "/* 1: all threads that have not ended wait in vain; 0: all have ended; -1: neither. */\n" },
    { HELP_ROUND,
      "/* 1: all threads have gone round often; 0: one has ended; -1: neither. */\n" },
    { HELP_ALWAYS,
      "static int look(void)\n"
      "{\n"
      "    int ended = 0, stuck = 0;\n"
      "    for (const struct thread *thread = threads; thread < threads + THREADS; thread++) {\n"
      "        ended += thread->ended;\n" },
    { HELP_NO_ROUND,
      "        stuck += !thread->ended && waits_in_vain(thread);\n" },
    { HELP_ROUND,
      "        stuck += thread->rounds >= ROUNDS;\n" },
    { HELP_ALWAYS,
      "    }\n" },
    { HELP_ROUND,
      "    if (ended > 0)\n"
      "        return 0;\n" },
    { HELP_ALWAYS,
      "    return ended == THREADS ? 0 : ended + stuck == THREADS ? 1 : -1;\n"
      "}\n"
      "\n"
      "static void *run(void *argument)\n"
      "{\n"
      "    struct thread *self = argument;\n"
      "    open_books(); /* not before all threads are there */\n"
      "    close_books();\n"
      "    self->code(self);\n"
      "    open_books();\n"
      "    self->ended = true;\n"
      "    close_books();\n"
      "    return NULL;\n"
      "}\n"
      "\n"
      "int main(void)\n"
      "{\n" },
    { HELP_MAIN, "" },
    { HELP_ALWAYS,
      "    pthread_mutex_lock(&books);\n"
      "    for (struct thread *thread = threads; thread < threads + THREADS; thread++) {\n"
      "        if (pthread_create(&thread->id, NULL, run, thread) != 0) {\n"
      "            puts(\"no room for a thread\");\n"
      "            return 2;\n"
      "        }\n"
      "    }\n"
      "    pthread_mutex_unlock(&books);\n" },
    { HELP_NO_ROUND,
      "    unsigned seen = 0, quiet_ms = 0;\n" },
    { HELP_ALWAYS,
      "    for (;;) {\n"
      "        sleep_ms(10);\n"
      "        pthread_mutex_lock(&books);\n"
      "        int state = look();\n"
      "        if (state == 0)\n"
      "            break;\n" },
    { HELP_NO_ROUND,
      "        quiet_ms = state == 1 && changes == seen ? quiet_ms + 10 : 0;\n"
      "        seen = changes;\n"
      "        if (quiet_ms >= PATIENCE_MS)\n"
      "            return tell_all();\n" },
    { HELP_ROUND,
      "        if (state == 1)\n"
      "            return tell_all();\n" },
    { HELP_ALWAYS,
      "        pthread_mutex_unlock(&books);\n"
      "    }\n" },
    { HELP_NO_ROUND,
      "    puts(\"all threads came to their end\");\n" },
    { HELP_ROUND,
      "    puts(\"a thread came out of its round\");\n" },
    { HELP_ALWAYS,
      "    return 0;\n"
      "}\n" },
};

void export_print_watchdog(FILE *out, uint32_t used, const char *prepare)
{
    export_print_parts(out, parts, count_of(parts), used, prepare);
}
