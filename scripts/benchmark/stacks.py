"""The stacks of directories that rows work on: names of layers, top first, relative to the stack's own directory.

Relative, since the mount options of 200 absolute names do not fit in the page that mount(2) takes.
"""
import os
import subprocess

from . import sources
from .machine import USER, namespace, sh


def tree(base, count, size, per=200):
    """`count` files of `size` bytes in directories of `per`."""
    body = os.urandom(size)
    for i in range(count):
        directory = f"{base}/d{i // per}"
        if i % per == 0:
            os.makedirs(directory)
        with open(f"{directory}/f{i}", "wb") as file:
            file.write(body)


def names(base, count):
    os.makedirs(base)
    for i in range(count):
        os.close(os.open(f"{base}/name-{i}", os.O_CREAT | os.O_WRONLY))


def big(path, mib):
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(block)


class Stack:
    """Two lowers, the upper of them empty."""

    def __init__(self, directory, given, rows):
        self.directory, self.given, self.rows = directory, given, rows
        os.makedirs(directory + "/top")
        os.makedirs(directory + "/lower")

    def layers(self, _):
        return ["top", "lower"]

    def prepare(self):
        pass

    def plain(self, _):
        """What the stack shows, as a plain directory that the work may change."""
        return self.directory + "/lower"

    # Whose it is now.
    owner = "root"

    def belong(self, rootless):
        """Everybody works on what is his own: who owns nothing is another case, and a rootless mount could not change it."""
        owner = USER if rootless else "root"
        if owner != self.owner:
            self.give(owner)
            self.owner = owner

    def give(self, owner):
        sh("chown", "-R", f"{owner}:{owner}", self.directory)


class Files(Stack):
    def prepare(self):
        lower = self.directory + "/lower"
        tree(lower + "/tree", 10000, 2000)
        tree(lower + "/change", 1000, 4000)
        tree(lower + "/gone", 1000, 100)
        names(lower + "/many", 25000)
        big(lower + "/big", 256)
        big(lower + "/copied", 256)
        os.makedirs(self.directory + "/top/many")
        os.makedirs(self.directory + "/top/tree")

    def plain(self, target):
        lower = self.directory + "/lower"
        os.makedirs(target)
        # Large files that no row changes are linked: the same data in the same cache. The others are not: what has a second
        # name in a lower is another case.
        sh("cp", "-al", lower + "/big", lower + "/copied", target)
        sh("cp", "-a", *[f"{lower}/{name}" for name in ("tree", "many", "change", "gone")], target)
        return target


class Usr(Stack):
    """This machine's /usr; nothing is changed there."""

    def layers(self, _):
        return ["top", "/usr"]

    def plain(self, _):
        return "/usr"


class Project(Stack):
    """A repository, a tree to delete and a database."""

    def prepare(self):
        lower = self.directory + "/lower"
        sources.archive(self.given + "/source.tar")
        for name in ("source", "removed"):
            os.mkdir(f"{lower}/{name}")
            sh("tar", "--no-same-owner", "-xf", self.given + "/source.tar", "-C", f"{lower}/{name}")
        sources.repository(lower + "/source")
        sources.database(lower + "/database")
        sources.small_program(self.given + "/small")
        sources.wheel(self.given)
        if "c-build" in self.rows:
            sources.hello(self.given + "/hello.tar")

    def plain(self, target):
        sh("cp", "-a", self.directory + "/lower", target)
        return target


class Debian(Stack):
    """A Debian root with packages fetched; twice, since its owners are another range of ids for an ordinary user."""

    def layers(self, rootless):
        return ["top", "user" if rootless else "lower"]

    def prepare(self):
        sources.debian(self.directory + "/lower", self.given)
        os.mkdir(self.directory + "/user")
        sh("chown", f"{USER}:{USER}", self.directory + "/user", self.directory + "/top")
        packed = subprocess.Popen(["tar", "-C", self.directory + "/lower", "-cpf", "-", "."], stdout=subprocess.PIPE)
        sh(*namespace(True), "tar", "-C", self.directory + "/user", "-xpf", "-", stdin=packed.stdout)
        packed.stdout.close()
        packed.wait()

    def give(self, owner):
        sh("chown", f"{owner}:{owner}", self.directory)

    def plain(self, target):
        sh("cp", "-a", self.directory + "/lower", target)
        return target


class Depth(Stack):
    """`alone`: 4,000 files of the lowest layer. `spread`: 4,000 in directories that all layers have."""

    def layers(self, _):
        return [str(i) for i in range(int(os.path.basename(self.directory).split("-")[1]))]

    def prepare(self):
        layers = self.layers(False)
        for layer in layers:
            for d in range(20):
                os.makedirs(f"{self.directory}/{layer}/spread/d{d}")
        for i in range(4000):
            layer = layers[i % len(layers)]
            os.close(os.open(f"{self.directory}/{layer}/spread/d{i // 200}/f{i}", os.O_CREAT | os.O_WRONLY))
        tree(f"{self.directory}/{layers[-1]}/alone", 4000, 0)

    def plain(self, target):
        os.makedirs(target)
        sh("cp", "-a", *[f"{self.directory}/{layer}/." for layer in self.layers(False)], target)
        return target


class Names(Stack):
    def prepare(self):
        for count in (1000, 10000, 100000):
            names(f"{self.directory}/lower/n{count}", count)


KINDS = {"files": Files, "usr": Usr, "project": Project, "debian": Debian, "depth": Depth, "names": Names}


def make(name, scratch, rows):
    """A stack, on disk, that every subject may mount; `rows` are the names of those that will run."""
    stack = KINDS[name.split("-")[0]](f"{scratch}/stacks/{name}", scratch + "/given", rows)
    stack.prepare()
    return stack
