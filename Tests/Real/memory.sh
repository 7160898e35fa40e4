# A walk over a million names, then dropped caches: the server is back near where it began (SEMANTICS 3.3, 11.4).
# as: root
. "$(dirname "$0")/lib.sh"
python3 - "$l" "${NAMES:-1000000}" <<'P'
import os, sys
d = os.open(sys.argv[1], os.O_RDONLY)
os.mkdir("many", dir_fd=d)
d = os.open("many", os.O_RDONLY, dir_fd=d)
for i in range(int(sys.argv[2])):
    os.close(os.open(f"n{i}", os.O_CREAT | os.O_WRONLY, dir_fd=d))
P
mount_stack "$l"
rss() { awk '/VmRSS/ { print $2 }' "/proc/$(server)/status"; }
before=$(rss)
python3 - "$m/many" "${NAMES:-1000000}" <<'P'
import os, sys
n = sum(1 for e in os.scandir(sys.argv[1]) if e.stat(follow_symlinks=False))
assert n == int(sys.argv[2]), n
P
peak=$(rss)
echo 2 >/proc/sys/vm/drop_caches
sleep 1
echo 2 >/proc/sys/vm/drop_caches
sleep 2
after=$(rss)
echo "before $before KiB, with all names $peak KiB, after $after KiB"
[ $((after - before)) -lt 40960 ] || fail "the server keeps $((after - before)) KiB"
