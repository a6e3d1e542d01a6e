#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""fuzz [--time SEC] [--jobs N] [OPTION...]

What a CI job calls: runs again what is stored (reproducers, seeds, the corpus of earlier jobs),
searches for SEC seconds (standard 60; one half `wedge hunt`, one half libFuzzer), and merges what
was found into the corpus (`wedge corpus min`), which the next job goes on with. In the folder of
artifacts: for each finding a reproducer (and a page, by `wedge show --html`), all logs, and
summary.md.

Exit 0: nothing new was found (what stands in the baseline is told); 1: something was; 2: wrong use;
3: could not build or run, or the limit came first; 4: nothing was tested.
"""
import argparse
import collections
import ctypes
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLEAN, FINDINGS, USAGE, BROKEN, UNTESTED = range(5)
PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 2    # from "please end" to the end
CONCLUSION = 0.1  # the part of the limit that is for telling what was found until then
SETTLE_S = 60  # for what was found last, when the time is up

# libFuzzer's exit codes (and those of sanitizers), as ours. What was found is also seen by its
# files; a code that says so without one is a finding that nobody can replay.
FUZZER_CODES = {0: CLEAN, 1: BROKEN, 4: UNTESTED, 66: FINDINGS, 70: FINDINGS, 71: FINDINGS,
                72: BROKEN, 77: FINDINGS}

Finding = collections.namedtuple("Finding", "verdict signature file stage")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="ci/fuzz", description=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage="ci/fuzz [--time SEC] [--jobs N] [OPTION...]",
                                     allow_abbrev=False)
    add = parser.add_argument
    add("--time", type=float, default=60, metavar="SEC", help="how long to search; 60")
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes")
    add("--limit", type=float, metavar="SEC", help="when to end all, whatever hangs; 3 times + 300")
    add("--corpus", metavar="DIR", help="of earlier jobs, and then of this one; out/corpus")
    add("--artifacts", metavar="DIR", help="emptied first; out/artifacts")
    add("--baseline", metavar="FILE", help="what is known; ci/fuzz.baseline")
    add("--seeds", metavar="DIR", help="in SUBJECT or SUBJECT_fuzz there; corpus/seeds")
    add("--subject", default="timers", metavar="NAME", help="timers")
    add("--wedge", metavar="FILE", help="that is there, instead of building out/wedge")
    add("--target", metavar="FILE", help="that is there, instead of building out/fuzz/SUBJECT_fuzz")
    options = parser.parse_args()
    if not options.time > 0 or options.jobs < 1:
        parser.error("expected more than 0 seconds and jobs")
    options.limit = options.limit or 3 * options.time + 300
    options.build = [path for path, given in (("out/wedge", options.wedge),
                                              (f"out/fuzz/{options.subject}_fuzz", options.target))
                     if given is None]
    for name, standard in (("corpus", "out/corpus"), ("artifacts", "out/artifacts"),
                           ("baseline", "ci/fuzz.baseline"), ("seeds", "corpus/seeds"),
                           ("wedge", "out/wedge"),
                           ("target", f"out/fuzz/{options.subject}_fuzz")):
        given = getattr(options, name)
        setattr(options, name, os.path.abspath(given) if given else os.path.join(ROOT, standard))
    return options


class Limit(Exception):
    """The time for all is up."""


class Stop(Exception):
    """It makes no sense to go on; with an exit code."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


class Runner:
    """Runs programs, each in a session of its own, so that all that it starts can be ended."""

    def __init__(self, options):
        self.end = time.monotonic() + options.limit
        self.deadline = self.end - options.limit * CONCLUSION
        self.logs = os.path.join(options.artifacts, "logs")
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        os.makedirs(self.logs)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.on_signal)

    def on_signal(self, number, _frame):
        self.end_group()
        sys.exit(128 + number)

    def end_group(self):
        """All that the program has started, also in sessions of their own: whoever loses its
        parent becomes our child. A program that hangs may ignore SIGTERM, ThreadSanitizer's for
        one; SIGKILL it cannot."""
        for number, seconds in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
            end = time.monotonic() + seconds
            while (pids := self.children()) and time.monotonic() < end:
                for pid in pids:
                    self.kill(pid, number)
                time.sleep(0.02)

    def kill(self, pid, number):
        try:
            if os.getpgid(pid) != os.getpgid(0):
                os.killpg(os.getpgid(pid), number)
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def children(self):
        """Those that are alive; the others are let go of."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return []
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(word) for word in file.read().split()]

    def run(self, name, command, time_max=None, environment=None):
        """Its exit code (of a signal: negative; None: it was ended after time_max); its output is
        in logs/NAME.out and .err."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Limit(name)
        with open(self.path(name, "out"), "w") as out, open(self.path(name, "err"), "w") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       cwd=ROOT, start_new_session=True,
                                       env={**os.environ, **(environment or {})})
            try:
                return process.wait(min(left, time_max or left))
            except subprocess.TimeoutExpired:
                if time_max is None or left <= time_max:
                    raise Limit(name)
                return None
            finally:
                self.end_group()  # also what a program that ended has left running

    def path(self, name, kind):
        return os.path.join(self.logs, f"{name}.{kind}")

    def text(self, name, kind="out"):
        with open(self.path(name, kind), errors="replace") as file:
            return file.read()

    def json(self, name):
        """Whole lines only: a program that was ended may have been writing one."""
        return [json.loads(line) for line in self.text(name).splitlines(keepends=True)
                if line.startswith("{") and line.endswith("\n")]


