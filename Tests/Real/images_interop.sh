# Other people's tools and ours on the same images, all ways: skopeo, umoci and buildah read our store and our archives, we
# read theirs; gzip and zstd; trees compared entry by entry.
# as: root
. "$(dirname "$0")/lib.sh"
store=$scratch/store
shale() { local command=$1; shift; "$SHALE" "$command" --root "$store" "$@"; }
b() { buildah --root "$scratch/buildah" --runroot "$scratch/run" --storage-driver vfs "$@"; }
trap 'b rm -a >/dev/null 2>&1 || true; b rmi -a -f >/dev/null 2>&1 || true; finish' EXIT

# Everything about every entry but the link counts of directories.
describe() { # DIRECTORY
    (
        cd "$1"
        find . -mindepth 1 \( -type d -printf '%P d %m %U %G\n' -o -type l -printf '%P l %U %G %l\n' -o -printf '%P %y %m %U %G %n %s %Ts\n' \) | sort
        find . -type f -print0 | sort -z | xargs -0 sha256sum
        getfattr -hPdR -m 'user\.|security\.capability' . 2>/dev/null || true
    )
}
same() { # DIRECTORY DIRECTORY WHAT
    diff <(describe "$1") <(describe "$2") >"$scratch/diff" || { head -n 20 "$scratch/diff"; fail "$3: not the same tree"; }
}
tree() { # IMAGE DIRECTORY
    mkdir "$2"
    shale export "$1" | tar -C "$2" -xpf - --xattrs --xattrs-include='*'
}
id() { shale inspect -f '{{.Id}}' "$1"; }
layers() { shale inspect -f '{{.RootFS.Layers}}' "$1"; }

# Ours, with a layer of umoci's on top: a file, a whiteout, an opaque directory.
mkdir -p "$scratch/tree"/{bin,etc/conf.d,srv/deep/er}
cp "$(command -v busybox)" "$scratch/tree/bin/busybox"
ln -s busybox "$scratch/tree/bin/sh"
ln "$scratch/tree/bin/busybox" "$scratch/tree/bin/hard"
echo one >"$scratch/tree/etc/conf.d/one"
echo gone >"$scratch/tree/etc/gone"
echo deep >"$scratch/tree/srv/deep/er/file"
chmod 4711 "$scratch/tree/bin/busybox"
chown 12:34 "$scratch/tree/etc/conf.d/one"
setfattr -n user.mark -v yes "$scratch/tree/etc/conf.d/one"
setcap cap_net_raw+ep "$scratch/tree/etc/gone"
mknod "$scratch/tree/null" c 1 3
mkfifo "$scratch/tree/fifo"
touch -d @1234567890 "$scratch/tree/srv/deep/er/file"
shale import -c 'CMD ["sh"]' "$scratch/tree" app:0 >/dev/null
shale save --format oci-dir -o "$scratch/layout" app:0
mkdir "$scratch/opaque"
echo fresh >"$scratch/opaque/new"
umoci insert --image "$scratch/layout:0" --tag 1 "$scratch/tree/etc/conf.d/one" /srv/one
umoci insert --image "$scratch/layout:1" --whiteout /etc/gone
umoci insert --image "$scratch/layout:1" --opaque "$scratch/opaque" /srv/deep
umoci config --image "$scratch/layout:1" --config.user 1000 --config.label a=b
skopeo copy -q "oci:$scratch/layout:1" "oci-archive:$scratch/app1.tar:app:1"
shale load -i "$scratch/app1.tar" | grep -qx "Loaded image: app:1"
tree app:1 "$scratch/ours"
[ "$(cat "$scratch/ours/srv/deep/new")" = fresh ] && [ ! -e "$scratch/ours/etc/gone" ] && [ ! -e "$scratch/ours/srv/deep/er" ]
[ "$(shale inspect -f '{{.Config.User}} {{.Config.Labels}} {{.Config.Cmd}}' app:1)" = "1000 map[a:b] [sh]" ]

# umoci, on its layout and on our store as it is.
umoci unpack --image "$scratch/layout:1" "$scratch/bundle"
same "$scratch/bundle/rootfs" "$scratch/ours" "umoci unpack"
umoci unpack --image "$store:docker.io/library/app:1" "$scratch/bundle2"
same "$scratch/bundle2/rootfs" "$scratch/ours" "umoci unpack of our store"

# skopeo, from our store and back, as every kind of archive.
[ "$(skopeo inspect "oci:$store:docker.io/library/app:1" | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["Layers"]))')" = 4 ]
skopeo copy -q "oci:$store:docker.io/library/app:1" "oci:$scratch/copy:1"
skopeo copy -q "oci:$store:docker.io/library/app:1" "docker-archive:$scratch/docker.tar:copy:docker"
skopeo copy -q --dest-compress-format zstd "oci:$store:docker.io/library/app:1" "oci-archive:$scratch/zstd.tar:copy:zstd"
wanted=$(id app:1)
[ "$(shale load -i "$scratch/copy" | sed -n 's/.*: //p')" != "" ]
shale load -i "$scratch/docker.tar" | grep -qx "Loaded image: copy:docker"
shale load -i "$scratch/zstd.tar" | grep -qx "Loaded image: copy:zstd"
[ "$(id copy:docker)" = "$wanted" ] || fail "docker-archive of skopeo: another image"
[ "$(id copy:zstd)" = "$wanted" ] || fail "zstd by skopeo: another image"
[ "$(layers copy:docker)" = "$(layers app:1)" ]
for compression in docker-archive oci-archive; do
    shale save --format $compression -o "$scratch/saved.tar" app:1
    skopeo copy -q "$compression:$scratch/saved.tar" "dir:$scratch/$compression"
    [ "$(skopeo inspect --config --raw "dir:$scratch/$compression" | sha256sum | cut -c 1-64)" = "${wanted#sha256:}" ]
done

# buildah, from our archive; and back what it made of it, by gzip and zstd.
shale save --format oci-archive -o "$scratch/saved.tar" app:1
container=$(b from "oci-archive:$scratch/saved.tar")
same "$(b mount "$container")" "$scratch/ours" "buildah from our archive"
place=$(b mount "$container")
rm "$place/srv/one"
mkdir "$place/srv/more"
seq 1000 >"$place/srv/more/numbers"
chown 7:8 "$place/srv/more/numbers"
b config --env A=b --cmd '["x"]' "$container"
b commit -q "$container" made >/dev/null
for compression in gzip zstd; do
    b push -q --compression-format $compression made "oci-archive:$scratch/made.$compression.tar:made:$compression"
    shale load -i "$scratch/made.$compression.tar" | grep -qx "Loaded image: made:$compression"
    tree made:$compression "$scratch/made.$compression"
    same "$place" "$scratch/made.$compression" "buildah's image by $compression"
    [ "$(shale inspect -f '{{.Config.Env}} {{.Config.Cmd}}' made:$compression)" = "[A=b] [x]" ]
done
[ "$(layers made:gzip)" = "$(layers made:zstd)" ]
b push -q made "docker-archive:$scratch/made.docker.tar:made:docker"
shale load -i "$scratch/made.docker.tar" >/dev/null
[ "$(layers made:docker)" = "$(layers made:gzip)" ]
shale doctor --store
