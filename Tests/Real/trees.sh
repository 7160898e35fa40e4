# tar, rsync and cp of a real tree through the mount, and its removal (SEMANTICS 2, 3, 4, 5.3).
# as: root user userns
. "$(dirname "$0")/lib.sh"
cp -a /usr/share/perl/. "$l/" 2>/dev/null || cp -a /usr/share/doc/. "$l/"
truncate -s 1M "$l/sparse"
echo data >>"$l/sparse"
ln "$l/sparse" "$l/linked"
list() { (cd "$1" && find . -printf '%p %y %m %s %l\n' | LC_ALL=C sort); }
mount_stack "$l"
list "$l" >"$scratch/below"
list "$m" >"$scratch/merged"
cmp "$scratch/below" "$scratch/merged"
mkdir "$m/.copy"
tar -C "$l" --xattrs --sparse -cf - . | tar -C "$m/.copy" --xattrs -xf -
tar -C "$m/.copy" --xattrs --sparse -cf - . | tar -C "$l" --xattrs -df - || fail "tar finds a difference"
[ -z "$(rsync -aHAXnci --no-times "$l/" "$m/.copy/")" ] || fail "rsync finds a difference: $(rsync -aHAXnci --no-times "$l/" "$m/.copy/" | head -n 3)"
[ "$(stat -c %i "$m/.copy/sparse")" = "$(stat -c %i "$m/.copy/linked")" ] || fail "a hard link was lost"
cp -a --reflink=auto "$m/.copy" "$m/.again"
[ -z "$(rsync -aHAXnci --no-times "$l/" "$m/.again/")" ] || fail "cp made a difference"
rm -rf "$m/.copy" "$m/.again"
find "$m" -mindepth 1 -delete
[ -z "$(ls -A "$m")" ] || fail "something is left"
unmount
mount_stack "$l"
[ -z "$(ls -A "$m")" ] || fail "something came back after a remount"
unmount
list "$l" >"$scratch/after"
cmp "$scratch/below" "$scratch/after"
