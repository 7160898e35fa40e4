"""What is measured: how each subject mounts a stack of directories."""
import os
import shlex
from dataclasses import dataclass
from typing import Optional

from .catalogue import ROWS

# What makes Shale fast, as its option `without` names it.
LEVERS = ("passthrough", "idle", "lookout", "splice", "readdirplus", "opendir", "open", "missing", "symlinks", "killpriv", "acl")

OVERLAY = ("mount", "-t", "overlay", "overlay")


@dataclass(frozen=True)
class Subject:
    """`program` gets `-o OPTIONS MOUNTPOINT`; without one the plain directory is bound there.

    Rootless ones run, with their client, as root of an ordinary user's namespace. A figure is a ratio to that of `base`.
    """
    name: str
    program: tuple
    rootless: bool = False
    base: str = "kernel"
    options: str = ""
    # The kinds of stacks whose files it can serve, and nothing else; None is all.
    stacks: Optional[tuple] = None

    def words(self, options, mount_point):
        return [*self.program, "-o", options + self.options, mount_point]

    def able(self, stack, rows):
        """Those of a stack's rows that it can do."""
        if self.stacks is None:
            return rows
        inner = {row.name for row in ROWS if row.inner}
        return [row for row in rows if row not in inner] if stack.split("-")[0] in self.stacks else []


def peer(text):
    """NAME=COMMAND on the command line: once as root and once rootless."""
    name, _, command = text.partition("=")
    return both(name, tuple(shlex.split(command)))


def both(name, program, **more):
    # Against the kernel's rootless mount, which pays for the same namespace.
    return [Subject(name, program, **more),
            Subject(name + " rootless", program, rootless=True, base="kernel userxattr", **more)]


def subjects(shalefs, bare, peers, levers=False):
    """All there are, by name; `bare` is a compiled bare.c or None. `levers`: Shale without each of its levers, too."""
    # In the order of what matters most where time runs out.
    listed = [
        Subject("kernel", OVERLAY),
        Subject("kernel userxattr", OVERLAY, rootless=True, options=",userxattr"),
        *both("shale", (shalefs,)),
        *both("fuse-overlayfs", ("fuse-overlayfs",)),
        Subject("plain", ()),
    ]
    if bare:
        # What files hold is not there to be worked with.
        listed += both("bare server", (bare,), stacks=("files", "usr", "depth", "names"))
    if levers:
        for name in LEVERS:
            listed += both("no " + name, (shalefs, "-o", "without=" + name))
    for text in peers:
        listed += peer(text)
    return {one.name: one for one in listed}


def place(subject, stack, directory):
    """Directories for one mount of a stack; what client.Place is made of."""
    for part in ("u", "w", "m"):
        os.makedirs(f"{directory}/{part}")
    layers = stack.layers(subject.rootless)
    mount_point = directory + "/m"
    if subject.program:
        options = f"lowerdir={':'.join(layers)},upperdir={directory}/u,workdir={directory}/w"
        words = subject.words(options, mount_point)
    else:
        words = ["mount", "--bind", stack.plain(directory + "/plain"), mount_point]
    return {
        "words": words, "m": mount_point, "directory": stack.directory,
        "layers": [os.path.join(stack.directory, layer) for layer in layers],
    }
