/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/reproducer/tally.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/check.h"
#include "core/engine/race.h"
#include "repro/base/output.h"

static void run(const struct reproducer *reproducer, struct strategy *strategy,
                struct outcome *outcome)
{
    struct engine_options options = { 0 };
    reproducer_run(reproducer, &reproducer->plan, strategy, &options, outcome);
}

static struct tally_end end_of(const struct outcome *outcome)
{
    struct tally_end end = { .verdict = outcome->verdict, .steps = outcome->steps };
    memcpy(end.hash, outcome->signature_hash, sizeof end.hash);
    memcpy(end.message, outcome->message, sizeof end.message);
    return end;
}

static void note_divergence(struct tally *tally, const struct plan *plan, uint32_t segment)
{
    tally->diverged_segment = segment + 1;
    if (segment >= plan->segment_count)
        return;
    FILE *out = fmemopen(tally->diverged_at, sizeof tally->diverged_at, "w");
    check(out != NULL);
    reproducer_print_segment(out, &plan->segments[segment]);
    check(fclose(out) == 0);
    tally->diverged_at[sizeof tally->diverged_at - 1] = '\0';
}

void tally_begin(struct tally *tally, const struct reproducer *reproducer)
{
    static struct outcome outcome;
    *tally = (struct tally){ .subject = reproducer->subject, .verdict = reproducer->verdict };
    memcpy(tally->hash, reproducer->hash, sizeof tally->hash);
    run(reproducer, strategy_replay(), &outcome);
    tally->tries = 1;
    tally->shown = reproducer_matches(reproducer, &outcome);
    tally->strict = end_of(&outcome);
    tally->segments = reproducer->plan.segment_count;
    tally->stand_ins = reproducer->stand_in_count;
    tally->loosely = outcome.verdict == VERDICT_DIVERGED;
    if (tally->loosely)
        note_divergence(tally, &reproducer->plan, outcome.diverged_segment);
}

void tally_finish(struct tally *tally, const struct reproducer *reproducer, uint32_t tries)
{
    static struct outcome outcome;
    for (; tally->tries < tries; tally->tries++) {
        run(reproducer, strategy_replay(), &outcome);
        tally->shown += reproducer_matches(reproducer, &outcome);
    }
    if (!tally->loosely)
        return;
    run(reproducer, strategy_replay_lenient(), &outcome);
    tally->loosely_shown = reproducer_matches(reproducer, &outcome);
    tally->loose = end_of(&outcome);
}

void tally_refit(struct tally *tally, struct reproducer *reproducer)
{
    tally->refitted = tally->shown == 0 && tally->verdict != VERDICT_OK &&
                      !verdict_is_predicted(tally->verdict) && !tally_is_untested(tally);
    if (tally->refitted)
        refit(reproducer, REFIT_RUNS_STANDARD, &tally->refit);
}

static bool is_fitted(const struct tally *tally)
{
    return tally->refitted && tally->refit.how != REFIT_NOT;
}

bool tally_is_shown(const struct tally *tally)
{
    return tally->shown == tally->tries;
}

bool tally_is_finding(const struct tally *tally)
{
    return verdict_is_finding(tally->strict.verdict) ||
           (tally->loosely && verdict_is_finding(tally->loose.verdict)) || is_fitted(tally);
}

bool tally_is_untested(const struct tally *tally)
{
    return tally->verdict == VERDICT_RACE && !race_is_watched();
}

const struct tally_end *tally_end(const struct tally *tally)
{
    return tally->loosely ? &tally->loose : &tally->strict;
}

/* --- saying so --- */

static void print_divergence(FILE *out, const struct tally *tally)
{
    fprintf(out, "diverged at step %" PRIu64 ", segment %" PRIu32 " of %" PRIu32,
            tally->strict.steps, tally->diverged_segment, tally->segments);
    if (tally->diverged_at[0] != '\0')
        fprintf(out, " (%s)", tally->diverged_at);
    fprintf(out, ": %s", tally->strict.message);
}

/* "completed"; "deadlock 3f9a1c7e: threads wait for each other" */
static void print_end(FILE *out, const struct tally_end *end)
{
    if (verdict_is_finding(end->verdict))
        fprintf(out, "%s %s: %s", verdict_name(end->verdict), end->hash, end->message);
    else
        fputs(end->message, out);
}

void tally_print_instead(FILE *out, const struct tally *tally)
{
    if (is_fitted(tally)) {
        if (tally->loosely) {
            print_divergence(out, tally);
            fputs("; ", out);
        }
        refit_print(out, &tally->refit);
        return;
    }
    if (tally->loosely_shown) {
        print_divergence(out, tally);
        fputs("; shown when what does not fit is skipped", out);
        return;
    }
    fputs(tally_is_untested(tally) ? "not tested: only a wedge built with ThreadSanitizer sees races "
                                     "(out/fuzz-tsan/wedge); here, "
                                   : "not reproduced: ", out);
    print_end(out, tally_end(tally));
    if (tally->loosely) {
        fputs(" (", out);
        print_divergence(out, tally);
        fputc(')', out);
    }
    if (tally->refitted)
        fprintf(out, "; nor with other schedules (%" PRIu32 " runs)", tally->refit.runs);
}

void tally_print(FILE *out, const struct tally *tally)
{
    fprintf(out, "%" PRIu32 "/%" PRIu32 " %s%s%s", tally->shown, tally->tries,
            verdict_name(tally->verdict), tally->hash[0] != '\0' ? " " : "", tally->hash);
    if (tally_is_shown(tally))
        return;
    fputs("; ", out);
    tally_print_instead(out, tally);
}

json_t *tally_json(const struct tally *tally, const char *schema, const char *path)
{
    const struct tally_end *end = tally_end(tally);
    json_t *object = output_schema(schema);
    json_t *rest = json_pack(
        "{s:o, s:s, s:{s:s, s:s}, s:b, s:i, s:i, s:b, s:s, s:s, s:s, s:I, s:b, s:o, s:s?, s:s?, s:i}",
        "file", output_text(path), "subject", tally->subject->name, "expected", "verdict",
        verdict_name(tally->verdict), "signature", tally->hash, "tested",
        (int)!tally_is_untested(tally), "shown", (int)tally->shown, "tries", (int)tally->tries,
        "reproduced", (int)tally_is_shown(tally), "verdict", verdict_name(end->verdict),
        "signature", end->hash, "message", end->message, "steps", (json_int_t)end->steps,
        "diverged", (int)tally->loosely, "diverged_segment",
        tally->loosely ? json_integer(tally->diverged_segment) : json_null(), "diverged_because",
        tally->loosely ? tally->strict.message : NULL, "refitted",
        is_fitted(tally) ? refit_name(tally->refit.how) : NULL, "stand_ins",
        (int)tally->stand_ins);
    output_add(object, rest);
    return object;
}
