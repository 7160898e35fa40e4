#!/usr/bin/env python3
"""Archives that mean harm: `hostile.py KIND FILE`; without arguments, their names."""
import gzip, io, os, sys, tarfile, zlib


def entry(name, kind=tarfile.REGTYPE, data=b"", link="", **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


D, L, H = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
ARCHIVES = {
    "upwards": [entry("a"), entry("../escaped", data=b"x")],
    "upwards-inside": [entry("a", D), entry("a/../../escaped", data=b"x")],
    "absolute": [entry("/tmp/shale-escaped", data=b"x")],
    "through-link": [entry("l", L, link=".."), entry("l/escaped", data=b"x")],
    "through-absolute-link": [entry("l", L, link="/tmp"), entry("l/shale-escaped", data=b"x")],
    "through-link-directory": [entry("l", L, link=".."), entry("l", D), entry("l/escaped", data=b"x")],
    "through-file": [entry("f", data=b"x"), entry("f/g", data=b"x")],
    "overwrite-link": [entry("l", L, link="../escaped"), entry("l", data=b"x")],
    "hardlink-upwards": [entry("h", H, link="../victim"), entry("h", data=b"x")],
    "hardlink-absolute": [entry("h", H, link="/etc/passwd")],
    "hardlink-through-link": [entry("l", L, link=".."), entry("h", H, link="l/victim")],
    "hardlink-missing": [entry("h", H, link="nothing")],
    "hardlink-directory": [entry("d", D), entry("h", H, link="d")],
    "hardlink-self": [entry("h", H, link="h")],
    "hardlink-whiteout": [entry(".wh.x"), entry("h", H, link="x")],
    "twice": [entry("a", data=b"1"), entry("b"), entry("a", data=b"2")],
    "twice-directory": [entry("a", D), entry("a", data=b"2")],
    "twice-dots": [entry("a", data=b"1"), entry("./a", data=b"2")],
    "device-zero": [entry("w", tarfile.CHRTYPE, devmajor=0, devminor=0)],
    "whiteout-dots": [entry(".wh...")],
    "whiteout-dot": [entry(".wh..")],
    "whiteout-nothing": [entry(".wh.")],
    "beneath-whiteout": [entry(".wh.a/b", data=b"x")],
    "no-name": [entry("")],
    "root-file": [entry(".", data=b"x")],
    "long-component": [entry("x" * 300, data=b"x")],
    "long-name": [entry("/".join(["y" * 100] * 60)[1:], data=b"x")],
    "huge-owner": [entry("a", uid=1 << 40)],
    "owner-minus-one": [entry("a", uid=0xFFFFFFFF)],
    "negative-owner": [entry("a", uid=-5)],
}


def tar(entries):
    out = io.BytesIO()
    # GNU's numbers and names: Python's PAX writer would refuse some of them.
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as t:
        for info, data in entries:
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pax(records, name="a", data=b""):
    body = b""
    for key, value in records:
        rest = len(key) + len(value) + 3
        size = rest + len(str(rest))
        if len(str(size)) > len(str(rest)):
            size += 1
        body += b"%d %s=%s\n" % (size, key, value)
    info, _ = entry("pax", tarfile.XHDTYPE, body)
    with io.BytesIO() as out:
        out.write(info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512))
        out.write(entry(name, data=data)[0].tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512) + bytes(1024))
        return out.getvalue()


def damaged(data, at, byte):
    return data[:at] + bytes([byte]) + data[at + 1:]


sound = tar([entry("a", data=b"hello" * 5000), entry("b", data=os.urandom(100_000))])
zipped = gzip.compress(sound, mtime=0)
RAW = {
    "not-tar": lambda: b"This is no archive at all.\n" * 100,
    "random": lambda: os.urandom(5000),
    "checksum": lambda: damaged(sound, 3, 0x41),
    "cut-data": lambda: sound[:700],
    "cut-header": lambda: sound[:100],
    "pax-name-upwards": lambda: pax([(b"path", b"../escaped")]),
    "pax-huge": lambda: pax([(b"path", b"x" * (64 << 20))]),
    "pax-bad-length": lambda: pax([(b"path", b"x")]).replace(b"10 path=x", b"99 path=x").replace(b" 9 path=x", b"99 path=x").replace(b"9 path=x", b"9999 path=x"),
    "pax-size-negative": lambda: pax([(b"size", b"-1")]),
    "pax-size-huge": lambda: pax([(b"size", b"9223372036854775807")]),
    "gzip-cut": lambda: zipped[:len(zipped) // 2],
    "gzip-cut-trailer": lambda: zipped[:-4],
    "gzip-crc": lambda: damaged(zipped, len(zipped) - 6, zipped[-6] ^ 1),
    "gzip-body": lambda: damaged(zipped, 5000, zipped[5000] ^ 0xFF),
    "gzip-garbage-behind": lambda: zipped + b"garbage",
    "gzip-only-magic": lambda: b"\x1f\x8b",
    "zstd-only-magic": lambda: b"\x28\xb5\x2f\xfd",
    "zstd-garbage": lambda: b"\x28\xb5\x2f\xfd" + os.urandom(1000),
    "xz": lambda: b"\xfd7zXZ\x00" + os.urandom(100),
    "sparse-bomb": lambda: pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"../escaped"), (b"GNU.sparse.realsize", b"99")], data=b"0\n".ljust(512, b"\0")),
}


def bomb(path):
    """512 MiB of zeros in half a MiB."""
    info, _ = entry("zeros")
    info.size = 512 << 20
    with open(path, "wb") as f:
        z = zlib.compressobj(9, zlib.DEFLATED, 31)
        f.write(z.compress(info.tobuf(tarfile.GNU_FORMAT)))
        for _ in range(512):
            f.write(z.compress(bytes(1 << 20)))
        f.write(z.compress(bytes(1024)) + z.flush())


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print("\n".join([*ARCHIVES, *RAW]))
    elif sys.argv[1] == "bomb":
        bomb(sys.argv[2])
    else:
        kind = sys.argv[1]
        with open(sys.argv[2], "wb") as f:
            f.write(tar(ARCHIVES[kind]) if kind in ARCHIVES else RAW[kind]())
