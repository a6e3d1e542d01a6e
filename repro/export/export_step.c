/* SPDX-License-Identifier: BSD-3-Clause */
/* The statements of an exported program. */
#include <inttypes.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/export/export_text.h"
#include "repro/export/export_writer.h"

const struct thing *step_thing(const struct writer *writer, const struct step *step)
{
    bool has = step->kind != STEP_JOIN && step->kind != STEP_SLEEP;
    return has ? &writer->scene->things[step->thing] : NULL;
}

static const char *mark_of(const struct step *step)
{
    return step->closing ? " /* closing step */" : "";
}

static void put_function(struct writer *writer, const struct step *step)
{
    export_string(writer->out, step->site != NULL ? step->site->function : "its thread");
}

/* --- values --- */

/* The subject's name for that value of that word, if it has one. */
static const struct value_name *value_name(struct writer *writer, const struct thing *thing,
                                           uint64_t value)
{
    const struct wedge_subject *subject = writer->scene->subject;
    char text[SCENE_NAME_MAX] = "A_TIME_OR_ADDRESS";
    if (value != SCENE_LARGE && (thing->kind != THING_WORD || subject->name_value == NULL ||
                                 !subject->name_value(thing->object, value, text, sizeof text)))
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

void put_value(struct writer *writer, const struct thing *thing, uint64_t value)
{
    const struct value_name *name = value_name(writer, thing, value);
    if (name != NULL)
        fputs(name->identifier, writer->out);
    else
        fprintf(writer->out, "%" PRIu64, value);
}

/* --- locks --- */

static void put_call(struct writer *writer, const char *function, const struct step *step)
{
    fprintf(writer->out, "%s%s(self, &%s, ", writer->indent, function,
            writer->things[step->thing]);
    put_function(writer, step);
    fprintf(writer->out, ");%s\n", mark_of(step));
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
    enum thing_kind kind = step_thing(writer, step)->kind;
    bool reads = step->kind == STEP_READ_LOCK;
    check(kind <= THING_RWLOCK_FAIR);
    writer->used |= reads ? (rows[kind].helpers & ~(uint32_t)HELP_WRITE) | HELP_READ
                          : rows[kind].helpers;
    put_call(writer, reads ? "read_lock" : rows[kind].function, step);
}

static void put_unlock(struct writer *writer, const struct step *step)
{
    enum thing_kind kind = step_thing(writer, step)->kind;
    const char *function = kind == THING_SPINLOCK ? "unlock_spinning"
                           : kind == THING_RWLOCK || kind == THING_RWLOCK_FAIR ? "unlock_rw"
                                                                               : "unlock";
    fprintf(writer->out, "%s%s(self, &%s);%s\n", writer->indent, function,
            writer->things[step->thing], mark_of(step));
}

/* --- words --- */

/* "BEGIN&word, FROM, TO" */
static void put_change(struct writer *writer, const struct step *step, const char *begin)
{
    fprintf(writer->out, "%s&%s%s, ", begin, writer->things[step->thing],
            step->kind == STEP_SET ? ".value" : "");
    if (step->kind == STEP_SWAP) {
        put_value(writer, step_thing(writer, step), step->from);
        fputs(", ", writer->out);
    }
    put_value(writer, step_thing(writer, step), step->to);
}

static void put_enter(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_ENTER | HELP_WORD;
    fputs(writer->indent, writer->out);
    put_change(writer, step, "enter(self, ");
    fputs(", ", writer->out);
    put_function(writer, step);
    fputs(");\n", writer->out);
}

static void put_spin(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_SPIN | HELP_WORD;
    fputs(writer->indent, writer->out);
    put_change(writer, step, "spin_while(self, ");
    fputs(", ", writer->out);
    put_function(writer, step);
    fprintf(writer->out, ");%s\n", mark_of(step));
}

static void put_write(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_WORD;
    fputs(writer->indent, writer->out);
    if (step->kind == STEP_ADD) {
        bool less = step->to < step->from;
        fprintf(writer->out, "atomic_fetch_%s(&%s.value, %" PRIu64 ");\n", less ? "sub" : "add",
                writer->things[step->thing], less ? step->from - step->to : step->to - step->from);
        return;
    }
    put_change(writer, step, "atomic_store(");
    fputs(");\n", writer->out);
}

static void put_swap(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_SWAP | HELP_WORD;
    fprintf(writer->out, "%sif (!", writer->indent);
    put_change(writer, step, "swaps(");
    fprintf(writer->out, "))\n%s    return;\n", writer->indent);
}

static bool goes_with(const struct writer *writer, const struct step *first, uint32_t step)
{
    const struct step *next = &writer->scene->steps[step];
    return step < writer->scene->step_count && next->kind == STEP_FIND &&
           next->actor == first->actor &&
           strcmp(next->site->function, first->site->function) == 0;
}

/* All that a function looks at without doing anything between. */
static uint32_t put_finds(struct writer *writer, uint32_t first)
{
    const struct step *steps = writer->scene->steps;
    uint32_t count = 0;
    writer->used |= HELP_FIND | HELP_WORD;
    fprintf(writer->out, "%sif (", writer->indent);
    do {
        if (count > 0)
            fprintf(writer->out, " ||\n%s    ", writer->indent);
        put_change(writer, &steps[first + count], "!finds(");
        fputc(')', writer->out);
        count++;
    } while (goes_with(writer, &steps[first], first + count));
    fprintf(writer->out, ")\n%s    return;\n", writer->indent);
    return count;
}

/* --- the rest --- */

static void put_event(struct writer *writer, const struct step *step)
{
    bool note = step_thing(writer, step)->kind == THING_NOTE;
    bool waits = step->kind == STEP_PARK || step->kind == STEP_WAIT;
    writer->used |= note ? HELP_NOTE | (waits ? HELP_PARK : HELP_UNPARK)
                         : HELP_SEMAPHORE | (waits ? HELP_WAIT : HELP_POST);
    if (waits)
        put_call(writer, note ? "park" : "wait_for", step);
    else
        fprintf(writer->out, "%s%s(&%s);\n", writer->indent, note ? "unpark" : "post",
                writer->things[step->thing]);
}

/* The tokens of which it takes any; another kind of token is not among them. */
static void put_take_any(struct writer *writer, const struct step *step)
{
    const struct scene *scene = writer->scene;
    uint32_t count = 0;
    writer->used |= HELP_TOKEN | HELP_ANY;
    fprintf(writer->out, "%sstruct token *any[] = {", writer->indent);
    for (uint32_t i = 0; i < scene->thing_count; i++)
        if (scene->things[i].kind == THING_TOKEN)
            fprintf(writer->out, "%s&%s", count++ > 0 ? ", " : " ", writer->things[i]);
    fprintf(writer->out, " };\n%sstruct token *mine = take_any(self, any, ", writer->indent);
    put_function(writer, step);
    fprintf(writer->out, ");%s\n", mark_of(step));
}

static void put_give(struct writer *writer, const struct step *step)
{
    fprintf(writer->out, "%sgive(self, %s%s);%s\n", writer->indent, step->any ? "" : "&",
            step->any ? "mine" : writer->things[step->thing], mark_of(step));
}

static void put_await(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_CONDITION | HELP_AWAIT;
    fprintf(writer->out, "%sawait(self, &%s, &%s, ", writer->indent, writer->things[step->thing],
            writer->things[step->from]);
    put_function(writer, step);
    fprintf(writer->out, ");%s\n", mark_of(step));
}

static void put_signal(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_CONDITION | HELP_SIGNAL;
    fprintf(writer->out, "%sannounce(&%s);\n", writer->indent, writer->things[step->thing]);
}

static void put_join(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_JOIN;
    fprintf(writer->out, "%sjoin(self, &threads[%" PRIu32 "], ", writer->indent, step->thing);
    put_function(writer, step);
    fprintf(writer->out, ");%s\n", mark_of(step));
}

static void put_one(struct writer *writer, const struct step *step)
{
    switch (step->kind) {
    case STEP_LOCK:
    case STEP_READ_LOCK:
        put_lock(writer, step);
        return;
    case STEP_UNLOCK:
    case STEP_READ_UNLOCK:
        put_unlock(writer, step);
        return;
    case STEP_TAKE:
        writer->used |= HELP_TOKEN;
        if (step->any)
            put_take_any(writer, step);
        else
            put_call(writer, "take", step);
        return;
    case STEP_GIVE:
        put_give(writer, step);
        return;
    case STEP_JOIN:
        put_join(writer, step);
        return;
    case STEP_AWAIT:
        put_await(writer, step);
        return;
    case STEP_SIGNAL:
        put_signal(writer, step);
        return;
    case STEP_SLEEP:
        fprintf(writer->out, "%slet_time_pass(self);\n", writer->indent);
        return;
    case STEP_SPIN:
        put_spin(writer, step);
        return;
    case STEP_SWAP:
        (step->holds ? put_enter : put_swap)(writer, step);
        return;
    case STEP_SET:
    case STEP_ADD:
        put_write(writer, step);
        return;
    default:
        put_event(writer, step);
    }
}

uint32_t put_step(struct writer *writer, uint32_t step)
{
    if (writer->scene->steps[step].kind == STEP_FIND)
        return put_finds(writer, step);
    put_one(writer, &writer->scene->steps[step]);
    return 1;
}

/* --- when the last wait has ended --- */

static void put_leave(struct writer *writer, const struct step *step)
{
    writer->used |= HELP_LEAVE;
    fprintf(writer->out, "%sleave(self, &%s, ", writer->indent, writer->things[step->thing]);
    put_value(writer, step_thing(writer, step), step->from);
    fputs(");\n", writer->out);
}

/* What undoes that step; nothing undoes the end of a wait for a word or an event. */
static bool put_undone(struct writer *writer, const struct step *step)
{
    struct step undone = *step;
    switch (step->kind) {
    case STEP_LOCK:
    case STEP_READ_LOCK:
        undone.kind = STEP_UNLOCK;
        break;
    case STEP_TAKE:
        undone.kind = STEP_GIVE;
        break;
    case STEP_SWAP:
        put_leave(writer, step);
        return true;
    default:
        return false;
    }
    put_one(writer, &undone);
    return true;
}

static bool is_undone(const struct step *step)
{
    return step->kind == STEP_LOCK || step->kind == STEP_READ_LOCK || step->kind == STEP_TAKE ||
           step->kind == STEP_SWAP;
}

void put_end(struct writer *writer, uint32_t actor)
{
    const struct scene *scene = writer->scene;
    bool begun = false;
    if (scene->actors[actor].waits == NULL)
        return;
    for (uint32_t i = scene->step_count; i-- > 0;) {
        const struct step *step = &scene->steps[i];
        if (step->actor != actor || !is_undone(step) || (!step->last && !step->holds))
            continue;
        if (!begun)
            fputc('\n', writer->out);
        begun = put_undone(writer, step);
    }
}
