"""The rows of PERFORMANCE.md: one kind of access each, over two lowers."""
import os
import random

from .row import Row, bottom, in_processes


def walk(m):
    for here, _, names in os.walk(m + "/tree"):
        for name in names:
            os.lstat(here + "/" + name)


def as_another(work):
    """The same by a process that owns nothing of what it meets."""
    def done(m):
        def part(_):
            os.chdir(m)
            os.setgroups([])
            os.setgid(1)
            os.setuid(1)
            work(".")
        in_processes(1, part)
    return done


def read_small(m):
    for i in range(10000):
        with open(f"{m}/tree/d{i // 200}/f{i}", "rb", buffering=0) as file:
            file.read()


def open_in_processes(m, processes, count=9000):
    def part(number):
        for i in range(number, count, processes):
            os.close(os.open(f"{m}/tree/d{i // 200}/f{i}", os.O_RDONLY))
    in_processes(processes, part)


def missing(m):
    for i in range(5000):
        os.path.lexists(f"{m}/tree/d{i % 50}/none{i % 1000}")


def create(m):
    os.makedirs(m + "/new")
    for i in range(2000):
        with open(f"{m}/new/f{i}", "wb", buffering=0) as file:
            file.write(b"x" * 4000)


def rename(m):
    for i in range(2000):
        os.rename(f"{m}/new/f{i}", f"{m}/new/g{i}")


def unlink_upper(m):
    for i in range(2000):
        os.unlink(f"{m}/new/g{i}")


def unlink_lower(m):
    for i in range(1000):
        os.unlink(f"{m}/gone/d{i // 200}/f{i}")


def chmod(m):
    for i in range(1000):
        os.chmod(f"{m}/change/d{i // 200}/f{i}", 0o600)


def copy_up(m):
    os.close(os.open(m + "/copied", os.O_WRONLY | os.O_APPEND))


def read_big(m):
    with open(m + "/big", "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def write_big(m):
    block = b"y" * (1 << 20)
    with open(m + "/written", "wb", buffering=0) as file:
        for _ in range(256):
            file.write(block)


def random_reads(m):
    chooser = random.Random(1)
    fd = os.open(m + "/big", os.O_RDONLY)
    for _ in range(20000):
        os.pread(fd, 4096, chooser.randrange(65536) * 4096)
    os.close(fd)


def random_writes(m):
    chooser = random.Random(2)
    fd = os.open(m + "/written", os.O_WRONLY)
    for _ in range(20000):
        os.pwrite(fd, b"z" * 4096, chooser.randrange(65536) * 4096)
    os.close(fd)


def list_many(m):
    if len(os.listdir(m + "/many")) != 25000:
        raise RuntimeError("names are lost")


def long_list(m):
    for entry in os.scandir(m + "/many"):
        entry.stat(follow_symlinks=False)


ROWS = [
    Row("walk", "walk + lstat 10k files, first time", "files", walk, warm=bottom(walk), target=(1.5, 1.5)),
    Row("walk-again", "again", "files", walk, before=walk, target=(1.1, 1.1)),
    Row("walk-another", "again, by a user who owns nothing", "files", as_another(walk), before=as_another(walk)),
    Row("read", "open + read 10k small files", "files", read_small, warm=bottom(read_small), target=(2.5, 2.5)),
    Row("read-another", "the same, by a user who owns nothing", "files", as_another(read_small), warm=bottom(read_small)),
    Row("open4", "open 9k files, 4 processes", "files", lambda m: open_in_processes(m, 4), before=walk, target=(1.8, 1.8)),
    Row("missing", "look up 5k missing names", "files", missing, before=missing, target=(1.1, 1.1)),
    Row("create", "create + write 2k files", "files", create, target=(1.2, 1.4)),
    Row("rename", "rename 2k", "files", rename, needs=("create",), target=(2.5, 2.5)),
    Row("unlink", "unlink 2k from the upper", "files", unlink_upper, needs=("rename",), target=(4, 4)),
    Row("whiteout", "unlink 1k from a lower", "files", unlink_lower, target=(3, 3)),
    Row("chmod", "copy-up by chmod, 1k files", "files", chmod, target=(0.3, 0.3)),
    Row("copy-up", "copy-up of 256 MiB", "files", copy_up, target=(0.6, 0.6)),
    Row("read-big", "sequential read 256 MiB, cold", "files", read_big, warm=bottom(read_big), target=(1.05, 2)),
    Row("write-big", "sequential write 256 MiB", "files", write_big, target=(1.05, 2)),
    Row("random-read", "random 4K reads", "files", random_reads, before=read_big, target=(1.0, 1.1)),
    Row("random-write", "random 4K writes", "files", random_writes, needs=("write-big",), target=(1.1, 1.3)),
    Row("list", "list a merged directory of 25,000 names, again", "files", list_many, before=list_many, target=(0.5, 0.5)),
    Row("list-long", "ls -l in it", "files", long_list, before=list_many, target=(1.5, 1.5)),
]
