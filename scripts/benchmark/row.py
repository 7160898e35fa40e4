"""A row: some work, and what is known about it."""
import os
from dataclasses import dataclass
from typing import Callable, Optional

SECTIONS = {
    "files": "files, one kind of work each",
    "work": "real work",
    "scaling": "what the cost grows with",
    "mount": "the mount itself",
}


@dataclass(frozen=True)
class Row:
    """`work` gets the mount point and does what is measured; it may return seconds of its own, or figures by name.

    `before` is done first, unmeasured; descriptors that it returns stay open until the figures are taken. `warm` makes a row
    cold: it gets the stack's directories, reads from them what the work will read, and the mount is a fresh one. Rows with
    `inner` get the client.Place instead, and mount and unmount themselves.
    """
    name: str
    words: str
    stack: str
    work: Callable
    before: Optional[Callable] = None
    warm: Optional[Callable] = None
    needs: tuple = ()
    # Ratios to kernel overlayfs that PERFORMANCE.md wants, as root and rootless; for `figure`s other than seconds, a limit.
    target: Optional[tuple] = None
    # Only in a long run, or where it is named.
    long: bool = False
    # Rows of one series do the same work on more of something: (what is done, how much of what).
    series: Optional[tuple] = None
    # What is reported of the figures; all but seconds are reported as they are, not as ratios.
    figure: str = "seconds"
    inner: bool = False


def bottom(work):
    """The same work on the lowest directory of the stack, which has all that it reads."""
    return lambda directories: work(directories[-1])


def given(name):
    """A file that was prepared outside of all mounts."""
    return os.environ["BENCH_GIVEN"] + "/" + name


def in_processes(count, work):
    """Runs work(part) in `count` processes at once."""
    children = []
    for part in range(count):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work(part)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    # All are waited for, whatever became of the first.
    if any([os.waitpid(child, 0)[1] for child in children]):
        raise RuntimeError("a process of the work failed")
