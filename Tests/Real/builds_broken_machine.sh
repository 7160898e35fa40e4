# A machine that fails a build: a disk that is full during COPY, RUN and commit, a registry that goes away, a store that cannot
# be written. One line says so, and the store, its cache and what it holds are whole: the next build goes on from there.
# as: root single
. "$(dirname "$0")/lib.sh"
mkdir "$c" "$scratch/disk"
trap 'kill $(jobs -p) 2>/dev/null || true; umount -l "$scratch/disk" 2>/dev/null || true; finish' EXIT
mount -t tmpfs -o size=24m,mode=700 tmpfs "$scratch/disk"
store=$scratch/disk/store
busybox_store
head -c 40000000 /dev/urandom >"$c/large"
head -c 9000000 /dev/urandom >"$c/half"
echo small >"$c/small"

whole() {
    nothing_left_but_mount
    shale doctor --store >"$scratch/doctor" 2>&1 || { cat "$scratch/doctor"; fail "the store is not whole"; }
    [ "$(shale run --rm kept cat /kept)" = kept ]
    # What was cached before is there still.
    shale build --progress plain -t kept -f "$scratch/kept" "$c" >/dev/null 2>"$log"
    [ "$(grep -c CACHED "$log")" = 2 ] || { cat "$log"; fail "the cache is lost"; }
}
# The store's own disk is mounted.
nothing_left_but_mount() {
    local left
    ! grep "$store" /proc/self/mountinfo || fail "still mounted"
    left=$(pgrep -f -- "$store" || true)
    [ -z "$left" ] || fail "running: $(ps -o pid,args -p $left)"
    # What came of a blob stays for the next try.
    left=$(ls -A "$store/ingest" | grep -v '^sha256-' || true)
    [ -z "$left" ] || fail "left in ingest: $left"
}
# A trace of this script's (set -x) is none of its lines.
one_line() { [ "$(grep -vc '^+' "$log")" = 1 ]; }
# One line of why, which names the disk's trouble.
full() { # STATUS OPTIONS
    local got=0
    shale build -q -f - "${@:2}" "$c" >"$scratch/refused" 2>"$log" || got=$?
    [ $got = "$1" ] || { cat "$log"; fail "status $got where $1 is wanted"; }
    [ "$(grep -c '^shale: ' "$log")" = 1 ] || { cat "$log"; fail "not one line"; }
}
printf 'FROM busybox\nRUN echo kept >/kept\nCOPY small /small\n' >"$scratch/kept"
shale build -q -t kept -f "$scratch/kept" "$c" >/dev/null

full 1 <<'D'
FROM busybox
COPY large /
D
grep -q 'No space left on device' "$log"
whole
full 1 <<'D'
FROM busybox
RUN dd if=/dev/urandom of=/large bs=64k count=1000
D
grep -q 'No space left on device' "$log" && grep -q 'exit status 1' "$log"
whole
# There is room for the file, and none for its layer's blob.
full 1 <<'D'
FROM busybox
RUN head -c 14000000 /dev/urandom >/large && sync
D
grep -q 'No space left on device' "$log"
whole
full 1 <<'D'
FROM busybox
COPY half /one
COPY half /two
COPY half /three
D
grep -q 'No space left on device' "$log"
shale prune -f >/dev/null
whole
full 1 --squash <<'D'
FROM busybox
COPY --link half /one
RUN head -c 100000 /dev/urandom >/two
ADD large /three
D
shale prune -f >/dev/null
whole
# A context that comes as an archive is unpacked on the same disk.
got=0
tar -C "$c" -c small large | shale build -q - >"$scratch/refused" 2>"$log" || got=$?
[ $got != 0 ] && grep -q 'No space left on device' "$log" && [ "$(grep -c '^shale: ' "$log")" = 1 ] || { cat "$log"; fail "status $got"; }
whole
# What is brought to the last byte of the disk.
dd if=/dev/zero of="$scratch/disk/filler" bs=1k 2>/dev/null || true
got=0
printf 'FROM busybox\nRUN echo x >/x\n' | shale build -q -f - "$c" >"$scratch/refused" 2>"$log" || got=$?
[ $got = 1 ] || [ $got = 125 ] && one_line && grep -q '^shale: ' "$log" || { cat "$log"; fail "status $got"; }
rm "$scratch/disk/filler"
whole
build -t after <<'D' >/dev/null
FROM busybox
COPY half /one
D
shale doctor --store >/dev/null

