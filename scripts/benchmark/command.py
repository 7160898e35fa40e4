"""The command line of scripts/bench."""
import argparse
import os
import shutil
import sys

from . import catalogue, images, instructions, machine, picture, results, rounds, subjects, table

ABOUT = """Measures Shale against its peers, the same work interleaved in one run, and prints tables.

A figure is the median over the rounds of the ratio to kernel overlayfs in the same round (rootless: to kernel overlayfs
mounted with userxattr in a user namespace). Needs root; installs what it needs. It never fails because something is slow.
Results go to bench-results/: bench.json and bench.svg, builds.json, images.json; what is measured is written as it comes, also
when the run is interrupted.

  scripts/bench                                 what matters most, in three minutes, as many rounds as fit
  scripts/bench --long                          every row, five rounds: hours
  scripts/bench --only 'walk.*|read' --rounds 9
  scripts/bench --peer 'before=/tmp/shalefs' --peer 'gathered=.build/release/shalefs -o writeback=on'
  scripts/bench --levers --only 'walk|read'     what each of Shale's levers is worth
  scripts/bench --compare old.json              and what has changed since that run, beyond the noise
  scripts/bench --show new.json --compare old.json
  scripts/bench --builds                        Dockerfile builds and commits, rootless, against buildah's storage drivers
  scripts/bench --images                        images, against buildah and umoci, as root (--user: rootless)
  scripts/bench --instructions                  of the server's own code for each request, by valgrind
  scripts/bench --list                          the rows"""

# Of the three minutes, what is left to remove the files again.
SHORT = 140


def parse():
    parser = argparse.ArgumentParser(prog="bench", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--builds", action="store_true", help="measure builds")
    which.add_argument("--images", action="store_true", help="measure images")
    which.add_argument("--instructions", action="store_true", help="count instructions for each request")
    which.add_argument("--show", metavar="FILE", help="measure nothing; print a saved run")
    which.add_argument("--list", action="store_true", help="the names of the rows of mounts, images and builds")
    parser.add_argument("--long", action="store_true", help="every row, with no limit of time")
    parser.add_argument("--only", metavar="REGEX", help="rows whose names match as a whole; no limit of time")
    parser.add_argument("--rounds", type=int, metavar="N", help="as many as fit; with --only 3, with --long 5")
    parser.add_argument("--subjects", metavar="REGEX", help="subjects whose names match as a whole")
    parser.add_argument("--peer", metavar="NAME=COMMAND", action="append", default=[],
                        help="one more program that takes -o lowerdir=… MOUNTPOINT, as root and rootless")
    parser.add_argument("--levers", action="store_true", help="Shale without each of what makes it fast, too")
    parser.add_argument("--user", action="store_true", help="with --images: as an ordinary user")
    parser.add_argument("--compare", metavar="FILE", help="a saved run to compare with")
    parser.add_argument("--shalefs", metavar="FILE", help="instead of .build/release/shalefs")
    parser.add_argument("--shale", metavar="FILE", help="instead of .build/release/shale")
    parser.add_argument("--output", metavar="DIR", default=machine.ROOT + "/bench-results")
    parser.add_argument("--scratch", metavar="DIR", default="/var/tmp", help="on the file system to measure on (/var/tmp)")
    arguments = parser.parse_args()
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    for peer in arguments.peer:
        if "=" not in peer:
            parser.error(f"--peer {peer}: wants NAME=COMMAND")
    return arguments


def mounts(arguments):
    """Measures mounts; returns the results and writes them as they come."""
    rows = catalogue.choose(arguments.only, arguments.long)
    by_name = {row.name: row for row in catalogue.ROWS}
    machine.set_up({"fio", "dbench"} if any(name.startswith(("fio", "dbench")) for name in rows) else ())
    clock = rounds.Clock(None if arguments.long or arguments.only or arguments.rounds else SHORT)
    with machine.scratch(arguments.scratch, "bench") as scratch, machine.memory_kept():
        machine.share_code(scratch)
        shalefs = shutil.copy(machine.built(arguments.shalefs, "shalefs"), scratch + "/bin/shalefs")
        bare = machine.compiled("bare", scratch + "/bin")
        chosen = images.choose(subjects.subjects(shalefs, bare, arguments.peer, arguments.levers), arguments.subjects)
        # Where kernel overlayfs is not among the subjects, the next best is what others are compared with.
        reference = next((name for name in ("kernel", "kernel userxattr", "plain") if name in chosen), next(iter(chosen)))
        found = {
            "kind": "mounts", "machine": machine.description(shalefs),
            "subjects": {name: {"base": one.base if one.base in chosen else reference} for name, one in chosen.items()},
            "reference": reference,
            "rows": {name: {"words": by_name[name].words, "section": catalogue.SECTION[name], "figure": by_name[name].figure,
                            "series": by_name[name].series, "target": by_name[name].target} for name in rows},
            "rounds": [], "errors": {},
        }

        def finished(done, errors):
            found["rounds"], found["errors"] = done, errors
            if not results.holds(found):
                return
            results.write(arguments.output + "/bench.json", found)
            drawn = picture.draw(found)
            if drawn:
                with open(arguments.output + "/bench.svg", "w") as file:
                    file.write(drawn)
        count = arguments.rounds or (5 if arguments.long else 3 if arguments.only else 99)
        until_stopped(lambda: rounds.measure(scratch, chosen, rows, count, clock, finished))
        finished(found["rounds"], found["errors"])
    return found


def count_instructions(arguments):
    machine.set_up({"valgrind"})
    with machine.scratch(arguments.scratch, "bench") as scratch:
        found = instructions.measure(machine.built(arguments.shalefs, "shalefs"), scratch)
    results.write(arguments.output + "/instructions.json", found)
    print(instructions.table(found))


def until_stopped(work):
    """An interruption ends the measuring, not the report."""
    try:
        work()
    except KeyboardInterrupt:
        machine.note("interrupted: what was measured until now follows")


def report(found, compare):
    if not results.holds(found):
        sys.exit("bench: nothing was measured")
    print(table.mounts(found) if found["kind"] == "mounts" else table.builds(found))
    if compare:
        print("\n" + table.comparison(compare, found))
    about = found["machine"]
    print(f"\n{about['processors']} processors, load {about['load']} at the start, kernel {about['kernel']}, commit {about['commit']}, "
          f"fuse-overlayfs {about['fuse-overlayfs']}, buildah {about['buildah']}")


def main():
    arguments = parse()
    if arguments.list:
        print(catalogue.listing())
        print(images.listing())
        return
    if arguments.instructions:
        count_instructions(arguments)
        return
    # What is wrong with a file is said before the run, not after it.
    compare = results.read(arguments.compare) if arguments.compare else None
    if arguments.show:
        found = results.read(arguments.show)
    elif arguments.builds or arguments.images:
        found = images.measure(arguments, until_stopped)
    else:
        found = mounts(arguments)
    try:
        report(found, compare)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
