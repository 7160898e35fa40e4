# Builds that end badly: each with one line and its status, and with nothing left: no mount, no process, no file in the store.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir "$c"

# A command's failure names the file, the line and the status; its output is shown.
refuse 1 'shale: -:3: run RUN echo words && exit 7: exit status 7' <<'D'
FROM busybox

RUN echo words && exit 7
D
grep -q 'words' "$log"
nothing_left
refuse 1 '/bin/sh: no-such-program: not found' <<'D'
FROM busybox
RUN no-such-program
D
refuse 1 'run /no/such: the image has no such program' <<'D'
FROM busybox
RUN ["/no/such"]
D
printf 'FROM busybox\nRUN exit 3\n' >"$c/Dockerfile"
expect 1 shale build "$c" 2>"$log"
grep -q 'shale: Dockerfile:2: run RUN exit 3: exit status 3\|Dockerfile:2: run RUN exit 3: exit status 3' "$log"
rm "$c/Dockerfile"

# What is wrong with a Dockerfile is said before anything runs.
refuse 1 'unknown instruction: "RUNN" (did you mean RUN?)' <<'D'
FROM busybox
RUN touch /ran
RUNN true
D
! grep -q 'touch' "$log" || fail "a step ran before the Dockerfile was read"
refuse 1 '-:1: the file is empty' <<'D'
D
refuse 1 '"/missing": not found' <<'D'
FROM busybox
COPY missing /
D
refuse 1 'target stage' --target none <<'D'
FROM busybox
D
refuse 125 'Dockerfile' -f missing-file </dev/null
refuse 1 'sha256:0000' <<'D'
FROM busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000
RUN touch /ran
D
! grep -q 'touch' "$log" || fail "a step ran over a wrong digest"
refuse 1 'cannot copy from a stage that is not defined before this one: "b"' <<'D'
FROM busybox AS a
COPY --from=b /x /
FROM busybox AS b
COPY --from=a /x /
D
refuse 1 'find user nobody-here' <<'D'
FROM busybox
USER nobody-here
RUN true
D
refuse 1 'find user' <<'D'
FROM busybox
COPY --chown=nobody-here <<A /a
A
D
refuse 1 'exit status' <<'D'
FROM busybox AS a
RUN exit 5
FROM busybox AS b
RUN sleep 60
FROM scratch
COPY --from=a / /a
COPY --from=b / /b
D
nothing_left
refuse 1 'run /bin/sh: the image has no such program' <<'D'
FROM scratch
RUN true
D
refuse 1 'insecure' <<'D'
FROM busybox
RUN --security=insecure true
D
nothing_left

# A signal ends the build, its container and all that runs in it.
long() {
    cat <<'D'
FROM busybox
RUN echo begun-$((1)); trap '' TERM INT; sleep 1000 & while :; do sleep 1; done
D
}
for signal in INT TERM; do
    rm -f "$log"
    long >"$scratch/long"
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$SHALE" build --root "$store" --progress plain -f "$scratch/long" "$c" >"$log" 2>&1 &
    process=$!
    until grep -qs begun-1 "$log"; do sleep 0.05; done
    kill -$signal $process
    got=0
    wait $process || got=$?
    [ $got = 130 ] || fail "status $got after SIG$signal: $(tail -n 3 "$log")"
    nothing_left
done

# Killed, it leaves nothing that runs; the next build works, and the store is whole.
for what in shale both; do
    rm -f "$log"
    "$SHALE" build --root "$store" --progress plain -f "$scratch/long" "$c" >"$log" 2>&1 &
    process=$!
    until grep -qs begun-1 "$log"; do sleep 0.05; done
    if [ $what = shale ]; then kill -9 $process; else kill -9 $process $(pgrep -P $process 'runc|shalefs'); fi
    wait $process 2>/dev/null || true
    for i in $(seq 100); do
        left=$(pgrep -f -- "$store" || true)
        [ -n "$left" ] || break
        sleep 0.1
    done
    [ -z "$left" ] || fail "running after a kill: $(ps -o pid,args -p $left)"
    ! pgrep -f 'sleep 1000' -u "$(id -u)" >/dev/null || fail "the command goes on after a kill"
    ! grep -q "$store" /proc/self/mountinfo
    build -t after <<'D' >/dev/null