# A store that cannot be written.
mount --bind "$store" "$store"
mount -o remount,ro,bind "$store"
got=0
shale build -q -f "$scratch/kept" "$c" >"$scratch/refused" 2>"$log" || got=$?
umount "$store"
[ $got = 125 ] && one_line && grep -q "^shale: .*$store" "$log" || { cat "$log"; fail "status $got"; }
whole
got=0
"$SHALE" build -q --root /proc/nowhere -f "$scratch/kept" "$c" >"$scratch/refused" 2>"$log" || got=$?
[ $got = 125 ] && one_line && grep -q "^shale: .*/proc/nowhere" "$log" || { cat "$log"; fail "status $got"; }
umount "$scratch/disk"

# A registry that goes away in the middle of a layer, one that never answers to the end, and one that is not there.
store=$scratch/elsewhere
busybox_store
printf 'FROM busybox\nCOPY half /half\n' >"$c/Dockerfile"
shale build -q -o "type=oci,dest=$scratch/image.oci,name=image:1" "$c" >/dev/null
mkdir "$scratch/image" && tar -C "$scratch/image" -xf "$scratch/image.oci"
store=$scratch/store
busybox_store
shale build -q -t kept -f "$scratch/kept" "$c" >/dev/null
cat >"$scratch/registry.py" <<'P'
import http.server, json, os, sys, time
layout, how = sys.argv[1:]
index = json.load(open(f"{layout}/index.json"))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
    def do_HEAD(self): self.do_GET()
    def do_GET(self):
        name = self.path.split("/")[-1]
        if self.path == "/v2/":
            return self.answer(b"{}", "application/json")
        digest = index["manifests"][0]["digest"] if name == "1" else name
        path = f"{layout}/blobs/{digest.replace(':', '/')}"
        if not os.path.exists(path):
            return self.send_error(404)
        self.answer(open(path, "rb").read(), "application/vnd.oci.image.manifest.v1+json", digest)
    def answer(self, body, kind, digest=None):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if digest: self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "HEAD": return
        if len(body) > 1 << 20 and how != "well":
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            os._exit(1)
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
P
registry() { # HOW: its port
    rm -f "$scratch/port"
    python3 -u "$scratch/registry.py" "$scratch/image" "$1" >"$scratch/port" 2>"$scratch/registry.log" &
    until [ -s "$scratch/port" ]; do sleep 0.05; done
    port=$(cat "$scratch/port")
}
registry badly
got=0
printf 'FROM localhost:%s/image:1\nRUN echo made >/made\n' "$port" | timeout 60 "$SHALE" build -q --root "$store" --tls-verify=false -f - "$c" >"$scratch/refused" 2>"$log" || got=$?
[ $got = 1 ] || [ $got = 125 ] || { cat "$log"; fail "status $got"; }
one_line && grep -q "^shale: .*localhost:$port" "$log" || { cat "$log"; fail "what is said of a lost registry"; }
whole
got=0
printf 'FROM localhost:%s/image:1\nRUN echo made >/made\n' "$port" | timeout 60 "$SHALE" build -q --root "$store" --tls-verify=false -f - "$c" >"$scratch/refused" 2>"$log" || got=$?
[ $got = 1 ] || [ $got = 125 ] && grep -qi "^shale: .*localhost:$port.*connect" "$log" || { cat "$log"; fail "status $got"; }
registry well
printf 'FROM localhost:%s/image:1\nRUN echo made >/made\n' "$port" | shale build -q --tls-verify=false -t there -f - "$c" >/dev/null
[ "$(shale run --rm there sh -c 'cat /made; wc -c </half' | tr '\n' ' ')" = "made 9000000 " ]
[ -z "$(ls -A "$store/ingest")" ] || fail "left in ingest: $(ls "$store/ingest")"
whole

# Stages that are not there, or want themselves.
refuse 1 'none' <<'D'
FROM busybox
COPY --from=none /x /
D
refuse 1 'nowhere' --target nowhere <<'D'
FROM busybox
D
refuse 1 '-:2: ' <<'D'
FROM busybox
COPY --from=1 /x /
D
refuse 1 '-:3: ' <<'D'
FROM busybox AS a

COPY --from=a /x /
D
refuse 1 'find user nobody-here' <<'D'
FROM busybox
USER nobody-here
RUN true
D
whole
