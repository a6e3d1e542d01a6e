#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""mutants [--time SEC] [--jobs N] [--only REGEX] [--list]

Mutation testing of core/runtime: makes single-point concurrency mutants, hunts each for SEC seconds
(standard 20), prints the mutation score and lists the survivors, with what is known of each
(ci/mutants.survivors). Exit 0: at least 90 % of those that are not known to be equivalent
(ci/mutants.equivalent) are killed; 1: fewer; 3: could not build.

A mutant is named FUNCTION/OPERATOR#N, counted within the function, so that the name outlives edits
elsewhere. Places are found in clang's syntax tree (libclang), not by lines.
"""
import argparse
import concurrent.futures
import dataclasses
import glob
import json
import os
import re
import subprocess
import sys

import clang.cindex as cindex
from clang.cindex import CursorKind

FLAGS = ("-std=c11 -D_GNU_SOURCE -DHOOK_BACKEND=HOOK_SIM -DFIBER_ONE_THREAD -I. -O2 -g "
         "-fno-omit-frame-pointer -fno-optimize-sibling-calls -w").split()
WORK = "out/mutants"

# Statements that may be dropped, by the name of what they call, and what that is called.
DROPPED = {
    "drop-unlock": {"unlock"},
    "drop-counter": {"hook_fetch_add", "nmspinning_down", "tick", "netpollAdjustWaiters"},
    "drop-store": {"hook_store", "poke", "updateTimer0When"},
    "drop-wake": {"wakep", "wakeNetPoller", "netpollBreak", "startm", "injectglist", "wakesysmon",
                  "goready", "netpollgoready", "hook_unpark", "handoffp", "wakem", "wakeScavenger",
                  "resetspinning", "preemptall", "kernel_write_byte"},
    "drop-sift": {"siftupTimer", "siftdownTimer", "addAdjustedTimers", "cleantimers", "adjusttimers",
                  "clearDeletedTimers"},
    "drop-stop": {"deltimer", "stopTimer"},
}
PUBLICATIONS = {"hook_store", "hook_fetch_add", "timer_release", "unlock", "lock", "poke",
                "wakeNetPoller", "releasem", "casgstatus", "updateTimer0When", "dropg", "pidleput",
                "releasep", "globrunqput"}
# Without a hook point: two of them, one after the other, are one step, in either order.
NO_STEP = {"poke", "casgstatus", "dropg", "releasem"}
# What looks on: mutants of a judge are for its own tests. And the simulated kernel.
NOT_MUTATED = {"invariant.c", "schedinvariant.c", "oversight.c", "netpoll_kernel.c"}
ARITHMETIC_FILES = {"timerheap.c", "timerrun.c", "runq.c"}


@dataclasses.dataclass
class Mutant:
    name: str
    file: str
    line: int
    about: str
    edits: list  # (start, end, replacement), as offsets into the file


def text_of(source, cursor):
    extent = cursor.extent
    return source[extent.start.offset:extent.end.offset]


def callee(text):
    match = re.match(r"(?:\(void\))?\s*([A-Za-z_]\w*)\s*\(", text)
    return match.group(1) if match else None


def argument(text):
    return text[text.index("(") + 1:text.rindex(")")].strip()


def arguments(text):
    """Splits a call's arguments at the commas of its own level."""
    parts, depth, part = [], 0, ""
    for char in argument(text):
        depth += (char in "({[") - (char in ")}]")
        if char == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += char
    return parts + [part.strip()]


