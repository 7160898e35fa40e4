# Images in and out: a BusyBox image through archives, a registry with users, skopeo and back; pulls that are killed.
# as: root user
. "$(dirname "$0")/lib.sh"
export DOCKER_CONFIG=$scratch/docker XDG_RUNTIME_DIR=$scratch
one=$scratch/one two=$scratch/two
one() { local command=$1; shift; "$SHALE" "$command" --root "$one" "$@"; }
two() { local command=$1; shift; "$SHALE" "$command" --root "$two" "$@"; }

# A registry with a user, on a port of its own.
htpasswd -Bbc "$scratch/users" user pass:word 2>/dev/null
cat >"$scratch/registry.yml" <<EOF
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $scratch/content}, delete: {enabled: true}}
http: {addr: 127.0.0.1:0}
auth: {htpasswd: {realm: real, path: $scratch/users}}
EOF
docker-registry serve "$scratch/registry.yml" >"$scratch/registry.log" 2>&1 &
registry=$!
trap 'kill $registry; finish' EXIT
for _ in $(seq 100); do grep -q "listening on" "$scratch/registry.log" && break; sleep 0.1; done
at=$(sed -n 's/.*listening on \(127.0.0.1:[0-9]*\).*/\1/p' "$scratch/registry.log")

# An image that somebody else made.
umoci init --layout "$scratch/theirs"
umoci new --image "$scratch/theirs:1"
mkdir "$scratch/files"
cp "$(command -v busybox)" /etc/services "$scratch/files"
umoci insert --rootless --image "$scratch/theirs:1" "$scratch/files/busybox" /bin/busybox
umoci insert --rootless --image "$scratch/theirs:1" "$scratch/files/services" /etc/services

id=$(one load -i "$scratch/theirs" | sed -n 's/^Loaded image ID: sha256://p')
[ ${#id} = 64 ]
one save -o "$scratch/a.tar" "${id:0:12}"
skopeo inspect "docker-archive:$scratch/a.tar" >/dev/null
one save --format oci-archive "$id" | zstd -q | two load | grep -q "$id"

# Refused without credentials, in one line; then pushed, pulled and compared.
if one push "$id" "$at/team/app:1" 2>"$scratch/err"; then exit 1; fi
[ "$(wc -l <"$scratch/err")" = 1 ]
grep -q "^shale: look up blob sha256:.*$at/team/app.*401" "$scratch/err"
if echo wrong | "$SHALE" login -u user --password-stdin "$at" 2>/dev/null; then exit 1; fi
echo pass:word | "$SHALE" login -u user --password-stdin "$at" >/dev/null
[ "$(stat -c %a "$DOCKER_CONFIG/config.json")" = 600 ]
pinned=$(one push "$id" "$at/team/app:1")
[[ $pinned = "$at/team/app:1@sha256:"* || $pinned = "$at/team/app@sha256:"* ]]
rm -rf "$two"
[ "$(two pull "$at/team/app:1")" = "$pinned" ]
two save -o "$scratch/b.tar" "${id:0:12}"
cmp "$scratch/a.tar" "$scratch/b.tar"
two pull "$at/team/app@${pinned##*@}" >/dev/null
# Another repository: mounted, nothing is sent.
two push "$at/team/app:1" "$at/team/copy:2" >/dev/null

# skopeo has the same of it, and we of what skopeo brings.
skopeo copy -q --src-tls-verify=false --authfile "$DOCKER_CONFIG/config.json" "docker://$at/team/copy:2" "dir:$scratch/dir"
skopeo copy -q --dest-tls-verify=false --authfile "$DOCKER_CONFIG/config.json" "oci:$scratch/theirs:1" "docker://$at/skopeo/app:1"
one pull "$at/skopeo/app:1" >/dev/null
one save --format oci-dir -o "$scratch/ours" "$at/skopeo/app:1"
umoci unpack --rootless --image "$scratch/ours:1" "$scratch/bundle"
cmp "$(command -v busybox)" "$scratch/bundle/rootfs/bin/busybox"

# Whatever moment a pull is killed at, the next one needs no help and nothing half is named.
rm -rf "$two"
for n in $(seq 20); do
    timeout -s KILL "0.0$((n * 4))" "$SHALE" pull --root "$two" "$at/team/app:1" >/dev/null 2>&1 || true
    for blob in "$two"/blobs/sha256/*; do
        [ ! -e "$blob" ] || echo "$(basename "$blob")  $blob" | sha256sum -c --quiet
    done
done
two pull "$at/team/app:1" >/dev/null
two save "$at/team/app:1" >/dev/null

"$SHALE" logout "$at" >/dev/null
if two pull "$at/team/app:1" 2>/dev/null; then exit 1; fi
