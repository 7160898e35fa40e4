# Builds in containers as CI systems run jobs: an OCI runtime starts them, none may gain or has a capability that its engine does
# not give by default. With /dev/fuse a RUN works, as an ordinary user with one id and as root with all; without, what has no RUN
# is built. What stands in the way of a RUN is said in one line. docs/ci.md has the same in the words of GitLab and Kubernetes.
# as: root
[ "${SHALE_PRIVATE-}" = yes ] || SHALE_PRIVATE=yes exec unshare -m bash -euo pipefail "$0"
. "$(dirname "$0")/lib.sh"
chmod 755 "$scratch"
work=$scratch/work
mkdir "$scratch/bundle" "$scratch/rootfs" "$work"
# The machine's own programs and libraries are the image; nothing of it can be written.
mount --bind / "$scratch/rootfs"
trap 'umount -l "$scratch/rootfs"; finish' EXIT
cp "$SHALE" "$SHALEFS" "$work/"
busybox_archive "$work/busybox.tar"
mkdir "$work/context"
echo content >"$work/context/file"
cat >"$work/context/Dockerfile" <<'D'
FROM busybox AS made
RUN id -u >/id && cat /proc/self/uid_map >/map && mkdir -p /made/by && echo one >/made/by/run && chown -R 33:50 /made
FROM busybox
COPY --from=made /made /id /map /made/
COPY --chown=web file /file
RUN rm -r /www && mv /file /moved && echo $$ >/made/pid
D
sed '/^RUN/d; s/ \/id \/map//; s/\/made /\/www /' "$work/context/Dockerfile" >"$work/context/Without"
default='CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT'
# A container: uid=N, fuse, masked, users (a namespace of its own, as hostUsers: false), gains (allowPrivilegeEscalation), caps.
contained() { # "WORDS" COMMAND...
    local words=$1
    shift
    python3 - "$scratch" "$default" "$words" "$@" <<'P'
import json, sys
scratch, default, words, *command = sys.argv[1:]
words = words.split()
uid = next((int(word[4:]) for word in words if word.startswith("uid=")), 1001)
def mount(place, kind, source, *options): return {"destination": place, "type": kind, "source": source, "options": list(options)}
spec = {
    "ociVersion": "1.0.2", "hostname": "job", "root": {"path": f"{scratch}/rootfs", "readonly": True},
    "process": {
        "user": {"uid": uid, "gid": uid}, "args": command, "cwd": "/work", "noNewPrivileges": "gains" not in words,
        "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp/home"],
        "capabilities": {set: default.split() for set in ("bounding", "effective", "permitted")} if "caps" in words else {}},
    "mounts": [
        mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755"),
        mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
        mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev"),
        mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro") if "users" in words
        else mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        mount("/tmp", "tmpfs", "tmpfs", "mode=1777"), mount("/var/tmp", "tmpfs", "tmpfs", "mode=1777"),
        mount("/work", "bind", f"{scratch}/work", "bind", "rw")],
    "linux": {
        "namespaces": [{"type": type} for type in ("pid", "ipc", "uts", "mount", "cgroup", "network")],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]}}}
linux = spec["linux"]
if "fuse" in words:
    linux["resources"]["devices"].append({"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"})
    if "users" in words:
        spec["mounts"].append(mount("/dev/fuse", "bind", "/dev/fuse", "bind", "rw"))
    else:
        linux["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o666}]
if "users" in words:
    linux["namespaces"].append({"type": "user"})
    linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": 300000, "size": 65536}]
if "masked" in words:
    linux["maskedPaths"] = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]
    linux["readonlyPaths"] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
json.dump(spec, open(f"{scratch}/bundle/config.json", "w"))
P
    local owner=1001
    [[ "$words" != *uid=0* ]] || owner=0
    [[ "$words" != *users* ]] || owner=$((owner + 300000))
    rm -rf "$work/store"
    chown -R "$owner" "$work"
    runc --root "$scratch/state" run --bundle "$scratch/bundle" "shale-contained-$$"
}
job='set -e; s="./shale"; $s load --root store -i busybox.tar >/dev/null; $s build --root store --progress plain -t t -f context/$0 context >out 2>log; $s run --root store --rm t sh -c "$1"; $s export --root store t | tar --numeric-owner -tv made/by/run moved'
build_in() { contained "$1" sh -c "$job" "${@:2}" 2>"$scratch/errors" || { cat "$scratch/errors" "$work/log" >&2 || true; fail "in a container ($1) $2 is not built"; }; }
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
layers() { "$SHALE" inspect --root "$work/store" -f '{{json .RootFS.Layers}}' t; }
# What the RUN saw: its user, how many ids there are.
seen='cat /made/id; awk "{print \$3}" /made/map'

owned() { same "$(sed 1,2d <<<"$out" | awk '{print $2}' | tr '\n' ' ')" "33/50 33/33 "; }

# An ordinary user, no capability, none to be gained: one id.
out=$(build_in fuse Dockerfile "$seen")
same "$(head -n 2 <<<"$out" | tr '\n' ' ')" "0 1 "
owned
out=$(build_in "fuse users" Dockerfile "$seen")
same "$(head -n 2 <<<"$out" | tr '\n' ' ')" "0 1 "
owned
contained fuse ./shale doctor >"$scratch/doctor" || true
grep -q '^rung 2' "$scratch/doctor" && grep -q '^ok .*runtime' "$scratch/doctor" || { cat "$scratch/doctor"; fail "doctor says otherwise"; }
# The root of a container with the capabilities that engines give by default: all ids, in its own user namespace and in the machine's.
for words in "uid=0 caps fuse" "uid=0 caps fuse users" "uid=0 caps fuse gains"; do
    out=$(build_in "$words" Dockerfile "$seen")
    same "$(head -n 1 <<<"$out")" 0
    [ "$(sed -n 2p <<<"$out")" -gt 65000 ]
    owned
    contained "$words" ./shale doctor >"$scratch/doctor" || true
    grep -q '^rung 1' "$scratch/doctor" || { cat "$scratch/doctor"; fail "doctor says otherwise"; }
done
# Without the device what has no RUN is built, by whoever it is, to the same layers.
wanted=
for words in "fuse" "" "masked" "uid=0" "uid=0 caps" "uid=0 users" "uid=0 caps masked users"; do
    contained "$words" sh -c './shale load --root store -i busybox.tar >/dev/null && ./shale build --root store -q -t t --timestamp 1600000000 -f context/Without context >out 2>log' ||
        { cat "$work/log"; fail "in a container ($words) what has no RUN is not built"; }
    [ -n "$wanted" ] || wanted=$(layers)
    same "$(layers)" "$wanted"
done
# What a RUN lacks.
lacks() { # "WORDS" LINE
    contained "$1" sh -c './shale load --root store -i busybox.tar >/dev/null; ./shale build --root store -q -f context/Dockerfile context >out 2>log; echo $? >status'
    [ "$(cat "$work/status")" = 1 ] && [ "$(wc -l <"$work/log")" = 1 ] && grep -qF "$2" "$work/log" || { cat "$work/log"; fail "in a container ($1) it is not said: $2"; }
}
lacks "" 'Dockerfile:2: RUN id'
lacks "" '/dev/fuse: No such file or directory'
lacks "uid=0 caps" '/dev/fuse: No such file or directory'
lacks "fuse masked" 'is covered, and whoever sees no whole /proc can mount none'
lacks "uid=0 caps fuse masked" 'procMount: Unmasked'
lacks "uid=0 fuse" 'CAP_SETFCAP'
contained "" ./shale doctor >"$scratch/doctor" || true
grep -q '^rung 4' "$scratch/doctor"
