/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "repro/base/file.h"
#include "repro/reproducer/reproducer.h"

void reproducer_print_operation(FILE *out, const struct wedge_subject *subject,
                                const struct plan_operation *operation)
{
    check(operation->verb < subject->verb_count);
    const struct subject_verb *verb = &subject->verbs[operation->verb];
    fprintf(out, "%c%u %s", operation->actor_kind, operation->actor, verb->name);
    for (uint32_t i = 0; i < verb->argument_count; i++)
        fprintf(out, " %s%" PRId64, verb->arguments[i].prefix, operation->arguments[i]);
}

void reproducer_print_fault(FILE *out, const struct plan_fault *fault)
{
    const struct hook_site *site = site_of_group(fault->group);
    fprintf(out, "%s %s at %s:%s#%" PRIu32, fault_name(fault->kind), fault->agent, site->function,
            site->object, fault->ordinal);
    if (fault_is_sized((enum fault_kind)fault->kind))
        fprintf(out, " +%" PRId64, fault->value);
}

void reproducer_print_segment(FILE *out, const struct plan_segment *segment)
{
    if (segment->thread < engine_thread_count())
        fputs(engine_thread_name(segment->thread), out);
    else
        fprintf(out, "m%u", segment->thread);
    fprintf(out, " %" PRIu32 "%s", segment->steps, segment->flows ? " in all" : "");
}

/* Settings at their standard value go without saying. */
static void print_settings(FILE *out, const struct wedge_subject *subject, const struct plan *plan)
{
    const char *before = "config ";
    for (uint32_t i = 0; i < subject->setting_count; i++) {
        if (plan->settings[i] == subject->settings[i].standard)
            continue;
        fprintf(out, "%s%s=%" PRId64, before, subject->settings[i].name, plan->settings[i]);
        before = " ";
    }
    if (before[0] == ' ')
        fputc('\n', out);
}

static void print_head(FILE *out, const struct reproducer *reproducer, const char *note)
{
    fputs("wedge 1\n", out);
    if (note != NULL) {
        fputs("# ", out);
        for (int left = REPRODUCER_LINE_MAX - 4; *note != '\0' && left > 0; note++, left--)
            fputc(*note < ' ' || *note > '~' ? ' ' : *note, out);
        fputc('\n', out);
    }
    fprintf(out, "subject %s\nexpect %s", reproducer->subject->name,
            verdict_name(reproducer->verdict));
    if (reproducer->verdict != VERDICT_OK)
        fprintf(out, " %s", reproducer->hash);
    fputc('\n', out);
}

void reproducer_print(FILE *out, const struct reproducer *reproducer, const char *note)
{
    const struct plan *plan = &reproducer->plan;
    print_head(out, reproducer, note);
    print_settings(out, reproducer->subject, plan);
    fputs("program\n", out);
    for (uint32_t i = 0; i < plan->operation_count; i++) {
        fputs("  ", out);
        reproducer_print_operation(out, reproducer->subject, &plan->operations[i]);
        fputc('\n', out);
    }
    if (plan->fault_count > 0)
        fputs("faults\n", out);
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        fputs("  ", out);
        reproducer_print_fault(out, &plan->faults[i]);
        fputc('\n', out);
    }
    fputs("schedule\n", out);
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        fputs("  ", out);
        reproducer_print_segment(out, &plan->segments[i]);
        fputc('\n', out);
    }
}

void reproducer_print_stand_ins(FILE *out, const struct reproducer *reproducer, const char *path)
{
    for (uint32_t i = 0; i < reproducer->stand_in_count; i++) {
        const struct reproducer_stand_in *stand_in = &reproducer->stand_ins[i];
        fprintf(out, "%s:%" PRIu32 ": this build has no hook point %s where %s can happen; ", path,
                stand_in->line, stand_in->point, fault_name((enum fault_kind)stand_in->kind));
        if (stand_in->left_out) {
            fputs("the fault is left out\n", out);
            continue;
        }
        const struct hook_site *site =
            site_of_group(reproducer->plan.faults[stand_in->fault].group);
        fprintf(out, "%s:%s stands in for it\n", site->function, site->object);
    }
}

bool reproducer_write(const struct reproducer *reproducer, const char *path, const char *note)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return false;
    reproducer_print(out, reproducer, note);
    bool done = fclose(out) == 0 && file_write(path, text, size);
    free(text);
    return done;
}

static bool operations_same(const struct plan *a, const struct plan *b)
{
    if (a->operation_count != b->operation_count)
        return false;
    for (uint32_t i = 0; i < a->operation_count; i++) {
        const struct plan_operation *p = &a->operations[i], *q = &b->operations[i];
        if (p->actor_kind != q->actor_kind || p->actor != q->actor || p->verb != q->verb ||
            memcmp(p->arguments, q->arguments, sizeof p->arguments) != 0)
            return false;
    }
    return true;
}

static bool faults_same(const struct plan *a, const struct plan *b)
{
    if (a->fault_count != b->fault_count)
        return false;
    for (uint32_t i = 0; i < a->fault_count; i++) {
        const struct plan_fault *p = &a->faults[i], *q = &b->faults[i];
        if (p->kind != q->kind || strcmp(p->agent, q->agent) != 0 || p->group != q->group ||
            p->ordinal != q->ordinal || p->value != q->value)
            return false;
    }
    return true;
}

static bool segments_same(const struct plan *a, const struct plan *b)
{
    if (a->segment_count != b->segment_count)
        return false;
    for (uint32_t i = 0; i < a->segment_count; i++)
        if (a->segments[i].thread != b->segments[i].thread ||
            a->segments[i].steps != b->segments[i].steps ||
            a->segments[i].flows != b->segments[i].flows)
            return false;
    return true;
}

bool reproducer_same(const struct reproducer *a, const struct reproducer *b)
{
    return a->subject == b->subject && a->verdict == b->verdict && strcmp(a->hash, b->hash) == 0 &&
           memcmp(a->plan.settings, b->plan.settings, sizeof a->plan.settings) == 0 &&
           operations_same(&a->plan, &b->plan) && faults_same(&a->plan, &b->plan) &&
           segments_same(&a->plan, &b->plan);
}

bool reproducer_matches(const struct reproducer *reproducer, const struct outcome *outcome)
{
    if (outcome->verdict != reproducer->verdict)
        return false;
    return reproducer->verdict == VERDICT_OK ||
           strcmp(outcome->signature_hash, reproducer->hash) == 0;
}
