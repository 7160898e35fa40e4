# Builds where nothing can be mounted and no namespace can be made: a sandbox with a /dev of its own, in which the kernel
# refuses user namespaces. What has no RUN is built all the same, to the same layers as elsewhere.
# as: user
. "$(dirname "$0")/lib.sh"
sandbox() { bwrap --dev-bind / / --dev /dev --unshare-user --disable-userns "$@"; }
bare() { sandbox --uid "$(id -u)" --gid "$(id -g)" "$@"; }
# No set-user-ID program works there: a namespace with one id is all there is.
lonely() { bwrap --dev-bind / / "$@"; }
# Root of a container that has no capability.
powerless() { sandbox --uid 0 --gid 0 "$@"; }
! bare unshare -Ur true 2>/dev/null || fail "a user namespace can be made in the sandbox"
bare test ! -e /dev/fuse

mkdir -p "$c/tree/sub" "$scratch/t/d"
echo content >"$c/tree/file"
echo text >"$c/tree/sub/a.txt"
printf '#!/bin/sh\n' >"$c/tree/run"
chmod 4755 "$c/tree/run"
chmod 400 "$c/tree/sub/a.txt"
ln "$c/tree/file" "$c/tree/again"
ln -s file "$c/tree/link"
setfattr -n user.note -v kept "$c/tree/file"
python3 - "$c/archive.tar" <<'P'
import io, sys, tarfile
tar = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
def add(name, kind=tarfile.REGTYPE, body=b"", mode=0o644, link="", uid=0, gid=0, device=(0, 0)):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(body), link
    entry.uid, entry.gid, entry.mtime = uid, gid, 1000
    entry.devmajor, entry.devminor = device
    tar.addfile(entry, io.BytesIO(body))
