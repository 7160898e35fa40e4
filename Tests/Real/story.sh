# The article that the project began with, by hand: an image run, changed, committed, tagged and looked at, then the same by
# a Dockerfile; a union taken apart; what shrinks, hardens and reviews an image. Offline, on a BusyBox image.
# as: root user single
. "$(dirname "$0")/lib.sh"
export XDG_DATA_HOME=$scratch/data
shale() { "$SHALE" "$1" "${store[@]}" "${@:2}"; }
# An ordinary user needs not say where.
store=()
[ "$(id -u)" != 0 ] || store=(--root "$scratch/data/shale")
busybox_archive "$scratch/busybox.tar"
shale load -i "$scratch/busybox.tar" >/dev/null

# docker run -it busybox sh; touch /newfile; exit. On a terminal of its own.
script -qec "$SHALE run ${store[*]} -it busybox sh" "$scratch/typescript" >/dev/null <<'T'
touch /newfile
exit
T
id=$(shale ps -lq)
shale ps -l | grep -q "^$id  *busybox  *\"sh\" .*Exited (0) .* ago"
[ "$(shale diff "$id" | cut -f 1)" = 'A /newfile' ]
[ "$(shale inspect -f '{{.State.ExitCode}}' "$id")" = 0 ]

# docker commit, tag by a short id, history, run again.
image=$(shale commit -a JayL -m 'add newfile' "$id")
[[ $image =~ ^sha256:[0-9a-f]{64}$ ]]
short=${image:7:12}
[ "$(shale inspect -f '{{len .RootFS.Layers}}' "$short")" = 2 ]
[ "$(shale inspect -f '{{.Author}}: {{.Comment}}' "$short")" = 'JayL: add newfile' ]
shale tag "$short" busybox:manual
shale run --rm busybox:manual ls -al newfile | grep -Eq '^-rw-r--r-- +1 root +(root|0) +0 .* newfile$'
shale history busybox:manual >"$scratch/history"
[ "$(wc -l <"$scratch/history")" = 3 ]
sed -n 2p "$scratch/history" | grep -q "^$short .* sh .*add newfile"
sed -n 3p "$scratch/history" | grep -q 'ADD busybox'
# One new layer, with one entry.
shale save --format oci-dir -o "$scratch/oci" busybox:manual
layer=$(python3 - "$scratch/oci" <<'P'
import json, sys
d = sys.argv[1]
blob = lambda digest: f"{d}/blobs/{digest.replace(':', '/')}"
index = json.load(open(d + "/index.json"))
print(blob(json.load(open(blob(index["manifests"][0]["digest"])))["layers"][-1]["digest"]))
P
)
[ "$(tar tf "$layer")" = newfile ]

# FROM busybox, RUN touch /newfile: the same layer content as the commit. FROM scratch, ADD newfile .: one layer.
mkdir "$scratch/auto" "$scratch/bare"
printf 'FROM busybox\nRUN touch /newfile\n' >"$scratch/auto/Dockerfile"
shale build -q -t busybox:autobuild "$scratch/auto" >/dev/null
[ -z "$(shale diff busybox:manual busybox:autobuild)" ]
touch "$scratch/bare/newfile"
printf 'FROM scratch\nADD newfile .\n' >"$scratch/bare/Dockerfile"
shale build -q -t bare "$scratch/bare" >/dev/null
[ "$(shale inspect -f '{{len .RootFS.Layers}}' bare)" = 1 ]
shale images busybox | grep -q '^busybox  *manual '