class Function:
    """Collects the mutants of one function."""

    def __init__(self, cursor, path, source):
        self.name, self.path, self.source = cursor.spelling, path, source
        self.counts, self.mutants, self.seen = {}, [], set()
        self.statements = []  # lists of sibling statements: (text, start, end, line, kind)
        self.cursor = cursor
        self.retries = {}  # what becomes of each "continue", by its offset
        result = cursor.result_type.spelling
        self.give_up = {"void": "return", "bool": "return false"}.get(result, "return 0")

    def add(self, operator, line, about, edits):
        if (operator, edits[0]) in self.seen:
            return  # a macro's own statements lie where the macro stands
        self.seen.add((operator, edits[0]))
        self.counts[operator] = self.counts.get(operator, 0) + 1
        name = f"{self.name}/{operator}#{self.counts[operator]}"
        self.mutants.append(Mutant(name, self.path, line, " ".join(about.split())[:70], edits))

    def collect(self):
        self.walk(self.cursor)
        for siblings in self.statements:
            self.drop(siblings)
            self.swap(siblings)
        self.drop_locks()
        self.drop_acquirem()
        self.store_for_cas()
        if os.path.basename(self.path) in ARITHMETIC_FILES:
            self.off_by_one()
        return self.mutants

    def walk(self, cursor, in_switch=False):
        children = list(cursor.get_children())
        if cursor.kind == CursorKind.SWITCH_STMT:
            in_switch = True
        elif cursor.kind in (CursorKind.WHILE_STMT, CursorKind.FOR_STMT, CursorKind.DO_STMT):
            in_switch = False
        elif cursor.kind == CursorKind.CONTINUE_STMT:
            # In a switch, "break" would go on with the loop just the same.
            self.retries[cursor.extent.start.offset] = self.give_up if in_switch else "break"
        if cursor.kind == CursorKind.COMPOUND_STMT:
            self.statements.append([self.statement(child) for child in children])
        elif cursor.kind in (CursorKind.IF_STMT, CursorKind.WHILE_STMT, CursorKind.FOR_STMT):
            for child in children[1:]:
                if child.kind != CursorKind.COMPOUND_STMT:
                    self.statements.append([self.statement(child)])
        elif cursor.kind in (CursorKind.CASE_STMT, CursorKind.DEFAULT_STMT) and children:
            self.statements.append([self.statement(children[-1])])
        for child in children:
            self.walk(child, in_switch)

    def statement(self, cursor):
        start, end = cursor.extent.start, cursor.extent.end
        return (text_of(self.source, cursor), start.offset, end.offset, start.line, cursor.kind)

    def is_expression(self, statement):
        text, _, end, _, _ = statement
        return self.source[end:end + 1] == ";" and not text.startswith(("return", "throw"))

    def drop(self, siblings):
        for statement in siblings:
            text, start, end, line, kind = statement
            if not self.is_expression(statement):
                continue
            for operator, names in DROPPED.items():
                if callee(text) in names:
                    self.add(operator, line, text, [(start, end, "(void)0")])
            if kind == CursorKind.UNARY_OPERATOR and ("++" in text or "--" in text):
                self.add("drop-count", line, text, [(start, end, "(void)0")])
            if text == "continue":
                self.add("drop-retry", line, text, [(start, end, self.retries[start])])

    def swap(self, siblings):
        for first, second in zip(siblings, siblings[1:]):
            if not (self.is_expression(first) and self.is_expression(second)):
                continue
            callees = {callee(first[0]), callee(second[0])}
            if callees <= PUBLICATIONS and not callees <= NO_STEP and first[0] != second[0]:
                self.add("swap", first[3], f"{first[0]} <-> {second[0]}",
                         [(first[1], first[2], second[0]), (second[1], second[2], first[0])])

    def all_expressions(self):
        return [s for siblings in self.statements for s in siblings if self.is_expression(s)]

    def drop_locks(self):
        """A lock with all its unlocks in this function."""
        statements = self.all_expressions()
        for lock in [s for s in statements if callee(s[0]) == "lock"]:
            same = [s for s in statements
                    if callee(s[0]) in ("lock", "unlock") and argument(s[0]) == argument(lock[0])]
            if same[0] is lock and len(same) > 1:
                self.add("drop-lock", lock[3], lock[0], [(s[1], s[2], "(void)0") for s in same])

    def drop_acquirem(self):
        start, end = self.cursor.extent.start.offset, self.cursor.extent.end.offset
        body = self.source[start:end]
        edits = [(start + m.start(), start + m.end(), "getg()->m")
                 for m in re.finditer(r"\bacquirem\(\)", body)]
        if not edits:
            return
        edits += [(start + m.start(), start + m.end(), "(void)0")
                  for m in re.finditer(r"\breleasem\(\w+\)", body)]
        line = self.source.count("\n", 0, edits[0][0]) + 1
        self.add("drop-acquirem", line, "acquirem ... releasem", sorted(edits))

    def store_for_cas(self):
        start, end = self.cursor.extent.start.offset, self.cursor.extent.end.offset
        for match in re.finditer(r"\b(hook_cas|hook_cas_weak|timer_hold|timer_hold_off_heap)\(",
                                 self.source[start:end]):
            first = start + match.start()
            last, depth = start + match.end(), 1
            while depth > 0:
                depth += (self.source[last] == "(") - (self.source[last] == ")")
                last += 1
            text = self.source[first:last]
            parts = arguments(text)
            stored = f"({{ hook_store({parts[0]}, {parts[-1]}); true; }})"
            if match.group(1) == "timer_hold":
                stored = (f"({{ hook_store(&t->status, (uint32_t){parts[2]}); "
                          f"hook_hold(&t->status, \"{parts[2]}\"); true; }})")
            if match.group(1) == "timer_hold_off_heap":
                stored = ("({ hook_store(&t->status, (uint32_t)timerModifying); "
                          "hook_hold(&t->status, TIMER_OFF_HEAP); true; })")
            line = self.source.count("\n", 0, first) + 1
            self.add("store-for-cas", line, text, [(first, last, stored)])

    def off_by_one(self):
        for cursor in self.cursor.walk_preorder():
            if cursor.kind != CursorKind.BINARY_OPERATOR:
                continue
            text, start = text_of(self.source, cursor), cursor.extent.start.offset
            left = list(cursor.get_children())[0]
            gap_start = left.extent.end.offset
            match = re.match(r"\s*(<=|>=|<|>|\+|-|/)\s*(\d+)?", self.source[gap_start:])
            if not match or "hook_" in text:
                continue
            operator, number = match.group(1), match.group(2)
            other = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}.get(operator)
            line = cursor.extent.start.line
            if other:
                at = gap_start + match.start(1)
                self.add("off-by-one", line, text, [(at, at + len(operator), other)])
            elif number:
                at = gap_start + match.start(2)
                self.add("off-by-one", line, text, [(at, at + len(number), str(int(number) + 1))])