add("tmp", tarfile.DIRTYPE, mode=0o1777)
add("d", tarfile.DIRTYPE, mode=0o2550, uid=1000, gid=50)
add("d/secret", body=b"x" * 5000, mode=0o000, uid=1000, gid=1000)
add("d/tool", body=b"tool", mode=0o6755, uid=33, gid=50)
add("d/other", tarfile.LNKTYPE, link="d/tool", mode=0o6755, uid=33, gid=50)
add("d/link", tarfile.SYMTYPE, link="secret", mode=0o777, uid=33, gid=33)
add("d/mine", tarfile.SYMTYPE, link="../tmp", mode=0o777)
add("pipe", tarfile.FIFOTYPE, mode=0o620, uid=33, gid=50)
tar.close()
P
cat >"$c/Dockerfile" <<'D'
FROM busybox AS files
ARG WHERE=data
COPY --chown=33:50 --chmod=u=rw,go=r,a+X tree /$WHERE
ADD archive.tar /unpacked/
COPY tree/file /www/
WORKDIR /made/deep
USER web
WORKDIR own
FROM scratch AS single
ADD --unpack=false archive.tar .
FROM files
USER root
ENV A=b
LABEL l=m
COPY --from=files --chown=web:staff /unpacked /u
COPY --from=single /archive.tar /
COPY --from=busybox --parents /www/./index /bin/sh /parents/
COPY --link --chown=7 tree /linked
COPY tree/sub/*.txt none*.txt /globbed/
COPY <<"one" <<two /texts/
$WHERE
one
$WHERE
two
COPY tree/file /made
RUNNING
D
sed -i /RUNNING/d "$c/Dockerfile"
plain() { "$SHALE" "$1" --root "$scratch/$2" "${@:3}"; }
busybox_archive "$scratch/busybox.tar"
layers() { plain inspect "$1" -f '{{json .RootFS.Layers}}' t; }
for place in mounts lonely nothing powerless; do
    run=()
    [ $place != lonely ] || run=(lonely)
    [ $place != nothing ] || run=(bare)
    [ $place != powerless ] || run=(powerless)
    "${run[@]}" "$SHALE" load --root "$scratch/$place" -i "$scratch/busybox.tar" >/dev/null
    "${run[@]}" "$SHALE" build --root "$scratch/$place" -q -t t --timestamp 1600000000 "$c" 2>"$log" >/dev/null || { cat "$log"; exit 1; }
    "${run[@]}" "$SHALE" build --root "$scratch/$place" -q --timestamp 1600000000 -o "type=tar,dest=$scratch/$place.tar" "$c" 2>>"$log"
done
[ "$(layers mounts)" = "$(layers lonely)" ] || fail "layers differ: $(layers mounts) $(layers lonely)"
[ "$(layers mounts)" = "$(layers powerless)" ] || fail "layers differ: $(layers mounts) $(layers powerless)"
[ "$(layers mounts)" = "$(layers nothing)" ] || {
    for place in mounts nothing; do tar -tvf "$scratch/$place.tar" >"$scratch/$place.list"; done
    diff "$scratch/mounts.list" "$scratch/nothing.list" || true
    fail "layers differ: $(layers mounts) $(layers nothing)"
}
# As trees, too, but for who owns links and pipes: no attribute can say it, the blobs alone do (docs/architecture.md).
listing() { tar --numeric-owner --full-time -tvf "$1" | grep -v '^[lp]'; }
listing "$scratch/mounts.tar" >"$scratch/wanted"
listing "$scratch/nothing.tar" >"$scratch/list"
diff "$scratch/wanted" "$scratch/list"
grep -q '^-rwxr-xr-x 33/50 .* data/run$' "$scratch/list"
grep -q '^dr-xr-s--- 1000/50 .* unpacked/d/$' "$scratch/list"
grep -q '^---------- 1000/1000  *5000 .* unpacked/d/secret$' "$scratch/list"
grep -qE '^[-h]rwsr-sr-x 33/50 .* u/d/(tool|other)' "$scratch/list"
grep -q '^drwxrwxrwt 0/0 .* unpacked/tmp/$' "$scratch/list"

# The cache knows it all, there and elsewhere.
bare "$SHALE" build --root "$scratch/nothing" --progress plain -t t --timestamp 1600000000 \
    --cache-to "type=local,dest=$scratch/cache" "$c" 2>&1 >/dev/null | grep -c CACHED >"$scratch/count"
[ "$(cat "$scratch/count")" -ge 12 ] || fail "only $(cat "$scratch/count") steps were cached"
bare "$SHALE" load --root "$scratch/third" -i "$scratch/busybox.tar" >/dev/null
bare "$SHALE" build --root "$scratch/third" --progress plain -t t --timestamp 1600000000 \
    --cache-from "type=local,src=$scratch/cache" "$c" 2>&1 >/dev/null | grep -c CACHED >"$scratch/third.count"
[ "$(cat "$scratch/count")" = "$(cat "$scratch/third.count")" ]
[ "$(layers nothing)" = "$(layers third)" ]

# Other results: directories, archives, squashed, without set-id bits.
build_bare() { bare "$SHALE" build --root "$scratch/nothing" --timestamp 1600000000 -q "$@" "$c" 2>"$log" >/dev/null || { cat "$log"; exit 1; }; }
build_bare -o "type=local,dest=$scratch/out"
cmp "$scratch/out/data/file" "$c/tree/file"
[ "$(stat -c %a "$scratch/out/globbed/a.txt")" = 400 ]
[ "$(ls "$scratch/out/globbed")" = a.txt ]
build_bare -o "type=oci,dest=$scratch/oci.tar"
plain load mounts -i "$scratch/oci.tar" >/dev/null
cat >"$c/small" <<'D'
FROM busybox
COPY --chown=33:50 tree/file tree/run /one/
COPY tree /two
COPY --chmod=2755 tree/run /one/
D
plain build mounts -q -f "$c/small" --timestamp 1600000000 --squash --strip-setid -t t "$c" >/dev/null
build_bare -f "$c/small" --squash --strip-setid -t t
[ "$(layers mounts)" = "$(layers nothing)" ]
build_bare -f "$c/small" --squash --strip-setid -o "type=tar,dest=$scratch/nothing.tar"
listing "$scratch/nothing.tar" >"$scratch/list"
grep -q '^-rwxr-xr-x 0/0 .* one/run$' "$scratch/list"
! grep -E '^-..s|^-.....s' "$scratch/list"

# A RUN fails before anything is built, with its line and what would have to change.
cat >"$c/Dockerfile" <<'D'
FROM busybox
COPY tree/file /
RUN true
D
got=0
bare "$SHALE" build --root "$scratch/nothing" --no-cache --progress plain "$c" >"$scratch/refused" 2>"$log" || got=$?
[ $got = 1 ] || { cat "$log"; fail "status $got for a RUN"; }
[ "$(wc -l <"$log")" = 1 ] || { cat "$log"; fail "more than a line"; }
grep -q 'Dockerfile:3: RUN true: commands cannot be run here: no user namespace can be made; raise user.max_user_namespaces' "$log"
got=0
powerless "$SHALE" build --root "$scratch/powerless" --progress plain "$c" >/dev/null 2>"$log" || got=$?
[ $got = 1 ] || { cat "$log"; fail "status $got for a RUN"; }
grep -q 'Dockerfile:3: RUN true: commands cannot be run here: ' "$log"
# Without /dev/fuse alone the line says that.
got=0
bwrap --dev-bind / / --dev /dev "$SHALE" build --root "$scratch/third" --progress plain "$c" >/dev/null 2>"$log" || got=$?
[ $got = 1 ] || { cat "$log"; fail "status $got for a RUN"; }
grep -q 'RUN true: commands cannot be run here: /dev/fuse: .*; modprobe fuse, or pass the device' "$log"
# One that the target does not need is nobody's business.
bare "$SHALE" build --root "$scratch/nothing" -q --target files -f - "$c" <<'D' >/dev/null
FROM busybox AS files
COPY tree/file /
FROM files
RUN true
D
store=$scratch/nothing nothing_left
bare "$SHALE" doctor --root "$scratch/nothing" --store
