"""Makes an image in docker-archive form of a description in JSON: make-image.py DESCRIPTION ARCHIVE.

{"config": {...}, "history": [...], "layers": [{"by": "RUN x", "files": [
    {"path": "a", "type": "file|dir|char|block|link|symlink", "mode": "644", "uid": 0, "gid": 0, "data": "text",
     "hex": "bytes", "from": "/a/file", "target": "b", "device": [1, 3], "xattrs": {"security.capability": "hex"}}]},
    {"by": "RUN y", "tar": "/a/layer.tar"}]}
"""
import hashlib
import io
import json
import sys
import tarfile

TYPES = {
    "file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "char": tarfile.CHRTYPE, "block": tarfile.BLKTYPE,
    "link": tarfile.LNKTYPE, "symlink": tarfile.SYMTYPE,
}


def layer(description):
    if "tar" in description:
        with open(description["tar"], "rb") as file:
            return file.read()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in description["files"]:
            kind = entry.get("type", "file")
            info = tarfile.TarInfo(entry["path"])
            info.type = TYPES[kind]
            info.mode = int(entry.get("mode", "755" if kind == "dir" else "644"), 8)
            info.uid, info.gid, info.mtime = entry.get("uid", 0), entry.get("gid", 0), 1000
            info.linkname = entry.get("target", "")
            info.devmajor, info.devminor = entry.get("device", [0, 0])
            for name, value in entry.get("xattrs", {}).items():
                info.pax_headers["SCHILY.xattr." + name] = bytes.fromhex(value).decode("latin-1")
            data = b""
            if "from" in entry:
                with open(entry["from"], "rb") as file:
                    data = file.read()
            elif kind == "file":
                data = bytes.fromhex(entry["hex"]) if "hex" in entry else entry.get("data", "").encode()
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main():
    with open(sys.argv[1]) as file:
        description = json.load(file)
    layers = [layer(one) for one in description["layers"]]
    ids = [hashlib.sha256(one).hexdigest() for one in layers]
    history = [{"created_by": one["by"]} for one in description["layers"]] + [
        {"created_by": line, "empty_layer": True} for line in description.get("history", [])]
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": description.get("config", {}), "history": history,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + one for one in ids]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": ["made:1"], "Layers": [one + "/layer.tar" for one in ids]}]
    with tarfile.open(sys.argv[2], "w") as archive:
        parts = dict(zip((one + "/layer.tar" for one in ids), layers))
        parts[name] = config
        parts["manifest.json"] = json.dumps(manifest).encode()
        for path, data in parts.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


main()
