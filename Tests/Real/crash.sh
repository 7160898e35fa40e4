# kill -9 at random instants of a workload: what was fsynced is there, every copy is whole, and the mount point can be
# mounted over at once (SEMANTICS 5.2, 11.2). $KILLS times, 100 by default.
# as: root user
. "$(dirname "$0")/lib.sh"
python3 - "$l" <<'P'
import hashlib, os, sys
for i in range(40):
    body = os.urandom(200_000)
    with open(f"{sys.argv[1]}/f{i}", "wb") as f:
        f.write(hashlib.sha256(body).hexdigest().encode() + body)
P
cat >"$scratch/work.py" <<'P'
import hashlib, os, random, sys
m, journal, seed = sys.argv[1:]
random.seed(int(seed))
done = open(journal, "a")
n = 0
try:
    while True:
        n += 1
        what = random.randrange(4)
        i = random.randrange(40)
        if what == 0:
            body = os.urandom(random.randrange(1, 60_000))
            name = f"n{seed}-{n}"
            with open(f"{m}/.t{name}", "wb") as f:
                f.write(hashlib.sha256(body).hexdigest().encode() + body)
                os.fsync(f.fileno())
            os.rename(f"{m}/.t{name}", f"{m}/{name}")
            d = os.open(m, os.O_RDONLY)
            os.fsync(d)
            os.close(d)
            done.write(name + "\n")
            done.flush()
        elif what == 1:
            os.chmod(f"{m}/f{i}", random.choice([0o600, 0o644, 0o640]))
        elif what == 2:
            os.utime(f"{m}/f{i}", (n, n))
        else:
            os.close(os.open(f"{m}/f{i}", os.O_RDWR))
except OSError:
    pass
P
cat >"$scratch/check.py" <<'P'
import hashlib, os, sys
m, journal = sys.argv[1:]
names = set(os.listdir(m))
for name in sorted(names):
    if name.startswith(".t"):
        continue
    body = open(f"{m}/{name}", "rb").read()
    assert hashlib.sha256(body[64:]).hexdigest().encode() == body[:64], f"{name} is not whole"
missing = [n for n in open(journal).read().split() if n not in names]
assert not missing, f"fsynced and lost: {missing[:3]}"
P
: >"$scratch/journal"
for kill in $(seq "${KILLS:-100}"); do
    mount_stack "$l"
    python3 "$scratch/work.py" "$m" "$scratch/journal" "$kill" &
    client=$!
    sleep "$(printf 0.%02d $((RANDOM % 25 + 5)))"
    kill -9 "$(server)"
    wait $client || true
    if [ $((kill % 10)) = 0 ]; then
        mount_stack "$l"
        python3 "$scratch/check.py" "$m" "$scratch/journal"
        [ -z "$(ls -A "$w/work" | grep -v '^#')" ] || fail "work was not emptied"
        for f in "$m"/n*; do rm -f "$f"; done
        : >"$scratch/journal"
        unmount
        # Some go back to the lower's version, to be copied up again.
        for i in $(seq 0 39); do rm -f "$u/f$i"; done
        rm -rf "$w/index"
    fi
done
