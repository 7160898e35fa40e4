#!/usr/bin/env python3
"""Trees for tests: `describe DIR` prints one line for each object, `generate DIR SEED [whiteouts]` makes a random one."""
import hashlib, os, random, stat, sys

SKIPPED = ("security.selinux",)
RECORD = "user.containers.override_stat"


def shown(path, s, keys):
    """Mode, owner, group and device, from the record where there is one (containers/storage)."""
    mode, uid, gid, device = s.st_mode, s.st_uid, s.st_gid, s.st_rdev
    if RECORD in keys:
        uid, gid, permissions, kind = os.getxattr(path, RECORD, follow_symlinks=False).decode().split(":")
        uid, gid, mode = int(uid), int(gid), stat.S_IFMT(mode) | int(permissions, 8)
        if kind[:5] in ("block", "char-"):
            letter, major, minor = kind.split("-")
            mode = (stat.S_IFBLK if letter == "block" else stat.S_IFCHR) | stat.S_IMODE(mode)
            device = os.makedev(int(major), int(minor))
    return mode, uid, gid, device


def describe(root, times=True):
    lines, first = [], {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            s = os.lstat(path)
            keys = sorted(os.listxattr(path, follow_symlinks=False))
            mode, uid, gid, device = shown(path, s, keys)
            short = path[len(root) + 1:]
            fields = [repr(short), oct(mode), uid, gid]
            if times:
                fields.append(int(s.st_mtime_ns // 1_000_000_000))
            if stat.S_ISREG(mode):
                with open(path, "rb") as f:
                    fields += [s.st_size, hashlib.file_digest(f, "sha256").hexdigest()[:16]]
            elif stat.S_ISLNK(mode):
                fields.append(repr(os.readlink(path)))
            elif stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
                fields = [repr(short), "whiteout"] if device == 0 else fields + [(os.major(device), os.minor(device))]
            if not stat.S_ISDIR(s.st_mode) and s.st_nlink > 1 and s.st_rdev == 0:
                other = first.setdefault((s.st_dev, s.st_ino), short)
                if other != short:
                    fields.append(("same as", repr(other)))
            for key in keys:
                if key not in SKIPPED and key != RECORD:
                    fields.append((key, os.getxattr(path, key, follow_symlinks=False)))
            lines.append(" ".join(str(field) for field in fields))
    return lines


def generate(root, seed, whiteouts):
    r = random.Random(seed)
    os.makedirs(root, exist_ok=True)
    me = os.geteuid() == 0
    folders, files = [root], []

    def name():
        kind = r.randrange(8)
        if kind == 0:
            return bytes(r.choice([b for b in range(1, 256) if b != 0x2f]) for _ in range(r.randint(1, 30)))
        if kind == 1:
            return bytes([r.randrange(0x61, 0x7b)]) * r.randint(90, 255)
        if kind == 2:
            return "é\u0301ö日本".encode() + str(r.randrange(1000)).encode()
        return b"n%d" % r.randrange(10000)

    def dress(path, link=False):
        if me:
            os.chown(path, r.choice([0, 1, 1000, 65534, 2097152, 4000000000]), r.choice([0, 5, 3000000]), follow_symlinks=False)
        if not link:
            mode = r.choice([0o755, 0o644, 0o600, 0o777, 0o4755, 0o2755, 0o1777, 0o400])
            # Others than root must be able to enter what they made.
            os.chmod(path, mode if me or not os.path.isdir(path) else mode | 0o700)
        os.utime(path, ns=(0, r.choice([0, 1, 1_700_000_000, -5, 8_589_934_592, 20_000_000_000]) * 1_000_000_000), follow_symlinks=False)

    made = []
    for _ in range(r.randint(20, 60)):
        folder = r.choice(folders)
        path = os.path.join(folder, name())
        if len(path) > 3000 or os.path.lexists(path) or os.path.basename(path).startswith(b".wh."):
            continue
        kind = r.randrange(12)
        if kind < 3:
            os.mkdir(path)
            folders.append(path)
            made.append(path)
            continue
        if kind < 7:
            with open(path, "wb") as f:
                size = r.choice([0, 1, 511, 512, 513, 4096, 70000, r.randrange(3_000_000)])
                f.write(r.randbytes(size) if r.random() < 0.7 else bytes(size))
                if r.random() < 0.2:
                    f.seek(r.randrange(5_000_000), 1)
                    f.write(b"end")
            files.append(path)
            if r.random() < 0.4:
                os.setxattr(path, b"user.n%d" % r.randrange(5), r.randbytes(r.randrange(200)))
            if me and r.random() < 0.2:
                os.chown(path, 0, 0)
                os.setxattr(path, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
                continue
        elif kind == 7:
            os.symlink(bytes(r.choice(b"ab/.\xff") for _ in range(r.choice([1, 20, 150]))), path)
            dress(path, link=True)
            continue
        elif kind == 8 and files:
            os.link(r.choice(files), path)
            continue
        elif kind == 9:
            os.mkfifo(path)
        elif kind == 10 and me:
            os.mknod(path, r.choice([stat.S_IFCHR, stat.S_IFBLK]) | 0o600, os.makedev(r.choice([1, 259, 4095]), r.choice([3, 70000])))
        elif kind == 11 and whiteouts:
            if r.random() < 0.3 and folder != root and me:
                os.setxattr(folder, "trusted.overlay.opaque", b"y")
            else:
                os.mknod(path, stat.S_IFCHR, 0)
            continue
        else:
            continue
        dress(path)
    for path in reversed(made):
        if r.random() < 0.3:
            os.setxattr(path, "user.dir", b"\x00\xff=\n")
        dress(path)


if __name__ == "__main__":
    arguments = [os.fsencode(a) for a in sys.argv[1:]]
    if arguments[0] == b"describe":
        print("\n".join(describe(arguments[1].rstrip(b"/"), times=b"notimes" not in arguments)))
    else:
        generate(arguments[1], int(arguments[2]), b"whiteouts" in arguments)
