"""Real work: the programs that people run, each with whatever it costs by itself."""
import glob
import json
import os
import random
import shutil
import sqlite3
import subprocess

from .row import Row, bottom, given


def run(words, m, **more):
    """A program's work; what it says is of no interest unless it fails."""
    done = subprocess.run(words, cwd=m, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:3])}: status {done.returncode}: {done.stdout[-300:].decode(errors='replace')}")
    return done.stdout


def find(part):
    # Some directories of /usr may be closed to an ordinary user.
    return lambda m: subprocess.run(["find", m + part, "-xdev", "-size", "+1000000k"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)


def tar(part):
    # Through a pipe: tar(1) does not read what it would write to /dev/null.
    return lambda m: run(["sh", "-c", f"tar -C {m}{part} --ignore-failed-read -cf - . 2>/dev/null | cat >/dev/null"], "/")


def unpack(m):
    os.mkdir(m + "/unpacked")
    run(["tar", "--no-same-owner", "-xf", given("source.tar"), "-C", m + "/unpacked"], m)


def remove(path):
    return lambda m: run(["rm", "-rf", m + path], m)


# What a repository belongs to is not what is measured.
GIT = dict(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*", GIT_CONFIG_SYSTEM="/dev/null")


def git_status(m):
    run(["git", "-C", m + "/source", "status", "--porcelain"], m, env=dict(os.environ, **GIT))


def c_build(m):
    """GNU hello: unpacked, configured, compiled and installed, with two processes."""
    os.mkdir(m + "/hello")
    run(["sh", "-ec", f"""
        tar --no-same-owner --strip-components=1 -xf {given('hello.tar')} -C hello; cd hello
        FORCE_UNSAFE_CONFIGURE=1 ./configure --quiet --prefix={m}/installed; make -s -j2; make -s install"""], m)


def compile_small(m):
    """40 files of C with a header each, compiled by two processes and linked."""
    run(["cp", "-r", given("small"), m + "/compiled"], m)
    run(["make", "-s", "-j2", "-C", m + "/compiled"], m)


def sqlite(m):
    """A database of the lower: copied up by the first write, then 200 transactions and 2,000 reads."""
    connection = sqlite3.connect(m + "/database")
    connection.execute("pragma journal_mode=wal")
    chooser = random.Random(3)
    for turn in range(200):
        for _ in range(20):
            connection.execute("update t set v=? where k=?", (str(turn) * 40, chooser.randrange(20000)))
        connection.commit()
    for _ in range(2000):
        connection.execute("select v from t where k=?", (chooser.randrange(20000),)).fetchone()
    connection.close()


def npm(m):
    """As npm(1) does it: each package unpacked beside its place, then moved there; 200 packages of 12 files."""
    os.mkdir(m + "/node_modules")
    for i in range(200):
        beside = f"{m}/node_modules/.p{i}-x7Q"
        os.makedirs(beside + "/lib")
        for j in range(12):
            with open(f"{beside}/lib/{j}.js.tmp", "wb", buffering=0) as file:
                file.write(b"module.exports = 1\n" * 50)
            os.rename(f"{beside}/lib/{j}.js.tmp", f"{beside}/lib/{j}.js")
        os.rename(beside, f"{m}/node_modules/p{i}")


def pip(m):
    """pip(1) itself, on a wheel of 2,000 modules."""
    os.makedirs(m + "/tmp", exist_ok=True)
    run(["/usr/bin/python3", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "-q", "--no-index",
         "--no-deps", "--no-compile", "--root-user-action=ignore", "--target", m + "/site", glob.glob(given("*.whl"))[0]], m,
        env=dict(os.environ, TMPDIR=m + "/tmp", HOME=m + "/tmp"))


def apt_before(m):
    for name in ("dev", "proc"):
        os.makedirs(f"{m}/{name}", exist_ok=True)
        run(["mount", "--rbind", "/" + name, f"{m}/{name}"], "/")


def apt(m):
    """apt-get and dpkg in a chroot, with packages that were fetched before."""
    clean = dict(PATH="/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    packages = open(given("packages")).read().split()
    try:
        run(["chroot", m, "apt-get", "install", "-y", "-qq", "--no-download", "--no-install-recommends", *packages], "/", env=clean)
    finally:
        for name in ("proc", "dev"):
            subprocess.run(["umount", "-l", f"{m}/{name}"], stderr=subprocess.DEVNULL)


def fio(kind, processes=1, size="128m", block="4k"):
    def work(m):
        """The run time that fio(1) itself reports."""
        os.makedirs(m + "/fio", exist_ok=True)
        out = run(["fio", "--name=job", f"--directory={m}/fio", f"--rw={kind}", f"--bs={block}", f"--size={size}", "--thread",
                   f"--numjobs={processes}", "--ioengine=psync", "--output-format=json", "--group_reporting",
                   "--randrepeat=1", "--fallocate=none"], m)
        job = json.loads(out[out.index(b"{"):])["jobs"][0]
        return sum(job[way]["runtime"] for way in ("read", "write")) / 1000
    return work


def dbench(processes):
    def work(m):
        """Seconds for each MB of a file server's load, 6 seconds of it."""
        os.makedirs(m + "/dbench", exist_ok=True)
        out = run(["dbench", "-D", m + "/dbench", "-t", "6", "-c", "/usr/share/dbench/client.txt", str(processes)], m)
        line = [line for line in out.decode().split("\n") if line.startswith("Throughput")][0]
        shutil.rmtree(m + "/dbench", ignore_errors=True)
        return 1 / max(float(line.split()[1]), 1e-6)
    return work


USR_FIND, SHARE_FIND = find(""), find("/share")
USR_TAR, DOC_TAR = tar(""), tar("/share/doc")


ROWS = [
    Row("find", "find in /usr/share, first time", "usr", SHARE_FIND, warm=bottom(SHARE_FIND)),
    Row("find-usr", "find in /usr, first time", "usr", USR_FIND, warm=bottom(USR_FIND), long=True),
    Row("find-again", "find in /usr, again", "usr", USR_FIND, before=USR_FIND, long=True),
    Row("tar", "tar of /usr/share/doc", "usr", DOC_TAR, warm=bottom(DOC_TAR)),
    Row("tar-usr", "tar of /usr", "usr", USR_TAR, warm=bottom(USR_TAR), long=True),
    Row("git-status", "git status, first time", "project", git_status, warm=bottom(git_status)),
    Row("git-again", "git status, again", "project", git_status, before=git_status),
    Row("unpack", "unpack a source tree", "project", unpack),
    Row("rm", "rm -rf of it", "project", remove("/unpacked"), needs=("unpack",)),
    Row("rm-lower", "rm -rf of a source tree in a lower", "project", remove("/removed")),
    Row("compile", "compile 40 files of C", "project", compile_small),
    Row("c-build", "GNU hello: configure, make, install", "project", c_build, long=True),
    Row("sqlite", "SQLite: 200 transactions, 2,000 reads", "project", sqlite),
    Row("npm", "npm-like: 200 packages, 2,400 files", "project", npm),
    Row("pip", "pip install of 2,000 modules", "project", pip, long=True),
    Row("fio-read", "fio: random reads, 128 MiB", "project", fio("randread"), long=True),
    Row("fio-write", "fio: random writes, 128 MiB", "project", fio("randwrite"), long=True),
    Row("fio-stream", "fio: 1 MiB writes, 512 MiB", "project", fio("write", size="512m", block="1m"), long=True),
    Row("fio-mixed4", "fio: random reads and writes, 4 at once", "project", fio("randrw", processes=4, size="32m"), long=True),
    *[Row(f"dbench-{n}", f"dbench, {n} process{'es' if n > 1 else ''}", "project", dbench(n), long=True) for n in (1, 2, 4, 8)],
    Row("apt", "apt-get install in a Debian root", "debian", apt, before=apt_before, long=True),
]
