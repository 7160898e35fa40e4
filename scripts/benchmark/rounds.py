"""The rounds of a run: every subject does the same rows on its own mount of the same stack, one after the other."""
import json
import os
import shutil
import subprocess
import threading
import time

from . import stacks, subjects
from .catalogue import ROWS
from .machine import PYTHON, drop_caches, namespace, note

# A subject that does not answer for so long has hung.
PATIENCE = 900


class Clock:
    """The time a run may take; None is no limit."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds if seconds else None

    @property
    def limited(self):
        return self.end is not None

    def left(self):
        return float("inf") if self.end is None else self.end - time.monotonic()


def run_subject(subject, stack, directory, scratch, rows, thorough):
    """One subject's figures of one round: {row: figure}, and what failed: {row: text}.

    A thorough run drops all caches before cold rows and reads the plain tree again; otherwise what is in them stays.
    """
    request = dict(subjects.place(subject, stack, directory), rows=rows, thorough=thorough)
    words = namespace(subject.rootless) + [PYTHON, "-m", "benchmark.client", json.dumps(request)]
    if subject.rootless:
        for part in ("", "/u", "/w", "/m"):
            shutil.chown(directory + part, "shale-test", "shale-test")
    environment = dict(os.environ, PYTHONPATH=scratch + "/bin", PYTHONDONTWRITEBYTECODE="1", BENCH_GIVEN=scratch + "/given")
    if thorough:
        drop_caches("2")
    figures, errors = {}, {}
    # A session of its own: an interruption from the terminal reaches us alone, who then end all of it.
    with open(scratch + "/said", "w+") as said, subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, cwd="/", env=environment,
            start_new_session=True) as process:
        try:
            while line := read(process):
                message = json.loads(line)
                if message.get("ask"):
                    drop_caches(message["ask"])
                    process.stdin.write("\n")
                    process.stdin.flush()
                elif "figure" in message:
                    figures[message["row"]] = message["figure"]
                else:
                    errors[message["row"]] = message["error"]
        finally:
            process.kill()
        said.seek(0)
        if not figures and not errors:
            errors["mount"] = said.read().strip()[-300:] or "ended without a word"
    # Only what is large goes now: ext4 walks over recently freed inodes for minutes, which every later creation would pay.
    subprocess.run(["find", directory, "-xdev", "-type", "f", "-links", "1", "-size", "+1M", "-delete"])
    return figures, errors


def read(process):
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    try:
        return process.stdout.readline()
    finally:
        watch.cancel()


def rotated(names, by):
    by %= max(len(names), 1)
    return names[by:] + names[:by]


def measure(scratch, chosen, rows, rounds, clock, finished):
    """Measures and calls finished(rounds, errors) with all there is whenever a stack is done."""
    wanted = {name: [row.name for row in ROWS if row.stack == name and row.name in rows]
              for name in dict.fromkeys(row.stack for row in ROWS if row.name in rows)}
    os.makedirs(scratch + "/given")
    made, taken, done, errors = {}, {}, [], {}
    finished(done, errors)
    for number in range(rounds):
        done.append({name: {} for name in chosen})
        for name, these in wanted.items():
            if clock.left() < taken.get(name, 1):
                note(f"round {number + 1} of {rounds}: no time for {name}")
                continue
            began = time.monotonic()
            if name not in made:
                note(f"preparing {name}")
                made[name] = stacks.make(name, scratch, these)
                # The first round's preparation is no part of the next one's time.
                began = time.monotonic()
            longest = 0
            able = {one: about.able(name, these) for one, about in chosen.items()}
            for one in rotated([one for one in able if able[one]], number):
                start = time.monotonic()
                if clock.left() < longest:
                    note(f"round {number + 1} of {rounds}: {name}: no time for {one}")
                    continue
                note(f"round {number + 1} of {rounds}: {name}: {one}")
                made[name].belong(chosen[one].rootless)
                figures, failed = run_subject(chosen[one], made[name], f"{scratch}/runs/{number}-{name}-{one.replace(' ', '-')}",
                                              scratch, able[one], not clock.limited)
                longest = max(longest, time.monotonic() - start)
                done[-1][one].update(figures)
                for row, text in failed.items():
                    note(f"{one}: {row}: {text}")
                    errors.setdefault(one, {})[row] = text
            taken[name] = time.monotonic() - began
            finished(done, errors)
        if not any(done[-1].values()):
            done.pop()
            break
