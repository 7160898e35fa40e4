"""The tools that make and move images: the same work in each one's words. `prepare` and what a method runs itself is not
measured; the words that a method returns are.
"""
import subprocess

FILL_ONE = "dd if=/input/big of=/big bs=1M 2>/dev/null"
FILL_MANY = ("i=0; while [ $i -lt 200 ]; do mkdir -p /many/$i; j=0; while [ $j -lt 100 ]; do echo $i $j >/many/$i/$j; "
             "j=$((j+1)); done; i=$((i+1)); done")


class Tool:
    """`store` is a directory of its own, `given` what all tools share (inputs.py)."""
    name, driver = "", ()

    def __init__(self, store, given, rootless):
        self.store, self.given, self.rootless = store, given, rootless

    def run(self, *words, check=True):
        done = subprocess.run(words, cwd=self.store, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(words[:2])}: {done.stdout.strip()[-300:]}")

    def prepare(self, debian):
        """A store with localhost/busybox in it, and localhost/debian:1 if that is wanted."""


class Shale(Tool):
    name = "shale"

    def words(self, command, *rest):
        return [self.given + "/../bin/shale", command, "--root", self.store + "/store", *rest]

    def prepare(self, debian):
        self.run(*self.words("load", "-i", self.given + "/busybox.tar"))
        self.run(*self.words("tag", "busybox", "localhost/busybox"))
        if debian:
            self.run(*self.words("load", "-i", self.given + "/debian.tar"))

    def commit(self, script):
        self.run(*self.words("run", "--name", "c", "-v", self.given + "/input:/input:ro", "busybox", "sh", "-c", script))
        return self.words("commit", "c", "committed")

    def unpack(self):
        return self.words("load", "-i", self.given + "/debian-oci")

    def save(self):
        self.run(*self.words("load", "-i", self.given + "/debian-oci"))
        return self.words("save", "-o", self.store + "/saved.tar", "debian:1")

    def load(self):
        return self.words("load", "-i", self.given + "/debian.tar")

    def build(self, context, cached=False):
        words = self.words("build", "-q", "-t", "built", f"{self.given}/{context}")
        if cached:
            self.run(*words)
        return words


class Buildah(Tool):
    name = "buildah"

    def words(self, *rest):
        return ["buildah", "--root", self.store + "/root", "--runroot", self.store + "/runroot", *self.driver, *rest]

    def prepare(self, debian):
        self.run(*self.words("pull", "docker-archive:" + self.given + "/busybox.tar"))
        if debian:
            self.run(*self.words("pull", "docker-archive:" + self.given + "/debian.tar"))

    def commit(self, script):
        self.run(*self.words("from", "--name", "c", "localhost/busybox:latest"))
        self.run(*self.words("run", "--isolation", "chroot", "-v", self.given + "/input:/input:ro", "c", "sh", "-c", script))
        return self.words("commit", "-q", "c", "committed")

    def unpack(self):
        return self.words("pull", "-q", f"oci:{self.given}/debian-oci:1")

    def save(self):
        self.run(*self.words("pull", "-q", f"docker-archive:{self.given}/debian.tar"))
        return self.words("push", "-q", "localhost/debian:1", f"docker-archive:{self.store}/saved.tar")

    def load(self):
        return self.words("pull", "-q", f"docker-archive:{self.given}/debian.tar")

    def build(self, context, cached=False):
        words = self.words("bud", "-q", "--layers", "--isolation", "chroot", "-t", "built", f"{self.given}/{context}")
        if cached:
            self.run(*words)
        return words


class BuildahNative(Buildah):
    name, driver = "buildah, kernel overlay", ("--storage-driver", "overlay")


class BuildahFuse(Buildah):
    name = "buildah, fuse-overlayfs"
    driver = ("--storage-driver", "overlay", "--storage-opt", "overlay.mount_program=/usr/bin/fuse-overlayfs")


class BuildahVFS(Buildah):
    name, driver = "buildah, vfs", ("--storage-driver", "vfs")


class Umoci(Tool):
    name = "umoci"

    def unpack(self):
        return ["umoci", "unpack", *(["--rootless"] if self.rootless else []), "--image", self.given + "/debian-oci:1",
                self.store + "/bundle"]


TOOLS = {tool.name: tool for tool in (Shale, BuildahNative, BuildahFuse, BuildahVFS, Buildah, Umoci)}
BUILDERS = ("shale", "buildah, kernel overlay", "buildah, fuse-overlayfs", "buildah, vfs")
MOVERS = ("shale", "buildah", "umoci")
