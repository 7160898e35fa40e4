# What comes out of a build, and what the cache makes of the next one: outputs of each type, the same bytes for the same input,
# squashed layers, platforms, progress; and what is a hit and what a miss.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
inspect() { shale inspect -f "$1" "$2"; }
mkdir -p "$c/src"
echo one >"$c/src/one"
echo two >"$c/src/two"
cat >"$c/Dockerfile" <<'D'
FROM busybox AS made
RUN mkdir /m && echo made >/m/made && chmod 4755 /m/made && ln /m/made /m/linked
FROM busybox
COPY --from=made /m /
COPY src /src
RUN rm -r /www && mkdir /www && echo new >/www/index && echo gone >/gone
RUN rm /gone && mv /src/one /src/three
WORKDIR /src
CMD ["cat", "three"]
D
cd "$c"
id=$(shale build -q -t t .)
same "$(shale run --rm t)" one

# Outputs.
shale build -q -o "type=oci,dest=$scratch/out.oci,name=example.org/x:1" . >/dev/null
shale build -q -o "type=docker,dest=$scratch/out.docker,name=example.org/x:1" . >/dev/null
shale build -q -o "type=tar,dest=$scratch/out.tar" . >/dev/null
shale build -q -o - . >"$scratch/stdout.tar"
shale build -q -o "$scratch/out" --iidfile "$scratch/iid" --metadata-file "$scratch/metadata" . >/dev/null
same "$(cat "$scratch/iid")" "$id"
same "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["containerimage.config.digest"])' "$scratch/metadata")" "$id"
same "$(skopeo inspect --config "oci-archive:$scratch/out.oci" | python3 -c 'import json, sys; print(json.load(sys.stdin)["config"]["WorkingDir"])')" /src
same "$(skopeo inspect --raw "docker-archive:$scratch/out.docker" | python3 -c 'import json, sys; print(json.load(sys.stdin)["config"]["digest"])')" "$id"
cmp "$scratch/out.tar" "$scratch/stdout.tar"
same "$(tar -xOf "$scratch/out.tar" src/three linked www/index | tr '\n' ' ')" "made one new "
same "$(cat "$scratch/out/src/three" "$scratch/out/www/index" | tr '\n' ' ')" "one new "
[ "$scratch/out/made" -ef "$scratch/out/linked" ]
[ "$(stat -c %a "$scratch/out/made")" = 4755 ]
[ ! -e "$scratch/out/gone" ]

# A rebuild takes everything from the cache, touched or not; it writes no blob and no layer.
listing() { find "$store/blobs" "$store/layers" -printf '%p %i %T@ %s\n' | sort; }
steps() { grep -c "$1" "$log" || true; }
listing >"$scratch/before"
touch src/one src
shale build --progress plain . 2>"$log" >"$scratch/second"
same "$(cat "$scratch/second")" "$id"
same "$(steps ' DONE ') $(steps CACHED)" "0 5"
listing | diff "$scratch/before" - || fail "a cached build changed the store"
# An edit that keeps size and time is seen; what comes after it is done again, and it is said why.
stamp=$(stat -c %y src/one)
printf 'eno\n' >src/one
touch -d "$stamp" src/one
shale build --progress plain . 2>"$log" >/dev/null
same "$(steps ' DONE ') $(steps CACHED)" "3 2"
grep -q 'not cached: files changed' "$log"
grep -q 'not cached: the step before it changed' "$log"
printf 'one\n' >src/one
same "$(shale build -q .)" "$id"
chmod 700 src/two
shale build --progress plain . 2>"$log" >/dev/null
grep -q 'not cached: files changed' "$log"
chmod 644 src/two
# What is ignored changes nothing.
echo '*.log' >.dockerignore
same "$(shale build -q .)" "$(echo x >x.log && shale build -q .)"
rm .dockerignore x.log
# --no-cache does all again, and --no-cache-filter a stage; labels above cost nothing.
shale build --progress plain --no-cache . 2>"$log" >/dev/null
same "$(steps CACHED)" 0
shale build --progress plain --no-cache-filter made . 2>"$log" >/dev/null
[ "$(steps CACHED)" -lt 5 ]
sed 's/^COPY src/LABEL new=label\nCOPY src/' Dockerfile >"$scratch/labelled"
shale build -q . >/dev/null
shale build --progress plain -f "$scratch/labelled" . 2>"$log" >/dev/null
same "$(steps ' DONE ')" 0
# A variable that a command sees is part of it.
argument() { printf 'FROM busybox\nARG A\nRUN echo $A >/a\n' | shale build --progress plain --build-arg "A=$1" -f - . 2>"$log" >/dev/null; }
argument 1
argument 2
grep -q 'not cached: variable A changed' "$log"
argument 1
same "$(steps CACHED)" 1

