# Options and words of a Dockerfile that change what is built, or say that they cannot.
# as: user
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir "$c"
echo file >"$c/file"
same() { [ "$1" = "$2" ] || fail "$1"$'\n--- wanted ---\n'"$2"; }
said() { grep -qF -- "$1" "$log" || { cat "$log"; fail "not said: $1"; }; }

# Whose language it is. Mirrors have the same one.
refuse 1 'frontends other than docker/dockerfile are not run: "example.org/my/frontend:2"' --build-arg BUILDKIT_SYNTAX=example.org/my/frontend:2 <<'D'
FROM scratch
D
refuse 1 'frontends other than docker/dockerfile are not run: "tool/pack"' <<'D'
# syntax=tool/pack
FROM scratch
D
build <<'D' >/dev/null
# syntax=mirror.example.org/hub/docker/dockerfile:1-labs@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
FROM scratch
D

# Checks that fail the build do so before anything is built, by what the base image says, too.
cat >"$c/Dockerfile" <<'D'
# check=error=true
FROM busybox
COPY file /file
ENV A=$NOBODY
D
got=0
shale build --progress plain "$c" >/dev/null 2>"$log" || got=$?
same $got 1
said 'UndefinedVar: '
said 'checks did not pass'
! grep -q '^#' "$log" || { cat "$log"; fail "it was built"; }
shale build -q --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all "$c" >/dev/null

# Nobody's arguments, and names that were nearly right.
shale build --progress plain -f - --build-arg OTHER=1 "$c" 2>"$log" >/dev/null <<'D'
FROM busybox AS compiler
D
said 'WARNING: --build-arg OTHER: no ARG declares it'
refuse 1 'did you mean compiler?' <<'D'
FROM busybox AS compiler
FROM registry.invalid/none AS other
FROM compilr
COPY file /
D

# The cache goes into the image as BuildKit's argument says.
build -t inline --build-arg BUILDKIT_INLINE_CACHE=1 <<'D' >/dev/null
FROM busybox
RUN echo cached >/cached
D
config=$(shale inspect -f '{{.Id}}' inline)
grep -q io.shale.buildcache "$store/blobs/sha256/${config#sha256:}"

# Secrets by type, devices that are not there.
SECRET=from-variable build -t t --secret id=SECRET,type=env --secret "id=other,type=file,src=$c/file" <<'D' >/dev/null
FROM busybox
RUN --mount=type=secret,id=SECRET --mount=type=secret,id=other cat /run/secrets/SECRET /run/secrets/other | wc -c >/out
D
same "$(shale run --rm t cat /out)" 18
refuse 2 'type vault is unknown' --secret id=x,type=vault <<'D'
FROM busybox
D
shale build --progress plain -f - "$c" 2>"$log" >/dev/null <<'D'
FROM busybox
RUN --device=vendor.com/class=gpu true
D
said 'no devices of the Container Device Interface'
refuse 1 'no devices of the Container Device Interface' <<'D'
FROM busybox
RUN --device=vendor.com/class=gpu,required true
D

# Results of several platforms, and annotations of an index.
cat >"$c/Dockerfile" <<'D'
FROM scratch
ARG TARGETARCH
COPY <<F /arch
$TARGETARCH
F
D
two=(--platform linux/amd64,linux/arm64)
shale build -q "${two[@]}" -o "type=local,dest=$scratch/out" "$c" >/dev/null
same "$(cat "$scratch/out/linux_amd64/arch" "$scratch/out/linux_arm64/arch" | tr '\n' ' ')" "amd64 arm64 "
expect 2 shale build -q "${two[@]}" -o "type=oci,dest=$scratch/two.tar" "$c" 2>/dev/null
expect 2 shale build -q --annotation index:a=b "$c" 2>/dev/null
expect 2 shale build -q --annotation other:a=b "$c" 2>/dev/null
shale build -q -t several "${two[@]}" --annotation index:of=both --annotation own=one --annotation manifest,index:three=x "$c" >/dev/null
index=$(python3 - "$store" <<'P'
import json, sys
store = sys.argv[1]
def load(d): return json.load(open(f"{store}/blobs/{d.replace(':', '/')}"))
for entry in json.load(open(f"{store}/index.json"))["manifests"]:
    document = load(entry["digest"])
    if "manifests" in document:
        own = [load(m["digest"]).get("annotations") for m in document["manifests"]]
        print(json.dumps(document["annotations"], sort_keys=True), json.dumps(own, sort_keys=True))
P
)
same "$index" '{"of": "both", "three": "x"} [{"own": "one", "three": "x"}, {"own": "one", "three": "x"}]'

# What is squashed and stripped is so in every result.
printf '#!/bin/sh\n' >"$c/tool" && chmod 4755 "$c/tool"
printf 'FROM scratch\nCOPY tool /tool\nCOPY file /file\n' >"$c/Dockerfile"
shale build -q --squash --strip-setid -o "type=tar,dest=$scratch/stripped.tar" "$c" >/dev/null
same "$(tar -tvf "$scratch/stripped.tar" | awk '{print $1, $NF}' | tr '\n' ' ')" "-rw-r--r-- file -rwxr-xr-x tool "

# Patterns may match nothing, even alone; where they look must be.
mkdir "$c/empty"
build -t t <<'D' >/dev/null
FROM busybox
COPY *.none /none/
COPY empty/* file /some/
D
same "$(shale run --rm t ls -d /none /some/file 2>/dev/null)" /some/file
refuse 1 'lstat /absent: no such file or directory' <<'D'
FROM scratch
COPY absent/* file /some/
D
nothing_left
