"""What a run needs of the machine, and leaves as it was: packages, a user with subordinate ids, a scratch directory."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
USER = "shale-test"
# One that every user may start.
PYTHON = "/usr/bin/python3"
# Beside what scripts/setup installs for the tests.
PACKAGES = {"fio": "fio", "dbench": "dbench", "valgrind": "valgrind"}


def sh(*words, **more):
    return subprocess.run(words, check=True, stdout=subprocess.DEVNULL, **more)


def note(text):
    print(text, file=sys.stderr, flush=True)


def set_up(wanted):
    """Installs what is missing; `wanted` are programs of PACKAGES."""
    if os.geteuid() != 0:
        sys.exit("bench: needs root: to mount kernel overlayfs, to drop caches and to become an ordinary user")
    sh(ROOT + "/scripts/setup")
    missing = [PACKAGES[program] for program in wanted if shutil.which(program) is None]
    if missing:
        sh("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing,
           env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
    if subprocess.run(["id", USER], capture_output=True).returncode != 0:
        sh("useradd", "-m", USER)
    for path in ("/etc/subuid", "/etc/subgid"):
        if not os.path.exists(path) or f"{USER}:" not in open(path).read():
            with open(path, "a") as file:
                file.write(f"{USER}:400000:65536\n")


def built(given, program):
    """The program to measure: the one named, or this tree's, which is built where there is none."""
    path = given or f"{ROOT}/.build/release/{program}"
    if not os.path.exists(path):
        if given:
            sys.exit(f"bench: {given}: no such file")
        sh(ROOT + "/scripts/build")
    return path


def compiled(name, directory):
    """A C program beside these modules; None where it cannot be compiled."""
    source = f"{ROOT}/scripts/benchmark/{name}.c"
    done = subprocess.run(["cc", "-O2", "-o", f"{directory}/{name}", source], capture_output=True, text=True)
    if done.returncode != 0:
        note(f"{name}.c: not compiled, so not measured: {done.stderr.strip()[-200:]}")
        return None
    return f"{directory}/{name}"


@contextmanager
def scratch(parent, name):
    """A directory that is gone afterwards, also after an interruption."""
    def stop(number, _):
        raise KeyboardInterrupt(number)
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    path = tempfile.mkdtemp(prefix=f"shale-{name}.", dir=parent)
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        # A second Ctrl-C does not leave half of it behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        note("removing what the run made")
        subprocess.run(["rm", "-rf", "--one-file-system", path])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def memory_kept():
    """A virtual machine gives free memory back to its host, and pays for every page that it uses again: not while we measure.

    No block has as many pages as this order says (mm/page_reporting.c).
    """
    parameter, before = "/sys/module/page_reporting/parameters/page_reporting_order", None
    try:
        with open(parameter, "r+") as file:
            before = file.read()
            file.seek(0)
            file.write("11")
    except OSError:
        before = None
    try:
        yield
    finally:
        if before is not None:
            with open(parameter, "w") as file:
                file.write(before)


def share_code(path):
    """These modules, where an ordinary user may read them."""
    shutil.copytree(ROOT + "/scripts/benchmark", path + "/bin/benchmark", ignore=shutil.ignore_patterns("__pycache__"))


def namespace(rootless):
    """Words that run a command in namespaces of its own, which end, with all mounts and processes in them, when it is killed."""
    inner = ["--mount-proc", "--pid", "--kill-child", "--"]
    if rootless:
        return ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "unshare", "-U", "--map-auto", "--map-root-user",
                *inner]
    return ["unshare", *inner]


def drop_caches(which):
    """As drop_caches of proc(5): 2 is names and inodes, 3 data too."""
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write(which)


def version(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True).stdout.strip().split("\n")[0]
    except OSError:
        return None


def description(shalefs):
    """What a figure has to be read with."""
    return {
        "kernel": os.uname().release, "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
        "commit": version("git", "-C", ROOT, "describe", "--always", "--dirty"), "shalefs": version(shalefs, "--version"),
        "fuse-overlayfs": version("dpkg-query", "-W", "-f", "${Version}", "fuse-overlayfs"),
        "buildah": version("dpkg-query", "-W", "-f", "${Version}", "buildah"),
    }