# With a time, the same input is the same image, from whichever cache; its times are no later.
first=$(shale build -q --timestamp 1600000000 -t dated .)
same "$(shale build -q --timestamp 1600000000 --no-cache .)" "$first"
same "$(SOURCE_DATE_EPOCH=1600000000 shale build -q .)" "$first"
same "$(shale build -q --build-arg SOURCE_DATE_EPOCH=1600000000 .)" "$first"
same "$(shale build -q --root "$scratch/store2" --timestamp 1600000000 --build-context "busybox=oci-layout://$store" . 2>/dev/null ||
    (shale load --root "$scratch/store2" -i "$scratch/busybox.tar" >/dev/null && "$SHALE" build -q --root "$scratch/store2" --timestamp 1600000000 .))" "$first"
same "$(inspect '{{.Created}}' dated)" 2020-09-13T12:26:40Z
shale export dated | python3 -c '
import sys, tarfile
late = [m.name for m in tarfile.open(fileobj=sys.stdin.buffer, mode="r|") if m.mtime > 1600000000]
assert not late, late'
echo "$first" >"$scratch/dated"

# One layer over the base; no set-id bits.
base=$(inspect '{{len .RootFS.Layers}}' busybox)
shale build -q --squash -t squashed . >/dev/null
same "$(inspect '{{len .RootFS.Layers}}' squashed)" $((base + 1))
same "$(shale history -q squashed | wc -l)" "$(shale history -q t | wc -l)"
tree() { shale export "$1" | tar -tv --numeric-owner | sed 's/ \+/ /g' | cut -d' ' -f 1-3,6- | sort -k 4; }
tree t >"$scratch/tree"
tree squashed | diff "$scratch/tree" -
shale build -q --strip-setid -t stripped . >/dev/null
same "$(shale run --rm stripped stat -c %a /made)" 755
[ "$(shale run --rm t stat -c %a /made)" = 4755 ]
same "$(shale run --rm stripped stat -c %a /linked)" 755
shale build -q --strip-setid --squash -t both . >/dev/null
same "$(shale run --rm both stat -c %a /made)" 755

# A name of a file with several changes alone, in the step as in the image.
printf 'FROM t\nRUN chmod 755 /linked && stat -c %%a /made >/was\n' | shale build -q -f - -t named . >/dev/null
same "$(shale run --rm named sh -c 'cat /was; stat -c %a /made /linked' | tr '\n' ' ')" "4755 4755 755 "

# Images without layers, and a root that is not 0755.
printf 'FROM scratch\nLABEL a=b\n' | shale build -q -f - -t empty . >/dev/null
same "$(inspect '{{len .RootFS.Layers}} {{json .Config.Labels}}' empty)" '0 {"a":"b"}'
printf 'FROM empty\nCOPY src/one /\n' | shale build -q -f - -t more . >/dev/null
same "$(shale export more | tar -t)" one
printf 'FROM busybox\nRUN chmod 711 /\nRUN touch /x\nCOPY src /src\n' | shale build -q -f - -t root . >/dev/null
same "$(shale run --rm root stat -c %a /)" 711
# Many layers.
{ echo FROM busybox; for i in $(seq 130); do echo "COPY src/one /many/$i"; done; echo 'RUN ls /many | wc -l >/count'; } |
    shale build -q -f - -t many . >/dev/null
same "$(shale run --rm many cat /count)" 130

# Several platforms.
printf 'FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\nCOPY src/one /\n' |
    shale build -q --platform linux/amd64,linux/arm64 -f - -t multi --metadata-file "$scratch/metadata" . >/dev/null
shale save --format oci -o "$scratch/multi" multi 2>/dev/null || shale save -o "$scratch/multi" multi
grep -q 'image.index' "$scratch/metadata"

# Progress.
"$SHALE" build --root "$store" --progress json . 2>"$log" >/dev/null
python3 - "$log" <<'P'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
assert [e["event"] for e in events].count("started") == 5, events
P
"$SHALE" build --root "$store" --progress quiet . 2>"$log" >/dev/null
[ ! -s "$log" ]
printf 'FROM busybox\nRUN echo $UNSET\nLABEL a=$NOTHING\n' | shale build --progress plain -f - . 2>"$log" >/dev/null
grep -qi 'NOTHING' "$log"
nothing_left
shale doctor --store
