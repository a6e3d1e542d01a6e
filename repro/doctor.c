/* SPDX-License-Identifier: BSD-3-Clause */
/* `wedge doctor`: what works here, what does not, and how to mend it. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/engine/site.h"
#include "repro/base/command.h"
#include "repro/base/output.h"
#include "repro/patch/sandbox.h"

struct tool {
    const char *name, *what_for, *mend;
    bool needed;
};

static const struct tool tools[] = {
    { "clang", "the compiler and its sanitizers", "apt-get install clang libclang-rt-dev", true },
    { "ninja", "the build", "apt-get install ninja-build", true },
    { "git", "check-patch: trees of base and patch", "apt-get install git", true },
    { "patch", "builds of the catalogue's bugs", "apt-get install patch", true },
    { "dot", "graph --format svg", "apt-get install graphviz", false },
    { "bats", "tests of the command", "apt-get install bats", false },
};

struct doctor {
    bool json, ill;
};

static void tell(struct doctor *doctor, const char *name, bool works, bool needed,
                 const char *about, const char *mend)
{
    doctor->ill = doctor->ill || (needed && !works);
    if (doctor->json) {
        json_t *object = output_schema("doctor");
        output_add(object, json_pack("{s:s, s:b, s:b, s:s, s:s?}", "name", name, "works",
                                     (int)works, "needed", (int)needed, "about", about, "mend",
                                     works ? NULL : mend));
        output_json(object);
        return;
    }
    printf("%-8s %-12s %s\n", works ? "ok" : needed ? "MISSING" : "missing", name, about);
    if (!works && mend != NULL)
        printf("%-8s %-12s to mend it: %s\n", "", "", mend);
}

static bool in_path(const char *name)
{
    char folders[4096], path[4096 + 64], *rest = NULL;
    const char *variable = getenv("PATH");
    snprintf(folders, sizeof folders, "%s", variable != NULL ? variable : "");
    for (char *folder = strtok_r(folders, ":", &rest); folder != NULL;
         folder = strtok_r(NULL, ":", &rest)) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* They are a package of their own, and missed only when a program is linked. */
static bool sanitizers_work(void)
{
    static const char *const arguments[] = {
        "sh", "-c", "echo 'int main(void) { return 0; }' | "
                    "clang -fsanitize=address,undefined -x c - -o /dev/null", NULL
    };
    static const struct sandbox_command command = { .arguments = arguments, .trusted = true };
    struct sandbox sandbox;
    sandbox_run(&sandbox, &command);
    return sandbox.end == SANDBOX_EXITED && sandbox.code == 0;
}

static void tell_sandbox(struct doctor *doctor)
{
    static const char *const mends[SANDBOX_MEANS_COUNT] = {
        [SANDBOX_NAMESPACES] = "sysctl kernel.unprivileged_userns_clone=1, or "
                               "kernel.apparmor_restrict_unprivileged_userns=0; in a container: "
                               "let it make user namespaces",
        [SANDBOX_LANDLOCK] = "Linux 5.13 or later with landlock among its lsm=",
        [SANDBOX_SECCOMP] = "a kernel with CONFIG_SECCOMP_FILTER, on x86-64 or aarch64",
    };
    for (enum sandbox_means means = 0; means < SANDBOX_MEANS_COUNT; means++) {
        char about[160];
        snprintf(about, sizeof about, "check-patch: %s", sandbox_means_about(means));
        tell(doctor, sandbox_means_name(means), sandbox_means_live(means), false, about,
             mends[means]);
    }
    tell(doctor, "limits", true, false, "check-patch: time, memory and what is written", NULL);
}

static const struct argp_option option_rows[] = {
    { "json", 'J', NULL, 0, "JSON lines", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct doctor *to = state->input;
    (void)text;
    switch (key) {
    case 'J':
        to->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, NULL,
    "Says what works here, what does not, and how to mend it: hook points, tools, and what keeps "
    "code that is not trusted in its place.\v"
    "Exits with 3 if something is missing without which nothing works.\n\n"
    "examples:\n"
    "  wedge doctor\n"
    "  wedge doctor --json | jq -r 'select(.works | not).name'",
    NULL, NULL, NULL
};

int command_doctor(int argc, char **argv)
{
    static struct doctor doctor;
    char about[80];
    argp_parse(&argp, argc, argv, 0, NULL, &doctor);
    snprintf(about, sizeof about, "%u in the code under test", (unsigned)site_count());
    tell(&doctor, "hooks", site_count() > 0, true, about, "link a build with the engine's hooks");
    for (uint32_t i = 0; i < count_of(tools); i++)
        tell(&doctor, tools[i].name, in_path(tools[i].name), tools[i].needed, tools[i].what_for,
             tools[i].mend);
    tell(&doctor, "sanitizers", sanitizers_work(), true, "ASan and UBSan link with that compiler",
         "apt-get install libclang-rt-dev");
    tell_sandbox(&doctor);
    tell(&doctor, "terminal", isatty(STDOUT_FILENO), false, "colour and a line of progress",
         "run it in a terminal; without one nothing else is missing");
    return doctor.ill ? EXIT_BROKEN : EXIT_CLEAN;
}
