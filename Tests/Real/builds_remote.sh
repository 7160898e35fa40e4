# What ADD has fetched is asked for conditionally, and a repository by the names of its commits: nothing comes twice that is
# still the same, and what has changed is seen.
# as: root user
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir "$c" "$scratch/served" "$scratch/served/tag" "$scratch/served/dated" "$scratch/served/none"
for place in tag dated none; do echo first >"$scratch/served/$place/file"; done
touch -d @1000000000 "$scratch/served/dated/file"
git init -q -b main "$scratch/repo"
git_() { git -C "$scratch/repo" -c user.name=n -c user.email=e@e "$@"; }
publish() {
    git_ add . && git_ commit -q -m "$1"
    rm -rf "$scratch/served/bare.git"
    git clone -q --bare "$scratch/repo" "$scratch/served/bare.git" && git -C "$scratch/served/bare.git" update-server-info
}
mkdir "$scratch/repo/docs"
echo text >"$scratch/repo/docs/a.md"
echo code >"$scratch/repo/main.c"
publish one

# Files in tag/ have an ETag and no date, those in none/ neither.
cat >"$scratch/serve.py" <<'P'
import hashlib, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_request(self, code="-", size="-"):
        print(self.command, self.path, getattr(code, "value", code), flush=True)
    def do_GET(self):
        place = self.path.split("/")[1]
        if place not in ("tag", "none"):
            return super().do_GET()
        body = open(self.path[1:], "rb").read()
        tag = '"' + hashlib.sha256(body).hexdigest()[:8] + '"'
        same = place == "tag" and self.headers.get("If-None-Match") == tag
        self.send_response(304 if same else 200)
        if place == "tag":
            self.send_header("ETag", tag)
        self.send_header("Content-Length", "0" if same else str(len(body)))
        self.end_headers()
        if not same:
            self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
server.serve_forever()
P
(cd "$scratch/served" && exec python3 -u "$scratch/serve.py") >"$scratch/http" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; finish' EXIT
until port=$(sed -n 's/^port //p' "$scratch/http" 2>/dev/null) && [ -n "$port" ]; do sleep 0.05; done
at=http://127.0.0.1:$port

# What was asked for since the last time: path and status.
echo 1 >"$scratch/seen"
asked() {
    local lines
    lines=$(tail -n "+$(($(cat "$scratch/seen") + 1))" "$scratch/http")
    wc -l <"$scratch/http" >"$scratch/seen"
    echo "$lines" | awk '$2 ~ /file$/ {print $2, $3}' | sort | tr '\n' ' '
    echo "$lines" | grep -c '/bare.git/objects' >"$scratch/objects" || true
}
same() { [ "$1" = "$2" ] || fail "$1"$'\n--- wanted ---\n'"$2"; }
layers() { shale inspect -f '{{json .RootFS.Layers}}' t; }
add() {
    shale build -t t --timestamp 1600000000 --progress plain -f - "$@" "$c" 2>"$log" >/dev/null <<D || { cat "$log"; exit 1; }
FROM busybox
ARG BELOW=a
COPY <<F /below
\$BELOW
F
ADD $at/tag/file /tag
ADD $at/dated/file /dated
ADD $at/none/file /none
ADD --exclude=docs $at/bare.git#main /repo/
D
}
add
same "$(asked)" "/dated/file 200 /none/file 200 /tag/file 200 "
[ "$(cat "$scratch/objects")" -gt 0 ]
same "$(shale export t | tar -t | grep '^repo/' | tr '\n' ' ')" "repo/ repo/main.c "
same "$(shale export t | tar --full-time -tv | grep -E ' (dated|tag)$' | awk '{print $1, $4, $6}' | tr '\n' ' ')" \
    "-rw------- 2001-09-09 dated -rw------- 1970-01-01 tag "
first=$(layers)

# The same again: one question each, and no object of the repository. A date alone tells no two versions apart.
add
same "$(asked)" "/dated/file 200 /none/file 200 /tag/file 304 "
same "$(cat "$scratch/objects")" 0
same "$(grep -c CACHED "$log")" 5
same "$(layers)" "$first"

# On something else they are added again, still without being fetched.
add --build-arg BELOW=b
same "$(asked)" "/dated/file 200 /none/file 200 /tag/file 304 "
same "$(grep -c CACHED "$log")" 0
same "$(layers | tr ',' '\n' | tail -n 4)" "$(echo "$first" | tr ',' '\n' | tail -n 4)"

# What changes is seen.
echo second | tee "$scratch/served/tag/file" >"$scratch/served/dated/file"
echo more >"$scratch/repo/more.c"
publish two
add
same "$(asked)" "/dated/file 200 /none/file 200 /tag/file 200 "
[ "$(cat "$scratch/objects")" -gt 0 ]
same "$(shale run --rm t sh -c 'cat /tag /dated /none; ls /repo' | tr '\n' ' ')" "second second first main.c more.c "

# What is known by its digest, or its commit, is asked for not at all.
sum=$(sha256sum "$scratch/served/tag/file" | cut -d' ' -f 1)
commit=$(git_ rev-parse HEAD)
known() {
    shale build -t t --timestamp 1600000000 -q -f - "$@" "$c" <<D >/dev/null
FROM scratch
ADD --checksum=sha256:$sum $at/tag/file /known
ADD $at/bare.git#$commit /repo/
D
}
known
lines=$(wc -l <"$scratch/http")
known
same "$(wc -l <"$scratch/http")" "$lines"

# --no-cache believes nobody; neither does what a prune has forgotten.
add --no-cache
same "$(asked)" "/dated/file 200 /none/file 200 /tag/file 200 "
shale prune -f -a >/dev/null
same "$(ls -A "$store/cache/downloads")" ""
shale load -i "$scratch/busybox.tar" >/dev/null
add
same "$(asked)" "/dated/file 200 /none/file 200 /tag/file 200 "

# A file that is gone, or a record that is none, is fetched again.
rm "$store"/cache/downloads/*-*
for record in "$store"/cache/downloads/*; do echo damaged >"$record"; break; done
add
same "$(asked | tr ' ' '\n' | grep -c 200)" 3
nothing_left
