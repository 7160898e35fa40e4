"""What real work works on, made from what Debian's packages put on this machine."""
import os
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile

from .machine import ROOT, sh

CACHE = "/var/cache/shale-test"
PACKAGES = ("hello", "ed", "less", "make", "patch", "bzip2", "xz-utils", "file", "cpio", "nano")


def archive(path):
    """A source tree of some 3,000 small files: Python's library and the kernel's headers."""
    with tarfile.open(path, "w") as out:
        count = 0
        for top in ("usr/lib/python3.11", "usr/include/linux", "usr/share/perl"):
            for here, directories, names in os.walk("/" + top):
                directories[:] = sorted(d for d in directories if d != "__pycache__")
                for name in sorted(names):
                    file = here + "/" + name
                    if count < 3000 and os.path.isfile(file) and not os.path.islink(file) and os.path.getsize(file) < 1 << 20:
                        out.add(file, file.lstrip("/"))
                        count += 1


def repository(path):
    git = ["git", "-C", path, "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]
    sh("git", "init", "-q", path)
    sh(*git, "add", "-A")
    sh(*git, "commit", "-q", "-m", "all")


def database(path):
    connection = sqlite3.connect(path)
    connection.execute("create table t(k integer primary key, v text)")
    connection.executemany("insert into t values(?, ?)", ((i, "x" * 200) for i in range(20000)))
    connection.commit()
    connection.close()


def small_program(directory):
    os.makedirs(directory)
    with open(directory + "/common.h", "w") as file:
        file.write("#include <stdio.h>\n#include <stdlib.h>\n" + "".join(f"int f{i}(int);\n" for i in range(40)))
    for i in range(40):
        with open(f"{directory}/f{i}.c", "w") as file:
            file.write(f'#include "common.h"\nint f{i}(int n) {{ return n + {i}; }}\n')
    with open(directory + "/main.c", "w") as file:
        file.write('#include "common.h"\nint main(void) { return printf("%d\\n", f39(1)) < 0; }\n')
    with open(directory + "/Makefile", "w") as file:
        file.write("parts = $(patsubst %.c,%.o,$(wildcard *.c))\nprogram: $(parts)\n\tcc -o $@ $(parts)\n"
                   "%.o: %.c common.h\n\tcc -c -o $@ $<\n")


def wheel(directory):
    """2,000 modules that pip can install without asking anybody."""
    record = []
    with zipfile.ZipFile(directory + "/many-1.0-py3-none-any.whl", "w") as out:
        def add(name, text):
            out.writestr(name, text)
            record.append(f"{name},,")
        for i in range(2000):
            add(f"many/p{i // 100}/m{i}.py", "def value():\n    return 1\n" * 20)
        add("many-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: many\nVersion: 1.0\n")
        add("many-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        out.writestr("many-1.0.dist-info/RECORD", "\n".join(record + ["many-1.0.dist-info/RECORD,,", ""]))


def kept(name, test):
    """A file that a real-input test fetches once and keeps."""
    path = f"{CACHE}/{name}"
    if not os.path.exists(path):
        subprocess.run([ROOT + "/Tests/Real/run", test], stdout=subprocess.DEVNULL)
    if not os.path.exists(path):
        raise RuntimeError(f"{path}: not made; see Tests/Real/run {test}")
    return path


def hello(path):
    shutil.copy(kept("hello.tar", "build"), path)


def debian(directory, given):
    """A Debian root with apt's lists and some packages' archives in it, so that installing them asks no network."""
    sh("tar", "--exclude=./dev", "-xpf", kept("debian.tar", "debian"), "-C", directory)
    etc = directory + "/etc/apt"
    for name in ("sources.list", "sources.list.d"):
        subprocess.run(["rm", "-rf", f"{etc}/{name}"])
        if os.path.exists("/etc/apt/" + name):
            sh("cp", "-r", "/etc/apt/" + name, f"{etc}/{name}")
    # How this machine reaches its mirror; the lists' keys are the root's own.
    lines = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout.splitlines()
    with open(etc + "/apt.conf.d/90-machine", "w") as file:
        file.write("\n".join(line for line in lines if line.startswith(("Acquire::http::", "Acquire::https::"))) + "\n")
    for name in ("resolv.conf", "hosts"):
        if os.path.exists("/etc/" + name):
            shutil.copy("/etc/" + name, f"{directory}/etc/{name}")
    os.makedirs(directory + "/dev", exist_ok=True)
    os.makedirs(directory + "/proc", exist_ok=True)
    fetch = (f"mount --rbind /dev '{directory}/dev'; mount --rbind /proc '{directory}/proc'; "
             f"chroot '{directory}' apt-get update -qq; "
             f"chroot '{directory}' apt-get install -y -qq --download-only --no-install-recommends {' '.join(PACKAGES)}")
    sh("unshare", "-m", "--propagation", "private", "sh", "-ec", fetch, stderr=subprocess.DEVNULL,
       env=dict(PATH="/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND="noninteractive", LC_ALL="C"))
    with open(given + "/packages", "w") as file:
        file.write(" ".join(PACKAGES))
