# shale try: what a command would change, of / and of a directory; its status; kept, discarded, applied. And the other
# commands' statuses (CLI.md).
# as: root user
. "$(dirname "$0")/lib.sh"
t() { "$SHALE" try "$@"; }
status() { # WANTED COMMAND...
    local wanted=$1 got=0
    shift
    "$@" >"$scratch/out" 2>"$scratch/err" || got=$?
    [ "$got" = "$wanted" ] || fail "$* ended with $got, not $wanted: $(cat "$scratch/err")"
}
status 3 t -- sh -c "echo hi >/tmp/shale-try-new; echo more >>$l/file; exit 3"
grep -qx "A /tmp/shale-try-new	3" "$scratch/out" || fail "the new file is not listed: $(cat "$scratch/out")"
[ ! -e /tmp/shale-try-new ] || fail "the change was made after all"
[ ! -e "$l/file" ] || fail "a change beneath / was made after all"
echo a >"$l/a"
mkdir "$l/d"
status 0 t --lower "$l" --format json -- sh -c "echo b >$l/b; rm $l/a"
/usr/bin/python3 - "$scratch/out" <<'P'
import json, sys
found = sorted((c["kind"], c["path"], c["size"]) for c in json.load(open(sys.argv[1])))
assert found == [("A", "b", 2), ("D", "a", 2)] or found == [("A", "b", 2), ("D", "a", 0)], found
P
[ "$(cat "$l/a")" = a ]
status 0 t --lower "$l" --apply -- sh -c "echo b >$l/b; rm -r $l/a $l/d; ln -s b $l/s"
[ "$(cat "$l/b")" = b ] && [ ! -e "$l/a" ] && [ ! -e "$l/d" ] && [ "$(readlink "$l/s")" = b ] || fail "the changes were not applied"
[ "$(t --lower "$l" -- id -u)" = "$(id -u)" ] || fail "the command ran as somebody else"
status 127 t -- /no/such/program
status 2 t
status 2 "$SHALE" frobnicate
status 125 "$SHALE" mount -o lowerdir=/nowhere "$m"
grep -q '^shale: lowerdir /nowhere: No such file' "$scratch/err" || fail "$(cat "$scratch/err")"
status 2 "$SHALE" mount -o redirect_dir=maybe "$m"
status 125 "$SHALE" umount "$m"
status 125 "$SHALE" diff /nowhere
status 0 "$SHALE" mount -o "lowerdir=$l,upperdir=$u,workdir=$w" "$m"
echo new >"$m/new"
status 0 "$SHALE" umount "$m"
status 0 "$SHALE" diff --lower "$l" "$u"
[ "$(cat "$scratch/out")" = "A /new	4" ] || fail "$(cat "$scratch/out")"
status 0 "$SHALE" doctor --format json
/usr/bin/python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["rung"] in (1, 2, 3)' "$scratch/out"
[ -z "$(ls -d /var/tmp/shale-try.* 2>/dev/null)" ] || fail "something is left: $(ls -d /var/tmp/shale-try.*)"
