# A pull that is killed goes on where it was: the bytes that came are not asked for again, what is damaged is, and whatever nobody
# goes on with goes with the next prune.
# as: root user
. "$(dirname "$0")/lib.sh"
export SWIFT_BACKTRACE=enable=no
serve_registry
relay=0
trap 'kill $registry $relay 2>/dev/null; finish' EXIT
wait_for() { # COMMAND...
    for _ in $(seq 600); do if "$@"; then return 0; fi; sleep 0.05; done
    fail "waited in vain for: $*"
}
wait_for grep -q "listening on" "$scratch/registry.log"
at=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\).*/\1/p' "$scratch/registry.log")

# A layer of 48 MiB that does not compress, and a small one.
head -c 48M /dev/urandom >"$scratch/large"
umoci init --layout "$scratch/theirs"
umoci new --image "$scratch/theirs:1"
umoci insert --rootless --image "$scratch/theirs:1" "$scratch/large" /large
umoci insert --rootless --image "$scratch/theirs:1" "$scratch/registry.yml" /small
skopeo copy -q --dest-tls-verify=false "oci:$scratch/theirs:1" "docker://127.0.0.1:$at/app:1"
whole=$((48 << 20))

# What stands between a pull and the registry: counts the bytes that come back, lets no more than LIMIT of them pass, and knows no
# ranges when told so.
cat >"$scratch/relay.py" <<'END'
import os, socket, sys, threading
port, limit, ranges, counted = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "ranges", sys.argv[4]
lock, total = threading.Lock(), 0
def pump(source, target, back):
    global total
    while data := source.recv(65536):
        if back:
            with lock:
                total += len(data)
                with open(counted + ".new", "w") as file: file.write(str(total))
                os.rename(counted + ".new", counted)
                full = total > limit
            # Neither another byte nor an end.
            if full: return
        elif not ranges:
            data = data.replace(b"\r\nRange:", b"\r\nXange:")
        target.sendall(data)
    try: target.shutdown(socket.SHUT_WR)
    except OSError: pass
def run(*arguments):
    try: pump(*arguments)
    except OSError: pass
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
kept = []
while True:
    client, _ = server.accept()
    registry = socket.create_connection(("127.0.0.1", port))
    kept += [client, registry]
    for pair in ((client, registry, False), (registry, client, True)):
        threading.Thread(target=run, args=pair, daemon=True).start()
END
begin() { # LIMIT ranges|none
    [ $relay = 0 ] || kill $relay
    echo 0 >"$scratch/count"
    rm -f "$scratch/port"
    python3 "$scratch/relay.py" "$at" "$1" "$2" "$scratch/count" >"$scratch/port" &
    relay=$!
    wait_for test -s "$scratch/port"
    name=127.0.0.1:$(cat "$scratch/port")/app:1
}
count() { cat "$scratch/count"; }
partial() { find "$store/ingest" -maxdepth 1 -type f; }
full() { [ "$(count)" -gt $((24 << 20)) ] && [ "$(du -cb "$store"/ingest/sha256-* 2>/dev/null | tail -n 1 | cut -f 1)" -gt $((20 << 20)) ]; }
cut_short() {
    begin $((24 << 20)) ranges
    "$SHALE" pull --root "$store" "$name" >/dev/null 2>&1 &
    pull=$!
    wait_for full
    kill -KILL $pull
    wait $pull 2>/dev/null || true
    part=$(partial)
    had=$(stat -c %s "$part")
}
arrived() {
    shale doctor --store || fail "the store is not sound after: $*"
    shale export "$name" | tar -xO large | cmp - "$scratch/large" || fail "not the same file after: $*"
    [ -z "$(partial)" ] || fail "a partial blob is left after: $*"
    shale rmi -f "$(shale images -q)" >/dev/null
    shale prune -a -f >/dev/null
}

cut_short
shale doctor --store || fail "a partial blob is no problem of a store"
begin $((1 << 40)) ranges
shale pull "$name" >/dev/null
[ "$(count)" -lt $((whole - had + (1 << 20))) ] || fail "$(count) bytes came again, where $had of $whole were there"
[ "$(count)" -gt $((whole - had)) ] || fail "only $(count) bytes came, where $had of $whole were there"
arrived "a pull that went on"

# What lies there is believed only when the digest says so.
cut_short
printf 'damage' | dd of="$part" bs=1 seek=1000000 conv=notrunc status=none
begin $((1 << 40)) ranges
shale pull "$name" >/dev/null
[ "$(count)" -gt $((2 * whole - had)) ] || fail "only $(count) bytes came, where those that were there are damaged"
arrived "a damaged part"

cut_short
begin $((1 << 40)) none
shale pull "$name" >/dev/null
[ "$(count)" -gt "$whole" ] || fail "only $(count) bytes came of a server without ranges"
arrived "a server without ranges"

# Two of them at once: one goes on, the other begins, and neither has what the other writes.
cut_short
begin $((1 << 40)) ranges
"$SHALE" pull --root "$store" "$name" >/dev/null &
pull=$!
shale pull "$name" >/dev/null
wait $pull
arrived "two pulls at once"

# A prune takes what nobody writes, and nothing else.
begin $((24 << 20)) ranges
"$SHALE" pull --root "$store" "$name" >/dev/null 2>&1 &
pull=$!
wait_for full
shale prune -f >/dev/null
[ -n "$(partial)" ] || fail "a prune took what a pull was writing"
kill -KILL $pull
wait $pull 2>/dev/null || true
[ -n "$(partial)" ] || fail "a kill took what had come"
shale prune -f >/dev/null
[ -z "$(ls -A "$store/ingest" "$store/leases" | grep -v : | grep . || true)" ] || fail "a prune left what nobody writes"

# Where the network goes away for good, what came stays as well.
begin $((24 << 20)) ranges
"$SHALE" pull --root "$store" "$name" >"$scratch/said" 2>&1 &
pull=$!
wait_for full
kill $relay
relay=0
if wait $pull; then fail "a pull was done without a registry"; fi
grep -q '^shale: ' "$scratch/said" || fail "it says nothing: $(cat "$scratch/said")"
had=$(stat -c %s "$(partial)")
begin $((1 << 40)) ranges
shale pull "$name" >/dev/null
[ "$(count)" -lt $((whole - had + (1 << 20))) ] || fail "$(count) bytes came again, where $had of $whole were there"
arrived "the network's return"
