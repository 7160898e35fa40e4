#!/usr/bin/env python3
"""Compares `shale analyze` with dive on generated images: figures, verdicts, statuses and the JSON export.

usage: dive.py SHALE DIVE [FIRST [COUNT]]   (seeds)
"""
import hashlib, io, json, os, random, re, subprocess, sys, tarfile, tempfile

COMMANDS = ["/bin/sh -c touch x", "COPY . /app # buildkit", "RUN <<EOF & more >", "ümläut \u2028", ""]
NAMES = ["a", "b", "c", "dir", "etc", "x.y", "-dash", "!bang", "Zed", "ü", "e\u0301", "with space", "new\nline", "tab\t", "<&>", "\\", '"', "wh", ".hid"]


def content(rng, sizes=(0, 1, 10, 999, 1000, 1500, 9949, 9950, 123456)):
    return bytes([rng.randrange(256)]) * rng.choice(sizes)


def random_path(rng, depth=4):
    return "/".join(rng.choice(NAMES) for _ in range(rng.randint(1, depth)))


class Layer:
    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape")

    def add(self, name, data=b"", kind=tarfile.REGTYPE, link="", mode=0o644, uid=0, gid=0, dev=(0, 0)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode, info.uid, info.gid = kind, link, mode, uid, gid
        info.devmajor, info.devminor = dev
        info.size = len(data) if kind == tarfile.REGTYPE else 0
        self.tar.addfile(info, io.BytesIO(data) if info.size else None)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def random_layer(rng, known, weird):
    layer, directories, files = Layer(), set(), {}
    for _ in range(rng.choice([0, 1, 3, 10, 30])):
        choice = rng.random()
        path = rng.choice(sorted(known)) if known and rng.random() < 0.5 else random_path(rng)
        parent, _, name = path.rpartition("/")
        owner = dict(uid=rng.choice([0, 0, 1000, 65534]), gid=rng.choice([0, 0, 1000]))
        if weird and rng.random() < 0.1:
            name = rng.choice([".wh..wh.plnk", ".wh..wh.aufs", ".wh..", ".wh...", ".wh..wh..opq", ".wh.", ".wh.a", "x" * 255, "n\udcff"])
            layer.add((parent + "/" if parent else "") + name, content(rng), **owner)
        elif choice < 0.15:
            layer.add((parent + "/" if parent else "") + ".wh." + name)
        elif choice < 0.2:
            layer.add(path + "/.wh..wh..opq")
        elif choice < 0.35:
            layer.add(rng.choice(["", "./"]) + path + "/", kind=tarfile.DIRTYPE, mode=rng.choice([0o755, 0o1777, 0o2755]), **owner)
            known.add(path)
        elif choice < 0.4:
            layer.add(path, kind=tarfile.SYMTYPE, link=rng.choice(["a", "/etc/x", "../../.."]), mode=0o777, **owner)
        elif choice < 0.45 and files:
            layer.add(path, kind=tarfile.LNKTYPE, link=rng.choice(sorted(files)), **owner)
        elif choice < 0.48:
            layer.add(path, kind=rng.choice([tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]), dev=(1, 5), **owner)
        else:
            data = content(rng)
            layer.add(path, data, mode=rng.choice([0o644, 0o755, 0o4755, 0o600]), **owner)
            files[path] = data
            known.add(path)
    return layer.bytes()


def archive(layers, history, path, compress=False):
    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    names = ["%s/layer.tar" % diff_id[7:] for diff_id in diff_ids]
    with tarfile.open(path, "w") as tar:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for index, layer in enumerate(layers):
            if names.index(names[index]) == index:
                add(names[index], layer)
        add(name, config)
        add("manifest.json", json.dumps([{"Config": name, "RepoTags": ["generated:1"], "Layers": names}]).encode())


def history_of(rng, count):
    history = []
    for _ in range(count):
        while rng.random() < 0.3:
            history.append({"created_by": "ENV x=y", "empty_layer": True})
        history.append({"created_by": rng.choice(COMMANDS)})
    if history and rng.random() < 0.2:
        del history[rng.randrange(len(history)):]
    return history


def special(seed):
    """Images that a random walk would not find."""
    def one(*entries):
        layer = Layer()
        for entry in entries:
            layer.add(**entry)
        return layer.bytes()
    file = lambda name, size, **more: dict(name=name, data=b"x" * size, **more)
    busybox = open("/bin/busybox", "rb").read() if os.path.exists("/bin/busybox") else b"b" * 900000
    cases = [
        [],
        [one()],
        [one(file("a", 100))],
        [one(file("a", 100)), one(), one()],
        [one(file("a", 100)), one(file("a", 100)), one(file("a", 100))],
        [one(file("f%d" % i, i)) for i in range(200)],
        [one(file("same", i)) for i in range(200)],
        [one(file("d/a", 1000), file("d/b", 2000)), one(file(".wh.d", 0))],
        [one(dict(name="d/", kind=tarfile.DIRTYPE), file("d/a", 1000), file("d/b", 2000)), one(file(".wh.d", 0)), one(file("d/a", 5))],
        [one(file(".wh.gone", 0), file("a", 3))],
        [one(file("a", 3)), one(file(".wh.missing", 0), file("a", 3), file("b", 3)), one(file("b", 4))],
        [one(file("bin/busybox", len(busybox))), one(file("bin/busybox", len(busybox), mode=0o4755))],
        [one(file("a", 10)), one(file("a/b", 20)), one(file("a", 30)), one(file(".wh.a", 0))],
        [one(file("x/" * 60 + "deep", 1234)), one(file("x/.wh.x", 0))],
    ]
    return cases[seed] if seed < len(cases) else None


def run(arguments, environment=None):
    environment = dict(os.environ, **(environment or {}))
    if "CI" not in (environment or {}):
        environment.pop("CI", None)
    done = subprocess.run(arguments, capture_output=True, env=environment, stdin=subprocess.DEVNULL)
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode("utf-8", "replace")), done.stderr.decode("utf-8", "replace")