def sources(pattern):
    """What of it is linked into the command: no tests, no other main, no other back-end's kernel."""
    return sorted(p for p in glob.glob(pattern)
                  if not p.endswith(("_test.c", "_target.c", "netpoll_epoll.c")))


def all_mutants():
    index, mutants = cindex.Index.create(), []
    for path in sources("core/runtime/*.c"):
        if os.path.basename(path) in NOT_MUTATED:
            continue
        source = open(path, encoding="ascii").read()
        # The plain back-end: what the sim back-end's macros are made of is not under test.
        unit = index.parse(path, args=[f.replace("HOOK_SIM", "HOOK_PLAIN") for f in FLAGS])
        for cursor in unit.cursor.get_children():
            if cursor.kind == CursorKind.FUNCTION_DECL and cursor.is_definition() and \
                    cursor.location.file and cursor.location.file.name == path:
                mutants += Function(cursor, path, source).collect()
    return mutants


def hunt(mutant, number, seconds):
    """Returns killed, survived or stillborn, and what it was found by."""
    work = f"{WORK}/{number}"
    os.makedirs(work, exist_ok=True)
    source = open(mutant.file, encoding="ascii").read()
    for start, end, replacement in sorted(mutant.edits, reverse=True):
        source = source[:start] + replacement + source[end:]
    changed, program = f"{work}/{os.path.basename(mutant.file)}", f"{work}/wedge"
    with open(changed, "w", encoding="ascii") as out:
        out.write(source)
    objects = [f"out/rel/obj/{os.path.splitext(p)[0]}.o"
               for p in sources("core/runtime/*.c") + sources("fuzz/timers*.c")
               if p != mutant.file]
    command = ["clang", *FLAGS, changed, *objects, "out/rel/obj/repro/main.o", "out/rel/repro.a",
               "out/rel/fuzz.a", "out/rel/engine.a", "-ljansson", "-ldw", "-o", program]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return "stillborn", ""
    result = subprocess.run([program, "hunt", "timers", "--time", str(seconds), "-o", work, "--json"],
                            capture_output=True, text=True, check=False,
                            timeout=seconds * 3 + 60)
    os.remove(program)
    if result.returncode == 0:
        return "survived", ""
    try:
        last = json.loads(result.stdout.splitlines()[-1])
        return "killed", f"{last['verdict']} after {last['schedules']} schedules"
    except (IndexError, KeyError, ValueError):
        return "killed", f"exit code {result.returncode}"


def reasons(path):
    known = {}
    for line in open(path, encoding="ascii"):
        if line.strip() and not line.startswith("#"):
            name, reason = line.split(None, 1)
            known[name] = reason.strip()
    return known


def main():
    parser = argparse.ArgumentParser(usage=__doc__.replace("%", "%%"))
    parser.add_argument("--time", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

    mutants = [m for m in all_mutants() if re.search(options.only, m.name)]
    if options.list:
        for mutant in mutants:
            print(f"{mutant.name:44} {mutant.file}:{mutant.line}: {mutant.about}")
        return 0
    if subprocess.run(["ninja", "--quiet", "out/wedge"], check=False).returncode != 0:
        return 3

    known, counts, survivors = reasons("ci/mutants.equivalent"), {}, []
    explained = reasons("ci/mutants.survivors")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {pool.submit(hunt, m, i, options.time): m for i, m in enumerate(mutants)
                if m.name not in known}
        for job in concurrent.futures.as_completed(jobs):
            mutant, (fate, how) = jobs[job], job.result()
            counts[fate] = counts.get(fate, 0) + 1
            print(f"{fate:10} {mutant.name:44} {how}", flush=True)
            if fate == "survived":
                survivors.append(mutant)

    killed, survived = counts.get("killed", 0), counts.get("survived", 0)
    score = 100 * killed / max(1, killed + survived)
    print(f"\n{killed} killed, {survived} survived, {len(mutants) - len(jobs)} equivalent, "
          f"{counts.get('stillborn', 0)} do not compile: mutation score {score:.1f} %")
    for mutant in sorted(survivors, key=lambda m: m.name):
        print(f"  {mutant.name:44} {mutant.file}:{mutant.line}: {mutant.about}")
        print(f"      {explained.get(mutant.name, 'not explained yet')}")
    return 0 if score >= 90 else 1


if __name__ == "__main__":
    sys.exit(main())
