# The same Dockerfiles through buildah bud and through shale build: trees and configurations compared.
# as: root
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir -p "$c/src/deep"
b() { buildah --root "$scratch/b" --runroot "$scratch/br" --storage-driver vfs "$@"; }
cleanup() { b rmi -a -f >/dev/null 2>&1 || true; finish; }
trap cleanup EXIT
b pull -q "docker-archive:$scratch/busybox.tar" >/dev/null
echo one >"$c/src/one"
echo two >"$c/src/deep/two"
ln -s one "$c/src/link"
chmod 750 "$c/src/deep"
chmod 640 "$c/src/deep/two"
tar -C "$c/src" -cf "$c/files.tar" .

# Every entry of a tree: name, type, mode, owner, size or target, content.
cat >"$scratch/tree.py" <<'P'
import hashlib, sys, tarfile
rows = []
with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
    for m in tar:
        body = hashlib.sha256(tar.extractfile(m).read()).hexdigest()[:12] if m.isreg() else m.linkname.removeprefix('./')
        rows.append(f"/{m.name.removeprefix('./').strip('/.') if m.name in ('.', './') else m.name.removeprefix('./')} {m.type.decode()} {m.mode & 0o7777:o} {m.uid}:{m.gid} {body}")
# Differences that are meant: what buildah's runtime leaves as mount points (/dev, /proc, /sys, /run, /etc/hosts and the like)
# is no part of our images; nor are the directories of VOLUME, which BuildKit leaves to whoever runs the image; and the root
# directory has no entry in some archives.
skip = ("/data ", "/ ", "/dev", "/proc", "/sys", "/run", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/etc/mtab")
print("\n".join(sorted(r for r in rows if not r.startswith(skip))))
P
# Of a configuration, what says how the image runs. Meant differences: buildah's own label with its version; SHELL, which its
# ENTRYPOINT does not heed, is not compared;
# a working directory of / is the same as none.
cat >"$scratch/config.py" <<'P'
import json, sys
config = json.load(sys.stdin).get("config", {})
(config.get("Labels") or {}).pop("io.buildah.version", None)
if config.get("WorkingDir") == "/":
    del config["WorkingDir"]
kept = ("Cmd", "Entrypoint", "Env", "User", "WorkingDir", "ExposedPorts", "Volumes", "Labels", "StopSignal", "OnBuild")
print(json.dumps({k: config[k] for k in kept if config.get(k)}, sort_keys=True, indent=1))
P
compare() { # NAME, the Dockerfile on standard input
    cat >"$c/Dockerfile"
    b bud -q --format docker --pull-never --layers=false --isolation chroot -t "$1" "$c" >"$scratch/bud" 2>&1 || { cat "$scratch/bud" >&2; exit 1; }
    shale build -q -t "$1" "$c" >/dev/null 2>"$log" || { cat "$log" >&2; exit 1; }
    local container
    container=$(b from --pull-never "localhost/$1")
    tar -C "$(b mount "$container")" -c . | python3 "$scratch/tree.py" >"$scratch/theirs"
    shale export "$1" | python3 "$scratch/tree.py" >"$scratch/ours"
    b inspect --type image --format '{{.Config}}' "localhost/$1" | python3 "$scratch/config.py" >"$scratch/their-config"
    b rm "$container" >/dev/null
    b push -q "localhost/$1" "oci:$scratch/theirs-oci:$1" >/dev/null
    shale build -q -o "type=oci,dest=$scratch/ours.oci" "$c" >/dev/null 2>&1
    skopeo inspect --config "oci:$scratch/theirs-oci:$1" | python3 "$scratch/config.py" >"$scratch/their-config"
    skopeo inspect --config "oci-archive:$scratch/ours.oci" | python3 "$scratch/config.py" >"$scratch/our-config"
    diff "$scratch/theirs" "$scratch/ours" || fail "$1: the trees differ (< buildah, > shale)"
    diff "$scratch/their-config" "$scratch/our-config" || fail "$1: the configurations differ (< buildah, > shale)"
}

compare copies <<'D'
FROM busybox
COPY src /src/
COPY src/one src/deep/two /both/
COPY --chown=33:50 src /owned
COPY --chmod=600 src/one /private
ADD files.tar /unpacked
COPY src/deep /www/
WORKDIR /made/by/workdir
COPY src/one .
D
compare runs <<'D'
FROM busybox
RUN echo text >/file && mkdir -p /a/b && chmod 1777 /a/b && ln -s b /a/link && ln /file /hard && chown 33:50 /file
RUN rm -r /www && mkdir /www && echo again >/www/again
RUN mv /a /moved && rm /etc/passwd && mkfifo /pipe
USER 33:50
WORKDIR /tmp/w
RUN touch mine
D
compare config <<'D'
FROM busybox
ARG A=1
ENV B=2 C="three $A"
LABEL x=y "z"="two words"
EXPOSE 80 53/udp
VOLUME /data
USER web
WORKDIR sub
WORKDIR dir
STOPSIGNAL SIGQUIT
ENTRYPOINT echo entry
CMD ["a", "b"]
ONBUILD RUN true
D
compare stages <<'D'
FROM busybox AS one
RUN mkdir -p /out/deep && echo built >/out/deep/file && chmod 700 /out/deep
FROM scratch
COPY --from=one /out /
COPY --from=busybox /bin/busybox /bin/
ENTRYPOINT ["/bin/busybox"]
D
nothing_left
