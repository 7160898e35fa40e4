"""What a request costs in the server's own code, whatever the machine: instructions outside of the kernel, and how many of them
are spent on memory, reference counts and locks, counted by valgrind. A figure is what 2,000 requests more cost, by 2,000.

Run as a program in a mount it makes the requests: `instructions.py WORK COUNT MOUNTPOINT`.
"""
import ctypes
import mmap
import os
import re
import shutil
import subprocess
import sys
import time

COUNTS = (500, 2500)
# What is counted beside instructions: calls of these functions.
CALLS = {
    "allocations": ("malloc", "calloc", "realloc", "posix_memalign", "swift_slowAlloc"),
    "reference counts": ("swift_retain", "swift_release", "swift_retain_n", "swift_release_n"),
    "locks": ("pthread_mutex_lock",),
}


def getattr_again(count):
    file = os.open("file", os.O_RDONLY)
    found = ctypes.create_string_buffer(256)
    statx = ctypes.CDLL(None).statx
    for _ in range(count):
        # AT_EMPTY_PATH, AT_STATX_FORCE_SYNC: the kernel asks, whatever it knows.
        statx(file, b"", 0x1000 | 0x2000, 0x7ff, found)


def lookup_known(count):
    # Of a file that has several names in a lower, each use of a name is told.
    for _ in range(count):
        os.stat("linked")


def read(count):
    file, page = os.open("file", os.O_RDONLY | os.O_DIRECT), mmap.mmap(-1, 4096)
    for _ in range(count):
        os.preadv(file, [page], 0)


def write(count):
    file = os.open("written", os.O_WRONLY | os.O_CREAT)
    for _ in range(count):
        os.pwrite(file, b"x" * 4096, 0)


def open_and_release(count):
    for _ in range(count):
        os.close(os.open("file", os.O_RDONLY))


WORK = {
    "LOOKUP of a known name": lookup_known, "GETATTR": getattr_again, "READ of 4 KiB": read, "WRITE of 4 KiB": write,
    "OPEN and RELEASE": open_and_release,
}


def calls(path):
    """How often each function was called, from a file of callgrind's (its manual, "Callgrind Format Specification")."""
    names, found, callee = {}, {}, ""
    with open(path) as file:
        for line in file:
            if match := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
                number, name = match.groups()
                if name:
                    names[number] = name
                callee = names.get(number, "") if line.startswith("c") else callee
            elif line.startswith("calls="):
                found[callee] = found.get(callee, 0) + int(line[6:].split()[0])
            elif line.startswith(("summary:", "totals:")):
                found["instructions"] = int(line.split()[1])
    return found


def run(words, directory, name, count):
    """The counts of one server's life with `count` requests."""
    out = f"{directory}/callgrind-{count}"
    mount_point = f"{directory}/m"
    for part in ("u", "w"):
        shutil.rmtree(f"{directory}/{part}", ignore_errors=True)
        os.mkdir(f"{directory}/{part}")
    server = subprocess.Popen(
        ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}", *words, "-f", "-o",
         f"lowerdir={directory}/l,upperdir={directory}/u,workdir={directory}/w", mount_point],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            if os.path.ismount(mount_point):
                break
            time.sleep(0.1)
        subprocess.run([sys.executable, __file__, name, str(count), mount_point], check=True)
        subprocess.run(["umount", mount_point], check=True)
        server.wait(60)
    finally:
        server.kill()
        subprocess.run(["umount", "-l", mount_point], stderr=subprocess.DEVNULL)
    return calls(out)


def measure(shalefs, scratch):
    """{work: {subject: {what: how many for each request}}}"""
    for part in ("l", "m"):
        os.mkdir(f"{scratch}/{part}")
    for name in ("file", "linked"):
        with open(f"{scratch}/l/{name}", "wb") as file:
            file.write(b"x" * 4096)
    os.link(f"{scratch}/l/linked", f"{scratch}/l/again")
    # Swift's debugging information is more than valgrind reads.
    subprocess.run(["objcopy", "--strip-debug", shalefs, scratch + "/shalefs"], check=True)
    subjects = {
        # One thread that does not look about: every run is like the others.
        "shale": [scratch + "/shalefs", "-o", "threads=1,passthrough=off,without=lookout"],
        "fuse-overlayfs": ["fuse-overlayfs"],
    }
    found = {}
    for work in WORK:
        for subject, words in subjects.items():
            if work.startswith("LOOKUP") and subject != "shale":
                continue
            few, many = (run(words, scratch, work, count) for count in COUNTS)
            more = COUNTS[1] - COUNTS[0]
            figures = {"instructions": (many["instructions"] - few["instructions"]) / more}
            for what, functions in CALLS.items():
                figures[what] = sum(many.get(one, 0) - few.get(one, 0) for one in functions) / more
            found.setdefault(work, {})[subject] = figures
    return found


def table(found):
    columns = ["instructions", *CALLS]
    lines = [f"{'for each request':<26}{'server':<16}" + "".join(f"{one:>18}" for one in columns)]
    for work, subjects in found.items():
        for subject, figures in subjects.items():
            lines.append(f"{work:<26}{subject:<16}" + "".join(f"{figures[one]:>18,.1f}" for one in columns))
            work = ""
    return "\n".join(lines)


if __name__ == "__main__":
    os.chdir(sys.argv[3])
    WORK[sys.argv[1]](int(sys.argv[2]))
