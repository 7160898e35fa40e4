"""What the cost grows with: layers, names in a directory, open files, processes. Each series does the same work on more."""
import os

from .files import open_in_processes, walk
from .row import Row, in_processes

DEPTHS = (2, 10, 50, 200)
DIRECTORIES = (1000, 10000, 100000)


def walk_alone(m):
    for here, _, names in os.walk(m + "/alone"):
        for name in names:
            os.lstat(here + "/" + name)


def walk_spread(m):
    for here, _, names in os.walk(m + "/spread"):
        for name in names:
            os.lstat(here + "/" + name)


def look_up_alone(m):
    for i in range(4000):
        os.lstat(f"{m}/alone/d{i // 200}/f{i}")


def look_up_missing(m):
    for i in range(4000):
        os.path.lexists(f"{m}/alone/d{i // 200}/none{i}")


def everywhere(directories):
    for directory in directories:
        if os.path.isdir(directory + "/alone"):
            walk_alone(directory)
        walk_spread(directory)


def list_names(count):
    def work(m):
        """Seconds for each 1,000 names."""
        for entry in os.scandir(f"{m}/n{count}"):
            entry.stat(follow_symlinks=False)
    return work


def hold(count):
    def before(m):
        """So many files are open, read-only, and stay so."""
        walk(m)
        return [os.open(f"{m}/tree/d{i // 200}/f{i}", os.O_RDONLY) for i in range(count)]
    return before


def open_others(m):
    for i in range(9000, 10000):
        os.close(os.open(f"{m}/tree/d{i // 200}/f{i}", os.O_RDONLY))


def create_in(processes):
    def work(m):
        os.mkdir(f"{m}/made{processes}")

        def part(number):
            for i in range(number, 2000, processes):
                with open(f"{m}/made{processes}/f{i}", "wb", buffering=0) as file:
                    file.write(b"x" * 4000)
        in_processes(processes, part)
    return work


def processes(n):
    return f"{n} process{'es' if n > 1 else ''}"


ROWS = []
for n in DEPTHS:
    late = n in (10, 200)
    for name, words, work in (("alone", "walk of 4k files that one layer alone has", walk_alone),
                              ("spread", "walk of 4k files spread over the layers", walk_spread),
                              ("lookup", "look up 4k names, first time", look_up_alone),
                              ("absent", "look up 4k missing names, first time", look_up_missing)):
        ROWS.append(Row(f"{name}-{n}", f"{words}, {n} layers", f"depth-{n}", work, warm=everywhere, long=late or name == "absent",
                        series=(words, n, "layers")))
for n in DIRECTORIES:
    words = "list and stat a directory, first time"
    ROWS.append(Row(f"names-{n}", f"{words}, {n:,} names", "names", list_names(n), long=True,
                    warm=lambda directories, n=n: list_names(n)(directories[-1]), series=(words, n, "names")))
for n in (0, 100, 1000, 8000):
    words = "open 1k other files while files are open"
    ROWS.append(Row(f"held-{n}", f"{words}, {n:,}", "files", open_others, before=hold(n), long=True, series=(words, n, "open files")))
for n in (1, 2, 4, 8):
    words = "open 9k files"
    ROWS.append(Row(f"open-{n}", f"{words}, {processes(n)}", "files", lambda m, n=n: open_in_processes(m, n), before=walk, long=True,
                    series=(words, n, "processes")))
for n in (1, 2, 4, 8):
    words = "create and write 2k files"
    ROWS.append(Row(f"create-{n}", f"{words}, {processes(n)}", "files", create_in(n), long=True, series=(words, n, "processes")))