FROM busybox
RUN echo fine >/fine
D
    [ "$(shale run --rm after cat /fine)" = fine ]
    shale prune -f >/dev/null 2>&1 || shale prune >/dev/null
    nothing_left
    shale doctor --store >"$scratch/doctor" 2>&1 || { cat "$scratch/doctor"; exit 1; }
done

# Eight builds at once in one store, of which some share steps.
for i in 1 2 3 4 5 6 7 8; do
    "$SHALE" build -q --root "$store" -t "many:$i" -f - "$c" <<D >"$scratch/many$i" 2>&1 &
FROM busybox AS common
RUN echo common >/common
FROM busybox
COPY --from=common /common /
RUN echo $((i % 4)) >/number
RUN echo $i >/own
D
done
wait
for i in 1 2 3 4 5 6 7 8; do
    grep -q '^sha256:' "$scratch/many$i" || { cat "$scratch/many$i"; exit 1; }
    [ "$(shale run --rm "many:$i" cat /common /number /own | tr '\n' ' ')" = "common $((i % 4)) $i " ]
done
nothing_left
shale doctor --store >"$scratch/doctor" 2>&1 || { cat "$scratch/doctor"; exit 1; }

# Where the store is taken away under a build, it still ends when it is told to, with all that it runs.
"$SHALE" load --root "$scratch/other" -i "$scratch/busybox.tar" >/dev/null
rm -f "$log"
"$SHALE" build --root "$scratch/other" --progress plain -f "$scratch/long" "$c" >"$log" 2>&1 &
process=$!
until grep -qs begun-1 "$log"; do sleep 0.05; done
rm -rf "$scratch/other" 2>/dev/null || true
kill -TERM $process
for i in $(seq 200); do kill -0 $process 2>/dev/null || break; sleep 0.1; done
! kill -0 $process 2>/dev/null || fail "the build goes on"
wait $process || true
for i in $(seq 100); do pgrep -f -- "$scratch/other" >/dev/null || break; sleep 0.1; done
! pgrep -f -- "$scratch/other" || fail "the container goes on"

# A signal ends a copy of many files, and of a large one, wherever it is: while they are listed and read, copied, or made a
# layer. Nothing of it stays.
mkdir "$c/many"
python3 - "$c/many" <<'P'
import os, sys
for directory in range(100):
    os.mkdir(f"{sys.argv[1]}/{directory}")
    for file in range(300):
        with open(f"{sys.argv[1]}/{directory}/{file}", "wb") as out:
            out.write(os.urandom(2000))
P
head -c 600M /dev/zero | tr '\0' x >"$c/large"
for source in many large; do
    printf 'FROM busybox\nCOPY %s /copied/\n' "$source" >"$scratch/copying"
    for wait in 0.3 1 2 4; do
        rm -f "$log"
        python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$SHALE" build --root "$store" --no-cache --progress plain -f "$scratch/copying" "$c" >"$log" 2>&1 &
        process=$!
        # Until then signals are ignored.
        until [ "$(cat "/proc/$process/comm")" = shale ]; do sleep 0.02; done
        sleep "$wait"
        kill -INT $process 2>/dev/null || true
        got=0
        wait $process || got=$?
        [ $got = 130 ] || [ $got = 0 ] || fail "status $got after SIGINT in a copy: $(tail -n 3 "$log")"
        nothing_left
        [ $got = 130 ] || break
    done
    [ "$wait" != 0.3 ] || fail "no copy of $source was interrupted"
done
rm -r "$c/many" "$c/large"
shale doctor --store
