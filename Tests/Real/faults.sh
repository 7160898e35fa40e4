# Each call of a copy-up, a deletion, a rename and so on into the file systems below fails once, by ENOSPC and by EIO: the
# caller gets an error or success, the file is the lower's or the whole copy, what is left behind goes with the next mount,
# and the server goes on (SEMANTICS 5.2, 5.6, 11.3).
# as: root
# needs: dynamic
. "$(dirname "$0")/lib.sh"
cc -shared -fPIC -O1 -o "$scratch/faults.so" "$(dirname "$0")/faults.c" -ldl
cat >"$scratch/faults.py" <<'P'
import errno, mmap, os, struct, subprocess, sys, time
shalefs, scratch = sys.argv[1:]
l, u, w, m = (f"{scratch}/{d}" for d in "luwm")
BODY = os.urandom(300_000)
MORE = b"more"

with open(scratch + "/control", "wb") as file:
    file.write(bytes(64))
control = mmap.mmap(os.open(scratch + "/control", os.O_RDWR), 64)


def arm(which, error):
    control[:] = struct.pack("4Q32x", 1, 0, which, error)


def disarm():
    control[:8] = bytes(8)
    return struct.unpack("4Q", control[:32])[1]


def reset():
    for d in (l, u, w):
        subprocess.run(["rm", "-rf", d])
        os.mkdir(d)
    os.makedirs(l + "/d/e")
    with open(l + "/d/e/f", "wb") as file:
        file.write(BODY)
    os.setxattr(l + "/d/e/f", "user.a", b"1")
    os.chmod(l + "/d/e/f", 0o640)
    os.link(l + "/d/e/f", l + "/d/other")
    os.symlink("target", l + "/d/s")
    os.mkdir(l + "/gone")
    os.mkdir(u + "/d")
    os.mkdir(u + "/up")
    with open(u + "/up/f", "wb") as file:
        file.write(BODY)
    os.mkdir(u + "/gone")
    os.mknod(u + "/gone/x", 0o020000)
    open(l + "/gone/x", "w").close()


def append():
    fd = os.open(m + "/d/e/f", os.O_WRONLY | os.O_APPEND)
    try:
        os.write(fd, MORE)
    finally:
        os.close(fd)


OPERATIONS = {
    "append": append,
    "chmod": lambda: os.chmod(m + "/d/e/f", 0o600),
    "unlink": lambda: os.unlink(m + "/d/e/f"),
    "unlink of the upper's": lambda: os.unlink(m + "/up/f"),
    "rename": lambda: os.rename(m + "/d/e/f", m + "/d/g"),
    "rename over": lambda: os.rename(m + "/up/f", m + "/d/s"),
    "exchange": lambda: subprocess.run(["/usr/bin/python3", "-c", EXCHANGE, m + "/up/f", m + "/d/s"], check=True),
    "rmdir": lambda: os.rmdir(m + "/gone"),
    "mkdir": lambda: os.mkdir(m + "/d/new"),
    "create": lambda: open(m + "/d/created", "x").close(),
    "link": lambda: os.link(m + "/d/e/f", m + "/d/linked"),
    "lchown": lambda: os.lchown(m + "/d/s", 1, 1),
    "list": lambda: os.listdir(m + "/d"),
    "read": lambda: open(m + "/d/e/f", "rb").read(),
}
EXCHANGE = ("import ctypes, sys; c = ctypes.CDLL(None, use_errno=True); "
            "sys.exit(c.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2) != 0)")


def mount():
    environment = dict(os.environ, LD_PRELOAD=scratch + "/faults.so", FAULTS=scratch + "/control")
    subprocess.run([shalefs, "-o", f"lowerdir={l},upperdir={u},workdir={w},threads=1", m], check=True, env=environment)


def unmount():
    for _ in range(200):
        if subprocess.run(["umount", m], stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.02)
    sys.exit("the mount stays busy")


def check(operation, failed):
    """What must hold whether the operation was done or not."""
    bodies = {}
    for path in ("/d/e/f", "/d/other", "/d/g", "/d/linked", "/up/f", "/d/s"):
        if os.path.isfile(m + path) and not os.path.islink(m + path):
            bodies[path] = open(m + path, "rb").read()
            assert bodies[path] in ((BODY, BODY + MORE) if operation == "append" else (BODY,)), path + " is not whole"
            if path not in ("/up/f", "/d/s"):
                assert os.getxattr(m + path, "user.a") == b"1", path + " lost an attribute"
                assert os.stat(m + path).st_mode & 0o777 in (0o640, 0o600), path + " has another mode"
    assert "/d/other" in bodies, "/d/other is lost"
    assert "/d/e/f" in bodies or operation in ("unlink", "rename"), "/d/e/f is lost"
    assert "/d/e/f" in bodies or "/d/g" in bodies or operation == "unlink", "the renamed file is lost"
    links = [p for p in ("/d/s", "/up/f") if os.path.islink(m + p)]
    assert links or operation == "rename over", "the symlink is lost"
    assert all(os.readlink(m + p) == "target" for p in links)
    if failed and operation not in ("append", "exchange"):
        assert "/d/e/f" in bodies and ("/up/f" in bodies or operation == "exchange"), "gone although it failed"
    for name in os.listdir(m + "/d"):
        os.lstat(f"{m}/d/{name}")
    assert os.path.isdir(m + "/gone") or operation == "rmdir" and not failed, "/gone is lost"


tried = wrong = 0
for operation, do in OPERATIONS.items():
    number = 0
    total = 1
    while number < total:
        number += 1
        for error in (errno.ENOSPC, errno.EIO):
            reset()
            mount()
            for path in ("/d/e/f", "/d/s", "/gone", "/up/f", "/d/other"):
                os.lstat(m + path)
            arm(number, error)
            code = 0
            try:
                do()
            except OSError as e:
                code = e.errno
            except subprocess.CalledProcessError:
                code = error
            total = max(total, disarm())
            tried += 1
            what = f"{operation}, call {number} of {total} ({control[32:].split(bytes(1))[0].decode()}) fails by {errno.errorcode[error]}"
            try:
                assert code in (0, error), f"the caller got {errno.errorcode[code]}"
                check(operation, code != 0)
                unmount()
                mount()
                left = [n for n in os.listdir(w + "/work") if n != "incompat"]
                assert not left, f"the next mount left {left} in work"
                check(operation, code != 0)
            except (AssertionError, OSError) as e:
                wrong += 1
                print(f"{what} ({errno.errorcode.get(code, 'done')}): {e!r}")
            unmount()
print(f"{tried} faults, {wrong} not as they should be")
sys.exit(wrong > 0 or tried < 100)
P
/usr/bin/python3 "$scratch/faults.py" "$SHALEFS_DYNAMIC" "$scratch"
