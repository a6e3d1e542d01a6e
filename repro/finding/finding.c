/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/finding/finding.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "fuzz/target.h"
#include "repro/finding/symbol.h"
#include "repro/shrink/shrink.h"

static void begin(struct finding *finding, const struct wedge_subject *subject,
                  const struct outcome *outcome)
{
    struct reproducer *reproducer = &finding->reproducer;
    reproducer->subject = subject;
    reproducer->verdict = outcome->verdict;
    memcpy(reproducer->hash, outcome->signature_hash, sizeof reproducer->hash);
    finding->shown = finding->tries = 0;
    finding->minimal = false;
    finding->path[0] = '\0';
    finding->note[0] = '\0';
    finding->outcome = *outcome;
}

bool finding_take(struct finding *finding, const struct wedge_subject *subject,
                  const struct outcome *outcome)
{
    begin(finding, subject, outcome);
    return engine_recorded(&finding->reproducer.plan);
}

void finding_take_plan(struct finding *finding, const struct wedge_subject *subject,
                       const struct plan *plan, const struct outcome *outcome)
{
    begin(finding, subject, outcome);
    plan_copy(&finding->reproducer.plan, plan);
}

void finding_predicted(struct finding *finding, const struct outcome *predicted, uint64_t schedule,
                       uint32_t tries, uint32_t tries_max)
{
    const char *name = verdict_name(predicted->verdict);
    if (tries > 0)
        snprintf(finding->note, sizeof finding->note,
                 "predicted (%s %s) from schedule %" PRIu64 ", which passed; confirmed by schedule "
                 "%" PRIu32 " of those steered to it", name, predicted->signature_hash, schedule,
                 tries);
    else
        snprintf(finding->note, sizeof finding->note,
                 "predicted from schedule %" PRIu64 ", which passed; not confirmed in %" PRIu32
                 " schedules steered to it", schedule, tries_max);
}

void finding_replay(struct finding *finding)
{
    struct engine_options options = { .record_chains = true };
    reproducer_run(&finding->reproducer, &finding->reproducer.plan, strategy_replay(), &options,
                   &finding->outcome);
}

void finding_settle(struct finding *finding, uint32_t shrink_runs_max, uint32_t faults)
{
    struct shrink_result result;
    shrink(&finding->reproducer, shrink_runs_max, faults, &result);
    finding->shown = result.shown;
    finding->tries = SHRINK_VERIFY_RUNS;
    finding->minimal = result.minimal;
    struct outcome *seen = malloc(sizeof *seen);
    if (seen != NULL)
        *seen = finding->outcome;
    finding_replay(finding);
    /* If it cannot be replayed, the report is of the run in which it was seen. */
    if (seen != NULL && !reproducer_matches(&finding->reproducer, &finding->outcome))
        finding->outcome = *seen;
    free(seen);
}

bool finding_write(struct finding *finding, const char *folder)
{
    const struct reproducer *reproducer = &finding->reproducer;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return false;
    const char *before = strcmp(folder, ".") == 0 ? "" : folder;
    size_t length = strlen(before);
    const char *slash = length > 0 && before[length - 1] != '/' ? "/" : "";
    int size = snprintf(finding->path, sizeof finding->path, "%s%s%s-%s.repro", before, slash,
                        verdict_name(reproducer->verdict), reproducer->hash);
    if (size < 0 || (size_t)size >= sizeof finding->path) {
        errno = ENAMETOOLONG;
    } else if (reproducer_write(reproducer, finding->path, finding->outcome.signature)) {
        return true;
    }
    finding->path[0] = '\0';
    return false;
}

struct report finding_report(const struct finding *finding)
{
    return (struct report){ .subject = finding->reproducer.subject,
                            .outcome = &finding->outcome,
                            .plan = &finding->reproducer.plan,
                            .reproducer = finding->path[0] != '\0' ? finding->path : NULL,
                            .shown = finding->shown,
                            .tries = finding->tries,
                            .minimal = finding->minimal,
                            .note = finding->note };
}

void fuzz_begin(void)
{
    race_name_by(symbol_place);
}

/* What a libFuzzer target calls before it aborts: the input alone explains nothing. */
void fuzz_finding(const struct wedge_subject *subject, const struct outcome *outcome)
{
    enum { SHRINK_RUNS_MAX = 10000 }; /* sanitizers are slow */
    static struct finding finding;
    const char *folder = getenv("WEDGE_ARTIFACTS");
    if (folder == NULL)
        folder = ".";
    bool recorded = finding_take(&finding, subject, outcome);
    /* libFuzzer's clock runs on: what is found is not to end as a timeout. */
    setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0 } }, NULL);
    /* At once, and again when it is small: whoever started this may end it while it shrinks. */
    if (recorded) {
        (void)finding_write(&finding, folder);
        finding_settle(&finding, SHRINK_RUNS_MAX, FAULTS_ALL);
    }
    if (recorded && !finding_write(&finding, folder))
        fprintf(stderr, "wedge: cannot write a reproducer to %s: %s\n", folder, strerror(errno));
    struct report report = finding_report(&finding);
    report_print(stderr, &report);
}