class Job:
    def __init__(self, options):
        self.options = options
        self.findings = {}  # by verdict and signature; the first seen is the one that is shown
        self.table = []     # stage, result, seconds
        self.since = time.monotonic()
        self.pages = None     # whether this wedge makes them
        self.shown = []       # stored reproducers that show a finding, their own or another one
        self.is_idle = False  # something that was to run did nothing
        self.problems = []
        shutil.rmtree(options.artifacts, ignore_errors=True)
        self.work = os.path.join(options.artifacts, "work")
        self.crashes = os.path.join(options.artifacts, "inputs")  # as libFuzzer leaves them
        os.makedirs(self.work)
        os.makedirs(self.crashes)
        self.runner = Runner(options)
        self.baseline = read_baseline(options.baseline)

    def tell(self, stage, result):
        seconds, self.since = time.monotonic() - self.since, time.monotonic()
        self.table.append((stage, result, f"{seconds:.0f}"))
        print(f"{stage:<12} {result} ({seconds:.0f} s)", flush=True)

    def problem(self, text):
        self.problems.append(text)
        print(f"ci/fuzz: {text}", file=sys.stderr, flush=True)

    def find(self, verdict, signature, file, stage):
        known = self.findings.get((verdict, signature))
        if known is None or (known.file is None and file is not None):
            self.findings[(verdict, signature)] = Finding(verdict, signature, file, stage)

    def find_file(self, path, stage):
        """VERDICT-HASH.repro"""
        verdict, signature = os.path.basename(path)[:-len(".repro")].rsplit("-", 1)
        self.find(verdict, signature, path, stage)

    def folder(self, name):
        path = os.path.join(self.work, name)
        os.makedirs(path, exist_ok=True)
        return path

    # --- stages

    def build(self):
        if not self.options.build:
            return
        if self.runner.run("build", ["ninja", *self.options.build]) != 0:
            print("\n".join(self.runner.text("build").splitlines()[-40:]))
            raise Stop(BROKEN, "it cannot be built")
        self.tell("build", "done")

    def rerun_reproducers(self):
        """What is stored as mended, and what earlier jobs have found."""
        folders = [path for path in (os.path.join(ROOT, "corpus", "silent"),
                                     os.path.join(self.options.corpus, "findings"),
                                     os.path.join(self.options.corpus, "quiet"))
                   if os.path.isdir(path)]
        if not folders:
            return
        code = self.runner.run("reproducers", [self.options.wedge, "corpus", "verify", "--fixed",
                                               "--json", *folders])
        if code not in (CLEAN, FINDINGS, USAGE, UNTESTED):
            raise Stop(BROKEN, f"wedge corpus verify ended with {code}")
        shown = 0
        for row in self.runner.json("reproducers"):
            if row.get("expected_now") is False:
                shown += 1
                self.shown.append(row["file"])
                promised = row["expected"]["signature"] == row["signature"]
                self.find(row["verdict"], row["signature"], row["file"] if promised else None,
                          "reproducers")
            elif row.get("not_tested") == "unreadable":
                self.problem(row["message"])
            elif "files" in row:
                self.tell("reproducers", f"{row['files']} run again, {shown} show a finding")

    def watch_examples(self):
        """The examples with a planted bug, and their twins without: is whoever judges awake?"""
        code = self.runner.run("list", [self.options.wedge, "list", "--json"])
        names = [row["name"] for row in self.runner.json("list") if row["kind"] == "subject"]
        if code != CLEAN or not names:
            raise Stop(BROKEN, f"wedge list ended with {code}")
        twins = [(name, name + "-fixed") for name in names if name + "-fixed" in names]
        for name, expected in [(pair[i], (FINDINGS, CLEAN)[i]) for pair in twins for i in (0, 1)]:
            code = self.runner.run("example-" + name, [self.options.wedge, "hunt", name, "--runs",
                                                       "5000" if expected else "500", "-o",
                                                       self.folder("examples")])
            if code == UNTESTED:
                raise Stop(UNTESTED, "no hook point was reached: nothing was tested")
            if code != expected:
                raise Stop(BROKEN, f"the example {name} is not judged as it should be: wedge hunt "
                                   f"ended with {code} instead of {expected}")
        self.tell("examples", f"{len(twins)} planted bugs found, and not in their twins")

    def rerun_inputs(self):
        """Seeds and the inputs of the corpus: sorted once, so that none that shows a finding keeps
        libFuzzer from the others; then run with sanitizers."""
        subject = self.options.subject
        stored = [os.path.join(self.options.seeds, name) for name in (subject, subject + "_fuzz")]
        stored.append(os.path.join(self.options.corpus, "inputs"))
        sources = [path for path in stored if os.path.isdir(path)]
        self.inputs = self.folder("inputs")
        if not any(files for path in sources for _, _, files in os.walk(path)):
            self.tell("inputs", "none stored")
            return
        self.minimise("inputs-sorted", sources)
        self.inputs = os.path.join(self.work, "inputs-sorted", "inputs", self.options.subject)
        if not os.path.isdir(self.inputs):
            self.inputs = self.folder("inputs")
            return
        code = self.run_target("inputs", ["-runs=0", self.inputs])
        self.tell("inputs", f"{len(os.listdir(self.inputs))} run again" +
                  (", and with sanitizers" if code == 0 else f"; the target ended with {code}"))

    def hunt(self, seed):
        """Its findings are read line by line: it may be ended while it still shrinks some."""
        found, kept = self.folder("hunt"), self.folder("kept")
        shutil.copytree(self.inputs, kept, dirs_exist_ok=True)
        code = self.runner.run("hunt", [self.options.wedge, "hunt", self.options.subject, "--time",
                                        str(self.options.time / 2), "--jobs",
                                        str(self.options.jobs), "--seed", str(seed),
                                        "--keep-going", "--json", "--corpus", kept,
                                        "-o", found],
                               self.options.time / 2 + SETTLE_S)
        if code == UNTESTED:
            raise Stop(UNTESTED, "no hook point was reached: nothing was tested")
        if code not in (CLEAN, FINDINGS, None):
            self.problem(f"wedge hunt ended with {code}: " +
                         " ".join(self.runner.text("hunt", "err").splitlines()[-1:]))
        schedules, findings = "schedules", 0
        for row in self.runner.json("hunt"):
            if row["schema"] == "wedge.finding/1":
                findings += 1
                self.find(row["verdict"], row["signature"], row["reproducer"], "hunt")
            elif row["schema"] == "wedge.hunt/1":
                schedules = f"{row['schedules']} schedules"
                self.is_idle = self.is_idle or row["schedules"] == 0
        for path in sorted(glob.glob(os.path.join(found, "*.repro"))):
            self.find_file(path, "hunt")
        self.tell("hunt", f"{schedules} from seed {seed}, {findings} findings" +
                  ("; ended while it shrank them" if code is None else ""))

    def run_target(self, name, arguments, time_max=None):
        """Looks at all that libFuzzer leaves behind, and at how it ended."""
        reproducers, artifacts = self.folder("reproducers"), self.crashes
        before = set(os.listdir(artifacts) + os.listdir(reproducers))
        code = self.runner.run(name + "-target", [self.options.target, *arguments,
                                                  f"-artifact_prefix={artifacts}/"], time_max,
                               {"WEDGE_ARTIFACTS": reproducers})
        if FUZZER_CODES.get(code) == UNTESTED:
            raise Stop(UNTESTED, "no hook point is in the target: nothing was tested")
        for path in sorted(glob.glob(os.path.join(reproducers, "*.repro"))):
            self.find_file(path, "libFuzzer")
        new = set(os.listdir(artifacts) + os.listdir(reproducers)) - before
        log = self.runner.text(name + "-target", "err")
        for text in sorted(set(re.findall(r"^SUMMARY: \w+Sanitizer: .*", log, re.M))):
            self.find_sanitizers(text)
        if FUZZER_CODES.get(code) == FINDINGS and not new and "SUMMARY: " not in log:
            self.find("crash", f"exit-{code}", None, "libFuzzer")
        elif code is not None and FUZZER_CODES.get(code, BROKEN) == BROKEN and not new:
            self.problem(f"the target ended with {code}: {' '.join(log.splitlines()[-1:])}")
        return code

    def find_sanitizers(self, text):
        """"SUMMARY: AddressSanitizer: heap-use-after-free FILE:LINE:COLUMN in FUNCTION": without
        the place, which an edit moves."""
        match = re.match(r"SUMMARY: (\w+): ([-\w ]+?)(?: /?\S+:\d+\S*)?(?: in (\w+))?$", text)
        if "libFuzzer" in text or match is None:
            return
        words = " ".join(word for word in match.groups() if word)
        self.find("sanitizer", hashlib.sha1(words.encode()).hexdigest()[:8], None, words)

    def fuzz(self, seed):
        new, seconds = self.folder("new"), max(1, int(self.options.time / 2))
        code = self.run_target("libFuzzer", [f"-fork={self.options.jobs}", "-ignore_crashes=1",
                                             f"-max_total_time={seconds}", f"-seed={seed}",
                                             new, self.inputs, self.folder("kept")],
                               seconds + SETTLE_S)
        log = self.runner.text("libFuzzer-target", "err")
        runs = max((int(count) for count in re.findall(r"^#(\d+)[:\t]", log, re.M)), default=0)
        if runs == 0 and code == 0:
            self.is_idle = True
            print("ci/fuzz: nothing was tested: the target ran no input", file=sys.stderr)
        if code is None:
            self.problem("libFuzzer did not end in time: it was ended after "
                         f"{seconds + SETTLE_S} s")
        self.tell("libFuzzer", f"{runs} inputs from seed {seed}, "
                               f"{len(os.listdir(new))} new ones kept")

    def minimise(self, name, sources):
        """wedge corpus min SOURCES WORK/NAME; what it finds is taken. False: there was nothing."""
        to = os.path.join(self.work, name)
        code = self.runner.run(name, [self.options.wedge, "corpus", "min", "--json", "--subject",
                                      self.options.subject, "--jobs", str(self.options.jobs),
                                      *sources, to])
        if code == UNTESTED:
            return False
        if code != CLEAN:
            raise Stop(BROKEN, f"wedge corpus min ended with {code}: " +
                       " ".join(self.runner.text(name, "err").splitlines()[-1:]))
        self.minimised = self.runner.json(name)[-1]
        for one in self.minimised["findings"]:
            path = os.path.join(to, "findings", one["subject"], one["name"])
            self.find(one["verdict"], one["signature"], path, "corpus min")
        return True

    def merge(self, seed):
        """The corpus of the next job: as large as it must be, and there at any moment."""
        corpus = self.options.corpus
        sources = [self.inputs, self.crashes, *(self.folder(name) for name in
                                                ("new", "kept", "reproducers", "hunt"))]
        stored = (os.path.join(corpus, place) for place in
                  ("inputs", "runs", "findings", "quiet", "aside"))
        sources += [path for path in stored if os.path.isdir(path)] + self.shown
        if not self.minimise("merged", sources):
            os.makedirs(corpus, exist_ok=True)
            write_whole(os.path.join(corpus, ".seed"), f"{seed + 1}\n")
            self.tell("corpus", "nothing to keep")
            return
        write_whole(os.path.join(self.work, "merged", ".seed"), f"{seed + 1}\n")
        os.makedirs(os.path.dirname(corpus), exist_ok=True)
        new, old = corpus + ".new", corpus + ".old"
        for path in (new, old):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(os.path.join(self.work, "merged"), new)
        if os.path.isdir(corpus):
            os.rename(corpus, old)
        os.rename(new, corpus)
        shutil.rmtree(old, ignore_errors=True)
        places = self.minimised["places"]
        inputs, findings = places["inputs"], places["findings"]
        self.tell("corpus", f"{inputs['kept']} inputs with {inputs['features']} features, "
                            f"{findings['kept']} findings")

    # --- results

    def keep(self, finding):
        """Its reproducer and page, in the folder of artifacts; the reproducer's path, or None."""
        if finding.file is None or not os.path.isfile(finding.file):
            return None
        path = self.path_of(finding)
        shutil.copyfile(finding.file, path)
        wedge, page = self.options.wedge, path[:-len(".repro")] + ".html"
        if finding.stage == "corpus min":  # the others are small already
            self.runner.run(f"shrink-{finding.signature}", [wedge, "shrink", path, "-o", path], 60)
        if self.has_pages():
            self.runner.run(f"page-{finding.signature}", [wedge, "show", path, "--html", page], 60)
        return path

    def path_of(self, finding):
        return os.path.join(self.options.artifacts,
                            f"{finding.verdict}-{finding.signature}.repro")

    def has_pages(self):
        if self.pages is None:
            self.runner.run("show-help", [self.options.wedge, "show", "--help"], 10)
            self.pages = "--html" in self.runner.text("show-help")
        return self.pages

    def conclude(self):
        """Artifacts of all findings; returns those that are new."""
        self.runner.deadline = self.runner.end
        new = []
        self.rows = []
        for finding in sorted(self.findings.values(), key=lambda one: one[:2]):
            try:
                path = self.keep(finding)
            except Limit:
                path = self.path_of(finding)
            is_known = finding.signature in self.baseline
            if not is_known:
                new.append(finding)
            why = self.baseline.get(finding.signature, "")
            self.rows.append((finding, path, is_known, why))
            print(f"{'known' if is_known else 'NEW':<6} {finding.verdict} {finding.signature} "
                  f"({finding.stage}){': ' + why if why else ''}")
            if path and not is_known:
                print(f"  {relative(self.options.wedge)} show {relative(path)}")
        for signature in sorted(set(self.baseline) - {key[1] for key in self.findings}):
            print(f"baseline: {signature} was not seen this time")
        return new

    def write_summary(self, code):
        words = {CLEAN: "nothing new was found", FINDINGS: "something new was found",
                 BROKEN: "it could not be run to the end", UNTESTED: "nothing was tested"}
        lines = [f"# ci/fuzz: {words[code]}", "", "| stage | result | seconds |",
                 "| --- | --- | ---: |"]
        lines += ["| " + " | ".join(row) + " |" for row in self.table]
        if self.problems:
            lines += ["", "## Problems", ""] + [f"- {text}" for text in self.problems]
        if getattr(self, "rows", None):
            lines += ["", "## Findings", "", "| | verdict | signature | found by | reproducer |",
                      "| --- | --- | --- | --- | --- |"]
            lines += [f"| {'known: ' + why if is_known else '**new**'} | {one.verdict} | "
                      f"{one.signature} | {one.stage} | "
                      f"{os.path.basename(path) if path else 'none: see logs'} |"
                      for one, path, is_known, why in self.rows]
            lines += ["", "To see one:", "", f"    {relative(self.options.wedge)} show REPRODUCER"]
        path = os.path.join(self.options.artifacts, "summary.md")
        write_whole(path, "\n".join(lines) + "\n")
        shutil.rmtree(self.work, ignore_errors=True)
        if not os.listdir(self.crashes):
            os.rmdir(self.crashes)
        print(f"summary      {relative(path)}")

    def go(self):
        seed = next_seed(self.options.corpus)
        code = CLEAN
        try:
            self.build()
            self.watch_examples()
            self.rerun_reproducers()
            self.rerun_inputs()
            self.hunt(seed)
            self.fuzz(seed)
            self.merge(seed)
        except Limit as stage:
            self.problem(f"the limit of {self.options.limit:g} s was reached in: {stage}")
        except Stop as stop:
            self.problem(str(stop))
            code = stop.code
        except FileNotFoundError as error:
            self.problem(f"cannot run: {error.filename}: {error.strerror}")
        new = self.conclude() if self.findings else []
        if new:
            code = FINDINGS
        elif code == CLEAN and self.problems:
            code = BROKEN
        elif code == CLEAN and self.is_idle:
            code = UNTESTED
        self.write_summary(code)
        return code


