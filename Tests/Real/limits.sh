# A full disk in the middle of a copy-up, and few descriptors (SEMANTICS 5.6, 11.3).
# as: root
. "$(dirname "$0")/lib.sh"
head -c 3M /dev/urandom >"$l/big"
chmod 640 "$l/big"
mkdir "$scratch/small"
for size in 64k 256k 1m 2m 2900k; do
    mount -t tmpfs -o "size=$size" tmpfs "$scratch/small"
    mkdir "$scratch/small/u" "$scratch/small/w"
    "$SHALEFS" -o "lowerdir=$l,upperdir=$scratch/small/u,workdir=$scratch/small/w" "$m"
    if (echo x >>"$m/big") 2>"$scratch/err"; then fail "a copy of 3 MiB fitted into $size"; fi
    grep -q 'No space' "$scratch/err" || fail "$(cat "$scratch/err")"
    cmp "$l/big" "$m/big"
    [ -z "$(find "$scratch/small/u" "$scratch/small/w/work" -type f)" ] || fail "something is left in work"
    unmount
    # The server closes what it holds once its mount is gone.
    for _ in $(seq 100); do umount "$scratch/small" 2>/dev/null && break || sleep 0.1; done
    ! mountpoint -q "$scratch/small" || fail "the server keeps the upper's file system"
done
mkdir -p "$l/tree"
for i in $(seq 600); do
    mkdir -p "$l/tree/$i/a/b"
    echo "$i" >"$l/tree/$i/a/b/f"
done
(
    ulimit -n 256
    mount_stack "$l"
)
[ "$(find "$m/tree" -type f | wc -l)" = 600 ]
[ "$(cat "$m"/tree/*/a/b/f | wc -l)" = 600 ]
for i in $(seq 600); do echo more >>"$m/tree/$i/a/b/f"; done
[ "$(cat "$m"/tree/*/a/b/f | wc -l)" = 1200 ]
python3 - "$m" <<'P'
import os, sys
held = []
try:
    for i in range(1, 601):
        held.append(os.open(f"{sys.argv[1]}/tree/{i}/a/b/f", os.O_RDONLY))
except OSError as e:
    assert e.errno in (23, 24), e
for fd in held:
    os.close(fd)
P
cat "$m/tree/600/a/b/f" >/dev/null || fail "the server does not answer any more"
