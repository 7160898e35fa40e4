# Crashes and company: pull, load, import, commit and prune killed a hundred times at any moment, then eight processes that do them
# all at once; the store is sound after each, and no name leads to anything that is missing.
# as: root user
. "$(dirname "$0")/lib.sh"
export SWIFT_BACKTRACE=enable=no
serve_registry
trap 'kill $registry; finish' EXIT
for _ in $(seq 100); do grep -q "listening on" "$scratch/registry.log" && break; sleep 0.1; done
at=$(sed -n 's/.*listening on \(127.0.0.1:[0-9]*\).*/\1/p' "$scratch/registry.log")

# Two images of three layers, one of them shared; an archive of one; a tree.
base=$scratch/base
mkdir -p "$scratch/tree/bin"
cp "$(command -v busybox)" "$scratch/tree/bin"
seq 300000 >"$scratch/tree/numbers"
umoci init --layout "$scratch/theirs"
umoci new --image "$scratch/theirs:1"
for file in bin/busybox numbers; do umoci insert --rootless --image "$scratch/theirs:1" "$scratch/tree/$file" "/$file"; done
for n in 1 2; do
    seq $((n * 100000)) >"$scratch/numbers"
    umoci insert --rootless --image "$scratch/theirs:1" --tag "v$n" "$scratch/numbers" /numbers
    skopeo copy -q --dest-tls-verify=false "oci:$scratch/theirs:v$n" "docker://$at/app:v$n"
done
"$SHALE" load --root "$base" -i "$scratch/theirs" >/dev/null
"$SHALE" save --root "$base" -o "$scratch/app.tar" "$("$SHALE" images --root "$base" -q | head -n 1)"
rm -rf "$base"
tar -C "$scratch/tree" -cf "$scratch/tree.tar" .

sound() {
    shale doctor --store || fail "the store is not sound after: $*"
    # Every name can be read to the last layer.
    for id in $(shale images --format '{{.Repository}}:{{.Tag}}' --filter dangling=false); do
        shale history "$id" >/dev/null
        shale inspect -f '{{range .RootFS.Layers}}{{.}}{{end}}' "$id" >/dev/null
    done
}

# One of the things that change a store, killed after so many milliseconds.
act() { # WHICH MILLISECONDS
    local limit
    limit=$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))
    case $1 in
    0) timeout -s KILL "$limit" "$SHALE" pull --root "$store" "$at/app:v1" ;;
    1) timeout -s KILL "$limit" "$SHALE" load --root "$store" -i "$scratch/app.tar" ;;
    2) timeout -s KILL "$limit" "$SHALE" import --root "$store" "$scratch/tree.tar" "tree:$(($2 % 3))" ;;
    3) timeout -s KILL "$limit" "$SHALE" prune --root "$store" -a -f ;;
    4) timeout -s KILL "$limit" "$SHALE" pull --root "$store" "$at/app:v2" ;;
    5) timeout -s KILL "$limit" "$SHALE" commit --root "$store" kept kept:1 ;;
    esac >/dev/null 2>&1
}

RANDOM=7
killed=0
for n in $(seq 500); do
    # So that there is always something to bring.
    if [ $((n % 4)) = 0 ]; then shale prune -a -f >/dev/null; fi
    status=0
    if [ $((n % 6)) = 5 ]; then
        shale rm -f kept >/dev/null
        image=$(shale load -i "$scratch/app.tar" | sed -n 's/^Loaded image\( ID\)*: //p')
        shale run --name kept "$image" /bin/busybox sh -c \
            'i=0; while [ $i -lt 8 ]; do cp /numbers /copy$i; i=$((i+1)); done' 2>/dev/null
        wanted=$(shale diff kept | sort)
    fi
    act $((n % 6)) $((RANDOM % 110 + 5)) || status=$?
    # The container is what it was, whatever its commit came to.
    if [ $((n % 6)) = 5 ]; then [ "$(shale diff kept | sort)" = "$wanted" ] || fail "a killed commit changed its container"; fi
    [ "$status" = 137 ] || continue
    killed=$((killed + 1))
    if [ $((killed % 10)) = 0 ]; then sound "kill $killed"; fi
    [ "$killed" -lt 100 ] || break
done
[ "$killed" -ge 50 ] || fail "only $killed were killed in time"
# The next commands need no help, and what was left behind goes.
shale pull "$at/app:v1" >/dev/null
shale load -i "$scratch/app.tar" >/dev/null
shale import "$scratch/tree.tar" tree:9 >/dev/null
sound "all kills"
shale prune -f >/dev/null
[ -z "$(ls -A "$store/ingest" "$store/leases" | grep -v : | grep . || true)" ] || fail "something is left of those that were killed"

# Eight at once, each with several commands; nothing fails.
work() { # NUMBER
    for turn in 1 2 3; do
        shale pull "$at/app:v$(((turn + $1) % 2 + 1))"
        shale load -i "$scratch/app.tar"
        shale import "$scratch/tree.tar" "tree:$1"
        shale run --name "c$1" "tree:$1" /bin/busybox touch /made
        shale commit "c$1" "made:$1"
        shale rm "c$1"
        if [ $(($1 % 2)) = 0 ]; then shale prune -f; else shale images; fi
        shale tag "tree:$1" "again:$1"
        shale export -o "$scratch/out.$1" "again:$1"
        shale rmi "again:$1"
    done
}
pids=()
for number in 1 2 3 4 5 6 7 8; do
    (set -e; work "$number") >"$scratch/log.$number" 2>&1 &
    pids+=($!)
done
for number in 1 2 3 4 5 6 7 8; do
    wait "${pids[$((number - 1))]}" || { cat "$scratch/log.$number"; fail "process $number failed"; }
    cmp "$scratch/out.1" "$scratch/out.$number"
done
sound "eight at once"
[ "$(shale images -q tree | wc -l)" = 9 ] || fail "names are missing: $(shale images)"
