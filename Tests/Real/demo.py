#!/usr/bin/env python3
"""Writes an image that wastes bytes in every way that `shale analyze` knows.

usage: demo.py ARCHIVE
"""
import os, random, sys, tarfile
from dive import Layer, archive

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nnot a key\n-----END OPENSSH PRIVATE KEY-----\n"


def layer(*entries):
    result = Layer()
    for entry in entries:
        result.add(**entry)
    return result.bytes()


def file(name, data, **more):
    return dict(name=name, data=data, **more)


def directory(name):
    return dict(name=name + "/", kind=tarfile.DIRTYPE, mode=0o755)


def main():
    rng = random.Random(1)
    busybox = open("/bin/busybox", "rb").read() if os.path.exists("/bin/busybox") else rng.randbytes(900000)
    sources = [("app/src%d.js" % i, rng.randbytes(50000)) for i in range(30)]
    twins = rng.randbytes(1000000)
    layers = [
        layer(
            directory("bin"), file("bin/busybox", busybox, mode=0o755),
            *[dict(name="bin/" + name, kind=tarfile.LNKTYPE, link="bin/busybox") for name in "cat cp find grep ls mv rm sed sh".split()],
            directory("etc"), file("etc/passwd", b"root:x:0:0::/:/bin/sh\n"), directory("tmp"),
            *[file("usr/share/doc/d%d/file%d.txt" % (i % 30, i), rng.randbytes(2000 + i * 10)) for i in range(300)]),
        layer(
            directory("var/lib/apt/lists"), *[file("var/lib/apt/lists/list%d" % i, rng.randbytes(400000)) for i in range(6)],
            file("usr/lib/libbig.so", rng.randbytes(3000000), mode=0o755), file("usr/lib/twin1.so", twins), file("usr/lib/twin2.so", twins)),
        layer(
            directory("app"), *[file(name, data) for name, data in sources], file("root/.ssh/id_rsa", KEY, mode=0o600),
            file("root/.cache/pip/wheel.whl", rng.randbytes(800000))),
        layer(*[file(name, data, uid=1000, gid=1000) for name, data in sources]),
        layer(file("root/.ssh/.wh.id_rsa", b""), file("var/lib/apt/.wh.lists", b""), file("etc/motd", b"hello\n")),
    ]
    history = [
        {"created_by": "/bin/sh -c #(nop) ADD file:abc in / "},
        {"created_by": "/bin/sh -c #(nop)  CMD [\"sh\"]", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c apt-get update && apt-get install -y libbig # buildkit"},
        {"created_by": "COPY . /app # buildkit"},
        {"created_by": "RUN /bin/sh -c chown -R 1000:1000 /app # buildkit"},
        {"created_by": "RUN /bin/sh -c rm -rf /var/lib/apt/lists /root/.ssh/id_rsa # buildkit"},
    ]
    archive(layers, history, sys.argv[1])


if __name__ == "__main__":
    main()
