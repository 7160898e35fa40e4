"""All rows of mounts, in the order in which they are done, and the choice of some."""
import re
import sys

from . import files, mount, scaling, work

ROWS = files.ROWS + work.ROWS + scaling.ROWS + mount.ROWS
SECTION = {row.name: module.__name__.split(".")[-1] for module in (files, work, scaling, mount) for row in module.ROWS}


def choose(only, long):
    """Names of the rows to run, with those that others need; `only` is an expression that their names match whole."""
    try:
        wanted = {row.name for row in ROWS if (re.fullmatch(only, row.name) if only else long or not row.long)}
    except re.error as error:
        sys.exit(f"bench: {only}: {error}")
    if not wanted:
        sys.exit(f"bench: {only}: no such row; see --list")
    by_name = {row.name: row for row in ROWS}
    waiting = list(wanted)
    while waiting:
        for needed in by_name[waiting.pop()].needs:
            if needed not in wanted:
                wanted.add(needed)
                waiting.append(needed)
    return [row.name for row in ROWS if row.name in wanted]


def listing():
    return "\n".join(f"{row.name:18}{'long  ' if row.long else '      '}{row.words}" for row in ROWS)