# A union by hand, with no sudo: what is where, what a change, a new file and a deletion leave.
cd "$scratch"
mkdir lower upper work merged
echo lower >lower/file1; echo lower >lower/file2; echo upper >upper/file2; echo lower >lower/file3; echo upper >upper/file4
chmod 700 work
"$SHALE" mount -olowerdir=lower,upperdir=upper,workdir=work merged
[ "$(ls merged | tr '\n' ' ')" = 'file1 file2 file3 file4 ' ]
[ "$(cat merged/file2)" = upper ]
"$SHALE" info "${store[@]}" | grep -q merged
grep "$scratch/merged" /proc/mounts | grep -q fuse.shale
echo new >merged/file5
[ "$(cat upper/file5)" = new ]
echo changed >merged/file1
[ "$(cat upper/file1)" = changed ] && [ "$(cat lower/file1)" = lower ]
rm merged/file3
[ -f lower/file3 ] && [ ! -e merged/file3 ]
case $(stat -c '%F %t,%T' upper/file3 2>/dev/null || stat -c '%n' upper/.wh.file3) in
"character special file 0,0" | upper/.wh.file3) ;;
*) fail "no whiteout in upper" ;;
esac
"$SHALE" umount merged
mkdir lower1 lower2 lower3
echo 1 >lower1/a; echo 2 >lower2/a; echo 3 >lower3/b
"$SHALE" mount -olowerdir=lower1:lower2:lower3 merged
[ "$(cat merged/a merged/b | tr '\n' ' ')" = '1 3 ' ]
"$SHALE" umount merged
# inspect gives the same keys, and real directories.
for key in UpperDir WorkDir MergedDir; do [ -d "$(shale inspect -f "{{.GraphDriver.Data.$key}}" "$id")" ]; done
shale inspect -f '{{.GraphDriver.Data.LowerDir}}' "$id" | tr : '\n' | while read -r directory; do [ -d "$directory" ]; done

# Fewer layers, several stages, ignored files, pinned bases, another user.
mkdir "$scratch/stages"
cat >"$scratch/stages/Dockerfile" <<'D'
FROM busybox AS builder
WORKDIR /src
COPY . .
RUN cat main.c >/app && chmod 4755 /app && echo built >/note
FROM busybox AS unneeded
RUN false
FROM busybox
COPY --from=builder /app /app
USER web
CMD ["cat", "/app"]
D
echo 'int main;' >"$scratch/stages/main.c"
echo secret >"$scratch/stages/key.pem"
echo '*.pem' >"$scratch/stages/.dockerignore"
shale build -q -t stages "$scratch/stages" >/dev/null
[ "$(shale inspect -f '{{len .RootFS.Layers}} {{.Config.User}}' stages)" = '2 web' ]
[ "$(shale run --rm stages)" = 'int main;' ]
shale build --progress plain -t again "$scratch/stages" 2>"$scratch/log" >/dev/null
[ "$(grep -c CACHED "$scratch/log")" = "$(grep -c '^#[0-9]* \[' "$scratch/log")" ] || { cat "$scratch/log"; exit 1; }
echo another >"$scratch/stages/key.pem"
shale build --progress plain -t again "$scratch/stages" 2>&1 >/dev/null | grep -q 'not cached' && fail "an ignored file matters"
digest=$(shale inspect -f '{{index .RepoDigests 0}}' busybox)
printf 'FROM %s\nRUN true\n' "${digest/%?/x}" >"$scratch/auto/Dockerfile"
if shale build -q "$scratch/auto" 2>/dev/null; then fail "a wrong digest is built on"; fi
shale build -q --squash -t squashed "$scratch/stages" >/dev/null
[ "$(shale inspect -f '{{len .RootFS.Layers}}' squashed)" = 2 ]
[ "$(shale history -q squashed | wc -l)" = "$(shale history -q stages | wc -l)" ]

# What is set-user-ID is listed, and mended.
shale audit --fail-on never stages >"$scratch/audit"
grep -q '/app' "$scratch/audit"
shale build -q --strip-setid -t stripped "$scratch/stages" >/dev/null
shale run --rm -u root stripped find / -xdev -perm -4000 -type f | grep -q . && fail "set-id files are left"
shale audit --fix -t fixed --fail-on never stages >/dev/null
[ -z "$(shale run --rm -u root fixed find /app -perm -4000)" ]

# dive's verdict.
CI=true shale analyze stages >"$scratch/dive"
grep -q 'PASS' "$scratch/dive"
printf 'FROM busybox\nRUN cp /bin/busybox /once\nRUN rm /once\n' >"$scratch/auto/Dockerfile"
shale build -q -t wasteful "$scratch/auto" >/dev/null
printf 'rules:\n  lowestEfficiency: 0.95\n' >"$scratch/.dive-ci"
if CI=true shale analyze --ci-config "$scratch/.dive-ci" wasteful >"$scratch/dive"; then fail "waste passes"; fi
grep -q FAIL "$scratch/dive"
shale prune -f >/dev/null
shale doctor --store
