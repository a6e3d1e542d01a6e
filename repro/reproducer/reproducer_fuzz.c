/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: any bytes are a reproducer or an error; what was read can be written and
 * run. */
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "repro/reproducer/reproducer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct reproducer *reproducer, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    check(out != NULL);
    reproducer_print(out, reproducer, NULL);
    check(fclose(out) == 0);
    return text;
}

static void check_error(const struct reproducer_error *error)
{
    check(error->line > 0);
    check(strncmp(error->text, "expected ", 9) == 0);
    check(strstr(error->text, ", found ") != NULL);
    for (const char *at = error->text; *at != '\0'; at++)
        check(*at >= ' ' && *at <= '~');
}

static void run(const struct reproducer *reproducer, struct strategy *strategy)
{
    static struct outcome outcome;
    struct engine_options options = { .steps_max = 2000 };
    engine_run(reproducer->subject, &reproducer->plan, strategy, &options, &outcome);
    check(outcome.verdict < VERDICT_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reproducer read, again;
    struct reproducer_error error = { 0 };
    if (!reproducer_parse(&read, (const char *)data, size, &error)) {
        check_error(&error);
        return 0;
    }
    size_t length;
    char *text = print(&read, &length);
    check(reproducer_parse(&again, text, length, &error));
    check(reproducer_same(&read, &again));
    free(text);
    run(&read, strategy_replay());
    run(&read, strategy_replay_lenient());
    return 0;
}
