# buildah builds an image with ours as its mount_program (SEMANTICS 11.5).
# as: root
. "$(dirname "$0")/lib.sh"
cp /bin/busybox "$scratch/busybox"
cat >"$scratch/Dockerfile" <<'D'
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "/made"]
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox echo one > /made/file; /bin/busybox touch /gone"]
RUN ["/bin/busybox", "rm", "/gone"]
D
b() {
    buildah --root "$scratch/root" --runroot "$scratch/run" --storage-driver overlay \
        --storage-opt "overlay.mount_program=$SHALEFS" "$@"
}
b bud --isolation chroot --layers -t t "$scratch"
c=$(b from t)
p=$(b mount "$c")
[ "$(cat "$p/made/file")" = one ] || fail "the file is not there"
[ ! -e "$p/gone" ] || fail "the deleted file is there"
mount | grep -q 'fuse.*shale' || fail "the mount is not ours"
b umount "$c" >/dev/null
b rm "$c" >/dev/null
umount "$scratch/root/overlay" 2>/dev/null || true
