# Broken and hostile trees: nothing ends the server, what failed says why (SEMANTICS 1.4, 2.1, 3.3, 11.3).
# as: root user
. "$(dirname "$0")/lib.sh"
echo secret >"$scratch/secret"
ln -s ../secret "$l/up"
ln -s "$scratch/secret" "$l/absolute"
ln -s loop "$l/loop"
mkdir "$l/swap" "$l/many"
echo inside >"$l/swap/f"
python3 - "$l" <<'P'
import os, sys
l = sys.argv[1].encode()
for byte in range(1, 256):
    if byte != 0x2f:
        open(l + b"/many/name-" + bytes([byte]), "w").close()
here = os.open(l, os.O_RDONLY)
for depth in range(200):
    os.mkdir("deep-directory-name", dir_fd=here)
    there = os.open("deep-directory-name", os.O_RDONLY, dir_fd=here)
    os.close(here)
    here = there
open(os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w").write("leaf")
P
mount_stack "$l"
python3 - "$m" <<'P'
import os, sys
m = sys.argv[1].encode()
names = os.listdir(m + b"/many")
assert len(names) == 254, len(names)
for name in names:
    os.stat(m + b"/many/" + name)
    os.unlink(m + b"/many/" + name)
assert os.listdir(m + b"/many") == []
here = os.open(m, os.O_RDONLY)
for depth in range(200):
    there = os.open("deep-directory-name", os.O_RDONLY, dir_fd=here)
    os.close(here)
    here = there
f = os.open("leaf", os.O_RDWR, dir_fd=here)
assert os.read(f, 9) == b"leaf"
os.pwrite(f, b"LEAF", 0)
assert os.stat("leaf", dir_fd=here).st_size == 4
try:
    os.stat(m + b"/loop")
    assert False
except OSError as e:
    assert e.errno == 40
P
# A lower that changes beneath the mount, with links that lead out of it.
# Looked at from inside, where the kernel knows the directory: only the server could follow.
cd "$m/swap"
for i in $(seq 50); do
    rm -rf "$l/swap"
    ln -s "$scratch" "$l/swap"
    cat "secret" >>"$scratch/out" 2>/dev/null || true
    cat "./secret$i" 2>/dev/null || true
    rm -f "$l/swap"
    mkdir "$l/swap"
    echo inside >"$l/swap/f"
    cat f >/dev/null 2>&1 || true
done
cd "$scratch"
grep -q secret "$scratch/out" && fail "a link led out of a layer"
[ -n "$(server)" ] || fail "the server ended"
unmount
# 500 lowers; one more is refused by name.
list=
for i in $(seq 500); do
    mkdir "$scratch/s$i"
    echo "$i" >"$scratch/s$i/f$i"
    list=$list${list:+:}s$i
done
cd "$scratch"
"$SHALEFS" -o "lowerdir=$list" "$m"
[ "$(ls "$m" | wc -l)" = 500 ] || fail "500 lowers do not show"
[ "$(cat "$m/f500")" = 500 ]
unmount
if "$SHALEFS" -o "lowerdir=$list:l" "$m" 2>"$scratch/err"; then fail "501 lowers were taken"; fi
grep -q 'at most 500' "$scratch/err"
