# git over a lower and an upper: a repository of a lower goes on above it (SEMANTICS 4, 5, 7, 8).
# as: root user userns single
. "$(dirname "$0")/lib.sh"
git -c init.defaultBranch=main init -q "$l/r"
cd "$l/r"
git config user.email t@example.org
git config user.name t
for d in a b c d e; do
    mkdir $d
    for i in $(seq 100); do echo "$d $i" >$d/$i; done
done
git add . && git commit -qm one
cd "$scratch"
mount_stack "$l"
cd "$m/r"
for i in $(seq 50); do echo more >>a/$i; done
git rm -qr b
git mv c z 2>/dev/null || { cp -a c z && git rm -qr c && git add z; }
git add -A && git commit -qm two
git checkout -q HEAD~1 && git checkout -q main
git gc -q
git fsck --strict
[ -z "$(git status --porcelain)" ] || fail "the tree is not clean"
cd "$scratch"
unmount
mount_stack "$l"
cd "$m/r"
git fsck --strict
[ -z "$(git status --porcelain)" ] || fail "the tree is not clean after a remount"
cd "$scratch"
[ "$(git -C "$l/r" log --oneline | wc -l)" = 1 ] || fail "the lower changed"
