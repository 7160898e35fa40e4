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
    rm -rf "$scratch"
}
trap finish EXIT

# mount_stack LOWERS [OPTIONS]
mount_stack() { "$SHALEFS" -o "lowerdir=$1,upperdir=$u,workdir=$w${2:+,$2}" "$m"; }

fail() {
    echo "$*" >&2
    exit 1
}

# The server of this mount.
server() { pgrep -f -- "upperdir=$u" | head -n 1; }
