# From the start of a server to its mount: what ends it early touches nobody else's mount, what refuses the newer mount calls gets
# the older one, and fstab knows what is mounted (SEMANTICS 11.1, 11.2).
# as: root
. "$(dirname "$0")/lib.sh"
echo below >"$l/f"
victim=$scratch/victim
mkdir "$victim"

# early SIGNALLED-BY-OURSELVES: SIGTERM is pending before the server begins.
early() {
    python3 - "$SHALEFS" "$@" <<'P'
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])
P
}

echo "== a signal that comes before the mount"
for run in 1 2 3 4 5; do
    mount -t tmpfs victim "$victim"
    touch "$victim/theirs"
    timeout 20 env bash -c "$(declare -f early); SHALEFS=$SHALEFS early -f -o lowerdir=$l,upperdir=$u,workdir=$w $victim" || true
    [ -e "$victim/theirs" ] || fail "run $run: another mount was taken away"
    ! grep -q " $victim fuse" /proc/mounts || fail "run $run: mounted all the same"
    umount "$victim"
done

echo "== whoever it is tied to has gone before the mount"
for run in 1 2 3; do
    python3 - "$SHALEFS" "lowerdir=$l,upperdir=$u,workdir=$w" "$m" <<'P'
import os, socket, subprocess, sys, time
ours, theirs = socket.socketpair()
def child():
    os.dup2(theirs.fileno(), 3)
process = subprocess.Popen([sys.argv[1], "-o", sys.argv[2], sys.argv[3]], env=dict(os.environ, SHALEFS_READY="tied"),
                           preexec_fn=child, pass_fds=[3])
theirs.close()
ours.close()
process.wait(20)
P
    ! grep -q " $m " /proc/mounts || fail "run $run: still mounted"
done

echo "== killed while its mount is being made"
strace -f -qq -o /dev/null -e trace=write,writev -e inject=writev,write:delay_enter=300000 \
    "$SHALEFS" -f -o "lowerdir=$l,upperdir=$u,workdir=$w" "$m" &
tracer=$!
for wait in 0.4 0.7; do
    sleep $wait
    pkill -9 -f -- "^$SHALEFS.*upperdir=$u" || true
done
wait $tracer || true
for _ in $(seq 50); do
    pgrep -f -- "^$SHALEFS.*upperdir=$u" >/dev/null || break
    sleep 0.1
done
! pgrep -f -- "^$SHALEFS.*upperdir=$u" >/dev/null || fail "a server is left that nothing ends"
mount_stack "$l"
[ "$(cat "$m/f")" = below ]
unmount

echo "== where the newer calls are refused"
for call in fsopen fsmount open_tree move_mount; do
    for options in "" ",volatile"; do
        strace -f -qq -o /dev/null -e trace=$call -e inject=$call:error=EPERM \
            "$SHALEFS" -o "lowerdir=$l,upperdir=$u,workdir=$w$options" "$m" &
        tracer=$!
        for _ in $(seq 100); do
            grep -q " $m " /proc/mounts && break
            sleep 0.1
        done
        [ "$(cat "$m/f")" = below ]
        case $call in
        # A copy of a lower's mount is made by it too, which a stack does without.
        open_tree) ;;
        *) [ "$(awk -v m="$m" '$5 == m { print $4 }' /proc/self/mountinfo)" = / ] || fail "$call: not by mount(2)" ;;
        esac
        echo changed >"$m/g"
        unmount
        wait $tracer
        [ "$(cat "$u/g")" = changed ]
        rm -rf "$w/work" "$u/g"
    done
done

echo "== fstab"
ln -s "$SHALEFS" /sbin/mount.fuse.shale
trap 'rm -f /sbin/mount.fuse.shale; finish' EXIT
echo "shale-fstab $m fuse.shale lowerdir=$l,upperdir=$u,workdir=$w 0 0" >"$scratch/fstab"
mount -a -T "$scratch/fstab"
mount -v -a -T "$scratch/fstab" | grep -q "already mounted"
[ "$(grep -c " $m " /proc/mounts)" = 1 ]
unmount
echo "mounting: ok"
