/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wedge bisect-step`: the verdict on one revision, for `git bisect run`. Builds the revision, and
 * has the `wedge` of that build replay the reproducer.
 *
 * git takes 0 for good, 125 for "cannot be tested, try another one", 128 and above for "stop", and
 * everything else for bad; so wrong use must not end with the usual 2.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repro/base/argument.h"
#include "repro/base/command.h"
#include "repro/base/file.h"
#include "repro/base/output.h"
#include "repro/reproducer/heading.h"
#include "repro/reproducer/reproducer.h"

enum { STEP_GOOD = 0, STEP_BAD = 1, STEP_SKIP = 125, STEP_STOP = 128 };
enum { ANSWER_MAX = 1 << 20 };

struct options {
    const char *path, *build, *wedge;
    uint32_t tries, limit_s;
    bool json;
};

/* What `wedge replay --json` answers. */
struct answer {
    int shown, tries;
    bool diverged, untested;
    char verdict[24], hash[9], expected_verdict[24], expected_hash[9], message[ENGINE_TEXT_MAX];
};

/* --- child processes --- */

/* Its exit code; an interrupt stops the bisection; -1: it could not be waited for. */
static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM)
        exit(128 + WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

/* Its output goes to standard error: standard output has the verdict. */
static int build(const char *command)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid < 0 ? -1 : wait_for(pid);
}

static _Noreturn void exec_replay(const struct options *options, int output)
{
    char tries[16];
    struct rlimit limit = { options->limit_s, options->limit_s };
    snprintf(tries, sizeof tries, "%" PRIu32, options->tries);
    dup2(output, STDOUT_FILENO);
    setrlimit(RLIMIT_CPU, &limit); /* an old revision may hang in a way that we have mended */
    execl(options->wedge, options->wedge, "replay", "--json", "-n", tries, options->path,
          (char *)NULL);
    _exit(127);
}

static size_t read_answer(int input, char *text)
{
    size_t size = 0;
    ssize_t got;
    while (size < ANSWER_MAX &&
           ((got = read(input, text + size, ANSWER_MAX - size)) > 0 || (got < 0 && errno == EINTR)))
        size += got > 0 ? (size_t)got : 0;
    return size;
}

/* Fills text; returns the exit code. */
static int replay(const struct options *options, char *text, size_t *size)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        exec_replay(options, ends[1]);
    }
    close(ends[1]);
    *size = pid < 0 ? 0 : read_answer(ends[0], text);
    close(ends[0]);
    return pid < 0 ? -1 : wait_for(pid);
}

/* --- the verdict --- */

__attribute__((format(printf, 3, 4))) static int verdict(const struct options *options, int code,
                                                        const char *format, ...)
{
    const char *word = code == STEP_GOOD ? "good" : code == STEP_BAD ? "bad" : "skip";
    char text[ENGINE_TEXT_MAX * 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!options->json) {
        printf("%s: %s: %s\n", options->path, word, text);
        return code;
    }
    json_t *object = output_schema("bisect-step");
    output_add(object, json_pack("{s:o, s:s, s:o}", "file", output_text(options->path), "step",
                                 word, "message", output_text(text)));
    output_json(object);
    return code;
}

static void take(const json_t *object, const char *key, char *text, size_t size)
{
    const char *value = json_string_value(json_object_get(object, key));
    snprintf(text, size, "%s", value != NULL ? value : "");
}

static bool parse_answer(const char *text, size_t size, struct answer *answer)
{
    json_t *object = json_loadb(text, size, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *shown = json_object_get(object, "shown");
    const json_t *tries = json_object_get(object, "tries");
    const json_t *expected = json_object_get(object, "expected");
    bool done = json_is_integer(shown) && json_is_integer(tries) && json_is_object(expected);
    if (done) {
        answer->shown = (int)json_integer_value(shown);
        answer->tries = (int)json_integer_value(tries);
        answer->untested = json_is_false(json_object_get(object, "tested"));
        answer->diverged = json_is_true(json_object_get(object, "diverged"));
        take(object, "verdict", answer->verdict, sizeof answer->verdict);
        take(object, "signature", answer->hash, sizeof answer->hash);
        take(object, "message", answer->message, sizeof answer->message);
        take(expected, "verdict", answer->expected_verdict, sizeof answer->expected_verdict);
        take(expected, "signature", answer->expected_hash, sizeof answer->expected_hash);
    }
    json_decref(object);
    return done;
}

static int judge(const struct options *options, const struct answer *answer)
{
    bool same = strcmp(answer->verdict, answer->expected_verdict) == 0 &&
                strcmp(answer->hash, answer->expected_hash) == 0;
    if (answer->tries > 0 && answer->shown == answer->tries)
        return verdict(options, STEP_BAD, "%d/%d %s %s", answer->shown, answer->tries,
                       answer->expected_verdict, answer->expected_hash);
    if (answer->shown > 0)
        return verdict(options, STEP_SKIP, "in doubt: shown in only %d of %d replays",
                       answer->shown, answer->tries);
    if (answer->diverged && same)
        return verdict(options, STEP_BAD, "%s %s, shown when what does not fit is skipped",
                       answer->verdict, answer->hash);
    if (answer->diverged)
        return verdict(options, STEP_SKIP, "the schedule does not fit this revision");
    if (answer->untested)
        return verdict(options, STEP_SKIP, "only a wedge built with ThreadSanitizer sees races");
    if (strcmp(answer->verdict, verdict_name(VERDICT_OK)) == 0)
        return verdict(options, STEP_GOOD, "not reproduced: %s", answer->message);
    return verdict(options, STEP_SKIP, "another finding: %s %s: %s", answer->verdict, answer->hash,
                   answer->message);
}

/* The file may be of a revision of its own: at this one it is not there, or not the same. */
static bool is_usable(const struct options *options)
{
    struct heading heading;
    if (!heading_read(&heading, options->path)) {
        fprintf(stderr, "%s: no reproducer there; keep it outside of the tree that is bisected\n",
                options->path);
        return false;
    }
    if (strcmp(heading.verdict, verdict_name(VERDICT_OK)) != 0)
        return true;
    fprintf(stderr, "%s: it expects ok: there is nothing to look for\n", options->path);
    return false;
}

static int step(const struct options *options)
{
    static char text[ANSWER_MAX];
    size_t size = 0;
    struct answer answer;
    if (!is_usable(options))
        return STEP_STOP;
    int code = options->build != NULL ? build(options->build) : 0;
    if (code != 0)
        return verdict(options, STEP_SKIP, "cannot be built: '%s' ended with %d", options->build,
                       code);
    code = replay(options, text, &size);
    if (code == 127)
        return verdict(options, STEP_SKIP, "cannot run: no program %s", options->wedge);
    if (code == 128 + SIGKILL || code == 128 + SIGXCPU)
        return verdict(options, STEP_SKIP, "cannot run: %s was ended after %" PRIu32 " s",
                       options->wedge, options->limit_s);
    if (!parse_answer(text, size, &answer))
        return verdict(options, STEP_SKIP, "cannot run: %s replay ended with %d and no answer",
                       options->wedge, code);
    return judge(options, &answer);
}

/* --- the command line --- */

static const struct argp_option option_rows[] = {
    { "build", 'b', "COMMAND", 0, "builds the revision, by sh -c", 0 },
    { "wedge", 'w', "FILE", 0, "the wedge of that build; out/wedge with --build, else this one",
      0 },
    { "tries", 'n', "N", 0, "how many times to run it; 20", 0 },
    { "limit", 'l', "SECONDS", 0, "of processor time for these; 300", 0 },
    { "json", 'J', NULL, 0, "one JSON line", 0 },
    { 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *to = state->input;
    switch (key) {
    case 'b':
        to->build = text;
        return 0;
    case 'w':
        to->wedge = text;
        return 0;
    case 'n':
        to->tries = (uint32_t)argument_number(state, "--tries", text, 1, 1000000);
        return 0;
    case 'l':
        to->limit_s = (uint32_t)argument_number(state, "--limit", text, 1, 1000000);
        return 0;
    case 'J':
        to->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argument_file(state, text, &to->path);
        return 0;
    case ARGP_KEY_END:
        argument_file(state, NULL, &to->path);
        if (to->wedge == NULL)
            to->wedge = to->build != NULL ? "out/wedge" : "/proc/self/exe";
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    option_rows, parse_option, "FILE",
    "Builds the revision that is checked out, has its own wedge replay the reproducer, and exits "
    "as `git bisect run` wants it: 0 good, the finding is not shown; 1 bad, it is; 125 in doubt: it "
    "cannot be built or run, the schedule does not fit, or another finding shows; 128 stop: wrong "
    "use. Keep the reproducer and this program outside of the tree: every step changes what is in "
    "it.\v"
    "examples:\n"
    "  cp out/wedge ../wedge; cp deadlock-3f9a1c7e.repro ../bug.repro\n"
    "  git bisect start BAD GOOD\n"
    "  git bisect run ../wedge bisect-step ../bug.repro -b 'ninja out/wedge'\n"
    "  wedge bisect-step bug.repro; echo $?",
    NULL, NULL, NULL
};

int command_bisect_step(int argc, char **argv)
{
    struct options options = { .tries = 20, .limit_s = 300 };
    argp_err_exit_status = STEP_STOP;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return step(&options);
}
