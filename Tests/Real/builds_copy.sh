# COPY and ADD: what they select, where it goes, as what; from contexts of all kinds, addresses and repositories.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
# What an image holds besides its directories, in order.
names() { shale export "$1" | tar -t | grep -v '/$' | LC_ALL=C sort | tr '\n' ' '; }
lines() { shale export "$1" | tar -tv --numeric-owner "${@:2}" | sed 's/ \+/ /g' | cut -d' ' -f 1,2,6- | LC_ALL=C sort -k 3; }
mkdir -p "$c/src/deep/er" "$c/other"
echo a >"$c/src/a.txt"
echo b >"$c/src/b.txt"
echo c >"$c/src/c.md"
echo d >"$c/src/deep/d.txt"
echo e >"$c/src/deep/er/e.txt"
echo o >"$c/other/o.txt"
ln -s a.txt "$c/src/link"
chmod 755 "$c/src/b.txt"

# Globs, directories, several sources, places.
build -t t <<'D' >/dev/null
FROM scratch
COPY src/*.txt /glob/
COPY src/a.txt src/c.md /two/
COPY src /dir
COPY src/deep/. /dot
COPY src/a.txt /file
WORKDIR /work
COPY src/a.txt relative
COPY src/?.md ./
COPY ["src/a.txt", "json/"]
D
same "$(names t)" 'dir/a.txt dir/b.txt dir/c.md dir/deep/d.txt dir/deep/er/e.txt dir/link dot/d.txt dot/er/e.txt file glob/a.txt glob/b.txt two/a.txt two/c.md work/c.md work/json/a.txt work/relative '
build -t t <<'D' >/dev/null
FROM scratch
COPY --parents src/**/*.txt /all/
COPY --parents src/./deep/d.txt /pivot/
COPY --exclude=*.md --exclude=deep src /without/
COPY --exclude=**/*.txt src /nothing/
D
same "$(names t)" 'all/src/a.txt all/src/b.txt all/src/deep/d.txt all/src/deep/er/e.txt nothing/c.md nothing/link pivot/deep/d.txt without/a.txt without/b.txt without/link '

# Modes and owners.
build -t t <<'D' >/dev/null
FROM scratch
COPY --chmod=640 src/a.txt /octal
COPY --chmod=go-r,g+X src/deep /symbolic/
COPY --chmod=g+w,o-r src/b.txt /changed
COPY src/b.txt /kept
D
same "$(lines t)" "-rwxrwx--x 0/0 changed
-rwxr-xr-x 0/0 kept
-rw-r----- 0/0 octal
drwxr-xr-x 0/0 symbolic/
-rw------- 0/0 symbolic/d.txt
drwx--x--x 0/0 symbolic/er/
-rw------- 0/0 symbolic/er/e.txt"
[ "$one_id" = yes ] || {
    build -t t <<'D' >/dev/null
FROM busybox
COPY --chown=web src/a.txt /own/name
COPY --chown=web:staff src/a.txt /own/both
COPY --chown=1234 src/a.txt /own/number
COPY --chown=1234:56 --chmod=600 src /own/tree
ADD --chown=:staff src/a.txt /own/group
USER web
COPY src/a.txt /own/user
D
    same "$(shale run --rm -u 0 t stat -c '%n %u:%g %a' /own /own/name /own/both /own/number /own/tree /own/tree/deep /own/tree/a.txt /own/user)" \
        "/own 33:33 755
/own/name 33:33 644
/own/both 33:50 644
/own/number 1234:1234 644
/own/tree 1234:56 755
/own/tree/deep 1234:56 600
/own/tree/a.txt 1234:56 600
/own/user 0:0 644"
}
refuse 1 'find user' <<'D'
FROM busybox
COPY --chown=nobody-here src/a.txt /
D

# --link: a layer by itself, which goes over any base.
first=$(build -t t <<'D'
FROM scratch
COPY --link src/a.txt /x/
D
)
build -t t2 <<'D' >/dev/null
FROM busybox
COPY --link src/a.txt /x/
D
last() { shale inspect -f '{{json .RootFS.Layers}}' "$1" | tr -d '[]"' | tr , '\n' | tail -n 1; }
same "$(last t2)" "$(last t)"

# Archives.
tar -C "$c/src" -cf "$c/plain.tar" . && gzip -k "$c/plain.tar" && xz -k "$c/plain.tar"
build -t t <<'D' >/dev/null
FROM scratch
ADD plain.tar /plain/
ADD plain.tar.gz /gzip/
ADD plain.tar.xz /xz
ADD --unpack=false plain.tar /kept/
COPY plain.tar /copied/
D
all='a.txt b.txt c.md deep/d.txt deep/er/e.txt link'
same "$(names t)" "$(for d in gzip plain xz; do for f in $all; do echo "$d/$f"; done; done | cat - <(echo copied/plain.tar; echo kept/plain.tar) | LC_ALL=C sort | tr '\n' ' ')"
printf 'no archive' >"$c/no.tar"
build -t t <<'D' >/dev/null
FROM scratch
ADD no.tar /x/
D
same "$(names t)" 'x/no.tar '

# Stages, images, named contexts.
mkdir "$scratch/named"
echo named >"$scratch/named/file"
echo ignored >"$scratch/named/ignored"
echo ignored >"$scratch/named/.dockerignore"
tar -C "$scratch/named" -cf "$scratch/named.tar" file
shale save -o "$scratch/bb.tar" busybox
mkdir "$scratch/layout" && skopeo copy -q "docker-archive:$scratch/busybox.tar:busybox:latest" "oci:$scratch/layout:bb"
build -t t --build-context "dir=$scratch/named" --build-context "image=docker-image://busybox" \
    --build-context "layout=oci-layout://$scratch/layout:bb" --build-context "replaced=$scratch/named" <<'D' >/dev/null
FROM busybox AS stage
RUN echo stage >/staged
FROM busybox AS replaced
RUN exit 1
FROM scratch
COPY --from=stage /staged /1
COPY --from=busybox /www/index /2
COPY --from=dir file /3
COPY --from=dir . /all/
COPY --from=image /www/index /4
COPY --from=layout /www/index /5
COPY --from=replaced file /6
COPY --from=0 staged /7
D
same "$(names t)" '1 2 3 4 5 6 7 all/.dockerignore all/file '
build -t t --build-context "busybox=docker-image://t" <<'D' >/dev/null
FROM busybox
COPY src/a.txt /more
D
same "$(names t)" '1 2 3 4 5 6 7 all/.dockerignore all/file more '

# Addresses and repositories, from this machine.
mkdir "$scratch/served"
cp "$c/plain.tar.gz" "$scratch/served/"
echo remote >"$scratch/served/remote.txt"
git init -q -b main "$scratch/served/repo"
git_() { git -C "$scratch/served/repo" -c user.name=n -c user.email=e@e "$@"; }
mkdir "$scratch/served/repo/docker"
echo tracked >"$scratch/served/repo/file"
printf 'FROM scratch\nCOPY inside /\n' >"$scratch/served/repo/docker/Dockerfile"
echo inside >"$scratch/served/repo/docker/inside"
git_ add . && git_ commit -q -m one && git_ tag v1
echo later >"$scratch/served/repo/file" && git_ commit -qam two
git clone -q --bare "$scratch/served/repo" "$scratch/served/bare.git" && git -C "$scratch/served/bare.git" update-server-info
tar -C "$scratch/served/repo/docker" -cf "$scratch/served/context.tar" .
(cd "$scratch/served" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$scratch/http" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; finish' EXIT
until port=$(grep -o 'port [0-9]*' "$scratch/http" | cut -d' ' -f 2) && [ -n "$port" ]; do sleep 0.05; done
at=http://127.0.0.1:$port
sum=$(sha256sum "$scratch/served/remote.txt" | cut -d' ' -f 1)
build -t t <<D >/dev/null
FROM scratch
ADD $at/remote.txt /
ADD --checksum=sha256:$sum $at/remote.txt /checked
ADD $at/plain.tar.gz /archive/
ADD --unpack $at/plain.tar.gz /unpacked/
ADD $at/bare.git#v1 /git/
ADD --keep-git-dir $at/bare.git /whole/
D
same "$(names t | tr ' ' '\n' | grep -v '^whole/.git/' | tr '\n' ' ')" "archive/plain.tar.gz checked git/docker/Dockerfile git/docker/inside git/file remote.txt $(for f in $all; do echo "unpacked/$f"; done | tr '\n' ' ')whole/docker/Dockerfile whole/docker/inside whole/file "
same "$(shale export t | tar -xO git/file whole/file | tr '\n' ' ')" "tracked later "
refuse 1 'sha256:0000' <<D
FROM scratch
ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 $at/remote.txt /
D
refuse 1 '404' <<D
FROM scratch
ADD $at/nothing.txt /
D
# The whole context from elsewhere.
plain() { shale build -q -t t "$@" 2>"$log" >/dev/null || { cat "$log"; return 1; }; names t; }
same "$(plain "$at/bare.git#main:docker")" "inside "
same "$(plain "$at/context.tar")" "inside "
same "$(plain "$scratch/served/context.tar")" "inside "
same "$(plain - <"$scratch/served/context.tar")" "inside "
gzip -k "$scratch/served/context.tar"
same "$(plain - <"$scratch/served/context.tar.gz")" "inside "
same "$(printf 'FROM scratch\nCOPY <<A /only\nA\n' | plain -)" "only "
printf 'FROM scratch\nCOPY inside /f\n' >"$scratch/served/repo/docker/Other"
same "$(cd "$scratch/served/repo/docker" && plain -f Other .)" "f "
same "$(printf 'FROM scratch\nCOPY inside /s\n' | plain -f - "$scratch/served/repo/docker")" "s "
kill $server

# .dockerignore, and one for a Dockerfile alone.
printf '# rules\n*.md\n**/*.txt\n!src/b.txt\nother\n' >"$c/.dockerignore"
rm -f "$c"/*.tar*
build -t t <<'D' >/dev/null
FROM scratch
COPY . /
D
same "$(names t)" '.dockerignore src/b.txt src/c.md src/link '
refuse 1 '"/src/a.txt": not found' <<'D'
FROM scratch
COPY src/a.txt /
D
printf 'FROM scratch\nCOPY . /\n' >"$c/Named"
echo 'src' >"$c/Named.dockerignore"
same "$(plain -f "$c/Named" "$c")" '.dockerignore Named Named.dockerignore other/o.txt '
rm "$c/.dockerignore" "$c"/Named*

# Links in the way stay inside the image, and a context's link does not lead out of it.
echo outside >"$scratch/outside"
ln -s "$scratch/outside" "$c/leak"
build -t t <<'D' >/dev/null
FROM busybox
RUN ln -s /etc /elsewhere && ln -s ../../../../tmp /up
COPY src/a.txt /elsewhere/
COPY src/b.txt /up/
D
same "$(shale run --rm t ls /etc/a.txt /tmp/b.txt | tr '\n' ' ')" '/etc/a.txt /tmp/b.txt '
refuse 1 'not found' <<'D'
FROM scratch
COPY leak/ /x
D
nothing_left
