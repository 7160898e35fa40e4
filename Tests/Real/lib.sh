# Common to the real-input tests: a scratch directory, a mount, and an end that leaves nothing behind.
# $SHALEFS is the mount helper. Sourced, with `set -euo pipefail` in force.
scratch=$(mktemp -d /var/tmp/shale-real.XXXXXX)
l=$scratch/l u=$scratch/u w=$scratch/w m=$scratch/m
mkdir "$l" "$u" "$w" "$m"

unmount() {
    local n=0
    until umount "$m" 2>/dev/null || fusermount3 -u "$m" 2>/dev/null; do
        grep -q " $m " /proc/mounts || return 0
        n=$((n + 1))
        [ $n -lt 50 ] || { umount -l "$m" 2>/dev/null || fusermount3 -u -z "$m"; return; }
        sleep 0.1
    done
}

finish() {
    cd /
    unmount 2>/dev/null || true
    umount -l "$m" 2>/dev/null || fusermount3 -u -z "$m" 2>/dev/null || true
    chmod -R u+rwX "$scratch" 2>/dev/null || true
    # What belongs to subordinate ids goes where they are ours.
    rm -rf "$scratch" 2>/dev/null || unshare -Um --map-auto --map-root-user rm -rf "$scratch"
}
trap finish EXIT
# A command that fails says where and which, whatever it printed itself.
set -E
trap 'echo "$(basename "${BASH_SOURCE[0]}") line $LINENO: $BASH_COMMAND" >&2' ERR

# mount_stack LOWERS [OPTIONS]
mount_stack() { "$SHALEFS" -o "lowerdir=$1,upperdir=$u,workdir=$w${2:+,$2}" "$m"; }

fail() {
    echo "$*" >&2
    exit 1
}

# The server of this mount.
server() { pgrep -f -- "upperdir=$u" | head -n 1; }

# An image of Debian's static BusyBox, as docker save writes one: busybox:latest with a few files in /etc and /www.
busybox_archive() { # FILE
    python3 - "$1" "$(command -v busybox)" <<'P'
import hashlib, io, json, subprocess, sys, tarfile
archive, busybox = sys.argv[1:]
layer = io.BytesIO()
tar = tarfile.open(fileobj=layer, mode="w", format=tarfile.PAX_FORMAT)
def add(name, kind=tarfile.REGTYPE, body=b"", mode=0o644, link="", gid=0):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.linkname, entry.gid = kind, mode, len(body), link, gid
    tar.addfile(entry, io.BytesIO(body))
for name in ("bin", "etc", "root", "tmp", "www"):
    add(name, tarfile.DIRTYPE, mode=0o1777 if name == "tmp" else 0o755)
add("bin/busybox", body=open(busybox, "rb").read(), mode=0o755)
for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
    if applet != "busybox":
        add(f"bin/{applet}", tarfile.SYMTYPE, mode=0o777, link="busybox")
add("etc/passwd", body=b"root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/www:/bin/sh\n")
add("etc/group", body=b"root:x:0:\nweb:x:33:\nstaff:x:50:web\n")
add("www/index", body=b"welcome\n", gid=33)
tar.close()
layer = layer.getvalue()
machine = subprocess.run(["uname", "-m"], capture_output=True, text=True).stdout.strip()
config = json.dumps({
    "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[machine], "os": "linux",
    "created": "2024-01-02T03:04:05Z", "config": {"Cmd": ["sh"], "Env": ["PATH=/bin:/sbin"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    "history": [{"created": "2024-01-02T03:04:05Z", "created_by": "ADD busybox"}],
}).encode()
name = hashlib.sha256(config).hexdigest() + ".json"
manifest = json.dumps([{"Config": name, "RepoTags": ["busybox:latest"], "Layers": ["layer.tar"]}]).encode()
with tarfile.open(archive, "w") as out:
    for path, body in ((name, config), ("layer.tar", layer), ("manifest.json", manifest)):
        entry = tarfile.TarInfo(path)
        entry.size = len(body)
        out.addfile(entry, io.BytesIO(body))
P
}

# What tests of images and builds share: a store in the scratch directory, with busybox:latest in it.
store=$scratch/store
shale() { "$SHALE" "$1" --root "$store" "${@:2}"; }
busybox_store() {
    busybox_archive "$scratch/busybox.tar"
    shale load -i "$scratch/busybox.tar" | grep -qx 'Loaded image: busybox:latest'
}
# debian:apt in it, and the context: Debian with this machine's way to packages.
debian_store() {
    mkdir "$c"
    shale import "$SHALE_DEBIAN" debian:base >/dev/null
    cp -r "$SHALE_APT" "$c/apt"
    build -t debian:apt <<'D' >/dev/null
FROM debian:base
RUN rm -rf /etc/apt/sources.list /etc/apt/sources.list.d
COPY apt /etc/apt/
ENV DEBIAN_FRONTEND=noninteractive
D
}
# A real registry on a port of its own, which registry.log says; its process is $registry.
serve_registry() {
    cat >"$scratch/registry.yml" <<END
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $scratch/content}}
http: {addr: 127.0.0.1:0}
END
    docker-registry serve "$scratch/registry.yml" >"$scratch/registry.log" 2>&1 &
    registry=$!
}
expect() { # STATUS COMMAND...
    local wanted=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$wanted" ] || fail "status $got where $wanted is wanted: $*"
}
# Builds a Dockerfile on standard input with the context directory c; what it says goes to the file log.
c=$scratch/context log=$scratch/log
build() { shale build -q -f - "$@" "$c" 2>"$log" || { cat "$log" >&2; return 1; }; }
# A build that fails with a status, and says a line.
refuse() { # STATUS LINE OPTIONS...
    local wanted=$1 line=$2 got=0
    shift 2
    shale build -f - "$@" "$c" >"$scratch/refused" 2>"$log" || got=$?
    [ "$got" = "$wanted" ] || { cat "$log" >&2; fail "status $got where $wanted is wanted for: $line"; }
    grep -qF -- "$line" "$log" || { cat "$log" >&2; fail "not said: $line"; }
}
one_id=$([ "$(awk '{n += $3} END {print n}' /proc/self/uid_map)" = 1 ] && echo yes || echo no)
# Nothing of a build is left: no mount, no process of its store, no file on its way into it.
nothing_left() {
    ! grep -q "$store" /proc/self/mountinfo || fail "mounted: $(grep "$store" /proc/self/mountinfo)"
    local left
    left=$(pgrep -f -- "$store" || true)
    [ -z "$left" ] || fail "running: $(ps -o pid,args -p $left)"
    left=$(ls -A "$store/ingest")
    [ -z "$left" ] || fail "left in ingest: $left"
}
