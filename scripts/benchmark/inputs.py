"""What images and builds are made from: a BusyBox and a Debian image, a large file, build contexts."""
import json
import os

from .machine import ROOT, sh
from .sources import kept
from .tools import FILL_MANY

DOCKERFILES = {
    "two": "FROM localhost/busybox\nRUN touch /newfile\n",
    "many": f"FROM localhost/busybox\nRUN {FILL_MANY}\n",
    "copy": "FROM localhost/busybox AS one\nCOPY . /files\nFROM localhost/busybox\nCOPY --from=one /files /files\n",
    "many-debian": f"FROM localhost/debian:1\nRUN {FILL_MANY}\n",
    "delete": "FROM localhost/debian:1\nRUN rm -rf /usr/share/doc && mkdir /new && cd /new && touch $(seq 2000)\n",
}


def make(given, debian):
    os.makedirs(given + "/input")
    sh("bash", "-c", f". {ROOT}/Tests/Real/lib.sh; trap - EXIT; rm -rf $scratch; busybox_archive {given}/busybox.tar")
    with open(given + "/input/big", "wb") as file:
        for _ in range(512):
            file.write(os.urandom(1 << 20))
            file.write((b"half of it compresses, as programs do\n" * 27595)[:1 << 20])
    for name, lines in DOCKERFILES.items():
        os.makedirs(f"{given}/{name}")
        with open(f"{given}/{name}/Dockerfile", "w") as file:
            file.write(lines)
    for i in range(1000):
        with open(f"{given}/copy/{i}", "wb") as file:
            file.write(os.urandom(4096))
    with open(given + "/copy/large", "wb") as file:
        file.write(os.urandom(64 << 20))
    if debian:
        debian_image(given)


def debian_image(given):
    """The same image as an OCI layout and as docker save writes it."""
    layout = given + "/debian-oci"
    sh("umoci", "init", "--layout", layout)
    sh("umoci", "new", "--image", layout + ":1")
    sh("umoci", "raw", "add-layer", "--image", layout + ":1", kept("debian.tar", "debian"))
    sh("skopeo", "copy", "-q", f"oci:{layout}:1", f"docker-archive:{given}/debian.tar:localhost/debian:1")
    # Under this name the store knows it from the directory, too.
    with open(layout + "/index.json") as file:
        index = json.load(file)
    for manifest in index["manifests"]:
        manifest["annotations"]["io.containerd.image.name"] = "docker.io/library/debian:1"
    with open(layout + "/index.json", "w") as file:
        json.dump(index, file)