def write_whole(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def relative(path):
    shorter = os.path.relpath(path)
    return shorter if len(shorter) < len(path) else path


def read_baseline(path):
    """Signature -> why. "e93d56a0  # why", or with the verdict before it."""
    known = {}
    if not os.path.exists(path):
        return known
    with open(path) as file:
        for number, line in enumerate(file, 1):
            text, _, why = line.partition("#")
            if not text.strip():
                continue
            word = text.split()[-1]
            if not re.fullmatch(r"[0-9a-f]{8}|exit-\d+", word):
                print(f"{path}:{number}: expected a signature (8 hexadecimal digits), found "
                      f"\"{text.strip()}\"", file=sys.stderr)
                sys.exit(USAGE)
            known[word] = why.strip()
    return known


def next_seed(corpus):
    """Each job searches elsewhere; what it did is known from the corpus."""
    if not os.path.isdir(corpus) and os.path.isdir(corpus + ".old"):
        os.rename(corpus + ".old", corpus)  # a job was ended between two renames
    try:
        with open(os.path.join(corpus, ".seed")) as file:
            return int(file.read())
    except (OSError, ValueError):
        return 1


def main():
    try:
        return Job(parse_arguments()).go()
    except Exception:  # Python would end with 1, and that is for findings
        traceback.print_exc()
        return BROKEN


if __name__ == "__main__":
    sys.exit(main())