def judged(text):
    """The part of CI's output that both print; files of equal size in one order, names made comparable."""
    text = text[text.index("  efficiency:"):].rstrip("\n")
    head, rest = text.split("Inefficient Files:\n", 1)
    files, results = rest.rsplit("Results:\n", 1)
    return head, results.split("\n\n")[0]


def compare(seed, shale, dive, directory):
    rng = random.Random(seed)
    layers = special(seed)
    if layers is None:
        known, weird = set(), rng.random() < 0.4
        layers = [random_layer(rng, known, weird) for _ in range(rng.choice([1, 2, 3, 5, 8]))]
    path = os.path.join(directory, "image.tar")
    archive(layers, history_of(rng, len(layers)), path)
    problems = []
    outputs = []
    for program in ([dive, "--source", "docker-archive", path], [shale, "analyze", path]):
        target = os.path.join(directory, "out.json")
        if os.path.exists(target):
            os.remove(target)
        status, out, err = run(program + ["--json", target])
        export = json.load(open(target)) if os.path.exists(target) else None
        raw = open(target, "rb").read() if os.path.exists(target) else b""
        if export:
            export["image"]["fileReference"].sort(key=lambda file: (-file["sizeBytes"], file["file"], file["count"]))
        rules = rng.choice([[], ["--lowestEfficiency", "0.5", "--highestWastedBytes", "1kB"], ["--highestUserWastedPercent", "disabled"]]) if program[0] == dive else rules
        ci = run(program + rules, {"CI": "true"})
        outputs.append((status, export, ci[0], judged(ci[1]) if "efficiency:" in ci[1] else ci[1:], raw))
    ours, theirs = outputs[1], outputs[0]
    if theirs[0] == 2 or theirs[2] == 2:
        return "dive crashes: " + str(theirs[3])[:200]
    for what, a, b in zip(("status of --json", "export", "status of --ci", "judgement"), theirs, ours):
        if a != b:
            problems.append("%s differs:\n  dive  %s\n  shale %s" % (what, difference(a, b), difference(b, a)))
    if not problems and theirs[1] and theirs[4] != ours[4] and len(theirs[1]["image"]["fileReference"]) <= 12:
        problems.append("the export's bytes differ")
    return "\n".join(problems) or None


def difference(a, b):
    if not isinstance(a, dict) or not isinstance(b, dict):
        return a
    parts = []
    for key in ("image",):
        if a[key] != b[key]:
            parts.append("%s: %s" % (key, json.dumps(a[key])[:600]))
    for one, other in zip(a["layer"], b["layer"]):
        for key in one:
            if one[key] != other.get(key):
                if key == "fileList":
                    pairs = [(x, y) for x, y in zip(one[key], other[key]) if x != y]
                    parts.append("layer %d %d files, first %s" % (one["index"], len(one[key]), pairs[:1]))
                else:
                    parts.append("layer %d %s: %r" % (one["index"], key, one[key]))
    return "; ".join(parts) or "(same)"


def main():
    shale, dive = sys.argv[1:3]
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 60
    failed = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as directory:
            problem = compare(seed, shale, dive, directory)
        if problem:
            failed += 1
            print("image %d: %s" % (seed, problem))
    print("dive: %d images, %d differ" % (count, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
