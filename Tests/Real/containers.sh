# Containers of a BusyBox image, with nothing but it: what a command sees and gives back, what stays of it, what a commit
# makes of it, and that nothing is left mounted.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store

# Statuses, as docker's.
expect 7 shale run busybox sh -c 'exit 7'
expect 127 shale run busybox no-such-program 2>"$scratch/error"
grep -qx 'shale: run no-such-program: the image has no such program' "$scratch/error"
expect 126 shale run busybox /etc/passwd 2>/dev/null
expect 125 shale run --pull never no-such-image true 2>/dev/null
expect 143 shale run busybox sh -c 'kill -TERM $$; exit 143'
[ "$(shale ps -aq | wc -l)" = 2 ]
shale ps -l | grep -q 'Exited (143) .* ago'
shale rm -a >/dev/null

# What it sees.
[ "$(shale run --rm -e A='1 2' -e B busybox sh -c 'echo "$A$B"')" = '1 2' ]
[ "$(shale run --rm -w /tmp/deep busybox pwd)" = /tmp/deep ]
[ "$(shale run --rm --hostname quarry busybox sh -c 'hostname; cat /etc/hostname' | uniq)" = quarry ]
[ "$(shale run --rm --network none busybox ls /sys/class/net)" = lo ]
shale run --rm --add-host stone:10.1.2.3 busybox grep -q 'stone' /etc/hosts
[ "$(echo through | shale run --rm -i busybox cat)" = through ]
[ -z "$(echo not-through | shale run --rm busybox cat)" ]
[ "$(shale run --rm --entrypoint /bin/echo busybox said)" = said ]
[ "$(shale run --rm busybox sh -c 'echo $$')" = 1 ]
mkdir "$scratch/shared"
echo outside >"$scratch/shared/file"
[ "$(shale run --rm -v "$scratch/shared:/in/here" busybox sh -c 'cat /in/here/file; echo inside >/in/here/new')" = outside ]
[ "$(cat "$scratch/shared/new")" = inside ]
expect 1 shale run --rm -v "$scratch/shared:/in/here:ro" busybox touch /in/here/x 2>/dev/null
expect 1 shale run --rm --read-only busybox touch /x 2>/dev/null
expect 0 shale run --rm --read-only --tmpfs /run:size=1m busybox touch /run/x
# Docker's set: no mounts, no machine's clock, no module; a set-id program's user may not be given away.
expect 1 shale run --rm busybox mount -t tmpfs x /tmp 2>/dev/null
expect 1 shale run --rm busybox unshare -m true 2>/dev/null
[ "$(shale run --rm busybox cat /proc/keys | wc -c)" = 0 ]
if [ "$one_id" = no ]; then
    [ "$(shale run --rm -u web busybox id -u)" = 33 ]
    [ "$(shale run --rm -u 1234:56 busybox id -G)" = 56 ]
    expect 1 shale run --rm -u web busybox touch /x 2>/dev/null
fi
expect 125 shale run -u no-such-user busybox true 2>"$scratch/error"
grep -q "find user no-such-user: the image's /etc/passwd has none" "$scratch/error"

# Signals go through, and what is killed leaves no mount.
"$SHALE" run --root "$store" --name patient busybox sh -c 'trap "exit 9" TERM; echo ready; while :; do usleep 100000; done' >"$scratch/out" &
runner=$!
until grep -qs ready "$scratch/out"; do sleep 0.05; done
shale ps | grep -q patient
expect 1 shale rm patient 2>/dev/null
kill -TERM $runner
got=0
wait $runner || got=$?
[ "$got" = 9 ]
shale rm patient >/dev/null
"$SHALE" run --root "$store" --name stubborn busybox sh -c 'echo steady; while :; do usleep 100000; done' >"$scratch/out" &
runner=$!
until grep -qs steady "$scratch/out"; do sleep 0.05; done
shale rm -f stubborn >/dev/null
wait $runner || true
"$SHALE" run --root "$store" --name orphan busybox sh -c 'echo alone; while :; do usleep 100000; done' >"$scratch/out" &
runner=$!
until grep -qs alone "$scratch/out"; do sleep 0.05; done
kill -KILL $runner
wait $runner 2>/dev/null || true
for _ in $(seq 100); do pgrep -f "bundle $store" >/dev/null || break; sleep 0.1; done
! pgrep -f "bundle $store" >/dev/null || fail "a container outlives whoever ran it"
shale ps -l | grep -q 'Exited (137)'
shale rm orphan >/dev/null
[ -z "$(shale ps -aq)" ]
! grep -q "$store" /proc/self/mountinfo

# What stays: exactly what was changed, whatever was mounted.
shale run --name changed -v "$scratch/shared:/in/here" busybox sh -c '
    echo new >/file; rm /etc/passwd; mkdir -p /a/b; mv /www /site; echo more >>/etc/group; mknod /pipe p; ln -s x /link'
shale diff changed >"$scratch/diff"
cut -f 1 "$scratch/diff" | sort >"$scratch/names"
cat >"$scratch/wanted" <<'W'
A /a
A /a/b
A /file
A /link
A /pipe
A /site
C /etc/group
D /etc/passwd
D /www
W
diff "$scratch/wanted" "$scratch/names"
id=$(shale commit -a "Jay L" -m changes -c 'CMD ["cat", "/file"]' -c 'ENV STONE=granite' -c 'WORKDIR /a' \
    -c 'LABEL kind="igneous rock"' -c 'EXPOSE 80' -c 'ENTRYPOINT []' changed busybox:changed)
[[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
[ "$(shale run --rm busybox:changed)" = new ]
[ "$(shale run --rm busybox:changed sh -c 'echo $STONE; pwd; cat /site/index; ls /etc; readlink /link' | tr '\n' ' ')" = \
    'granite /a welcome group hostname hosts resolv.conf x ' ]
# The container is what it was, and can be committed again: to the same layer.
diff <(cut -f 1 "$scratch/diff" | sort) <(shale diff changed | cut -f 1 | sort)
shale commit changed busybox:again >/dev/null
shale commit --squash changed busybox:one >/dev/null
[ "$(shale run --rm busybox:one sh -c 'ls /etc; cat /file' | tr '\n' ' ')" = 'group hostname hosts resolv.conf new ' ]
expect 125 shale commit -c 'RUN true' changed 2>"$scratch/error"
grep -q 'RUN does not say how an image runs' "$scratch/error"
shale rm changed >/dev/null
# Eight at once.
for i in 1 2 3 4 5 6 7 8; do
    (shale run --name "n$i" busybox sh -c "echo $i >/number" && shale commit "n$i" "number:$i" >/dev/null) &
done
wait
for i in 1 2 3 4 5 6 7 8; do [ "$(shale run --rm "number:$i" cat /number)" = "$i" ]; done
! grep -q "$store" /proc/self/mountinfo

# With one id an owner is recorded, and real in the layer; nobody else can be become, and programs are told that they were.
if [ "$one_id" = yes ]; then
    shale run --name giver busybox sh -c '
        mkdir -p /d/e && touch /d/e/f && chown -R 33:44 /d && cd /d && chown 5:6 e && chmod 4711 e/f
        chown 1 /nothing 2>/dev/null && exit 3; su web -s /bin/sh -c true'
    shale commit giver given >/dev/null
    shale export given | tar --numeric-owner -tv d >"$scratch/owners"
    [ "$(awk '{print $1, $2, $6}' "$scratch/owners" | tr '\n' ' ')" = \
        'drwxr-xr-x 33/44 d/ drwxr-xr-x 5/6 d/e/ -rws--x--x 33/44 d/e/f ' ]
fi
